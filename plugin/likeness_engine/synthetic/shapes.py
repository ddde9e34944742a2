"""Shapes of a face: bones of an individual, age, and muscles, as moves of the 468 points in mm.

A shape is a list of pulls: a mesh point of the actor's left side, the move there, and the radius
over which skin follows. Pulls are mirrored; an expression with two sides weighs them apart.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from likeness_engine.faces.topology import POINTS, topology
from likeness_engine.synthetic.anatomy import JAW_AXIS, base_points
from likeness_engine.synthetic.scene import Expression

Doubles = npt.NDArray[np.float64]
Pull = tuple[int, tuple[float, float, float], float]

# One unit is about one standard deviation among adults.
BONES: dict[str, tuple[Pull, ...]] = {
    "jaw_width": ((288, (4, 0, 0), 26), (397, (3.5, 0, 0), 22)),
    "jaw_square": ((365, (3.5, 3, 0), 16), (379, (3, 3, 0), 14), (400, (2, 1.5, 0), 12)),
    "chin_length": ((152, (0, 5, 0), 24), (199, (0, 3.0, 0), 18)),
    "chin_forward": ((199, (0, 0, -4.0), 15), (175, (0, 0, -4.0), 14)),
    "chin_width": ((400, (4, 0, 0), 14),),
    "cheekbones": ((352, (3.0, -1, -1), 16), (280, (1.0, -1.5, -2), 14)),
    "cheek_fat": ((411, (3.0, 0, -3), 16), (425, (1, 0, -2.2), 12), (435, (2.5, 0, 0), 16)),
    "nose_length": ((1, (0, 4, 0), 12), (2, (0, 2.0, 0), 10)),
    "nose_width": ((358, (2.6, 0, 0), 8), (294, (2.0, 0, 0), 7)),
    "nose_bridge": ((197, (0, 0, -3.2), 9), (6, (0, 0, -2.8), 9)),
    "nose_hump": ((195, (0, 0, -2.4), 7),),
    "nose_tip": ((1, (0, 0, -2.6), 9), (275, (1.2, 0, 0), 7)),
    "nose_tip_up": ((1, (0, -2.6, -0.6), 9), (94, (0, -1.8, 0), 7)),
    "lip_upper": ((0, (0, -1.3, -1.2), 7), (269, (0, -1.2, -1.0), 7)),
    "lip_lower": ((17, (0, 1.5, -1.2), 8), (405, (0, 1.3, -1.0), 7)),
    "mouth_width": ((291, (3.2, 0, 0.8), 13),),
    "mouth_up": ((13, (0, -3, 0), 17), (291, (0, -3, 0), 17)),
    "eye_spacing": ((386, (1.6, 0, 0), 17), (374, (1.6, 0, 0), 17)),
    "eye_open": ((386, (0, -1.0, 0), 6.5), (374, (0, 0.5, 0), 6.5)),
    "eye_tilt": ((263, (0, -1.9, 0), 8), (362, (0, 0.8, 0), 7)),
    "brow_height": ((282, (0, -3.0, 0), 13), (285, (0, -2.4, 0), 11)),
    "brow_ridge": ((334, (0, 0, -2.6), 12), (285, (0, 0, -2.0), 10)),
    "forehead": ((151, (0, -2.0, -3.0), 26), (10, (0, -4.0, -2.0), 26)),
}

# At forty years over the age of full growth (25): what hangs and what hollows.
AGE: tuple[Pull, ...] = (
    (288, (1.2, 3.0, 0), 16), (365, (1.0, 5.0, -1), 13), (379, (0.5, 4.0, -1), 12),  # jowls
    (425, (0, 2.5, 1.8), 12), (411, (-1, 4, 1.5), 14), (330, (0, 2.0, 1.4), 10),
    (450, (0, 1.4, -0.8), 8), (386, (0, 0.9, 0), 6), (443, (0, 2.2, -0.3), 10),
    (282, (0, 2.0, 0), 12), (291, (0, 1.8, 0.6), 9), (0, (0, 0.9, 1.3), 8),
    (17, (0, -0.5, 1.2), 8), (1, (0, 1.6, 0), 10), (366, (0, 1, 2), 16), (368, (-1.5, 0, 1), 14),
)  # fmt: skip

MUSCLES: dict[str, tuple[Pull, ...]] = {
    "smile": (
        (291, (7.5, -6.0, 5.0), 11), (270, (3.5, -2.6, 2.5), 9), (321, (3.5, -2.6, 2.5), 9),
        (0, (0, -0.6, 1.5), 8), (17, (0, -0.6, 1.0), 8), (425, (2.0, -4.5, -3.0), 12),
        (280, (0.6, -3.2, -2.2), 11), (374, (0, -0.9, -0.2), 7), (358, (1.2, -0.8, 0), 6),
        (411, (2.5, -2.5, 0), 12), (450, (0, -1.6, -0.8), 8),
    ),
    "brow_up": (
        (282, (0, -6.0, 0.3), 12), (285, (0, -5.0, 0.3), 10), (334, (0, -5.5, 0.6), 13),
        (443, (0, -2.5, 0), 8), (386, (0, -0.7, 0), 6),
    ),
    "brow_down": (
        (285, (-2.4, 4.2, -1.2), 9), (282, (-1.2, 3.4, -0.6), 11), (336, (-2.2, 3.2, -0.8), 9),
        (443, (0, 1.4, 0), 8),
    ),
    "squint": (
        (374, (0, -1.9, -0.3), 7), (386, (0, 1.2, 0), 6.5), (450, (0, -1.8, -0.6), 9),
        (280, (0, -1.8, -1.0), 12), (446, (-0.8, 0, 0), 8),
    ),
    "pucker": (
        (291, (-9.0, 0, -3.5), 10), (270, (-4.5, -0.6, -4.5), 8), (321, (-4.5, 0.6, -4.5), 8),
        (0, (0, -0.8, -5.0), 8), (17, (0, 0.8, -5.0), 8), (411, (-2, 0, 1), 12),
    ),
    "frown": (
        (291, (1.0, 5.0, 1.5), 10), (270, (0.5, 1.8, 0), 8), (321, (0.5, 2.0, 0), 8),
        (200, (0, -1.8, -1.5), 9),
    ),
}  # fmt: skip


def pull(pulls: tuple[Pull, ...]) -> tuple[Doubles, Doubles]:
    """Return the moves (468, 3) mm of a shape's left pulls and of their mirror images.

    A pull at the middle line belongs half to each side. Where falloffs overlap, moves are shared
    out so that each pulled point moves as its pull says (a small linear system).
    """
    base, mirror = base_points(), topology().mirror
    at = np.array([p[0] for p in pulls])
    move = np.array([p[1] for p in pulls], np.float64)
    radius = np.array([p[2] for p in pulls], np.float64)
    move[mirror[at] == at] *= 0.5
    falloff = np.exp(-0.5 * (_apart(base, base[at]) / radius) ** 2)
    gain = np.linalg.solve(falloff[at] + 0.05 * np.eye(len(at)), move)
    left = falloff @ gain
    return left, left[mirror] * [-1, 1, 1]


def _apart(points: Doubles, centres: Doubles) -> Doubles:
    """Return distances (P, C); across the mouth's line they are long, lips are no neighbours."""
    gap = np.linalg.norm(points[:, None] - centres[None], axis=2)
    lower = _below_mouth()
    of_centre = lower[np.argmin(np.linalg.norm(points[:, None] - centres[None], axis=2), axis=0)]
    return gap + 5.0 * np.abs(lower[:, None] - of_centre[None])


