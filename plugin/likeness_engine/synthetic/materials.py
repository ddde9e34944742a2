"""How skin, eyes, wet flesh, cloth and hair answer to light, per shaded pixel. Compiled.

Skin: Lambert with a wrapped, red-bled terminator and normals softened per channel (after "Hybrid
Normal Maps", Ma et al. 2007), two lobes of GGX (Walter et al. 2007). Hair: Kajiya and Kay 1989 with
two shifted highlights (Marschner et al. 2003, as Scheuermann 2004 simplified them).

Vectors are tuples: small arrays would be allocated for every pixel.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from likeness_engine.synthetic.noise import value_noise
from likeness_engine.synthetic.scene import Floats, Ints

# Columns of the vertex attributes.
NORMAL, ALONG_U, ALONG_V, PLACE, SKY, LOCAL, TAG, WORLD = 0, 3, 6, 9, 11, 14, 17, 18
COLUMNS = 21


class Look(NamedTuple):
    """Everything of a scene that shading needs, as arrays for compiled code."""

    key_direction: Floats  # (3,) towards the light, unit
    key: Floats  # (3,)
    sky: Floats  # (3,)
    ground: Floats  # (3,)
    lobes: Floats  # (L, 7) direction, colour, sharpness
    gaze: Floats  # (2, 3) axes of the right and left eye
    iris: Floats  # (2, 3) outer and inner colour
    hair: Floats  # (3,)
    texture: Floats  # (N, 7)
    levels: Ints  # (K, 2)
    px_per_mm: np.float32
    oil: np.float32
    fuzz: np.float32  # seed of small variations


@njit(cache=True)
def vec(row, at):  # type: ignore[no-untyped-def]
    """Return three columns of a row as a tuple."""
    return (row[at], row[at + 1], row[at + 2])


@njit(cache=True)
def unit(v):  # type: ignore[no-untyped-def]
    scale = np.float32(1.0 / max(np.sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]), 1e-9))
    return (v[0] * scale, v[1] * scale, v[2] * scale)


@njit(cache=True)
def dot(a, b):  # type: ignore[no-untyped-def]
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


@njit(cache=True)
def blend(a, x, b, y):  # type: ignore[no-untyped-def]
    """Return a * x + b * y of two vectors and two numbers."""
    x, y = np.float32(x), np.float32(y)
    return (a[0] * x + b[0] * y, a[1] * x + b[1] * y, a[2] * x + b[2] * y)


@njit(cache=True)
def cross(a, b):  # type: ignore[no-untyped-def]
    return (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])


@njit(cache=True)
def towards_camera(a):  # type: ignore[no-untyped-def]
    return unit((-a[WORLD], -a[WORLD + 1], -a[WORLD + 2]))


@njit(cache=True)
def sample(look, u, v, lod, out):  # type: ignore[no-untyped-def]
    """Read the skin texture: bilinear in two levels, mixed."""
    last = look.levels.shape[0] - 1
    lod = min(max(lod, 0.0), float(last))
    low = int(lod)
    for k in range(out.shape[0]):
        out[k] = 0
    for step in range(2):
        level = min(low + step, last)
        gain = lod - low if step else 1 - (lod - low)
        if gain <= 0:
            continue
        start, size = look.levels[level, 0], look.levels[level, 1]
        x, y = u * size - 0.5, v * size - 0.5
        ix, iy = int(np.floor(x)), int(np.floor(y))
        fx, fy = x - ix, y - iy
        for j in range(2):
            row = start + min(max(iy + j, 0), size - 1) * size
            wy = (fy if j else 1 - fy) * gain
            for i in range(2):
                w = np.float32((fx if i else 1 - fx) * wy)
                at = row + min(max(ix + i, 0), size - 1)
                for k in range(out.shape[0]):
                    out[k] += w * look.texture[at, k]


@njit(cache=True)
def environment(look, d, blur):  # type: ignore[no-untyped-def]
    """Return the environment's light (3) from direction d, `blur` 0 sharp to 1 diffuse."""
    up = min(max(0.5 - 0.5 * d[1] * (1 - 0.4 * blur), 0.0), 1.0)
    up = up * up * (3 - 2 * up)
    r = look.ground[0] * (1 - up) + look.sky[0] * up
    g = look.ground[1] * (1 - up) + look.sky[1] * up
    b = look.ground[2] * (1 - up) + look.sky[2] * up
    for j in range(look.lobes.shape[0]):
        sharp = look.lobes[j, 6] / (1 + look.lobes[j, 6] * blur)
        c = d[0] * look.lobes[j, 0] + d[1] * look.lobes[j, 1] + d[2] * look.lobes[j, 2]
        gain = sharp / look.lobes[j, 6] * np.exp(sharp * (c - 1))
        r += look.lobes[j, 3] * gain
        g += look.lobes[j, 4] * gain
        b += look.lobes[j, 5] * gain
    return (r, g, b)


