"""What the core tells while it works, and what it says at the end. Plain data on every side."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Optional

EVENTS = ("plan", "frame_started", "frame_done", "frame_failed", "frame_skipped", "progress", "log")


@dataclass(frozen=True)
class Event:
    """One thing that happened. Only `kind` is always given; the rest where it means something."""

    kind: str  # one of EVENTS
    frame: Optional[int] = None
    path: str = ""  # of the file it is about
    message: str = ""  # for people; of a failed frame: why, and what to do
    fraction: Optional[float] = None  # of the whole work that is done by now, 0..1
    frames: Optional[int] = None  # of a plan: how many frames it holds

    def __post_init__(self) -> None:
        if self.kind not in EVENTS:
            raise ValueError(f"kind is {self.kind!r}; it must be one of {', '.join(EVENTS)}.")

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON data: what is empty is left out."""
        rows = {"event": self.kind, **{n: v for n, v in vars(self).items() if n != "kind"}}
        return {name: value for name, value in rows.items() if value not in (None, "")}


@dataclass(frozen=True)
class Outcome:
    """The end of a run. `exit_code` is the command line's: 0 done, 1 some frames failed."""

    done: list[int] = field(default_factory=list)
    failed: dict[int, str] = field(default_factory=dict)  # frame -> why, and what to do
    skipped: list[int] = field(default_factory=list)  # already there and up to date
    warnings: list[str] = field(default_factory=list)
    exit_code: int = -1  # -1: by the frames, 1 when one failed, else 0

    def __post_init__(self) -> None:
        if self.exit_code < 0:
            object.__setattr__(self, "exit_code", 1 if self.failed else 0)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON data, whole: a reader need not know the defaults."""
        failed = {str(frame): why for frame, why in self.failed.items()}
        return {"event": "outcome", **vars(self), "failed": failed}
