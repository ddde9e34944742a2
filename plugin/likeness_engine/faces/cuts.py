"""Cuts: frames whose picture has nothing to do with the one before."""

from __future__ import annotations

import numpy as np

from likeness_engine.faces.patch import Array, Plate

_ROWS, _COLUMNS = 27, 48
_LIKE = 0.55  # correlation of layouts below which two frames may belong to two shots
_STEP = 0.35  # and how much lower than lately it must be: a whip pan is low for many frames
_DARK = 2.0**-10
_EVEN = 0.02  # stops of spread below which a part has no layout


class CutFinder:
    """Tells cuts while frames come in order. A flash or a fade changes brightness, not layout."""

    def __init__(self) -> None:
        self._last: Array | None = None
        self._usual = 1.0

    def step(self, plate: Plate) -> bool:
        """Say whether a frame starts a new shot. The first frame does not."""
        layout = thumbnail(plate)
        last, self._last = self._last, layout
        if last is None:
            return False
        like = likeness(last, layout)
        cut = like < _LIKE and like < self._usual - _STEP
        self._usual = 1.0 if cut else 0.5 * self._usual + 0.5 * max(like, 0.0)
        return cut


def thumbnail(plate: Plate) -> Array:
    """Return the frame's coarse log brightness (27, 48), from a few of its rows only."""
    x0, y0, x1, y1 = plate.bounds
    edges = np.linspace(x0, x1, _COLUMNS + 1).astype(int) - x0
    rows = []
    for k in range(_ROWS):
        at = y0 + (2 * k + 1) * (y1 - y0) // (2 * _ROWS)
        line = np.nan_to_num(plate.read(x0, at, x1, min(at + 2, y1)), posinf=65504.0)
        light = np.clip(line.mean((0, 2), dtype=np.float64), 0, 65504)
        sums = np.add.reduceat(light, np.minimum(edges[:-1], len(light) - 1))
        rows.append(sums / np.maximum(np.diff(edges), 1))
    return np.log2(np.array(rows) + _DARK)


def likeness(one: Array, other: Array) -> float:
    """Return how alike two layouts are, -1..1: as wholes, or in most of their twelve parts.

    Somebody who steps in front of the camera changes some parts; a cut changes all of them.
    """
    parts = [
        _correlation(a, b)
        for band, other_band in zip(np.split(one, 3), np.split(other, 3), strict=True)
        for a, b in zip(np.split(band, 4, 1), np.split(other_band, 4, 1), strict=True)
    ]
    return max(_correlation(one, other), float(np.median(parts)))


def _correlation(one: Array, other: Array) -> float:
    """Return the correlation of two layouts: 1 where both are even, 0 where one is."""
    a, b = one - one.mean(), other - other.mean()
    spreads = float((a * a).mean()) ** 0.5, float((b * b).mean()) ** 0.5
    if min(spreads) < _EVEN:
        return float(max(spreads) < 2 * _EVEN)
    return float((a * b).mean()) / (spreads[0] * spreads[1])
