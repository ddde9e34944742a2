"""Rows of the swap's error: how near the result is to the same shot with the other actor in it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from likeness.nodes import Detect
from likeness_engine.io.files import read_frame
from likeness_engine.io.sequence import Sequence
from likeness_engine.run import detect_plate, run_request
from likeness_engine.synthetic.render import render
from likeness_engine.synthetic.scene import Camera, Expression, Light, Lobe, Pose
from rows.material import (
    Floats,
    add_actor,
    add_grain,
    bench_actor,
    distance_for,
    make_texture,
    mean_of,
    swap_request,
    write_plate,
)
from rows.row import Row

FIRST, COUNT = 1001, 8
# A plain cut-and-paste: the texture over the face, nothing fitted to the plate but the exposure.
PLAIN: dict[str, Any] = {
    "method": "over",
    "light_match": 0.0,
    "colour_match": 0.0,
    "grain_match": 0.0,
    "feather": 1.0,
}


@dataclass(frozen=True)
class Trial:
    """One held-out shot: who is replaced, by whom, in which light."""

    name: str
    target: int
    source: int
    light: Light
    turn: float  # degrees of yaw each way


TRIALS = (
    Trial("day", 11, 12, Light(), 25.0),
    Trial(
        "side",
        13,
        14,
        Light(key=(3.0, 2.6, 2.0), key_direction=(0.9, -0.25, -0.35), sky=(0.05, 0.06, 0.08)),
        18.0,
    ),
    Trial(
        "soft",
        15,
        16,
        Light(
            key=(0.35, 0.38, 0.45),
            key_softness_mm=25.0,
            sky=(0.5, 0.52, 0.58),
            lobes=(Lobe((-0.6, -0.2, -0.7), (0.6, 0.5, 0.4), 3.0),),
        ),
        30.0,
    ),
)


def measure_swap_error(work: Path) -> list[Row]:
    """mean |result - truth| over mean |plate - truth| inside the face, on held-out shots.

    Three synthetic shots of 8 frames, 1280x720, with grain; actors, lights and poses that neither
    the demo nor the tests use. The truth is the same shot rendered with the other actor. The face
    is where the renderer's matte of the replaced actor is above 0.5. The result is first multiplied
    by the one gain per channel and shot that brings it nearest to the truth (a person's absolute
    albedo cannot be known from one plate); the plate gets no such gain. Beside it: the same texture
    cut and pasted (`over`, no light or grain match), measured alike. The note gives each shot.
    """
    ours: list[float] = []
    plain: list[float] = []
    for trial in tqdm(TRIALS, desc="held-out shots", unit="shot"):
        folder = work / trial.name
        truths, mattes = make_trial(trial, folder)
        plates = str(folder / "plate.####.exr")
        identity = add_actor(f"bench-{trial.name}", bench_actor(trial.source), folder / "photos")
        detect_plate(plates, Detect(), output=folder / "track.json")
        ways: tuple[tuple[str, dict[str, Any], list[float]], ...] = (
            ("ours", {}, ours),
            ("plain", PLAIN, plain),
        )
        for name, blend, kept in ways:
            out = str(folder / name / "swap.####.exr")
            request = swap_request(
                plates, out, identity, track=str(folder / "track.json"), blend=blend
            )
            run_request(request)
            kept.append(error_of(read_all(plates), read_all(out), truths, mattes))
    return [
        Row("swap error on held-out shots", mean_of(ours), most=0.40, note=by_shot(ours)),
        Row("the same texture cut and pasted", mean_of(plain), note=by_shot(plain)),
    ]


def make_trial(trial: Trial, folder: Path) -> tuple[list[Floats], list[npt.NDArray[np.bool_]]]:
    """Write the plates; return the truth of each frame and where the face is."""
    camera = Camera(width=1280, height=720)
    background = make_texture(trial.target, camera.width, camera.height)
    truths, mattes = [], []
    for k in range(COUNT):
        swing = np.sin(2 * np.pi * k / COUNT)
        pose = Pose(
            yaw=trial.turn * swing,
            pitch=6 * np.cos(2 * np.pi * k / COUNT),
            roll=4 * swing,
            position_mm=(30 * swing, 0, distance_for(380, camera)),
        )
        expression = Expression(jaw=0.25 * (k % 3), smile_left=0.1 * k, smile_right=0.1 * k)
        pictures = [
            render(
                bench_actor(seed), pose, expression, camera=camera, light=trial.light,
                background=background,
            )
            for seed in (trial.target, trial.source)
        ]  # fmt: skip
        number = FIRST + k
        write_plate(add_grain(pictures[0].rgb, k), folder / f"plate.{number}.exr", number)
        truths.append(pictures[1].rgb)
        mattes.append(pictures[0].matte > 0.5)
    return truths, mattes


def error_of(
    plates: list[Floats],
    results: list[Floats],
    truths: list[Floats],
    mattes: list[npt.NDArray[np.bool_]],
) -> float:
    """Return the error of a shot's results, (N, 3) samples of the face in every frame."""
    plate, result, truth = (
        np.concatenate([picture[matte] for picture, matte in zip(pictures, mattes)])
        for pictures in (plates, results, truths)
    )
    fitted = result * np.array([best_gain(result[:, c], truth[:, c]) for c in range(3)])
    return float(np.abs(fitted - truth).mean() / np.abs(plate - truth).mean())


def best_gain(values: Floats, wanted: Floats) -> float:
    """Return the gain g with the least mean |g * values - wanted|: a weighted median."""
    use = np.abs(values) > 1e-5
    ratios, weights = wanted[use] / values[use], np.abs(values[use])
    order = np.argsort(ratios)
    share = np.cumsum(weights[order], dtype=np.float64)
    return float(ratios[order][np.searchsorted(share, share[-1] / 2)])


def read_all(pattern: str) -> list[Floats]:
    """Return the RGB of every frame of a trial."""
    source = Sequence.parse(pattern)
    return [read_frame(source.path(n), n).read_rgb() for n in range(FIRST, FIRST + COUNT)]


def by_shot(values: list[float]) -> str:
    """Return the value of each shot in words."""
    return ", ".join(f"{trial.name} {value:.2f}" for trial, value in zip(TRIALS, values))