@cache
def _below_mouth() -> Doubles:
    """Return 1 for points of the lower lip and chin, 0 above, smooth through the cheeks (468)."""
    facts = topology()
    upper = [
        78,
        191,
        80,
        81,
        82,
        13,
        312,
        311,
        310,
        415,
        308,
        0,
        37,
        267,
        39,
        269,
        2,
        1,
        10,
        50,
        280,
    ]
    upper += [12, 38, 268, 41, 271, 42, 272, 183, 407, 11, 72, 302, 40, 270, 73, 303, 74, 304]
    upper += [280, 234, 454, 227, 447, 127, 356, 116, 345, 205, 425, 117, 346]
    lower = [95, 88, 178, 87, 14, 317, 402, 318, 324, 17, 84, 314, 181, 405, 152, 199, 175, 200, 18]
    lower += [15, 86, 316, 179, 403, 89, 319, 96, 325, 16, 85, 315, 91, 321, 90, 320, 180, 404]
    lower += [176, 400, 149, 378, 150, 379, 148, 377]
    fixed = {**dict.fromkeys(upper, 0.0), **dict.fromkeys(lower, 1.0), 61: 0.5, 291: 0.5}
    # The opening is round: towards the corners the lower lip lags and the upper one yields.
    fixed |= {95: 0.70, 324: 0.70, 88: 0.86, 318: 0.86, 178: 0.96, 402: 0.96, 191: 0.20, 415: 0.20}
    fixed |= {146: 0.66, 375: 0.66, 91: 0.85, 321: 0.85, 77: 0.66, 307: 0.66, 96: 0.68, 325: 0.68}
    fixed |= {185: 0.16, 409: 0.16, 184: 0.18, 408: 0.18, 183: 0.19, 407: 0.19, 80: 0.06, 310: 0.06}
    fixed |= {78: 0.48, 308: 0.48, 62: 0.5, 292: 0.5, 76: 0.5, 306: 0.5}
    fixed |= {136: 0.85, 365: 0.85, 172: 0.55, 397: 0.55, 58: 0.25, 288: 0.25, 132: 0.08, 361: 0.08}
    near = np.zeros((POINTS, POINTS))
    for a, b, c in facts.triangles:
        near[[a, b, b, c, c, a], [b, a, c, b, a, c]] = 1
    system = near / near.sum(1, keepdims=True) - np.eye(POINTS)
    goal = np.zeros(POINTS)
    for point, value in fixed.items():
        system[point] = 0
        system[point, point], goal[point] = 1, value
    weight = np.linalg.solve(system, goal)
    return np.asarray((weight + weight[facts.mirror]) / 2)


