"""The control cage of a head: the 468 points, lids and lips turned inwards, skull, neck, shoulders.

The skull continues the face without a seam: every point of the face's oval starts a path over the
head and down the neck. The cage is subdivided by Loop's rules (Loop 1987), so a vertex of the face
stays the same vertex at every level: that is where the ground truth landmarks come from.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from likeness_engine.faces.topology import POINTS, topology
from likeness_engine.synthetic.anatomy import EYE_CENTRE, base_points
from likeness_engine.synthetic.scene import CLOTH, FACE, MOUTH, SKIN, Floats, Ints

Doubles = npt.NDArray[np.float64]

# Paths from the oval to the shoulders at some of its points (index down the actor's left half):
# x, y, z in mm and how far the point turns with the head (1) or stays with the body (0).
PATHS: dict[int, tuple[tuple[float, float, float, float], ...]] = {
    0: (
        (0, -78, -8, 1), (0, -98, 15, 1), (0, -110, 50, 1), (0, -107, 92, 1), (0, -87, 130, 1),
        (0, -52, 154, 1), (0, -10, 160, 1), (0, 32, 147, 1), (0, 64, 128, 0.9),
        (0, 94, 119, 0.6), (0, 124, 119, 0.25), (0, 152, 132, 0), (0, 185, 155, 0),
    ),
    2: (
        (43, -71, 8, 1), (49, -85, 33, 1), (52, -91, 62, 1), (50, -85, 98, 1), (42, -65, 131, 1),
        (32, -32, 150, 1), (27, 8, 154, 1), (26, 42, 141, 1), (24, 70, 124, 0.88),
        (24, 98, 116, 0.56), (33, 125, 117, 0.22), (52, 150, 130, 0), (70, 190, 150, 0),
    ),
    4: (
        (67.5, -43, 38, 1), (72, -46, 63, 1), (74, -43, 90, 1), (71, -35, 118, 1),
        (60, -18, 140, 1), (50, 12, 148, 1), (44, 43, 136, 1), (42, 70, 120, 0.9),
        (43, 96, 112, 0.62), (48, 122, 108, 0.3), (70, 146, 112, 0.08), (112, 166, 122, 0),
        (150, 205, 135, 0),
    ),
    8: (
        (71, 11, 64, 1), (72, 8, 78, 1), (72, 7, 92, 1), (70, 16, 106, 1), (66, 34, 113, 1),
        (61, 56, 110, 0.95), (57, 80, 101, 0.8), (56, 102, 92, 0.55), (58, 124, 86, 0.3),
        (70, 145, 83, 0.1), (108, 163, 82, 0), (155, 178, 84, 0), (185, 215, 88, 0),
    ),
    12: (
        (54, 74, 40, 1), (54.5, 76, 52, 1), (55, 77, 63, 1), (55, 82, 72, 0.97), (55, 91, 76, 0.85),
        (55, 103, 77, 0.7), (55, 116, 76, 0.5), (57, 130, 74, 0.3), (64, 144, 71, 0.12),
        (84, 157, 69, 0.03), (124, 172, 66, 0), (165, 190, 66, 0), (195, 225, 70, 0),
    ),
    14: (
        (39.5, 95, 17, 1), (40, 97, 28, 1), (41, 99, 38, 0.97), (42, 105, 47, 0.85),
        (42, 113, 53, 0.7), (43, 123, 56, 0.52), (45, 135, 57, 0.35), (48, 147, 55, 0.18),
        (54, 158, 52, 0.06), (66, 169, 48, 0), (92, 184, 40, 0), (130, 200, 36, 0),
        (165, 232, 36, 0),
    ),
    18: (
        (0, 118.5, -8, 1), (0, 119, 6, 1), (0, 118.5, 20, 1), (0, 121, 32, 0.88),
        (0, 131, 37, 0.72), (0, 142, 37, 0.55), (0, 152, 35, 0.38), (0, 161, 33, 0.22),
        (0, 170, 31, 0.1), (0, 178, 27, 0.02), (0, 190, 19, 0), (0, 204, 9, 0), (0, 240, 2, 0),
    ),
}  # fmt: skip
STATIONS = 13
COLLAR = 10  # cloth begins at the ring before this station
# How much of a move of the oval the stations behind it take along.
CARRY = np.array([0.92, 0.75, 0.52, 0.3, 0.14, 0.05, 0, 0, 0, 0, 0, 0, 0])
LID_RINGS, LIP_RINGS = 2, 3
UPPER_LIP = (13, 82, 81, 80, 191, 312, 311, 310, 415)  # the inner edge


@dataclass(frozen=True)
class Cage:
    """Topology of the cage. Vertices: face, extension rings, lids (right, left), lips."""

    triangles: Ints  # (T, 3)
    material: Ints  # (T,)
    uv: Floats  # (V, 2) face layout; beyond it for the extension
    extension: slice
    lids: tuple[slice, slice]  # right, left eye
    lips: slice
    follows: Floats  # (V,) 1 turns with the head, 0 stays with the body


@cache
def paths() -> Doubles:
    """Return the rest positions of the extension, (13 stations, 36 oval points, x y z follow)."""
    keys = sorted(PATHS)
    table = np.array([PATHS[k] for k in keys], np.float64)
    half = np.empty((STATIONS, 19, 4))
    # Beyond both ends the curve is mirrored, so that it crosses the middle squarely.
    at = np.array([-keys[1], *keys, 36 - keys[-2]], float)
    flip = np.array([-1, 1, 1, 1])
    rows = np.concatenate([table[1:2] * flip, table, table[-2:-1] * flip])
    for station in range(STATIONS):
        for axis in range(4):
            half[station, :, axis] = _pchip(at, rows[:, station, axis], np.arange(19.0))
    half[:, [0, 18], 0] = 0
    return np.concatenate([half, (half * flip)[:, 17:0:-1]], axis=1)


def _pchip(x: Doubles, y: Doubles, at: Doubles) -> Doubles:
    """Piecewise cubic Hermite with limited slopes (Fritsch and Butland 1984): no overshoot."""
    h, d = np.diff(x), np.diff(y) / np.diff(x)
    slope = np.zeros_like(y)
    w1, w2 = 2 * h[1:] + h[:-1], h[1:] + 2 * h[:-1]
    same = d[:-1] * d[1:] > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        slope[1:-1] = np.where(same, (w1 + w2) / (w1 / d[:-1] + w2 / d[1:]), 0)
    slope[0], slope[-1] = d[0], d[-1]
    k = np.clip(np.searchsorted(x, at, side="right") - 1, 0, len(h) - 1)
    t = (at - x[k]) / h[k]
    a, b = (1 + 2 * t) * (1 - t) ** 2, t * t * (3 - 2 * t)
    c, e = t * (1 - t) ** 2, t * t * (t - 1)
    return np.asarray(a * y[k] + b * y[k + 1] + h[k] * (c * slope[k] + e * slope[k + 1]))


@cache
def cage() -> Cage:
    """Return the cage's topology, made once a process."""
    facts = topology()
    oval = facts.loops["oval"]
    triangles = facts.triangles.tolist()
    material = [FACE] * len(triangles)
    count = POINTS

    def ring_on(ring: list[int], kind: int) -> list[int]:
        """Add a ring of new vertices outside the loop `ring` and the triangles between them."""
        nonlocal count
        new = list(range(count, count + len(ring)))
        count += len(ring)
        n = len(ring)
        for i in range(n):
            a, b, c, d = ring[i], ring[(i + 1) % n], new[i], new[(i + 1) % n]
            # Loops run along the skin's own direction; the neighbour runs the other way.
            # Diagonals are mirrored, so that both halves of the head are refined alike.
            split = ((b, a, c), (b, c, d)) if 2 * i < n else ((b, a, d), (a, c, d))
            triangles.extend(split)
            material.extend([kind, kind])
        return new

    ring = oval.tolist()
    start = count
    for station in range(STATIONS):
        ring = ring_on(ring, SKIN if station < COLLAR else CLOTH)
    extension = slice(start, count)
    lids = []
    for name in ("eye_right", "eye_left"):
        ring, start = facts.loops[name].tolist(), count
        for _ in range(LID_RINGS):
            ring = ring_on(ring, SKIN)
        lids.append(slice(start, count))
    ring, start = facts.loops["mouth"].tolist(), count
    for _ in range(LIP_RINGS):
        ring = ring_on(ring, MOUTH)
    lips = slice(start, count)
    follows = np.ones(count, np.float32)
    follows[extension] = paths()[..., 3].ravel()
    return Cage(
        np.array(triangles, np.int32),
        np.array(material, np.int32),
        _layout(count, extension, lids, lips),
        extension,
        (lids[0], lids[1]),
        lips,
        follows,
    )


