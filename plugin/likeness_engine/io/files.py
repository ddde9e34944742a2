"""One frame from a file, one frame to a file. What is written is always EXR."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from likeness.errors import FrameError, ParameterError
from likeness_engine.io import attributes as attr
from likeness_engine.io.atomic import replacing
from likeness_engine.io.container import COMPRESSIONS
from likeness_engine.io.frame import Frame, Part
from likeness_engine.io.header import check_names
from likeness_engine.io.samples import to_native

PICTURES = (".dpx", ".tif", ".tiff", ".png", ".jpg", ".jpeg")
MOVIES = (".mov", ".mp4", ".mxf", ".mkv", ".avi", ".m4v", ".webm")

# Measured: what a second pass through the codec does to samples nobody changed (decision 001).
_LOSSLESS = ("none", "rle", "zips", "zip", "piz", "htj2k256", "htj2k32", "zstd")
_STABLE = (*_LOSSLESS, "pxr24")

_COLOUR = ("R", "G", "B", "A", "Y", "RY", "BY")


def read_frame(path: str | os.PathLike[str], number: int = 0) -> Frame:
    """Read one frame whole: every channel in its own type, every attribute.

    EXR, DPX, TIFF, PNG, JPEG, or frame `number` of a movie. Values are as stored: no colour change.
    FrameError names the file and the frame when it is absent, damaged or of an unknown kind.
    """
    place = Path(path)
    kind = place.suffix.lower()
    if not place.is_file():
        raise FrameError(f"{place} (frame {number}) does not exist.")
    if kind == ".exr":
        from likeness_engine.io.exr import read_exr

        return read_exr(place, number)
    if kind in PICTURES:
        from likeness_engine.io.pictures import read_picture

        return read_picture(place, number)
    if kind in MOVIES:
        from likeness_engine.io.movies import read_movie_frame

        return read_movie_frame(place, number)
    raise FrameError(
        f"{place} (frame {number}) is of no kind that is read here. "
        f"Known are .exr, {', '.join(PICTURES + MOVIES)}."
    )


def write_frame(
    frame: Frame,
    path: str | os.PathLike[str],
    *,
    compression: str = "",
    pixel_type: str = "",
    attributes: Mapping[str, str] | None = None,
    changed_rows: tuple[int, int] | None = None,
) -> str:
    """Write a frame as EXR, whole or not at all; returns the first part's compression.

    `compression` (zip, piz, dwaa, ...) and `pixel_type` (half or float, for the colour channels of
    every layer) default to the plate's own. A plate in a codec that would change samples nobody
    touched (B44, B44A, DWAA, DWAB, lossy JPEG 2000) is written as ZIP unless `compression` says
    otherwise: outside the matte the plate keeps its bits. `attributes` are string attributes of the
    first part, put there in the same pass. `changed_rows` (y0 <= y < y1, absolute) is a promise
    that all other samples are those of the file the frame was read from: where the file allows it,
    they are copied compressed. FrameError leaves the old file, if any, in place.
    """
    place = Path(path)
    check_names(attributes or {})
    ready = [_prepared(part, compression, pixel_type) for part in frame.parts]
    if attributes:
        strings = {name: attr.text(value) for name, value in attributes.items()}
        ready[0] = replace(ready[0], header={**ready[0].header, **strings})
    if place.suffix.lower() != ".exr":
        raise ParameterError(f"The output {place} is no .exr; results are written as EXR only.")
    from likeness_engine.io.exr_write import write_exr
    from likeness_engine.io.patch import CannotPatch, patch_exr

    try:
        with replacing(place) as temporary:
            if changed_rows is not None and not pixel_type and lossless(ready[0].compression):
                try:
                    patch_exr(frame, ready[0], temporary, changed_rows)
                    return ready[0].compression
                except CannotPatch:
                    pass  # the way round is the usual one
            write_exr(replace(frame, parts=ready), temporary)
    except (OSError, RuntimeError, ValueError, MemoryError, TypeError) as error:
        cause = " ".join(str(error).split()).rstrip(".") or type(error).__name__
        raise FrameError(f"{place} (frame {frame.number}) was not written: {cause}.") from error
    return ready[0].compression


def lossless(compression: str) -> bool:
    """Say whether a compression returns half, float and uint samples to the bit.

    PXR24 does for half and uint, but rounds float to 24 bits: it counts as lossy here.
    """
    return compression in _LOSSLESS


def kept_compression(part: Part) -> str:
    """Return the compression a part is written in when nobody asks for another."""
    return part.compression if part.compression in _STABLE else "zip"


def _prepared(part: Part, compression: str, pixel_type: str) -> Part:
    if compression and compression not in COMPRESSIONS:
        raise ParameterError(
            f"compression is {compression!r}; it must be one of {', '.join(COMPRESSIONS)}."
        )
    if pixel_type not in ("", "half", "float"):
        raise ParameterError(f"pixel_type is {pixel_type!r}; it must be half or float.")
    channels = part.channels
    if pixel_type:
        wanted = np.dtype(np.float16 if pixel_type == "half" else np.float32)
        channels = {n: _retyped(n, plane, wanted) for n, plane in channels.items()}
    return replace(part, channels=channels, compression=compression or kept_compression(part))


def _retyped(name: str, plane: np.ndarray, wanted: np.dtype) -> np.ndarray:
    """Return a colour channel in another float type; depth, ids and the like stay what they are."""
    if name.rpartition(".")[2] not in _COLOUR or plane.dtype.kind != "f" or plane.dtype == wanted:
        return plane
    return to_native(plane, wanted)[0] if wanted == np.float16 else plane.astype(wanted)
