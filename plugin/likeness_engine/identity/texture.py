"""One UV texture from several photographs of a person: best-seen texels win, seams vanish."""

from __future__ import annotations

import cv2
import numpy as np

from likeness_engine.faces.light import DARK, blur_over_skin, skin_weights
from likeness_engine.faces.matte import uv_distance
from likeness_engine.faces.topology import Floats
from likeness_engine.faces.unwrap import View

MIDDLE_GREY = 0.18  # mean skin luminance of a built texture; its true level is not knowable
SOFT = 0.05  # sigma of the band that views are brought to agree in, as a part of the map


def texture_size(face_width_px: float) -> int:
    """Return the power of two, 256 to 4096, that keeps what a photograph of this width shows."""
    wanted = 1.4 * face_width_px
    return int(np.clip(2 ** np.ceil(np.log2(max(wanted, 1))), 256, 4096))


def merge_views(views: list[View]) -> Floats:
    """Return the texture (T, T, 4): linear RGB with mean skin luminance 0.18, alpha what was seen.

    All views have size T. Soft tone is a consensus of the views, weighted by how well each saw the
    spot; fine detail comes from the best view, so nothing is seen double.
    """
    size = views[0].texture.shape[0]
    qualities = [view.quality * _not_hair(view) for view in views]
    logs = _balance(views, qualities)
    soft = [_soften(log, quality) for log, quality in zip(logs, qualities, strict=True)]
    total = np.sum(qualities, 0)[..., None] + 1e-6
    consensus = sum(s * q[..., None] for s, q in zip(soft, qualities, strict=True)) / total
    # A high power picks the best view; the blur of the weights hides where the pick changes.
    sharp = [
        cv2.GaussianBlur(q, (0, 0), 0.006 * size) ** 8 * (q > 0.02) + 1e-9 * q for q in qualities
    ]
    share = np.sum(sharp, 0)[..., None] + 1e-30
    detail = sum((g - s) * w[..., None] for g, s, w in zip(logs, soft, sharp, strict=True)) / share
    seen = np.clip(np.max(qualities, 0) * 4, 0, 1)
    merged = _complete(np.asarray(consensus + detail, np.float32), seen)
    rgb = np.exp(merged)
    luminance = rgb.mean(2)
    skin = cv2.resize(skin_weights(), (size, size)) * seen
    rgb *= MIDDLE_GREY * max(float(skin.sum()), 1e-6) / max(float((luminance * skin).sum()), 1e-6)
    return np.concatenate([rgb, seen[..., None]], 2).astype(np.float32)


def _balance(views: list[View], qualities: list[Floats]) -> list[Floats]:
    """Return the views' log textures, all with the mean skin tone that they have together."""
    size = views[0].texture.shape[0]
    skin = cv2.resize(skin_weights(), (size, size))
    logs = [np.log(np.maximum(view.texture, DARK)).astype(np.float32) for view in views]
    shares = [float((skin * quality).sum()) + 1e-6 for quality in qualities]
    means = [
        (log * (skin * quality)[..., None]).sum((0, 1)) / share
        for log, quality, share in zip(logs, qualities, shares, strict=True)
    ]
    common = np.average(means, axis=0, weights=shares)
    return [
        (log + (common - mean).astype(np.float32)).astype(np.float32)
        for log, mean in zip(logs, means, strict=True)
    ]


def _soften(log: Floats, quality: Floats) -> Floats:
    """Blur a view over what it saw; done at 256 texels, the blur is far wider than that."""
    size = log.shape[0]
    small = cv2.resize(log * quality[..., None], (256, 256), interpolation=cv2.INTER_AREA)
    weight = cv2.resize(quality, (256, 256), interpolation=cv2.INTER_AREA)
    values = small / np.maximum(weight, 1e-6)[..., None]
    soft = blur_over_skin(values, weight, SOFT * 256)
    return np.asarray(cv2.resize(soft, (size, size), interpolation=cv2.INTER_LINEAR), np.float32)


def _not_hair(view: View) -> Floats:
    """Return 0 where hair or background lies over the outer face, else 1, (T, T)."""
    size = view.texture.shape[0]
    texture = cv2.resize(view.texture, (256, 256), interpolation=cv2.INTER_AREA)
    quality = cv2.resize(view.quality, (256, 256), interpolation=cv2.INTER_AREA)
    log = np.log(np.maximum(texture, DARK))
    distance = uv_distance(256)
    inner = cv2.resize(skin_weights(), (256, 256)) * quality * (distance < 0.33)
    light = blur_over_skin(log, inner.astype(np.float32), 0.12 * 256)
    away = np.abs((log - light).mean(2)) + 2 * np.abs(
        (log - light) - (log - light).mean(2)[..., None]
    ).max(2)
    odd = np.clip((away - 0.6) / 0.6, 0, 1) * np.clip((distance - 0.33) / 0.06, 0, 1)
    # Strands and collars are thin at this size: take what touches them out as well.
    odd = cv2.dilate(odd.astype(np.float32), np.ones((9, 9), np.uint8))
    odd = cv2.GaussianBlur(odd, (0, 0), 3)
    return np.asarray(1 - np.clip(cv2.resize(odd, (size, size)) * 1.5, 0, 1), np.float32)


def _complete(log: Floats, seen: Floats) -> Floats:
    """Fill what no view saw: from the other half of the face, then from the surroundings."""
    other = (1 - seen) * seen[:, ::-1]
    known = (seen + other).astype(np.float32)
    log = log * seen[..., None] + log[:, ::-1] * other[..., None]
    log = (log / np.maximum(known, 1e-6)[..., None]).astype(np.float32)
    filled = _push_pull(log, known)
    return np.asarray(log + (filled - log) * (1 - known)[..., None], np.float32)


def _push_pull(values: Floats, known: Floats) -> Floats:
    """Fill gaps from coarser and coarser levels (Gortler et al. 1996)."""
    if values.shape[0] <= 4:
        mean = (values * known[..., None]).sum((0, 1)) / max(float(known.sum()), 1e-6)
        return np.broadcast_to(mean, values.shape).astype(np.float32)
    weight = cv2.resize(known, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    small = cv2.resize(
        values * known[..., None], None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA
    )
    small /= np.maximum(weight, 1e-6)[..., None]
    coarse = _push_pull(small.astype(np.float32), np.minimum(weight * 2, 1))
    up = cv2.resize(coarse, (values.shape[1], values.shape[0]), interpolation=cv2.INTER_LINEAR)
    return np.asarray(values * known[..., None] + up * (1 - known[..., None]), np.float32)