@cache
def shape(table: str, name: str) -> tuple[Doubles, Doubles]:
    """Return a named shape's left and right moves; `table` is bones, muscles or age."""
    tables = {"bones": BONES, "muscles": MUSCLES, "age": {"age": AGE}}
    return pull(tables[table][name])


def form_face(
    bones: tuple[tuple[str, float], ...], scale: tuple[float, float, float], years: float
) -> Doubles:
    """Return an individual's resting points (468, 3) mm."""
    points = base_points().copy()
    for name, amount in bones:
        left, right = shape("bones", name)
        points += amount * (left + right)
    left, right = shape("age", "age")
    points += max(years - 25.0, 0.0) / 40.0 * (left + right)
    young = np.clip((18.0 - years) / 12.0, 0, 1)
    centre = np.array([0, 20.0, 0])
    return (points - centre) * np.array(scale) * (1 - 0.12 * young) + centre


def move_muscles(face: Doubles, expression: Expression) -> Doubles:
    """Return the face (468, 3) with muscles and jaw moved; lids are closed by `lids.close_lids`."""
    e = expression
    points = face.copy()
    amounts = {
        "smile": (e.smile_left, e.smile_right),
        "brow_up": (e.brow_up_left, e.brow_up_right),
        "brow_down": (e.brow_down_left, e.brow_down_right),
        "squint": (e.squint, e.squint),
        "pucker": (e.pucker, e.pucker),
        "frown": (e.frown, e.frown),
    }
    for name, (left, right) in amounts.items():
        if left or right:
            moves = shape("muscles", name)
            points += left * moves[0] + right * moves[1]
    return open_jaw(points, _below_mouth(), e.jaw)


def open_jaw(points: Doubles, weight: Doubles, jaw: float) -> Doubles:
    """Turn points (N, 3) about the joints of the jaw by `jaw` (0..1) times their weight (N)."""
    if not jaw:
        return points
    angle = np.radians(16.0) * jaw * weight
    y, z = points[:, 1] - JAW_AXIS[1], points[:, 2] - JAW_AXIS[2]
    c, s = np.cos(angle), np.sin(angle)
    # The joint also slides forward and the corners of the mouth are drawn in.
    slide = 4.0 * jaw * weight
    turned_y = JAW_AXIS[1] + c * y - s * z
    turned_z = JAW_AXIS[2] + s * y + c * z - slide
    corner = np.exp(-((weight - 0.5) ** 2) / 0.06) * (np.abs(points[:, 0]) < 34) * (z < -80)
    return np.c_[points[:, 0] * (1 - 0.10 * jaw * corner), turned_y, turned_z]
