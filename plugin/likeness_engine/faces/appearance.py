"""What a face looks like, cheaply: enough to tell the few people of one shot apart.

Not recognition: no net, no template that would know a person elsewhere. A small UV texture with its
light taken out, the tone of the skin, the hair against the skin, and the proportions of the mesh;
it lives as long as the run.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import cv2
import numpy as np

from likeness_engine.faces.align import fit_pose
from likeness_engine.faces.mesher import crop_of_mesh
from likeness_engine.faces.patch import Array, Patch, Plate, cut
from likeness_engine.faces.topology import POINTS
from likeness_engine.faces.unwrap import unwrap

_TEXTURE = 32
_FACE_PX = 96.0  # faces are reduced to about this before they are unwrapped
_DARK = 2.0**-10
_FOREHEAD, _CHIN = 10, 152
_HAIR_UP = 0.22  # of the face's height, above the forehead's edge

# Weights of the parts, from 32 pictures of 8 synthetic actors: see docs/decisions/006-detect.md.
_STRUCTURE, _TINT, _HAIR, _SHAPE = 0.9, 7.2, 0.36, 2.4


@dataclass(frozen=True)
class Look:
    """A face's appearance: sums over the frames it was seen in, weighted by how well."""

    structure: Array  # (32, 32, 3) log2 colour without its soft part
    weight: Array  # (32, 32) of the texels
    tint: Array  # (2,) log2 R/G and B/G of the skin
    hair: Array  # (3,) log2 colour of the hair over that of the skin
    shape: Array  # (468, 2) x and y at rest
    facing: float  # weight of tint, hair and shape

    def add(self, other: Look) -> Look:
        """Return the appearance of both sightings together."""
        names = [f.name for f in fields(self)]
        return Look(**{name: getattr(self, name) + getattr(other, name) for name in names})


def look_at_face(plate: Plate, mesh: Array) -> Look:
    """Return the appearance of a meshed face (478, 3; square pixels) in one frame."""
    crop = crop_of_mesh(mesh)
    reach = crop.side * 0.6
    x, y = crop.centre
    patch = cut(plate, (x - reach, y - reach, x + reach, y + reach), crop.side / 1.5 / _FACE_PX)
    points = np.c_[patch.to_patch(mesh[:, :2]), mesh[:, 2] / patch.scale[1]].astype(np.float32)
    view = unwrap(patch.rgb, points, _TEXTURE, hidden=False)
    quality = view.quality.astype(np.float64) ** 2
    colour = np.log2(np.maximum(view.texture, _DARK)).astype(np.float64)
    share = np.maximum(_blur(quality, 4.0), 1e-6)[..., None]
    structure = np.clip(colour - _blur(colour * quality[..., None], 4.0) / share, -2, 2)
    skin = (colour * quality[..., None]).sum((0, 1)) / max(quality.sum(), 1e-9)
    pose = fit_pose(mesh)
    facing = max(float(pose.rotation[2, 2]), 0.05) ** 4
    return Look(
        structure=structure * quality[..., None],
        weight=quality,
        tint=(skin[[0, 2]] - skin[1]) * facing,
        hair=(_hair(patch, mesh) - skin) * facing,
        shape=pose.undo(mesh)[:POINTS, :2].astype(np.float64) * facing,
        facing=facing,
    )


def difference(one: Look, other: Look) -> float:
    """Return how unlike two appearances are: one person mostly below 1, two mostly above."""
    common = np.minimum(one.weight / one.weight.max(), other.weight / other.weight.max())
    if not common.sum() > 10:  # also where nothing of one was seen
        return float("inf")
    inner = common[..., None] / common.sum() / 3
    a, b = (look.structure / np.maximum(look.weight, 1e-9)[..., None] for look in (one, other))
    a, b = a - (a * inner).sum(), b - (b * inner).sum()
    alike = (inner * a * b).sum() / np.sqrt((inner * a * a).sum() * (inner * b * b).sum() + 1e-12)
    tint, hair, shape = (
        getattr(one, name) / one.facing - getattr(other, name) / other.facing
        for name in ("tint", "hair", "shape")
    )
    return float(
        _STRUCTURE * (1 - alike)
        + _TINT * np.abs(tint).max()
        + _HAIR * np.abs(hair).max()
        + _SHAPE * np.sqrt((shape**2).sum(-1).mean())
    )


def _hair(patch: Patch, mesh: Array) -> Array:
    """Return the log2 colour (3,) of the patch above the forehead."""
    top, chin = mesh[_FOREHEAD, :2], mesh[_CHIN, :2]
    x, y = patch.to_patch(top + (top - chin) * _HAIR_UP)
    height, width = patch.rgb.shape[:2]
    side = max(round(float(np.hypot(*(top - chin))) / patch.scale[1] * 0.06), 1)
    left, up = (int(np.clip(v, side, n - side - 1)) for v, n in ((x, width), (y, height)))
    around = patch.rgb[max(up - side, 0) : up + side + 1, max(left - side, 0) : left + side + 1]
    middle = np.median(around.reshape(-1, 3), axis=0).astype(np.float64)
    return np.clip(np.log2(np.maximum(middle, _DARK)), -10, 10)


def _blur(values: Array, sigma: float) -> Array:
    return np.asarray(cv2.GaussianBlur(values, (0, 0), sigma))
