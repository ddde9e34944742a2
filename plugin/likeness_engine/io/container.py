"""The frame of an EXR file: headers as raw attributes, and where the chunks of pixels lie.

Source: "OpenEXR File Layout" (openexr.com). Nothing here decodes a pixel. Everything read from a
file is bounded before it is believed.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np

from likeness.errors import FrameError
from likeness_engine.io.attributes import Attribute

Header = dict[str, Attribute]

MAGIC = 20000630
TILED, LONG_NAMES, DEEP, MULTI_PART = 0x200, 0x400, 0x800, 0x1000

# Lines in a chunk by the code in the file. OpenEXR 3.5 writes these; a file that names another
# compression must say its chunkCount, or is left alone.
COMPRESSIONS = {
    "none": (0, 1),
    "rle": (1, 1),
    "zips": (2, 1),
    "zip": (3, 16),
    "piz": (4, 32),
    "pxr24": (5, 16),
    "b44": (6, 32),
    "b44a": (7, 32),
    "dwaa": (8, 32),
    "dwab": (9, 256),
    "htj2k256": (10, 256),
    "htj2k32": (11, 32),
    "lj2k": (12, 256),
    "zstd": (13, 1),
}
_NAMES = {code: name for name, (code, _) in COMPRESSIONS.items()}
_LINES = dict(COMPRESSIONS.values())

MAX_HEADER_BYTES = 1 << 26  # 64 MiB: the largest seen (ID manifests, previews) are below 10
MAX_PARTS = 4096
_MAX_CHUNKS = 1 << 26


@dataclass
class Container:
    """The headers of an EXR file and what follows from them."""

    version: int
    headers: list[Header]
    end: int  # offset of the first byte after the headers: the chunk tables start here
    size: int  # bytes in the whole file

    @property
    def multi_part(self) -> bool:
        return bool(self.version & MULTI_PART)


def read_container(file: BinaryIO, path: object) -> Container:
    """Read the headers of an open EXR file; `path` is for the error's words only."""
    size = file.seek(0, os.SEEK_END)
    if size == 0:
        raise FrameError(f"{path} is empty (0 bytes). Render or copy it again.")
    length = 1 << 16
    while True:
        file.seek(0)
        head = file.read(min(length, size))
        try:
            version, headers, end = _parse(head, size)
            return Container(version, headers, end, size)
        except _NeedMore:
            if length >= min(size, MAX_HEADER_BYTES):
                kind = "ends inside its header" if length >= size else "has an absurdly long header"
                raise FrameError(f"{path} {kind}. Render or copy it again.") from None
            length *= 8
        except _Malformed as problem:
            raise FrameError(f"{path} is no sound EXR file: {problem}.") from None


def serialise(version: int, headers: list[Header]) -> bytes:
    """Return the bytes of magic, version and headers, up to where the chunk tables start."""
    words = [word for header in headers for n, a in header.items() for word in (n, a.kind)]
    longest = max((len(word.encode("utf-8", "surrogateescape")) for word in words), default=0)
    if longest > 31:
        version |= LONG_NAMES
    out = [struct.pack("<II", MAGIC, version)]
    for header in headers:
        for name, attribute in header.items():
            out += [
                name.encode("utf-8", "surrogateescape"),
                b"\0",
                attribute.kind.encode("utf-8", "surrogateescape"),
                b"\0",
                struct.pack("<i", len(attribute.raw)),
                attribute.raw,
            ]
        out.append(b"\0")
    if version & MULTI_PART:
        out.append(b"\0")
    return b"".join(out)


def compression_name(header: Header) -> str:
    """Return the compression's name ("zip"); "unknown-N" for a code this table lacks."""
    code = header["compression"].raw[0]
    return _NAMES.get(code, f"unknown-{code}")


def storage(container: Container, header: Header) -> str:
    """Return scanlineimage, tiledimage, deepscanline or deeptile."""
    if "type" in header and (container.multi_part or container.version & DEEP):
        return header["type"].raw.decode("latin-1")
    return "tiledimage" if container.version & TILED else "scanlineimage"


