"""Write EXR: pixels by OpenEXR's package, the header by us, to the byte and in one pass.

The library is given the few attributes that shape the pixels and a filler, so that its header is
exactly as long as ours; ours then takes its place. So attributes keep their bytes, whatever their
type, and no pixel is moved (a header rewritten afterwards costs a copy of the file).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import OpenEXR

from likeness_engine.io import container as box
from likeness_engine.io.attributes import (
    Attribute,
    ChannelEntry,
    make,
    make_channel_list,
    text,
)
from likeness_engine.io.container import COMPRESSIONS, Header
from likeness_engine.io.exr import ensure_threads
from likeness_engine.io.frame import Frame, Part

_FILLER = "~"
_FILLER_BYTES = 8  # two one-letter words with their zeros, and the length

_PIXEL_TYPES = {"u4": "uint", "f2": "half", "f4": "float"}

# What the library decides and the pixels obey; all else in the header is ours.
_SHAPING = ("channels", "compression", "dataWindow", "lineOrder", "tiles", "chunkCount")

_DEFAULTS: dict[str, Attribute] = {
    "lineOrder": make("lineOrder", 0),
    "pixelAspectRatio": make("float", 1.0),
    "screenWindowCenter": make("v2f", 0.0, 0.0),
    "screenWindowWidth": make("float", 1.0),
}


def write_exr(frame: Frame, path: Path) -> None:
    """Write every part to `path` itself. RuntimeError, ValueError or OSError where that fails."""
    ensure_threads()
    several = len(frame.parts) > 1
    _check_shared(frame)
    for part in frame.parts:
        _check_planes(part)
    headers = [make_header(part, several=several) for part in frame.parts]
    parts = [
        OpenEXR.Part(
            _library_header(part, header, several=several),
            _library_channels(part),
            part.name if several else "",
        )
        for part, header in zip(frame.parts, headers, strict=True)
    ]
    OpenEXR.File(parts).write(str(path))
    _put_header(path, headers)


def _check_shared(frame: Frame) -> None:
    """Raise ValueError where parts disagree on what the format lets them only share."""
    for what in ("display_window", "pixel_aspect"):
        found = {getattr(part, what) for part in frame.parts}
        if len(found) > 1:
            raise ValueError(f"its parts disagree on the {what.replace('_', ' ')}: {found}")


def _check_planes(part: Part) -> None:
    """Raise ValueError for planes that are of no EXR type or do not cover the data window."""
    window = part.data_window
    if window.empty or not part.channels:
        raise ValueError(f"the part {part.name!r} has no pixels")
    for name, plane in part.channels.items():
        if plane.dtype.str[1:] not in _PIXEL_TYPES:
            raise ValueError(f"channel {name!r} is {plane.dtype}; EXR has half, float and uint")
        xs, ys = part.sampling.get(name, (1, 1))
        if plane.shape != (window.height // ys, window.width // xs):
            raise ValueError(f"channel {name!r} is {plane.shape}, not as large as {window}")


def _put_header(path: Path, headers: list[Header]) -> None:
    """Replace the library's header by ours; ValueError where the file is not what was asked."""
    with open(path, "rb+") as file:
        found = box.read_container(file, path)
        box.check_complete(file, found)  # the library keeps quiet when a disk fills up on close
        for header, theirs in zip(headers, found.headers, strict=True):
            header.update({name: theirs[name] for name in _SHAPING if name in theirs})
        head = box.serialise(found.version & ~box.LONG_NAMES, headers)
        if len(head) != found.end:
            raise ValueError(f"the header takes {len(head)} bytes where {found.end} were kept")
        file.seek(0)
        file.write(head)


def make_header(part: Part, *, several: bool = False) -> Header:
    """Return the header as it shall be: the plate's, with what the part says of itself."""
    window, display = part.data_window, part.display_window
    header = {**part.header}
    for name in ("chunkCount", "tiles"):
        header.pop(name, None)
    header.update(
        {
            "channels": make_channel_list(_entries(part)),
            "compression": make("compression", COMPRESSIONS[part.compression][0]),
            "dataWindow": make("box2i", window.x0, window.y0, window.x1 - 1, window.y1 - 1),
            "displayWindow": make("box2i", display.x0, display.y0, display.x1 - 1, display.y1 - 1),
            "type": text(part.storage),
            "pixelAspectRatio": make("float", part.pixel_aspect),
        }
    )
    for name, attribute in _DEFAULTS.items():
        if name not in header or header[name].kind != attribute.kind:
            header[name] = attribute
    if part.storage == "tiledimage":
        header["tiles"] = _one_level(part)
    if several:
        header["name"] = text(part.name)
        header["chunkCount"] = make("int", 0)
    return header


def _one_level(part: Part) -> Attribute:
    """Return the tiling without its mip levels: they are stale once a pixel has changed."""
    found = part.header.get("tiles")
    width, height = found.value[:2] if found else (64, 64)
    return make("tiledesc", width, height, 0)


def _library_header(part: Part, header: Header, *, several: bool) -> dict[str, Any]:
    """Return what the library is told: the shape of the pixels, and a filler for our attributes."""
    window = part.data_window
    codec = "NO" if part.compression == "none" else part.compression.upper()
    told: dict[str, Any] = {
        "dataWindow": ((window.x0, window.y0), (window.x1 - 1, window.y1 - 1)),
        "displayWindow": ((0, 0), (0, 0)),  # a filler too; the parts of a file must agree on it
        "compression": getattr(OpenEXR, f"{codec}_COMPRESSION"),
        "type": OpenEXR.tiledimage if part.storage == "tiledimage" else OpenEXR.scanlineimage,
        "lineOrder": (OpenEXR.INCREASING_Y, OpenEXR.DECREASING_Y, OpenEXR.RANDOM_Y)[
            header["lineOrder"].value
        ],
    }
    shaping = {*_SHAPING, *_DEFAULTS, "displayWindow", "type"} | ({"name"} if several else set())
    if part.storage == "tiledimage":
        told["tiles"] = OpenEXR.TileDescription()
        told["tiles"].xSize, told["tiles"].ySize = header["tiles"].value[:2]
    level = header.get("dwaCompressionLevel")
    if level and level.kind == "float":
        told["dwaCompressionLevel"] = level.value
        shaping.add("dwaCompressionLevel")
    rest = {name: attribute for name, attribute in header.items() if name not in shaping}
    if rest:
        length = len(box.serialise(0, [rest])) - len(box.serialise(0, [{}]))
        told[_FILLER] = OpenEXR.OpaqueAttribute(bytes(length - _FILLER_BYTES), _FILLER)
    return told


def _entries(part: Part) -> dict[str, ChannelEntry]:
    return {
        name: ChannelEntry(
            _PIXEL_TYPES[plane.dtype.str[1:]],
            name in part.p_linear,
            *part.sampling.get(name, (1, 1)),
        )
        for name, plane in part.channels.items()
    }


def _library_channels(part: Part) -> dict[str, Any]:
    """Return the channels in the library's terms; only subsampled planes are copied."""
    found = {}
    window = part.data_window
    for name, plane in part.channels.items():
        xs, ys = part.sampling.get(name, (1, 1))
        pixels = np.ascontiguousarray(plane, plane.dtype.newbyteorder("="))
        if (xs, ys) != (1, 1):
            pixels = np.zeros((window.height, window.width), plane.dtype)
            pixels.reshape(-1)[: plane.size] = plane.reshape(-1)
        found[name] = OpenEXR.Channel(name, pixels, xs, ys, name in part.p_linear)
    return found
