"""Lids: closing over the eyeball, resting on it, and the lines that lashes grow from."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Doubles = npt.NDArray[np.float64]

# Upper lid and the lower point that it meets, outer to inner corner; and the fold above it.
UPPER = {
    "left": (466, 388, 387, 386, 385, 384, 398),
    "right": (246, 161, 160, 159, 158, 157, 173),
}
LOWER = {
    "left": (249, 390, 373, 374, 380, 381, 382),
    "right": (7, 163, 144, 145, 153, 154, 155),
}
FOLD = {
    "left": (467, 260, 259, 257, 258, 286, 414),
    "right": (247, 30, 29, 27, 28, 56, 190),
}
ABOVE = {
    "left": (342, 445, 444, 443, 442, 441, 413),
    "right": (113, 225, 224, 223, 222, 221, 189),
}
MARGIN_MM = 1.1  # of the lid's outer edge over the eyeball


def close_lids(face: Doubles, eyes: Doubles, radius: float, blink: tuple[float, float]) -> Doubles:
    """Return points (468, 3) with lids resting on the eyeballs, closed by `blink` (right, left)."""
    points = face.copy()
    for side, eye, amount in zip(("right", "left"), eyes, blink, strict=True):
        upper, lower = list(UPPER[side]), list(LOWER[side])
        over, under = _angles(points[upper], eye), _angles(points[lower], eye)
        meet = under + (over - under) * 0.1
        meet[:, 1] += 0.04
        closed = over + (meet - over) * amount
        lifted = under + (over - under) * 0.06 * amount
        moved = _on_ball(closed, eye, radius + MARGIN_MM + 0.25 * amount, points[upper])
        drop = moved - points[upper]
        points[upper] = moved
        points[lower] = _on_ball(lifted, eye, radius + MARGIN_MM, points[lower])
        fold, above = list(FOLD[side]), list(ABOVE[side])
        points[fold] += np.c_[drop[:, 0] * 0.4, drop[:, 1] * 0.45, np.minimum(drop[:, 2], 0) * 0.5]
        points[above] += np.c_[drop[:, 0] * 0.1, drop[:, 1] * 0.12, 0 * drop[:, 2]]
    return points


def _angles(points: Doubles, eye: Doubles) -> Doubles:
    """Return longitude and latitude (N, 2) on the eyeball, radians; down is positive."""
    ray = points - eye
    flat = np.hypot(ray[:, 0], ray[:, 2])
    return np.stack([np.arctan2(ray[:, 0], -ray[:, 2]), np.arctan2(ray[:, 1], flat)], 1)


def _on_ball(angles: Doubles, eye: Doubles, radius: float, rest: Doubles) -> Doubles:
    """Return points at the angles: on the ball, but at the lid's ends as far out as at rest."""
    far = np.linalg.norm(rest - eye, axis=1)
    # Beyond the ball's edge the lid leaves it for the corner.
    off = np.clip((np.abs(angles[:, 0]) - 0.85) / 0.35, 0, 1)
    size = radius * (1 - off) + np.maximum(far, radius) * off
    lon, lat = angles[:, 0], angles[:, 1]
    ray = np.stack([np.sin(lon) * np.cos(lat), np.sin(lat), -np.cos(lon) * np.cos(lat)], 1)
    return eye + ray * size[:, None]


def rest_on_eyes(
    vertices: Doubles, near: tuple[npt.NDArray[np.intp], ...], eyes: Doubles, radius: float
) -> None:
    """Push the fine vertices `near` each eye out of the ball, in place: lids have a thickness."""
    for eye, part in zip(eyes, near, strict=True):
        ray = vertices[part] - eye
        size = np.linalg.norm(ray, axis=1, keepdims=True)
        least = radius + 0.55
        vertices[part] = np.where(size < least, eye + ray / size * least, vertices[part])
