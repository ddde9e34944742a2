"""Light that reaches a head: what of the sky each vertex sees, and the key's shadow map.

Ambient light is found once per vertex: depth maps of the head from many directions say which parts
of the environment are hidden (eye sockets, nostrils, under the chin), and the sum over the open
directions is that vertex's diffuse light. It depends on the expression, not on the pose, as the
visibility is kept in the frame of the head.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from likeness_engine.synthetic.raster import draw
from likeness_engine.synthetic.scene import Floats, Ints, Light

Doubles = npt.NDArray[np.float64]


@lru_cache(maxsize=4)
def sphere_directions(count: int) -> Doubles:
    """Return unit vectors (count, 3), evenly spread (Fibonacci lattice)."""
    k = np.arange(count) + 0.5
    y = 1 - 2 * k / count
    around = np.pi * (1 + 5**0.5) * k
    ring = np.sqrt(1 - y * y)
    return np.stack([ring * np.cos(around), y, ring * np.sin(around)], 1)


@njit(cache=True)
def _unhidden(points: Floats, screen: Floats, depth: Floats, bias: float, out: Floats):  # type: ignore[no-untyped-def]
    """Write the open part (0..1) of each vertex in one depth map: bilinear over four tests."""
    size = depth.shape[0]
    for v in range(points.shape[0]):
        x, y = screen[v, 0] - 0.5, screen[v, 1] - 0.5
        ix, iy = int(np.floor(x)), int(np.floor(y))
        fx, fy = x - ix, y - iy
        open_ = np.float32(0)
        for j in range(2):
            for i in range(2):
                cx = min(max(ix + i, 0), size - 1)
                cy = min(max(iy + j, 0), size - 1)
                if screen[v, 2] - bias <= depth[cy, cx]:
                    open_ += (fx if i else 1 - fx) * (fy if j else 1 - fy)
        out[v] = open_


def light_frame(direction: Doubles) -> Doubles:
    """Return the rotation (3, 3) whose rows are right, down and away along a light's rays."""
    away = -direction / np.linalg.norm(direction)
    up = np.array([0.0, 1.0, 0.0]) if abs(away[1]) < 0.9 else np.array([0.0, 0.0, 1.0])
    right = np.cross(up, away)
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(away, right), away])


def project(points: Doubles, frame: Doubles, centre: Doubles, per_mm: float, size: int) -> Floats:
    """Return points (V, 3) in the light's map: x, y in texels, z in mm."""
    turned = (points - centre) @ frame.T
    turned[:, :2] = turned[:, :2] * per_mm + size / 2
    return np.ascontiguousarray(turned, np.float32)


def find_open_sky(
    points: Doubles, normals: Floats, triangles: Ints, *, directions: int, size: int
) -> Floats:
    """Return for each vertex and direction cos(angle) where open, else 0: (V, directions)."""
    out = np.empty((directions, len(points)), np.float32)
    centre = np.array([0.0, 30.0, 60.0])
    per_mm = size / 420.0
    eased = points + normals * 1.5  # off the surface, so that a vertex does not hide itself
    for k, direction in enumerate(sphere_directions(directions)):
        frame = light_frame(direction)
        depth = np.full((size, size), np.inf, np.float32)
        seen = np.full((size, size), -1, np.int32)
        draw(project(points, frame, centre, per_mm, size), triangles, 0, seen, depth, both=False)
        screen = project(eased, frame, centre, per_mm, size)
        _unhidden(screen, screen, depth, 2.0, out[k])
        out[k] *= np.clip(normals @ direction.astype(np.float32), 0, 1)
    return np.ascontiguousarray(out.T)


def radiance(light: Light, directions: Doubles, *, blur: float = 0.0) -> Doubles:
    """Return the environment's light (N, 3) from directions (N, 3), `blur` 0 sharp to 1 diffuse."""
    up = np.clip(0.5 - 0.5 * directions[:, 1:2] * (1 - 0.4 * blur), 0, 1)
    up = up * up * (3 - 2 * up)
    total = np.array(light.ground) * (1 - up) + np.array(light.sky) * up
    for lobe in light.lobes:
        axis = np.array(lobe.direction) / np.linalg.norm(lobe.direction)
        sharp = lobe.sharpness / (1 + lobe.sharpness * blur)
        gain = sharp / lobe.sharpness
        total = (
            total + np.array(lobe.colour) * gain * np.exp(sharp * (directions @ axis - 1))[:, None]
        )
    return np.asarray(total)


def gather_sky(open_sky: Floats, light: Light, head: Doubles) -> Floats:
    """Return the diffuse light / pi at each vertex (V, 3); `head` turns head space to world."""
    directions = sphere_directions(open_sky.shape[1])
    colours = radiance(light, directions @ head.T)
    # Solid angle 4 pi / n each; irradiance / pi.
    return (open_sky @ (colours * (4.0 / len(directions))).astype(np.float32)).astype(np.float32)


class ShadowMap(NamedTuple):
    """Depth of the nearest surface along the key's rays."""

    depth: Floats  # (S, S) mm
    frame: Floats  # (3, 3)
    centre: Floats  # (3,)
    per_mm: np.float32
    softness_mm: np.float32


def cast_shadow(
    points: Doubles, triangles: Ints, light: Light, size: int, centre: Doubles
) -> ShadowMap:
    """Draw all triangles from the key into a size x size map, 480 mm wide around `centre`."""
    frame = light_frame(np.array(light.key_direction))
    per_mm = size / 480.0
    screen = project(points, frame, centre, per_mm, size)
    depth = np.full((size, size), np.inf, np.float32)
    seen = np.full((size, size), -1, np.int32)
    draw(screen, triangles, 0, seen, depth, both=True)
    return ShadowMap(
        depth,
        frame.astype(np.float32),
        centre.astype(np.float32),
        np.float32(per_mm),
        np.float32(light.key_softness_mm),
    )
