"""Skin, painted in space: an albedo, a relief and a gloss for every texel of an actor.

The texture's layout is the face's own (topology.json), shrunk so that the neck and the scalp fit
around it and the ears into its corners. What is painted depends on where a texel lies on the average
head, in millimetres, so nothing is stretched by the layout.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from likeness_engine.faces.topology import topology
from likeness_engine.synthetic import creases
from likeness_engine.synthetic.actor import Actor
from likeness_engine.synthetic.cage import cage
from likeness_engine.synthetic.features import make_ear
from likeness_engine.synthetic.hairline import on_scalp
from likeness_engine.synthetic.head import fine_skin
from likeness_engine.synthetic.noise import cells, fractal
from likeness_engine.synthetic.raster import draw, read
from likeness_engine.synthetic.scene import Floats, Ints

ATLAS = 0.72  # the face layout's share of the texture
CHANNELS = 7  # albedo r g b, slope along u and v (mm per unit of the texture), gloss, cavity

Bools = npt.NDArray[np.bool_]


def to_atlas(uv: Floats) -> Floats:
    """Return texture coordinates of face layout coordinates (N, 2)."""
    return ((uv - 0.5) * ATLAS + 0.5).astype(np.float32)


def from_atlas(place: Floats) -> Floats:
    """Return face layout coordinates of texture coordinates (..., 2)."""
    return ((place - 0.5) / ATLAS + 0.5).astype(np.float32)


@dataclass(frozen=True)
class Ground:
    """The texels of a texture: where they lie on the average head."""

    texels: npt.NDArray[np.intp]  # (N,) flat index of the texels that lie on skin
    places: Floats  # (N, 3) mm
    lips: Floats  # (N,) 1 on the red of the lips
    face: Floats  # (N,) 1 on face and neck, 0 on ears
    empty: Bools  # (S, S)


@lru_cache(maxsize=2)
def lay_ground(size: int) -> Ground:
    """Return where the texels of a size x size texture lie."""
    skin = fine_skin(2)
    ears = [make_ear(1.0, 21.0)]
    points = [skin.rest, ears[0].points, ears[0].points * [-1, 1, 1]]
    layout = [skin.uv, ears[0].uv, ears[0].uv * [-1, 1] + [1, 0]]
    kept = skin.triangles[skin.material != 4]
    starts = np.cumsum([0] + [len(p) for p in points])
    triangles = np.concatenate(
        [kept, ears[0].triangles + starts[1], ears[0].triangles + starts[2]]
    ).astype(np.int32)
    lips = np.zeros((starts[-1], 1))
    lips[: starts[1]] = _lip_weight()
    face = np.zeros((starts[-1], 1))
    face[: starts[1]] = 1
    place = to_atlas(np.concatenate(layout)) * size
    screen = np.c_[place, np.zeros(len(place))].astype(np.float32)
    seen = np.full((size, size), -1, np.int32)
    draw(screen, triangles, 0, seen, np.full((size, size), np.inf, np.float32), both=True)
    values = np.c_[np.concatenate(points), lips, face].astype(np.float32)
    painted = read(seen, screen, triangles, values)
    texels = np.flatnonzero(seen >= 0)
    rows = painted.reshape(-1, 5)[texels]
    return Ground(texels, np.ascontiguousarray(rows[:, :3]), rows[:, 3], rows[:, 4], seen < 0)


def _lip_weight() -> Floats:
    """Return 1 on the lips, 0.5 on their border, 0 beside them, for the vertices at depth 2."""
    weight = np.zeros((len(cage().follows), 1), np.float32)
    weight[topology().regions["lips"]] = 1
    weight[[11, 12, 15, 16, 72, 73, 74, 302, 303, 304, 38, 41, 42, 268, 271, 272, 183, 407]] = 1
    weight[[86, 85, 316, 315, 179, 180, 403, 404, 89, 90, 319, 320, 96, 77, 325, 307]] = 1
    weight[[184, 408, 76, 306, 62, 292]] = 1
    weight[[61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291]] = 0.5
    weight[[146, 91, 181, 84, 17, 314, 405, 321, 375]] = 0.5
    weight[cage().lips] = 1
    for level in fine_skin(2).levels:
        weight = level.refine(weight)
    return weight


@lru_cache(maxsize=3)
def paint_skin(actor: Actor, size: int) -> tuple[Floats, Ints]:
    """Return the actor's skin as a packed pyramid: rows (N, 7) and start and size of each level."""
    ground = lay_ground(size)
    height, dirt = creases.carve(actor, ground.places, ground.lips)
    albedo = _paint_albedo(actor, ground) * (1 - 0.55 * dirt)[:, None]
    gloss = _paint_gloss(ground) * (1 - 0.6 * dirt)
    image = np.zeros((size * size, CHANNELS), np.float32)
    image[ground.texels, :3] = np.clip(albedo, 0.004, 0.9)
    image[ground.texels, 5] = gloss
    image[ground.texels, 6] = dirt
    relief = np.zeros(size * size, np.float32)
    relief[ground.texels] = height
    image, relief = _bleed(image, relief, ground.empty)
    image[..., 3] = cv2.Sobel(relief, cv2.CV_32F, 1, 0, ksize=3, scale=size / 8)
    image[..., 4] = cv2.Sobel(relief, cv2.CV_32F, 0, 1, ksize=3, scale=size / 8)
    return pack(image)


