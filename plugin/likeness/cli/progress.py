"""Progress on a terminal: a bar for the frames, and one for what has no frames."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Optional, TextIO

if TYPE_CHECKING:
    from likeness.protocol.messages import Event


_FRAME_ENDS = ("frame_done", "frame_failed", "frame_skipped")
_STAGE = "{desc} {percentage:3.0f}%|{bar}| {elapsed}"


class Bars:
    """Bars drawn by tqdm, of the core's environment; without it there are none."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._frames: Any = None
        self._stage: Any = None

    def show(self, event: Event) -> None:
        """Draw what happened."""
        if event.kind == "plan":
            self._close_frames()
            self._frames = self._bar("frames", event.frames, unit="frame")
        elif event.kind in _FRAME_ENDS:
            self._frames = self._frames or self._bar("frames", None, unit="frame")
            if self._frames:
                self._frames.set_postfix_str(f"at {event.frame}", refresh=False)
                self._frames.update(1)
        elif event.kind == "progress" and event.fraction is not None:
            self._show_stage(event.message or "working", event.fraction)

    def write(self, words: str, stream: TextIO) -> None:
        """Print a line above the bars."""
        tqdm = _tqdm()
        if tqdm and (self._frames or self._stage):
            tqdm.write(words, file=stream)
        else:
            stream.write(words + "\n")
        stream.flush()

    def close(self) -> None:
        """Finish the bars; what is shown later starts new ones."""
        self._close_frames()
        self._close_stage()

    def _show_stage(self, name: str, fraction: float) -> None:
        """Move the bar of the stages: one that goes on under other words stays the same bar."""
        if self._stage and 100 * fraction < self._stage.n:
            self._close_stage()
        self._stage = self._stage or self._bar(name, 100, bar_format=_STAGE)
        if not self._stage:
            return
        self._stage.set_description_str(name, refresh=False)
        self._stage.update(100 * fraction - self._stage.n)
        if fraction >= 1:
            self._close_stage()

    def _close_stage(self) -> None:
        if self._stage:
            self._stage.close()
            self._stage = None

    def _close_frames(self) -> None:
        if self._frames:
            self._frames.close()
            self._frames = None

    def _bar(self, name: str, total: Optional[int], **look: Any) -> Any:
        tqdm = _tqdm()
        return tqdm(total=total, desc=name, file=self._stream, leave=True, **look) if tqdm else None


def _tqdm() -> Any:
    try:
        from tqdm import tqdm
    except ImportError:  # a bare Python that runs the doctor
        return None
    return tqdm
