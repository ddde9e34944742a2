"""Where hair grows on the head."""

from __future__ import annotations

import numpy as np

from likeness_engine.synthetic.actor import Actor
from likeness_engine.synthetic.noise import fractal
from likeness_engine.synthetic.scene import Floats

# Depth z (mm) and the height y above which hair grows there: forehead, temple, sideburn, ear, nape.
_DEPTH = (-30, -18, -4, 12, 30, 44, 52, 57, 62, 68, 74, 82, 100, 108, 118, 130, 170)
_HEIGHT = (-64, -61, -56, -50, -44, -36, -22, -4, 10, 13, 2, -18, -16, 20, 66, 82, 88)


def on_scalp(actor: Actor, places: Floats, *, soft_mm: float) -> Floats:
    """Return 1 where hair grows on the average head (N, 3), 0 where not, over `soft_mm`."""
    line = np.interp(places[:, 2], _DEPTH, _HEIGHT)
    front = np.clip((40 - places[:, 2]) / 40, 0, 1)
    ragged = 2.5 * fractal(places, 6.0, 3, actor.seed * 64 + 61)
    if actor.style == "tied":  # no sideburns: what grows by the ear is combed over it
        line = line - 20.0 * np.exp(-(((places[:, 2] - 63) / 9) ** 2))
    # Corners recede with a high hairline.
    corner = np.exp(-(((np.abs(places[:, 0]) - 38) / 14) ** 2)) * front
    line = line - actor.hairline_mm * front * (1 + 0.8 * corner) + ragged
    share = (line - places[:, 1]) / soft_mm + 0.5
    return np.clip(share, 0, 1).astype(np.float32)
