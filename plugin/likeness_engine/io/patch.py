"""Write a frame by patching its plate: only the rows that changed are compressed again.

Compressing is most of the cost of a frame (4K half ZIP: four fifths), and a face covers a part of
the rows. A scanline EXR is a list of chunks of 1 to 256 rows, each compressed on its own, so the
chunks that nothing touched are copied as bytes from the plate, and only the others are made, by
OpenEXR, as a picture of those rows alone.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import numpy as np

from likeness_engine.io import container as box
from likeness_engine.io.atomic import temporary_beside
from likeness_engine.io.attributes import make
from likeness_engine.io.container import COMPRESSIONS, Container
from likeness_engine.io.exr_write import make_header, write_exr
from likeness_engine.io.frame import Frame, Part, Window, stamp_of

_BLOCK = 1 << 22
_TOP_DOWN = make("lineOrder", 0)


class CannotPatch(Exception):
    """The plate's file does not allow it; the frame must be written whole."""


def patch_exr(frame: Frame, part: Part, path: Path, rows: tuple[int, int]) -> None:
    """Write the frame's one part to `path`; rows y0 <= y < y1 are new, the others the plate's.

    `part` has the header and compression to be written. Raises CannotPatch before anything is
    written where the plate is not one scanline part in the same compression and channels, or has
    changed on disk since it was read.
    """
    old = frame.parts[0]
    if len(frame.parts) != 1 or old.storage != "scanlineimage" or part.sampling:
        raise CannotPatch("it is not one plain scanline part")
    if part.compression != old.compression or not frame.stamp:
        raise CannotPatch("the compression is another, or the plate is no EXR")
    lines = COMPRESSIONS[part.compression][1]
    if part.header.get("lineOrder", _TOP_DOWN) != _TOP_DOWN:
        raise CannotPatch("its lines are in another order")
    first, last = _chunks_of(part, rows, lines)
    with _plate(frame) as source:
        if stamp_of(source) != frame.stamp:
            raise CannotPatch("the plate has changed on disk")
        found = box.read_container(source, frame.path)
        header = make_header(part)
        if any(found.headers[0][name] != header[name] for name in ("channels", "dataWindow")):
            raise CannotPatch("the channels or the data window are others")
        spans = _spans(source, found)
        if first == last:
            _join(path, part, found, [(source, span) for span in spans])
        else:
            with temporary_beside(path) as piece:
                write_exr(replace(frame, parts=[_strip(part, first * lines, last * lines)]), piece)
                with open(piece, "rb") as fresh:
                    made = _spans(fresh, box.read_container(fresh, piece))
                    chunks = [(source, span) for span in spans]
                    chunks[first:last] = [(fresh, span) for span in made]
                    _join(path, part, found, chunks)
        if stamp_of(source) != frame.stamp:
            raise CannotPatch("the plate changed while it was copied")


def _plate(frame: Frame) -> BinaryIO:
    """Open the file the frame was read from."""
    try:
        return open(frame.path, "rb")
    except OSError as error:
        raise CannotPatch("the plate is gone") from error


def _chunks_of(part: Part, rows: tuple[int, int], lines: int) -> tuple[int, int]:
    """Return the chunks first <= k < last that hold the rows, clipped to the data window."""
    top, height = part.data_window.y0, part.data_window.height
    y0, y1 = max(rows[0] - top, 0), min(rows[1] - top, height)
    return (0, 0) if y1 <= y0 else (y0 // lines, -(-y1 // lines))


def _strip(part: Part, top: int, bottom: int) -> Part:
    """Return the rows top <= k < bottom of a part, counted from its data window, as a part."""
    data = part.data_window
    y1 = min(data.y0 + bottom, data.y1)
    planes = {name: plane[top : y1 - data.y0] for name, plane in part.channels.items()}
    window = Window(data.x0, data.y0 + top, data.x1, y1)
    return replace(part, channels=planes, data_window=window, header={})


def _spans(file: BinaryIO, found: Container) -> list[tuple[int, int]]:
    """Return where each chunk lies (offset, bytes), top to bottom."""
    header = found.headers[0]
    try:
        table = box.read_tables(file, found)[0]
    except ValueError as error:
        raise CannotPatch(str(error)) from error
    lines = COMPRESSIONS[box.compression_name(header)][1]
    top = header["dataWindow"].value[1]
    spans = []
    for index, offset in enumerate(table.tolist()):
        file.seek(offset)
        row, size = struct.unpack("<ii", file.read(8).ljust(8, b"\xff"))
        if row != top + index * lines or size < 0 or offset + 8 + size > found.size:
            raise CannotPatch("its chunks are not where they are said to be")
        spans.append((offset, 8 + size))
    return spans


def _join(
    path: Path, part: Part, found: Container, chunks: Sequence[tuple[BinaryIO, tuple[int, int]]]
) -> None:
    """Write header, table and chunks; neighbours from one file are copied in one go."""
    head = box.serialise(found.version & ~box.LONG_NAMES, [make_header(part)])
    sizes = np.array([size for _, (_, size) in chunks], np.uint64)
    starts = np.uint64(len(head) + 8 * len(chunks)) + np.cumsum(sizes) - sizes
    with open(path, "wb") as out:
        out.write(head)
        out.write(starts.astype("<u8").tobytes())
        for file, offset, size in _runs(chunks):
            file.seek(offset)
            while size:
                block = file.read(min(size, _BLOCK))
                if not block:
                    raise CannotPatch("the plate became shorter while it was copied")
                out.write(block)
                size -= len(block)


def _runs(
    chunks: Sequence[tuple[BinaryIO, tuple[int, int]]],
) -> list[tuple[BinaryIO, int, int]]:
    runs: list[tuple[BinaryIO, int, int]] = []
    for file, (offset, size) in chunks:
        if runs and runs[-1][0] is file and runs[-1][1] + runs[-1][2] == offset:
            runs[-1] = (file, runs[-1][1], runs[-1][2] + size)
        else:
            runs.append((file, offset, size))
    return runs
