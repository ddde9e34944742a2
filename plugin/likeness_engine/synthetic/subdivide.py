"""Loop subdivision (Loop 1987) of a fixed mesh: made once, then applied to any positions."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from numba import njit

from likeness_engine.synthetic.scene import Floats, Ints

WIDEST = 14  # neighbours of a vertex


@dataclass(frozen=True)
class Level:
    """One halving of the edges: row i of the new vertices is sum(weights[i] * old[index[i]])."""

    index: Ints  # (V', 14)
    weights: Floats  # (V', 14)
    triangles: Ints  # (4 T, 3)

    def refine(self, values: Floats) -> Floats:
        """Return values (V, k) at the new vertices (V', k) float32."""
        return _gather(self.index, self.weights, np.ascontiguousarray(values, np.float32))


@njit(cache=True)
def _gather(index: Ints, weights: Floats, values: Floats) -> Floats:
    out = np.zeros((index.shape[0], values.shape[1]), np.float32)
    for i in range(index.shape[0]):
        for j in range(index.shape[1]):
            w = weights[i, j]
            if w != 0:
                for k in range(values.shape[1]):
                    out[i, k] += w * values[index[i, j], k]
    return out


def halve(triangles: Ints, count: int, creases: set[tuple[int, int]]) -> Level:
    """Return one level on `count` vertices. Open borders are creases; `creases` adds edges."""
    opposite: dict[tuple[int, int], list[int]] = defaultdict(list)
    for a, b, c in triangles.tolist():
        opposite[edge(a, b)].append(c)
        opposite[edge(b, c)].append(a)
        opposite[edge(c, a)].append(b)
    sharp = {e for e, across in opposite.items() if len(across) == 1} | creases
    middle = {e: count + k for k, e in enumerate(sorted(opposite))}
    index = np.zeros((count + len(middle), WIDEST), np.int32)
    weights = np.zeros((count + len(middle), WIDEST), np.float32)
    for e, row in middle.items():
        if e in sharp:
            index[row, :2], weights[row, :2] = e, 0.5
        else:
            index[row, :4] = (*e, *opposite[e])
            weights[row, :4] = (3 / 8, 3 / 8, 1 / 8, 1 / 8)
    near: dict[int, list[int]] = defaultdict(list)
    along: dict[int, list[int]] = defaultdict(list)
    for a, b in sorted(opposite):
        near[a].append(b)
        near[b].append(a)
        if (a, b) in sharp:
            along[a].append(b)
            along[b].append(a)
    for v in range(count):
        if len(along[v]) == 2:
            index[v, :3], weights[v, :3] = (v, *along[v]), (0.75, 0.125, 0.125)
            continue
        n = len(near[v])
        share = (5 / 8 - (3 / 8 + np.cos(2 * np.pi / n) / 4) ** 2) / n
        index[v, : n + 1], weights[v, 0], weights[v, 1 : n + 1] = (
            (v, *near[v]),
            1 - n * share,
            share,
        )
    fine = []
    for a, b, c in triangles.tolist():
        ab, bc, ca = middle[edge(a, b)], middle[edge(b, c)], middle[edge(c, a)]
        fine += [(a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca)]
    return Level(index, weights, np.array(fine, np.int32))


def edge(a: int, b: int) -> tuple[int, int]:
    return (a, b) if a < b else (b, a)
