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
from likeness_engine.synthetic.setting import develop, make_texture
from rows.material import (
    Floats,
    add_actor,
    bench_actor,
    distance_for,
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


@dataclass(frozen=True)
class Errors:
    """Mean absolute distances from a shot's truth, as parts of the truth's mean."""

    result: float  # after the best gain per channel
    plate: float
    plate_fitted: float  # after the best gain per channel


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
    Trial("low", 17, 18, Light(key=(1.2, 1.1, 1.4), key_direction=(0.35, 0.5, -0.8)), 22.0),
)


def measure_swap_error(work: Path) -> list[Row]:
    """mean |result - truth| over mean |plate - truth| inside the face, on held-out shots.

    Four synthetic shots of 8 frames, 1280x720, with grain; actors, lights and poses that neither
    the demo nor the tests use. The truth is the same shot rendered with the other actor. The face
    is where the renderer's matte of the replaced actor is above 0.5. The result is first multiplied
    by the one gain per channel and shot that brings it nearest to the truth (a person's absolute
    albedo cannot be known from one plate); the plate gets no such gain. Every shot is divided by
    its truth's mean, so that a dark one counts like a bright one; the value is the mean of the four
    numerators over the mean of the four denominators, and the note gives each shot's own ratio.
    Beside it: the same texture cut and pasted (`over`, no light or grain match), measured alike.
    Last, without a target, the stricter ratio in which the plate gets its best gain too: two people
    of one skin tone make the first denominator small, two of different tones make it large.
    """
    ours: list[Errors] = []
    plain: list[Errors] = []
    for trial in tqdm(TRIALS, desc="held-out shots", unit="shot"):
        folder = work / trial.name
        truths, mattes = make_trial(trial, folder)
        plates = str(folder / "plate.####.exr")
        identity = add_actor(f"bench-{trial.name}", bench_actor(trial.source), folder / "photos")
        detect_plate(plates, Detect(), output=folder / "track.json")
        ways: tuple[tuple[str, dict[str, Any], list[Errors]], ...] = (
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
    strict = f"cut and pasted {pooled(plain, strict=True):.2f}"
    return [
        Row("swap error on held-out shots", pooled(ours), most=0.40, note=by_shot(ours)),
        Row("the same texture cut and pasted", pooled(plain), note=by_shot(plain)),
        Row("swap error, best gain on the plate too", pooled(ours, strict=True), note=strict),
    ]


def make_trial(trial: Trial, folder: Path) -> tuple[list[Floats], list[npt.NDArray[np.bool_]]]:
    """Write the plates; return the truth of each frame and where the face is."""
    camera = Camera(width=1280, height=720)
    background = make_texture(camera.width, camera.height, trial.target)
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
        write_plate(
            develop(pictures[0].rgb, trial.target, k), folder / f"plate.{number}.exr", number
        )
        truths.append(pictures[1].rgb)
        mattes.append(pictures[0].matte > 0.5)
    return truths, mattes


def error_of(
    plates: list[Floats],
    results: list[Floats],
    truths: list[Floats],
    mattes: list[npt.NDArray[np.bool_]],
) -> Errors:
    """Return a shot's errors over all samples of the face in every frame."""
    plate, result, truth = (
        np.concatenate([picture[matte] for picture, matte in zip(pictures, mattes)])
        for pictures in (plates, results, truths)
    )
    level = float(truth.mean())

    def away(values: Floats) -> float:
        return float(np.abs(values - truth).mean()) / level

    return Errors(away(fit_gain(result, truth)), away(plate), away(fit_gain(plate, truth)))


def fit_gain(values: Floats, wanted: Floats) -> Floats:
    """Return (N, 3) values times the one gain per channel that brings them nearest to `wanted`."""
    return values * np.array([best_gain(values[:, c], wanted[:, c]) for c in range(3)], np.float32)


def pooled(shots: list[Errors], *, strict: bool = False) -> float:
    """Return the mean error of the results over that of the plates."""
    below = [shot.plate_fitted if strict else shot.plate for shot in shots]
    return mean_of([shot.result for shot in shots]) / mean_of(below)


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


def by_shot(shots: list[Errors]) -> str:
    """Return the ratio of each shot in words."""
    ratios = [shot.result / shot.plate for shot in shots]
    return ", ".join(f"{trial.name} {ratio:.2f}" for trial, ratio in zip(TRIALS, ratios))
