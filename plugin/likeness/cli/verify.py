"""`likeness verify`: are frames what their signed record says?"""

from __future__ import annotations

import argparse

from likeness.cli.engine import engine
from likeness.cli.parser import add_json
from likeness.cli.printer import Printer
from likeness.errors import SignatureError
from likeness.protocol.messages import Event

TAKES = "PATH... [--json]"
NOTES = """\
states:
  valid          signed by a trusted key, and the pixels are those that were signed
  derived        signed, but the picture has changed since, as in any comp
  unsigned       carries no record
  untrusted-key  signed by a key that this machine does not trust
  bad-signature  the record was altered or forged
  unreadable     no sound EXR

Exit code 0 says that every frame is valid.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `verify` takes."""
    parser.add_argument(
        "paths", metavar="PATH", nargs="+", help="Frames, patterns such as out/a.####.exr, folders."
    )
    add_json(parser)


def run(options: argparse.Namespace, printer: Printer) -> int:
    """Print a line a frame and a summary; 0 when all are valid, else 4."""
    verifier = engine("provenance.verify")
    files = engine("provenance.selection").expand(options.paths)

    def progress(done: int, of: int) -> None:
        printer.event(Event("progress", message="verify", fraction=done / of))

    summary = verifier.Summary()
    for verification in verifier.verify_paths(files, progress):
        summary.add(verification)
        rows = verification.to_json()
        printer.row("frame", **rows)
        release = "; not for release" if rows["not_for_release"] else ""
        printer.say(
            f"{verification.state:<13}  {verification.path}: {verification.detail}{release}"
        )
    printer.row(
        "summary",
        counts=summary.counts,
        not_for_release=summary.not_for_release,
        all_valid=summary.all_valid,
    )
    printer.say(summary.line())
    return 0 if summary.all_valid else SignatureError.exit_code
