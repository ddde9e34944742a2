"""What the verbs that render share: running one request and saying how it went."""

from __future__ import annotations

import argparse
from typing import Optional

from likeness.cli.engine import engine
from likeness.cli.printer import Printer
from likeness.documents.request import Request
from likeness.project.shot import FIELDS
from likeness.protocol.messages import Outcome


def add_fields(parser: argparse.ArgumentParser, *names: str) -> None:
    """Add the named fields of a shot to a parser as flags."""
    for field in FIELDS:
        if field.name in names:
            parser.add_argument(
                f"--{field.name.replace('_', '-')}",
                metavar=field.metavar,
                default=argparse.SUPPRESS,
                help=field.words,
            )


def run_shot(request: Request, printer: Printer, *, frames: str = "", resume: bool) -> Outcome:
    """Run a request and say how it went. `frames` takes a part of the request's own."""
    chosen: Optional[list[int]] = engine("io.sequence").parse_frames(frames) if frames else None
    outcome: Outcome = engine("run").run_request(
        request, frames=chosen, resume=resume, on_event=printer.event
    )
    printer.close()
    rows = outcome.to_json()
    printer.row(rows.pop("event"), shot=request.shot, **rows)
    say_outcome(request, outcome, printer)
    return outcome


def say_outcome(request: Request, outcome: Outcome, printer: Printer) -> None:
    """Say how a run went: warnings and what failed on stderr, the summary on stdout."""
    for warning in outcome.warnings:
        printer.note(f"Note: {warning}")
    printer.say(f"{request.shot}: {counts(outcome)} -> {request.output.pattern}")
    if outcome.failed:
        failed = engine("io.sequence").format_frames(sorted(outcome.failed))
        printer.note(f"Failed: {failed}. Mend what is said above, then add --resume.")


def counts(outcome: Outcome) -> str:
    """Return "3 frames done, 1 failed, 2 already there"."""
    done = len(outcome.done)
    parts = [f"{done} frame{'' if done == 1 else 's'} done"]
    if outcome.failed:
        parts.append(f"{len(outcome.failed)} failed")
    if outcome.skipped:
        parts.append(f"{len(outcome.skipped)} already there")
    return ", ".join(parts)
