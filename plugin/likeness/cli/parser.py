"""The parsers of the command line: one look on every Python, and errors of our own tree."""

from __future__ import annotations

import argparse
import shutil
from typing import Any, NoReturn, Optional

from likeness.errors import ParameterError

WIDEST = 100


class Formatter(argparse.RawDescriptionHelpFormatter):
    """Help that reads alike on Python 3.9 to 3.13, whose own styles differ."""

    def __init__(self, prog: str, width: Optional[int] = None) -> None:
        width = width or min(WIDEST, shutil.get_terminal_size().columns) - 2
        super().__init__(prog, max_help_position=30, width=width)

    def _format_action_invocation(self, action: argparse.Action) -> str:
        if not action.option_strings:
            return super()._format_action_invocation(action)
        names = ", ".join(action.option_strings)
        if action.nargs == 0:
            return names
        return f"{names} {self._format_args(action, str(action.metavar or action.dest.upper()))}"


class Parser(argparse.ArgumentParser):
    """A parser that raises ParameterError instead of leaving the program."""

    def __init__(self, prog: str, words: str, usage: str, notes: str = "") -> None:
        super().__init__(
            prog=prog,
            usage=usage,
            description=words,
            epilog=notes or None,
            formatter_class=Formatter,
            allow_abbrev=False,  # a new flag must not change what an old script means
            add_help=False,
        )
        self._optionals.title = "options"  # 3.9 says "optional arguments"
        self.add_argument("-h", "--help", action="help", help="Show this and leave.")

    def error(self, message: str) -> NoReturn:
        raise ParameterError(f"{message[:1].upper()}{message[1:]}. See `{self.prog} --help`.")


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add `--json`, which every verb has."""
    parser.add_argument("--json", action="store_true", help="One JSON object a line on stdout.")


def add_actions(parser: Parser) -> Any:
    """Return where a verb such as `identity` adds its actions, each with its own parser."""
    return parser.add_subparsers(
        dest="action",
        metavar="ACTION",
        required=True,
        title="actions",
        prog=parser.prog,
        parser_class=Parser,
    )


def actions_of(parser: Parser) -> dict[str, Parser]:
    """Return the parsers of a verb's actions by name; empty for a verb that has none."""
    rows = [a.choices for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
    return dict(rows[0]) if rows else {}


def add_action(actions: Any, name: str, words: str, takes: str) -> Parser:
    """Add an action and return its parser; `takes` is what stands after its name in the usage."""
    usage = f"%(prog)s {takes} [--json]".replace("  ", " ")
    parser: Parser = actions.add_parser(name, help=words, words=words, usage=usage)
    add_json(parser)
    return parser
