"""Skin, painted in space: an albedo, a relief and a gloss for every texel of an actor.

What is painted depends on where a texel lies on the average head, in millimetres, so nothing is
stretched by the layout.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from likeness_engine.synthetic import creases
from likeness_engine.synthetic.actor import Actor
from likeness_engine.synthetic.ground import Ground, fill_gaps, lay_ground
from likeness_engine.synthetic.hairline import on_scalp
from likeness_engine.synthetic.noise import cells, fractal
from likeness_engine.synthetic.scene import Floats, Ints

CHANNELS = 7  # albedo r g b, slope along u and v (mm per unit of the texture), gloss, cavity


def paint_skin(actor: Actor, size: int) -> tuple[Floats, Ints]:
    """Return the actor's skin as a packed pyramid: rows (N, 7) and start and size of each level."""
    return _paint_large(actor, size) if size > 512 else _paint_small(actor, size)


@lru_cache(maxsize=3)
def _paint_large(actor: Actor, size: int) -> tuple[Floats, Ints]:
    return _paint(actor, size)


@lru_cache(maxsize=24)
def _paint_small(actor: Actor, size: int) -> tuple[Floats, Ints]:
    return _paint(actor, size)


def _paint(actor: Actor, size: int) -> tuple[Floats, Ints]:
    ground = lay_ground(size)
    height, dirt = creases.carve(actor, ground)
    rows = np.zeros((len(ground.texels), CHANNELS), np.float32)
    rows[:, :3] = np.clip(_paint_albedo(actor, ground) * (1 - 0.55 * dirt)[:, None], 0.004, 0.9)
    rows[:, 5] = _paint_gloss(ground) * (1 - 0.6 * dirt)
    rows[:, 6] = dirt
    image, relief = fill_gaps(ground, rows), fill_gaps(ground, height)
    image[..., 3] = cv2.Sobel(relief, cv2.CV_32F, 1, 0, ksize=3, scale=size / 8)
    image[..., 4] = cv2.Sobel(relief, cv2.CV_32F, 0, 1, ksize=3, scale=size / 8)
    return pack(image)


def pack(image: Floats) -> tuple[Floats, Ints]:
    """Return an image pyramid (box means, down to 8) as rows, and start and size of each level."""
    levels = [image]
    while levels[-1].shape[0] > 8:
        half = levels[-1].shape[0] // 2
        levels.append(levels[-1].reshape(half, 2, half, 2, -1).mean((1, 3), dtype=np.float32))
    sizes = [len(level) for level in levels]
    starts = np.concatenate([[0], np.cumsum(np.square(sizes))[:-1]])
    rows = np.concatenate([level.reshape(-1, image.shape[2]) for level in levels])
    return rows, np.stack([starts, sizes], 1).astype(np.int32)


def bump(places: Floats, centre: tuple[float, float, float], radius: float) -> Floats:
    """Return exp(-d^2 / 2 radius^2) around a place and its mirror image."""
    d = places - np.array(centre, np.float32)
    m = places - np.array(centre, np.float32) * [-1, 1, 1]
    both = np.exp(-0.5 * (d * d).sum(1) / radius**2)
    if centre[0]:
        both = both + np.exp(-0.5 * (m * m).sum(1) / radius**2)
    return both.astype(np.float32)


def _paint_albedo(actor: Actor, ground: Ground) -> Floats:
    p, seed = ground.places, actor.seed * 64
    skin = np.array(actor.skin, np.float32)
    deep = float(np.clip(1.3 - skin.mean() * 3, 0, 1))  # deep skin shows less blood
    melanin = 0.13 * ground.noise(22.0, 3, seed) + 0.10 * ground.noise(3.5, 3, seed + 5)
    melanin += ground.smooth(_melanin_zones) + _spots(actor, ground)
    blood = 0.17 * ground.noise(9.0, 3, seed + 9) + 0.22 * fractal(p, 1.2, 2, seed + 12)
    blood += ground.smooth(_blood_zones) + 0.30 * (1 - ground.face)
    blood *= actor.redness * (1 - 0.6 * deep)
    colour = skin * np.exp(-melanin[:, None] * np.array([1.0, 1.35, 1.6], np.float32))
    colour *= np.exp(-np.clip(blood, -0.4, 2)[:, None] * np.array([0.03, 0.36, 0.29], np.float32))
    colour = _paint_beard(actor, ground, colour)
    return _paint_lips(actor, ground, _paint_hair_base(actor, ground, colour))


def _melanin_zones(p: Floats) -> Floats:
    """Darker: a little at the forehead, the lids and under the eyes, above the mouth."""
    zones = 0.06 * bump(p, (0, -45, -25), 22) + 0.16 * bump(p, (27, 12, -13), 8)
    return zones + 0.16 * bump(p, (30, -12, -12), 9) + 0.10 * bump(p, (0, 56, -30), 9)


def _blood_zones(p: Floats) -> Floats:
    """Redder: cheeks, nose and its wings, chin, lower lids; paler: the forehead."""
    zones = 0.42 * bump(p, (44, 30, -8), 15) + 0.5 * bump(p, (0, 38, -46), 9)
    zones += 0.34 * bump(p, (15, 41, -26), 6) + 0.18 * bump(p, (0, 100, -28), 13)
    return zones + 0.30 * bump(p, (30, 7, -12), 5) - 0.15 * bump(p, (0, -40, -26), 25)


def _freckle_zones(p: Floats) -> Floats:
    return 0.25 + bump(p, (38, 22, -10), 20) + 0.8 * bump(p, (0, 25, -40), 16)


