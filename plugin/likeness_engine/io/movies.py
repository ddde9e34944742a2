"""Read a movie frame by frame, in the depth of its codec. Frames are numbered from 1.

The conversion from luma and chroma is done here in float: libswscale clips what lies above white
and was off by 4 codes of 10 bits even with its accurate flags (measured, decision 001).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from likeness.errors import FrameError
from likeness_engine.io import attributes as attr
from likeness_engine.io.attributes import Attribute
from likeness_engine.io.frame import Frame, Part, Window
from likeness_engine.io.primaries import WHOLE_NUMBER_SPACE
from likeness_engine.io.yuv import to_rgb

_LOCK = threading.Lock()
_last: _Reader | None = None

# ITU-T H.273 transfer characteristics to the names that OpenColorIO's built-in configs know.
_TRANSFERS = {
    1: "g24_rec709",
    6: "g24_rec709",
    8: "lin_rec709",
    13: "srgb_rec709_scene",
    14: "g24_rec2020",  # not in the configs of ACES 1.3: an error asks for the space by name
    15: "g24_rec2020",
    16: "pq_rec2020_display",
    18: "hlg_rec2020_display",
}


def read_movie_frame(path: Path, number: int) -> Frame:
    """Read frame `number` (1, 2, ...) as float32 R, G, B(, A): 1.0 is the codec's white.

    Values above white and below black survive. Reading frames in order decodes each once.
    """
    with _LOCK:
        picture, reader = _picture(path, number)
        planes = _upright(to_rgb(picture), picture)
        header = reader.header(number)
    space = _TRANSFERS.get(int(picture.color_trc or 0), WHOLE_NUMBER_SPACE)
    header["oiio:ColorSpace"] = attr.text(space)
    high, wide, depth = planes.shape
    names = "RGBA"[:depth]
    window = Window(0, 0, wide, high)
    part = Part(
        name="",
        channels={name: np.ascontiguousarray(planes[..., i]) for i, name in enumerate(names)},
        header=header,
        data_window=window,
        display_window=window,
        pixel_aspect=reader.pixel_aspect,
    )
    return Frame(str(path), number, [part], float_source=False)


def count_frames(path: Path) -> int:
    """Return how many frames a movie has; FrameError where it cannot be opened."""
    with _LOCK:
        return _reader(path).count


def close_movies() -> None:
    """Close the movie that is kept open between frames."""
    global _last
    with _LOCK:
        if _last:
            _last.close()
        _last = None


def _reader(path: Path) -> _Reader:
    global _last
    try:
        stamp = path.stat()
    except OSError as error:
        raise FrameError(f"{path} cannot be read: {error.strerror}.") from error
    identity = (str(path), stamp.st_mtime_ns, stamp.st_size)
    if _last and _last.identity == identity:
        return _last
    if _last:
        _last.close()
        _last = None
    if stamp.st_size == 0:
        raise FrameError(f"{path} is empty (0 bytes). Render or copy it again.")
    try:
        _last = _Reader(path, identity)
    except (av.FFmpegError, OSError, ValueError) as error:
        raise FrameError(f"{path} is damaged or no movie: {error}.") from error
    return _last


def _picture(path: Path, number: int) -> tuple[Any, _Reader]:
    global _last
    reader = _reader(path)
    if not 1 <= number <= reader.count:
        raise FrameError(f"{path} has frames 1-{reader.count}; there is no frame {number}.")
    try:
        return reader.picture(number - 1), reader
    except (av.FFmpegError, OSError, ValueError, EOFError, MemoryError) as error:
        reader.close()
        _last = None
        raise FrameError(f"{path} (frame {number}) is damaged: {error}.") from error


class _Reader:
    """An open movie and where its decoder stands."""

    def __init__(self, path: Path, identity: tuple[str, int, int]) -> None:
        self.identity = identity
        self._file = av.open(str(path))
        if not self._file.streams.video:
            raise ValueError("it has no pictures")
        self._stream = self._file.streams.video[0]
        self._stream.thread_type = "AUTO"
        rate = self._stream.average_rate or self._stream.guessed_rate
        if not rate or not self._stream.time_base:
            raise ValueError("it does not say its frame rate")
        self.rate = Fraction(rate)
        self._step = 1 / (self.rate * self._stream.time_base)  # in units of the stream's clock
        self._start = self._stream.start_time or 0
        self.count = self._stream.frames or self._count()
        self._decoded: Iterator[Any] = iter(())
        self._next = -1

    @property
    def pixel_aspect(self) -> float:
        return float(self._stream.sample_aspect_ratio or 1)

    def close(self) -> None:
        self._file.close()

    def picture(self, index: int) -> Any:
        """Return the index-th picture in time, from the decoder's place or from a key frame."""
        if not 0 <= self._next <= index <= self._next + 8:
            self._seek(index)
        wanted = self._start + (index - Fraction(1, 2)) * self._step
        for picture in self._decoded:
            if picture.pts is None or picture.pts > wanted:
                self._next = index + 1
                return picture
        self._next = -1
        raise EOFError("it ends before this frame")

    def header(self, number: int) -> dict[str, Attribute]:
        rate = self.rate.limit_denominator(1 << 16)
        header = {"framesPerSecond": attr.make("rational", rate.numerator, rate.denominator)}
        notes = {**self._file.metadata, **self._stream.metadata}
        if code := notes.get("timecode"):
            header["timeCode"] = _advance(code, number - 1, round(self.rate))
        for name in ("reel_name", "creation_time", "comment", "title"):
            if name in notes:
                header[name] = attr.text(notes[name])
        return header

    def _seek(self, index: int) -> None:
        place = int(self._start + index * self._step)
        self._file.seek(max(place, 0), stream=self._stream, backward=True)
        self._decoded = self._file.decode(self._stream)

    def _count(self) -> int:
        count = sum(1 for packet in self._file.demux(self._stream) if packet.size)
        self._file.seek(0)
        return count


def _advance(code: str, frames: int, rate: int) -> Attribute:
    """Return the timecode `frames` later; drop-frame codes (with a semicolon) skip as SMPTE 12M."""
    drop = ";" in code
    hours, minutes, seconds, rest = (int(word) for word in code.replace(";", ":").split(":"))
    total = ((hours * 60 + minutes) * 60 + seconds) * rate + rest
    skipped = rate // 15  # 2 a minute at 30, 4 at 60, but in every tenth
    if drop:
        whole = hours * 60 + minutes
        total -= skipped * (whole - whole // 10)
    total += frames
    if drop:
        tens, inside = divmod(total, rate * 600 - 9 * skipped)
        total += 9 * skipped * tens
        if inside >= rate * 60:
            total += skipped * ((inside - rate * 60) // (rate * 60 - skipped) + 1)
    seconds, rest = divmod(total, rate)
    words = (seconds // 3600 % 24, seconds // 60 % 60, seconds % 60, rest)
    return attr.make_timecode(":".join(f"{word:02}" for word in words), drop_frame=drop)


def _upright(planes: np.ndarray, picture: Any) -> np.ndarray:
    """Turn a picture as its display matrix says (degrees counter-clockwise)."""
    return np.rot90(planes, round(picture.rotation / 90) % 4)
