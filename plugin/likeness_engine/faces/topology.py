"""The face surface: the mesh net's 468 points, closed over eyes and mouth, and subdivided once.

The surface is a linear function of the points: `fine = surface().refine(points)`. Loop's rules
(Loop 1987, with creases after Hoppe 1994 along the oval, the lids and the lips) smooth it. The same
rules apply to the UV layout, so a texel and a plate pixel always mean the same spot of skin.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int32]

POINTS = 468
SKIN, EYE_RIGHT, EYE_LEFT, MOUTH = 0, 1, 2, 3
HOLES = ("eye_right", "eye_left", "mouth")


@dataclass(frozen=True)
class Topology:
    """Facts about the mesh net's points: see install/make_topology.py."""

    triangles: Ints  # (852, 3), clockwise on screen for a face that looks at the camera
    uv: Floats  # (468, 2), 0..1
    mean: Floats  # (468, 3), outer eye distance 1, y down, smaller z nearer
    mirror: Ints  # (468,), the point on the other side
    loops: dict[str, Ints]  # oval, eye_right, eye_left, mouth
    regions: dict[str, Ints]  # lips, brow_left, brow_right, nose


@dataclass(frozen=True)
class Surface:
    """The subdivided face: `weights` takes the 471 control points to the fine vertices."""

    weights: Floats  # (V, 471)
    triangles: Ints  # (T, 3)
    group: Ints  # (T,), SKIN, EYE_RIGHT, EYE_LEFT or MOUTH
    uv: Floats  # (V, 2)

    def refine(self, points: Floats) -> Floats:
        """Return the fine vertices (V, k) of points (468 or more, k); irises are ignored."""
        return self.weights @ close_holes(points[:POINTS])


@cache
def topology() -> Topology:
    """Return the mesh topology; read once from the file beside this module."""
    rows = json.loads((Path(__file__).parent / "topology.json").read_text("utf-8"))
    ints = {
        name: {key: np.array(value, np.int32) for key, value in rows[name].items()}
        for name in ("loops", "regions")
    }
    return Topology(
        triangles=np.array(rows["triangles"], np.int32),
        uv=np.array(rows["uv"], np.float32),
        mean=np.array(rows["mean"], np.float32),
        mirror=np.array(rows["mirror"], np.int32),
        loops=ints["loops"],
        regions=ints["regions"],
    )


def close_holes(points: Floats) -> Floats:
    """Append the centres of both eyes and of the mouth to points (468, k): (471, k)."""
    loops = topology().loops
    centres = [points[loops[name]].mean(0) for name in HOLES]
    return np.concatenate([points, np.array(centres, points.dtype)])


@cache
def surface() -> Surface:
    """Return the face surface, made once a process."""
    facts = topology()
    triangles = [tuple(t) for t in facts.triangles.tolist()]
    group = [SKIN] * len(triangles)
    creases = _loop_edges(facts.loops["oval"])
    for k, name in enumerate(HOLES):
        ring = facts.loops[name].tolist()
        creases |= _loop_edges(facts.loops[name])
        # The loops run along the skin's boundary; the fan runs the other way round.
        triangles += [(b, a, POINTS + k) for a, b in zip(ring, ring[1:] + ring[:1])]
        group += [k + 1] * len(ring)
    weights, fine, groups = _subdivide(POINTS + len(HOLES), triangles, group, creases)
    uv = weights @ close_holes(facts.uv)
    return Surface(weights, fine, groups, uv.astype(np.float32))


def _loop_edges(loop: Ints) -> set[tuple[int, int]]:
    ring = loop.tolist()
    return {_edge(a, b) for a, b in zip(ring, ring[1:] + ring[:1])}


def _edge(a: int, b: int) -> tuple[int, int]:
    return (a, b) if a < b else (b, a)


def _subdivide(
    count: int,
    triangles: list[tuple[int, ...]],
    group: list[int],
    creases: set[tuple[int, int]],
) -> tuple[Floats, Ints, Ints]:
    """Split every triangle in four; return the weights of the new vertices on the old ones."""
    opposite: dict[tuple[int, int], list[int]] = defaultdict(list)
    for a, b, c in triangles:
        opposite[_edge(a, b)].append(c)
        opposite[_edge(b, c)].append(a)
        opposite[_edge(c, a)].append(b)
    middle = {edge: count + k for k, edge in enumerate(sorted(opposite))}
    weights = np.zeros((count + len(middle), count), np.float64)
    for (a, b), row in middle.items():
        if (a, b) in creases:
            weights[row, [a, b]] = 0.5
        else:
            weights[row, [a, b]] = 3 / 8
            weights[row, opposite[a, b]] = 1 / 8
    _weigh_old_vertices(weights, count, opposite, creases)
    fine, groups = [], []
    for (a, b, c), kind in zip(triangles, group, strict=True):
        ab, bc, ca = middle[_edge(a, b)], middle[_edge(b, c)], middle[_edge(c, a)]
        fine += [(a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca)]
        groups += [kind] * 4
    return weights.astype(np.float32), np.array(fine, np.int32), np.array(groups, np.int32)


def _weigh_old_vertices(
    weights: npt.NDArray[np.float64],
    count: int,
    opposite: dict[tuple[int, int], list[int]],
    creases: set[tuple[int, int]],
) -> None:
    near: dict[int, list[int]] = defaultdict(list)
    along: dict[int, list[int]] = defaultdict(list)
    for a, b in opposite:
        near[a].append(b)
        near[b].append(a)
        if (a, b) in creases:
            along[a].append(b)
            along[b].append(a)
    for v in range(count):
        if len(along[v]) == 2:
            weights[v, v] = 3 / 4
            weights[v, along[v]] = 1 / 8
            continue
        n = len(near[v])
        share = (5 / 8 - (3 / 8 + np.cos(2 * np.pi / n) / 4) ** 2) / n
        weights[v, v] = 1 - n * share
        weights[v, near[v]] = share
