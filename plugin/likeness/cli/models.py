"""`likeness models`: the nets, where they come from, and that they are what their cards say."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

from likeness.cli.engine import engine
from likeness.cli.parser import Parser, add_action, add_actions
from likeness.cli.printer import Printer
from likeness.errors import ModelError
from likeness.protocol.messages import Event

TAKES = "ACTION ... [--json]"
NOTES = "`likeness models ACTION --help` says what an action takes.\n"


def add_arguments(parser: Parser) -> None:
    """Add the actions of `models`."""
    actions = add_actions(parser)
    add_action(actions, "list", "List every model that has a card.", "")
    fetch = add_action(
        actions,
        "fetch",
        "Fetch models that are not here yet; without an ID, the default ones.",
        "[ID...] [--file PATH]",
    )
    fetch.add_argument("ids", metavar="ID", nargs="*", help="Which; none means the default ones.")
    fetch.add_argument(
        "--file", metavar="PATH", help="The file as its maker ships it, brought by hand."
    )
    check = add_action(
        actions, "check", "Read models whole and compare their sha256 with their cards.", "[ID...]"
    )
    check.add_argument("ids", metavar="ID", nargs="*", help="Which; none means all that are here.")
    show = add_action(actions, "show", "Show a model's card.", "ID")
    show.add_argument("id", metavar="ID", help="Which.")


def run(options: argparse.Namespace, printer: Printer) -> int:
    """Do the action; return the exit code."""
    verbs = {"list": _list, "fetch": _fetch, "check": _check, "show": _show}
    return verbs[options.action](options, printer)


def _list(options: argparse.Namespace, printer: Printer) -> int:
    rows = engine("models.verbs").list_models()
    width = max((len(row.id) for row in rows), default=0)
    for row in rows:
        printer.row("model", **asdict(row))
        use = "commercial use" if row.commercial_use else "NO commercial use"
        printer.say(f"{row.id:<{width}}  {row.state:<8}  {row.role:<9}  {row.licence}, {use}")
    return 0


def _fetch(options: argparse.Namespace, printer: Printer) -> int:
    def progress(what: str, done_bytes: int, total_bytes: int) -> None:
        fraction = done_bytes / total_bytes if total_bytes else None
        printer.event(Event("progress", message=what, fraction=fraction))

    file = Path(options.file) if options.file else None
    for model in engine("models.fetch").fetch_models(options.ids, progress, file=file):
        printer.row("model", **_plain(model))
        printer.say(f"{model.id}: {'fetched' if model.fetched else 'there already'}, {model.path}")
    return 0


def _check(options: argparse.Namespace, printer: Printer) -> int:
    rows = engine("models.verbs").check_models(options.ids)
    for row in rows:
        printer.row("model", **_plain(row))
        printer.say(f"{row.id}: {row.problem or f'as its card says, {row.path}'}")
    return ModelError.exit_code if any(row.problem for row in rows) else 0


def _show(options: argparse.Namespace, printer: Printer) -> int:
    if printer.as_json:
        rows = engine("models.cards").card(options.id).to_json()
        printer.row("card", **rows)
    else:
        printer.say(engine("models.verbs").show_model(options.id))
    return 0


def _plain(row: Any) -> dict[str, Any]:
    return {**asdict(row), "path": str(row.path)}