def _layout(count: int, extension: slice, lids: list[slice], lips: slice) -> Floats:
    """Return uv (V, 2): the face as in topology.json, the rest around it and in its holes."""
    facts = topology()
    uv = np.zeros((count, 2))
    uv[:POINTS] = facts.uv
    spoke = facts.uv[facts.loops["oval"]] - 0.5
    growth = 1 + 0.42 * (np.arange(1, STATIONS + 1) / STATIONS) ** 0.85
    uv[extension] = (0.5 + growth[:, None, None] * spoke).reshape(-1, 2)
    holes = (("eye_right", lids[0], LID_RINGS), ("eye_left", lids[1], LID_RINGS))
    for name, part, rings in (*holes, ("mouth", lips, LIP_RINGS)):
        loop = facts.uv[facts.loops[name]].astype(np.float64)
        shrink = 1 - np.arange(1, rings + 1) / (rings + 1) * 0.7
        uv[part] = (loop.mean(0) + shrink[:, None, None] * (loop - loop.mean(0))).reshape(-1, 2)
    return uv.astype(np.float32)


def complete(face: Doubles, eyes: Doubles, radius: float, neck: float = 1.0) -> Doubles:
    """Return the whole cage (V, 3) of the face's points (468, 3) and eye centres (2, 3), in mm.

    `neck` is the width of the neck over the average one.
    """
    facts, parts = topology(), cage()
    points = np.empty((len(parts.follows), 3))
    points[:POINTS] = face
    oval = facts.loops["oval"]
    moved = face[oval] - base_points()[oval]
    behind = paths()[..., :3] + CARRY[:, None, None] * moved
    slim = np.clip((behind[..., 1] - 75) / 35, 0, 1) * np.clip((185 - behind[..., 1]) / 35, 0, 1)
    slim *= np.clip((behind[..., 2] + 5) / 30, 0, 1)  # not the chin
    gain = 1 + (neck - 1) * slim[..., None] * [1.0, 0.0, 0.6]
    behind = (behind - [0, 0, 75.0]) * gain + [0, 0, 75.0]
    behind[COLLAR:] += [0, -2.0, 0]  # the cloth lies on the skin
    behind[-1] += [0, 160.0, 0]  # and hangs
    points[parts.extension] = behind.reshape(-1, 3)
    for name, part, eye in zip(("eye_right", "eye_left"), parts.lids, eyes, strict=True):
        points[part] = _turn_lids_in(face[facts.loops[name]], eye, radius)
    points[parts.lips] = _turn_lips_in(face[facts.loops["mouth"]])
    return points


