"""EXR attributes as they lie in the file: a type name and raw bytes, decoded when asked.

Bytes are kept because every library at hand loses something on the way through its own types: a
rational 48/2 comes back as 24/1, a text that is not UTF-8 or an empty list cannot be read or
written at all (docs/decisions/001-exr-library.md).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

_STRUCTS = {
    "box2i": "<4i",
    "box2f": "<4f",
    "chromaticities": "<8f",  # red, green, blue, white, each x, y
    "compression": "<B",
    "double": "<d",
    "envmap": "<B",
    "float": "<f",
    "int": "<i",
    "keycode": "<7i",
    "lineOrder": "<B",
    "m33f": "<9f",
    "m33d": "<9d",
    "m44f": "<16f",
    "m44d": "<16d",
    "rational": "<iI",
    "tiledesc": "<IIB",
    "timecode": "<II",
    "v2i": "<2i",
    "v2f": "<2f",
    "v2d": "<2d",
    "v3i": "<3i",
    "v3f": "<3f",
    "v3d": "<3d",
}


@dataclass(frozen=True)
class Attribute:
    """One attribute: its type's name as the file has it, and its bytes."""

    kind: str
    raw: bytes

    @property
    def value(self) -> Any:
        """Return the decoded value: a number, a tuple, a string, a list; bytes for unknown types.

        Raises ValueError where the bytes do not fit the type.
        """
        if self.kind == "string":
            return self.raw.decode("utf-8", "surrogateescape")
        if self.kind == "stringvector":
            return _strings(self.raw)
        if self.kind == "floatvector":
            return list(
                struct.unpack(f"<{len(self.raw) // 4}f", self.raw[: len(self.raw) // 4 * 4])
            )
        if self.kind == "tiledesc":
            return _tiles(self.raw)
        if self.kind not in _STRUCTS:
            return self.raw
        try:
            values = struct.unpack(_STRUCTS[self.kind], self.raw)
        except struct.error as error:
            raise ValueError(f"{len(self.raw)} bytes are no {self.kind}") from error
        return values[0] if len(values) == 1 else values


def text(value: str) -> Attribute:
    """Return a string attribute."""
    return Attribute("string", value.encode("utf-8", "surrogateescape"))


def make(kind: str, *values: float) -> Attribute:
    """Return an attribute of a type of fixed size: `make("box2i", 0, 0, 9, 9)`."""
    return Attribute(kind, struct.pack(_STRUCTS[kind], *values))


def make_timecode(timecode: str, *, drop_frame: bool = False) -> Attribute:
    """Return a timeCode attribute from "HH:MM:SS:FF" (SMPTE 12M, 60-field packing, as in EXR)."""
    hours, minutes, seconds, frames = (int(word) for word in timecode.replace(";", ":").split(":"))
    packed = 0
    for number, shift in ((frames, 0), (seconds, 8), (minutes, 16), (hours, 24)):
        packed |= (number % 10 | number // 10 << 4) << shift
    return make("timecode", packed | (0x40 if drop_frame else 0), 0)


def read_timecode(attribute: Attribute) -> str:
    """Return "HH:MM:SS:FF" of a timeCode attribute; drop-frame codes end in ";FF"."""
    packed, _ = attribute.value
    fields = [(packed >> 24) & 0x3F, (packed >> 16) & 0x7F, (packed >> 8) & 0x7F, packed & 0x3F]
    hours, minutes, seconds, frames = ((f >> 4) * 10 + (f & 0xF) for f in fields)
    return f"{hours:02}:{minutes:02}:{seconds:02}{';' if packed & 0x40 else ':'}{frames:02}"


@dataclass(frozen=True)
class ChannelEntry:
    """A channel as the header lists it."""

    pixel_type: str  # uint, half, float
    p_linear: bool
    x_sampling: int
    y_sampling: int


def channel_list(attribute: Attribute) -> dict[str, ChannelEntry]:
    """Return the channels of a chlist attribute by name; ValueError where it is malformed."""
    raw, at, found = attribute.raw, 0, {}
    while at < len(raw) and raw[at] != 0:
        end = raw.find(b"\0", at)
        if end < 0 or end + 17 > len(raw):
            raise ValueError("the channel list is cut off")
        kind, linear, xs, ys = struct.unpack_from("<iB3xii", raw, end + 1)
        if kind not in (0, 1, 2) or xs < 1 or ys < 1:
            raise ValueError(f"channel {raw[at:end]!r} has type {kind} and sampling {xs}, {ys}")
        name = raw[at:end].decode("utf-8", "surrogateescape")
        found[name] = ChannelEntry(("uint", "half", "float")[kind], bool(linear), xs, ys)
        at = end + 17
    if not found:
        raise ValueError("it has no channels")
    return found


def make_channel_list(channels: dict[str, ChannelEntry]) -> Attribute:
    """Return a chlist attribute: sorted by name, as chunks hold the channels."""
    out = []
    for name, entry in sorted(channels.items(), key=lambda item: _bytes(item[0])):
        kind = ("uint", "half", "float").index(entry.pixel_type)
        rest = (kind, entry.p_linear, entry.x_sampling, entry.y_sampling)
        out.append(_bytes(name) + b"\0" + struct.pack("<iB3xii", *rest))
    return Attribute("chlist", b"".join(out) + b"\0")


def _bytes(word: str) -> bytes:
    return word.encode("utf-8", "surrogateescape")


def _strings(raw: bytes) -> list[str]:
    at, found = 0, []
    while at + 4 <= len(raw):
        (length,) = struct.unpack_from("<i", raw, at)
        if length < 0 or at + 4 + length > len(raw):
            raise ValueError("a string of the vector is cut off")
        found.append(raw[at + 4 : at + 4 + length].decode("utf-8", "surrogateescape"))
        at += 4 + length
    return found


def _tiles(raw: bytes) -> tuple[int, int, int, bool]:
    """Return tile width, tile height, level mode (0 one, 1 mip, 2 rip), rounds up."""
    if len(raw) != 9:
        raise ValueError(f"{len(raw)} bytes are no tiledesc")
    width, height, mode = struct.unpack("<IIB", raw)
    return width, height, mode & 15, bool(mode >> 4)
