"""Following: ids that last through motion, cuts, gaps and crossings."""

import numpy as np
import pytest

from likeness_engine.faces.appearance import difference, look_at_face
from likeness_engine.faces.cuts import CutFinder
from likeness_engine.faces.finder import find_faces
from likeness_engine.faces.follow import Follower

SIZE = (270, 480)


@pytest.fixture(scope="module")
def shoot(nets, stage):
    """Run a shot: `cast(t)` lists (actor, place, pose) of frame t; return who was seen where."""

    def run(count, cast, *, scene=lambda t: "set", back=True, scan_every=8, skip=()):
        def picture(t):
            ground = stage.texture(scene(t), *SIZE)
            for actor, at, pose in cast(t):
                stage.paste(ground, stage.head(actor, **pose), tall=90, at=at)
            return stage.plate(stage.grain(ground, t, 0.01))

        follower = Follower(
            nets, smallest_px=30, score=0.5, scan_every=scan_every, most=8,
            plate_at=picture if back else None,
        )  # fmt: skip
        for t in range(count):
            follower.step(t, picture(t), gap=t in skip)
        return follower

    return run


def frames_of(follower):
    return {person.id: sorted(person.seen) for person in follower.people}


def place(follower, name, t):
    (person,) = (p for p in follower.people if p.id == name)
    return person.seen[t].mesh.points[:468, :2].mean(0)


def test_two_people_keep_their_ids_while_they_move(shoot):
    follower = shoot(
        12, lambda t: [("ada", (100 + 9 * t, 120), {}), ("bo", (400 - 6 * t, 150 + 2 * t), {})]
    )
    assert frames_of(follower) == {"face_1": list(range(12)), "face_2": list(range(12))}
    starts = {name: place(follower, name, 0)[0] < 250 for name in ("face_1", "face_2")}
    for t in range(12):
        for name, from_left in starts.items():
            x = 100 + 9 * t if from_left else 400 - 6 * t
            assert place(follower, name, t)[0] == pytest.approx(x, abs=6)


def test_a_face_that_enters_between_two_searches_is_followed_back_to_its_first_frame(shoot):
    def cast(t):
        return [("bo", (120, 130), {})] + ([("ada", (360, 130), {})] if t >= 3 else [])

    assert frames_of(shoot(10, cast))["face_2"] == list(range(3, 10))
    assert frames_of(shoot(10, cast, back=False))["face_2"] == [8, 9]


def test_who_leaves_and_returns_keeps_the_id(shoot):
    def cast(t):
        return [] if 5 <= t < 12 else [("eve", (120 if t < 5 else 340, 130), {})]

    assert frames_of(shoot(15, cast, scan_every=4)) == {"face_1": [*range(5), *range(12, 15)]}


def test_who_comes_after_another_has_left_is_somebody_else(shoot):
    def cast(t):
        return [("kim" if t < 5 else "bo", (240, 130), {})] if t != 5 else []

    follower = shoot(12, cast, scan_every=3)
    assert list(frames_of(follower)) == ["face_1", "face_2"]


def test_a_cut_is_seen_and_ids_go_by_the_look_across_it(shoot):
    def cast(t):
        if t < 6:
            return [("ada", (120, 130), {}), ("bo", (360, 130), {})]
        return [("bo", (130, 140), {}), ("ada", (350, 130), {})]  # they changed sides

    follower = shoot(10, cast, scene=lambda t: "street" if t < 6 else "kitchen")
    assert follower.breaks == {0, 6}
    assert len(follower.people) == 2
    for name in ("face_1", "face_2"):
        assert (place(follower, name, 5)[0] < 240) != (place(follower, name, 6)[0] < 240)


def test_a_face_is_found_again_after_something_passed_in_front_of_it(shoot):
    def cast(t):
        return [] if t in (5, 6) else [("bo", (200 + 5 * t, 130), {})]

    assert frames_of(shoot(12, cast, scan_every=20, back=True)) in (
        {"face_1": [0, 1, 2, 3, 4]},  # the search at 5 saw nobody, the next is at 25
        {"face_1": [*range(5), *range(7, 12)]},
    )
    assert frames_of(shoot(12, cast, scan_every=4)) == {"face_1": [*range(5), *range(7, 12)]}


def test_a_head_that_jumps_by_its_own_size_is_still_the_same(shoot):
    follower = shoot(6, lambda t: [("bo", (120 if t < 3 else 210, 130), {})], scan_every=50)
    assert frames_of(follower) == {"face_1": list(range(6))}


def test_a_missing_frame_starts_a_new_movement_but_not_a_new_person(shoot):
    follower = shoot(6, lambda t: [("bo", (240, 130), {})], skip=(3,))
    assert follower.breaks == {0, 3}
    assert frames_of(follower) == {"face_1": list(range(6))}


def test_an_empty_shot_has_nobody(shoot):
    assert frames_of(shoot(3, lambda t: [])) == {}


def test_looks_tell_four_actors_apart(nets, stage):
    looks = {}
    for actor in stage.actors:
        for yaw in (-20.0, 0.0, 20.0):
            ground = stage.texture("looks", 300, 300)
            stage.paste(ground, stage.head(actor, yaw=yaw), tall=150, at=(150, 160))
            plate = stage.plate(stage.grain(ground, int(yaw) + 50, 0.02))
            (found,) = find_faces(plate, nets, smallest_px=60, score=0.5)
            looks.setdefault(actor, []).append(look_at_face(plate, found.mesh.points))
    same = [difference(a, b) for seen in looks.values() for a in seen for b in seen if a is not b]
    other = [
        difference(a, b)
        for one, first in looks.items()
        for two, second in looks.items()
        for a, b in zip(first, second, strict=True)
        if one != two
    ]
    assert np.mean(np.array(same) < 1) > 0.7
    assert np.mean(np.array(other) > 1) > 0.5
    assert np.median(other) > 1.5 * np.median(same)


def test_flashes_and_pans_are_no_cuts(stage):
    wide = stage.texture("pan", 270, 960)
    finder = CutFinder()
    flash = [1.0, 1.0, 40.0, 1.0, 0.02]
    assert [finder.step(stage.plate(wide[:, :480] * np.float32(g))) for g in flash] == [False] * 5
    finder = CutFinder()
    assert not any(finder.step(stage.plate(wide[:, 40 * t : 40 * t + 480])) for t in range(10))


def test_somebody_who_steps_into_the_picture_is_no_cut(stage):
    finder = CutFinder()
    finder.step(stage.plate(stage.texture("room", *SIZE)))
    picture = stage.texture("room", *SIZE)
    stage.paste(picture, stage.head("bo"), tall=200, at=(100, 150))
    picture[:, 60:150] *= np.float32(0.01)
    assert not finder.step(stage.plate(picture))


def test_a_cut_to_another_set_is_a_cut(stage):
    finder = CutFinder()
    sets = ["a", "a", "a", "b", "b", "c"]
    found = [finder.step(stage.plate(stage.texture(name, *SIZE))) for name in sets]
    assert found == [False, False, False, True, False, True]
