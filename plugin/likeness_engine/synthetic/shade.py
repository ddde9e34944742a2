"""Shading a drawn head: once per pixel and material, over that pixel's samples. Compiled."""

from __future__ import annotations

import numpy as np
from numba import njit

from likeness_engine.synthetic.materials import (
    COLUMNS,
    NORMAL,
    PLACE,
    WORLD,
    dot,
    shade_cloth,
    shade_eye,
    shade_flesh,
    shade_hair,
    shade_skin,
    towards_camera,
    unit,
    vec,
)
from likeness_engine.synthetic.raster import barycentric
from likeness_engine.synthetic.scene import BROW, CLOTH, EYE, FACE, HAIR, MOUTH, SKIN

# Materials shade in groups: skin, eye, mouth, cloth, hair.
GROUPS = 5


@njit(cache=True)
def group_of(material: int) -> int:
    if material in (FACE, SKIN):
        return 0
    if material == EYE:
        return 1
    if material == MOUTH:
        return 2
    if material == CLOTH:
        return 3
    return 4


@njit(cache=True)
def _spread(taps):  # type: ignore[no-untyped-def]
    """Return a sunflower of points (taps, 2) in the unit disc."""
    out = np.empty((taps, 2), np.float32)
    for k in range(taps):
        r = np.sqrt((k + 0.5) / taps)
        out[k, 0] = r * np.cos(2.399963 * k)
        out[k, 1] = r * np.sin(2.399963 * k)
    return out


@njit(cache=True)
def key_visibility(world, normal, shadow, disc, out):  # type: ignore[no-untyped-def]
    """Write how much of the key is seen, with a near and a three times wider edge.

    Percentage-closer soft shadows (Fernando 2005): the edge widens with the blocker's distance.
    """
    depth, frame, centre = shadow.depth, shadow.frame, shadow.centre
    per_mm, softness = shadow.per_mm, shadow.softness_mm
    size = depth.shape[0]
    p = (
        world[0] + normal[0] * 1.2 - centre[0],
        world[1] + normal[1] * 1.2 - centre[1],
        world[2] + normal[2] * 1.2 - centre[2],
    )
    x = (p[0] * frame[0, 0] + p[1] * frame[0, 1] + p[2] * frame[0, 2]) * per_mm + size * 0.5
    y = (p[0] * frame[1, 0] + p[1] * frame[1, 1] + p[2] * frame[1, 2]) * per_mm + size * 0.5
    z = p[0] * frame[2, 0] + p[1] * frame[2, 1] + p[2] * frame[2, 2]
    reach = softness * per_mm
    blockers, total = 0, 0.0
    for k in range(0, disc.shape[0], 2):
        ix, iy = int(x + disc[k, 0] * reach), int(y + disc[k, 1] * reach)
        if 0 <= ix < size and 0 <= iy < size and depth[iy, ix] < z - 1.5:
            blockers += 1
            total += depth[iy, ix]
    if blockers == 0:
        out[0] = out[1] = 1
        return
    gap = z - total / blockers
    near = min(max(0.10 * gap, 0.8), softness)
    for step in range(2):
        radius = near * (1.0 if step == 0 else 2.4) * per_mm
        open_, bias = 0.0, 1.0 + 0.15 * near * (1.0 if step == 0 else 2.4)
        for k in range(disc.shape[0]):
            fx, fy = x + disc[k, 0] * radius - 0.5, y + disc[k, 1] * radius - 0.5
            ix, iy = int(np.floor(fx)), int(np.floor(fy))
            if ix < 0 or iy < 0 or ix + 1 >= size or iy + 1 >= size:
                open_ += 1
                continue
            tx, ty = fx - ix, fy - iy
            top = (1 - tx) * (depth[iy, ix] > z - bias) + tx * (depth[iy, ix + 1] > z - bias)
            low = (1 - tx) * (depth[iy + 1, ix] > z - bias) + tx * (
                depth[iy + 1, ix + 1] > z - bias
            )
            open_ += (1 - ty) * top + ty * low
        out[step] = open_ / disc.shape[0]


