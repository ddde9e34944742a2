"""Poses, shapes at rest, and the change from one person's shape to another's."""

import numpy as np
import pytest

from likeness_engine.faces.align import (
    Similarity,
    face_width_px,
    fit_pose,
    fit_similarity,
    shape_at_rest,
)
from likeness_engine.faces.topology import topology
from likeness_engine.nodes.swap import reshape_mesh, without_expression

MEAN = topology().mean


def turned(yaw_deg: float, scale: float = 120.0) -> Similarity:
    c, s = np.cos(np.radians(yaw_deg)), np.sin(np.radians(yaw_deg))
    rotation = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]], np.float32)
    return Similarity(scale, rotation, np.array([400, 300, 0], np.float32))


@pytest.mark.parametrize("yaw", [-40, 0, 25])
def test_a_similarity_is_found_again_from_posed_points(yaw):
    pose = turned(yaw)
    found = fit_similarity(MEAN, pose.apply(MEAN))
    assert found.scale == pytest.approx(120, rel=1e-4)
    assert np.allclose(found.rotation, pose.rotation, atol=1e-4)
    assert np.allclose(found.undo(found.apply(MEAN)), MEAN, atol=1e-3)


def test_an_open_mouth_hardly_moves_the_pose():
    opened = MEAN.copy()
    opened[152, 1] += 0.3
    opened[topology().loops["mouth"], 1] += 0.1
    assert np.allclose(fit_pose(opened).rotation, np.eye(3), atol=1e-3)


def test_the_face_is_as_wide_when_it_turns():
    front, side = (face_width_px(turned(yaw).apply(MEAN)) for yaw in (0, 35))
    assert side == pytest.approx(front, rel=1e-3)


def test_a_shape_at_rest_comes_back_from_views_in_any_pose_and_size():
    person = MEAN * np.float32([1.08, 0.95, 1.1])
    views = [turned(yaw, scale).apply(person) for yaw, scale in ((0, 90), (20, 200), (-35, 140))]
    shape = shape_at_rest(views)
    expected = person / np.linalg.norm(person[33] - person[263])
    # The pose is fitted to the mean face, so a tenth of stretch leaks a little into the turn.
    assert np.abs(shape[:, :2] - expected[:, :2]).max() < 0.04


def test_no_amount_of_identity_leaves_the_tracked_mesh_alone():
    mesh = turned(15).apply(MEAN)
    other = MEAN * np.float32([1.1, 1.0, 1.0])
    assert (reshape_mesh(mesh, MEAN, other, amount=0.0) == mesh).all()
    assert np.allclose(reshape_mesh(mesh, MEAN, MEAN, amount=1.0), mesh, atol=1e-3)


def test_the_outline_stands_still_and_the_nose_moves():
    mesh = turned(0).apply(MEAN)
    other = MEAN.copy()
    other[:, 1] += 0.05
    moved = reshape_mesh(mesh, MEAN, other, amount=1.0) - mesh
    assert np.abs(moved[topology().loops["oval"]]).max() == 0
    assert moved[4, 1] == pytest.approx(0.05 * 120, rel=0.02)


def test_an_open_mouth_in_the_photograph_opens_no_mouth_in_the_shot():
    smile = MEAN.copy()
    ring = topology().loops["mouth"]
    lower = ring[MEAN[ring, 1] > MEAN[ring, 1].mean()]
    smile[lower, 1] += 0.12
    move = without_expression(smile - MEAN, MEAN)
    opening = move[ring, 1].max() - move[ring, 1].min()
    assert opening < 0.002
