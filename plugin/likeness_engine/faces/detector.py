"""Finding faces anywhere in a plate: one fully convolutional net over an image pyramid.

BlazeFace short-range (Bazarevsky et al. 2019) is declared for 128 x 128 pictures, but is made of
convolutions alone: run over blocks of any size it finds every face of about 17 to 150 px in one
pass, at any roll to 60 degrees (docs/decisions/006-detect.md has the table). A pyramid with a
factor of two does the rest, so a 4K plate costs about four megapixels of net.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

from likeness_engine.faces.patch import Array, Box, Patch, Plate, cut, expose, local_gain

# (n, h, w, 3) pictures in -1..1 -> (n, a, 16) boxes and key points, (n, a) logits
DetectorNet = Callable[[Array], tuple[Array, Array]]

AGAIN_SIDE = 128  # pixels of the second look: the size that the net was trained on
BEST_PX = 20.0  # a face of this height at net scale is found always; of 14 px, half the time
_STRIDE = 16
_ANCHORS = ((8, 2), (16, 6))  # stride, anchors a cell, in the order of the net's output
_BLOCK = 512  # larger blocks fall out of the CPU's cache: 305 against 138 ms a megapixel
_OVERLAP = 64  # a face of 40 px with its context lies whole in one block; larger ones a level up
_BATCH = 2
_SMALLEST_LEVEL = 96
_FLAT = 0.02  # of display range: blocks with less contrast than this hold no face


class Keys(NamedTuple):
    """Rows of `Detection.keys`."""

    eye_right: int = 0
    eye_left: int = 1
    nose: int = 2
    mouth: int = 3
    ear_right: int = 4
    ear_left: int = 5


@dataclass(frozen=True)
class Detection:
    """A face candidate, in square pixels."""

    box: Box
    score: float
    keys: Array  # (6, 2): eyes, nose, mouth, ears; see Keys

    @property
    def height(self) -> float:
        return self.box[3] - self.box[1]

    @property
    def centre(self) -> tuple[float, float]:
        return (self.box[0] + self.box[2]) / 2, (self.box[1] + self.box[3]) / 2


def search(plate: Plate, net: DetectorNet, *, smallest_px: float, score: float) -> list[Detection]:
    """Return every face candidate of a plate of at least `smallest_px`, best first.

    `score` is the least confidence, 0..1. The order and the values depend on the plate alone.
    """
    patch = cut(plate, plate.box, max(smallest_px / BEST_PX, 1.0))
    enlarge = BEST_PX / smallest_px if smallest_px < BEST_PX else 1.0
    picture = expose(patch.rgb, local_gain(patch.rgb))
    return search_picture(picture, patch, net, score=score, enlarge=enlarge)


def search_box(
    plate: Plate, net: DetectorNet, box: Box, *, face_px: float, score: float
) -> list[Detection]:
    """Return candidates inside a part of the plate where a face of about `face_px` is expected."""
    patch = cut(plate, box, face_px / (2 * BEST_PX))
    enlarge = min(2 * BEST_PX * patch.scale[1] / face_px, 4.0)
    picture = expose(patch.rgb, local_gain(patch.rgb))
    return search_picture(picture, patch, net, score=score, enlarge=max(enlarge, 1.0))


def search_picture(
    picture: Array, patch: Patch, net: DetectorNet, *, score: float, enlarge: float = 1.0
) -> list[Detection]:
    """Search a display-referred picture (h, w, 3) at all levels; places by `patch`."""
    found: list[tuple[Array, Array]] = []
    height, width = picture.shape[:2]
    scale = enlarge
    level = picture
    while True:
        size = (max(round(width * scale), 1), max(round(height * scale), 1))
        if size != (level.shape[1], level.shape[0]):
            how = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
            level = np.asarray(cv2.resize(level, size, interpolation=how), np.float32)
        faces, scores = _search_level(level, net, score)
        found.append((faces * np.array([width / size[0], height / size[1]]), scores))
        if max(size) <= _SMALLEST_LEVEL:
            break
        scale /= 2
    faces = np.concatenate([f for f, _ in found])
    scores = np.concatenate([s for _, s in found])
    faces = np.concatenate(
        [
            patch.to_plate(faces[:, :1]),
            faces[:, 1:2] * np.array(patch.scale),
            patch.to_plate(faces[:, 2:]),
        ],
        axis=1,
    )
    return merge(faces, scores)


def score_middle(picture: Array, net: DetectorNet) -> float:
    """Return the best score, 0..1, of a face in the middle of a square picture in 0..1."""
    side = picture.shape[0]
    boxes, logits = net(picture[None] * np.float32(2) - np.float32(1))
    places = boxes[0].reshape(-1, 8, 2)[:, 0] + _anchors(side, side)
    near = np.abs(places - side / 2).max(1) < side * 0.15
    return float(1 / (1 + np.exp(-np.clip(logits[0][near].max(initial=-80.0), -80, 80))))


def merge(faces: Array, scores: Array) -> list[Detection]:
    """Merge overlapping candidates (n, 8, 2: centre, size, keys), weighted by score, best first."""
    order = np.lexsort((faces[:, 0, 1], faces[:, 0, 0], -scores))
    faces, scores = faces[order], scores[order]
    left = np.ones(len(faces), bool)
    merged: list[Detection] = []
    for k in range(len(faces)):
        if not left[k]:
            continue
        near = left & (_overlaps(faces[k], faces) > 0.3)
        left &= ~near
        weight = scores[near].astype(np.float64)
        mean = np.einsum("n,nij->ij", weight / weight.sum(), faces[near])
        (cx, cy), (w, h) = mean[0], mean[1]
        box = (float(cx - w / 2), float(cy - h / 2), float(cx + w / 2), float(cy + h / 2))
        merged.append(Detection(box, float(scores[k]), mean[2:]))
    return merged


def _overlaps(face: Array, others: Array) -> Array:
    """Return the intersection over union of one centred box with n others."""
    low = np.maximum(face[0] - face[1] / 2, others[:, 0] - others[:, 1] / 2)
    high = np.minimum(face[0] + face[1] / 2, others[:, 0] + others[:, 1] / 2)
    common = np.maximum(high - low, 0).prod(-1)
    total = face[1].prod() + others[:, 1].prod(-1) - common
    return np.asarray(common / np.maximum(total, 1e-9))


def _search_level(picture: Array, net: DetectorNet, score: float) -> tuple[Array, Array]:
    """Return candidates (n, 8, 2) in picture pixels and their scores (n,)."""
    rows, columns = _starts(picture.shape[0]), _starts(picture.shape[1])
    height, width = _block_size(picture.shape[0]), _block_size(picture.shape[1])
    blocks: list[Array] = []
    corners: list[tuple[int, int]] = []
    for top in rows:
        for left in columns:
            block = picture[top : top + height, left : left + width]
            if np.ptp(block[::4, ::4]) < _FLAT:
                continue
            full = np.full((height, width, 3), -1, np.float32)  # the net's black
            full[: block.shape[0], : block.shape[1]] = block * 2 - 1
            blocks.append(full)
            corners.append((left, top))
    faces: list[Array] = [np.zeros((0, 8, 2))]
    scores: list[Array] = [np.zeros(0, np.float32)]
    anchors = _anchors(height, width)
    least = np.log(score / (1 - score))
    for first in range(0, len(blocks), _BATCH):
        boxes, logits = net(np.stack(blocks[first : first + _BATCH]))
        for k in range(len(logits)):
            seen = np.flatnonzero(logits[k] >= least)
            places = boxes[k][seen].reshape(-1, 8, 2).astype(np.float64)
            places[:, 0] += anchors[seen]
            places[:, 2:] += anchors[seen][:, None]
            places[:, [0, *range(2, 8)]] += np.array(corners[first + k])
            faces.append(places)
            scores.append(1 / (1 + np.exp(-np.minimum(logits[k][seen], 80.0))))
    return np.concatenate(faces), np.concatenate(scores)


def _block_size(length: int) -> int:
    """Return the side of the blocks that cover `length`: a multiple of 64 where blocks are few."""
    count = _block_count(length)
    even = -(-(length + (count - 1) * _OVERLAP) // count)
    grid = 64 if count == 1 else _STRIDE
    return max(-(-even // grid) * grid, 128)


def _block_count(length: int) -> int:
    return max(-(-(length - _OVERLAP) // (_BLOCK - _OVERLAP)), 1)


def _starts(length: int) -> list[int]:
    """Return where blocks start, in whole strides of the net; the last may hang over the end."""
    count, size = _block_count(length), _block_size(length)
    last = max(length - size, 0)
    steps = [-(-(last * k // max(count - 1, 1)) // _STRIDE) * _STRIDE for k in range(count)]
    return sorted(set(steps))


def _anchors(height: int, width: int) -> Array:
    """Return the anchor centres (a, 2) in pixels, in the order of the net's outputs."""
    centres = []
    for stride, count in _ANCHORS:
        x, y = np.meshgrid(np.arange(width // stride), np.arange(height // stride))
        cells = np.stack([x, y], -1).reshape(-1, 2) * stride + stride / 2
        centres.append(np.repeat(cells, count, axis=0))
    return np.concatenate(centres)
