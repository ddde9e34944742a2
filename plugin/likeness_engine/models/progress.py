"""Progress of long downloads: a function that is told what, how much, of how much."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

# (what, done_bytes, total_bytes); a total of 0 is unknown.
Progress = Callable[[str, int, int], None]


def silent(what: str, done_bytes: int, total_bytes: int) -> None:
    """Show nothing."""


@contextmanager
def bars() -> Iterator[Progress]:
    """Yield a progress function that draws one bar a download on stderr."""
    from tqdm import tqdm

    drawn: dict[str, tqdm] = {}

    def show(what: str, done_bytes: int, total_bytes: int) -> None:
        if what not in drawn:
            drawn[what] = tqdm(
                desc=what, total=total_bytes or None, unit="B", unit_scale=True, unit_divisor=1024
            )
        drawn[what].update(done_bytes - drawn[what].n)

    try:
        yield show
    finally:
        for bar in drawn.values():
            bar.close()
