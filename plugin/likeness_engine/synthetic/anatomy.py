"""Measures of a head, in millimetres, and the base shape bent to them.

The frame of the head: origin between the outer corners of the eyes, x to the actor's left (screen
right), y down, z to the back. Distances follow the norms of L. G. Farkas, "Anthropometry of the
Head and Face" (1994), young adults, both sexes: width of the face 137, outer eye corners 88, inner
33, eye opening 11, mouth 52, nose 34 wide and 50 long, 20 proud of the lip, nasion to chin 119,
skull 152 wide and 190 long. Depths that he does not tabulate are chosen so that the profile reads.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from likeness_engine.faces.topology import topology

Doubles = npt.NDArray[np.float64]

EYE_CENTRE = np.array([30.8, -0.4, 1.4])  # the left eye; the right one is its mirror image
EYE_RADIUS = 12.1
JAW_AXIS = np.array([0.0, 8.0, 74.0])  # the joint of the jaw, a line along x
NECK_PIVOT = np.array([0.0, 62.0, 82.0])  # the head turns about the top of the spine

# Mesh point: where it lies on the actor's left side (the right side is its mirror image).
LANDMARKS: dict[int, tuple[float, float, float]] = {
    # the profile, from the hair line to the throat
    10: (0, -58, -19), 151: (0, -40, -26.5), 9: (0, -22, -28.5), 8: (0, -13, -28),
    168: (0, -4, -25.5), 6: (0, 3, -26.5), 197: (0, 9, -30), 195: (0, 16, -35), 5: (0, 25, -42),
    4: (0, 33, -47.5), 1: (0, 38, -48.5), 19: (0, 43, -46), 94: (0, 46, -38), 2: (0, 48, -31),
    164: (0, 53, -30.5), 0: (0, 60, -34), 11: (0, 63, -35.5), 12: (0, 65.8, -34.5),
    13: (0, 67.7, -30.5), 14: (0, 67.5, -30), 15: (0, 70, -33.5), 16: (0, 73, -34),
    17: (0, 77, -31.5), 18: (0, 82, -27), 200: (0, 89, -27.5), 199: (0, 98, -30.5),
    175: (0, 108, -28.5), 152: (0, 115, -19),
    # the oval, down the actor's left
    338: (20, -56.5, -16.5), 297: (37, -53, -9), 332: (51, -46.5, 3), 284: (61, -37, 17),
    251: (67, -26, 30), 389: (69.5, -14, 40), 356: (70, -1, 47), 454: (69.5, 13, 51),
    323: (67.5, 27, 51), 361: (64, 41, 47), 288: (59.5, 57, 39), 397: (53.5, 71, 28),
    365: (46.5, 81.5, 17), 379: (39, 91, 6.5), 378: (31, 99.5, -3), 400: (21.5, 107, -11),
    377: (11, 112.5, -16.5),
    # eye
    263: (44, 0, 0), 362: (16.5, 2, -8.5), 386: (30, -4.3, -11.8), 374: (29.6, 5.4, -11),
    385: (25, -4.35, -12), 387: (35.3, -3.7, -9.4), 380: (25, 4.9, -10.9), 373: (34.7, 4.7, -8.6),
    # brow, upper and lower edge
    300: (55.5, -15.5, -1), 293: (49, -20.5, -10), 334: (40, -23.5, -17.5), 296: (27.5, -22.5, -24),
    336: (14.5, -19.5, -27), 285: (13, -13, -26), 295: (26.5, -16.8, -23), 282: (38.5, -18, -16.8),
    283: (47, -15.8, -8.5), 276: (52.5, -11.5, -2),
    # cheek
    280: (47, 25, -7.5), 352: (59.5, 23, 14), 345: (60, 12, 12), 330: (34, 18, -11.5),
    266: (30, 26, -15), 425: (40, 36, -12.5), 411: (51, 42, -2), 435: (58.5, 54, 27),
    # wing of the nose
    358: (18.3, 39, -22.5), 279: (17, 36.5, -28), 294: (16.3, 42.5, -27.5),
    327: (13.3, 45.8, -27.5), 326: (7, 47.3, -30), 440: (10, 34.5, -40), 275: (6, 36, -46),
    # mouth
    291: (25.5, 68.3, -17.5), 267: (6.5, 58.6, -33.6), 269: (14, 60.4, -29.8),
    270: (20, 63.6, -24.8), 314: (7, 76.8, -31), 405: (14, 75.1, -28.2), 321: (20, 72.3, -23.6),
    312: (6.5, 67.5, -30.2), 311: (12.5, 67.7, -27.8), 308: (22.5, 68.2, -19),
    317: (6.5, 67.3, -29.7), 402: (12.5, 67.5, -27.4), 302: (6.8, 61.8, -35),
    303: (13, 63.2, -31.3), 315: (7, 73, -33.6), 404: (13, 72, -30.4),
    313: (8.5, 82, -26.5), 406: (17, 80, -22.5),
}  # fmt: skip


@cache
def base_points() -> Doubles:
    """Return the 468 points of the average actor, (468, 3) mm, symmetric."""
    bent = bend(topology().mean.astype(np.float64) * 88.0, LANDMARKS)
    return _close_mouth(symmetric(bent + calibration()))


def calibration() -> Doubles:
    """Return the moves (468, 3) mm that put the points where the mesh net sees them."""
    path = Path(__file__).parent / "calibration.json"
    return np.array(json.loads(path.read_text("utf-8")), np.float64)


def _close_mouth(points: Doubles) -> Doubles:
    """Return the points with the lips' inner edges laid on each other: the net's mean gapes."""
    points = points.copy()
    for upper, lower in ((13, 14), (82, 87), (81, 178), (80, 88), (191, 95)):
        for a, b in ((upper, lower), tuple(topology().mirror[[upper, lower]])):
            middle = (points[a] + points[b]) / 2
            # Pressed together by a hair, so that smoothing leaves no gap.
            points[a], points[b] = middle + [0, 0.15, 0], middle - [0, 0.15, 0]
    return points


def bend(points: Doubles, landmarks: dict[int, tuple[float, float, float]]) -> Doubles:
    """Bend points (468, 3) so that landmarks of the left side, and their mirrors, fall in place.

    Radial basis r with an affine part: the interpolant of least curvature in space.
    """
    mirror = topology().mirror
    left = np.array(sorted(landmarks))
    goal = np.array([landmarks[int(i)] for i in left], np.float64)
    right = mirror[left]
    twin = right != left
    source = np.r_[points[left], points[right[twin]]]
    target = np.r_[goal, goal[twin] * [-1, 1, 1]]
    n = len(source)
    affine = np.c_[np.ones(n), source]
    system = np.zeros((n + 4, n + 4))
    system[:n, :n] = np.linalg.norm(source[:, None] - source[None], axis=2) + 1e-3 * np.eye(n)
    system[:n, n:], system[n:, :n] = affine, affine.T
    weights = np.linalg.solve(system, np.r_[target - source, np.zeros((4, 3))])
    basis = np.linalg.norm(points[:, None] - source[None], axis=2)
    bent = points + basis @ weights[:n] + np.c_[np.ones(len(points)), points] @ weights[n:]
    return symmetric(bent)


def symmetric(points: Doubles) -> Doubles:
    """Return the mean of points (468, 3) and their mirror image."""
    return (points + points[topology().mirror] * [-1, 1, 1]) / 2
