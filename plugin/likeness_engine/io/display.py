"""The fixed view of linear ACEScg: Rec.709 primaries and the sRGB curve, fast on whole plates."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numba import njit

# ACEScg to linear Rec.709 with Bradford adaptation, as OpenColorIO's built-in configs have it.
_TO_REC709 = np.array(
    [
        [1.70505099, -0.62179212, -0.08325887],
        [-0.13025642, 1.14080474, -0.01054832],
        [-0.02400336, -0.12896898, 1.15297233],
    ]
)
_SHIFT = 13  # a table entry for each sign, exponent and 10 bits of mantissa of a float32 in 0..1


def encode_display(rgb: np.ndarray, gain: float) -> np.ndarray:
    """Return float32 H x W x 3 of linear ACEScg times `gain` as sRGB, clipped to 0..1.

    NaN becomes 0: a net must not be fed one.
    """
    flat = np.ascontiguousarray(rgb, np.float32).reshape(-1, 3)
    out = np.empty_like(flat)
    _encode(flat, (_TO_REC709 * gain).astype(np.float32), _curve(), out)
    return out.reshape(rgb.shape)


def decode_display(rgb: np.ndarray, gain: float) -> np.ndarray:
    """Return float32 H x W x 3 of sRGB 0..1 as linear ACEScg times `gain`."""
    values = np.asarray(rgb, np.float64)
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    matrix = np.linalg.inv(_TO_REC709) * gain
    return (linear @ matrix.T).astype(np.float32)


@lru_cache(maxsize=1)
def _curve() -> np.ndarray:
    """Return the sRGB curve (IEC 61966-2-1) by the upper bits of a float32 from 0 to 1."""
    last = int(np.float32(1.0).view(np.uint32)) >> _SHIFT
    starts = (np.arange(last + 1, dtype=np.uint32) << _SHIFT).view(np.float32).astype(np.float64)
    ends = np.append(starts[1:], 1.0)
    middle = (starts + ends) / 2
    middle[0], middle[-1] = 0.0, 1.0
    curved = np.where(middle <= 0.0031308, middle * 12.92, 1.055 * middle ** (1 / 2.4) - 0.055)
    return curved.astype(np.float32)


@njit(cache=True)
def _encode(flat: np.ndarray, matrix: np.ndarray, curve: np.ndarray, out: np.ndarray) -> None:
    one = np.float32(1.0)
    zero = np.float32(0.0)
    value = np.empty(3, np.float32)
    bits = value.view(np.uint32)
    for i in range(flat.shape[0]):
        for c in range(3):
            mixed = (
                flat[i, 0] * matrix[c, 0] + flat[i, 1] * matrix[c, 1] + flat[i, 2] * matrix[c, 2]
            )
            if not mixed > zero:
                mixed = zero
            value[c] = min(mixed, one)
            out[i, c] = curve[bits[c] >> 13]
