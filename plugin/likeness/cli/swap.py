"""`likeness swap`: put an identity on a plate."""

from __future__ import annotations

import argparse

from likeness.cli.parser import add_json
from likeness.cli.printer import Printer
from likeness.cli.shots import add_fields, run_shot
from likeness.project.flags import add_flags
from likeness.project.shot import FIELDS, SWAP_FLAGS, swap_request

TAKES = "PLATE --identity ID -o OUT [--frames A-B] [node flags] [--json]"
NOTES = """\
OUT is a pattern such as out/sh010.####.exr, or a folder; then the results are named after the
plate. Quote $F4 in a shell. The request that --save-request writes is what `likeness run` takes.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `swap` takes: the fields of a shot, and the flags of Swap, Blend and Detect."""
    words = {field.name: field.words for field in FIELDS}
    parser.add_argument("plate", metavar="PLATE", help=words["plate"])
    parser.add_argument("-o", "--out", metavar="OUT", required=True, help=words["out"])
    add_fields(parser, *(name for name in words if name not in ("plate", "out")))
    parser.add_argument(
        "--resume", action="store_true", help="Only what is missing, or older than its sources."
    )
    parser.add_argument("--save-request", metavar="FILE", help="Write the request as well.")
    add_json(parser)
    add_flags(parser, SWAP_FLAGS)


def run(options: argparse.Namespace, printer: Printer) -> int:
    """Make the request of the flags and run it; return the exit code."""
    given = {name: value for name, value in vars(options).items() if value is not None}
    request = swap_request(given)
    if options.save_request:
        request.save(options.save_request)
        printer.note(f"The request is {options.save_request}; `likeness run` takes it.")
    return run_shot(request, printer, resume=options.resume).exit_code
