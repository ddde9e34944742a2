"""Faces to find: synthetic actors rendered once, pasted over textures with known places."""

import zlib
from dataclasses import dataclass
from functools import cache, lru_cache
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from likeness.errors import ModelError
from likeness_engine.faces.nets import load_nets
from likeness_engine.faces.patch import Plate
from likeness_engine.synthetic.actor import ADA, BO, random_actor
from likeness_engine.synthetic.render import render
from likeness_engine.synthetic.scene import Camera, Expression, Pose

ACTORS = {"ada": ADA, "bo": BO, "eve": random_actor(11), "kim": random_actor(14)}


@pytest.fixture(scope="session")
def nets():
    try:
        return load_nets("cpu")
    except ModelError as error:
        pytest.skip(f"the default models are not fetched: {error}")


@dataclass(frozen=True)
class Head:
    """A rendered head: premultiplied linear RGB, alpha, landmarks (478, 3) in its pixels."""

    rgb: np.ndarray
    alpha: np.ndarray
    landmarks: np.ndarray

    @property
    def eyes_px(self):
        return float(np.linalg.norm(self.landmarks[33] - self.landmarks[263]))

    @property
    def tall_px(self):
        return float(np.ptp(self.landmarks[:468, 1]))


@cache
def make_head(actor="ada", yaw=0.0, pitch=0.0, roll=0.0, side=360, **muscles):
    seen = render(
        ACTORS[actor],
        Pose(yaw, pitch, roll, (0.0, 0.0, 1100.0)),
        Expression(**muscles),
        camera=Camera(width=side, height=side, focal_mm=100.0),
    )
    return Head(seen.rgb, seen.alpha, seen.landmarks.astype(np.float64))


def make_texture(name, height, width):
    """Return grey-lit coloured noise of all sizes, the same for the same name."""
    return cached_texture(name, height, width).copy()


@lru_cache(maxsize=6)
def cached_texture(name, height, width):
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    total = np.zeros((height, width, 3), np.float32)
    for octave in range(8):
        n = 2 ** (octave + 2)
        coarse = rng.normal(0, 0.7**octave, (n * 9 // 16 + 1, n, 3)).astype(np.float32)
        total += cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    return 0.18 * np.exp2(0.8 * total)


def paste(picture, head, *, tall, at, roll=0.0, gain=1.0):
    """Paste a head so that its mesh is `tall` px high about `at`; return the landmarks there."""
    height, width = picture.shape[:2]
    scale = tall / head.tall_px
    c, s = np.cos(np.radians(roll)) * scale, np.sin(np.radians(roll)) * scale
    turn = np.array([[c, -s], [s, c]])
    middle = head.landmarks[:468, :2].mean(0)
    shift = np.array(at) - turn @ middle
    soft = 0.45 / scale if scale < 1 else 0.0
    layers = np.concatenate([head.rgb, head.alpha[..., None]], -1)
    layers = cv2.GaussianBlur(layers, (0, 0), soft) if soft else layers
    corner = shift + turn @ np.full(2, 0.5) - 0.5  # OpenCV counts from pixel centres
    how = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_LINEAR
    laid = cv2.warpAffine(layers, np.c_[turn, corner], (width, height), flags=how)
    alpha = np.clip(laid[..., 3:], 0, 1)
    picture *= 1 - alpha
    picture += laid[..., :3] * gain
    points = head.landmarks.copy()
    points[:, :2] = points[:, :2] @ turn.T + shift
    points[:, 2] *= scale
    return points


def add_grain(picture, seed, strength=0.02):
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal(picture.shape, np.float32) * np.float32(strength)
    return (picture + noise * np.sqrt(np.maximum(picture, 0.02))).astype(np.float32)


def plate_of(picture, *, aspect=1.0, corner=(0, 0)):
    x, y = corner
    height, width = picture.shape[:2]

    def read(x0, y0, x1, y1):
        assert x <= x0 < x1 <= x + width, "the search reads inside the plate only"
        assert y <= y0 < y1 <= y + height
        return picture[y0 - y : y1 - y, x0 - x : x1 - x].astype(np.float32)

    return Plate(read, (x, y, x + width, y + height), aspect)


@pytest.fixture(scope="session")
def stage():
    """The makers above, as a fixture: tests import nothing from each other."""
    return SimpleNamespace(
        head=make_head,
        texture=make_texture,
        paste=paste,
        grain=add_grain,
        plate=plate_of,
        actors=tuple(ACTORS),
    )
