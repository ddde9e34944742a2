"""Detect over a frame range: the track, its edits, and what a moving head does to it."""

import gc
import weakref
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from likeness.documents.track import Track
from likeness.errors import ModelError
from likeness.nodes import Detect
from likeness_engine.faces.nets import load_nets
from likeness_engine.io.frame import Frame, Part, Window
from likeness_engine.nodes.detect import detect
from likeness_engine.synthetic.actor import BO
from likeness_engine.synthetic.render import render
from likeness_engine.synthetic.scene import Camera, Pose

SIDE = 220
CAMERA = Camera(width=SIDE, height=SIDE, focal_mm=80.0)
SETTINGS = Detect(smallest_face_px=60)


@pytest.fixture(scope="module")
def nets():
    try:
        return load_nets("cpu")
    except ModelError as error:
        pytest.skip(f"the default models are not fetched: {error}")


@cache
def shot_of(yaw):
    ground = np.full((SIDE, SIDE, 3), 0.15, np.float32)
    ground[:, ::8] = 0.25
    return render(BO, Pose(yaw, 0.0, 0.0, (0.0, 0.0, 1100.0)), camera=CAMERA, background=ground)


def make_frame(rgb, number, *, grain=0.01, corner=(0, 0), aspect=1.0):
    rng = np.random.default_rng(number)
    noisy = rgb + grain * rng.standard_normal(rgb.shape) * np.sqrt(np.maximum(rgb, 0.02))
    window = Window(corner[0], corner[1], corner[0] + rgb.shape[1], corner[1] + rgb.shape[0])
    channels = {name: noisy[..., k].astype(np.float16) for k, name in enumerate("RGB")}
    return Frame("plate.exr", number, [Part("", channels, {}, window, window, aspect)])


def still(count, first=1001, **rest):
    return [(first + k, make_frame(shot_of(0.0).rgb, first + k, **rest)) for k in range(count)]


def meshes(track):
    return np.array([faces[0].mesh_px for faces in track.frames.values()])


@pytest.fixture(scope="module")
def track(nets):
    return detect(still(8), SETTINGS, nets)


def test_the_track_says_what_it_was_made_with(track, nets):
    assert list(track.frames) == list(range(1001, 1009))
    assert track.main == "face_1"
    assert track.size_px == (SIDE, SIDE)
    assert track.detector == nets.names
    assert track.settings["scan_every"] == 8
    face = track.frames[1004][0]
    assert face.score > 0.7
    assert face.visible > 0.95
    assert abs(face.pose_deg[0]) < 6
    assert 0 <= face.expression["jaw"] < 0.2


def test_a_track_read_back_from_disk_is_the_track_in_memory(track, tmp_path):
    track.save(tmp_path / "shot.track.json")
    assert Track.load(tmp_path / "shot.track.json") == track


def test_the_same_range_gives_the_same_track(track, nets):
    assert detect(still(8), SETTINGS, nets) == track


def test_a_still_head_under_grain_jitters_by_less_than_a_tenth_of_a_per_cent(track):
    points = meshes(track)[..., :2]
    eyes = np.linalg.norm(points[0, 33] - points[0, 263])
    moves = np.sqrt((np.diff(points, axis=0) ** 2).sum(-1).mean())
    assert 100 * moves / eyes < 0.1


def test_a_head_that_turns_60_degrees_in_12_frames_is_tracked_without_lag(nets):
    steps = np.clip((np.arange(16) - 2) / 12, 0, 1)
    yaws = [float(y) for y in -30 + 60 * steps * steps * (3 - 2 * steps)]
    frames = [(k, make_frame(shot_of(round(y, 3)).rgb, k)) for k, y in enumerate(yaws)]
    found = detect(frames, SETTINGS, nets)
    raw = detect(frames, replace(SETTINGS, smoothing=0.0), nets)
    nose, rough = meshes(found)[:, 1, 0], meshes(raw)[:, 1, 0]
    speed = np.abs(np.diff(rough)).max()
    assert speed > 4  # px a frame: a lag of one frame would show as that
    assert np.abs(nose - rough).max() < 0.8
    # Against the truth, the moment of the turn: where the nose is halfway.
    true = np.array([shot_of(round(y, 3)).landmarks[1, 0] for y in yaws])
    halfway = [np.interp((v[0] + v[-1]) / 2, v, np.arange(16)) for v in (nose, true)]
    assert abs(halfway[0] - halfway[1]) < 0.35


