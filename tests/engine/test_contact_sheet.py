"""The contact sheet shows what it says: the right frames, channels and faces, in their places."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from likeness.documents.track import Face, Track
from likeness.errors import FrameError
from likeness_engine import contact_sheet
from likeness_engine.contact_sheet import CELL_PX, GAP_PX, LABEL_PX, MARGIN_PX, TITLE_PX, Shot
from likeness_engine.faces.topology import topology
from likeness_engine.io.colour import Colour
from likeness_engine.io.files import write_frame
from likeness_engine.io.frame import Frame, Part, Window

DATA, DISPLAY = Window(-4, -4, 324, 184), Window(0, 0, 320, 180)
PLATE = np.float32(0.18)


def face_at(x: float, y: float, *, width: float = 60.0) -> Face:
    points = topology().mean * (width / 2) + np.array([x, y, 0], np.float32)
    irises = np.repeat(points[:1], 10, axis=0)
    mesh = tuple(tuple(float(v) for v in point) for point in np.concatenate([points, irises]))
    low, high = points[:, :2].min(0), points[:, :2].max(0)
    box = (float(low[0]), float(low[1]), float(high[0]), float(high[1]))
    return Face("main", box, 0.9, mesh)  # type: ignore[arg-type]


def write(path: Path, value: float, *, layers: bool = False) -> None:
    shape = (DATA.height, DATA.width)
    channels = {name: np.full(shape, value, np.float16) for name in "RGB"}
    frame = Frame(str(path), 1, [Part("", channels, {}, DATA, DISPLAY)])
    if layers:
        full = np.ones(shape, np.float32)
        frame.add_layer("swap", {"R": full, "G": 0 * full, "B": 0 * full, "A": full}, window=DATA)
        frame.add_layer("face_matte", {"A": full}, window=DATA)
    write_frame(frame, path)


@pytest.fixture
def shot(tmp_path: Path) -> Shot:
    for frame in (1001, 1002, 1003):
        write(tmp_path / f"plate.{frame}.exr", 0.18)
        write(tmp_path / f"result.{frame}.exr", 0.5, layers=True)
        write(tmp_path / f"truth.{frame}.exr", 0.02)
    faces = {1001: (face_at(160, 90),), 1002: (), 1003: (face_at(300, 20),)}
    return Shot(
        plate=str(tmp_path / "plate.####.exr"),
        result=str(tmp_path / "result.####.exr"),
        truth=str(tmp_path / "truth.####.exr"),
        track=Track(frames=faces, main="main"),
        colour=Colour(),
        title="a shot",
    )


def cell(sheet: np.ndarray, row: int, column: int) -> np.ndarray:
    hero = sheet.shape[0] - TITLE_PX - LABEL_PX - MARGIN_PX - 2 * (CELL_PX + GAP_PX) + GAP_PX
    top = TITLE_PX + hero + LABEL_PX + row * (CELL_PX + GAP_PX)
    left = MARGIN_PX + column * (CELL_PX + GAP_PX)
    return sheet[top : top + CELL_PX, left : left + CELL_PX]


def test_each_column_shows_its_own_picture(shot: Shot) -> None:
    sheet = contact_sheet.shot_sheet(shot, [1001, 1003])
    middle = (slice(150, 210), slice(150, 210))
    shown = [cell(sheet, 0, column)[middle].mean((0, 1)) for column in range(6)]
    plate, mesh, element, matte, result, truth = shown
    display = Colour().to_display(np.full((1, 1, 3), 0.18, np.float32))[0, 0]
    np.testing.assert_allclose(plate, display, atol=0.002)  # half has steps of 1e-4 at 0.18
    assert mesh.mean() != pytest.approx(plate.mean(), abs=0.02)
    assert element[0] > 0.5 and element[0] > 3 * element[2]  # the red layer, in the sheet's view
    np.testing.assert_allclose(matte, 1, atol=1e-6)
    assert truth.mean() < plate.mean() < result.mean()


def test_what_lies_outside_the_plate_is_black(shot: Shot) -> None:
    sheet = contact_sheet.shot_sheet(shot, [1001, 1003])
    assert cell(sheet, 1, 0)[:20, -20:].max() == 0  # the face of 1003 is in the upper right corner


def test_a_shot_without_truth_has_no_column_for_it(shot: Shot) -> None:
    without = Shot(shot.plate, shot.result, shot.track, shot.colour)
    difference = (
        contact_sheet.shot_sheet(shot, [1001]).shape[1]
        - contact_sheet.shot_sheet(without, [1001]).shape[1]
    )
    assert difference == CELL_PX + GAP_PX


def test_highlights_keep_their_order_below_white(shot: Shot) -> None:
    light = np.array([0.2, 0.6, 1.0, 4.0, 30.0], np.float32).reshape(1, 5, 1).repeat(3, axis=2)
    seen = contact_sheet._show(Colour(), light)[0, :, 1]
    assert (np.diff(seen) > 0).all()
    assert seen[-1] <= 1


def test_frames_are_picked_evenly_among_those_with_a_face(shot: Shot) -> None:
    track = Track(frames={f: () if f == 3 else (face_at(9, 9),) for f in range(1, 12)})
    assert contact_sheet.pick_frames(track, 3) == [1, 6, 11]
    assert contact_sheet.pick_frames(shot.track, 9) == [1001, 1003]


def test_a_track_without_faces_has_nothing_to_show() -> None:
    with pytest.raises(FrameError, match="No frame of the track has a face"):
        contact_sheet.pick_frames(Track(frames={1: ()}), 3)


def test_a_frame_without_a_face_is_refused_by_number(shot: Shot) -> None:
    with pytest.raises(FrameError, match="Frame 1002"):
        contact_sheet.shot_sheet(shot, [1001, 1002])


def test_the_sheet_is_kept_as_a_png_of_its_colours(tmp_path: Path) -> None:
    sheet = np.zeros((40, 60, 3), np.float32)
    sheet[..., 0] = 1.0
    contact_sheet.save_sheet(sheet, tmp_path / "new" / "sheet.png")
    kept = cv2.imread(str(tmp_path / "new" / "sheet.png"))
    assert kept is not None
    assert kept.shape == (40, 60, 3)
    assert (kept[0, 0] == [0, 0, 255]).all()  # OpenCV reads BGR
