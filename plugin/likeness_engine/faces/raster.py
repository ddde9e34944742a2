"""Drawing a face surface: z-buffered triangles and filtered texture look-ups.

Compiled by numba without fast maths, one thread: the same bits on every run. Coordinates are array
pixels: x right, y down, the centre of pixel [0, 0] at (0.5, 0.5).
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
from numba import njit

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int32]
Colour = tuple[np.float32, np.float32, np.float32]


@njit(cache=True)
def draw_triangles(
    vertices: Floats, triangles: Ints, height: int, width: int
) -> tuple[Ints, Floats]:
    """Draw triangles that face the camera with a z-buffer.

    vertices (V, 3): x, y in pixels, z smaller is nearer. Returns the triangle seen at each pixel
    (height, width) int32, -1 where none is, and the weights of its second and third vertex
    (height, width, 2) float32.
    """
    seen = np.full((height, width), -1, np.int32)
    weights = np.zeros((height, width, 2), np.float32)
    depth = np.full((height, width), np.inf, np.float32)
    for t in range(triangles.shape[0]):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        ax, ay = float(vertices[a, 0]), float(vertices[a, 1])
        bx, by = float(vertices[b, 0]) - ax, float(vertices[b, 1]) - ay
        cx, cy = float(vertices[c, 0]) - ax, float(vertices[c, 1]) - ay
        area = bx * cy - by * cx
        if not area > 1e-9:  # back side, or no area; NaN too
            continue
        x0 = max(int(np.floor(ax + min(0.0, bx, cx) - 0.5)), 0)
        x1 = min(int(np.ceil(ax + max(0.0, bx, cx) + 0.5)), width)
        y0 = max(int(np.floor(ay + min(0.0, by, cy) - 0.5)), 0)
        y1 = min(int(np.ceil(ay + max(0.0, by, cy) + 0.5)), height)
        za = float(vertices[a, 2])
        zb, zc = float(vertices[b, 2]) - za, float(vertices[c, 2]) - za
        for y in range(y0, y1):
            py = y + 0.5 - ay
            for x in range(x0, x1):
                px = x + 0.5 - ax
                wb = (px * cy - py * cx) / area
                wc = (bx * py - by * px) / area
                # A hair of slack: neighbours share the edge, the z-buffer decides.
                if wb < -1e-6 or wc < -1e-6 or wb + wc > 1.000001:
                    continue
                z = za + wb * zb + wc * zc
                if z < depth[y, x]:
                    depth[y, x] = z
                    seen[y, x] = t
                    weights[y, x, 0] = wb
                    weights[y, x, 1] = wc
    return seen, weights


@njit(cache=True)
def interpolate(seen: Ints, weights: Floats, triangles: Ints, values: Floats) -> Floats:
    """Return per-vertex `values` (V, k) at every drawn pixel: (height, width, k), 0 elsewhere."""
    height, width = seen.shape
    channels = values.shape[1]
    out = np.zeros((height, width, channels), np.float32)
    for y in range(height):
        for x in range(width):
            t = seen[y, x]
            if t >= 0:
                wb, wc = weights[y, x, 0], weights[y, x, 1]
                wa = np.float32(1) - wb - wc
                a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
                for k in range(channels):
                    out[y, x, k] = wa * values[a, k] + wb * values[b, k] + wc * values[c, k]
    return out


def make_pyramid(texture: Floats) -> list[Floats]:
    """Return a square power-of-two texture (T, T, k) and its halvings down to 8, each a box mean.

    The halvings are not clamped or encoded: light averages in linear.
    """
    levels = [np.ascontiguousarray(texture, np.float32)]
    while levels[-1].shape[0] > 8:
        last = levels[-1]
        half = last.shape[0] // 2
        levels.append(last.reshape(half, 2, half, 2, -1).mean((1, 3), dtype=np.float32))
    return levels


def pack_pyramid(levels: list[Floats]) -> tuple[Floats, Ints]:
    """Return the pyramid as one flat (N, k) array and the first row and size of each level."""
    flat = np.concatenate([level.reshape(-1, level.shape[2]) for level in levels])
    sizes = [level.shape[0] for level in levels]
    starts = np.concatenate([[0], np.cumsum([size * size for size in sizes])[:-1]])
    return flat, np.stack([starts, sizes], 1).astype(np.int32)


@njit(cache=True)
def look_up(
    flat: Floats, table: Ints, uv: Floats, lod: Floats, drawn: npt.NDArray[np.bool_]
) -> Floats:
    """Sample a packed RGB pyramid at uv (H, W, 2) in 0..1 with level of detail lod (H, W).

    Catmull-Rom in the finer level (no softness when magnified), bilinear in the coarser one, mixed
    by the fraction of `lod` (no aliasing when minified). Returns (H, W, 3); 0 where not `drawn`.
    """
    height, width = drawn.shape
    out = np.zeros((height, width, 3), np.float32)
    last = table.shape[0] - 1
    wx = np.zeros(4, np.float32)
    wy = np.zeros(4, np.float32)
    for y in range(height):
        for x in range(width):
            if not drawn[y, x]:
                continue
            u, v = uv[y, x, 0], uv[y, x, 1]
            level = min(max(lod[y, x], np.float32(0)), np.float32(last))
            low = int(level)
            part = level - np.float32(low)
            r, g, b = _cubic(flat, table[low, 0], table[low, 1], u, v, wx, wy)
            if part > 0:
                r2, g2, b2 = _linear(flat, table[low + 1, 0], table[low + 1, 1], u, v)
                r += (r2 - r) * part
                g += (g2 - g) * part
                b += (b2 - b) * part
            out[y, x, 0] = r
            out[y, x, 1] = g
            out[y, x, 2] = b
    return out


@njit(cache=True)
def _cubic(
    flat: Floats, start: int, size: int, u: float, v: float, wx: Floats, wy: Floats
) -> Colour:
    fx, fy = u * size - np.float32(0.5), v * size - np.float32(0.5)
    ix, iy = int(np.floor(fx)), int(np.floor(fy))
    _catmull_rom(fx - np.float32(ix), wx)
    _catmull_rom(fy - np.float32(iy), wy)
    r = g = b = np.float32(0)
    for j in range(4):
        row = start + min(max(iy + j - 1, 0), size - 1) * size
        rr = rg = rb = np.float32(0)
        for i in range(4):
            at = row + min(max(ix + i - 1, 0), size - 1)
            w = wx[i]
            rr += w * flat[at, 0]
            rg += w * flat[at, 1]
            rb += w * flat[at, 2]
        r += wy[j] * rr
        g += wy[j] * rg
        b += wy[j] * rb
    return r, g, b


@njit(cache=True)
def _linear(flat: Floats, start: int, size: int, u: float, v: float) -> Colour:
    fx, fy = u * size - np.float32(0.5), v * size - np.float32(0.5)
    ix, iy = int(np.floor(fx)), int(np.floor(fy))
    tx, ty = fx - np.float32(ix), fy - np.float32(iy)
    r = g = b = np.float32(0)
    for j in range(2):
        row = start + min(max(iy + j, 0), size - 1) * size
        for i in range(2):
            w = (ty if j else np.float32(1) - ty) * (tx if i else np.float32(1) - tx)
            at = row + min(max(ix + i, 0), size - 1)
            r += w * flat[at, 0]
            g += w * flat[at, 1]
            b += w * flat[at, 2]
    return r, g, b


@njit(cache=True)
def _catmull_rom(t: float, w: Floats) -> None:
    """Write the weights of the four neighbours of a place that is t (0..1) past the second."""
    half = np.float32(0.5)
    t2 = t * t
    t3 = t2 * t
    w[0] = half * (-t3 + np.float32(2) * t2 - t)
    w[1] = half * (np.float32(3) * t3 - np.float32(5) * t2 + np.float32(2))
    w[2] = half * (np.float32(-3) * t3 + np.float32(4) * t2 + t)
    w[3] = half * (t3 - t2)


def look_at(picture: Floats, places_px: Floats, kind: int) -> Floats:
    """Sample a picture (H, W, k) at pixel places (h, w, 2) with an OpenCV filter; edges repeat."""
    x = places_px[..., 0] - np.float32(0.5)
    y = places_px[..., 1] - np.float32(0.5)
    out: Floats = cv2.remap(picture, x, y, kind, borderMode=cv2.BORDER_REPLICATE)
    return out


def level_of_detail(vertices: Floats, uv: Floats, triangles: Ints, size: int) -> Floats:
    """Return each vertex's level of detail (V,) for a texture of `size` texels on drawn vertices.

    The level's texel is as large as a pixel across the more stretched direction, but at most twice
    finer than the area asks for: sharp where the skin turns away, without sparkle.
    """
    a, b, c = triangles.T
    d1, d2 = (vertices[b] - vertices[a])[:, :2], (vertices[c] - vertices[a])[:, :2]
    t1, t2 = (uv[b] - uv[a]) * size, (uv[c] - uv[a]) * size
    det = d1[:, 0] * d2[:, 1] - d1[:, 1] * d2[:, 0]
    safe = np.where(np.abs(det) < 1e-3, 1e-3, det)
    # J: texels a pixel step in x and y moves, per triangle.
    jx = (t1 * d2[:, 1:2] - t2 * d1[:, 1:2]) / safe[:, None]
    jy = (t2 * d1[:, 0:1] - t1 * d2[:, 0:1]) / safe[:, None]
    p, q, r = (jx**2).sum(1), (jx * jy).sum(1), (jy**2).sum(1)
    root = np.sqrt(np.maximum((p - r) ** 2 / 4 + q**2, 0))
    major = np.sqrt(np.maximum((p + r) / 2 + root, 1e-12))
    minor = np.sqrt(np.maximum((p + r) / 2 - root, 1e-12))
    lod = np.log2(np.maximum(minor, major / 2))
    weight = np.abs(det) + 1e-3
    total = np.zeros(len(vertices))
    share = np.zeros(len(vertices))
    for corner in (a, b, c):
        np.add.at(total, corner, lod * weight)
        np.add.at(share, corner, weight)
    return (total / np.maximum(share, 1e-9)).astype(np.float32)
