"""`likeness identity`: the faces that may be used."""

from __future__ import annotations

import argparse
from pathlib import Path

from likeness.cli.engine import engine
from likeness.cli.parser import Parser, add_action, add_actions
from likeness.cli.printer import Printer
from likeness.documents.identity import Identity
from likeness.errors import LikenessError

TAKES = "ACTION ... [--json]"
NOTES = "`likeness identity ACTION --help` says what an action takes.\n"


def add_arguments(parser: Parser) -> None:
    """Add the actions of `identity`."""
    actions = add_actions(parser)
    add = add_action(
        actions,
        "add",
        "Build an identity from photographs of one person, under a consent.",
        "ID --photos PATH... --consent FILE",
    )
    add.add_argument("id", metavar="ID", help="A pseudonym, never a name: it ends up in frames.")
    add.add_argument(
        "--photos",
        metavar="PATH",
        nargs="+",
        required=True,
        help="Pictures of this person alone, from several sides, in soft light.",
    )
    add.add_argument(
        "--consent", metavar="FILE", required=True, help="The consent record that covers the use."
    )
    add_action(actions, "list", "List the identities.", "")
    show = add_action(actions, "show", "Show one identity.", "ID")
    show.add_argument("id", metavar="ID", help="Which.")


def run(options: argparse.Namespace, printer: Printer) -> int:
    """Do the action; return the exit code."""
    return {"add": _add, "list": _list, "show": _show}[options.action](options, printer)


def _add(options: argparse.Namespace, printer: Printer) -> int:
    built: Identity = engine("identity.build").add_identity(
        options.id,
        [Path(photo) for photo in options.photos],
        Path(options.consent),
        printer.event,
    )
    _row(built, printer)
    printer.say(f"{built.id} is ready: {_facts(built)}.")
    printer.say(f"Use it: likeness swap PLATE --identity {built.id} -o OUT")
    return 0


def _list(options: argparse.Namespace, printer: Printer) -> int:
    store = engine("identity.store")
    ids = store.list_identities()
    broken = 0
    for one in ids:
        try:
            known = store.load_identity(one).document
        except LikenessError as error:
            broken = max(broken, error.exit_code)
            printer.row("identity", id=one, problem=str(error))
            printer.say(f"{one}: cannot be used: {error}")
            continue
        _row(known, printer)
        printer.say(f"{one}: {_facts(known)}")
    if not ids:
        printer.say("No identities yet. Add one with `likeness identity add`.")
    return broken


def _show(options: argparse.Namespace, printer: Printer) -> int:
    known: Identity = engine("identity.store").load_identity(options.id).document
    _row(known, printer)
    printer.say(f"{known.id}\n  consent  {known.consent}\n  texture  {known.texture_sha256}")
    for photo in known.photos:
        printer.say(f"  photo    {photo}")
    for model, sha256 in known.models.items():
        printer.say(f"  model    {model} {sha256}")
    return 0


def _facts(known: Identity) -> str:
    count = len(known.photos)
    return f"{count} photo{'' if count == 1 else 's'}, consent {known.consent}"


def _row(known: Identity, printer: Printer) -> None:
    rows = known.to_json()
    rows.pop("geometry", None)  # 468 points that no reader of a list wants
    printer.row("identity", **rows)
