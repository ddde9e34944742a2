"""What a face looks like, cheaply: enough to tell the few people of one shot apart.

Not recognition: no net, no template that would know a person elsewhere. A small UV texture with its
light taken out, the skin's chroma, and the proportions of the mesh; it lives as long as the run.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from likeness_engine.faces.align import fit_pose
from likeness_engine.faces.mesher import crop_of_mesh
from likeness_engine.faces.patch import Array, Plate, cut
from likeness_engine.faces.topology import POINTS
from likeness_engine.faces.unwrap import unwrap

_TEXTURE = 32
_FACE_PX = 96.0  # faces are reduced to about this before they are unwrapped
_DARK = 2.0**-10
_STRUCTURE, _CHROMA, _SHAPE = 1.0, 6.0, 12.0  # weights; see docs/decisions/006-detect.md


@dataclass(frozen=True)
class Look:
    """A face's appearance: weighted sums over the frames it was seen in."""

    structure: Array  # (32, 32) log luminance without its soft part, times weight
    chroma: Array  # (32, 32, 2) log R/G and B/G, times weight
    weight: Array  # (32, 32) how well the texels were seen
    shape: Array  # (468, 2) x and y at rest, times facing
    facing: float

    def add(self, other: Look) -> Look:
        """Return the appearance of both sightings together."""
        return Look(
            self.structure + other.structure,
            self.chroma + other.chroma,
            self.weight + other.weight,
            self.shape + other.shape,
            self.facing + other.facing,
        )


def look_at_face(plate: Plate, mesh: Array) -> Look:
    """Return the appearance of a meshed face (478, 3; square pixels) in one frame."""
    crop = crop_of_mesh(mesh)
    reach = crop.side / 2
    x, y = crop.centre
    patch = cut(plate, (x - reach, y - reach, x + reach, y + reach), crop.side / 1.5 / _FACE_PX)
    scale = np.array([*patch.scale, patch.scale[1]])
    points = ((mesh - [*patch.corner, 0]) / scale).astype(np.float32)
    view = unwrap(patch.rgb, points, _TEXTURE, hidden=False)
    rgb = np.maximum(view.texture, _DARK)
    luminance = np.log2(rgb.mean(-1))
    soft = _blur(luminance * view.quality, 4.0) / np.maximum(_blur(view.quality, 4.0), 1e-3)
    structure = np.clip(luminance - soft, -2, 2)
    chroma = np.log2(np.stack([rgb[..., 0] / rgb[..., 1], rgb[..., 2] / rgb[..., 1]], -1))
    pose = fit_pose(mesh)
    facing = max(float(pose.rotation[2, 2]), 0.05) ** 4
    quality = view.quality.astype(np.float64) ** 2
    return Look(
        structure * quality,
        np.clip(chroma, -4, 4) * quality[..., None],
        quality,
        pose.undo(mesh)[:POINTS, :2].astype(np.float64) * facing,
        facing,
    )


def difference(one: Look, other: Look) -> float:
    """Return how unlike two appearances are: one person mostly below 1, two mostly above."""
    common = np.minimum(one.weight / max(one.weight.max(), 1e-9), 1)
    common = np.minimum(common, other.weight / max(other.weight.max(), 1e-9))
    if common.sum() < 10:
        return float("inf")
    a, b = (look.structure / np.maximum(look.weight, 1e-9) for look in (one, other))
    a, b = a - np.average(a, weights=common), b - np.average(b, weights=common)
    both = (common * a * b).sum() / np.sqrt((common * a * a).sum() * (common * b * b).sum() + 1e-12)
    tints = [
        (look.chroma * common[..., None]).sum((0, 1)) / (look.weight * common).sum().clip(1e-9)
        for look in (one, other)
    ]
    tint = float(np.abs(tints[0] - tints[1]).max())
    shapes = [look.shape / max(look.facing, 1e-9) for look in (one, other)]
    shape = float(np.sqrt(((shapes[0] - shapes[1]) ** 2).sum(-1).mean()))
    return float(_STRUCTURE * (1 - both) + _CHROMA * tint * 0.1 + _SHAPE * shape)


def _blur(values: Array, sigma: float) -> Array:
    return np.asarray(cv2.GaussianBlur(values, (0, 0), sigma))
