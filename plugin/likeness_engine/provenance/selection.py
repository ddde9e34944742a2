"""Which files a person means: files, folders and patterns become a list of EXR files."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable
from pathlib import Path

from likeness.errors import ParameterError

_FRAME = re.compile(r"#+|%0?\d*d|\$F\d*")


def expand(paths: Iterable[str | os.PathLike[str]]) -> list[Path]:
    """Return the files that paths name, each once, in order.

    A folder gives every .exr under it; `name.####.exr`, `%04d`, `$F4` and `*` give what matches.
    ParameterError lists all paths that name nothing.
    """
    found: dict[Path, None] = {}
    empty = []
    for path in paths:
        files = _files(str(path))
        found.update(dict.fromkeys(files))
        if not files:
            empty.append(str(path))
    if empty:
        raise ParameterError(f"There is no EXR file at {', '.join(empty)}. Check the path.")
    return list(found)


def _files(path: str) -> list[Path]:
    place = Path(path)
    if place.is_file():
        return [place]
    if place.is_dir():
        # Names that begin with a dot are frames being written.
        return sorted(p for p in place.rglob("*.exr") if not p.name.startswith("."))
    parts = _FRAME.split(path)
    if len(parts) > 1:
        digits = re.compile(r"-?\d+".join(re.escape(part) for part in parts))
        near = glob.glob("*".join(glob.escape(part) for part in parts))  # noqa: PTH207
        return sorted(Path(p) for p in near if digits.fullmatch(p))
    return sorted(p for p in map(Path, glob.glob(path)) if p.is_file())  # noqa: PTH207