def _bleed(image: Floats, relief: Floats, empty: Bools) -> tuple[Floats, Floats]:
    """Fill the texels off the skin with their neighbours' means, so that filters see no black."""
    size = len(empty)
    image, relief = image.reshape(size, size, -1), relief.reshape(size, size).copy()
    open_ = (~empty).astype(np.float32)
    for reach in (3, 9, 33):
        weight = cv2.blur(open_, (reach, reach))
        fill = cv2.blur(relief * open_, (reach, reach)) / np.maximum(weight, 1e-6)
        new = (open_ == 0) & (weight > 1e-6)
        relief[new] = fill[new]
        for k in range(CHANNELS):
            fill = cv2.blur(image[..., k] * open_, (reach, reach)) / np.maximum(weight, 1e-6)
            image[..., k][new] = fill[new]
        open_ = np.maximum(open_, new)
    return np.ascontiguousarray(image), relief


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
    melanin = 0.10 * fractal(p, 22.0, 3, seed) + 0.07 * fractal(p, 3.5, 3, seed + 5)
    melanin += 0.06 * bump(p, (0, -45, -25), 22) + 0.16 * bump(p, (27, 12, -13), 8)
    melanin += 0.16 * bump(p, (30, -12, -12), 9) + 0.10 * bump(p, (0, 56, -30), 9)
    melanin += _spots(actor, p)
    blood = 0.16 * fractal(p, 9.0, 3, seed + 9) + 0.10 * fractal(p, 1.2, 2, seed + 12)
    blood += 0.42 * bump(p, (44, 30, -8), 15) + 0.5 * bump(p, (0, 38, -46), 9)
    blood += 0.34 * bump(p, (15, 41, -26), 6) + 0.18 * bump(p, (0, 100, -28), 13)
    blood += 0.30 * bump(p, (30, 7, -12), 5) - 0.15 * bump(p, (0, -40, -26), 25)
    blood += 0.30 * (1 - ground.face)
    blood *= actor.redness * (1 - 0.6 * deep)
    colour = skin * np.exp(-melanin[:, None] * np.array([1.0, 1.35, 1.6], np.float32))
    colour *= np.exp(-np.clip(blood, -0.4, 2)[:, None] * np.array([0.03, 0.42, 0.34], np.float32))
    colour = _paint_beard(actor, p, colour, ground)
    return _paint_lips(actor, p, ground, _paint_hair_base(actor, p, ground, colour))


