"""A row of the bench: what was measured, what it should be, and whether it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


class Skip(Exception):
    """A row cannot be measured here; the message says why."""


@dataclass(frozen=True)
class Row:
    """One measured number. `most` or `least` is the target; without one it is for comparison."""

    name: str
    value: float | None = None
    most: float | None = None
    least: float | None = None
    unit: str = ""
    digits: int = 2
    note: str = ""  # the two numbers of a ratio, or what was left out

    @property
    def met(self) -> bool | None:
        """Tell whether the target is met; None where there is no target or no number."""
        if self.value is None or (self.most is None and self.least is None):
            return None
        above = self.least is not None and not self.value >= self.least  # NaN misses
        below = self.most is not None and not self.value <= self.most
        return not (above or below)

    def to_json(self) -> dict[str, Any]:
        """Return the row as plain data, with `met`."""
        return {**vars(self), "met": self.met}


def table(rows: list[Row]) -> str:
    """Return the rows as aligned text: name, value, target, met or MISSED, note."""
    cells = [("measured", "value", "target", "", "of")]
    for row in rows:
        met = {True: "met", False: "MISSED", None: ""}[row.met]
        cells.append((row.name, _value(row), _target(row), met, row.note))
    widths = [max(len(line[column]) for line in cells) for column in range(4)]
    lines = []
    for name, value, target, met, note in cells:
        lines.append(
            f"{name:<{widths[0]}}  {value:>{widths[1]}}  {target:<{widths[2]}}  "
            f"{met:<{widths[3]}}  {note}".rstrip()
        )
    lines.insert(1, "-" * max(len(line) for line in lines))
    return "\n".join(lines)


def _value(row: Row) -> str:
    return "-" if row.value is None else f"{row.value:.{row.digits}f}{row.unit}"


def _target(row: Row) -> str:
    parts = []
    if row.least is not None:
        parts.append(f"at least {row.least:.{row.digits}f}{row.unit}")
    if row.most is not None:
        parts.append(f"at most {row.most:.{row.digits}f}{row.unit}")
    return ", ".join(parts)
