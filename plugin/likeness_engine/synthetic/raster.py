"""Drawing meshes: a z-buffer over samples, and vertex normals and texture directions.

One thread, no fast maths: the same bits on every run.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from likeness_engine.synthetic.scene import Floats, Ints


@njit(cache=True)
def _span(py, bx, by, cx, cy, inv, low, high):  # type: ignore[no-untyped-def]
    """Return the part of a row, low to high from the first corner, that a triangle may cover.

    Thin triangles (hair) leave most of their box empty; exact tests follow for what is left.
    """
    for k in range(3):
        if k == 0:
            slope, value = cy * inv, -py * cx * inv
        elif k == 1:
            slope, value = -by * inv, bx * py * inv
        else:
            slope, value = (by - cy) * inv, 1.0 + py * (cx - bx) * inv
        value += 2e-6
        if slope > 1e-12:
            low = max(low, -value / slope)
        elif slope < -1e-12:
            high = min(high, -value / slope)
        elif value < 0:
            return 1.0, 0.0
    return low, high


@njit(cache=True)
def draw(screen: Floats, triangles: Ints, first: int, seen: Ints, depth: Floats, *, both: bool):  # type: ignore[no-untyped-def]
    """Draw triangles into `seen` (H, W) int32 and `depth` (H, W) float32, both changed in place.

    screen (V, 3): x, y in samples (the centre of sample [0, 0] at 0.5, 0.5) and z, smaller is
    nearer. `first` is added to the triangle's number; `both` draws back sides too.
    """
    height, width = seen.shape
    for t in range(triangles.shape[0]):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        ax, ay = np.float64(screen[a, 0]), np.float64(screen[a, 1])
        bx, by = np.float64(screen[b, 0]) - ax, np.float64(screen[b, 1]) - ay
        cx, cy = np.float64(screen[c, 0]) - ax, np.float64(screen[c, 1]) - ay
        area = bx * cy - by * cx
        if not (area > 1e-9 or (both and area < -1e-9)):
            continue
        x0 = max(int(np.floor(ax + min(0.0, bx, cx) - 0.5)), 0)
        x1 = min(int(np.ceil(ax + max(0.0, bx, cx) + 0.5)), width)
        y0 = max(int(np.floor(ay + min(0.0, by, cy) - 0.5)), 0)
        y1 = min(int(np.ceil(ay + max(0.0, by, cy) + 0.5)), height)
        if x0 >= x1 or y0 >= y1:
            continue
        za = np.float64(screen[a, 2])
        zb, zc = np.float64(screen[b, 2]) - za, np.float64(screen[c, 2]) - za
        inv = 1.0 / area
        for y in range(y0, y1):
            py = y + 0.5 - ay
            low, high = _span(py, bx, by, cx, cy, inv, x0 + 0.5 - ax, x1 - 0.5 - ax)
            if low > high:
                continue
            first_x = max(int(np.floor(low + ax - 0.5)), x0)
            last_x = min(int(np.ceil(high + ax - 0.5)) + 1, x1)
            for x in range(first_x, last_x):
                px = x + 0.5 - ax
                wb = (px * cy - py * cx) * inv
                wc = (bx * py - by * px) * inv
                if wb < -1e-6 or wc < -1e-6 or wb + wc > 1.000001:
                    continue
                z = np.float32(za + wb * zb + wc * zc)
                if z < depth[y, x]:
                    depth[y, x] = z
                    seen[y, x] = t + first


@njit(cache=True)
def vertex_frames(points: Floats, uv: Floats, triangles: Ints):  # type: ignore[no-untyped-def]
    """Return unit normals out of the skin, and how the points move (mm) per unit of u and of v.

    points (V, 3), uv (V, 2); each result (V, 3) float32, area-weighted means over triangles.
    """
    count = points.shape[0]
    normal = np.zeros((count, 3))
    along_u = np.zeros((count, 3))
    along_v = np.zeros((count, 3))
    weight = np.zeros(count)
    for t in range(triangles.shape[0]):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        e = np.empty(3)
        f = np.empty(3)
        for k in range(3):
            e[k] = np.float64(points[b, k]) - points[a, k]
            f[k] = np.float64(points[c, k]) - points[a, k]
        # Clockwise on screen with y down and z away: the outward normal is f x e.
        n0 = f[1] * e[2] - f[2] * e[1]
        n1 = f[2] * e[0] - f[0] * e[2]
        n2 = f[0] * e[1] - f[1] * e[0]
        eu, ev = uv[b, 0] - uv[a, 0], uv[b, 1] - uv[a, 1]
        fu, fv = uv[c, 0] - uv[a, 0], uv[c, 1] - uv[a, 1]
        det = np.float64(eu) * fv - np.float64(ev) * fu
        area = abs(det)
        for v in (a, b, c):
            normal[v, 0] += n0
            normal[v, 1] += n1
            normal[v, 2] += n2
            if area > 1e-12:
                weight[v] += area
                sign = 1.0 if det > 0 else -1.0
                for k in range(3):
                    along_u[v, k] += sign * (e[k] * fv - f[k] * ev)
                    along_v[v, k] += sign * (f[k] * eu - e[k] * fu)
    for v in range(count):
        size = np.sqrt(normal[v, 0] ** 2 + normal[v, 1] ** 2 + normal[v, 2] ** 2)
        for k in range(3):
            normal[v, k] /= max(size, 1e-12)
            along_u[v, k] /= max(weight[v], 1e-12)
            along_v[v, k] /= max(weight[v], 1e-12)
    return normal.astype(np.float32), along_u.astype(np.float32), along_v.astype(np.float32)


@njit(cache=True)
def barycentric(screen: Floats, a: int, b: int, c: int, x: float, y: float):  # type: ignore[no-untyped-def]
    """Return the weights of b and c at a sample, kept inside the triangle."""
    ax, ay = np.float64(screen[a, 0]), np.float64(screen[a, 1])
    bx, by = np.float64(screen[b, 0]) - ax, np.float64(screen[b, 1]) - ay
    cx, cy = np.float64(screen[c, 0]) - ax, np.float64(screen[c, 1]) - ay
    area = bx * cy - by * cx
    if abs(area) < 1e-12:
        return np.float32(0), np.float32(0)
    wb = ((x - ax) * cy - (y - ay) * cx) / area
    wc = (bx * (y - ay) - by * (x - ax)) / area
    inside = min(max(wb, 0.0), 1.0)
    return np.float32(inside), np.float32(min(max(wc, 0.0), 1.0 - inside))


@njit(cache=True)
def read(seen: Ints, screen: Floats, triangles: Ints, values: Floats) -> Floats:
    """Return per-vertex `values` (V, k) at every drawn sample: (H, W, k) float32, 0 elsewhere."""
    height, width = seen.shape
    channels = values.shape[1]
    out = np.zeros((height, width, channels), np.float32)
    for y in range(height):
        for x in range(width):
            t = seen[y, x]
            if t < 0:
                continue
            a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
            wb, wc = barycentric(screen, a, b, c, x + 0.5, y + 0.5)
            wa = np.float32(1) - wb - wc
            for k in range(channels):
                out[y, x, k] = wa * values[a, k] + wb * values[b, k] + wc * values[c, k]
    return out
