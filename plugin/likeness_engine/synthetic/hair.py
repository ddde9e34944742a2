"""Strands: hair that grows from the scalp, brows and lashes that follow the face."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from likeness_engine.synthetic.actor import Actor
from likeness_engine.synthetic.creases import smooth_line
from likeness_engine.synthetic.hairline import on_scalp
from likeness_engine.synthetic.head import Model, build_head, fine_skin
from likeness_engine.synthetic.raster import vertex_frames
from likeness_engine.synthetic.scene import BROW, FACE, HAIR, SKIN, Expression, Floats

Doubles = npt.NDArray[np.float64]
CENTRE = np.array([0.0, -12.0, 66.0])  # of the skull
KNOT = np.array([0.0, -4.0, 178.0])  # where tied hair is tied


@dataclass(frozen=True)
class Strands:
    """N strands of K points in the frame of the head."""

    points: Doubles  # (N, K, 3) mm
    width: Doubles  # (N, K) mm
    deep: Doubles  # (N, K) 0 on the outside of the hair to 1 at the scalp
    tone: Doubles  # (N,) 0..1
    outward: Doubles  # (N, 3) away from the head at the root
    material: int


@lru_cache(maxsize=8)
def grow_hair(actor: Actor, share: float) -> Strands:
    """Return the hair of an actor; `share` thins it out and widens what is left."""
    dice = np.random.default_rng([actor.seed, 101])
    count = {"tied": 15000, "crop": 22000}[actor.style]
    roots, normals, rest = _find_roots(actor, count, dice)
    keep = slice(0, int(len(roots) * share))
    grow = _grow_tied if actor.style == "tied" else _grow_cropped
    points, deep = grow(actor, roots, normals, rest, dice)
    width = dice.uniform(0.16, 0.34, len(roots)) / share**0.7
    along = np.linspace(0, 1, points.shape[1])
    taper = 1 - 0.75 * along**3
    tone = dice.uniform(0, 1, len(roots))
    return Strands(
        points[keep], (width[:, None] * taper)[keep], deep[keep], tone[keep], normals[keep], HAIR
    )


def _find_roots(
    actor: Actor, count: int, dice: np.random.Generator
) -> tuple[Doubles, Doubles, Doubles]:
    """Scatter roots over the scalp: places (N, 3), normals (N, 3), places on the average head."""
    skin = fine_skin(2)
    model = build_head(actor, Expression(), 2)
    points = model.points[: model.skin_count]
    normals, _, _ = vertex_frames(points.astype(np.float32), skin.uv, skin.triangles)
    usable = (skin.material == SKIN) | (skin.material == FACE)
    triangles = skin.triangles[usable & (skin.rest[skin.triangles].mean(1)[:, 1] < 95)]
    a, b, c = (points[triangles[:, k]] for k in range(3))
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1)
    grows = on_scalp(actor, skin.rest[triangles].mean(1), soft_mm=10.0)
    chance = area * (grows > 0.02)
    pick = dice.choice(len(triangles), int(count * 1.3), p=chance / chance.sum())
    u, v = dice.uniform(0, 1, (2, len(pick), 1))
    over = u + v > 1
    u, v = np.where(over, 1 - u, u), np.where(over, 1 - v, v)

    def at(values: Doubles | Floats) -> Doubles:
        p, q, r = (values[triangles[pick, k]].astype(np.float64) for k in range(3))
        return np.asarray(p + u * (q - p) + v * (r - p))

    rest = at(skin.rest)
    kept = dice.uniform(0, 1, len(pick)) < on_scalp(actor, rest.astype(np.float32), soft_mm=9.0)
    kept &= np.cumsum(kept) <= count
    out = at(normals)[kept]
    return at(points)[kept], out / np.linalg.norm(out, axis=1, keepdims=True), rest[kept]


def _grow_cropped(
    actor: Actor, roots: Doubles, normals: Doubles, rest: Doubles, dice: np.random.Generator
) -> tuple[Doubles, Doubles]:
    """Return short hair (N, 5, 3), combed forward and to the side on top, down at the sides."""
    count = len(roots)
    top = np.clip(-normals[:, 1] * 1.4 + 0.1, 0, 1)
    front = np.clip(-normals[:, 2] * 1.5 + 0.2, 0, 1)
    length = 7.0 + 17.0 * top + 3.0 * front * top
    length *= dice.uniform(0.75, 1.1, count)
    edge = on_scalp(actor, rest.astype(np.float32), soft_mm=24.0)
    length *= 0.45 + 0.55 * edge
    comb = np.stack([0.65 * top, 0.9 * (1 - top) - 0.25 * front * top, 0.15 - 0.75 * top], 1)
    comb += 0.16 * dice.normal(0, 1, (count, 3))
    # Locks: neighbours lean alike.
    lock = np.floor(roots / 6.5).astype(np.int64) @ np.array([73, 179, 283])
    comb += 0.25 * np.stack([np.sin(lock * 1.7), np.sin(lock * 2.9), np.sin(lock * 0.7)], 1)
    comb -= (comb * normals).sum(1, keepdims=True) * normals
    steps = 5
    points = np.empty((count, steps, 3))
    points[:, 0] = roots
    lift = 0.75 * dice.uniform(0.6, 1.2, (count, 1)) * (0.55 + 0.6 * top[:, None])
    for k in range(1, steps):
        lean = (k - 1) / (steps - 2)
        way = normals * lift * (1.15 - lean) + comb * (0.45 + 0.6 * lean)
        way /= np.linalg.norm(way, axis=1, keepdims=True)
        points[:, k] = points[:, k - 1] + way * length[:, None] / (steps - 1)
    deep = np.linspace(0.9, 0.0, steps)[None] * np.ones((count, 1))
    return points, deep * (0.5 + 0.5 * top[:, None])


def _grow_tied(
    actor: Actor, roots: Doubles, normals: Doubles, rest: Doubles, dice: np.random.Generator
) -> tuple[Doubles, Doubles]:
    """Return hair combed over the skull to a knot at the back (N, 12, 3), and the knot itself."""
    count, steps = len(roots), 12
    reach = _skull_table(actor)
    lock = np.floor(rest / 9.0).astype(np.int64) @ np.array([73, 179, 283])
    layer = np.clip(dice.beta(1.2, 1.6, count), 0, 1)
    height = 2.0 + 6.5 * layer + 0.8 * np.sin(lock * 1.3)
    goal = KNOT + dice.normal(0, 7.0, (count, 3))
    start, end = roots - CENTRE, goal - CENTRE
    r0 = np.linalg.norm(start, axis=1, keepdims=True)
    a, b = start / r0, end / np.linalg.norm(end, axis=1, keepdims=True)
    angle = np.arccos(np.clip((a * b).sum(1, keepdims=True), -0.999, 0.999))
    sway = 0.025 * np.stack([np.sin(lock * 0.9), np.sin(lock * 2.1), 0 * lock], 1)
    stray, wave = 0.012 * dice.normal(0, 1, (count, 3)), dice.uniform(2, 7, (count, 1))
    points = np.empty((count, steps, 3))
    for k in range(steps):
        t = k / (steps - 1)
        ray = (np.sin((1 - t) * angle) * a + np.sin(t * angle) * b) / np.sin(angle)
        ray += (sway + stray * np.sin(wave * t)) * np.sin(np.pi * t)
        ray /= np.linalg.norm(ray, axis=1, keepdims=True)
        # Rises from the scalp within the first 24 mm of the way.
        over = height * np.clip(t * angle[:, 0] * 85.0 / 24.0, 0, 1) ** 0.8
        size = _look_up(reach, ray) + over
        points[:, k] = CENTRE + ray * (size if k else r0[:, 0])[:, None]
    deep = np.broadcast_to((1 - layer)[:, None] * 0.75, (count, steps)).copy()
    deep[:, 0] += 0.15
    knot = dice.random(count) < 0.07
    points[knot] = _wind_knot(int(knot.sum()), steps, dice)
    return points, deep


def _wind_knot(count: int, steps: int, dice: np.random.Generator) -> Doubles:
    turn = np.linspace(0, 2.2 * np.pi, steps)[None] + dice.uniform(0, 6.3, (count, 1))
    tilt, radius = dice.uniform(-1.1, 1.1, (count, 1)), dice.uniform(27, 31, (count, 1))
    x, y = np.cos(turn) * np.cos(tilt), np.sin(turn) * np.cos(tilt)
    z = np.sin(tilt) * np.ones_like(turn)
    return np.asarray(KNOT + [0, 0, 10] + np.stack([x, y, z * 0.75], -1) * radius[..., None])


@lru_cache(maxsize=8)
def _skull_table(actor: Actor) -> Doubles:
    """Return the distance (33, 64) of the scalp from CENTRE by latitude and longitude."""
    model = build_head(actor, Expression(), 2)
    ray = model.points[: model.skin_count] - CENTRE
    ray = ray[ray[:, 1] < 90]
    size = np.linalg.norm(ray, axis=1)
    lat, lon = np.meshgrid(np.linspace(-np.pi / 2, np.pi / 2, 33), np.arange(64) / 64 * 2 * np.pi,
                           indexing="ij")  # fmt: skip
    grid = np.stack([np.cos(lat) * np.sin(lon), np.sin(lat), np.cos(lat) * np.cos(lon)], -1)
    near = (grid.reshape(-1, 3) @ (ray / size[:, None]).T).argmax(1)
    return np.asarray(size[near].reshape(33, 64))


def _look_up(table: Doubles, ray: Doubles) -> Doubles:
    lat = (np.arcsin(np.clip(ray[:, 1], -1, 1)) / np.pi + 0.5) * 32
    lon = (np.arctan2(ray[:, 0], ray[:, 2]) / (2 * np.pi) % 1.0) * 64
    i, j = np.minimum(lat.astype(int), 31), lon.astype(int)
    u, v = lat - i, lon - j
    j, k = j % 64, (j + 1) % 64
    low = table[i, j] * (1 - v) + table[i, k] * v
    return np.asarray(low * (1 - u) + (table[i + 1, j] * (1 - v) + table[i + 1, k] * v) * u)


def grow_brows(actor: Actor, model: Model, depth: int, share: float) -> Strands:
    """Return brows and lashes on the face as it moves."""
    dice = np.random.default_rng([actor.seed, 103])
    sets = []
    for side in ("right", "left"):
        sets.append(_grow_brow(actor, model, side, dice))
        sets += _grow_lashes(actor, model, depth, side, dice)
    points = np.concatenate([s[0] for s in sets])
    width = np.concatenate([s[1] for s in sets])
    keep = dice.random(len(points)) < max(share, 0.45)
    count = int(keep.sum())
    deep = np.concatenate(
        [np.full((len(s[0]), 4), 0.35 if k % 3 == 0 else 0.85) for k, s in enumerate(sets)]
    )
    return Strands(
        points[keep], width[keep] / max(share, 0.45), deep[keep],
        dice.uniform(0, 0.8, count), np.broadcast_to([0.0, 0.0, -1.0], (count, 3)), BROW,
    )  # fmt: skip


def _grow_brow(
    actor: Actor, model: Model, side: str, dice: np.random.Generator
) -> tuple[Doubles, Doubles]:
    left = side == "left"
    low = [285, 295, 282, 283, 276] if left else [55, 65, 52, 53, 46]
    high = [336, 296, 334, 293, 300] if left else [107, 66, 105, 63, 70]
    lower, upper = (smooth_line(model.landmarks[row].astype(np.float32)) for row in (low, high))
    count = int(640 * actor.brows)
    s = dice.beta(1.15, 1.25, count)
    middle = 0.47
    spread = (0.40 * actor.brows**0.5) * (1 - 0.72 * np.clip((s - 0.35) / 0.65, 0, 1) ** 1.5)
    spread *= np.clip(0.55 + 3 * s, 0, 1)
    t = middle + np.clip(dice.normal(0, 0.5, count), -1, 1) * spread
    at = s * (len(lower) - 1)
    i = np.minimum(at.astype(int), len(lower) - 2)
    f = (at - i)[:, None]
    bottom, top = (line[i] * (1 - f) + line[i + 1] * f for line in (lower, upper))
    root = bottom + (top - bottom) * t[:, None]
    out = root - np.array([0, -5.0, 45.0]) * [1, 1, 1]
    out[:, 0] *= 0.75
    out /= np.linalg.norm(out, axis=1, keepdims=True)
    along = lower[i + 1] - lower[i]
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    rise = (top - bottom) / np.linalg.norm(top - bottom, axis=1, keepdims=True)
    up = np.clip(1.0 - 2.3 * s + 0.9 * (middle - t), -0.45, 1.0)[:, None]
    way = along + rise * up + 0.12 * dice.normal(0, 1, (count, 3))
    way -= (way * out).sum(1, keepdims=True) * out * 0.8
    way /= np.linalg.norm(way, axis=1, keepdims=True)
    length = dice.uniform(5.0, 8.5, count)[:, None] * (1 - 0.35 * s[:, None])
    k = np.linspace(0, 1, 4)[None, :, None]
    points = root[:, None] + way[:, None] * length[:, None] * k
    points = points + out[:, None] * (0.2 + 1.1 * np.sin(np.pi * k * 0.8))
    points = points - rise[:, None] * (k**2) * (up[:, None] * 1.4)
    width = dice.uniform(0.11, 0.21, count)[:, None] * np.array([0.9, 1.0, 0.8, 0.3])
    return points, width


def _grow_lashes(
    actor: Actor, model: Model, depth: int, side: str, dice: np.random.Generator
) -> list[tuple[Doubles, Doubles]]:
    lines = fine_skin(depth).lid_lines
    upper, lower = lines[:2] if side == "right" else lines[2:]
    iris = model.landmarks[468:473] if side == "right" else model.landmarks[473:478]
    eye = iris[0] + [0, 0, 11.0]
    soft = 1.25 if actor.style == "tied" else 0.9
    sets = []
    for line, count, length, lift in ((upper, 150, 4.0 * soft, -1.0), (lower, 60, 2.3 * soft, 0.7)):
        edge = model.points[line]
        at = dice.uniform(0.03, 0.90, count) * (len(edge) - 1)
        i = np.minimum(at.astype(int), len(edge) - 2)
        f = (at - i)[:, None]
        root = edge[i] * (1 - f) + edge[i + 1] * f
        out = root - eye
        out /= np.linalg.norm(out, axis=1, keepdims=True)
        out += [0, 0.0, -0.7]
        out[:, 0] *= 1.25
        out += 0.10 * np.sin(at[:, None] * [9.0, 7.0, 5.0])  # they stand in clumps
        out /= np.linalg.norm(out, axis=1, keepdims=True)
        outer = 1 - at[:, None] / (len(edge) - 1)
        size = length * (0.55 + 0.55 * outer) * dice.uniform(0.7, 1.1, (count, 1))
        k = np.linspace(0, 1, 4)[None, :, None]
        bow = np.array([0, lift, 0.15])
        dip = np.array([0, -0.5 * lift, 0.0])
        points = root[:, None] + out[:, None] * size[:, None] * k
        points = points + bow * (0.75 * k**2 * size[:, None]) + dip * (k * (1 - k) * size[:, None])
        points += 0.25 * dice.normal(0, 1, (count, 1, 3)) * k
        width = dice.uniform(0.08, 0.13, count)[:, None] * np.array([1.2, 0.9, 0.6, 0.2])
        sets.append((points, width))
    return sets
