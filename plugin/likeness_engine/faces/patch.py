"""Pixels for the nets: windows of a plate, reduced, squared and exposed for display.

The nets know nothing of pixel aspects. Everything in detector, mesher and follow is in *square*
pixels: x is plate x times the pixel aspect, y is plate y. Only `nodes/detect.py` turns back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from numba import njit

Array = npt.NDArray[Any]  # float32 pictures, float64 places; docstrings have the shapes
Box = tuple[float, float, float, float]  # x0, y0, x1, y1 in square pixels

_STRIP_SAMPLES = 1 << 20  # pixels converted to float at a time: 12 MB
_MIDDLE_GREY = 0.18
_MOST_STOPS = 8.0
_DARKEST = 2.0**-14

# ACEScg to linear Rec.709, as in io/display.py: the nets learned skin in these primaries.
_TO_REC709 = np.array(
    [
        [1.70505099, -0.62179212, -0.08325887],
        [-0.13025642, 1.14080474, -0.01054832],
        [-0.02400336, -0.12896898, 1.15297233],
    ],
    np.float32,
)


@dataclass(frozen=True)
class Plate:
    """A frame as the search sees it: `read(x0, y0, x1, y1)` gives scene-linear float32 RGB.

    The window is in plate pixels and lies inside `bounds` (x0, y0, x1, y1; plate pixels).
    """

    read: Callable[[int, int, int, int], Array]
    bounds: tuple[int, int, int, int]
    aspect: float = 1.0

    @property
    def box(self) -> Box:
        """The bounds in square pixels."""
        x0, y0, x1, y1 = self.bounds
        return (x0 * self.aspect, float(y0), x1 * self.aspect, float(y1))


@dataclass(frozen=True)
class Patch:
    """A reduced part of a plate: scene-linear float32 (h, w, 3), and where it lies."""

    rgb: Array
    corner: tuple[float, float]  # square pixels, of the array's corner
    scale: tuple[float, float]  # square pixels per array pixel, x and y

    def to_plate(self, points: Array) -> Array:
        """Turn array points (..., 2) into square pixels."""
        return points * np.array(self.scale) + np.array(self.corner)

    def to_patch(self, points: Array) -> Array:
        """Turn square pixels (..., 2) into array points."""
        return (points - np.array(self.corner)) / np.array(self.scale)


def cut(plate: Plate, box: Box, scale: float) -> Patch:
    """Return the plate inside `box`, reduced by about `scale` (never enlarged, never aliased).

    Reduced by area in scene-linear light, a strip at a time, so that memory stays bounded. The
    patch is smaller than the box where the plate ends; it has at least one pixel.
    """
    ratio = _simple_ratio(max(scale, 1.0))
    x0, x1 = _inside(box[0] / plate.aspect, box[2] / plate.aspect, plate.bounds[0], plate.bounds[2])
    y0, y1 = _inside(box[1], box[3], plate.bounds[1], plate.bounds[3])
    width = max(round((x1 - x0) * plate.aspect / ratio), 1)
    rows_in, rows_out = ratio.numerator, ratio.denominator
    groups = max(_STRIP_SAMPLES // ((x1 - x0) * rows_in), 1)
    strips = []
    for top in range(y0, y1, rows_in * groups):
        bottom = min(top + rows_in * groups, y1)
        rgb = _finite(plate.read(x0, top, x1, bottom))
        short = -(bottom - top) % rows_in
        if short:
            rgb = np.concatenate([rgb, np.repeat(rgb[-1:], short, 0)])
        strips.append(_resize(rgb, width, len(rgb) * rows_out // rows_in))
    rgb = np.concatenate(strips) if len(strips) > 1 else strips[0]
    across = (x1 - x0) * plate.aspect / width
    return Patch(rgb, (x0 * plate.aspect, float(y0)), (across, float(ratio)))


def expose(rgb: Array, gain: Array | float) -> Array:
    """Return linear ACEScg (h, w, 3) times `gain` as a net sees it: 0..1, near sRGB, never clipped.

    A square root stands for the display's curve; the shoulder keeps the texture of hot skin, which
    the plain view of `Colour.to_display` clips. `gain` is a number or a map (h, w).
    """
    flat = np.ascontiguousarray(rgb, np.float32).reshape(-1, 3)
    gains = np.broadcast_to(np.asarray(gain, np.float32), rgb.shape[:2]).reshape(-1)
    seen = np.empty_like(flat)
    _expose(flat, gains, _TO_REC709, seen)
    return seen.reshape(rgb.shape)


@njit(cache=True)
def _expose(flat, gains, matrix, seen):  # type: ignore[no-untyped-def]
    shoulder = np.float32(0.6)
    for i in range(flat.shape[0]):
        for c in range(3):
            light = np.float32(0.0)
            for k in range(3):
                light += matrix[c, k] * flat[i, k]
            light = max(light * gains[i], np.float32(0.0))
            seen[i, c] = np.sqrt(light / (light + shoulder))


def even_gain(rgb: Array) -> float:
    """Return the gain that brings the middle of a crop (h, w, 3) to a skin-like brightness."""
    middle = float(np.median(rgb.max(-1)))
    stops = np.log2(1.6 * _MIDDLE_GREY / max(middle, _DARKEST))
    return float(2.0 ** np.clip(stops, -_MOST_STOPS, _MOST_STOPS))


def local_gain(rgb: Array) -> Array:
    """Return the gain (h, w) that lifts dark parts of a plate and holds back hot ones.

    Faces by a window and faces in its shadow are found in one search: the log brightness of a
    coarse grid, smoothed, is brought to middle grey. Depends on this frame only.
    """
    height, width = rgb.shape[:2]
    cell = max(min(height, width) // 24, 1)
    grid = (max(width // cell, 1), max(height // cell, 1))
    small = cv2.resize(rgb, (grid[0] * 4, grid[1] * 4), interpolation=cv2.INTER_AREA).max(-1)
    stops = np.log2(np.maximum(small, _DARKEST))
    stops = cv2.GaussianBlur(stops, (0, 0), 5.0, borderType=cv2.BORDER_REPLICATE)
    wanted = np.clip(np.log2(1.2 * _MIDDLE_GREY) - stops, -_MOST_STOPS, _MOST_STOPS)
    gain = np.exp2(cv2.resize(wanted, (width, height), interpolation=cv2.INTER_LINEAR))
    return np.asarray(gain, np.float32)


def _simple_ratio(scale: float) -> Fraction:
    """Return the largest ratio of small whole numbers that is at most `scale`."""
    if scale >= 4:
        return Fraction(int(scale))
    return max(Fraction(int(scale * n), n) for n in (3, 4))


def _inside(low: float, high: float, first: int, last: int) -> tuple[int, int]:
    start = min(max(int(np.floor(low)), first), last - 1)
    return start, max(min(int(np.ceil(high)), last), start + 1)


def _finite(rgb: Array) -> Array:
    return np.nan_to_num(np.asarray(rgb, np.float32), nan=0.0, posinf=65504.0, neginf=0.0)


def _resize(rgb: Array, width: int, height: int) -> Array:
    """Reduce by area; an axis that grows (anamorphic plates) is interpolated by itself."""
    if height != rgb.shape[0]:
        rgb = cv2.resize(rgb, (rgb.shape[1], height), interpolation=cv2.INTER_AREA)
    if width != rgb.shape[1]:
        how = cv2.INTER_AREA if width < rgb.shape[1] else cv2.INTER_LINEAR
        rgb = cv2.resize(rgb, (width, rgb.shape[0]), interpolation=how)
    return np.asarray(rgb, np.float32)
