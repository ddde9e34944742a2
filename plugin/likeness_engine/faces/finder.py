"""All faces of one frame: the search, then the mesh net's own word on every candidate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from likeness_engine.faces.detector import (
    AGAIN_SIDE,
    Detection,
    DetectorNet,
    score_middle,
    search,
)
from likeness_engine.faces.mesher import (
    Crop,
    Mesh,
    crop_of_detection,
    crop_of_mesh,
    expose_patch,
    mesh_face,
    presence,
    read_patch,
    take_crop,
)
from likeness_engine.faces.nets import Nets
from likeness_engine.faces.patch import Array, Box, Plate
from likeness_engine.faces.topology import POINTS

# The wide search gives crops of hands and patterns 0.4 to 0.65 now and then, and real faces of
# 17 px hardly more. The mesh net's presence tells most of them apart, a second look at the upright
# face the rest: 0.78 to 0.92 for faces, 0.08 to 0.77 for the 75 patterns that passed for a face.
_FIRST_LOOK = 0.7
_AGAIN = 4 / 3  # side of the second look over the mesh's crop: the face is half of it
_SMALLER = 0.8  # boxes vary by a fifth: a face of the smallest size may come out smaller
_DOUBLE = 0.3  # overlap of two meshes that are one face


@dataclass(frozen=True)
class Found:
    """A face that both nets agree on, in square pixels."""

    mesh: Mesh
    score: float


def find_faces(
    plate: Plate, nets: Nets, *, smallest_px: float, score: float, known: Sequence[Mesh] = ()
) -> list[Found]:
    """Return the faces of a frame that are not `known`, the largest first.

    `smallest_px` is the height of the smallest box; `score` is what both nets must reach, 0..1.
    """
    candidates = search(plate, nets.detector, smallest_px=smallest_px, score=score * _FIRST_LOOK)
    large = [c for c in candidates if c.height >= smallest_px * _SMALLER]
    return confirm(plate, nets, large, score=score, known=known)


def confirm(
    plate: Plate,
    nets: Nets,
    candidates: Sequence[Detection],
    *,
    score: float,
    known: Sequence[Mesh] = (),
) -> list[Found]:
    """Return the candidates that the mesh net takes for a face, meshed, without doubles."""
    found: list[Found] = []
    for candidate in candidates:
        taken = [*known, *(f.mesh for f in found)]
        if any(_lies_on(candidate, mesh) for mesh in taken):
            continue
        points, present = presence(plate, crop_of_detection(candidate), nets.mesh)
        if present < score or _doubled(points, taken):
            continue
        mesh = mesh_face(plate, crop_of_mesh(points), nets.mesh, nets.iris)
        if mesh.presence < score or _doubled(mesh.points, taken):
            continue
        sure = mesh.presence * look_again(plate, mesh.points, nets.detector)
        if sure >= score:
            found.append(Found(mesh, sure))
    return sorted(found, key=lambda f: (-box_area(mesh_box(f.mesh.points)), f.mesh.points[0, 0]))


def look_again(plate: Plate, points: Array, net: DetectorNet) -> float:
    """Return the detector's score, 0..1, for a meshed face seen upright and at its best size."""
    tight = crop_of_mesh(points)
    crop = Crop(tight.centre, tight.side * _AGAIN, tight.angle)
    patch = read_patch(plate, crop)
    picture = take_crop(expose_patch(patch), patch, crop, AGAIN_SIDE)
    return score_middle(picture, net)


def _lies_on(candidate: Detection, mesh: Mesh) -> bool:
    """Say whether a candidate is a meshed face once more, or a part of it."""
    x0, y0, x1, y1 = mesh_box(mesh.points)
    x, y = candidate.centre
    return x0 < x < x1 and y0 < y < y1 and candidate.height < 1.6 * max(x1 - x0, y1 - y0)


def _doubled(points: Array, meshes: Sequence[Mesh]) -> bool:
    return any(mesh_overlap(points, mesh.points) > _DOUBLE for mesh in meshes)


def mesh_box(points: Array) -> Box:
    """Return the box of a mesh (468+, 3)."""
    x0, y0 = points[:POINTS, :2].min(0)
    x1, y1 = points[:POINTS, :2].max(0)
    return float(x0), float(y0), float(x1), float(y1)


def box_area(box: Box) -> float:
    """Return the area of a box in square pixels."""
    return max(box[2] - box[0], 0.0) * max(box[3] - box[1], 0.0)


def mesh_overlap(one: Array, other: Array) -> float:
    """Return the intersection over the smaller of two meshes' boxes, 0..1."""
    a, b = mesh_box(one), mesh_box(other)
    low = np.maximum(a[:2], b[:2])
    high = np.minimum(a[2:], b[2:])
    common = float(np.maximum(high - low, 0).prod())
    return common / max(min(box_area(a), box_area(b)), 1e-9)