@njit(cache=True)
def ggx(n, v, l, alpha, f0):  # type: ignore[no-untyped-def]  # noqa: E741
    """Return the specular reflection times cos(light), divided by the key's pi."""
    nl, nv = dot(n, l), max(dot(n, v), 0.04)
    if nl <= 0:
        return 0.0
    h = unit(blend(v, 1.0, l, 1.0))
    nh, vh = max(dot(n, h), 0.0), max(dot(v, h), 0.0)
    a2 = alpha * alpha
    d = a2 / (nh * nh * (a2 - 1) + 1) ** 2  # pi cancels with the key's
    k = alpha * 0.5
    g = 1.0 / ((nl * (1 - k) + k) * (nv * (1 - k) + k) * 4)
    fresnel = f0 + (1 - f0) * (1 - vh) ** 5
    return d * g * fresnel * nl


@njit(cache=True)
def shade_skin(look, a, shadow, texel, irradiance, albedo, shine):  # type: ignore[no-untyped-def]
    """Write diffuse light, albedo and shine (3 each); `shadow` (2,) has a sharp and a wide edge."""
    n = unit(vec(a, NORMAL))
    v = towards_camera(a)
    pu, pv = vec(a, ALONG_U), vec(a, ALONG_V)
    light = vec(look.key_direction, 0)
    size = look.levels[0, 1]
    stretch = np.sqrt(max(np.sqrt(dot(pu, pu) * dot(pv, pv)), 1e-6))  # mm per unit of the texture
    lod = np.log2(max(size / (stretch * look.px_per_mm), 1e-3)) - 0.35
    sample(look, a[PLACE], a[PLACE + 1], lod, texel)
    gu, gv = cross(pv, n), cross(n, pu)
    det = dot(pu, gu)
    bent = n
    if abs(det) > 1e-6:
        slope = blend(gu, texel[3] / det, gv, texel[4] / det)
        steep = np.sqrt(dot(slope, slope))
        bent = unit(blend(n, 1.0, slope, -1.0 / (1.0 + 0.6 * steep)))
    env = environment(look, bent, 1.0)
    flat = environment(look, n, 1.0)
    for k in range(3):
        soft = (0.55, 0.30, 0.15)[k]
        normal = unit(blend(bent, 1 - soft, n, soft))
        wrap = (0.15, 0.07, 0.05)[k]
        lit = max((dot(normal, light) + wrap) / (1 + wrap), 0.0)
        lit = lit * lit / (lit + 0.02) if lit > 0 else 0.0
        share = (0.20, 0.14, 0.10)[k]
        dark = shadow[0] * (1 - share) + shadow[1] * share
        ambient = a[SKY + k] * (env[k] + 0.02) / (flat[k] + 0.02) * (1 - 0.5 * texel[6])
        irradiance[k] = look.key[k] * lit * dark + ambient
        albedo[k] = texel[k]
    _shine_on_skin(look, a, bent, v, texel, shadow[0], shine)


@njit(cache=True)
def _shine_on_skin(look, a, n, v, texel, shadow, shine):  # type: ignore[no-untyped-def]
    gloss = texel[5] * look.oil
    light = vec(look.key_direction, 0)
    key = 0.82 * ggx(n, v, light, 0.27, 0.028) + 0.18 * ggx(n, v, light, 0.11, 0.028)
    nv = max(dot(n, v), 0.0)
    mirror = blend(n, 2 * dot(n, v), v, -1.0)
    bounce = environment(look, mirror, 0.10)
    fresnel = 0.022 + 0.22 * (1 - nv) ** 5
    env = environment(look, n, 1.0)
    for k in range(3):
        open_ = min(a[SKY + k] / (env[k] + 0.02), 1.0)
        shine[k] = gloss * (look.key[k] * key * shadow + bounce[k] * fresnel * open_ * open_)


