"""The canvas that skin is painted on: where each texel lies on the average head.

The texture's layout is the face's own (topology.json), shrunk so that the neck and the scalp fit
around it and the ears into its corners.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from likeness_engine.faces.topology import topology
from likeness_engine.synthetic.cage import cage
from likeness_engine.synthetic.features import make_ear
from likeness_engine.synthetic.head import fine_skin
from likeness_engine.synthetic.noise import fractal
from likeness_engine.synthetic.raster import draw, read
from likeness_engine.synthetic.scene import MOUTH, Floats

ATLAS = 0.72  # the face layout's share of the texture
COARSER = 4  # what varies over millimetres is painted this much coarser
# Points of the lips' red inside its border; the border itself counts half.
LIPS_RED = (
    11, 12, 15, 16, 72, 73, 74, 302, 303, 304, 38, 41, 42, 268, 271, 272, 183, 407, 86, 85, 316,
    315, 179, 180, 403, 404, 89, 90, 319, 320, 96, 77, 325, 307, 184, 408, 76, 306, 62, 292,
)  # fmt: skip
LIPS_BORDER = (
    61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 146, 91, 181, 84, 17, 314, 405, 321, 375,
)  # fmt: skip


def to_atlas(uv: Floats) -> Floats:
    """Return texture coordinates of face layout coordinates (N, 2)."""
    return ((uv - 0.5) * ATLAS + 0.5).astype(np.float32)


def from_atlas(place: Floats) -> Floats:
    """Return face layout coordinates of texture coordinates (..., 2)."""
    return ((place - 0.5) / ATLAS + 0.5).astype(np.float32)


@dataclass(frozen=True)
class Ground:
    """The texels of a texture of `size` that lie on skin."""

    size: int
    texels: npt.NDArray[np.intp]  # (N,) flat index
    places: Floats  # (N, 3) mm on the average head
    lips: Floats  # (N,) 1 on the red of the lips, 0.5 at its border
    face: Floats  # (N,) 1 on face and neck, 0 on ears
    coarse: Ground | None  # the same, COARSER times smaller

    def smooth(self, paint: Callable[[Floats], Floats]) -> Floats:
        """Return `paint(places)` (N,) of a slowly varying function, found on the coarse texels."""
        if self.coarse is None:
            return paint(self.places).astype(np.float32)
        small = fill_gaps(self.coarse, paint(self.coarse.places).astype(np.float32))
        large = cv2.resize(small, (self.size, self.size), interpolation=cv2.INTER_CUBIC)
        return np.ascontiguousarray(large.reshape(-1)[self.texels])

    def noise(self, size_mm: float, octaves: int, seed: int) -> Floats:
        """Return fractal noise (N,) with features of `size_mm`."""
        finest = size_mm / 2 ** (octaves - 1)
        if finest * self.size / 300 < 2.5 * COARSER:  # about 300 mm to a texture
            return np.asarray(fractal(self.places, size_mm, octaves, seed))
        return self.smooth(lambda p: fractal(p, size_mm, octaves, seed))


@lru_cache(maxsize=4)
def lay_ground(size: int) -> Ground:
    """Return where the texels of a size x size texture lie."""
    skin = fine_skin(2)
    ear = make_ear(1.0, 21.0)
    points: list[np.ndarray] = [skin.rest, ear.points, ear.points * [-1, 1, 1]]
    layout: list[np.ndarray] = [skin.uv, ear.uv, ear.uv * [-1, 1] + [1, 0]]
    kept = skin.triangles[skin.material != MOUTH]
    starts = np.cumsum([0] + [len(p) for p in points])
    triangles = np.concatenate([kept, ear.triangles + starts[1], ear.triangles + starts[2]])
    values = np.zeros((starts[-1], 5), np.float32)
    values[:, :3] = np.concatenate(points)
    values[: starts[1], 3:4], values[: starts[1], 4] = _lip_weight(), 1
    place = to_atlas(np.concatenate(layout)) * size
    screen = np.c_[place, np.zeros(len(place))].astype(np.float32)
    seen = np.full((size, size), -1, np.int32)
    zbuffer = np.full((size, size), np.inf, np.float32)
    draw(screen, triangles.astype(np.int32), 0, seen, zbuffer, both=True)
    painted = read(seen, screen, triangles.astype(np.int32), values)
    texels = np.flatnonzero(seen >= 0)
    rows = painted.reshape(-1, 5)[texels]
    coarse = lay_ground(size // COARSER) if size >= 512 else None
    lips, face = np.ascontiguousarray(rows[:, 3]), np.ascontiguousarray(rows[:, 4])
    return Ground(size, texels, np.ascontiguousarray(rows[:, :3]), lips, face, coarse)


def _lip_weight() -> Floats:
    """Return 1 on the lips, 0.5 on their border, 0 beside them, for the vertices at depth 2."""
    weight = np.zeros((len(cage().follows), 1), np.float32)
    weight[topology().regions["lips"]] = 1
    weight[list(LIPS_RED)] = 1
    weight[list(LIPS_BORDER)] = 0.5
    weight[cage().lips] = 1
    for level in fine_skin(2).levels:
        weight = level.refine(weight)
    return weight


def fill_gaps(ground: Ground, values: Floats) -> Floats:
    """Return an image (S, S[, k]) of values (N[, k]); off the skin, means of the neighbours."""
    size = ground.size
    image = np.zeros((size * size, *values.shape[1:]), np.float32)
    image[ground.texels] = values
    image = image.reshape(size, size, *values.shape[1:])
    flags = np.zeros(size * size, np.float32)
    flags[ground.texels] = 1
    open_ = flags.reshape(size, size)
    for reach in (3, 9, 33):
        weight = cv2.blur(open_, (reach, reach))
        new = (open_ == 0) & (weight > 1e-6)
        masked = image * (open_ if image.ndim == 2 else open_[..., None])
        spread = cv2.blur(masked, (reach, reach))
        image[new] = spread[new] / (weight[new] if image.ndim == 2 else weight[new][:, None])
        open_ = np.maximum(open_, new)
    return np.ascontiguousarray(image)
