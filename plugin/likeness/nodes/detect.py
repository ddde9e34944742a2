"""Detect: the words. The work is in likeness_engine/nodes/detect.py."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from likeness.nodes.spec import Node, integer, number, toggle


@dataclass(frozen=True)
class Detect(Node):
    """Find, track and mesh the faces of a shot; the result is a track document."""

    id: ClassVar[str] = "detect"
    label: ClassVar[str] = "Detect"
    layers: ClassVar[tuple[str, ...]] = ("face_box", "face_mesh")

    smallest_face_px: int = integer(
        30, 16, 4000, "Smallest face to look for, as the height of its box.", unit="px"
    )
    score: float = number(
        0.5, 0.05, 0.99, "Confidence below which a detection is dropped.", per_frame=False
    )
    most_faces: int = integer(64, 1, 1000, "Most faces to keep in a frame, the largest first.")
    scan_every: int = integer(
        8, 1, 100, "Frames between two searches of the whole plate; in between, faces are followed."
    )
    smoothing: float = number(
        0.5,
        0.0,
        1.0,
        "Zero-phase smoothing of the mesh; fast heads are smoothed less.",
        per_frame=False,
    )
    draw_box: bool = toggle(False, "Add the layer face_box: boxes and ids drawn over black.")
    draw_mesh: bool = toggle(False, "Add the layer face_mesh: the mesh drawn over black.")
