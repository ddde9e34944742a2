"""Progress of long downloads: a function that is told what, how much, of how much."""

from __future__ import annotations

from collections.abc import Callable

# (what, done_bytes, total_bytes); a total of 0 is unknown.
Progress = Callable[[str, int, int], None]


def silent(what: str, done_bytes: int, total_bytes: int) -> None:
    """Show nothing."""
