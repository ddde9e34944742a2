"""Grain: measured in the plate, given back to what was painted over it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
import numpy.typing as npt

from likeness_engine.faces.light import luminance
from likeness_engine.faces.topology import Floats

TONES = 6  # brightness bins that grain is measured in
SAMPLES = 40_000  # pixels; enough to know a spread to 1 %
TILE = 512  # pixels of the noise tile; the eye finds no repeat in grain


@dataclass(frozen=True)
class Grain:
    """Standard deviation of the plate's grain by tone, and how far neighbours are alike."""

    tone: Floats  # (TONES,) scene-linear luminance of each bin
    sigma: Floats  # (TONES, 3) scene-linear standard deviation
    blur_px: float  # sigma of the blur that gives white noise the plate's softness

    def less(self, other: Grain) -> Grain:
        """Return the grain that, added to `other`, makes this grain."""
        order = np.argsort(other.tone, kind="stable")
        there = np.stack(
            [np.interp(self.tone, other.tone[order], other.sigma[order, k]) for k in range(3)], 1
        )
        missing = np.sqrt(np.maximum(self.sigma**2 - there**2, 0))
        return Grain(self.tone, missing.astype(np.float32), self.blur_px)


def measure_grain(rgb: Floats, where: npt.NDArray[np.bool_]) -> Grain:
    """Measure the grain of a plate region (H, W, 3) linear on the pixels `where`.

    Robust (median) spread of the diagonal difference of 2x2 blocks (Donoho and Johnstone 1994):
    blind to smooth shading, hardly moved by texture. Softness from the correlation at one pixel.
    Large regions are measured on every n-th pair of rows.
    """
    rows = np.arange(0, rgb.shape[0] - 1, max(1, int(where.sum()) // SAMPLES))
    upper, lower = rgb[rows], rgb[rows + 1]
    chosen = (where[rows] & where[rows + 1])[:, :-1] & (where[rows] & where[rows + 1])[:, 1:]
    diagonal = (upper[:, :-1] + lower[:, 1:] - upper[:, 1:] - lower[:, :-1]) / 2
    tones = luminance(upper)[:, :-1][chosen]
    if tones.size < 256:
        return Grain(np.linspace(0, 1, TONES, dtype=np.float32), np.zeros((TONES, 3), "f4"), 0.0)
    edges = np.quantile(tones, np.linspace(0, 1, TONES + 1))
    size = np.abs(diagonal[chosen])
    tone, sigma = [], []
    for low, high in zip(edges, edges[1:], strict=False):
        within = (tones >= low) & (tones <= high)
        tone.append((low + high) / 2)
        sigma.append(np.median(size[within], axis=0) * 1.4826)
    blur = _softness(diagonal, chosen)
    # A blur lowers the diagonal difference more than the grain itself: correct for it.
    sigmas = np.array(sigma, np.float32) / np.float32(_diagonal_gain(blur))
    return Grain(np.array(tone, np.float32), sigmas, blur)


def make_grain(grain: Grain, light: Floats, *, seed: tuple[int, ...]) -> Floats:
    """Return grain (H, W, 3) linear for a luminance (H, W); the same seed gives the same bits."""
    generator = np.random.Generator(np.random.Philox(key=np.array(seed, np.uint64)))
    tile = _white_noise()
    if generator.integers(2):
        tile = tile.transpose(1, 0, 2)
    tile = np.roll(tile, tuple(generator.integers(TILE, size=2)), (0, 1))
    if grain.blur_px > 0.2:
        tile = cv2.GaussianBlur(tile, (0, 0), grain.blur_px, borderType=cv2.BORDER_REFLECT)
        tile /= np.float32(_blurred_spread(grain.blur_px))
    height, width = light.shape
    noise = np.tile(tile, (-(-height // TILE), -(-width // TILE), 1))[:height, :width]
    table = np.linspace(0, max(float(grain.tone.max()), 1e-6), 64, dtype=np.float32)
    order = np.argsort(grain.tone, kind="stable")
    curves = [np.interp(table, grain.tone[order], grain.sigma[order, k]) for k in range(3)]
    curve = np.stack(curves, 1).astype(np.float32)
    at = np.clip(light * np.float32(63 / table[-1]), 0, 63).astype(np.int32)
    return np.asarray(noise * curve[at], np.float32)


@cache
def _white_noise() -> Floats:
    """Return a tile of unit Gaussian noise; each frame starts elsewhere in it."""
    return np.random.Generator(np.random.Philox(7)).standard_normal((TILE, TILE, 3), np.float32)


def _softness(diagonal: Floats, chosen: npt.NDArray[np.bool_]) -> float:
    """Return the Gaussian sigma in px that explains how alike neighbouring grain is.

    diagonal: (N, W, 3) diagonal differences along rows; chosen: (N, W).
    """
    d = luminance(diagonal)
    both = chosen[:, :-1] & chosen[:, 1:]
    if both.sum() < 256:
        return 0.0
    limit = 4 * float(np.median(np.abs(d[chosen]))) + 1e-9
    d = np.clip(d, -limit, limit)
    here, right = d[:, :-1][both], d[:, 1:][both]
    measured = float((here * right).mean() / max(float((here * here).mean()), 1e-12))
    sigmas = np.linspace(0, 1.5, 31)
    return float(np.interp(measured, _correlations(), sigmas))


@cache
def _correlations() -> list[float]:
    return [_neighbour_correlation(s) for s in np.linspace(0, 1.5, 31)]


def _kernel(sigma: float) -> Floats:
    if sigma < 0.05:
        return np.array([1.0], np.float32)
    size = 2 * int(np.ceil(4 * sigma)) + 1
    return np.asarray(cv2.getGaussianKernel(size, sigma)[:, 0], np.float32)


def _lags(sigma: float) -> npt.NDArray[np.float64]:
    k = _kernel(sigma).astype(np.float64)
    full = np.correlate(k, k, "full")
    middle = len(k) - 1
    padded = np.r_[full, 0, 0, 0]
    return np.array([padded[middle], padded[middle + 1], padded[middle + 2]])


def _neighbour_correlation(sigma: float) -> float:
    """Correlation of horizontally adjacent diagonal differences of noise blurred by sigma."""
    r0, r1, r2 = _lags(sigma)
    return float((2 * r1 - r0 - r2) / (2 * r0 - 2 * r1))


def _diagonal_gain(sigma: float) -> float:
    """Spread of the diagonal difference over the spread of noise blurred by sigma."""
    r0, r1, _ = _lags(sigma)
    return float(max((r0 - r1) / r0, 0.05))


def _blurred_spread(sigma: float) -> float:
    return float((_kernel(sigma).astype(np.float64) ** 2).sum())