def _turn_lids_in(loop: Doubles, eye: Doubles, radius: float) -> Doubles:
    """Return two rings (32, 3): the lid's inner edge on the eye, and one behind it."""
    rings = []
    for back, shrink in ((0.0, 0.995), (2.2, 0.9)):
        ray = loop - eye
        ray[:, 2] = np.minimum(ray[:, 2], -2.0)
        flat = ray * [1 + back * 0.1, 1 + back * 0.14, 1]
        size = np.linalg.norm(flat, axis=1, keepdims=True)
        on_eye = eye + flat / size * np.minimum(radius * shrink, size - 0.4)
        # Corners lie beyond the ball: there the edge only sinks in.
        off = np.clip((np.linalg.norm(ray[:, :2], axis=1) - radius * 0.93) / 2.0, 0, 1)[:, None]
        sunk = loop + [0, 0, 2.0 + back]
        rings.append(on_eye * (1 - off) + sunk * off)
    return np.concatenate(rings)


def _turn_lips_in(loop: Doubles) -> Doubles:
    """Return three rings (60, 3): over the inner side of the lips to the back of the mouth."""
    centre = (loop.max(0) + loop.min(0)) / 2
    height = np.where(np.isin(topology().loops["mouth"], UPPER_LIP), -1.0, 1.0)
    side = np.abs(loop[:, 0]) / max(np.abs(loop[:, 0]).max(), 1.0)
    lift = height * np.sqrt(np.clip(1 - side**2, 0, 1))
    near = loop + np.c_[loop[:, 0] * -0.02, lift * 1.6, 2.6 + 0 * side]
    deep = loop + np.c_[loop[:, 0] * 0.06, lift * 7.0, 6.0 + 3.0 * side]
    throat = np.c_[
        loop[:, 0] * 0.75, centre[1] + (loop[:, 1] - centre[1]) * 0.8 + lift * 12, 36 + 0 * side
    ]
    return np.concatenate([near, deep, throat])


def eye_centres(face: Doubles) -> Doubles:
    """Return the centres of the right and left eyeball (2, 3) that belong to a face at rest."""
    base = base_points()
    centres = []
    for side, corners in ((-1, (33, 133)), (1, (263, 362))):
        middle = face[list(corners)].mean(0) - base[list(corners)].mean(0)
        centres.append(EYE_CENTRE * [side, 1, 1] + middle)
    return np.array(centres)
