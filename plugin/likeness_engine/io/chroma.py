"""Luminance-chroma plates: Y at every pixel, RY and BY at every second pixel of every second line.

Source: "Technical Introduction to OpenEXR", Luminance/Chroma Images, and ImfRgbaYca: RY is
(R - Y) / Y, BY is (B - Y) / Y, Y is weighted by the file's chromaticities, chroma is brought to
full size by a 27-tap filter that keeps the stored samples.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from likeness_engine.io.samples import to_native

if TYPE_CHECKING:
    from likeness_engine.io.frame import Part, Window

NAMES = ("Y", "RY", "BY")

# Weights of the stored samples at distances -13, -11, ... 13 from a pixel between them.
_TAPS = np.array(
    [0.002128, -0.007540, 0.019597, -0.043159, 0.087929, -0.186077, 0.627123], np.float32
)
_KERNEL = np.concatenate([_TAPS, _TAPS[::-1]])
_REACH = 7  # chroma samples on each side

_REC709 = (0.64, 0.33, 0.30, 0.60, 0.15, 0.06, 0.3127, 0.3290)


def read_rgb(part: Part, box: Window) -> np.ndarray:
    """Return float32 H x W x 3 of `box` (inside the data window), in the file's own primaries."""
    luma = part.channels["Y"][box.slices(part.data_window)].astype(np.float32)
    red = (_full(part, "RY", box) + 1.0) * luma
    blue = (_full(part, "BY", box) + 1.0) * luma
    weights = luminance_weights(part)
    green = (luma - weights[0] * red - weights[2] * blue) / weights[1]
    return np.stack([red, green, blue], axis=-1)


def write_rgb(part: Part, box: Window, rgb: np.ndarray, changed: np.ndarray) -> int:
    """Store RGB as luminance and chroma where `changed`; returns the samples held at half's end.

    A chroma sample is stored only where its own pixel is changed: samples under an unchanged pixel
    keep their bits, though their interpolated neighbours inside the matte see them.
    """
    weights = luminance_weights(part)
    luma = rgb @ weights
    safe = np.where(np.abs(luma) < 1e-6, np.float32(1.0), luma)
    planes = {"Y": luma, "RY": (rgb[..., 0] - luma) / safe, "BY": (rgb[..., 2] - luma) / safe}
    held = 0
    for name, plane in planes.items():
        target, rows, columns = _samples(part, name, box)
        where = changed[rows, columns]
        stored, lost = to_native(plane[rows, columns][where], target.dtype)
        target[where] = stored
        held += lost
    return held


def luminance_weights(part: Part) -> np.ndarray:
    """Return the three float32 weights of R, G, B in Y, from the file's chromaticities."""
    found = part.header.get("chromaticities")
    primaries = found.value if found and found.kind == "chromaticities" else _REC709
    xy = np.array(primaries, np.float64).reshape(4, 2)
    xyz = np.column_stack([xy[:, 0] / xy[:, 1], np.ones(4), (1 - xy.sum(axis=1)) / xy[:, 1]])
    return np.linalg.solve(xyz[:3].T, xyz[3]).astype(np.float32)


def _samples(part: Part, name: str, box: Window) -> tuple[np.ndarray, slice, slice]:
    """Return the stored samples whose pixel lies in `box`, and those pixels' place in it."""
    xs, ys = part.sampling.get(name, (1, 1))
    window = part.data_window
    first_y, first_x = -(-box.y0 // ys) * ys, -(-box.x0 // xs) * xs
    y, x = (first_y - window.y0) // ys, (first_x - window.x0) // xs
    rows = slice(min(first_y - box.y0, box.height), None, ys)
    columns = slice(min(first_x - box.x0, box.width), None, xs)
    high, wide = len(range(*rows.indices(box.height))), len(range(*columns.indices(box.width)))
    return part.channels[name][y : y + high, x : x + wide], rows, columns


def _full(part: Part, name: str, box: Window) -> np.ndarray:
    """Return a chroma plane at every pixel of `box`."""
    plane = part.channels[name]
    xs, ys = part.sampling.get(name, (1, 1))
    window = part.data_window
    y0, y1 = (box.y0 - window.y0) // ys, -(-(box.y1 - window.y0) // ys)
    x0, x1 = (box.x0 - window.x0) // xs, -(-(box.x1 - window.x0) // xs)
    top, left = max(y0 - _REACH, 0), max(x0 - _REACH, 0)
    near = plane[top : y1 + _REACH, left : x1 + _REACH].astype(np.float32)
    if xs == 2:
        near = _double(near)
    if ys == 2:
        near = _double(near.T).T
    y, x = box.y0 - window.y0 - top * ys, box.x0 - window.x0 - left * xs
    return near[y : y + box.height, x : x + box.width]


def _double(plane: np.ndarray) -> np.ndarray:
    """Return H x 2W: the samples and, between them, the filter's word."""
    out = np.empty((plane.shape[0], plane.shape[1] * 2), np.float32)
    out[:, ::2] = plane
    out[:, 1::2] = cv2.filter2D(
        np.ascontiguousarray(plane),
        -1,
        _KERNEL[None, :],
        anchor=(_REACH - 1, 0),
        borderType=cv2.BORDER_REPLICATE,
    )
    return out
