"""Seating an element in a plate: over, multiband, gradient. All work on encoded light.

`encode` is the symmetric logarithm sign(x) log(1 + |x| / knee): logarithmic for light, linear
around black, defined for negative values and for any highlight; `decode` inverts it. Nothing is
clipped on the way. (A numpy float32 log is vectorised; arcsinh, the usual choice, is not: 8 times.)
"""

from __future__ import annotations

import cv2
import numpy as np

from likeness_engine.faces.topology import Floats

KNEE = np.float32(0.01)  # scene-linear; a stop under the darkest skin that still shows texture


def encode(rgb: Floats) -> Floats:
    """Return the symmetric logarithm of light, float32."""
    size = np.abs(rgb)
    size *= 1 / KNEE
    size += 1
    np.log(size, out=size)
    return np.copysign(size, rgb, out=size)


def decode(encoded: Floats) -> Floats:
    """The inverse of `encode`."""
    size = np.abs(encoded)
    np.exp(size, out=size)
    size -= 1
    size *= KNEE
    return np.copysign(size, encoded, out=size)


def blend_over(plate: Floats, element: Floats, matte: Floats) -> Floats:
    """Mix encoded pictures (H, W, 3) by the matte (H, W)."""
    return np.asarray(plate + (element - plate) * matte[..., None], np.float32)


def blend_multiband(plate: Floats, element: Floats, matte: Floats, *, bands: int) -> Floats:
    """Mix encoded pictures band by band (Burt and Adelson 1983): fine detail changes over a short
    distance, tone over a long one.

    The difference is pyramided, which is the same sum with half the work.
    """
    difference, weights = element - plate, matte
    stack = []
    for _ in range(bands):
        smaller = cv2.pyrDown(difference)
        size = (difference.shape[1], difference.shape[0])
        stack.append((difference - cv2.pyrUp(smaller, dstsize=size)) * weights[..., None])
        difference, weights = smaller, cv2.pyrDown(weights)
    total = difference * weights[..., None]
    for band in reversed(stack):
        total = cv2.pyrUp(total, dstsize=(band.shape[1], band.shape[0])) + band
    return np.asarray(plate + total * _support(matte), np.float32)


def blend_gradient(plate: Floats, element: Floats, matte: Floats, kept: Floats) -> Floats:
    """Keep the element's gradients and meet the plate at the edge (Perez, Gangnet, Blake 2003).

    Solved as a membrane: the element plus the smoothest field that equals plate - element outside
    the matte's core. Where the element is the plate's own, `kept` (H, W), it needs no field. The
    field comes from a multigrid: exact at the edge, to 1e-3 inside.
    """
    core = (matte > 0.5).astype(np.float32)
    field = _membrane(plate - element, core) * (1 - kept[..., None])
    return np.asarray(plate + (element + field - plate) * matte[..., None], np.float32)


def _support(matte: Floats) -> Floats:
    """Fade the lowest bands out where the matte ends, so that nothing leaks past it."""
    ramp = np.minimum(matte * np.float32(10), np.float32(1))
    return (ramp * ramp * (np.float32(3) - np.float32(2) * ramp))[..., None]


def _membrane(values: Floats, inside: Floats) -> Floats:
    """Fill `values` (H, W, 3) where `inside` is 1 with the harmonic field of what is around."""
    known = 1 - inside
    if min(values.shape[:2]) <= 8:
        start = (values * known[..., None]).sum((0, 1)) / max(float(known.sum()), 1e-6)
        return _relax(np.where(inside[..., None] > 0, start, values), inside, rounds=64)
    share = cv2.pyrDown(known)
    coarse = cv2.pyrDown(values * known[..., None]) / np.maximum(share, 1e-6)[..., None]
    coarse_inside = (share < 1e-6).astype(np.float32)
    coarse = _membrane(np.where(coarse_inside[..., None] > 0, 0, coarse), coarse_inside)
    filled = cv2.pyrUp(coarse, dstsize=(values.shape[1], values.shape[0]))
    return _relax(np.where(inside[..., None] > 0, filled, values), inside, rounds=12)


def _relax(values: Floats, inside: Floats, *, rounds: int) -> Floats:
    """Jacobi steps on the inside: every pixel becomes the mean of its four neighbours."""
    kernel = np.array([[0, 0.25, 0], [0.25, 0, 0.25], [0, 0.25, 0]], np.float32)
    values = values.astype(np.float32)
    mask = inside[..., None] > 0
    for _ in range(rounds):
        mean = cv2.filter2D(values, -1, kernel, borderType=cv2.BORDER_REPLICATE)
        values = np.where(mask, mean, values)
    return values
