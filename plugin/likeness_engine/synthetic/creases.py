"""The fine relief of skin: pores, the net of fine lines, lip lines, folds, and lines of age."""

from __future__ import annotations

import numpy as np

from likeness_engine.synthetic.actor import Actor
from likeness_engine.synthetic.anatomy import base_points
from likeness_engine.synthetic.ground import Ground
from likeness_engine.synthetic.noise import cells, fractal, near_line
from likeness_engine.synthetic.scene import Floats

# Lines through mesh points of the left side: points, depth mm, half width mm, at age 25, at age 75.
# Depth grows from the first to the second with the years.
FOLDS: tuple[tuple[tuple[int, ...], float, float, float], ...] = (
    ((286, 258, 257, 259, 260, 467), 0.55, 0.75, 0.8),  # fold of the upper lid
    ((341, 256, 252, 253, 254, 339), 0.08, 0.30, 1.0),  # under the lower lid
    ((453, 452, 451, 450, 449), 0.05, 0.45, 1.6),  # tear trough
    ((358, 423, 426, 436, 432), 0.09, 1.0, 2.4),  # from the nose to the mouth
    ((287, 432, 434), 0.02, 0.6, 1.8),  # corner of the mouth, downwards
    ((406, 313, 18, 83, 182), 0.18, 0.5, 2.0),  # over the chin
    ((337, 299, 333), 0.0, 0.5, 0.9),  # forehead
    ((336, 296, 334, 293), 0.0, 0.28, 0.8),
    ((285, 336), 0.02, 0.45, 0.8),  # between the brows
    ((263, 446, 265), 0.03, 0.40, 0.6),  # crow's feet
    ((466, 342, 353), 0.0, 0.34, 0.6),
    ((249, 261, 340), 0.0, 0.30, 0.6),
    ((279, 358, 327), 0.55, 0.65, 0.9),  # behind the wing of the nose
    ((2, 164, 0), 0.14, 0.10, 1.6),  # philtrum
    ((398, 384, 385, 386, 387, 388, 466), 0.0, 0.0, 0.8),
)


def carve(actor: Actor, ground: Ground) -> tuple[Floats, Floats]:
    """Return the relief (N,) mm and how much light its hollows swallow (N,) 0..1."""
    seed = actor.seed * 64 + 30
    height, dirt = _grain(ground, seed)
    old = float(np.clip((actor.years - 22) / 53.0, 0, 1.2))
    base = base_points().astype(np.float32)
    shift = np.stack([ground.noise(7.0, 2, seed + k) for k in range(3)], 1)
    warped = (ground.places + 0.7 * shift).astype(np.float32)
    broken = 0.85 + 0.3 * ground.noise(5.0, 2, seed + 70)
    for line, young, aged, wide in FOLDS:
        depth = young + (aged - young) * old
        if depth < 0.01:
            continue
        for mirror in (1, -1) if any(abs(base[i, 0]) > 1 for i in line) else (1,):
            through = smooth_line(base[list(line)] * np.array([mirror, 1, 1], np.float32))
            across, along = near_line(warped, through, wide * 3.5)
            near = np.flatnonzero(across < wide * 3.5)
            across, along = across[near], along[near]
            ends = np.clip(4 * np.minimum(along, 1 - along) + 0.15, 0, 1)
            groove = np.exp(-((across / wide) ** 2))
            groove -= 0.12 * np.exp(-(((across - wide * 1.7) / wide) ** 2))
            groove *= depth * ends * broken[near]
            height[near] -= groove
            dirt[near] += np.clip(groove, 0, 1) * 0.55
    dirt += ground.smooth(_nostril_dark)
    return height, np.clip(dirt, 0, 0.95).astype(np.float32)


def smooth_line(points: Floats) -> Floats:
    """Return a polyline four times as fine, by two rounds of four-point subdivision."""
    line = points.astype(np.float64)
    for _ in range(2):
        padded = np.concatenate([2 * line[:1] - line[1:2], line, 2 * line[-1:] - line[-2:-1]])
        middle = (9 * (line[:-1] + line[1:]) - padded[:-3] - padded[3:]) / 16
        out = np.empty((2 * len(line) - 1, 3))
        out[::2], out[1::2] = line, middle
        line = out
    return line.astype(np.float32)


def _grain(ground: Ground, seed: int) -> tuple[Floats, Floats]:
    """Return the relief of pores and fine lines, and the dark in them."""
    p, lips = ground.places, ground.lips
    oily = ground.smooth(_pore_zones)
    skin = np.clip(1 - 2.0 * lips, 0, 1)
    near, number = cells(p, 0.95, seed)
    pore = np.clip(1 - near[:, 0] / (0.16 + 0.16 * number), 0, 1) ** 0.8 * oily * skin
    near, _ = cells(p, 1.25, seed + 9)
    border = np.clip(1 - (near[:, 1] - near[:, 0]) / 0.16, 0, 1)
    height = -0.075 * pore - 0.018 * border * skin
    height += 0.024 * fractal(p, 0.55, 2, seed + 3) + 0.05 * ground.noise(3.0, 2, seed + 5)
    # The border of the lips stands up a little.
    height += 0.16 * np.exp(-(((lips - 0.45) / 0.16) ** 2))
    red = np.flatnonzero(lips > 0.45)
    lines = fractal(p[red] * np.array([1.0, 0.13, 0.13], np.float32), 1.0, 2, seed + 7)
    groove = np.clip((lips[red] - 0.45) / 0.3, 0, 1) * np.clip(0.25 - np.abs(lines), 0, 1) * 4
    height[red] -= groove * 0.11
    dirt = 0.42 * pore
    dirt[red] += 0.22 * groove
    return height.astype(np.float32), dirt.astype(np.float32)


def _pore_zones(p: Floats) -> Floats:
    nose = ((np.abs(p[:, 0]) - 15) / 16) ** 2 + ((p[:, 1] - 26) / 20) ** 2
    brow = (p[:, 0] / 30) ** 2 + ((p[:, 1] + 35) / 18) ** 2
    return np.asarray(0.35 + np.exp(-0.5 * nose) + 0.5 * np.exp(-0.5 * brow))


def _nostril_dark(p: Floats) -> Floats:
    total = np.zeros(len(p), np.float32)
    for side in (-1, 1):
        front, rear = np.array([side * 5.2, 44.8, -38.5]), np.array([side * 11.5, 45.6, -31.0])
        centre, axis = (front + rear) / 2, (rear - front) / 2
        long = float(np.linalg.norm(axis))
        d = p - centre
        along = d @ (axis / long)
        across = np.hypot(d[:, 0] - along * axis[0] / long, d[:, 2] - along * axis[2] / long)
        inside = (along / long) ** 2 + (across / 2.5) ** 2 + (d[:, 1] / 4.0) ** 2
        total += np.clip(1.35 - inside, 0, 1).astype(np.float32)
    return np.clip(total, 0, 0.95)
