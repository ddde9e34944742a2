"""Rows of speed: what a frame costs beyond reading and writing it."""

from __future__ import annotations

import time
from pathlib import Path

from likeness.documents.request import Request
from likeness.nodes import Detect
from likeness_engine.io.files import read_frame, write_frame
from likeness_engine.io.frame import Frame
from likeness_engine.io.sequence import Sequence
from likeness_engine.pipeline import Pipeline
from likeness_engine.run import detect_plate, run_request
from rows.material import add_actor, bench_actor, make_big_plates, swap_request
from rows.row import Row

FRAMES = 10
FIRST = 1001


def measure_frame(work: Path) -> list[Row]:
    """One whole frame against reading and writing the same frame with nothing in between.

    Plate: 3840x2160, RGB half, ZIP, one 700-px face over a texture, grain. The frame: `run_request`
    on one frame with a track on disk, in a process that has rendered one before (nets and kernels
    are warm): consent, read, plate hash, swap, blend, hash, sign, write. The floor: `read_frame`
    and `write_frame` with the codec on all cores, fsync included. Each is done five times in turn
    and the fastest of each is taken. Detection, which is done once a shot, is told in its own row.
    """
    plates, request = prepare_big(work, 2)
    numbers = [FIRST, FIRST + 1]
    run_request(request, frames=numbers[:1])
    whole, floor = [], []
    for turn in range(5):
        number = numbers[turn % 2]
        floor.append(seconds_of(lambda number=number: copy_frame(plates, work / "floor", number)))
        whole.append(seconds_of(lambda number=number: run_request(request, frames=[number])))
    seek = seconds_of(
        lambda: detect_plate(plates, Detect(), frames=numbers, output=work / "d.json")
    )
    return [
        ratio("4K frame over its reading and writing", min(whole), min(floor), most=1.25),
        ratio("4K detection, a frame, over the same", seek / len(numbers), min(floor)),
    ]


def measure_throughput(work: Path) -> list[Row]:
    """Ten frames in one run against reading and writing those ten with nothing in between.

    Plates and track as in `frame`. The floor reads and writes with the codec on all cores, and is
    the faster of two ways: one frame after the other, and reading the next while one is written.
    The value is frames a second of `run_request` over frames a second of the floor; run and floor
    are done twice in turn and the fastest of each is taken.
    """
    plates, request = prepare_big(work, FRAMES)
    numbers = list(range(FIRST, FIRST + FRAMES))
    run_request(request, frames=numbers[:1])
    run, floor = [], []
    for _ in range(2):
        floor.append(seconds_of(lambda: copy_in_turn(plates, work / "floor", numbers)))
        floor.append(seconds_of(lambda: copy_overlapped(plates, work / "floor", numbers)))
        run.append(seconds_of(lambda: run_request(request, frames=numbers)))
    return [
        Row(
            "10 frames: throughput over pure I/O",
            min(floor) / min(run),
            least=0.8,
            unit="x",
            note=f"{FRAMES / min(run):.2f} over {FRAMES / min(floor):.2f} frames/s",
        )
    ]


def prepare_big(work: Path, count: int) -> tuple[str, Request]:
    """Return the pattern of big plates and a request with an identity and a finished track."""
    plates = make_big_plates(work / "plates", count)
    identity = add_actor("bench-face", bench_actor(2), work / "photos")
    track = work / "track.json"
    detect_plate(plates, Detect(), output=track)
    out = str(work / "out" / "swap.####.exr")
    return plates, swap_request(plates, out, identity, track=str(track))


def copy_frame(pattern: str, folder: Path, number: int) -> None:
    """Read a frame and write it elsewhere."""
    _write(folder, number, read_frame(Sequence.parse(pattern).path(number), number))


def copy_in_turn(pattern: str, folder: Path, numbers: list[int]) -> None:
    """Read and write frames one after the other."""
    for number in numbers:
        copy_frame(pattern, folder, number)


def copy_overlapped(pattern: str, folder: Path, numbers: list[int]) -> None:
    """Read frames while earlier ones are written."""
    source = Sequence.parse(pattern)
    stages: Pipeline[int, Frame, Frame, None] = Pipeline(
        lambda number: read_frame(source.path(number), number),
        lambda number, frame: frame,
        lambda number, frame: _write(folder, number, frame),
    )
    for _, result in stages.run(numbers):
        if isinstance(result, Exception):
            raise result


def seconds_of(work: object) -> float:
    """Return how long a call takes, in seconds."""
    assert callable(work)
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def ratio(name: str, value: float, floor: float, *, most: float | None = None) -> Row:
    """Return the row of one time over another."""
    return Row(name, value / floor, most=most, unit="x", note=f"{value:.2f} s over {floor:.2f} s")


def _write(folder: Path, number: int, frame: Frame) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    write_frame(frame, folder / f"copy.{number}.exr")
