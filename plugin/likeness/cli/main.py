"""`likeness VERB ...`: finds the verb, loads only its file, and turns errors into exit codes."""

from __future__ import annotations

import importlib
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType, ModuleType
from typing import NoReturn, Optional

from likeness import __version__
from likeness.cli.parser import Parser
from likeness.cli.printer import Printer, open_printer
from likeness.errors import LikenessError, ParameterError

VERBS = {
    "detect": "Find, track and mesh the faces of a plate; write the track.",
    "identity": "Add, list and show the faces that may be used.",
    "swap": "Put an identity on a plate: detect, swap, blend.",
    "run": "Run a request: any graph of nodes on one shot.",
    "batch": "Swap in many shots, as a table says.",
    "verify": "Say whether frames are what their signed record says.",
    "models": "List, fetch, check and show the models.",
    "doctor": "Say what is there and what is missing, each with its cure.",
}
NOTES = """exit codes:
  0 done            1 some frames failed             2 wrong usage
  3 refused by consent or policy                     4 verification failed

`likeness VERB --help` says what a verb takes."""
STOPPED, TERMINATED = 130, 143  # 128 + the signal's number, as shells count


class _Terminated(BaseException):
    """A farm or a shutdown asked the process to end."""


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Run one verb; return the exit code. The border where every error becomes words."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    with _ending_cleanly(), open_printer(as_json="--json" in words) as printer:
        try:
            return _run(words, printer)
        except LikenessError as error:
            printer.failed(error)
            return error.exit_code
        except KeyboardInterrupt:
            return _stopped(printer, STOPPED)
        except _Terminated:
            return _stopped(printer, TERMINATED)
        except BrokenPipeError:
            return _leave_pipe()
        except SystemExit as end:
            return end.code if isinstance(end.code, int) else 0
        except Exception as error:  # the border: a fault of ours, not of the person
            from likeness.cli.fault import report_fault

            return report_fault(error, printer)


def make_parser() -> Parser:
    """Return the parser of the first word; it lists the verbs and loads none."""
    width = max(len(name) for name in VERBS)
    verbs = "\n".join(f"  {name:<{width}}  {words}" for name, words in VERBS.items())
    parser = Parser(
        "likeness",
        "Replace faces in plates: scene-linear pixels, and a signed record of whose face it is.",
        "likeness VERB ... [--json]",
        f"verbs:\n{verbs}\n\n{NOTES}",
    )
    parser.add_argument(
        "--version",
        action="version",
        version=f"likeness {__version__}",
        help="Show the version and leave.",
    )
    parser.add_argument("verb", metavar="VERB", help="One of the verbs below.")
    return parser


def verb_parser(name: str) -> tuple[Parser, ModuleType]:
    """Return the parser of a verb and the module that does its work."""
    verb = importlib.import_module(f"likeness.cli.{name}")
    parser = Parser(f"likeness {name}", VERBS[name], f"likeness {name} {verb.TAKES}", verb.NOTES)
    verb.add_arguments(parser)
    return parser, verb


def _run(words: list[str], printer: Printer) -> int:
    if not words or words[0] not in VERBS:
        return _without_verb(words)
    parser, verb = verb_parser(words[0])
    code: int = verb.run(parser.parse_args(words[1:]), printer)
    return code


def _without_verb(words: list[str]) -> int:
    parser = make_parser()
    if not words:
        parser.print_help(sys.stderr)
        return ParameterError.exit_code
    options, _ = parser.parse_known_args(words)
    from difflib import get_close_matches

    near = get_close_matches(options.verb, VERBS, 1)
    meant = f" Did you mean {near[0]}?" if near else ""
    raise ParameterError(f"There is no verb {options.verb!r}; known are {', '.join(VERBS)}.{meant}")


@contextmanager
def _ending_cleanly() -> Iterator[None]:
    """Let a farm's SIGTERM unwind as an exception does, so that no temporary file stays."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _terminate(number: int, frame: Optional[FrameType]) -> NoReturn:
    raise _Terminated


def _stopped(printer: Printer, code: int) -> int:
    words = "Stopped. Frames already written are whole; `--resume` does the rest."
    printer.row("error", error="Stopped", message=words, exit_code=code)
    printer.note(words)
    return code


def _leave_pipe() -> int:
    """Nobody reads on (`| head`): leave without a word, and let nothing be flushed at exit."""
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1


if __name__ == "__main__":
    sys.exit(main())
