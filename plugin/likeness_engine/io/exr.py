"""Read EXR: pixels by OpenEXR's own package; attributes and damage checks by our container.

Why this library: docs/decisions/001-exr-library.md.
"""

from __future__ import annotations

import io
import os
import threading
from pathlib import Path
from typing import Any

import numpy as np
import OpenEXR

from likeness.errors import FrameError
from likeness_engine.io import container as box
from likeness_engine.io.attributes import Attribute, ChannelEntry, channel_list
from likeness_engine.io.container import Container, Header
from likeness_engine.io.frame import Frame, Part, Window, stamp_of
from likeness_engine.io.stdout import spoken

MAX_SIDE = 1 << 17  # pixels; the widest plates in use are 16 to 32 thousand
MAX_PIXEL_BYTES = 1 << 34  # 16 GiB decoded: 20 float RGBA layers at 8K take 11
# A black frame shrinks 8000-fold (DWAB, HTJ2K; measured), so the size of the file bounds little.
# Below this, an 8K frame of RGBA floats, no ratio is absurd; above it, deflate's own limit holds.
_FREE_BYTES, _MAX_RATIO = 1 << 30, 1100
_FREE_TILE_BYTES = 1 << 26

_KINDS: dict[str, np.dtype] = {
    "uint": np.dtype("u4"),
    "half": np.dtype("f2"),
    "float": np.dtype("f4"),
}

_STRUCTURAL = {
    "channels",
    "chunkCount",
    "compression",
    "dataWindow",
    "displayWindow",
    "lineOrder",
    "name",
    "pixelAspectRatio",
    "screenWindowCenter",
    "screenWindowWidth",
    "tiles",
    "type",
    "version",
}

_THREADS = threading.Lock()
_threads_set = False


def use_threads(count: int = 0) -> int:
    """Set how many threads compress and decompress, for the whole process; 0 is every core."""
    global _threads_set
    with _THREADS:
        _threads_set = True
        if count <= 0:
            count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 0
            count = count or os.cpu_count() or 1
        if OpenEXR.global_thread_count() != count:
            OpenEXR.set_global_thread_count(count)
    return count


def ensure_threads() -> None:
    """Use every core, unless `use_threads` has said otherwise."""
    if not _threads_set:
        use_threads()


def read_exr(path: Path, number: int) -> Frame:
    """Read every part, channel and attribute; FrameError names file and frame."""
    ensure_threads()
    label = f"{path} (frame {number})"
    with open(path, "rb") as file:
        stamp = stamp_of(file)
        found = box.read_container(file, label)
        _refuse_deep(found, label)
        try:
            _check_sizes(found)
            box.check_complete(file, found)
            with spoken() as said:
                source = _decode(path, file, found)
            if len(source.parts) != len(found.headers):
                raise ValueError(" ".join("".join(said).split()) or "its pixels cannot be decoded")
            parts = [
                _part(found, header, pixels.channels)
                for header, pixels in zip(found.headers, source.parts, strict=True)
            ]
        except (KeyError, ValueError, RuntimeError, MemoryError, OverflowError, OSError) as error:
            raise FrameError(
                f"{label} is damaged: {_cause(error)}. Render or copy it again."
            ) from error
    return Frame(str(path), number, parts, stamp=stamp)


def _check_sizes(found: Container) -> None:
    """Raise ValueError where decoding would take memory that no real plate takes."""
    total = 0
    for header in found.headers:
        x0, y0, x1, y1 = header["dataWindow"].value
        width, height = x1 - x0 + 1, y1 - y0 + 1
        if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE):
            raise ValueError(f"its header says {width} x {height} pixels")
        channels = channel_list(header["channels"]).values()
        deep = sum(_KINDS[channel.pixel_type].itemsize for channel in channels)
        total += width * height * deep
        if "tiles" in header:  # a tile is decoded whole, whatever part of it the image covers
            wide, high = header["tiles"].value[:2]
            if wide * high * deep > max(_FREE_TILE_BYTES, 4 * width * height * deep):
                raise ValueError(f"its header says tiles of {wide} x {high} pixels")
    if total > min(MAX_PIXEL_BYTES, max(_FREE_BYTES, found.size * _MAX_RATIO)):
        raise ValueError(f"its header says {total >> 20} MiB of pixels in {found.size} bytes")


