"""Pose and expression from a mesh."""

import numpy as np
import pytest

from likeness_engine.faces.pose import angles, expression, head_pose
from likeness_engine.faces.topology import topology


def turn(yaw, pitch, roll):
    """Return roll @ yaw @ pitch for columns: to screen right, down and clockwise positive."""
    y, p, r = np.radians([yaw, pitch, roll])
    around_y = np.array([[np.cos(y), 0, -np.sin(y)], [0, 1, 0], [np.sin(y), 0, np.cos(y)]])
    around_x = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    around_z = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    return around_z @ around_y @ around_x


@pytest.mark.parametrize("pose", [(0, 0, 0), (40, 0, 0), (-30, 20, 0), (10, -25, 60), (0, 0, -120)])
def test_a_turned_mean_face_has_the_pose_it_was_turned_to(pose):
    mesh = 200 * topology().mean @ turn(*pose).T + [500, 300, 0]
    assert head_pose(mesh.astype(np.float32)) == pytest.approx(pose, abs=0.05)
    assert angles(turn(*pose)) == pytest.approx(pose, abs=1e-6)


def test_signs_are_as_the_track_says():
    right, down, clockwise = turn(30, 0, 0), turn(0, 30, 0), turn(0, 0, 30)
    nose = np.array([0, 0, -1.0])
    assert (right @ nose)[0] > 0
    assert (down @ nose)[1] > 0
    assert (clockwise @ [1.0, 0, 0])[1] > 0  # y goes down: the right side of the screen sinks


@pytest.mark.parametrize("yaw", [-30.0, 0.0, 30.0])
def test_a_rendered_head_has_the_renderers_pose(stage, yaw):
    found = head_pose(stage.head("bo", yaw=yaw).landmarks)
    assert found[0] == pytest.approx(yaw, abs=6)
    assert found[2] == pytest.approx(0, abs=3)


def test_muscles_move_their_own_measures(stage):
    rest = expression(stage.head("bo").landmarks)
    jaw = expression(stage.head("bo", jaw=0.6).landmarks)
    blink = expression(stage.head("bo", blink_left=1.0, blink_right=1.0).landmarks)
    smile = expression(stage.head("bo", smile_left=1.0, smile_right=1.0).landmarks)
    assert jaw["jaw"] > rest["jaw"] + 0.25
    assert min(blink["blink_left"], blink["blink_right"]) > 0.8
    assert max(rest["blink_left"], rest["blink_right"]) < 0.3
    assert smile["smile"] > rest["smile"] + 0.1


def test_one_eye_blinks_alone_and_it_is_the_actors_own_left(stage):
    wink = expression(stage.head("bo", blink_left=1.0).landmarks)
    assert wink["blink_left"] > 0.8 > 0.4 > wink["blink_right"]


def test_gaze_follows_the_irises(stage):
    looks = [expression(stage.head("bo", gaze_x=x).landmarks)["gaze_x"] for x in (-20.0, 0.0, 20.0)]
    assert looks[0] < looks[1] - 0.1 < looks[1] + 0.1 < looks[2]


def test_measures_stay_in_their_range_for_any_mesh():
    rng = np.random.default_rng(0)
    for _ in range(20):
        values = expression(rng.normal(0, 100, (478, 3)))
        assert all(-1 <= v <= 1 for v in values.values())
