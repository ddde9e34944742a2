"""The contact sheet: a shot at a glance, plate beside result, as a PNG to look at and to send."""

from __future__ import annotations

from collections.abc import Sequence as Several
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from likeness.documents.track import MESH_POINTS, Face, Track
from likeness.errors import FrameError
from likeness_engine.faces.topology import topology
from likeness_engine.io.atomic import replacing
from likeness_engine.io.colour import Colour
from likeness_engine.io.files import read_frame
from likeness_engine.io.frame import Frame, Window
from likeness_engine.io.sequence import Sequence

Picture = npt.NDArray[np.float32]  # height x width x 3, display-referred RGB, 0..1

CELL_PX = 360
GAP_PX = 6
MARGIN_PX = 28
TITLE_PX = 64
LABEL_PX = 30
PAPER = (0.075, 0.078, 0.085)
INK = (0.88, 0.88, 0.87)
FAINT = (0.52, 0.53, 0.55)
LINE = (0.35, 0.86, 0.72)
FEATURE = (1.0, 0.78, 0.35)
FACE_PART = 1.4  # side of a close-up, as a multiple of the largest mesh
SHOULDER = 0.6  # linear light from which highlights are rolled off towards 1
SHARP = 4  # text is drawn so many times larger, then reduced


@dataclass(frozen=True)
class Shot:
    """What a sheet is made of. Patterns are `name.####.exr`; `truth` may be empty."""

    plate: str
    result: str
    track: Track
    colour: Colour
    truth: str = ""
    title: str = ""


def shot_sheet(shot: Shot, frames: Several[int]) -> Picture:
    """Return the sheet: the first frame before and after, then a row of close-ups a frame.

    Columns: plate, mesh, element, matte, result, and truth where there is one. The result must
    hold the layers `swap` and `face_matte`. Raises FrameError for files and layers that lack.
    """
    columns = ["plate", "mesh", "element", "matte", "result"] + ["truth"] * bool(shot.truth)
    faces = {frame: _main_face(shot.track, frame) for frame in frames}
    side = FACE_PART * max(float(np.ptp(_points(face), axis=0).max()) for face in faces.values())
    rows = [_close_ups(shot, frame, faces[frame], side) for frame in frames]
    width = len(columns) * (CELL_PX + GAP_PX) - GAP_PX
    hero = _before_and_after(shot, frames[0], width)
    sheet = _paper(width, hero.shape[0], len(rows))
    sheet[TITLE_PX : TITLE_PX + hero.shape[0], MARGIN_PX : MARGIN_PX + width] = hero
    _write(sheet, shot.title or Path(shot.plate).name, (MARGIN_PX, TITLE_PX - 22), INK, 0.9)
    top = TITLE_PX + hero.shape[0] + LABEL_PX
    for column, label in enumerate(columns):
        left = MARGIN_PX + column * (CELL_PX + GAP_PX)
        _write(sheet, label, (left + 2, top - 9), FAINT, 0.5)
        for number, cells in enumerate(rows):
            y = top + number * (CELL_PX + GAP_PX)
            sheet[y : y + CELL_PX, left : left + CELL_PX] = cells[column]
    for number, frame in enumerate(frames):
        y = top + number * (CELL_PX + GAP_PX)
        _write(sheet, str(frame), (MARGIN_PX + 10, y + CELL_PX - 12), INK, 0.5)
    return sheet


def save_sheet(sheet: Picture, path: Path) -> None:
    """Write a sheet as an 8-bit PNG, whole or not at all."""
    pixels = np.round(np.clip(sheet, 0, 1) * 255).astype(np.uint8)
    fits, packed = cv2.imencode(".png", pixels[..., ::-1])
    if not fits:
        raise FrameError(f"{path}: a picture of {pixels.shape[1]}x{pixels.shape[0]} cannot be PNG.")
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as temporary:
        temporary.write_bytes(packed.tobytes())


