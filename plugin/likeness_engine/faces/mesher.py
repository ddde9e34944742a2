"""The mesh of a face: 468 points of the surface and 10 of the irises, from rotated square crops.

Attention-free MediaPipe mesh net (Kartynnik et al. 2019) and iris net (Ablavatski et al. 2020).
The nets are noisy by about half a per cent of the face from one crop to the next; the mean over
shifted, scaled and mirrored crops of the same picture takes most of that away.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np

from likeness_engine.faces.detector import Detection
from likeness_engine.faces.patch import Array, Patch, Plate, cut, even_gain, expose
from likeness_engine.faces.topology import POINTS, topology

# (n, 192, 192, 3) pictures in 0..1 -> (n, 468, 3) points in crop pixels, (n,) logits of presence
MeshNet = Callable[[Array], tuple[Array, Array]]
# (n, 64, 64, 3) pictures in 0..1 -> (n, 71, 3) points of the eye and brow, (n, 5, 3) of the iris
IrisNet = Callable[[Array], tuple[Array, Array]]

MESH_SIDE, IRIS_SIDE = 192, 64
OUTER_RIGHT, OUTER_LEFT, INNER_RIGHT, INNER_LEFT = 33, 263, 133, 362
_MARGIN = 1.5  # MediaPipe's: crop side over the longer side of the mesh
_EYE_MARGIN = 2.3  # MediaPipe's: crop side over the width of the eye
_ROOM = 1.25  # how much more than the crop is read, so that crops may move in it
_OVERSAMPLING = 2


@dataclass(frozen=True)
class Crop:
    """A rotated square in square pixels: centre, side and angle (clockwise +, radians)."""

    centre: tuple[float, float]
    side: float
    angle: float

    def moved(self, right: float, down: float, zoom: float, turn: float) -> Crop:
        """Return the crop shifted by parts of its side, zoomed, and turned by radians."""
        c, s = np.cos(self.angle), np.sin(self.angle)
        x = self.centre[0] + self.side * (c * right - s * down)
        y = self.centre[1] + self.side * (s * right + c * down)
        return Crop((float(x), float(y)), self.side * zoom, self.angle + turn)

    def matrix(self, pixels: int) -> Array:
        """Return the 2 x 3 matrix from crop pixels (0..pixels) to square pixels."""
        c, s = np.cos(self.angle), np.sin(self.angle)
        turn = np.array([[c, -s], [s, c]]) * (self.side / pixels)
        return np.c_[turn, np.array(self.centre) - turn @ np.full(2, pixels / 2)]


@dataclass(frozen=True)
class Mesh:
    """A meshed face in square pixels: 478 points (x, y, z; smaller z is nearer)."""

    points: Array  # (478, 3) float64
    presence: float  # 0..1, the net's own word whether this is a face


# Moves of the crops that are averaged: right, down, zoom, turn, mirrored.
Moves = tuple[tuple[float, float, float, float, bool], ...]
ONE: Moves = ((0.0, 0.0, 1.0, 0.0, False),)
PAIR: Moves = ((0.0, 0.0, 1.0, 0.0, False), (0.0, 0.0, 1.0, 0.0, True))


def crop_of_detection(found: Detection) -> Crop:
    """Return the crop of a detected face: its box, 1.5 times, turned so that the eyes lie level."""
    right, left = found.keys[0], found.keys[1]
    angle = float(np.arctan2(left[1] - right[1], left[0] - right[0]))
    side = max(found.box[2] - found.box[0], found.box[3] - found.box[1]) * _MARGIN
    return Crop(found.centre, side, angle)


def crop_of_mesh(points: Array) -> Crop:
    """Return the crop of a mesh (468+, 3): its box along the eyes' axis, 1.5 times."""
    across = points[OUTER_LEFT, :2] - points[OUTER_RIGHT, :2]
    angle = float(np.arctan2(across[1], across[0]))
    c, s = np.cos(angle), np.sin(angle)
    level = points[:POINTS, :2] @ np.array([[c, -s], [s, c]])
    low, high = level.min(0), level.max(0)
    x, y = (low + high) / 2
    centre = (float(c * x - s * y), float(s * x + c * y))
    return Crop(centre, float((high - low).max()) * _MARGIN, angle)


def read_patch(plate: Plate, crop: Crop) -> Patch:
    """Return the plate around a crop, at about twice the mesh net's resolution."""
    reach = crop.side * _ROOM * (abs(np.cos(crop.angle)) + abs(np.sin(crop.angle))) / 2
    x, y = crop.centre
    box = (x - reach, y - reach, x + reach, y + reach)
    return cut(plate, box, crop.side / (MESH_SIDE * _OVERSAMPLING))


