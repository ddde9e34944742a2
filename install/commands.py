"""The verbs of `python3 install`: each sees to the environment, then starts its script in it."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import environment

HERE = environment.ROOT / "install"


def main(arguments: list[str]) -> int:
    """Run one verb; return its exit code. Failures a person can act on are one message."""
    parser = make_parser()
    options, rest = parser.parse_known_args(arguments)
    if rest and options.verb != "test":
        parser.error(f"{options.verb} does not know {' '.join(rest)}")
    try:
        if options.verb == "doctor":
            return run_doctor()
        return run_script(options.verb, [*_flags(options), *rest])
    except environment.InstallError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. Run the same command again to go on from here.", file=sys.stderr)
        return 130


def make_parser() -> argparse.ArgumentParser:
    """Return the command line of `python3 install`."""
    parser = argparse.ArgumentParser(
        prog="python3 install",
        description="Set up Likeness in this clone (in .venv, from a pinned lock) and use it.",
        allow_abbrev=False,
    )
    verbs = parser.add_subparsers(required=True, metavar="VERB", dest="verb")

    def add(name: str, words: str) -> argparse.ArgumentParser:
        return verbs.add_parser(name, help=words, description=words, allow_abbrev=False)

    add("demo", "make the demo shot, swap the face, verify every frame, say where it all lies")
    suite = add("test", "run the test suite; whatever else is given goes to pytest")
    suite.add_argument("--all", action="store_true", help="every Python found, not only this one")
    bench = add("bench", "measure: a table of ratios, each taken in one run")
    bench.add_argument("--rows", metavar="NAME,NAME", help="only these rows")
    bench.add_argument("--list", action="store_true", help="say what each row measures; run none")
    add("doctor", "say what is there and what is missing, each with its cure")
    return parser


def run_script(verb: str, arguments: list[str]) -> int:
    """Make the environment, then run the verb's script with the environment's Python."""
    script = {"demo": "demo.py", "test": "suite.py", "bench": "bench.py"}[verb]
    python = environment.make()
    return subprocess.run([python, HERE / script, *arguments], check=False).returncode


def run_doctor() -> int:
    """Report with the environment's Python if there is one, else with this one. Makes nothing."""
    python = environment.python_of(environment.VENV)
    if not environment.runs(python):
        python = Path(sys.executable)
    return subprocess.run([python, HERE / "doctor.py"], check=False).returncode


def _flags(options: argparse.Namespace) -> list[str]:
    """Return a verb's own options as the words that its script reads."""
    words: list[str] = []
    for name, value in vars(options).items():
        if value is True:
            words.append(f"--{name}")
        elif value and name != "verb":
            words += [f"--{name}", value]
    return words