def pick_frames(track: Track, count: int) -> list[int]:
    """Return up to `count` frames that have a face, spread evenly from the first to the last."""
    seen = sorted(frame for frame, faces in track.frames.items() if faces)
    if not seen:
        raise FrameError("No frame of the track has a face, so there is nothing to show.")
    places = np.linspace(0, len(seen) - 1, min(count, len(seen)))
    return [seen[round(float(place))] for place in places]


def draw_mesh(picture: Picture, points: npt.NDArray[np.float32]) -> Picture:
    """Return the picture dimmed, with the mesh over it. points: (468, 2) in its pixels."""
    canvas = np.ascontiguousarray(picture * np.float32(0.45))
    triangles = topology().triangles
    sides = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    sides = np.unique(np.sort(sides, axis=1), axis=0)
    mesh = np.zeros(canvas.shape[:2], np.uint8)
    cv2.polylines(
        mesh,
        list(_sixteenths(points)[sides]),
        isClosed=False,
        color=150,
        lineType=cv2.LINE_AA,
        shift=4,
    )
    _lay(canvas, mesh, LINE)
    features = np.zeros_like(mesh)
    loops = topology().loops
    rings = [_sixteenths(points)[loops[name]] for name in loops]
    for ring in rings:
        cv2.polylines(features, [ring], isClosed=True, color=255, lineType=cv2.LINE_AA, shift=4)
    _lay(canvas, features, FEATURE)
    return canvas


def _sixteenths(points: npt.NDArray[np.float32]) -> npt.NDArray[np.int32]:
    """Return points as OpenCV draws them to a sixteenth of a pixel: centres at whole numbers."""
    return np.round((points - 0.5) * 16).astype(np.int32)


def _lay(canvas: Picture, drawn: npt.NDArray[np.uint8], colour: tuple[float, ...]) -> None:
    share = (drawn.astype(np.float32) / 255)[..., None]
    canvas += (np.array(colour, np.float32) - canvas) * share


def _main_face(track: Track, frame: int) -> Face:
    faces = track.frames.get(frame, ())
    if not faces:
        raise FrameError(f"Frame {frame} has no face in the track; choose another for the sheet.")
    return next((face for face in faces if face.id == track.main), faces[0])


def _points(face: Face) -> npt.NDArray[np.float32]:
    """Return the mesh's (468, 2) points in plate pixels."""
    return np.array([point[:2] for point in face.mesh_px[:MESH_POINTS]], np.float32)


def _close_ups(shot: Shot, frame: int, face: Face, side: float) -> list[Picture]:
    """Return the cells of one row."""
    plate, result = _read(shot.plate, frame), _read(shot.result, frame)
    window = _around(face, side)
    before, after = _cut(shot, plate, window), _cut(shot, result, window)
    scale = CELL_PX / window.width
    corner = np.array([window.x0, window.y0], np.float32)
    matte = np.repeat(_plane(result, "face_matte.A", window)[..., None], 3, axis=2)
    cells = [before, draw_mesh(before, (_points(face) - corner) * scale)]
    cells += [_element(shot, result, window), matte, after]
    if shot.truth:
        cells.append(_cut(shot, _read(shot.truth, frame), window))
    return cells


def _before_and_after(shot: Shot, frame: int, width: int) -> Picture:
    """Return plate and result side by side, each as its display window shows it."""
    halves = []
    for pattern, label in ((shot.plate, "plate"), (shot.result, "result")):
        picture = _read(pattern, frame)
        shown = picture.display_window
        half = (width - GAP_PX) // 2
        height = round(half * shown.height / shown.width / picture.pixel_aspect)
        whole = _fit(_display(shot, picture, shown), half, height)
        _write(whole, f"{label}  {frame}", (12, height - 14), INK, 0.55)
        halves.append(whole)
    joint = np.full((halves[0].shape[0], width - 2 * halves[0].shape[1], 3), PAPER, np.float32)
    return np.concatenate([halves[0], joint, halves[1]], axis=1)


def _read(pattern: str, frame: int) -> Frame:
    return read_frame(Sequence.parse(pattern).path(frame), frame)


