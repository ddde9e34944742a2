"""Actors are people of plausible measures and colours, and no two are alike."""

import numpy as np
import pytest

from likeness_engine.synthetic.actor import ACTORS, ADA, random_actor
from likeness_engine.synthetic.anatomy import base_points
from likeness_engine.synthetic.head import rest_face
from likeness_engine.synthetic.photos import write_photos
from likeness_engine.synthetic.skin import paint_skin

# Norms in mm (Farkas 1994, both sexes), and how far the average actor may be from them.
MEASURES = (
    ("outer eye corners", 33, 263, 88.0, 5.0),
    ("inner eye corners", 133, 362, 33.0, 4.0),
    ("mouth", 61, 291, 52.0, 5.0),
    ("nose", 129, 358, 35.0, 4.0),
    ("nasion to chin", 168, 152, 119.0, 8.0),
    ("face", 234, 454, 137.0, 8.0),
)


@pytest.mark.parametrize(("what", "a", "b", "norm", "slack"), MEASURES)
def test_the_average_actor_has_the_measures_of_people(what, a, b, norm, slack):
    points = base_points()
    assert np.linalg.norm(points[a] - points[b]) == pytest.approx(norm, abs=slack), what


def test_the_named_actors_are_clearly_two_people():
    ada, bo = (rest_face(ACTORS[name])[0] for name in ("ada", "bo"))
    assert np.linalg.norm(ada - bo, axis=1).mean() > 3.0
    assert ACTORS["ada"].style != ACTORS["bo"].style


def test_a_seed_is_one_person_for_ever_and_seeds_are_different_people():
    assert random_actor(42) == random_actor(42)
    faces = [rest_face(random_actor(seed))[0] for seed in range(6)]
    for k, face in enumerate(faces):
        for other in faces[:k]:
            assert np.linalg.norm(face - other, axis=1).mean() > 1.0


def test_age_lowers_the_jowls_and_keeps_the_person():
    young, old = rest_face(ADA.aged(25.0))[0], rest_face(ADA.aged(70.0))[0]
    assert old[365, 1] > young[365, 1] + 2.0
    assert np.linalg.norm(old - young, axis=1).mean() < 3.0


@pytest.mark.parametrize("actor", [*ACTORS.values(), random_actor(2), random_actor(9)])
def test_skin_reflects_as_skin_does(actor):
    rows, levels = paint_skin(actor, 256)
    albedo = rows[: levels[0, 1] ** 2, :3]
    middle = np.median(albedo, axis=0)
    assert (middle > 0.02).all()
    assert (middle < 0.65).all()
    assert middle[0] > middle[1] > middle[2]  # red over green over blue
    assert np.isfinite(rows).all()


def test_old_skin_has_deeper_lines_than_young_skin():
    def depth(years):
        rows, levels = paint_skin(ADA.aged(years), 512)
        return np.abs(rows[: levels[0, 1] ** 2, 3:5]).mean()

    assert depth(72.0) > 1.1 * depth(22.0)


def test_photographs_are_deep_and_unclipped(tmp_path):
    import cv2

    paths = write_photos(ADA, tmp_path, size_px=160)
    assert len(paths) >= 5
    for path in paths:
        photo = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        assert photo.shape == (160, 160, 3)
        assert photo.dtype == np.uint16
        assert (photo == 65535).mean() < 0.005
        assert 8000 < photo[40:120, 50:110].mean() < 45000
