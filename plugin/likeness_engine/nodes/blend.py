"""Blend: the element in the plate's light, with its edge, its grain, and nothing else changed."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np

from likeness.nodes import Blend
from likeness_engine.faces.blend import (
    blend_gradient,
    blend_multiband,
    blend_over,
    decode,
    encode,
)
from likeness_engine.faces.grain import make_grain, measure_grain
from likeness_engine.faces.light import MAP, light_ratio, luminance, mean_over_skin, sample_map
from likeness_engine.faces.matte import bounds_of, face_matte, hair_over_face
from likeness_engine.faces.topology import Floats
from likeness_engine.faces.unwrap import View, unwrap
from likeness_engine.nodes.element import Element

SOFTNESS = 0.03  # sigma of what counts as light, as a part of the UV map (about 1/30 of a face)


@dataclass(frozen=True)
class Seated:
    """One face in the plate. Arrays cover the element's window."""

    rgb: Floats  # (H, W, 3) the plate with the face in it; equal to the plate where matte is 0
    matte: Floats  # (H, W) 0..1, what Blend painted


def seat_element(
    plate: Floats, element: Element, node: Blend, *, frame: int, holdout: Floats | None = None
) -> Seated:
    """Put an element into its plate region.

    plate: (H, W, 3) scene-linear of the element's window, not premultiplied; holdout: (H, W) 0..1,
    where the plate must not be painted over.
    """
    own = unwrap(plate, element.plate_mesh, MAP, hidden=False)
    drawn = unwrap(element.rgb, element.mesh, MAP, hidden=False)
    full = face_matte(
        element.covered,
        erode_px=node.erode / 100 * element.width_px,
        feather_px=node.feather / 100 * element.width_px,
    )
    box = bounds_of(full > 0, margin=0)  # the rest of the window is the plate's alone
    result, painted = plate.copy(), np.zeros_like(full)
    if not full[box].size:
        return Seated(result, painted)
    element, matte, ground = element.part(box), full[box], plate[box]
    matte *= 1 - hair_over_face(ground, element.uv, own, width_px=element.width_px)
    if holdout is not None:
        matte *= 1 - np.clip(holdout[box], 0, 1)
    lit = relight(element, own, drawn, node)
    joined = decode(_join(encode(ground), encode(lit), matte, element, node))
    if node.grain_match > 0:
        joined += _missing_grain(ground, lit, element, matte, node, frame=frame)
    # The join already holds the matte; `mix` fades the whole change.
    joined = ground + (joined - ground) * np.float32(node.mix)
    painted[box] = matte * np.float32(node.mix)
    result[box] = np.where(painted[box][..., None] > 0, joined, ground)
    return Seated(result, painted)


def relight(element: Element, own: View, drawn: View, node: Blend) -> Floats:
    """Return the element's rgb in the plate's light; its kept parts are in that light already.

    own, drawn: the plate's face and the element, unwrapped.
    """
    gain = light_ratio(own, drawn, softness=SOFTNESS)
    mean = mean_over_skin(gain, own.quality * drawn.quality)
    level = np.full(3, mean.mean(), np.float32)  # exposure is always the plate's
    tone = level + (mean - level) * np.float32(node.colour_match)
    gain = tone + (gain - mean) * np.float32(node.light_match)
    factor = sample_map(np.exp(gain), element.uv)
    factor += (1 - factor) * element.kept[..., None]
    return element.rgb * factor


def _join(plate: Floats, lit: Floats, matte: Floats, element: Element, node: Blend) -> Floats:
    lit = np.where(matte[..., None] > 0, lit, plate)
    if node.method == "over":
        return blend_over(plate, lit, matte)
    if node.method == "gradient":
        return blend_gradient(plate, lit, matte, element.kept)
    bands = int(np.clip(round(np.log2(max(element.width_px, 32) / 16)), 1, 7))
    return blend_multiband(plate, lit, matte, bands=bands)


def _missing_grain(
    plate: Floats, lit: Floats, element: Element, matte: Floats, node: Blend, *, frame: int
) -> Floats:
    """Return the grain that the joined picture lacks next to the plate, (H, W, 3)."""
    inside = (matte > 0.5) & (element.kept < 0.01)
    wanted, present = measure_grain(plate, inside), measure_grain(lit, inside)
    seed = (frame & (2**64 - 1), zlib.crc32(element.face.encode()))
    missing = wanted.less(present)
    grain = make_grain(missing, luminance(lit), seed=seed)
    # Where plate and element mix, the plate brings (1 - matte) of its grain along.
    share = np.sqrt(np.clip(2 * matte - matte * matte, 0, 1)) * np.sqrt(1 - element.kept)
    return grain * (share * np.float32(node.grain_match))[..., None]