def _around(face: Face, side: float) -> Window:
    points = _points(face)
    left, top = np.round((points.min(0) + points.max(0) - side) / 2).astype(int).tolist()
    return Window(left, top, left + round(side), top + round(side))


def _cut(shot: Shot, frame: Frame, window: Window) -> Picture:
    return _fit(_display(shot, frame, window), CELL_PX, CELL_PX)


def _element(shot: Shot, frame: Frame, window: Window) -> Picture:
    """Return the layer `swap`, premultiplied in the plate's space, over a checkerboard."""
    inside = window.clip(frame.data_window)
    board = _checkers(window)
    if not inside.empty:
        cover = frame.channel("swap.A", inside)[..., None]
        below = board[inside.slices(window)] * (1 - cover)
        board[inside.slices(window)] = frame.read_rgb(inside, layer="swap") + below
    return _fit(_show(shot.colour, board), CELL_PX, CELL_PX)


def _display(shot: Shot, frame: Frame, window: Window) -> Picture:
    """Return a window of a frame as a display shows it; black outside the data window."""
    inside = window.clip(frame.data_window)
    out = np.zeros((window.height, window.width, 3), np.float32)
    if not inside.empty:
        rgb = frame.read_rgb(inside)
        out[inside.slices(window)] = _show(shot.colour, rgb)
    return out


def _show(colour: Colour, rgb: npt.NDArray[np.float32]) -> Picture:
    """Return plate values for a display, highlights rolled off so that light on skin keeps form."""
    linear = colour.to_linear(rgb)
    room = 1 - SHOULDER
    over = np.maximum(linear - SHOULDER, 0) / room
    rolled = np.minimum(linear, SHOULDER) + room * over / (1 + over)
    return np.asarray(colour.to_display(rolled), np.float32)


def _plane(frame: Frame, name: str, window: Window) -> npt.NDArray[np.float32]:
    inside = window.clip(frame.data_window)
    out = np.zeros((window.height, window.width), np.float32)
    if not inside.empty:
        out[inside.slices(window)] = frame.channel(name, inside)
    return np.clip(_fit(out, CELL_PX, CELL_PX), 0, 1)


def _fit(picture: npt.NDArray[np.float32], width: int, height: int) -> npt.NDArray[np.float32]:
    smaller = width < picture.shape[1]
    how = cv2.INTER_AREA if smaller else cv2.INTER_CUBIC
    return np.clip(cv2.resize(picture, (width, height), interpolation=how), 0, 1)


def _checkers(window: Window) -> npt.NDArray[np.float32]:
    """Return a dark board of 18 squares a side, as large as the window."""
    y, x = np.mgrid[: window.height, : window.width] * 18 // window.width
    grey = np.where((x + y) % 2, 0.022, 0.03).astype(np.float32)
    return np.repeat(grey[..., None], 3, axis=2)


def _paper(width: int, hero: int, rows: int) -> Picture:
    height = TITLE_PX + hero + LABEL_PX + rows * (CELL_PX + GAP_PX) - GAP_PX + MARGIN_PX
    return np.full((height, width + 2 * MARGIN_PX, 3), PAPER, np.float32)


def _write(
    picture: Picture, words: str, at: tuple[int, int], colour: tuple[float, ...], size: float
) -> None:
    """Write a line of text in place; `at` is the left end of its base line."""
    font = cv2.FONT_HERSHEY_DUPLEX
    (width, height), below = cv2.getTextSize(words, font, size * SHARP, 2)
    width, height = min(width, (picture.shape[1] - at[0]) * SHARP), height + SHARP
    large = np.zeros((height + below + SHARP, width), np.uint8)
    cv2.putText(large, words, (0, height), font, size * SHARP, 255, 2, cv2.LINE_AA)
    drawn = cv2.resize(large, None, fx=1 / SHARP, fy=1 / SHARP, interpolation=cv2.INTER_AREA)
    top = at[1] - height // SHARP
    region = picture[top : top + drawn.shape[0], at[0] : at[0] + drawn.shape[1]]
    _lay(region, drawn[: region.shape[0], : region.shape[1]], colour)
