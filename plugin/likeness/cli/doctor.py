"""`likeness doctor`: what is there and what is missing."""

from __future__ import annotations

import argparse

from likeness.cli.engine import engine
from likeness.cli.parser import add_json
from likeness.cli.printer import Printer

TAKES = "[--json]"
NOTES = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `doctor` takes."""
    add_json(parser)


def run(options: argparse.Namespace, printer: Printer) -> int:
    """Report; 0 when all that is needed is there, else 1."""
    doctor = engine("doctor")
    checks = doctor.report()
    for check in checks:
        printer.row("check", **vars(check))
    if not printer.as_json:
        doctor.print_report(checks)
    return 0 if all(check.ok for check in checks if check.needed) else 1
