"""The mesh against the renderer's truth, and what must not change it."""

import cv2
import numpy as np
import pytest

from likeness_engine.faces.finder import find_faces
from likeness_engine.faces.mesher import Crop, crop_of_mesh, eye_points, mesh_face, take_crop
from likeness_engine.faces.patch import Patch, cut, expose, local_gain
from likeness_engine.faces.topology import topology


@pytest.fixture(scope="module")
def meshed(nets, stage):
    """Return (head, mesh) of an actor alone in a picture."""

    def run(actor="ada", *, gain=1.0, roll=0.0, tall=250.0, **pose):
        picture = stage.texture("studio", 480, 480)
        head = stage.head(actor, **pose)
        truth = stage.paste(picture, head, tall=tall, at=(240, 250), roll=roll)
        plate = stage.plate(picture * np.float32(gain))
        (found,) = find_faces(plate, nets, smallest_px=100, score=0.5)
        return truth, found.mesh.points

    return run


def errors(truth, points):
    """Return each point's distance from the truth in per cent of the outer-eye distance."""
    eyes = np.linalg.norm(truth[33] - truth[263])
    return 100 * np.linalg.norm(points[:, :2] - truth[:, :2], axis=1) / eyes


def test_the_mean_error_to_30_degrees_of_yaw_is_below_3_and_a_half_per_cent(meshed):
    poses = [(yaw, pitch) for yaw in (-30.0, -15.0, 0.0, 15.0, 30.0) for pitch in (0.0,)]
    found = [errors(*meshed(a, yaw=y, pitch=p)) for a in ("ada", "bo") for y, p in poses]
    assert np.mean(found) < 3.5
    assert np.mean([e[468:] for e in found]) < 2.5  # irises


def test_a_blink_and_an_open_mouth_are_meshed(meshed):
    truth, points = meshed("bo", blink_left=1.0, blink_right=1.0)
    lids = np.concatenate([index[:16] for index in eye_points()])
    assert errors(truth, points)[lids].mean() < 6.0
    truth, points = meshed("bo", jaw=0.6)
    assert errors(truth, points)[topology().regions["lips"]].mean() < 5.0
    assert np.linalg.norm(points[13] - points[14]) > 0.1 * np.linalg.norm(points[33] - points[263])


def test_a_rolled_head_gives_the_rolled_mesh(meshed):
    upright = errors(*meshed("eve", yaw=10.0))
    for roll in (-60.0, 45.0):
        assert abs(errors(*meshed("eve", yaw=10.0, roll=roll)).mean() - upright.mean()) < 0.5


def test_exposure_hardly_moves_the_mesh(meshed):
    truth, usual = meshed("ada", yaw=-15.0)
    eyes = np.linalg.norm(truth[33] - truth[263])
    for stops in (-7, 6):
        _, other = meshed("ada", yaw=-15.0, gain=2.0**stops)
        assert np.abs(usual - other)[:, :2].mean() < 0.003 * eyes


def test_a_mirrored_picture_gives_the_mirrored_mesh(nets, stage):
    picture = stage.texture("mirror", 480, 480)
    stage.paste(picture, stage.head("bo", yaw=12.0), tall=250, at=(240, 240))
    plates = stage.plate(picture), stage.plate(np.ascontiguousarray(picture[:, ::-1]))
    one, other = (
        find_faces(p, nets, smallest_px=100, score=0.5)[0].mesh.points[:468] for p in plates
    )
    back = other[topology().mirror] * [-1, 1, 1] + [480, 0, 0]
    eyes = np.linalg.norm(one[33] - one[263])
    assert np.abs(one - back)[:, :2].mean() < 0.006 * eyes


def test_an_anamorphic_plate_gives_the_mesh_of_the_square_one(nets, stage):
    picture = stage.texture("lens", 480, 480)
    truth = stage.paste(picture, stage.head("bo", yaw=12.0), tall=250, at=(240, 240))
    squeezed = cv2.resize(picture, (240, 480), interpolation=cv2.INTER_AREA)
    plate = stage.plate(squeezed, aspect=2.0)
    (found,) = find_faces(plate, nets, smallest_px=100, score=0.5)
    assert errors(truth, found.mesh.points).mean() < 4.0


