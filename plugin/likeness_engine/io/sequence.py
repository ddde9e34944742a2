"""The files of a shot: `name.####.exr`, `name.%04d.exr`, `name.$F4.exr`, one file, or a movie."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from likeness.errors import FrameError, ParameterError
from likeness_engine.io.files import MOVIES

_FIELDS = re.compile(r"#+|%(0?)(\d*)d|\$F(\d*)")
_RANGE = re.compile(r"^\s*(-?\d+)\s*(?:-\s*(-?\d+)\s*(?:x\s*(\d+)\s*)?)?$")
_MOST_FRAMES = 1_000_000


@dataclass(frozen=True)
class Sequence:
    """Where the frames of a shot lie.

    `head`, `tail` and `padding` split the file name of numbered frames; a single picture has no
    number and answers every frame; a movie holds its frames 1, 2, ... in one file.
    """

    folder: Path
    head: str
    tail: str
    padding: int  # -1: no number in the name

    @classmethod
    def parse(cls, pattern: str | os.PathLike[str]) -> Sequence:
        """Read a pattern; ParameterError where the number is written twice, or in a folder."""
        path = Path(pattern)
        fields = list(_FIELDS.finditer(path.name))
        if len(fields) > 1:
            raise ParameterError(f"{path} says the frame number {len(fields)} times; say it once.")
        if _FIELDS.search(str(path.parent)):
            raise ParameterError(
                f"{path} has a frame number in the name of a folder; only the file may have one."
            )
        if not fields:
            return cls(path.parent, path.stem, path.suffix, -1)
        field = fields[0]
        return cls(
            path.parent, path.name[: field.start()], path.name[field.end() :], _padding(field)
        )

    @property
    def numbered(self) -> bool:
        return self.padding >= 0

    @property
    def movie(self) -> bool:
        return not self.numbered and self.tail.lower() in MOVIES

    @property
    def pattern(self) -> str:
        """Return the pattern as a path with #s."""
        middle = "#" * max(1, self.padding) if self.numbered else ""
        return str(self.folder / f"{self.head}{middle}{self.tail}")

    def path(self, frame: int) -> Path:
        """Return the file that holds a frame; it need not exist."""
        if not self.numbered:
            return self.folder / f"{self.head}{self.tail}"
        # a minus sign takes no digit of the padding: -0012, as in Nuke's %04d for names
        number = f"{'-' * (frame < 0)}{abs(frame):0{self.padding}d}"
        return self.folder / f"{self.head}{number}{self.tail}"

    def frames(self) -> list[int]:
        """Return the frames on disk in order. A single picture is frame 1. Empty where none is."""
        if self.movie:
            from likeness_engine.io.movies import count_frames

            return list(range(1, count_frames(self.path(1)) + 1))
        if not self.numbered:
            return [1] if self.path(1).is_file() else []
        if not self.folder.is_dir():
            return []
        found = re.compile(re.escape(self.head) + r"(-?)(\d+)" + re.escape(self.tail))
        numbers = set()
        with os.scandir(self.folder) as entries:
            for entry in entries:
                match = found.fullmatch(entry.name)
                if match and self._written(match[2]) and entry.is_file():
                    numbers.add(int(match[1] + match[2]))
        return sorted(numbers)

    def missing(self, first: int, last: int) -> list[int]:
        """Return the frames of first..last that are not on disk or are empty files."""
        return self.absent(range(first, last + 1))

    def absent(self, wanted: list[int] | range) -> list[int]:
        """Return which of the wanted frames are not on disk or are empty files."""
        if self.movie:
            there = set(self.frames())
            return [frame for frame in wanted if frame not in there]
        return [frame for frame in wanted if not _has_bytes(self.path(frame))]

    def check(self, wanted: list[int] | range) -> None:
        """Raise one FrameError that lists every wanted frame that is missing."""
        if lost := self.absent(wanted):
            raise FrameError(
                f"{self.pattern}: {len(lost)} of {len(wanted)} frames are missing or empty: "
                f"{format_frames(lost)}. Copy them, or leave them out of the frame range."
            )

    def _written(self, digits: str) -> bool:
        """Say whether this pattern writes the number so: padded, no longer than it needs."""
        return len(digits) == self.padding or (
            len(digits) > self.padding and (len(digits) == 1 or digits[0] != "0")
        )


def parse_frames(words: str) -> list[int]:
    """Return the frames of "1001-1010,1020-1030x2,1040" in order, each once.

    ParameterError for words that are no frames, and for more than a million of them.
    """
    frames: set[int] = set()
    for word in words.split(","):
        match = _RANGE.match(word)
        if not match:
            raise ParameterError(
                f"frames are {words!r}; {word.strip()!r} is no range. Write 1001-1010,1020-1030x2."
            )
        first = int(match[1])
        last = int(match[2]) if match[2] else first
        step = int(match[3]) if match[3] else 1
        if last < first or step < 1:
            raise ParameterError(f"frames are {words!r}; {word.strip()!r} does not count upwards.")
        if (last - first) // step + len(frames) >= _MOST_FRAMES:
            raise ParameterError(f"frames are {words!r}; that is more than {_MOST_FRAMES} frames.")
        frames.update(range(first, last + 1, step))
    return sorted(frames)


def format_frames(frames: list[int]) -> str:
    """Return "1001-1010,1020" for a list of frames: what `parse_frames` reads."""
    runs: list[list[int]] = []
    for frame in sorted(set(frames)):
        if runs and frame == runs[-1][1] + 1:
            runs[-1][1] = frame
        else:
            runs.append([frame, frame])
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in runs)


def _padding(field: re.Match[str]) -> int:
    written = field[0]
    if written.startswith("#"):
        return len(written)
    if written.startswith("%"):
        return int(field[2] or 1) if field[1] or not field[2] else 1
    return int(field[3] or 1)


def _has_bytes(path: Path) -> bool:
    try:
        return path.stat().st_size > 0 and path.is_file()
    except OSError:
        return False
