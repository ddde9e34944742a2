"""`likeness batch`: many shots, as a table says."""

from __future__ import annotations

import argparse
from dataclasses import dataclass

from likeness.cli.parser import add_json
from likeness.cli.printer import Printer
from likeness.cli.shots import counts, run_shot
from likeness.documents.request import Request
from likeness.errors import LikenessError
from likeness.project.shot import COLUMNS, NEEDED
from likeness.project.table import read_table

TAKES = "SHOTS.csv|json [--resume] [--json]"


@dataclass(frozen=True)
class _Ended:
    """A shot that was run or tried."""

    shot: str
    words: str
    exit_code: int


def _notes() -> str:
    lines, line = [], "  "
    for name in COLUMNS:
        if len(line) + len(name) > 88:
            lines.append(line.rstrip())
            line = "  "
        line += f"{name}, "
    lines.append(line.rstrip(", "))
    return (
        "A row a shot; in JSON a list of objects. Columns, in any order, and what they say as in\n"
        f"`likeness swap --help` ({', '.join(NEEDED)} must be there):\n" + "\n".join(lines) + "\n"
    )


NOTES = _notes()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `batch` takes."""
    parser.add_argument("shots", metavar="SHOTS", help="A table of shots: .csv or .json.")
    parser.add_argument(
        "--resume", action="store_true", help="Only what is missing, or older than its sources."
    )
    add_json(parser)


def run(options: argparse.Namespace, printer: Printer) -> int:
    """Run every shot, whatever becomes of the others; return the gravest exit code."""
    rows = read_table(options.shots)
    ended = []
    for number, row in enumerate(rows, 1):
        printer.note(f"[{number}/{len(rows)}] {row.request.shot}")
        ended.append(_run_one(row.request, row.where, printer, resume=options.resume))
    width = max(len(shot.shot) for shot in ended)
    for shot in ended:
        mark = "ok    " if shot.exit_code == 0 else "FAILED"
        printer.say(f"{mark}  {shot.shot:<{width}}  {shot.words}")
    good = sum(shot.exit_code == 0 for shot in ended)
    code = max(shot.exit_code for shot in ended)
    printer.row("batch", shots=len(ended), done=good, exit_code=code)
    printer.say(f"{good} of {len(ended)} shots done.")
    return code


def _run_one(request: Request, where: str, printer: Printer, *, resume: bool) -> _Ended:
    printer.row("shot", shot=request.shot, where=where, plate=request.plate.pattern)
    try:
        outcome = run_shot(request, printer, resume=resume)
    except LikenessError as error:
        printer.failed(error)
        # 2 is for the table itself; a shot whose plate or identity is wrong has failed.
        code = 1 if error.exit_code == 2 else error.exit_code
        return _Ended(request.shot, str(error).splitlines()[0], code)
    return _Ended(request.shot, counts(outcome), outcome.exit_code)
