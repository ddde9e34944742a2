"""Decoded video pictures to RGB in float32, with nothing clipped and no code lost.

Source: ITU-R BT.601, BT.709, BT.2020 (matrix, 10- and 12-bit quantisation), H.273 (codes).
"""

from __future__ import annotations

from typing import Any

import numpy as np

# Weights of red and blue in luma by H.273 matrix code.
_MATRICES = {1: (0.2126, 0.0722), 4: (0.30, 0.11), 5: (0.299, 0.114), 6: (0.299, 0.114)}
_MATRICES |= {7: (0.212, 0.087), 9: (0.2627, 0.0593), 10: (0.2627, 0.0593)}
_HD_LINES = 720  # untagged video: BT.709 from here on, BT.601 below, as players do

_FULL_RANGE = 2


def to_rgb(picture: Any) -> np.ndarray:
    """Return float32 H x W x 3 or 4 of a PyAV picture; ValueError for a format not known here."""
    picture = _planar(picture)
    planes = [_plane(picture, index) for index in range(len(picture.planes))]
    bits = picture.format.components[0].bits
    top = float((1 << bits) - 1)
    if picture.format.name.startswith(("gray", "y1")):
        luma = _scaled(planes[0], bits, picture, chroma=False)
        colour = [luma, luma, luma]
    elif picture.format.is_rgb:
        green, blue, red = (_unit(plane, top) for plane in planes[:3])
        colour = [red, green, blue]
    else:
        colour = _matrixed(picture, planes, bits)
    if len(planes) in (2, 4):
        colour.append(_unit(planes[-1], top))
    return np.stack(colour, axis=-1)


def _planar(picture: Any) -> Any:
    """Return the picture in a planar format of the same samples (a regrouping, no conversion)."""
    kind = picture.format
    name = kind.name.removesuffix("le").removesuffix("be")
    bits = max(component.bits for component in kind.components)
    if name.startswith(("yuv", "gbr", "gray")) and kind.is_planar or name == "gray":
        wanted = kind.name.replace("be", "le").replace("yuvj", "yuv")
        if name.startswith("yuvj"):
            picture.color_range = _FULL_RANGE
            return picture
        return picture if wanted == kind.name else picture.reformat(format=wanted)
    deep = "" if bits == 8 else f"{bits if bits in (10, 12, 14) else 16}le"
    alpha = "a" if len(kind.components) == 4 else ""
    if kind.is_rgb or name == "pal8":
        return picture.reformat(format=f"gbr{alpha}p{deep}")
    chroma = {(1, 1): "444", (2, 1): "422", (2, 2): "420"}.get(_ratio(kind))
    if chroma is None:
        raise ValueError(f"its pixel format is {kind.name}, which is not read here")
    return picture.reformat(format=f"yuv{alpha}{chroma}p{deep}")


def _ratio(kind: Any) -> tuple[int, int]:
    wide, high = kind.chroma_width(64), kind.chroma_height(64)
    return 64 // wide, 64 // high


def _plane(picture: Any, index: int) -> np.ndarray:
    plane = picture.planes[index]
    kind = "<f4" if "f32" in picture.format.name else "<u2"
    if picture.format.components[0].bits == 8:
        kind = "u1"
    rows = np.frombuffer(plane, np.dtype(kind)).reshape(plane.height, -1)
    return rows[:, : plane.width]


def _unit(plane: np.ndarray, top: float) -> np.ndarray:
    if plane.dtype.kind == "f":
        return plane.astype(np.float32)
    return plane.astype(np.float32) / np.float32(top)


def _matrixed(picture: Any, planes: list[np.ndarray], bits: int) -> list[np.ndarray]:
    luma = _scaled(planes[0], bits, picture, chroma=False)
    blue_less, red_less = (
        _full_size(_scaled(plane, bits, picture, chroma=True), luma.shape) for plane in planes[1:3]
    )
    red_weight, blue_weight = _matrix(picture)
    red = luma + np.float32(2 * (1 - red_weight)) * red_less
    blue = luma + np.float32(2 * (1 - blue_weight)) * blue_less
    green_weight = 1 - red_weight - blue_weight
    green = (luma - np.float32(red_weight) * red - np.float32(blue_weight) * blue) / np.float32(
        green_weight
    )
    return [red, green, blue]


def _matrix(picture: Any) -> tuple[float, float]:
    code = int(picture.colorspace or 0)
    return _MATRICES.get(code, _MATRICES[1 if picture.height >= _HD_LINES else 5])


def _scaled(plane: np.ndarray, bits: int, picture: Any, *, chroma: bool) -> np.ndarray:
    """Return luma 0..1 or chroma -0.5..0.5 from codes; codes beyond the range go beyond."""
    values = plane.astype(np.float32)
    if int(picture.color_range or 0) == _FULL_RANGE:
        middle = float(1 << (bits - 1)) if chroma else 0.0
        return (values - np.float32(middle)) / np.float32((1 << bits) - 1)
    unit = float(1 << (bits - 8))
    low, span = (128 * unit, 224 * unit) if chroma else (16 * unit, 219 * unit)
    return (values - np.float32(low)) / np.float32(span)


def _full_size(plane: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return chroma at every pixel: sited at the left pixel, between lines (MPEG-2, H.264)."""
    wide, high = round(shape[1] / plane.shape[1]), round(shape[0] / plane.shape[0])
    if wide > 1:
        plane = _stretch(plane.T, wide, shape[1], offset=0.0).T
    if high > 1:
        plane = _stretch(plane, high, shape[0], offset=(high - 1) / 2)
    return np.ascontiguousarray(plane)


def _stretch(plane: np.ndarray, factor: int, length: int, *, offset: float) -> np.ndarray:
    """Return rows interpolated linearly; stored row i lies at `i * factor + offset`."""
    place = np.clip((np.arange(length) - offset) / factor, 0, plane.shape[0] - 1)
    low = place.astype(np.intp)
    high = np.minimum(low + 1, plane.shape[0] - 1)
    part = (place - low).astype(np.float32)[:, None]
    return plane[low] * (1 - part) + plane[high] * part
