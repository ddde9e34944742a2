"""Poses of a mesh: the similarity between a face as it stands and a face at rest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from likeness_engine.faces.topology import POINTS, Floats, topology

# Points that expressions hardly move: forehead, temples, nose bridge, outer and inner eye corners.
STEADY = (
    *(10, 338, 297, 332, 284, 251, 389, 109, 67, 103, 54, 21, 162, 151, 9, 8, 168, 6, 197, 195),
    *(33, 133, 362, 263, 127, 356, 234, 454, 5, 4, 1),
)


@dataclass(frozen=True)
class Similarity:
    """x -> scale * rotation @ x + shift."""

    scale: float
    rotation: Floats  # (3, 3)
    shift: Floats  # (3,)

    def apply(self, points: Floats) -> Floats:
        """Pose points (n, 3)."""
        return (self.scale * points @ self.rotation.T + self.shift).astype(np.float32)

    def turn(self, vectors: Floats) -> Floats:
        """Pose displacements (n, 3): no shift."""
        return (self.scale * vectors @ self.rotation.T).astype(np.float32)

    def undo(self, points: Floats) -> Floats:
        """The inverse of `apply`."""
        return ((points - self.shift) @ self.rotation / self.scale).astype(np.float32)


def fit_similarity(rest: Floats, posed: Floats) -> Similarity:
    """Return the least-squares similarity that poses `rest` (n, 3) as `posed` (Umeyama 1991)."""
    a, b = rest.astype(np.float64), posed.astype(np.float64)
    a0, b0 = a.mean(0), b.mean(0)
    u, d, vt = np.linalg.svd((b - b0).T @ (a - a0) / len(a))
    sign = np.array([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    rotation = (u * sign) @ vt
    scale = float((d * sign).sum() / ((a - a0) ** 2).sum() * len(a))
    shift = b0 - scale * rotation @ a0
    return Similarity(scale, rotation.astype(np.float32), shift.astype(np.float32))


def fit_pose(mesh_px: Floats, rest: Floats | None = None) -> Similarity:
    """Return how a face at rest (468, 3; default: the mean face) stands in mesh_px (468+, 3)."""
    rest = topology().mean if rest is None else rest
    steady = list(STEADY)
    return fit_similarity(rest[steady], mesh_px[steady])


def shape_at_rest(meshes_px: list[Floats]) -> Floats:
    """Return one face's shape (468, 3) from its meshes: outer eye distance 1, facing the camera.

    Views that look at the camera count most: their x and y are seen, not guessed by the net.
    """
    total, weights = np.zeros((POINTS, 3)), 0.0
    for mesh in meshes_px:
        pose = fit_pose(mesh)
        weight = max(float(pose.rotation[2, 2]), 0.05) ** 6
        total += weight * pose.undo(mesh[:POINTS])
        weights += weight
    shape = total / weights
    shape -= (shape[33] + shape[263]) / 2
    return (shape / np.linalg.norm(shape[33] - shape[263])).astype(np.float32)


def face_width_px(mesh_px: Floats) -> float:
    """Return the length of the face that matte widths are measured in: ear to ear, in pixels.

    Taken from the pose's scale, so it does not shrink when the head turns.
    """
    mean = topology().mean
    across = float(np.linalg.norm(mean[454] - mean[234]))
    return fit_pose(mesh_px).scale * across
