"""The track: the result of Detect over a frame range. Editable, keyframable, shared downstream.

Points are in plate pixels of the EXR pixel space: x right, y down, (0, 0) at the top left corner of
the pixel that EXR calls (0, 0), so the centre of that pixel is (0.5, 0.5). Numbers are rounded to
0.001 px when a track is made, so a track in memory and one read back from disk give the same bits.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Optional

from likeness.documents.base import Document

MESH_POINTS = 468  # MediaPipe face mesh
IRIS_POINTS = 10  # 5 an eye: centre, then right, top, left, bottom of the iris; right eye first

Point = tuple[float, float, float]


@dataclass(frozen=True)
class Face:
    """One face in one frame."""

    id: str
    box_px: tuple[float, float, float, float]  # x0, y0, x1, y1
    score: float  # 0..1
    mesh_px: tuple[Point, ...]  # 478 points; z in px of the same scale, smaller is nearer
    pose_deg: Point = (0.0, 0.0, 0.0)  # yaw (right +), pitch (down +), roll (clockwise +)
    expression: dict[str, float] = field(default_factory=dict)  # jaw, blink_left, ... 0..1
    visible: float = 1.0  # part of the face inside the frame and unoccluded, 0..1
    edited: bool = False  # a person set it; Detect keeps it on a re-run


@dataclass(frozen=True)
class Track(Document):
    """Faces by frame. `main` is the id of the most prominent face of the shot."""

    schema: ClassVar[str] = "likeness.track.1"

    frames: dict[int, tuple[Face, ...]]
    plate: str = ""  # the pattern it was made from, for people
    plate_digest: str = ""  # says whether the track still belongs to the plate
    size_px: tuple[int, int] = (0, 0)
    pixel_aspect: float = 1.0
    main: str = ""
    detector: str = ""  # model ids with sha256 that made it
    settings: Optional[dict[str, float]] = None

    def problems(self) -> list[str]:
        return [
            f"frames.{frame}: face {face.id!r} has {len(face.mesh_px)} mesh points; "
            f"it must have {MESH_POINTS + IRIS_POINTS}."
            for frame, faces in self.frames.items()
            for face in faces
            if len(face.mesh_px) != MESH_POINTS + IRIS_POINTS
        ]
