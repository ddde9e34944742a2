"""A progress bar from the standard library, for the minutes before tqdm is installed."""

from __future__ import annotations

import sys
import threading
import time
from types import TracebackType
from typing import TextIO

WIDTH = 28
BEAT_S = 0.5
LINE_S = 2.0  # off a terminal: at most one line in this time


class Bar:
    """`title [#####-----] 12/34 what 00:41`, kept alive by a thread; plain lines off a terminal."""

    def __init__(self, title: str, total: int, *, out: TextIO | None = None) -> None:
        self.title, self.total, self.done, self.what = title, total, 0, ""
        self.out = out or sys.stderr
        self.live = self.out.isatty()
        self.started = self._said = time.monotonic()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)

    def __enter__(self) -> Bar:
        if self.live:
            self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        if self.live:
            self._thread.join()
            self.out.write("\r\x1b[K" + self.line() + "\n")
        else:
            self.out.write(self.line() + "\n")
        self.out.flush()

    def step(self, what: str, *, done: int | None = None) -> None:
        """Say what is worked on now; counts one more, or up to `done`."""
        self.what = what
        self.done = min(self.total, self.done + 1 if done is None else done)
        if not self.live and time.monotonic() - self._said > LINE_S:
            self._said = time.monotonic()
            self.out.write(self.line() + "\n")
            self.out.flush()

    def line(self) -> str:
        """Return the bar as one line of text."""
        full = round(WIDTH * self.done / max(self.total, 1))
        minutes, seconds = divmod(int(time.monotonic() - self.started), 60)
        return (
            f"{self.title} [{'#' * full}{'-' * (WIDTH - full)}] "
            f"{self.done}/{self.total} {minutes:02d}:{seconds:02d} {self.what}"
        )

    def _beat(self) -> None:
        while not self._stop.wait(BEAT_S):
            self.out.write("\r\x1b[K" + self.line())
            self.out.flush()
