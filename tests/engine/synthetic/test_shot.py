"""The demo shot is a plate as a camera gives it, with either actor in it."""

from dataclasses import replace

import numpy as np
import pytest

from likeness_engine.io.files import read_frame
from likeness_engine.synthetic.actor import ADA, BO
from likeness_engine.synthetic.crowd import crowd
from likeness_engine.synthetic.setting import develop
from likeness_engine.synthetic.shot import (
    describe_shot,
    pack_timecode,
    render_scene,
    write_demo_shot,
)

SMALL = (320, 180)


@pytest.fixture(scope="module")
def scenes():
    return describe_shot(48, SMALL)


@pytest.fixture(scope="module")
def frame(scenes):
    return render_scene(ADA, scenes[20])


def test_the_head_turns_thirty_degrees_each_way_talks_and_blinks(scenes):
    yaws = [scene.pose.yaw for scene in scenes]
    assert min(yaws) == pytest.approx(-30.0)
    assert max(yaws) == pytest.approx(30.0)
    assert max(scene.expression.jaw for scene in scenes) > 0.35
    assert max(scene.expression.blink_left for scene in scenes) > 0.95
    assert min(scene.expression.blink_left for scene in scenes) < 0.01
    assert max(scene.expression.brow_up_left for scene in scenes) > 0.5
    assert [scene.number for scene in scenes] == list(range(1001, 1049))


def test_the_key_is_hotter_than_one_on_some_skin_and_some_values_are_negative(frame):
    plate, clean = frame
    skin = plate[clean.matte > 0.95]
    assert 0.01 < (skin.max(axis=1) > 1.0).mean() < 0.6
    assert 1.5 < np.percentile(skin, 99.9) < 6.0
    assert 0 < (plate < 0).mean() < 0.05
    assert plate.min() > -0.5
    assert clean.rgb.min() >= 0.0


def test_the_other_actor_has_the_same_pose_background_and_grain(scenes, frame):
    plate, clean = frame
    other_plate, other = render_scene(BO, scenes[20])
    assert other.pose_deg == clean.pose_deg
    nobody = (clean.alpha == 0) & (other.alpha == 0)
    far = nobody & (np.roll(nobody, 8, 0) & np.roll(nobody, -8, 0) & np.roll(nobody, 8, 1))
    far &= np.roll(nobody, -8, 1)
    assert far.mean() > 0.2
    assert (plate[far] == other_plate[far]).all()
    eyes = [shot.landmarks[[33, 263], :2].mean(0) for shot in (clean, other)]
    assert np.linalg.norm(eyes[0] - eyes[1]) < 2.0  # px


def test_grain_belongs_to_the_frame_and_grows_with_the_light():
    flat = np.full((64, 64, 3), 0.18, np.float32)
    first, again, next_ = (develop(flat, 811, n) for n in (1001, 1001, 1002))
    assert (first == again).all()
    assert not (first == next_).all()
    dark, hot = (develop(np.full_like(flat, v), 811, 5).std() for v in (0.01, 2.0))
    assert dark < first.std() < hot
    assert first.mean() == pytest.approx(0.18, abs=0.001)


def test_written_frames_have_overscan_depth_timecode_and_the_lens(tmp_path, scenes):
    calls = []
    pattern = write_demo_shot(
        tmp_path, ADA, frames=2, size=SMALL, workers=1,
        progress=lambda done, total: calls.append((done, total)),
    )  # fmt: skip
    assert calls == [(1, 2), (2, 2)]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["plate.1001.exr", "plate.1002.exr"]
    made = read_frame(pattern.replace("####", "1002"))
    part = made.parts[0]
    assert set(part.channels) == {"R", "G", "B", "A", "Z"}
    assert part.channels["R"].dtype == np.float16
    assert part.channels["Z"].dtype == np.float32
    assert part.compression == "zip"
    data, display = made.data_window, made.display_window
    assert (display.x0, display.y0, display.x1, display.y1) == (0, 0, *SMALL)
    assert data.x0 < 0
    assert data.x1 > display.x1
    assert part.header["timeCode"].value[0] == pack_timecode(24 * 3600 + 1)
    assert part.header["chromaticities"].value[0] == pytest.approx(0.713)
    assert part.header["nominalFocalLength"].value == pytest.approx(85.0)
    assert 500 < part.channels["Z"].min() < 4000.0
    assert part.channels["Z"].max() == 4000.0


def test_two_processes_write_the_same_bits_as_one(tmp_path):
    one = write_demo_shot(tmp_path / "one", BO, frames=2, size=(96, 54), workers=1)
    two = write_demo_shot(tmp_path / "two", BO, frames=2, size=(96, 54), workers=2)
    for number in ("1001", "1002"):
        first, second = (read_frame(p.replace("####", number)) for p in (one, two))
        for name, plane in first.parts[0].channels.items():
            assert plane.tobytes() == second.parts[0].channels[name].tobytes()


def test_timecode_packs_decimals_into_nibbles():
    assert pack_timecode(0) == 0
    assert pack_timecode(24 * 3600) == 0x01000000
    assert pack_timecode(24 * 3600 + 24 * 61 + 23) == 0x01010123


def test_a_crowd_has_its_faces_where_the_boxes_say():
    scene = crowd(3, (480, 320), 6, (30.0, 70.0))
    assert len(scene.boxes) >= 4
    tall = scene.boxes[:, 3] - scene.boxes[:, 1]
    assert tall.min() > 24
    assert tall.max() < 85
    assert (scene.boxes[:, :2] >= 0).all()
    assert (scene.boxes[:, 2:] <= [480, 320]).all()
    for k, points in enumerate(scene.landmarks):
        assert (points[:468, :2].min(0) >= scene.boxes[k, :2] - 0.01).all()
    empty = replace(scene, boxes=scene.boxes[:0])
    assert len(empty.boxes) == 0
    again = crowd(3, (480, 320), 6, (30.0, 70.0))
    assert (again.rgb == scene.rgb).all()