def take_crop(picture: Array, patch: Patch, crop: Crop, pixels: int) -> Array:
    """Return a crop (pixels, pixels, 3) of a picture that lies like `patch`, without aliases."""
    fine = pixels * _OVERSAMPLING
    to_array = crop.matrix(fine)
    to_array[:, 2] -= patch.corner
    to_array /= np.array(patch.scale)[:, None]
    to_array[:, 2] += to_array[:, :2] @ np.full(2, 0.5) - 0.5  # OpenCV counts from pixel centres
    turned = cv2.warpAffine(
        picture,
        to_array,
        (fine, fine),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    reduced = turned.reshape(pixels, _OVERSAMPLING, pixels, _OVERSAMPLING, 3).mean((1, 3))
    return np.asarray(reduced, np.float32)


def mesh_face(
    plate: Plate,
    crop: Crop,
    mesh_net: MeshNet,
    iris_net: IrisNet,
    *,
    passes: int = 2,
    moves: Moves = PAIR,
) -> Mesh:
    """Return the mesh of the face in a crop.

    Each of the `passes` finds a better crop; the last one averages `moves` of it.
    """
    patch = read_patch(plate, crop)
    picture = expose_patch(patch)
    for k in range(passes):
        last = k == passes - 1
        points, presence = _run_mesh(picture, patch, crop, mesh_net, moves if last else ONE)
        crop = crop_of_mesh(points)
        if not last and not _covers(patch, crop):
            patch = read_patch(plate, crop)
            picture = expose_patch(patch)
    return Mesh(_with_eyes(picture, patch, points, iris_net), presence)


def presence(plate: Plate, crop: Crop, mesh_net: MeshNet) -> tuple[Array, float]:
    """Return a quick mesh (468, 3) in square pixels and the presence score, from one crop."""
    patch = read_patch(plate, crop)
    return _run_mesh(expose_patch(patch), patch, crop, mesh_net, ONE)


def expose_patch(patch: Patch) -> Array:
    """Return a patch (h, w, 3) as the nets see it, exposed for what is in its middle."""
    height, width = patch.rgb.shape[:2]
    core = patch.rgb[height // 4 : -(height // 4) or None, width // 4 : -(width // 4) or None]
    return expose(patch.rgb, even_gain(core))


def _covers(patch: Patch, crop: Crop) -> bool:
    """Say whether a patch still holds a crop, at a resolution that suits it."""
    span = np.array(patch.rgb.shape[1::-1]) * patch.scale
    middle = np.array(patch.corner) + span / 2
    shift = np.abs(np.array(crop.centre) - middle).max()
    return bool(shift < 0.1 * crop.side and 0.8 < span.max() / (crop.side * _ROOM) < 2.0)


def _run_mesh(
    picture: Array, patch: Patch, crop: Crop, net: MeshNet, moves: Moves
) -> tuple[Array, float]:
    """Return the mean points (468, 3) over moved crops, and the mean presence."""
    crops = [crop.moved(*move[:4]) for move in moves]
    pictures = [take_crop(picture, patch, c, MESH_SIDE) for c in crops]
    flipped = [p[:, ::-1] if m[4] else p for p, m in zip(pictures, moves, strict=True)]
    points, logits = net(np.stack(flipped))
    placed = []
    for local, one, move in zip(points.astype(np.float64), crops, moves, strict=True):
        if move[4]:
            local = local[topology().mirror] * [-1, 1, 1] + [MESH_SIDE, 0, 0]
        placed.append(_place(local, one, MESH_SIDE))
    score = 1 / (1 + np.exp(-np.clip(logits, -80, 80)))
    return np.mean(placed, 0), float(score.mean())


def _place(local: Array, crop: Crop, pixels: int) -> Array:
    """Turn crop points (n, 3) into square pixels; z keeps the scale."""
    matrix = crop.matrix(pixels)
    flat = local[:, :2] @ matrix[:, :2].T + matrix[:, 2]
    return np.c_[flat, local[:, 2] * (crop.side / pixels)]


@cache
def eye_points() -> tuple[Array, Array]:
    """Return the mesh's indices of the iris net's 71 points: of the right eye, of the left."""
    right = np.array(_RIGHT_EYE)
    return right, topology().mirror[right]


def _with_eyes(picture: Array, patch: Patch, points: Array, net: IrisNet) -> Array:
    """Return the 478 points: the mesh with refined lids, and the irises."""
    corners = ((OUTER_RIGHT, INNER_RIGHT), (INNER_LEFT, OUTER_LEFT))
    across = points[OUTER_LEFT, :2] - points[OUTER_RIGHT, :2]
    angle = float(np.arctan2(across[1], across[0]))
    crops = []
    for first, second in corners:
        middle = (points[first, :2] + points[second, :2]) / 2
        side = float(np.hypot(*(points[first, :2] - points[second, :2]))) * _EYE_MARGIN
        crops.append(Crop((float(middle[0]), float(middle[1])), max(side, 1.0), angle))
    pictures = [take_crop(picture, patch, crop, IRIS_SIDE) for crop in crops]
    pictures[1] = pictures[1][:, ::-1]  # the net knows one side only
    contours, irises = net(np.stack(pictures))
    refined, rings = points.copy(), []
    for k, indices in enumerate(eye_points()):
        eye, iris = contours[k].astype(np.float64), irises[k].astype(np.float64)
        if k == 1:
            flip, shift = [-1, 1, 1], [IRIS_SIDE, 0, 0]
            eye, iris = eye * flip + shift, (iris * flip + shift)[[0, 3, 2, 1, 4]]
        lids = _place(eye, crops[k], IRIS_SIDE)[: len(LIDS)]
        refined[indices[: len(LIDS)], :2] = lids[:, :2]
        ring = _place(iris, crops[k], IRIS_SIDE)
        ring[:, 2] = points[indices[: len(LIDS)], 2].mean()
        rings.append(ring)
    return np.concatenate([refined, *rings])


# The iris net's points on the mesh, for the eye at 33 and 133: lids, then rings outwards, brow.
LIDS = (33, 7, 163, 144, 145, 153, 154, 155, 133, 246, 161, 160, 159, 158, 157, 173)
_RIGHT_EYE = (
    *LIDS,
    *(130, 25, 110, 24, 23, 22, 26, 112, 243, 247, 30, 29, 27, 28, 56, 190),
    *(226, 31, 228, 229, 230, 231, 232, 233, 244, 113, 225, 224, 223, 222, 221, 189),
    *(35, 124, 46, 53, 52, 65, 143, 111, 117, 118, 119, 120, 121, 128, 245),
    *(156, 70, 63, 105, 66, 107, 55, 193),
)