def _spots(actor: Actor, p: Floats) -> Floats:
    """Return melanin of freckles, moles and the spots of age."""
    seed = actor.seed * 64 + 20
    total = np.zeros(len(p), np.float32)
    zone = 0.25 + bump(p, (38, 22, -10), 20) + 0.8 * bump(p, (0, 25, -40), 16)
    for size, share in ((2.3, 0.55), (3.9, 0.4)):
        near, number = cells(p, size, seed)
        dot = np.clip(1 - near[:, 0] / (0.10 + 0.22 * number), 0, 1)
        total += actor.freckles * zone * (number < share) * 0.5 * dot * (2 - dot)
        seed += 7
    near, number = cells(p, 13.0, seed)
    wobble = 1 + 0.4 * fractal(p, 3.0, 2, seed)
    old = float(np.clip((actor.years - 45) / 30, 0, 1))
    spot = np.clip(3.0 * (1 - near[:, 0] / (0.19 * wobble)), 0, 1)
    total += old * 0.28 * spot * (number < 0.5)
    dice = np.random.default_rng([actor.seed, 5])
    for _ in range(actor.moles):
        centre = p[dice.integers(0, len(p))]
        radius = dice.uniform(0.5, 1.3)
        d = np.linalg.norm(p - centre, axis=1) / radius
        total += (dice.uniform(0.5, 1.3) * np.clip(1.6 - d, 0, 1)).astype(np.float32)
    return total


def _paint_beard(actor: Actor, p: Floats, colour: Floats, ground: Ground) -> Floats:
    if not actor.beard:
        return colour
    low = np.clip((p[:, 1] - 50 + 0.22 * p[:, 2]) / 14, 0, 1) * np.clip((150 - p[:, 1]) / 30, 0, 1)
    side = np.clip((p[:, 2] - 38) / 14, 0, 1) * np.clip((p[:, 1] - 2) / 25, 0, 1)
    where = np.maximum(low * np.clip((66 - p[:, 2]) / 14, 0, 1), side * (p[:, 2] < 68))
    bare = bump(p, (24, 54, -20), 6) + bump(p, (0, 82.5, -26), 4) * 0.5 + bump(p, (40, 52, -8), 9)
    where = np.clip(where - bare, 0, 1) * ground.face * np.clip(1 - ground.lips * 3, 0, 1)
    near, number = cells(p, 0.62, actor.seed * 64 + 41)
    stubble = np.clip(1.5 - near[:, 0] / 0.22, 0, 1) * (number < 0.8)
    shade = actor.beard * where * (0.16 + 0.5 * stubble + 0.1 * fractal(p, 6.0, 2, actor.seed))
    dark = np.array(actor.hair, np.float32) * 0.6 + 0.03
    return colour * (1 - shade[:, None]) + dark * shade[:, None]


def _paint_hair_base(actor: Actor, p: Floats, ground: Ground, colour: Floats) -> Floats:
    """Darken the scalp under the hair, so that gaps between strands look full."""
    share = np.clip(on_scalp(actor, p, soft_mm=7.0), 0, 1) * ground.face
    share = share * (0.86 if actor.style == "tied" else 0.72)
    return colour * (1 - share[:, None]) + np.array(actor.hair, np.float32) * share[:, None]


def _paint_lips(actor: Actor, p: Floats, ground: Ground, colour: Floats) -> Floats:
    seed = actor.seed * 64 + 50
    edge = ground.lips + 0.10 * fractal(p, 2.2, 2, seed)
    share = np.clip((edge - 0.36) / 0.30, 0, 1)
    share = share * share * (3 - 2 * share)
    lines = fractal(p * np.array([1.0, 0.16, 0.16], np.float32), 0.8, 2, seed + 3)
    tint = (
        np.array(actor.lips, np.float32)
        * (1 + 0.14 * lines + 0.10 * fractal(p, 5, 2, seed))[:, None]
    )
    wet = np.clip((ground.lips - 0.93) / 0.06, 0, 1)[:, None]
    tint = tint * (1 - wet * np.array([0.15, 0.35, 0.3], np.float32))
    return np.asarray(colour * (1 - share[:, None]) + tint * share[:, None], np.float32)


def _paint_gloss(ground: Ground) -> Floats:
    """Return the strength of the shine: more on forehead, nose, lids' edges and lips."""
    p = ground.places
    gloss = 0.75 + 0.35 * bump(p, (0, -35, -26), 22) + 0.45 * bump(p, (0, 25, -42), 11)
    gloss += 0.25 * bump(p, (40, 18, -10), 14) + 0.2 * bump(p, (0, 98, -30), 10)
    gloss *= 1 + 0.25 * fractal(p, 4.0, 3, 77)
    return np.asarray(gloss * (1 + 0.9 * np.clip(ground.lips * 1.5 - 0.4, 0, 1)), np.float32)
