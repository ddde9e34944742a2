"""Noise in space, compiled: the same bits for the same seed."""

from __future__ import annotations

import numpy as np
from numba import njit

from likeness_engine.synthetic.scene import Floats


@njit(cache=True)
def hash3(x: int, y: int, z: int, seed: int) -> np.float32:
    """Return a number 0..1 for a lattice point."""
    h = np.uint32(x * 374761393 + y * 668265263 + z * 2147483647 + seed * 974634777)
    h = np.uint32((h ^ (h >> np.uint32(13))) * np.uint32(1274126177))
    h = np.uint32((h ^ (h >> np.uint32(16))) * np.uint32(2246822519))
    h = h ^ (h >> np.uint32(15))
    return np.float32(h & np.uint32(0xFFFFFF)) / np.float32(16777216.0)


@njit(cache=True)
def value_noise(x: float, y: float, z: float, seed: int) -> np.float32:
    """Return smooth noise -1..1 with features of about one unit."""
    ix, iy, iz = int(np.floor(x)), int(np.floor(y)), int(np.floor(z))
    fx, fy, fz = x - ix, y - iy, z - iz
    fx = fx * fx * fx * (fx * (fx * 6 - 15) + 10)
    fy = fy * fy * fy * (fy * (fy * 6 - 15) + 10)
    fz = fz * fz * fz * (fz * (fz * 6 - 15) + 10)
    total = 0.0
    for k in range(2):
        wz = fz if k else 1 - fz
        for j in range(2):
            wy = fy if j else 1 - fy
            a = hash3(ix, iy + j, iz + k, seed)
            b = hash3(ix + 1, iy + j, iz + k, seed)
            total += wz * wy * (a + (b - a) * fx)
    return np.float32(total * 2 - 1)


@njit(cache=True)
def fractal(points: Floats, size: float, octaves: int, seed: int) -> Floats:
    """Return noise (N,) of points (N, 3) mm: features of `size` mm and `octaves` halvings of it."""
    out = np.zeros(points.shape[0], np.float32)
    total = 0.0
    for o in range(octaves):
        total += 0.55**o
    for i in range(points.shape[0]):
        s, w, acc = 1.0 / size, 1.0, 0.0
        for o in range(octaves):
            acc += w * value_noise(
                points[i, 0] * s + 17.3 * o, points[i, 1] * s, points[i, 2] * s, seed + o
            )
            s *= 2.0
            w *= 0.55
        out[i] = np.float32(acc / total)
    return out


@njit(cache=True)
def cells(points: Floats, size: float, seed: int):  # type: ignore[no-untyped-def]
    """Return distances (N, 2) to the nearest two of seeds `size` mm apart, and a number.

    Worley 1996. Distances are in units of `size`; the number (N,) of the nearest seed is 0..1.
    """
    count = points.shape[0]
    out = np.zeros((count, 2), np.float32)
    number = np.zeros(count, np.float32)
    for i in range(count):
        x, y, z = points[i, 0] / size, points[i, 1] / size, points[i, 2] / size
        ix, iy, iz = int(np.floor(x)), int(np.floor(y)), int(np.floor(z))
        best, second, who = 9.0, 9.0, 0.0
        for step in range(27):
            at = (step + 13) % 27  # the own cell first
            h, j, k = at % 3 - 1, at // 3 % 3 - 1, at // 9 - 1
            cx, cy, cz = ix + h, iy + j, iz + k
            # No seed of a cell is nearer than the cell's own wall.
            gx = max(cx - x, x - cx - 1, 0.0)
            gy = max(cy - y, y - cy - 1, 0.0)
            gz = max(cz - z, z - cz - 1, 0.0)
            if gx * gx + gy * gy + gz * gz >= second:
                continue
            dx = cx + hash3(cx, cy, cz, seed) - x
            dy = cy + hash3(cx, cy, cz, seed + 1) - y
            dz = cz + hash3(cx, cy, cz, seed + 2) - z
            d = dx * dx + dy * dy + dz * dz
            if d < best:
                second = best
                best = d
                who = hash3(cx, cy, cz, seed + 3)
            elif d < second:
                second = d
        out[i, 0], out[i, 1] = np.sqrt(best), np.sqrt(second)
        number[i] = who
    return out, number


@njit(cache=True)
def near_line(points: Floats, line: Floats, reach: float):  # type: ignore[no-untyped-def]
    """Return the distance (N,) of points (N, 3) to a polyline (K, 3), and where along it (0..1).

    Beyond `reach` the distance is `reach`.
    """
    count, last = points.shape[0], line.shape[0] - 1
    out = np.full(count, reach, np.float32)
    along = np.zeros(count, np.float32)
    low, high = np.empty(3), np.empty(3)
    for k in range(3):
        low[k], high[k] = line[:, k].min() - reach, line[:, k].max() + reach
    for i in range(count):
        p0, p1, p2 = points[i, 0], points[i, 1], points[i, 2]
        if (
            p0 < low[0]
            or p0 > high[0]
            or p1 < low[1]
            or p1 > high[1]
            or p2 < low[2]
            or p2 > high[2]
        ):
            continue
        best = np.float64(reach * reach)
        for s in range(last):
            a0, a1, a2 = line[s, 0], line[s, 1], line[s, 2]
            e0, e1, e2 = line[s + 1, 0] - a0, line[s + 1, 1] - a1, line[s + 1, 2] - a2
            q = e0 * e0 + e1 * e1 + e2 * e2
            t = ((p0 - a0) * e0 + (p1 - a1) * e1 + (p2 - a2) * e2) / max(q, 1e-9)
            t = min(max(t, 0.0), 1.0)
            d = (p0 - a0 - t * e0) ** 2 + (p1 - a1 - t * e1) ** 2 + (p2 - a2 - t * e2) ** 2
            if d < best:
                best = d
                along[i] = (s + t) / last
        out[i] = np.sqrt(best)
    return out, along