def _spots(actor: Actor, ground: Ground) -> Floats:
    """Return melanin of freckles, moles and the spots of age."""
    p, seed = ground.places, actor.seed * 64 + 20
    total = np.zeros(len(p), np.float32)
    if actor.freckles > 0:
        zone = ground.smooth(
            lambda q: 0.25 + bump(q, (38, 22, -10), 20) + 0.8 * bump(q, (0, 25, -40), 16)
        )
        for size, share in ((2.3, 0.55), (3.9, 0.4)):
            near, number = cells(p, size, seed)
            dot = np.clip(1 - near[:, 0] / (0.10 + 0.22 * number), 0, 1)
            total += actor.freckles * zone * (number < share) * 0.5 * dot * (2 - dot)
            seed += 7
    old = float(np.clip((actor.years - 45) / 30, 0, 1))
    if old > 0:
        near, number = cells(p, 13.0, seed)
        wobble = 1 + 0.4 * ground.noise(3.0, 2, seed)
        spot = np.clip(3.0 * (1 - near[:, 0] / (0.19 * wobble)), 0, 1)
        total += old * 0.28 * spot * (number < 0.5)
    dice = np.random.default_rng([actor.seed, 5])
    sites = lay_ground(256).places  # of one size, so that moles stay where they are
    for _ in range(actor.moles):
        centre = sites[dice.integers(0, len(sites))]
        radius, dark = dice.uniform(0.5, 1.3), dice.uniform(0.5, 1.3)
        close = np.flatnonzero(np.abs(p[:, 1] - centre[1]) < 1.6 * radius)
        d = np.linalg.norm(p[close] - centre, axis=1) / radius
        total[close] += (dark * np.clip(1.6 - d, 0, 1)).astype(np.float32)
    return total


def _beard_zone(p: Floats) -> Floats:
    low = np.clip((p[:, 1] - 50 + 0.22 * p[:, 2]) / 14, 0, 1) * np.clip((150 - p[:, 1]) / 30, 0, 1)
    side = np.clip((p[:, 2] - 38) / 14, 0, 1) * np.clip((p[:, 1] - 2) / 25, 0, 1)
    where = np.maximum(low * np.clip((66 - p[:, 2]) / 14, 0, 1), side * (p[:, 2] < 68))
    bare = bump(p, (24, 54, -20), 6) + bump(p, (0, 82.5, -26), 4) * 0.5 + bump(p, (40, 52, -8), 9)
    return np.clip(where - bare, 0, 1)


def _paint_beard(actor: Actor, ground: Ground, colour: Floats) -> Floats:
    if not actor.beard:
        return colour
    p = ground.places
    where = ground.smooth(_beard_zone) * ground.face * np.clip(1 - ground.lips * 3, 0, 1)
    near, number = cells(p, 0.62, actor.seed * 64 + 41)
    stubble = np.clip(1.5 - near[:, 0] / 0.22, 0, 1) * (number < 0.8)
    shade = actor.beard * where * (0.16 + 0.5 * stubble + 0.1 * ground.noise(6.0, 2, actor.seed))
    dark = np.array(actor.hair, np.float32) * 0.6 + 0.03
    return colour * (1 - shade[:, None]) + dark * shade[:, None]


def _paint_hair_base(actor: Actor, ground: Ground, colour: Floats) -> Floats:
    """Darken the scalp under the hair, so that gaps between strands look full."""
    share = ground.smooth(lambda p: on_scalp(actor, p, soft_mm=7.0))
    share = np.clip(share, 0, 1) * ground.face * (0.86 if actor.style == "tied" else 0.72)
    return colour * (1 - share[:, None]) + np.array(actor.hair, np.float32) * share[:, None]


def _paint_lips(actor: Actor, ground: Ground, colour: Floats) -> Floats:
    p, seed = ground.places, actor.seed * 64 + 50
    red = np.flatnonzero(ground.lips > 0.05)
    p, lips = p[red], ground.lips[red]
    edge = lips + 0.10 * fractal(p, 2.2, 2, seed)
    share = np.clip((edge - 0.36) / 0.30, 0, 1)
    share = (share * share * (3 - 2 * share))[:, None]
    lines = fractal(p * np.array([1.0, 0.16, 0.16], np.float32), 0.8, 2, seed + 3)
    shade = 1 + 0.14 * lines + 0.10 * fractal(p, 5.0, 2, seed)
    tint = np.array(actor.lips, np.float32) * shade[:, None]
    wet = np.clip((lips - 0.93) / 0.06, 0, 1)[:, None]
    tint = tint * (1 - wet * np.array([0.15, 0.35, 0.3], np.float32))
    colour[red] = colour[red] * (1 - share) + tint * share
    return colour


def _paint_gloss(ground: Ground) -> Floats:
    """Return the strength of the shine: more on forehead, nose, lids' edges and lips."""
    gloss = ground.smooth(_oily_zones) * (1 + 0.25 * ground.noise(4.0, 3, 77))
    return np.asarray(gloss * (1 + 0.9 * np.clip(ground.lips * 1.5 - 0.4, 0, 1)), np.float32)


def _oily_zones(p: Floats) -> Floats:
    zones = 0.75 + 0.35 * bump(p, (0, -35, -26), 22) + 0.45 * bump(p, (0, 25, -42), 11)
    return zones + 0.25 * bump(p, (40, 18, -10), 14) + 0.2 * bump(p, (0, 98, -30), 10)
