"""What a render says of itself agrees with what it shows."""

import numpy as np
import pytest

from likeness_engine.faces.topology import topology
from likeness_engine.synthetic.scene import BROW, EYE, FACE, MATERIALS, MOUTH, Expression

SEEN_INSIDE = 3  # px from the border of the matte


def test_the_same_arguments_give_the_same_bits(portrait):
    first = portrait("bo", 12.0)
    portrait.cache_clear()
    second = portrait("bo", 12.0)
    assert second is not first
    for name in ("rgb", "alpha", "depth", "uv", "matte", "material", "landmarks", "seen"):
        assert getattr(first, name).tobytes() == getattr(second, name).tobytes(), name


@pytest.mark.parametrize("actor", ["ada", "bo", 5])
@pytest.mark.parametrize("yaw", [-28.0, 0.0, 28.0])
def test_the_uv_under_a_visible_point_is_the_points_own(portrait, actor, yaw):
    shot = portrait(actor, yaw)
    own = topology().uv
    rows = []
    for k in np.flatnonzero(shot.seen):
        x, y = np.floor(shot.landmarks[k, :2]).astype(int)
        uv = shot.uv[y, x]
        if np.isfinite(uv).all():
            rows.append(np.linalg.norm(uv - own[k]))
    assert len(rows) > 200
    # A pixel is 1.5 mm here, about 0.01 of the layout; folds at lids and lips are steeper.
    assert np.median(rows) < 0.006
    assert np.percentile(rows, 95) < 0.04


def test_the_matte_is_where_the_uv_is_and_inside_the_alpha(portrait):
    shot = portrait("ada", 15.0)
    assert ((shot.matte > 0) == np.isfinite(shot.uv[..., 0])).all()
    assert (shot.matte[shot.alpha == 0] == 0).all()
    inside = shot.uv[shot.matte > 0]
    assert inside.min() >= 0.0
    assert inside.max() <= 1.0
    kinds = {MATERIALS[k] for k in np.unique(shot.material[shot.matte > 0.99])}
    assert kinds <= {MATERIALS[FACE], MATERIALS[BROW]}


def test_a_point_on_the_far_side_is_not_seen(portrait):
    right, left = portrait("bo", 28.0).seen, portrait("bo", -28.0).seen
    # Turned to screen right, the actor's left cheek (454 and its neighbours) goes out of sight.
    assert right[[234, 93, 132]].all()
    assert not right[[454, 356, 323]].any()
    assert left[[454, 323, 361]].all()
    assert not left[[234, 127, 93]].any()


def test_depth_is_nearest_at_the_nose_and_landmark_z_agrees(portrait):
    shot = portrait("ada")
    assert shot.landmarks[:468, 2].argmin() in (1, 4, 5, 19, 44, 45, 274, 275)
    x, y = np.floor(shot.landmarks[4, :2]).astype(int)
    eyes = 1000.0 + shot.landmarks[[33, 263], 2].mean()
    per_mm = 85.0 / 36.0 * 320 / 1000.0
    assert shot.depth[y, x] == pytest.approx(eyes + shot.landmarks[4, 2] / per_mm, abs=2.0)
    assert np.isinf(shot.depth[0, 0])


@pytest.mark.parametrize("turned", ["yaw", "pitch", "roll"])
def test_a_positive_turn_goes_right_down_and_clockwise(portrait, turned):
    still, moved = portrait("ada").landmarks, portrait("ada", **{turned: 12.0}).landmarks
    eyes = (still[33] + still[263]) / 2, (moved[33] + moved[263]) / 2
    nose = (moved[1] - eyes[1]) - (still[1] - eyes[0])
    if turned == "yaw":
        assert nose[0] > 5
    if turned == "pitch":
        chin = (moved[152, 2] - moved[1, 2]) - (still[152, 2] - still[1, 2])
        assert chin > 5  # looking down, the chin draws back from the camera
    if turned == "roll":
        assert (moved[263] - moved[33])[1] > 5


def test_a_blink_hides_the_eyes(portrait):
    def eye_pixels(expression):
        return int((portrait("bo", expression=expression).material == EYE).sum())

    whole = eye_pixels(None)
    assert whole > 60
    assert eye_pixels(Expression(blink_left=1.0, blink_right=1.0)) < 0.06 * whole
    assert 0.35 * whole < eye_pixels(Expression(blink_left=1.0)) < 0.65 * whole


def test_an_open_jaw_shows_the_mouth_and_moves_the_chin(portrait):
    shut, wide = portrait("ada"), portrait("ada", expression=Expression(jaw=0.8))
    assert (shut.material == MOUTH).sum() < 12
    assert (wide.material == MOUTH).sum() > 150
    assert wide.landmarks[152, 1] - shut.landmarks[152, 1] > 10
    assert abs(wide.landmarks[1, 1] - shut.landmarks[1, 1]) < 0.5


def test_the_iris_goes_where_the_eye_looks(portrait):
    still = portrait("ada").landmarks
    right = portrait("ada", expression=Expression(gaze_x=20.0)).landmarks
    for iris in (468, 473):
        assert right[iris, 0] - still[iris, 0] > 2.0
    # Centre, then right, top, left and bottom of the iris as the picture shows them.
    for first in (468, 473):
        centre, east, north, west, south = still[first : first + 5]
        assert east[0] > centre[0] > west[0]
        assert north[1] < centre[1] < south[1]


def test_a_smile_and_raised_brows_move_their_own_side(portrait):
    still = portrait("ada").landmarks
    left = portrait("ada", expression=Expression(smile_left=1.0, brow_up_left=1.0)).landmarks
    assert left[291, 1] < still[291, 1] - 2.0
    assert abs(left[61, 1] - still[61, 1]) < 0.8
    assert left[334, 1] < still[334, 1] - 2.0
    assert abs(left[105, 1] - still[105, 1]) < 0.5
