"""What the command line says: results on stdout, for people or as JSON; progress on stderr."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TextIO

from likeness.cli.progress import Bars
from likeness.errors import LikenessError

if TYPE_CHECKING:  # dataclasses alone would double the time of `likeness --help`
    from likeness.protocol.messages import Event


class Printer:
    """Where a verb says things. Safe to call from several threads."""

    def __init__(self, out: TextIO, err: TextIO, *, as_json: bool) -> None:
        self.as_json = as_json
        self._out, self._err = out, err
        self._lock = threading.Lock()
        self._bars = Bars(err) if err.isatty() else None

    def say(self, words: str) -> None:
        """Print a line of the result for a person; nothing with --json."""
        if not self.as_json:
            self._print(self._out, words)

    def row(self, kind: str, **rows: Any) -> None:
        """Print a JSON object on a line with --json, else nothing. `kind` is its `event`."""
        if self.as_json:
            self._print(self._out, json.dumps({"event": kind, **rows}, ensure_ascii=False))

    def note(self, words: str) -> None:
        """Print a line for a person on stderr."""
        self._print(self._err, words)

    def event(self, event: Event) -> None:
        """Show what the core tells: a JSON line, and a bar on a terminal or else plain lines."""
        rows = event.to_json()
        self.row(rows.pop("event"), **rows)
        words = _words(event)
        if self._bars:
            with self._lock:
                self._bars.show(event)
        if words and (event.kind in ("frame_failed", "log") or not (self._bars or self.as_json)):
            self.note(words)

    def failed(self, error: LikenessError) -> None:
        """Print an error as it reads, and as a JSON object with --json."""
        self.row("error", error=type(error).__name__, message=str(error), exit_code=error.exit_code)
        self.note(str(error))

    def close(self) -> None:
        """Finish the bars; later events start new ones."""
        if self._bars:
            self._bars.close()

    def _print(self, stream: TextIO, words: str) -> None:
        with self._lock:
            if self._bars:
                self._bars.write(words, stream)
            else:
                stream.write(words + "\n")
                stream.flush()


@contextmanager
def open_printer(*, as_json: bool) -> Iterator[Printer]:
    """Yield a printer; with `as_json` all else that is printed, by libraries too, is stderr's."""
    if not as_json:
        printer = Printer(sys.stdout, sys.stderr, as_json=False)
        try:
            yield printer
        finally:
            printer.close()
        return
    with _own_stdout() as out:
        printer = Printer(out, sys.stderr, as_json=True)
        try:
            yield printer
        finally:
            printer.close()


@contextmanager
def _own_stdout() -> Iterator[TextIO]:
    """Yield the stdout there was, while stdout itself, C libraries' too, leads to stderr."""
    before = sys.stdout
    try:
        number = before.fileno()
    except (OSError, AttributeError, ValueError):  # not a real file: a test's capture
        sys.stdout = sys.stderr
        try:
            yield before
        finally:
            sys.stdout = before
        return
    before.flush()
    kept = os.dup(number)
    try:
        os.dup2(sys.stderr.fileno(), number)
        out = os.fdopen(os.dup(kept), "w", encoding="utf-8", newline="\n")
        try:
            yield out
        finally:
            with suppress(BrokenPipeError):  # what nobody reads need not be flushed
                out.close()
    finally:
        before.flush()
        os.dup2(kept, number)
        os.close(kept)


def _words(event: Event) -> str:
    """Return an event as a line for a person; empty for what needs no line of its own."""
    if event.kind == "frame_done":
        return f"Frame {event.frame} done: {event.path}" if event.path else f"Frame {event.frame}"
    if event.kind == "frame_skipped":
        return f"Frame {event.frame} is there already: {event.path}"
    if event.kind == "frame_failed":
        return event.message or f"Frame {event.frame} failed."
    return event.message if event.kind in ("plan", "log") else ""
