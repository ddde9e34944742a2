"""Detect: the work. Finds, follows and meshes the faces of a frame range; makes the track."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from likeness.documents.track import Face, Track
from likeness.nodes import Detect
from likeness_engine.faces.finder import Found, box_area, mesh_box
from likeness_engine.faces.follow import Follower, visible_part
from likeness_engine.faces.nets import Nets
from likeness_engine.faces.patch import Array, Plate
from likeness_engine.faces.pose import expression, head_pose
from likeness_engine.faces.smoothing import smooth_meshes
from likeness_engine.io.colour import Colour
from likeness_engine.io.frame import Frame, Window
from likeness_engine.nodes.edits import Edit, take_edits

_MOST_GAP = 4  # frames between two of the range that still belong to one movement (1001-1099x4)


def detect(
    frames: Iterable[tuple[int, Frame]],
    settings: Detect,
    nets: Nets,
    *,
    colour: Callable[[Frame], Colour] = Colour.of_frame,
    reopen: Callable[[int], Frame] | None = None,
    edited: Track | None = None,
    layer: str = "",
    view: str = "",
    told: Callable[[int], None] = lambda number: None,
) -> Track:
    """Return the track of the faces in `frames`, which come in rising order.

    One frame is held at a time. `reopen` reads a frame again by its number, so that a face found
    by a search is followed back to where it came in; without it, its first frames (fewer than
    `scan_every`) stay empty. Faces a person edited in the track `edited` are kept to the bit, keep
    their ids, and draw the smoothing of the frames around them. Frames without a face are in the
    track with an empty tuple. `told` is called with each number that is done.

    The same frames and settings give the same track to the bit. Raises ModelError from the nets
    and FrameError from the frames.
    """

    def plate_of(frame: Frame) -> Plate:
        return as_plate(frame, colour(frame), layer=layer, view=view)

    def plate_at(count: int) -> Plate:
        assert reopen is not None
        return plate_of(reopen(numbers[count]))

    follower = Follower(
        nets=nets,
        smallest_px=settings.smallest_face_px,
        score=settings.score,
        scan_every=settings.scan_every,
        most=settings.most_faces,
        plate_at=plate_at if reopen else None,
    )
    numbers: list[int] = []
    plates: list[Plate] = []  # bounds and aspect only; the reader is gone with its frame
    size = (0, 0)
    for number, frame in frames:
        gap = bool(numbers) and not 0 < number - numbers[-1] <= _MOST_GAP
        numbers.append(number)
        plate = plate_of(frame)
        follower.step(len(numbers) - 1, plate, gap=gap)
        plates.append(Plate(_gone, plate.bounds, plate.aspect))
        size = (frame.display_window.width, frame.display_window.height)
        told(number)
    tracked = _smooth(follower, numbers, plates, settings, edited)
    aspect = plates[-1].aspect if plates else 1.0
    return Track(
        frames=tracked,
        size_px=size,
        pixel_aspect=aspect,
        main=_most_prominent(tracked),
        detector=nets.names,
        settings=deciding(settings),
    )


_DECIDING = ("smallest_face_px", "score", "most_faces", "scan_every", "smoothing")


def deciding(settings: Detect) -> dict[str, float]:
    """Return the parameters that decide a track, as the track keeps them."""
    return {name: float(getattr(settings, name)) for name in _DECIDING}


def as_plate(frame: Frame, colour: Colour, *, layer: str = "", view: str = "") -> Plate:
    """Return a frame as the search reads it: linear ACEScg, window by window."""
    part = frame.rgb_part(layer, view)
    box = part.data_window

    def read(x0: int, y0: int, x1: int, y1: int) -> Array:
        stored = frame.read_rgb(Window(x0, y0, x1, y1), layer, view)
        return np.asarray(colour.to_linear(stored), np.float32)

    return Plate(read, (box.x0, box.y0, box.x1, box.y1), part.pixel_aspect)


def _gone(x0: int, y0: int, x1: int, y1: int) -> Array:
    raise AssertionError("the frame was handed back")


def _smooth(
    follower: Follower,
    numbers: list[int],
    plates: list[Plate],
    settings: Detect,
    edited: Track | None,
) -> dict[int, tuple[Face, ...]]:
    """Return the faces of all frames: smoothed by segment, edits in their place."""
    edits = take_edits(edited, follower.people, numbers, [p.aspect for p in plates])
    faces: dict[int, list[Face]] = {number: [] for number in numbers}
    for person in follower.people:
        name = edits.names.get(person.id, person.id)
        own = edits.of_person.get(person.id, {})
        for segment in _segments(sorted(person.seen.keys() | own.keys()), follower.breaks):
            raw = np.array([_points(own.get(at), person.seen.get(at)) for at in segment])
            held = np.array([at in own for at in segment])
            smooth = smooth_meshes(raw, settings.smoothing, held)
            for at, mesh in zip(segment, smooth, strict=True):
                if at in own:
                    faces[numbers[at]].append(own[at].face)
                else:
                    face = _face(name, mesh, person.seen[at], plates[at])
                    faces[numbers[at]].append(face)
    for number, face in edits.alone:
        faces.setdefault(number, []).append(face)
    return {number: tuple(faces[number]) for number in sorted(faces)}


def _points(edit: Edit | None, found: Found | None) -> Array:
    if edit:
        return edit.points
    assert found is not None
    return found.mesh.points


def _segments(counts: list[int], breaks: set[int]) -> list[list[int]]:
    """Split rising frame counts where one is missing or a new shot starts."""
    segments: list[list[int]] = []
    for at in counts:
        if segments and segments[-1][-1] == at - 1 and at not in breaks:
            segments[-1].append(at)
        else:
            segments.append([at])
    return segments


def _face(name: str, mesh: Array, found: Found, plate: Plate) -> Face:
    """Return a face of the track: plate pixels, rounded to 0.001 px."""
    in_plate = mesh / [plate.aspect, 1.0, 1.0]
    pose = head_pose(mesh)
    return Face(
        id=name,
        box_px=tuple(round(v, 3) for v in mesh_box(in_plate)),  # type: ignore[arg-type]
        score=round(found.score, 4),
        mesh_px=tuple((round(x, 3), round(y, 3), round(z, 3)) for x, y, z in in_plate.tolist()),
        pose_deg=(round(pose[0], 3), round(pose[1], 3), round(pose[2], 3)),
        expression=expression(mesh),
        visible=round(visible_part(mesh, plate) * found.mesh.presence, 4),
    )


def _most_prominent(frames: dict[int, tuple[Face, ...]]) -> str:
    """Return the id of the face that fills most of the shot: its size, summed over its frames."""
    total: dict[str, float] = {}
    for faces in frames.values():
        for face in faces:
            total[face.id] = total.get(face.id, 0.0) + box_area(face.box_px) ** 0.5
    return max(sorted(total), key=lambda name: total[name], default="")
