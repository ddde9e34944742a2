"""A fault of ours: one line for the person, the traceback in a file to send."""

from __future__ import annotations

import os
import platform
import tempfile
import time
import traceback
from pathlib import Path

from likeness import __version__
from likeness.cli.printer import Printer
from likeness.places import state_home


def report_fault(error: Exception, printer: Printer) -> int:
    """Write the traceback to a log file, say where it lies, and return the exit code."""
    path = _write_log(error)
    message = (
        f"Likeness stopped on a fault of its own: {type(error).__name__}: {error}. "
        f"Send {path} with your report."
    )
    printer.row("error", error=type(error).__name__, message=message, exit_code=1)
    printer.note(message)
    return 1


def _write_log(error: Exception) -> Path:
    name = time.strftime(f"likeness-%Y%m%d-%H%M%S-{os.getpid()}.log")
    words = (
        f"likeness {__version__}, Python {platform.python_version()}, {platform.platform()}\n\n"
        + "".join(traceback.format_exception(type(error), error, error.__traceback__))
    )
    for folder in (state_home() / "logs", Path(tempfile.gettempdir())):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(words, "utf-8")
        except OSError:
            continue
        return folder / name
    raise error  # nowhere to write: the traceback itself is all there is