def chunk_count(container: Container, header: Header) -> int:
    """Return how many chunks a part has; ValueError where its header does not say."""
    if "chunkCount" in header:
        count = int(header["chunkCount"].value)
    elif storage(container, header) in ("tiledimage", "deeptile"):
        count = _tile_count(header)
    else:
        code = header["compression"].raw[0]
        if code not in _LINES:
            raise ValueError(f"compression {code} is unknown here and there is no chunkCount")
        x0, y0, x1, y1 = header["dataWindow"].value
        count = -(-(y1 - y0 + 1) // _LINES[code])
    if not 0 < count <= _MAX_CHUNKS:
        raise ValueError(f"it has {count} chunks")
    return count


def read_tables(file: BinaryIO, container: Container) -> list[np.ndarray]:
    """Return each part's chunk offsets (uint64); ValueError where they cannot be in the file."""
    counts = [chunk_count(container, header) for header in container.headers]
    if container.end + 8 * sum(counts) > container.size:
        raise ValueError(
            f"{sum(counts)} chunks cannot lie in {container.size} bytes; it is cut off or lies"
        )
    file.seek(container.end)
    return [np.frombuffer(file.read(8 * count), "<u8") for count in counts]


def check_complete(file: BinaryIO, container: Container) -> None:
    """Raise ValueError unless every chunk has a place and the last one ends inside the file.

    This finds what a killed or full-disk writer leaves and what a broken copy cuts off, before
    memory is spent on pixels.
    """
    tables = read_tables(file, container)
    first = container.end + 8 * sum(len(table) for table in tables)
    for index, table in enumerate(tables):
        lost = int(((table < first) | (table + np.uint64(8) > container.size)).sum())
        if lost:
            raise ValueError(
                f"{lost} of the {len(table)} chunks of part {index} are missing; "
                "it was not written or not copied to the end"
            )
        _check_extent(file, container, index, int(table.max()))


def _check_extent(file: BinaryIO, container: Container, index: int, offset: int) -> None:
    kind = storage(container, container.headers[index])
    corner = 16 if kind in ("tiledimage", "deeptile") else 4
    place = corner + (4 if container.multi_part else 0)
    form = "<QQ" if kind.startswith("deep") else "<i"
    file.seek(offset + place)
    sizes = file.read(struct.calcsize(form))
    if len(sizes) < struct.calcsize(form):
        raise ValueError("its last chunk is cut off")
    length = sum(struct.unpack(form, sizes))
    if length < 0 or offset + place + len(sizes) + length > container.size:
        raise ValueError("its last chunk is cut off")


def _tile_count(header: Header) -> int:
    x0, y0, x1, y1 = header["dataWindow"].value
    width, height = x1 - x0 + 1, y1 - y0 + 1
    if "tiles" not in header:
        raise ValueError("it is tiled and does not say how")
    xs, ys, level, up = header["tiles"].value
    if not (0 < xs < 1 << 31 and 0 < ys < 1 << 31 and width > 0 and height > 0):
        raise ValueError(f"its tiles are {xs} x {ys} in an image of {width} x {height}")

    def across(size: int, step: int, n: int) -> int:
        return -(-max(1, -(-size >> n) if up else size >> n) // step)

    def last(size: int) -> int:
        return (size - 1).bit_length() if up else size.bit_length() - 1

    if level == 0:
        return -(-width // xs) * -(-height // ys)
    if level == 1:
        levels = range(last(max(width, height)) + 1)
        return sum(across(width, xs, n) * across(height, ys, n) for n in levels)
    return sum(across(width, xs, n) for n in range(last(width) + 1)) * sum(
        across(height, ys, n) for n in range(last(height) + 1)
    )


class _NeedMore(Exception):
    pass


class _Malformed(Exception):
    pass


def _parse(head: bytes, size: int) -> tuple[int, list[Header], int]:
    if len(head) >= 4 and struct.unpack_from("<I", head)[0] != MAGIC:
        raise _Malformed(f"it starts with {head[:4]!r}; its name may have the wrong extension")
    if len(head) < 8:
        raise _NeedMore
    version = struct.unpack_from("<I", head, 4)[0]
    if version & 0xFF != 2 or version & ~0x1EFF:
        raise _Malformed(f"its version field is {version:#x}")
    at = 8
    headers: list[Header] = []
    while True:
        if version & MULTI_PART and _byte(head, at) == 0:
            return version, _checked(headers), at + 1
        header, at = _parse_header(head, at, size)
        headers.append(header)
        if not version & MULTI_PART:
            return version, _checked(headers), at
        if len(headers) > MAX_PARTS:
            raise _Malformed(f"it has more than {MAX_PARTS} parts")


def _parse_header(head: bytes, at: int, size: int) -> tuple[Header, int]:
    header: Header = {}
    while _byte(head, at) != 0:
        name, at = _word(head, at)
        kind, at = _word(head, at)
        if at + 4 > len(head):
            raise _NeedMore
        (length,) = struct.unpack_from("<i", head, at)
        at += 4
        if length < 0 or at + length > size:
            raise _Malformed(f"the attribute {name[:40]!r} says it has {length} bytes")
        if at + length > len(head):
            raise _NeedMore
        header[name] = Attribute(kind, head[at : at + length])
        at += length
    return header, at + 1


# What must be there, and what must be of its type where it is there: name, type, bytes (0: any).
_REQUIRED = {
    "channels": ("chlist", 0),
    "compression": ("compression", 1),
    "dataWindow": ("box2i", 16),
    "displayWindow": ("box2i", 16),
}
_TYPED = {
    **_REQUIRED,
    "chunkCount": ("int", 4),
    "lineOrder": ("lineOrder", 1),
    "name": ("string", 0),
    "pixelAspectRatio": ("float", 4),
    "tiles": ("tiledesc", 9),
    "type": ("string", 0),
}


def _checked(headers: list[Header]) -> list[Header]:
    if not headers:
        raise _Malformed("it has no parts")
    for header in headers:
        for name in _REQUIRED:
            if name not in header:
                raise _Malformed(f"its header has no {name}")
        for name, (kind, length) in _TYPED.items():
            found = header.get(name)
            if found and (found.kind != kind or (length and len(found.raw) != length)):
                raise _Malformed(f"its {name} is {len(found.raw)} bytes of {found.kind[:40]!r}")
    return headers


def _byte(head: bytes, at: int) -> int:
    if at >= len(head):
        raise _NeedMore
    return head[at]


def _word(head: bytes, at: int) -> tuple[str, int]:
    end = head.find(b"\0", at, at + 256)
    if end < 0:
        if at + 256 > len(head):
            raise _NeedMore
        raise _Malformed("an attribute's name is longer than 255 bytes")
    return head[at:end].decode("utf-8", "surrogateescape"), end + 1
