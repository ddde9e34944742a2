"""The process whose memory is measured: renders a request, notes the high-water mark a frame."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from likeness.documents.request import Request
from likeness.protocol.messages import Event
from likeness_engine.run import run_request


def main(request_path: str) -> int:
    """Render a request; print the high-water marks after each frame as one JSON list."""
    marks: list[int] = []

    def note(event: Event) -> None:
        if event.kind == "frame_done":
            marks.append(high_water_mark())
            Path(event.path).unlink()  # 200 frames would fill a disk
            if len(marks) % 20 == 0:
                print(f"  {len(marks)} frames", file=sys.stderr)

    outcome = run_request(Request.load(request_path), on_event=note)
    print(json.dumps(marks))
    return outcome.exit_code


def high_water_mark() -> int:
    """Return the most resident memory this process ever had, in bytes (proc(5), VmHWM)."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("/proc/self/status has no VmHWM")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
