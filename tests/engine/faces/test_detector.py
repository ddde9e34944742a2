"""The search: sizes, rolls, crowds, light, and what is no face."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from likeness_engine.faces.detector import _block_size, _starts, merge
from likeness_engine.faces.finder import find_faces, mesh_box
from likeness_engine.io.display import encode_display

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data"
YUNET = SHARED / "models" / "face_detection_yunet_2023mar.onnx"
PORTRAITS = sorted((SHARED / "photographs").glob("*.jpg"))


def find(plate, nets, **settings):
    return [
        mesh_box(f.mesh.points)
        for f in find_faces(plate, nets, **{"smallest_px": 30, "score": 0.5, **settings})
    ]


def count(boxes, truths):
    """Return how many of the true meshes a box lies on, and how many boxes lie on none."""
    left = list(boxes)
    for points in truths:
        low, high = points[:468, :2].min(0), points[:468, :2].max(0)
        middle, tall = (low + high) / 2, high[1] - low[1]
        near = [
            b
            for b in left
            if np.hypot((b[0] + b[2]) / 2 - middle[0], (b[1] + b[3]) / 2 - middle[1]) < 0.4 * tall
        ]
        if near:
            left.remove(near[0])
    return len(boxes) - len(left), len(left)


def make_crowd(stage, name):
    picture, truths = stage.texture(name, 1080, 1920), []
    rng = np.random.default_rng(5)
    for k in range(32):
        head = stage.head(stage.actors[k % 4], yaw=(-30.0, 0.0, 25.0)[k % 3], side=200)
        tall = float(np.exp(rng.uniform(np.log(30), np.log(100))))
        at = (120 + 240 * (k % 8) + rng.uniform(-15, 15), 135 + 270 * (k // 8))
        truths.append(stage.paste(picture, head, tall=tall, at=at, roll=rng.uniform(-25, 25)))
    return stage.grain(picture, 1, 0.03), truths


@pytest.fixture(scope="module")
def crowd(nets, stage):
    """A picture of 32 faces of 30 to 100 px, their truth, and what the search finds."""
    picture, truths = make_crowd(stage, "crowd")
    return picture, truths, find(stage.plate(picture), nets)


@pytest.mark.parametrize("tall", [30, 3000])
def test_a_face_of_any_size_is_found_in_a_4k_plate(nets, stage, tall):
    picture = stage.texture("wall", 2160, 3840)
    at = (1900, 1050) if tall > 1000 else (2711, 643)
    truth = stage.paste(picture, stage.head("bo", yaw=10.0), tall=tall, at=at, roll=20.0)
    assert count(find(stage.plate(picture), nets), [truth]) == (1, 0)


@pytest.mark.parametrize("roll", [-60, 35, 60])
def test_faces_are_found_at_any_roll_to_60_degrees(nets, stage, roll):
    picture, truths = stage.texture("roll", 540, 960), []
    for k, tall in enumerate((30, 50, 90, 150)):
        head = stage.head(stage.actors[k])
        truths.append(stage.paste(picture, head, tall=tall, at=(130 + 230 * k, 270), roll=roll))
    assert count(find(stage.plate(picture), nets), truths) == (4, 0)


def test_a_crowd_is_found_at_least_as_well_as_yunet_finds_it(crowd):
    if not YUNET.is_file():
        pytest.skip(f"{YUNET} is not here: shared/ is absent")
    picture, truths, found = crowd
    seen = (encode_display(picture, 1.0) * 255 + 0.5).astype(np.uint8)[..., ::-1].copy()
    _, rows = cv2.FaceDetectorYN.create(str(YUNET), "", (1920, 1080), 0.7).detect(seen)
    theirs = count([(x, y, x + w, y + h) for x, y, w, h in rows[:, :4]], truths)
    ours = count(found, truths)
    assert ours[0] >= theirs[0]
    assert ours[1] <= theirs[1]


def test_every_face_of_a_crowd_is_found_and_nothing_else(crowd):
    _, truths, found = crowd
    assert count(found, truths) == (32, 0)


def test_faces_in_deep_shadow_and_in_hot_light_are_found_in_one_frame(nets, stage):
    picture, truths = make_crowd(stage, "light")
    stops = np.interp(np.arange(1920), [0, 860, 1060, 1920], [-6, -6, 5, 5])
    lit = picture * np.exp2(stops).astype(np.float32)[None, :, None]
    assert count(find(stage.plate(lit), nets), truths)[0] >= 31


@pytest.mark.parametrize("name", ["brick", "moss"])
def test_textures_are_no_faces(nets, stage, name):
    picture = stage.texture(name, 1080, 1920)
    across = (
        np.sin(np.arange(1920) / 9)[None, :, None] * np.sin(np.arange(1080) / 13)[:, None, None]
    )
    assert find(stage.plate(picture * (0.6 + 0.4 * across).astype(np.float32)), nets) == []


def test_a_flat_or_broken_plate_has_no_faces(nets, stage):
    flat = np.full((300, 400, 3), 0.18, np.float32)
    assert find(stage.plate(flat), nets) == []
    flat[::2] = np.nan
    flat[1::4] = np.inf
    assert find(stage.plate(flat), nets) == []


def test_a_plate_of_a_few_pixels_is_searched_without_a_fuss(nets, stage):
    assert find(stage.plate(np.full((1, 1, 3), 0.5, np.float32)), nets) == []
    assert find(stage.plate(stage.texture("tiny", 3, 700)), nets) == []


def test_the_same_plate_gives_the_same_bits_twice(nets, stage):
    picture = stage.texture("twice", 400, 600)
    stage.paste(picture, stage.head("eve"), tall=120, at=(300, 200))
    first, second = (
        find_faces(stage.plate(picture), nets, smallest_px=30, score=0.5) for _ in range(2)
    )
    assert len(first) == 1
    assert first[0].mesh.points.tobytes() == second[0].mesh.points.tobytes()


def test_anamorphic_plates_are_searched_in_square_pixels(nets, stage):
    picture = stage.texture("wide", 540, 960)
    truth = stage.paste(picture, stage.head("bo", yaw=15.0), tall=220, at=(480, 280))
    squeezed = cv2.resize(picture, (480, 540), interpolation=cv2.INTER_AREA)
    (box,) = find(stage.plate(squeezed, aspect=2.0), nets)
    assert count([box], [truth]) == (1, 0)


def test_a_data_window_that_starts_below_zero_moves_the_places_with_it(nets, stage):
    picture = stage.texture("window", 400, 600)
    truth = stage.paste(picture, stage.head("eve"), tall=120, at=(300, 200))
    truth[:, :2] -= (70, 30)
    (box,) = find(stage.plate(picture, corner=(-70, -30)), nets)
    assert count([box], [truth]) == (1, 0)


@pytest.mark.parametrize("length", [1, 96, 511, 512, 513, 1080, 2880, 5000])
def test_blocks_cover_a_level_and_overlap(length):
    starts, size = _starts(length), _block_size(length)
    assert starts[0] == 0
    assert starts[-1] + size >= length
    assert all(b - a <= size - 48 for a, b in zip(starts, starts[1:], strict=False))
    assert all(start % 16 == 0 for start in starts)


def test_overlapping_candidates_become_one_weighted_by_score():
    face = np.array([[50.0, 50], [40, 40], *[[50, 50]] * 6])
    faces = np.stack([face, face + [[2, 0], [0, 0], *[[2, 0]] * 6], face + 300])
    merged = merge(faces, np.array([0.9, 0.6, 0.7]))
    assert [round(m.score, 2) for m in merged] == [0.9, 0.7]
    assert merged[0].centre == pytest.approx((50.8, 50.0))


@pytest.mark.skipif(not PORTRAITS, reason="shared/data/photographs is absent")
@pytest.mark.parametrize(("tall", "roll"), [(30, 60), (3000, -60)])
def test_photographs_are_found_at_the_ends_of_size_and_roll(nets, stage, tall, roll):
    shot = cv2.imread(str(PORTRAITS[0]))[..., ::-1].astype(np.float32) / 255
    (face,) = find(stage.plate(shot**2.2), nets, smallest_px=100)
    picture = stage.texture("photograph", 2160, 3840)
    scale = tall / (face[3] - face[1])
    middle = np.array([(face[0] + face[2]) / 2, (face[1] + face[3]) / 2])
    c, s = np.cos(np.radians(roll)) * scale, np.sin(np.radians(roll)) * scale
    turn = np.array([[c, -s], [s, c]])
    soft = cv2.GaussianBlur(shot**2.2, (0, 0), 0.45 / scale) if scale < 1 else shot**2.2
    matrix = np.c_[turn, np.array([1900, 1100]) - turn @ middle]
    cv2.warpAffine(soft, matrix, (3840, 2160), picture, borderMode=cv2.BORDER_TRANSPARENT)
    boxes = find(stage.plate(picture), nets)
    off = [np.hypot((b[0] + b[2]) / 2 - 1900, (b[1] + b[3]) / 2 - 1100) for b in boxes]
    assert min(off) < 0.35 * tall
