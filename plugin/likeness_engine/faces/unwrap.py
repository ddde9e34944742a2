"""Unwrapping: from a picture of a face and its mesh to the face's UV texture."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from likeness_engine.faces.raster import draw_triangles, interpolate, look_at
from likeness_engine.faces.topology import Floats, Ints, surface


@dataclass(frozen=True)
class View:
    """One picture's texture and how well each texel was seen."""

    texture: Floats  # (T, T, 3) linear
    quality: Floats  # (T, T) 0..1: 0 is unseen, 1 faces the camera


@lru_cache(maxsize=4)
def draw_uv_layout(size: int) -> tuple[Ints, Floats]:
    """Return which triangle lies at each texel of a square texture, and its weights there."""
    flat = np.c_[surface().uv * size, np.zeros(len(surface().uv))].astype(np.float32)
    seen: tuple[Ints, Floats] = draw_triangles(flat, surface().triangles, size, size)
    return seen


def vertex_normals(vertices: Floats) -> Floats:
    """Return unit normals (V, 3) of the face surface; z is negative towards the camera."""
    triangles = surface().triangles
    a, b, c = (vertices[k] for k in triangles.T)
    normal = np.cross(c - a, b - a)
    total = np.zeros_like(vertices)
    for corner in triangles.T:
        np.add.at(total, corner, normal)
    length = np.linalg.norm(total, axis=1, keepdims=True)
    return (total / np.maximum(length, 1e-12)).astype(np.float32)


def unwrap(rgb: Floats, mesh: Floats, size: int, *, hidden: bool = True) -> View:
    """Unwrap a picture (H, W, 3) linear with a mesh (468+, 3) in its array pixels.

    With `hidden`, texels behind other parts of the face (the far cheek behind the nose) get no
    quality; without, only the facing counts, which is enough for soft light and much cheaper.
    """
    vertices = surface().refine(mesh)
    seen, weights = draw_uv_layout(size)
    facing = np.maximum(-vertex_normals(vertices)[:, 2:], 0)
    at = interpolate(seen, weights, surface().triangles, np.c_[vertices, facing])
    quality = at[..., 3] * (seen >= 0)
    height, width = rgb.shape[:2]
    inside = (at[..., 0] > 1) & (at[..., 0] < width - 1) & (at[..., 1] > 1)
    quality *= inside & (at[..., 1] < height - 1)
    if hidden:
        quality *= _nearest(vertices, at, (height, width))
    texture = _sample(rgb, at, vertices, size)
    return View(texture * (seen >= 0)[..., None], quality.astype(np.float32))


def _nearest(vertices: Floats, at: Floats, shape: tuple[int, int]) -> Floats:
    """Return 1 where a texel is the nearest thing at its place in the picture, else 0."""
    seen, weights = draw_triangles(vertices, surface().triangles, *shape)
    depth = interpolate(seen, weights, surface().triangles, np.ascontiguousarray(vertices[:, 2:]))
    depth = np.where(seen >= 0, depth[..., 0], np.float32(1e6)).astype(np.float32)
    x = np.clip(at[..., 0].astype(np.int32), 0, shape[1] - 1)
    y = np.clip(at[..., 1].astype(np.int32), 0, shape[0] - 1)
    slack = 0.015 * np.ptp(vertices[:, 0])
    return (at[..., 2] <= depth[y, x] + slack).astype(np.float32)


def _sample(rgb: Floats, at: Floats, vertices: Floats, size: int) -> Floats:
    """Look the picture up at `at`; halve it first while a texel covers more than two pixels."""
    density = np.ptp(vertices[:, 0]) / (0.96 * size)
    scale = 1.0
    while density * scale > 1.5:
        rgb = cv2.resize(rgb, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        scale /= 2
    kind = cv2.INTER_CUBIC if size > 256 else cv2.INTER_LINEAR
    return look_at(rgb, at[..., :2] * np.float32(scale), kind)
