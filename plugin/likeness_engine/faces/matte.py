"""The face matte: where the element is seen. From the drawn face's edge, less what covers it."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from likeness_engine.faces.light import (
    DARK,
    MAP,
    blur_over_skin,
    feature_mask,
    luminance,
    sample_map,
    skin_weights,
)
from likeness_engine.faces.topology import Floats
from likeness_engine.faces.unwrap import View

HAIR_WIDTH = 240  # px across the face at which hair is looked for


def face_matte(covered: npt.NDArray[np.bool_], *, erode_px: float, feather_px: float) -> Floats:
    """Return a matte (H, W) 0..1 that rises inwards over `feather_px` after `erode_px`.

    A negative erode grows the matte. The ramp is smooth at both ends and never steeper than one
    pixel, so an edge without feather is still antialiased.
    """
    mask = covered.astype(np.uint8)
    inside = cv2.distanceTransform(mask, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    distance = inside - 0.5
    if erode_px < 0:
        outside = cv2.distanceTransform(1 - mask, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        distance = np.where(mask > 0, distance, 0.5 - outside)
    ramp = np.clip((distance - erode_px) / max(feather_px, 1.0), 0, 1)
    return np.asarray(ramp * ramp * (3 - 2 * ramp), np.float32)


def hair_over_face(rgb: Floats, uv: Floats, own: View, *, width_px: float) -> Floats:
    """Return how much (H, W) 0..1 of a plate region is hair in front of the forehead and temples.

    rgb: (H, W, 3) linear; uv: (H, W, 2) of the drawn face; own: the plate's face unwrapped;
    width_px: the face's width. Hair is what is much darker than the skin's soft light, near the
    upper edge of the face only: brows, nostrils, beards and shadows elsewhere belong to the face
    that is replaced.
    """
    height, width = uv.shape[:2]
    scale = min(1.0, HAIR_WIDTH / width_px)  # finer than this, a strand is not told from grain
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    fine = cv2.resize(luminance(rgb), size, interpolation=cv2.INTER_AREA)
    uv = cv2.resize(uv, size, interpolation=cv2.INTER_NEAREST)
    expected = sample_map(_soft_light(own), uv)
    darker = expected - np.log(np.maximum(fine, DARK))
    x, y = uv[..., 0] - 0.5, uv[..., 1] - 0.5
    upper = np.clip((np.hypot(x, y) - 0.30) / 0.08, 0, 1) * np.clip((0.05 - y) / 0.1, 0, 1)
    brows = feature_mask(("brow_left", "brow_right"), MAP)
    upper *= 1 - sample_map(cv2.GaussianBlur(brows, (0, 0), 2), uv)
    # A shadow is up to 1 darker in log light than the skin beside it, dark hair about 2.
    hair = np.clip((darker - 0.8) / 0.7, 0, 1)
    hair = (hair * hair * (3 - 2 * hair) * upper).astype(np.float32)
    return np.asarray(cv2.resize(hair, (width, height), interpolation=cv2.INTER_LINEAR))


def _soft_light(own: View) -> Floats:
    """Return the log of the soft light on the skin, told from the middle of the face, (S, S)."""
    size = own.texture.shape[0]
    centre = skin_weights(size) * own.quality * (uv_distance(size) < 0.33)
    luma = np.log(np.maximum(luminance(own.texture), DARK))
    return blur_over_skin(luma[..., None], centre.astype(np.float32), 0.12 * size)[..., 0]


def uv_distance(size: int) -> Floats:
    """Return each texel's distance from the middle of a UV map, (size, size)."""
    axis = (np.arange(size, dtype=np.float32) + 0.5) / size - 0.5
    return np.hypot(axis[None], axis[:, None])


def bounds_of(mask: npt.NDArray[np.bool_], *, margin: int) -> tuple[slice, slice]:
    """Return the slices of the smallest box around a mask, with a margin; empty for no mask."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not rows.size:
        return slice(0, 0), slice(0, 0)
    top, left = max(int(rows[0]) - margin, 0), max(int(columns[0]) - margin, 0)
    return slice(top, int(rows[-1]) + margin + 1), slice(left, int(columns[-1]) + margin + 1)
