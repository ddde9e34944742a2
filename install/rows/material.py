"""What the bench measures on: plates, identities and requests made of procedural actors."""

from __future__ import annotations

from collections.abc import Sequence as Several
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from likeness.documents.consent import Consent
from likeness.documents.request import Output, Plate, Request, Step
from likeness_engine.identity.build import add_identity
from likeness_engine.io.files import write_frame
from likeness_engine.io.frame import Frame, Part, Window
from likeness_engine.synthetic.actor import Actor, random_actor
from likeness_engine.synthetic.photos import write_photos
from likeness_engine.synthetic.render import render
from likeness_engine.synthetic.scene import Camera, Expression, Pose
from likeness_engine.synthetic.setting import develop, make_texture

Floats = npt.NDArray[np.float32]

FACE_MM = 186.0  # brow to chin and a little more: what a face box of the detector spans


def distance_for(face_px: float, camera: Camera) -> float:
    """Return how far away (mm) a face is whose box is `face_px` high."""
    return camera.focal_px * FACE_MM / face_px


def write_plate(rgb: Floats, path: Path, number: int) -> None:
    """Write R, G, B as a half EXR, ZIP, the display window at (0, 0)."""
    window = Window(0, 0, rgb.shape[1], rgb.shape[0])
    planes = {name: rgb[..., i].astype(np.float16) for i, name in enumerate("RGB")}
    path.parent.mkdir(parents=True, exist_ok=True)
    write_frame(Frame(str(path), number, [Part("", planes, {}, window, window)]), path)


def make_big_plates(folder: Path, count: int, *, start: int = 1001) -> str:
    """Write 3840x2160 half ZIP plates with one 700-px face over a texture; return the pattern."""
    camera = Camera(width=3840, height=2160)
    background = make_texture(camera.width, camera.height, 3)
    for k in range(count):
        pose = Pose(yaw=-8 + 1.5 * k, position_mm=(20.0 * k / count, 0, distance_for(700, camera)))
        shot = render(
            bench_actor(1),
            pose,
            Expression(jaw=0.1 + 0.04 * k),
            camera=camera,
            background=background,
        )
        write_plate(develop(shot.rgb, 3, k), folder / f"plate.{start + k}.exr", start + k)
    return str(folder / "plate.####.exr")


def bench_actor(seed: int) -> Actor:
    """Return a person that neither the demo nor any tuning uses."""
    return random_actor(90_000 + seed)


def add_actor(name: str, actor: Actor, work: Path) -> str:
    """Photograph an actor in soft light, register a consent and build the identity `name`."""
    photos = write_photos(actor, work / name)
    consent = Consent(
        id=f"{name}-consent",
        likeness=name,
        kind="synthetic",
        grantor="studio",
        authority="studio",
        uses=("swap",),
        intended_use="Measuring this product on a procedural actor; nobody real is depicted.",
        not_before="2026-01-01",
        not_after="2099-12-31",
    )
    consent.save(work / f"{name}.json")
    add_identity(name, photos, work / f"{name}.json")
    return name


def swap_request(
    plate: str,
    out: str,
    identity: str,
    *,
    track: str = "",
    layers: tuple[str, ...] = (),
    blend: dict[str, Any] | None = None,
) -> Request:
    """Return detect, swap and blend with the declared defaults but for what `blend` sets."""
    steps = [
        Step("detect", "detect"),
        Step("swap", "swap", "detect", {"identity": identity}),
        Step("blend", "blend", "swap", dict(blend or {})),
    ]
    if track:
        steps = [replace(steps[1], plate=""), steps[2]]
    return Request(
        plate=Plate(plate),
        steps=tuple(steps),
        output=Output(out, layers=layers),
        show="bench",
        track=track,
    )


def mean_of(values: Several[float]) -> float:
    """Return the mean; NaN of nothing, so that a row of nothing misses its target."""
    return float(np.mean(values)) if len(values) else float("nan")
