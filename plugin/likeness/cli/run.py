"""`likeness run`: run a request."""

from __future__ import annotations

import argparse

from likeness.cli.parser import add_json
from likeness.cli.printer import Printer
from likeness.cli.shots import run_shot
from likeness.documents.request import Request

TAKES = "REQUEST [--frames A-B] [--resume] [--json]"
NOTES = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `run` takes."""
    parser.add_argument("request", metavar="REQUEST", help="A request, as --save-request writes.")
    parser.add_argument("--frames", metavar="A-B", default="", help="Only these of its frames.")
    parser.add_argument(
        "--resume", action="store_true", help="Only what is missing, or older than its sources."
    )
    add_json(parser)


def run(options: argparse.Namespace, printer: Printer) -> int:
    """Run the request; return the exit code."""
    request = Request.load(options.request)
    outcome = run_shot(request, printer, frames=options.frames, resume=options.resume)
    return outcome.exit_code