def _refuse_deep(found: Container, label: str) -> None:
    for index, header in enumerate(found.headers):
        if box.storage(found, header).startswith("deep"):
            raise FrameError(
                f"{label}: part {index} is deep. No node works on deep samples; flatten it first."
            )


def _decode(path: Path, file: Any, found: Container) -> Any:
    """Decode by path; where that fails, through a head whose attributes the library passes by.

    The library refuses a whole file for one attribute it does not like: a rational with 0 below,
    text that is not UTF-8, a key code out of range, a type its Python layer does not know.
    """
    try:
        return OpenEXR.File(str(path), separate_channels=True)
    except (ArithmeticError, ValueError, RuntimeError) as first:
        disguised = [
            {name: a if name in _STRUCTURAL else _disguise(a) for name, a in header.items()}
            for header in found.headers
        ]
        head = box.serialise(found.version, disguised)
        if disguised == found.headers or len(head) != found.end:
            raise
        try:
            return OpenEXR.File(_Patched(head, file), separate_channels=True)
        except (ArithmeticError, ValueError, RuntimeError):
            raise first from None


def _disguise(attribute: Attribute) -> Attribute:
    """Return the attribute under a type of the same length that nobody knows."""
    return Attribute("~" * len(attribute.kind.encode("utf-8", "surrogateescape")), attribute.raw)


class _Patched(io.RawIOBase):
    """A file whose first bytes are others."""

    def __init__(self, head: bytes, rest: Any) -> None:
        self._head, self._rest = head, rest
        self._at, self._size = 0, rest.seek(0, os.SEEK_END)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        self._at = base + offset
        return self._at

    def read(self, size: int = -1) -> bytes:
        wanted = self._size - self._at if size < 0 else size
        start = self._head[self._at : self._at + wanted]
        self._rest.seek(self._at + len(start))
        taken = start + self._rest.read(wanted - len(start))
        self._at += len(taken)
        return bytes(taken)


def _part(found: Container, header: Header, pixels: dict[str, Any]) -> Part:
    listed = channel_list(header["channels"])
    x0, y0, x1, y1 = header["dataWindow"].value
    data = Window(x0, y0, x1 + 1, y1 + 1)
    a0, b0, a1, b1 = header["displayWindow"].value
    aspect = header.get("pixelAspectRatio")
    return Part(
        name=str(header["name"].value) if "name" in header else "",
        channels={name: _plane(pixels[name].pixels, data, c) for name, c in listed.items()},
        header=dict(header),
        data_window=data,
        display_window=Window(a0, b0, a1 + 1, b1 + 1),
        pixel_aspect=float(aspect.value) if aspect else 1.0,
        storage=box.storage(found, header),
        compression=box.compression_name(header),
        sampling={
            n: (c.x_sampling, c.y_sampling)
            for n, c in listed.items()
            if (c.x_sampling, c.y_sampling) != (1, 1)
        },
        p_linear=frozenset(name for name, c in listed.items() if c.p_linear),
    )


def _plane(pixels: np.ndarray, data: Window, entry: ChannelEntry) -> np.ndarray:
    """Return a channel's samples; the library packs subsampled ones at the head of an array."""
    if (entry.x_sampling, entry.y_sampling) == (1, 1):
        return pixels
    wide, high = data.width // entry.x_sampling, data.height // entry.y_sampling
    return pixels.reshape(-1)[: wide * high].reshape(high, wide).copy()


def _cause(error: BaseException) -> str:
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__
