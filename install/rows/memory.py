"""Rows of memory: how much a run takes, and whether it grows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from rows.row import Row, Skip
from rows.speed import FIRST, prepare_big

LONG = 200
EARLY = 10


def measure_memory(work: Path) -> list[Row]:
    """Peak memory of a run of 3840x2160 frames, and its growth from frame 10 to frame 200.

    Plates and track as in `frame`. A process of its own renders 200 frames (ten plates in turn);
    after each frame the kernel's own high-water mark of resident memory (VmHWM) is read: after
    frame 10 it is the peak of a ten-frame run, and the growth is the mark after frame 200 over the
    mark after frame 10. Everything in the process counts: Python, libraries, nets, frames.
    """
    if not Path("/proc/self/status").is_file():
        raise Skip("this system has no /proc, where the memory's high-water mark is read")
    _, request = prepare_big(work, 10)
    for number in range(FIRST + 10, FIRST + LONG):
        plate = work / "plates" / f"plate.{number}.exr"
        os.link(work / "plates" / f"plate.{FIRST + (number - FIRST) % 10}.exr", plate)
    spread_track(work / "track.json", FIRST)
    request.save(work / "request.json")
    script = Path(__file__).with_name("memory_run.py")
    command = [sys.executable, str(script), str(work / "request.json")]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}")
    marks = json.loads(done.stdout.splitlines()[-1])
    early, late = marks[EARLY - 1], marks[LONG - 1]
    return [
        Row("4K run: peak memory", early / 1e9, most=1.5, unit=" GB", note=f"{EARLY} frames"),
        Row(
            f"peak at frame {LONG} over frame {EARLY}",
            late / early,
            most=1.05,
            unit="x",
            note=f"{late / 1e9:.2f} GB over {early / 1e9:.2f} GB",
        ),
    ]


def spread_track(path: Path, first: int) -> None:
    """Repeat the ten frames of a track over the long run."""
    track = json.loads(path.read_text("utf-8"))
    for number in range(first + 10, first + LONG):
        track["frames"][str(number)] = track["frames"][str(first + (number - first) % 10)]
    path.write_text(json.dumps(track), "utf-8")
