"""The row of order: the same bits in any chunk and any order."""

from __future__ import annotations

import subprocess
from pathlib import Path

import environment
from likeness_engine.io.files import read_frame
from likeness_engine.io.sequence import Sequence
from likeness_engine.provenance.pixels import hash_frame
from likeness_engine.run import run_request
from likeness_engine.synthetic.render import render
from likeness_engine.synthetic.scene import Camera, Expression, Pose
from likeness_engine.synthetic.setting import develop, make_texture
from rows.material import (
    add_actor,
    bench_actor,
    distance_for,
    swap_request,
    write_plate,
)
from rows.row import Row

NUMBERS = list(range(1001, 1011))


def measure_ranges(work: Path) -> list[Row]:
    """Frames 1001-1010 in one run, in ten runs of one frame, and in reverse order: equal bits?

    A 960x540 shot of a turning, talking head. Each way has its own output folder and finds its own
    track. The single frames are ten processes of `likeness run --frames N`, last frame first; the
    reverse is one run. Compared are the digests of all decoded channels, layers included (the files
    differ: each carries its own signature and time). The value is how many frames differ.
    """
    plates = make_shot(work / "plates")
    identity = add_actor("bench-order", bench_actor(4), work / "photos")
    runs = {}
    for name in ("once", "singles", "reverse"):
        out = str(work / name / "swap.####.exr")
        request = swap_request(plates, out, identity, layers=("swap", "face_matte"))
        request.save(work / f"{name}.json")
        if name == "singles":
            for number in reversed(NUMBERS):
                run_alone(work / f"{name}.json", number)
        else:
            run_request(request, frames=NUMBERS[:: -1 if name == "reverse" else 1])
        runs[name] = digests(out)
    once = runs["once"]
    rows = []
    for name in ("singles", "reverse"):
        differ = sum(runs[name][number] != once[number] for number in NUMBERS)
        words = f"frames that differ, {name} and one run"
        rows.append(Row(words, float(differ), most=0, digits=0, note=f"of {len(NUMBERS)}"))
    return rows


def make_shot(folder: Path) -> str:
    """Write ten small plates of a head that turns and talks; return their pattern."""
    camera = Camera(width=960, height=540)
    background = make_texture(camera.width, camera.height, 8)
    for k, number in enumerate(NUMBERS):
        pose = Pose(yaw=-20 + 4.5 * k, position_mm=(0, 0, distance_for(260, camera)))
        expression = Expression(jaw=0.5 if k % 4 == 1 else 0.1, blink_left=0.1 * (k % 3))
        shot = render(bench_actor(3), pose, expression, camera=camera, background=background)
        write_plate(develop(shot.rgb, 8, k), folder / f"plate.{number}.exr", number)
    return str(folder / "plate.####.exr")


def run_alone(request: Path, number: int) -> None:
    """Render one frame in a process of its own."""
    launcher = environment.launcher_of(environment.VENV)
    command = [str(launcher), "run", str(request), "--frames", str(number)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}: {done.stderr}")


def digests(pattern: str) -> dict[int, str]:
    """Return the digest of every decoded sample of each frame."""
    source = Sequence.parse(pattern)
    return {n: hash_frame(read_frame(source.path(n), n)).sha256 for n in NUMBERS}