@njit(cache=True)
def shade_eye(look, a, shadow, out):  # type: ignore[no-untyped-def]
    n = unit(vec(a, NORMAL))
    v = towards_camera(a)
    gaze = vec(look.gaze[1 if a[TAG] > 0.5 else 0], 0)
    light = vec(look.key_direction, 0)
    l0, l1, l2 = a[LOCAL], a[LOCAL + 1], a[LOCAL + 2]
    angle = np.arccos(min(max(-l2, -1.0), 1.0))
    r = angle / 0.51  # 1 at the edge of the iris
    around = np.arctan2(l1, l0)
    seed = int(look.fuzz)
    fibre = inner = ring = pupil = 0.0
    bent = n
    edge = min(max((r - 0.90) / 0.16, 0.0), 1.0)
    edge = edge * edge * (3 - 2 * edge)
    if r < 1.1:
        fibre = value_noise(around * 14, r * 2.5, a[TAG], seed) * 0.5
        fibre += value_noise(around * 30, r * 4.0, 3.0 + a[TAG], seed) * 0.35
        inner = np.exp(-(((r - 0.42 - 0.04 * fibre) / 0.14) ** 2))
        ring = 1 - 0.75 * min(max((r - 0.74) / 0.24, 0.0), 1.0)
        pupil = min(max((r - 0.33) / 0.05, 0.0), 1.0)
        # The iris is a shallow bowl behind the cornea: lit on the side away from the light.
        bent = unit(blend(gaze, 2.1, n, -1.1))
    vein = value_noise(l0 * 16 + 3, l1 * 26, l2 * 9, seed + 5)
    vein = max(0.16 - abs(vein), 0.0) * 5 * min(max((r - 1.3) / 1.2, 0.0), 1.0)
    white = (0.43 - 0.02 * vein, 0.375 - 0.2 * vein, 0.335 - 0.2 * vein)
    wet = unit(blend(n, 0.85, v, 0.15))
    lit_white = max((dot(wet, light) + 0.25) / 1.25, 0.0)
    lit_iris = max((dot(bent, light) + 0.15) / 1.15, 0.0)
    glint = ggx(n, v, light, 0.035 + 0.02 * edge, 0.035)
    mirror = blend(n, 2 * dot(n, v), v, -1.0)
    bounce = environment(look, mirror, 0.004)
    fresnel = 0.03 + 0.5 * (1 - max(dot(n, v), 0.0)) ** 5
    open_ = min((a[SKY] + a[SKY + 1] + a[SKY + 2]) / 0.45, 1.0)
    for k in range(3):
        tone = look.iris[0, k] * (1 - 0.8 * inner) + look.iris[1, k] * 0.8 * inner
        colour = (tone * (1 + 0.6 * fibre) * ring) * pupil + 0.004
        base = white[k] * edge + colour * (1 - edge)
        lit = lit_white * edge + 1.4 * lit_iris * (1 - edge)
        out[k] = base * (look.key[k] * lit * shadow + a[SKY + k] * 0.9)
        out[k] += look.key[k] * min(glint, 40.0) * shadow + bounce[k] * fresnel * open_


@njit(cache=True)
def shade_flesh(look, a, shadow, out):  # type: ignore[no-untyped-def]
    """Teeth, gums, tongue: diffuse of the local colour under a wet film."""
    n = unit(vec(a, NORMAL))
    v = towards_camera(a)
    light = vec(look.key_direction, 0)
    lit = max((dot(n, light) + 0.3) / 1.3, 0.0)
    glint = ggx(n, v, light, 0.06, 0.035)
    for k in range(3):
        # Light that has gone through lips and cheeks keeps the mouth from being black.
        glow = 0.035 * look.key[k] + 0.35 * look.sky[k]
        out[k] = a[LOCAL + k] * (look.key[k] * lit * shadow * 0.9 + a[SKY + k] + glow)
        out[k] += look.key[k] * min(glint, 3.0) * shadow * 0.35 + a[SKY + k] * 0.03


@njit(cache=True)
def shade_cloth(look, a, shadow, out):  # type: ignore[no-untyped-def]
    n = unit(vec(a, NORMAL))
    v = towards_camera(a)
    x, y = a[LOCAL], a[LOCAL + 1]
    weave = 1 + 0.10 * value_noise(x * 1.4, y * 0.25, a[LOCAL + 2], 91)
    weave += 0.10 * value_noise(x * 0.25, y * 1.4, a[LOCAL + 2], 92)
    weave += 0.08 * value_noise(x * 0.05, y * 0.05, a[LOCAL + 2] * 0.05, 93)
    light = vec(look.key_direction, 0)
    lit = max(dot(n, light), 0.0)
    sheen = 0.04 * (1 - max(dot(n, v), 0.0)) ** 3
    for k in range(3):
        base = (0.055, 0.070, 0.095)[k] * weave
        out[k] = (base + sheen) * (look.key[k] * lit * shadow + a[SKY + k])


@njit(cache=True)
def shade_hair(look, a, shadow, out):  # type: ignore[no-untyped-def]
    """NORMAL holds the strand's direction, LOCAL how deep it lies, its tone and its place along."""
    t = unit(vec(a, NORMAL))
    v = towards_camera(a)
    light = vec(look.key_direction, 0)
    deep, tone = a[LOCAL], a[LOCAL + 1]
    tl, tv = dot(t, light), dot(t, v)
    sl, sv = np.sqrt(max(1 - tl * tl, 0.0)), np.sqrt(max(1 - tv * tv, 0.0))
    # Longitudinal highlights: the white one leans to the tip, the tinted one to the root.
    cone = -tl * tv + sl * sv
    shift = 0.10 + 0.06 * (tone - 0.5)
    first = max(cone * np.cos(shift) + (tl * sv + tv * sl) * np.sin(shift), 0.0) ** 90
    second = max(cone * np.cos(shift) - (tl * sv + tv * sl) * np.sin(2 * shift), 0.0) ** 18
    through = 0.35 + 0.65 * shadow
    for k in range(3):
        base = look.hair[k] * (0.72 + 0.56 * tone)
        diffuse = base * (look.key[k] * sl * 0.85 * through * shadow + a[SKY + k] * 1.15)
        glow = look.key[k] * shadow * (0.055 * first + np.sqrt(base) * 0.16 * second)
        out[k] = (diffuse + glow + 0.012 * a[SKY + k] * first) * (1 - 0.75 * deep)
