"""Read DPX, TIFF, PNG and JPEG through OpenImageIO, as frames like any other."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import OpenImageIO

from likeness.errors import FrameError
from likeness_engine.io import attributes as attr
from likeness_engine.io.attributes import Attribute
from likeness_engine.io.exr import MAX_PIXEL_BYTES, MAX_SIDE
from likeness_engine.io.frame import Frame, Part, Window
from likeness_engine.io.primaries import WHOLE_NUMBER_SPACE

# A file is what its first bytes say, not what its name says: an 8-bit JPEG named .dpx is refused.
_MAGIC = {
    ".dpx": (b"SDPX", b"XPDS"),
    ".tif": (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
    ".png": (b"\x89PNG\r\n\x1a\n",),
    ".jpg": (b"\xff\xd8\xff",),
}
_SAME = {".tiff": ".tif", ".jpeg": ".jpg"}

_MAX_RATIO = 1 << 12  # decoded over stored bytes; a black PNG reaches 1030
_MAX_CHANNELS = 64
_MAX_TEXT = 1 << 16

# Words about the file they came from, untrue of the EXR that goes out, or not safe in its header.
_DROPPED = re.compile(
    r"^(oiio:(?!ColorSpace)|openexr:|tiff:|png:|jpeg:|ICCProfile|thumbnail|planarconfig$|"
    r"compression$|Orientation$|PixelAspectRatio$|[XY]Resolution$|ResolutionUnit$|"
    r"name$|type$|view$|channels$|tiles$|version$|chunkCount$|dataWindow$|displayWindow$|"
    r"lineOrder$|screenWindow|pixelAspectRatio$|smpte:TimeCode$|smpte:KeyCode$|Exif:Make)"
)


def read_picture(path: Path, number: int) -> Frame:
    """Read a picture: whole numbers become float32 0..1, half and float stay what they are.

    The picture is turned upright where its file says how it was held. Grey becomes R, G and B.
    Alpha is not multiplied in: values are as stored.
    """
    _check_magic(path, number)
    wish = OpenImageIO.ImageSpec()
    wish.attribute("oiio:UnassociatedAlpha", 1)
    source = OpenImageIO.ImageInput.open(str(path), wish)
    if source is None:
        raise _damaged(path, number, OpenImageIO.geterror())
    try:
        spec = source.spec()
        _check_size(path, number, spec)
        pixels = source.read_image(0, 0, 0, spec.nchannels, spec.format)
        problem = source.geterror()
    except MemoryError as error:
        raise _damaged(path, number, "it does not fit in memory") from error
    finally:
        source.close()
    if pixels is None or problem:
        raise _damaged(path, number, problem or "no pixels came out")
    return _frame(path, number, spec, pixels)


def _check_magic(path: Path, number: int) -> None:
    kind = path.suffix.lower()
    with open(path, "rb") as file:
        start = file.read(8)
    if not start:
        raise FrameError(f"{path} (frame {number}) is empty (0 bytes). Render or copy it again.")
    if not start.startswith(_MAGIC[_SAME.get(kind, kind)]):
        raise FrameError(
            f"{path} (frame {number}) is no {kind[1:].upper()} file: it starts with {start!r}. "
            "Its name may have the wrong extension."
        )


def _check_size(path: Path, number: int, spec: Any) -> None:
    total = spec.width * spec.height * spec.nchannels * 4
    limit = min(MAX_PIXEL_BYTES, path.stat().st_size * _MAX_RATIO)
    if not (0 < spec.width <= MAX_SIDE and 0 < spec.height <= MAX_SIDE) or total > limit:
        raise _damaged(path, number, f"its header says {spec.width} x {spec.height} pixels")
    if not 0 < spec.nchannels <= _MAX_CHANNELS:
        raise _damaged(path, number, f"its header says {spec.nchannels} channels")


def _damaged(path: Path, number: int, cause: str) -> FrameError:
    cause = " ".join(cause.split()).rstrip(".") or "its kind is not recognised"
    return FrameError(f"{path} (frame {number}) is damaged: {cause}. Render or copy it again.")


def _frame(path: Path, number: int, spec: Any, pixels: np.ndarray) -> Frame:
    turned = spec.get_int_attribute("Orientation", 1)
    if path.suffix.lower() == ".dpx" and turned > 4:
        turned = 1  # OpenImageIO has swapped width and height already
    pixels = _upright(_fractions(pixels, spec).reshape(spec.height, spec.width, -1), turned)
    high, wide = pixels.shape[:2]
    data = Window(spec.x, spec.y, spec.x + wide, spec.y + high)
    display = Window(
        spec.full_x, spec.full_y, spec.full_x + spec.full_width, spec.full_y + spec.full_height
    )
    if turned != 1:
        data = display = Window(0, 0, wide, high)
    names = _names(list(spec.channelnames))
    channels = {name: pixels[..., index].copy() for name, index in names.items()}
    header = _header(spec)
    floats = str(spec.format) in ("half", "float", "double")
    if not floats:  # or the EXR that goes out would be taken for linear
        header.setdefault("oiio:ColorSpace", attr.text(WHOLE_NUMBER_SPACE))
    aspect = spec.get_float_attribute("PixelAspectRatio", 1.0)
    part = Part(
        name="",
        channels=channels,
        header=header,
        data_window=data,
        display_window=display,
        pixel_aspect=1.0 / aspect if turned >= 5 else aspect,
    )
    return Frame(str(path), number, [part], float_source=floats)


def _fractions(pixels: np.ndarray, spec: Any) -> np.ndarray:
    """Return half and float as they are, whole numbers as float32 of their range.

    Codes of 10 or 12 bits come widened to 16; they are narrowed first, so that they are exact.
    """
    if pixels.dtype.kind == "f":
        return pixels if pixels.dtype.itemsize <= 4 else pixels.astype(np.float32)
    bits = 8 * pixels.dtype.itemsize
    used = spec.get_int_attribute("oiio:BitsPerSample", bits)
    if pixels.dtype == np.uint16 and used in (10, 12, 14):
        pixels, bits = pixels >> (bits - used), used
    return (pixels / np.float64((1 << bits) - 1)).astype(np.float32)


def _names(found: list[str]) -> dict[str, int]:
    """Return channel names and the plane each comes from; grey (Y, I) stands for R, G and B."""
    names = {name: index for index, name in enumerate(found)}
    if "R" not in names:
        grey = next((n for n in ("Y", "I", "L") if n in names), found[0] if len(found) < 3 else "")
        if grey:
            plane = names.pop(grey)
            names.update(dict.fromkeys("RGB", plane))
    return names


def _upright(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """Return the pixels as they should be seen (Exif 2.3, tag 274: Orientation 1 to 8)."""
    if orientation in (2, 4, 5, 7):
        pixels = pixels[:, ::-1]
    turns = {3: 2, 4: 2, 5: 1, 6: 3, 7: 3, 8: 1}.get(orientation, 0)
    return np.rot90(pixels, turns)


def _header(spec: Any) -> dict[str, Attribute]:
    """Return what the file says of itself as EXR attributes: text, numbers, timecode."""
    header: dict[str, Attribute] = {}
    for word in spec.extra_attribs:
        if _DROPPED.search(word.name) or len(word.name.encode()) > 255:
            continue
        if isinstance(word.value, str) and len(word.value) <= _MAX_TEXT:
            header[word.name] = attr.text(word.value)
        elif isinstance(word.value, int) and -(1 << 31) <= word.value < 1 << 31:
            header[word.name] = attr.make("int", word.value)
        elif isinstance(word.value, float):
            header[word.name] = attr.make("float", word.value)
    code = spec.getattribute("smpte:TimeCode")
    if isinstance(code, (tuple, list)) and len(code) == 2:
        header["timeCode"] = attr.make("timecode", *(int(n) & 0xFFFFFFFF for n in code))
    rate = spec.get_float_attribute("dpx:FrameRate", 0.0)
    if rate > 0:
        header["framesPerSecond"] = attr.make("rational", round(rate * 1000), 1000)
    return header