def test_irises_are_ordered_centre_right_top_left_bottom_and_right_eye_first(meshed):
    _, points = meshed("bo")
    for centre, outer in ((468, 33), (473, 263)):
        x, y = (points[centre : centre + 5] - points[centre])[:, :2].T
        assert x[1] > 0 > x[3] and abs(y[1]) < x[1] / 2
        assert y[2] < 0 < y[4]
        other = {468: 263, 473: 33}[centre]
        to_own, to_other = (np.hypot(*(points[centre] - points[k])[:2]) for k in (outer, other))
        assert to_own < to_other


def test_following_takes_the_crop_from_the_last_mesh_and_stays_on_the_face(nets, stage):
    picture = stage.texture("follow", 480, 480)
    truth = stage.paste(picture, stage.head("bo"), tall=250, at=(240, 240))
    moved = truth + [25.0, -18.0, 0.0]
    mesh = mesh_face(stage.plate(picture), crop_of_mesh(moved), nets.mesh, nets.iris)
    assert mesh.presence > 0.95
    assert errors(truth, mesh.points).mean() < 3.5


@pytest.mark.parametrize("scale", [1.0, 1.3, 1.5, 2.7, 7.9])
def test_a_cut_shows_the_plate_where_it_says(stage, scale):
    picture = np.zeros((301, 417, 3), np.float32)
    picture[140:160, 200:230] = 1.0
    patch = cut(stage.plate(picture), (40.0, 30.0, 400.0, 290.0), scale)
    assert patch.scale[1] <= scale
    light = patch.rgb[..., 0]
    y, x = np.mgrid[: light.shape[0], : light.shape[1]] + 0.5
    at = patch.to_plate(np.array([(light * x).sum(), (light * y).sum()]) / light.sum())
    assert at == pytest.approx([215.0, 150.0], abs=0.1 * scale)


def test_a_cut_is_the_same_whether_it_is_read_in_one_strip_or_in_many(stage, monkeypatch):
    picture = stage.texture("strips", 500, 300)
    whole = cut(stage.plate(picture), (0.0, 0.0, 300.0, 500.0), 1.4)
    monkeypatch.setattr("likeness_engine.faces.patch._STRIP_SAMPLES", 3000)
    striped = cut(stage.plate(picture), (0.0, 0.0, 300.0, 500.0), 1.4)
    assert striped.rgb.shape == whole.rgb.shape
    assert np.allclose(striped.rgb, whole.rgb, rtol=1e-5)


def test_a_crop_keeps_straight_ramps_straight_at_any_angle():
    y, x = np.mgrid[:200, :200] + 0.5
    ramp = np.repeat((3 * x + 2 * y)[..., None], 3, 2).astype(np.float32)
    patch = Patch(ramp, (10.0, 20.0), (1.0, 1.0))
    crop = Crop((110.0, 120.0), 80.0, 0.7)
    taken = take_crop(ramp, patch, crop, 64)[..., 0]
    rows, columns = np.mgrid[:64, :64] + 0.5
    matrix = crop.matrix(64)
    at = np.stack([columns, rows], -1) @ matrix[:, :2].T + matrix[:, 2] - [10.0, 20.0]
    assert np.abs(taken - at @ [3.0, 2.0]).max() < 0.5


def test_what_a_net_sees_is_never_clipped_nor_broken():
    light = np.array([[[0.0, 0.18, 1.0], [40.0, 900.0, 65504.0], [-3.0, -0.1, 1e-9]]], np.float32)
    seen = expose(light, 1.0)
    assert (seen >= 0).all()
    assert (seen <= 1).all()
    ramp = np.repeat(np.geomspace(1e-3, 100, 50)[:, None, None], 3, 2).astype(np.float32)
    assert (np.diff(expose(ramp, 1.0)[:, 0, 0]) > 0).all()
    assert np.isfinite(local_gain(light)).all()
