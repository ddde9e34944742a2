"""`likeness detect`: find, track and mesh the faces of a plate."""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path
from typing import Any

from likeness.cli.engine import engine
from likeness.cli.parser import add_json
from likeness.cli.printer import Printer
from likeness.cli.shots import add_fields
from likeness.documents.request import Colour, Request
from likeness.documents.track import Track
from likeness.errors import ParameterError
from likeness.nodes import Detect
from likeness.project.flags import add_flags, flags_of, read_flags

TAKES = "PLATE -o TRACK [--frames A-B] [node flags] [--json]"
NOTES = "Faces that a person edited in an older TRACK are kept.\n"

# The overlays are layers of a result; a track has none.
FLAGS = flags_of((Detect,), own=Detect.id, without=("draw_box", "draw_mesh"))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `detect` takes."""
    parser.add_argument("plate", metavar="PLATE", help="dir/name.####.exr, a picture, or a movie.")
    parser.add_argument(
        "-o", "--out", metavar="TRACK", required=True, help="The track document to write (JSON)."
    )
    add_fields(parser, "frames", "config", "plate_space", "device")
    add_json(parser)
    add_flags(parser, FLAGS)


def run(options: argparse.Namespace, printer: Printer) -> int:
    """Detect over the frames, write the track and say what was found."""
    given = {name: value for name, value in vars(options).items() if value is not None}
    problems: list[str] = []
    parameters = read_flags(FLAGS, given, problems)
    if problems:
        raise ParameterError("\n".join(problems))
    frames = given.get("frames")
    track: Track = engine("run").detect_plate(
        options.plate,
        Detect(**parameters.get(Detect.id, {})),
        frames=engine("io.sequence").parse_frames(frames) if frames else None,
        colour=Colour(**{n: given[n] for n in ("config", "plate_space") if n in given}),
        output=Path(options.out),
        device=given.get("device", Request.device),
        on_event=printer.event,
    )
    _say(track, options.out, printer)
    return 0


def _say(track: Track, path: str, printer: Printer) -> None:
    seen: Counter[Any] = Counter(face.id for faces in track.frames.values() for face in faces)
    empty = [frame for frame, faces in track.frames.items() if not faces]
    printer.row(
        "track", path=path, frames=len(track.frames), faces=seen, main=track.main, empty=empty
    )
    printer.say(f"{path}: {len(track.frames)} frames, {len(seen)} face{'s' * (len(seen) != 1)}")
    for face, count in seen.most_common():
        printer.say(f"  {face}: in {count} frames{', the main one' * (face == track.main)}")
    if empty:
        printer.say(f"  no face in {engine('io.sequence').format_frames(empty)}")
