"""The pixel hash `likeness-px1`: what a reader gets from a file, to the bit.

    part = sha256("pxh1\\0" + canonical JSON {"ch": [[name, type], ...], "dw": [x0, y0, x1, y1]}
                  + "\\0" + every channel's samples)
    file = sha256("pxh1-list\\0" + canonical JSON [[part name, part], ...])

Channels are sorted by their full name; type is half, float or uint; a subsampled channel's row is
[name, type, x sampling, y sampling]. Samples are rows from the top, little-endian raw bits: NaN
payloads and -0 count. dw is the data window with inclusive ends, as EXR has it. Compression,
tiling, line order, display window and attributes are not pixels and stay out. The name of the only
part of a file stays out too (it is hashed as ""), for many writers drop it.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from likeness.documents.base import canonical_json
from likeness.errors import FrameError
from likeness_engine.io.frame import Frame, Window

_TYPES = {("f", 2): "half", ("f", 4): "float", ("u", 4): "uint"}
_BLOCK_BYTES = 1 << 20  # of a plane that is no single run of memory, copied piece by piece


@dataclass(frozen=True)
class PixelDigest:
    """The digest of a file's pixels, and of each of its parts (name, sha256)."""

    sha256: str
    parts: tuple[tuple[str, str], ...]


def hash_frame(frame: Frame) -> PixelDigest:
    """Return the `likeness-px1` digest of a frame as it lies in memory.

    Reads the arrays in place, without copies, and lets go of the interpreter lock. FrameError where
    a channel's type cannot lie in an EXR.
    """
    single = len(frame.parts) == 1
    parts = tuple(
        (
            "" if single else part.name,
            hash_planes(part.channels, part.data_window, sampling=part.sampling),
        )
        for part in frame.parts
    )
    listed = canonical_json([list(part) for part in parts])
    return PixelDigest(hashlib.sha256(b"pxh1-list\0" + listed).hexdigest(), parts)


def hash_planes(
    channels: Mapping[str, np.ndarray],
    window: Window,
    *,
    sampling: Mapping[str, tuple[int, int]] | None = None,
) -> str:
    """Return the digest of one part: channels by name, each H x W float16, float32 or uint32."""
    names = sorted(channels)
    rows = [[n, _type(n, channels[n]), *(sampling or {}).get(n, ())] for n in names]
    box = [window.x0, window.y0, window.x1 - 1, window.y1 - 1]
    digest = hashlib.sha256(b"pxh1\0" + canonical_json({"dw": box, "ch": rows}) + b"\0")
    for name in names:
        for block in _blocks(channels[name]):
            digest.update(block)
    return digest.hexdigest()


def _type(name: str, plane: np.ndarray) -> str:
    found = _TYPES.get((plane.dtype.kind, plane.dtype.itemsize))
    if found is None:
        raise FrameError(
            f"Channel {name!r} is of type {plane.dtype}; EXR holds half, float and uint only."
        )
    return found


def _blocks(plane: np.ndarray) -> Iterator[memoryview]:
    """Yield a plane's samples as runs of little-endian bytes."""
    native_is_little = sys.byteorder == "little"
    little = plane.dtype.byteorder in ("<", "|") or (
        plane.dtype.byteorder == "=" and native_is_little
    )
    if little and plane.flags.c_contiguous:
        yield _bytes(plane)
        return
    step = max(1, _BLOCK_BYTES // max(1, plane.shape[1] * plane.dtype.itemsize))
    for top in range(0, plane.shape[0], step):
        rows = np.ascontiguousarray(plane[top : top + step])
        # byteswap moves bits and never rounds, so a NaN keeps its payload
        yield _bytes(rows if little else rows.byteswap())


def _bytes(plane: np.ndarray) -> memoryview:
    return plane.view(np.uint8).reshape(-1).data
