"""Catch what a library prints with Python's print, on this thread only.

OpenEXR's package prints a part's decode error instead of raising it. Standard output belongs to
`--json`, and the words belong in the error.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_LOCK = threading.Lock()
_HERE = threading.local()
_users = 0


class _Tap:
    """A stand-in for sys.stdout: words of a listening thread are kept, all else goes on."""

    def __init__(self, under: Any) -> None:
        self._under = under

    def write(self, words: str) -> int:
        kept = getattr(_HERE, "kept", None)
        if kept is None:
            return int(self._under.write(words))
        kept.append(words)
        return len(words)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._under, name)


@contextmanager
def spoken() -> Iterator[list[str]]:
    """Yield a list that fills with what this thread prints inside the block."""
    global _users
    with _LOCK:
        if not isinstance(sys.stdout, _Tap):
            sys.stdout = _Tap(sys.stdout)
        _users += 1
    before = getattr(_HERE, "kept", None)
    _HERE.kept = []
    try:
        yield _HERE.kept
    finally:
        _HERE.kept = before
        with _LOCK:
            _users -= 1
            if not _users and isinstance(sys.stdout, _Tap):
                sys.stdout = sys.stdout._under
