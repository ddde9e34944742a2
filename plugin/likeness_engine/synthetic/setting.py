"""What lies around an actor: backgrounds out of focus, textures, and the grain of a camera."""

from __future__ import annotations

import cv2
import numpy as np

from likeness_engine.synthetic.scene import Floats


def make_background(width: int, height: int, seed: int, *, blur_px: float) -> Floats:
    """Return a room out of focus (height, width, 3), linear ACEScg: walls, shelves, hot lamps."""
    dice = np.random.default_rng([seed, 211])
    image = np.empty((height, width, 3), np.float32)
    across = np.linspace(-1, 1, width, dtype=np.float32)[None, :, None]
    down = np.linspace(-1, 1, height, dtype=np.float32)[:, None, None]
    image[:] = np.array([0.075, 0.07, 0.066], np.float32) * (1.1 - 0.5 * across - 0.35 * down)
    for _ in range(46):
        w, h = dice.uniform(0.02, 0.13) * width, dice.uniform(0.05, 0.42) * height
        x, y = dice.uniform(-0.05, 1.0) * width, dice.uniform(0.0, 0.95) * height
        tone = dice.uniform(0.004, 0.11) * np.array([1.12, 1.0, 0.86]) * dice.uniform(0.8, 1.25, 3)
        part = image[int(max(y, 0)) : int(y + h), int(max(x, 0)) : int(x + w)]
        part[:] = tone * (1 + 0.2 * dice.standard_normal(part.shape[:2] + (1,)))
    for _ in range(16):
        x, y = int(dice.uniform(0, 1) * width), int(dice.uniform(0, 0.8) * height)
        heat = float(dice.uniform(10, 60)) * np.array([1.0, 0.78, 0.5]) ** dice.uniform(0, 1.4)
        radius = max(int(dice.uniform(0.0012, 0.003) * width), 1)
        cv2.circle(image, (x, y), radius, tuple(float(v) for v in heat), -1, cv2.LINE_AA)
    return cv2.filter2D(image, -1, _disc(blur_px), borderType=cv2.BORDER_REFLECT)


def _disc(radius: float) -> Floats:
    """Return the picture of a point out of focus: a disc, a little brighter at its edge."""
    reach = int(radius) + 1
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    r = np.hypot(x, y)
    disc = np.clip(radius + 0.5 - r, 0, 1) * (0.85 + 0.3 * (r / radius) ** 2)
    return (disc / disc.sum()).astype(np.float32)


def make_texture(width: int, height: int, seed: int) -> Floats:
    """Return a busy surface (height, width, 3), mean about 0.2: noise of every size, and edges."""
    dice = np.random.default_rng([seed, 223])
    out = np.zeros((height, width, 3), np.float32)
    cells, share = 5, 1.0
    while cells < width / 2:
        rows = max(2, cells * height // width)
        patch = dice.normal(0, share, (rows, cells, 3)) * 0.5 + dice.normal(
            0, share, (rows, cells, 1)
        )
        out += cv2.resize(patch.astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
        cells, share = cells * 2, share * 0.7
    stripes = np.sin(np.linspace(0, dice.uniform(40, 160), width))[None, :, None] * 0.2
    return np.asarray(0.15 * np.exp(0.5 * out + stripes), np.float32)


def develop(clean: Floats, seed: int, frame: int) -> Floats:
    """Return the picture as a camera gives it: sharpened, grainy, below zero here and there.

    Sharpening rings at hot edges; grain grows with the root of the light over the noise of the
    dark, is a little larger than a pixel and mostly common to the channels. The grain of a frame is
    a function of `seed` and `frame` alone.
    """
    soft = cv2.GaussianBlur(clean, (0, 0), 1.1)
    sharp = clean + 0.25 * (clean - soft)
    dice = np.random.default_rng([seed, frame])
    noise = dice.standard_normal(clean.shape, np.float32) * np.array([0.8, 0.7, 1.0], np.float32)
    noise += dice.standard_normal((*clean.shape[:2], 1), np.float32) * np.float32(0.9)
    noise = cv2.GaussianBlur(noise, (0, 0), 0.55) * np.float32(1.65)
    level = 0.0022 + 0.0105 * np.sqrt(np.maximum(soft, 0) / 0.18) * (0.18**0.5)
    return np.asarray(sharp + noise * level, np.float32)