@njit(cache=True)
def shade(seen, screen, triangles, material, values, step, look, shadow):  # type: ignore[no-untyped-def]
    """Shade samples `seen` (H * step, W * step) into pixels; `look` and `shadow` are the light.

    Returns light on skin (H, W, 3), its albedo times cover (H, W, 3), all other light (H, W, 3),
    cover of skin (H, W), cover (H, W), distance along z (H, W; 0 where nothing is).
    """
    height, width = seen.shape[0] // step, seen.shape[1] // step
    light = np.zeros((height, width, 3), np.float32)
    albedo = np.zeros((height, width, 3), np.float32)
    other = np.zeros((height, width, 3), np.float32)
    skin = np.zeros((height, width), np.float32)
    alpha = np.zeros((height, width), np.float32)
    far = np.zeros((height, width), np.float32)
    sums = np.zeros((GROUPS, COLUMNS), np.float32)
    count = np.zeros(GROUPS, np.int32)
    disc = _spread(24)
    seen_key = np.empty(2, np.float32)
    texel = np.empty(7, np.float32)
    a = np.empty(COLUMNS, np.float32)
    e, c, s = np.empty(3, np.float32), np.empty(3, np.float32), np.empty(3, np.float32)
    share = np.float32(1.0 / (step * step))
    for y in range(height):
        for x in range(width):
            hits = _gather(seen, screen, triangles, material, values, step, x, y, sums, count)
            if hits == 0:
                continue
            alpha[y, x] = hits * share
            for g in range(GROUPS):
                if count[g] == 0:
                    continue
                for k in range(COLUMNS):
                    a[k] = sums[g, k] / np.float32(count[g])
                cover = count[g] * share
                far[y, x] += a[WORLD + 2] * count[g] / hits
                normal = unit(vec(a, NORMAL))
                if g == 4:
                    normal = towards_camera(a)
                if g != 4 and dot(normal, look.key_direction) < -0.3:
                    seen_key[0] = seen_key[1] = 0
                else:
                    key_visibility(vec(a, WORLD), normal, shadow, disc, seen_key)
                if g == 0:
                    shade_skin(look, a, seen_key, texel, e, c, s)
                    skin[y, x] = cover
                    for k in range(3):
                        light[y, x, k] = e[k]
                        albedo[y, x, k] = c[k] * cover
                        other[y, x, k] += s[k] * cover
                    continue
                if g == 1:
                    shade_eye(look, a, seen_key[0], s)
                elif g == 2:
                    shade_flesh(look, a, seen_key[0], s)
                elif g == 3:
                    shade_cloth(look, a, seen_key[0], s)
                else:
                    shade_hair(look, a, seen_key[0], s)
                for k in range(3):
                    other[y, x, k] += s[k] * cover
    return light, albedo, other, skin, alpha, far


@njit(cache=True)
def _gather(seen, screen, triangles, material, values, step, x, y, sums, count):  # type: ignore[no-untyped-def]
    """Add up the attributes of a pixel's samples by group; return how many samples hit."""
    hits = 0
    for g in range(GROUPS):
        if count[g]:
            sums[g] = 0
            count[g] = 0
    for j in range(step):
        for i in range(step):
            t = seen[y * step + j, x * step + i]
            if t < 0:
                continue
            hits += 1
            g = group_of(material[t])
            count[g] += 1
            a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
            wb, wc = barycentric(screen, a, b, c, x * step + i + 0.5, y * step + j + 0.5)
            wa = np.float32(1) - wb - wc
            for k in range(COLUMNS):
                sums[g, k] += wa * values[a, k] + wb * values[b, k] + wc * values[c, k]
    return hits


@njit(cache=True)
def find_truth(solid, seen, screen, triangles, material, values, step):  # type: ignore[no-untyped-def]
    """Return the face's matte (H, W), texture place (H, W, 2; NaN off it), front material (H, W).

    `solid` holds what is seen without strands. Brows and lashes belong to the face, hair does not.
    """
    height, width = seen.shape[0] // step, seen.shape[1] // step
    matte = np.zeros((height, width), np.float32)
    place = np.full((height, width, 2), np.nan, np.float32)
    front = np.zeros((height, width), np.uint8)
    votes = np.zeros(8, np.int32)
    share = np.float32(1.0 / (step * step))
    for y in range(height):
        for x in range(width):
            votes[:] = 0
            u, v, hits = 0.0, 0.0, 0
            for j in range(step):
                for i in range(step):
                    sy, sx = y * step + j, x * step + i
                    t, under = seen[sy, sx], solid[sy, sx]
                    if t < 0:
                        continue
                    m = material[t]
                    votes[m] += 1
                    if under < 0 or material[under] != FACE or m == HAIR:
                        continue
                    if t != under and m != BROW:
                        continue
                    a, b, c = triangles[under, 0], triangles[under, 1], triangles[under, 2]
                    wb, wc = barycentric(screen, a, b, c, sx + 0.5, sy + 0.5)
                    wa = np.float32(1) - wb - wc
                    u += wa * values[a, PLACE] + wb * values[b, PLACE] + wc * values[c, PLACE]
                    v += wa * values[a, PLACE + 1] + wb * values[b, PLACE + 1]
                    v += wc * values[c, PLACE + 1]
                    hits += 1
            front[y, x] = np.argmax(votes) if votes.max() > 0 else 0
            if hits:
                matte[y, x] = hits * share
                place[y, x, 0] = u / hits
                place[y, x, 1] = v / hits
    return matte, place, front
