"""String attributes of EXR headers, read and set without touching a pixel."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np

from likeness.errors import FrameError, ParameterError
from likeness_engine.io import container as box
from likeness_engine.io.atomic import replacing
from likeness_engine.io.attributes import Attribute, text
from likeness_engine.io.container import Container, Header


def read_attributes(path: str | os.PathLike[str]) -> dict[str, str]:
    """Return the string attributes of an EXR file; where parts disagree, the first one's word.

    Reads the header only, however large the file. FrameError where it is no sound EXR.
    """
    merged: dict[str, str] = {}
    for found in read_part_attributes(path):
        merged = {**found, **merged}
    return merged


def read_part_attributes(path: str | os.PathLike[str]) -> list[dict[str, str]]:
    """Return the string attributes of each part of an EXR file, in the file's order."""
    with _opened(Path(path)) as file:
        found = box.read_container(file, path)
    return [
        {name: str(a.value) for name, a in header.items() if a.kind == "string"}
        for header in found.headers
    ]


def set_attributes(
    path: str | os.PathLike[str], values: Mapping[str, str], *, part: int = 0
) -> None:
    """Set string attributes in one part's header; the compressed pixels are carried over as bytes.

    Works on every kind of EXR whose chunks can be counted: scanline, tiled, mip-mapped, multi-part,
    deep. The file is replaced whole or not at all. FrameError where it is no sound EXR, is not
    finished, or uses a compression whose chunks this version cannot count.
    """
    check_names(values)
    changes: list[Header] = [{} for _ in range(part)]
    splice(Path(path), [*changes, {name: text(value) for name, value in values.items()}])


def check_names(values: Mapping[str, str]) -> None:
    """Raise ParameterError for names that an EXR header cannot hold."""
    for name in values:
        if not 0 < len(name.encode()) < 256 or "\0" in name:
            raise ParameterError(f"{name[:60]!r} cannot name an EXR attribute; use 1 to 255 bytes.")


def splice(path: Path, changes: Sequence[Mapping[str, Attribute]]) -> None:
    """Replace `path` by itself with each part's attributes updated; chunks move, unread."""
    with _opened(path) as file:
        found = box.read_container(file, path)
        if len(changes) > len(found.headers):
            raise FrameError(f"{path} has {len(found.headers)} parts, not {len(changes)}.")
        try:
            box.check_complete(file, found)
            tables = box.read_tables(file, found)
            _check_start(found, tables)
        except ValueError as error:
            raise FrameError(f"The header of {path} cannot be rewritten: {error}.") from error
        for header, change in zip(found.headers, changes, strict=False):
            header.update(change)
        mode = os.fstat(file.fileno()).st_mode & 0o777
        try:
            with replacing(path) as temporary, open(temporary, "wb") as out:
                _write_moved(file, out, found, tables)
                os.chmod(temporary, mode)
        except OSError as error:
            raise FrameError(f"{path} cannot be rewritten: {error.strerror}.") from error


def _opened(path: Path) -> BinaryIO:
    try:
        return open(path, "rb")
    except OSError as error:
        raise FrameError(f"{path} cannot be read: {error.strerror}.") from error


def _check_start(found: Container, tables: list[np.ndarray]) -> None:
    """Raise ValueError unless the chunks start where the counted tables end."""
    offsets = np.concatenate(tables)
    first = found.end + 8 * len(offsets)
    if int(offsets.min()) != first:
        raise ValueError(f"its pixels start at byte {int(offsets.min())}, not at {first}")


def _write_moved(file: BinaryIO, out: BinaryIO, found: Container, tables: list[np.ndarray]) -> None:
    head = box.serialise(found.version, found.headers)
    moved = np.int64(len(head) - found.end)
    out.write(head)
    for table in tables:
        out.write((table.astype(np.int64) + moved).astype("<u8").tobytes())
    file.seek(found.end + 8 * sum(len(table) for table in tables))
    shutil.copyfileobj(file, out, 1 << 22)
