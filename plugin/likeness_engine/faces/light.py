"""Light on a face: what of a picture's tones is soft light and what is skin.

Both faces are unwrapped to a small UV map. The log of their ratio, blurred over the skin, is the
light (and the skin tone) that the element must be given; what is finer belongs to the identity.
"""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

from likeness_engine.faces.raster import look_at
from likeness_engine.faces.topology import SKIN, Floats, surface, topology
from likeness_engine.faces.unwrap import View, draw_uv_layout

MAP = 128  # texels across the light map
TEXTURE = 0.12  # log light; skin's own texture changes by less, shadows and highlights by more
DARK = 1e-3  # scene-linear; below it a log says more of noise than of light


@cache
def skin_weights(size: int = MAP) -> Floats:
    """Return where UV texels (size, size) are plain skin: 1, features 0.1, holes and outside 0."""
    seen, _ = draw_uv_layout(size)
    skin = np.where((seen >= 0) & (surface().group[seen] == SKIN), 1, 0)
    features = feature_mask(("lips", "brow_left", "brow_right", "eye_left", "eye_right"), size)
    return np.asarray(skin * (1 - 0.9 * features), np.float32)


@cache
def feature_mask(names: tuple[str, ...], size: int = MAP) -> Floats:
    """Return 1 on the named regions or loops of the UV map, a little grown, (size, size)."""
    facts, mask = topology(), np.zeros((size, size), np.uint8)
    for name in names:
        points = facts.regions.get(name, facts.loops.get(name))
        hull = cv2.convexHull((facts.uv[points] * size).astype(np.float32))
        middle = hull.mean(0)
        cv2.fillConvexPoly(mask, ((hull - middle) * 1.3 + middle).astype(np.int32), 1)
    return cv2.dilate(mask, np.ones((3, 3), np.uint8)).astype(np.float32)


def blur_over_skin(values: Floats, weights: Floats, sigma: float) -> Floats:
    """Blur UV values (S, S, k) over texels with weight (S, S); gaps are filled from afar."""
    weighed = values * weights[..., None]
    total = cv2.GaussianBlur(weighed, (0, 0), sigma).reshape(values.shape)
    share = cv2.GaussianBlur(weights, (0, 0), sigma)[..., None]
    wide = cv2.GaussianBlur(weighed, (0, 0), sigma * 4).reshape(values.shape)
    wide_share = cv2.GaussianBlur(weights, (0, 0), sigma * 4)[..., None]
    far = wide / np.maximum(wide_share, 1e-6)
    return np.asarray((total + 0.01 * far) / (share + 0.01), np.float32)


def light_ratio(plate: View, element: View, *, softness: float) -> Floats:
    """Return the log gain (S, S, 3) that gives the element the plate's light.

    A guided filter (He, Sun and Tang 2010): where the plate's skin changes by more than texture
    does - the edge of a shadow, a highlight - the gain follows it to the texel; elsewhere it is a
    blur of sigma `softness` (a part of the UV map), so that what is finer stays the identity's own.
    Includes the faces' mean tone.
    """
    size = plate.texture.shape[0]
    sigma = softness * size
    weights = skin_weights(size) * plate.quality * np.minimum(element.quality * 4, 1)
    lit = np.log(np.maximum(plate.texture, DARK))
    ratio = (lit - np.log(np.maximum(element.texture, DARK))).astype(np.float32)
    weights = (weights * _without_strangers(ratio.mean(2), weights)).astype(np.float32)
    guide = _skin_only(lit.mean(2).astype(np.float32), weights, sigma)
    stack = np.dstack([guide, guide * guide, ratio, ratio * guide[..., None]])
    mean = blur_over_skin(stack, weights, sigma)
    mean_guide = mean[..., 0]
    variance = np.maximum(mean[..., 1] - mean_guide**2, 0)
    covariance = mean[..., 5:8] - mean[..., 2:5] * mean_guide[..., None]
    slope = np.clip(covariance / (variance + TEXTURE**2)[..., None], 0, 1)
    offset = mean[..., 2:5] - slope * mean_guide[..., None]
    soft = blur_over_skin(np.dstack([slope, offset]), weights, sigma / 2)
    return np.asarray(soft[..., :3] * guide[..., None] + soft[..., 3:], np.float32)


def _without_strangers(luma: Floats, weights: Floats) -> Floats:
    """Return weights (S, S) that let hair, glasses or a hand over the skin count for little."""
    chosen = luma[weights > 0.2]
    if not chosen.size:
        return np.ones_like(luma)
    middle = float(np.median(chosen))
    spread = 1.4826 * float(np.median(np.abs(chosen - middle))) + 0.25
    return np.asarray(1 / (1 + ((luma - middle) / (4 * spread)) ** 4), np.float32)


def _skin_only(luma: Floats, weights: Floats, sigma: float) -> Floats:
    """Return the plate's log luminance with brows, lips and lids filled in from the skin around."""
    fill = blur_over_skin(luma[..., None], weights, sigma * 0.6)[..., 0]
    trust = cv2.GaussianBlur(weights, (0, 0), 1.0)
    trust = np.clip((trust - 0.15) / 0.5, 0, 1)
    return cv2.GaussianBlur((fill + (luma - fill) * trust).astype(np.float32), (0, 0), 0.7)


def mean_over_skin(log_gain: Floats, quality: Floats) -> Floats:
    """Return the mean (3,) of a UV map over plain, seen skin."""
    weights = skin_weights(log_gain.shape[0]) * quality
    total = max(float(weights.sum()), 1e-6)
    return np.asarray((log_gain * weights[..., None]).sum((0, 1)) / total, np.float32)


def luminance(rgb: Floats) -> Floats:
    """Return the mean of the channels (H, W); enough to sort tones by, whatever the primaries."""
    third = np.full((1, 3), 1 / 3, np.float32)
    return np.asarray(cv2.transform(rgb, third), np.float32).reshape(rgb.shape[:2])


def sample_map(uv_map: Floats, uv: Floats) -> Floats:
    """Look a small UV map (S, S, k) up at uv (H, W, 2) in 0..1, bilinear."""
    return look_at(uv_map, uv * np.float32(uv_map.shape[0]), cv2.INTER_LINEAR)