def test_frames_that_nobody_is_in_are_in_the_track_without_a_face(nets):
    empty = np.full((SIDE, SIDE, 3), 0.15, np.float32)
    frames = [(k, make_frame(empty if k < 3 else shot_of(0.0).rgb, k)) for k in range(6)]
    found = detect(frames, replace(SETTINGS, scan_every=1), nets)
    assert [len(faces) for faces in found.frames.values()] == [0, 0, 0, 1, 1, 1]


def test_reopening_frames_finds_the_face_from_where_it_enters(nets):
    rng = np.random.default_rng(0)
    set_ = np.repeat(np.repeat(rng.uniform(0.02, 0.9, (11, 66, 3)), 20, 0), 20, 1)

    def picture(number):
        rgb = set_.astype(np.float32)
        if number >= 2:
            rgb[:, :SIDE] = shot_of(0.0).rgb
        return make_frame(rgb, number)

    frames = [(k, picture(k)) for k in range(5)]
    settings = replace(SETTINGS, scan_every=4)
    without = detect(frames, settings, nets)
    reopened = detect(frames, settings, nets, reopen=picture)
    assert [len(f) for f in without.frames.values()] == [0, 0, 0, 0, 1]
    assert [len(f) for f in reopened.frames.values()] == [0, 0, 1, 1, 1]


def test_frames_are_let_go_one_by_one(nets):
    frames, alive = [], []

    def stream():
        for number in range(6):
            frame = make_frame(shot_of(0.0).rgb, number)
            frames.append(weakref.ref(frame))
            yield number, frame
            del frame
            gc.collect()
            alive.append(sum(ref() is not None for ref in frames))

    detect(stream(), SETTINGS, nets)
    assert max(alive) <= 1


def test_edits_survive_a_rerun_to_the_bit_and_keep_their_id(track, nets):
    old = track.frames[1004][0]
    moved = tuple((x + 3.0, y, z) for x, y, z in old.mesh_px)
    edit = replace(old, id="hero", mesh_px=moved, edited=True)
    edited = replace(track, frames={**track.frames, 1004: (edit,)})
    again = detect(still(8), SETTINGS, nets, edited=edited)
    assert again.frames[1004] == (edit,)
    assert {face.id for faces in again.frames.values() for face in faces} == {"hero"}
    assert again.main == "hero"
    pulled = np.array(again.frames[1005][0].mesh_px)[:, 0]
    free = np.array(track.frames[1005][0].mesh_px)[:, 0]
    assert -0.05 < (pulled - free).mean() < 3.0


def test_an_edit_where_nobody_is_found_stands_alone(track, nets):
    old = track.frames[1004][0]
    away = tuple((x + 2000.0, y, z) for x, y, z in old.mesh_px)
    edit = replace(old, id="ghost", mesh_px=away, edited=True)
    edited = replace(track, frames={1004: (edit,), 2000: (replace(edit, id="later"),)})
    again = detect(still(8), SETTINGS, nets, edited=edited)
    assert {face.id for face in again.frames[1004]} == {"face_1", "ghost"}
    assert [face.id for face in again.frames[2000]] == ["later"]


def test_places_are_absolute_where_the_data_window_is_offset(track, nets):
    moved = detect(still(2, corner=(-40, 15)), SETTINGS, nets)
    shift = meshes(moved)[0] - meshes(track)[0]
    assert np.median(shift[:, 0]) == pytest.approx(-40, abs=0.2)
    assert np.median(shift[:, 1]) == pytest.approx(15, abs=0.2)


def test_numbers_are_rounded_to_a_thousandth_of_a_pixel(track):
    values = meshes(track).ravel()
    assert np.array_equal(values, np.round(values, 3))


def test_no_frames_give_an_empty_track(nets):
    assert detect([], SETTINGS, nets).frames == {}
