"""What the bench measures on: plates, identities and requests made of procedural actors."""

from __future__ import annotations

from collections.abc import Sequence as Several
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from likeness.documents.consent import Consent
from likeness.documents.request import Output, Plate, Request, Step
from likeness_engine.identity.build import add_identity
from likeness_engine.io.display import encode_display
from likeness_engine.io.files import write_frame
from likeness_engine.io.frame import Frame, Part, Window
from likeness_engine.synthetic.actor import Actor
from likeness_engine.synthetic.render import render
from likeness_engine.synthetic.scene import Camera, Expression, Light, Lobe, Pose, Render

Floats = npt.NDArray[np.float32]

FACE_MM = 186.0  # brow to chin and a little more: what a face box of the detector spans
GRAIN = 0.012  # standard deviation at mid grey, of a plate from a cinema camera at 800 ISO
PHOTO_LIGHT = Light(  # a soft studio: a large key, little contrast
    key=(0.9, 0.9, 0.88),
    key_direction=(-0.3, -0.45, -0.85),
    key_softness_mm=30.0,
    sky=(0.42, 0.43, 0.44),
    ground=(0.26, 0.25, 0.24),
    lobes=(Lobe((0.7, -0.1, -0.7), (0.5, 0.5, 0.5), 2.5),),
)


def make_texture(seed: int, width: int, height: int) -> Floats:
    """Return a busy background (height, width, 3), linear, mean about 0.2: noise of all sizes."""
    dice = np.random.default_rng([seed, 104729])
    out = np.zeros((height, width, 3), np.float32)
    cells, share = 6, 1.0
    while cells < width:
        rows = max(2, cells * height // width)
        patch = dice.normal(0, share, (rows, cells, 3)).astype(np.float32)
        patch += dice.normal(0, share, (rows, cells, 1)).astype(np.float32)
        out += cv2.resize(patch, (width, height), interpolation=cv2.INTER_CUBIC)
        cells, share = cells * 2, share * 0.62
    return np.asarray(0.16 * np.exp(0.45 * out), np.float32)


def add_grain(rgb: Floats, seed: int) -> Floats:
    """Return the picture with grain that grows with the root of the light, as a sensor's does."""
    noise = np.random.default_rng([seed, 7]).standard_normal(rgb.shape, np.float32)
    strength = GRAIN * np.sqrt(np.maximum(rgb, 0.004) / 0.18)
    return np.asarray(rgb + noise * strength, np.float32)


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
    background = make_texture(3, camera.width, camera.height)
    for k in range(count):
        pose = Pose(yaw=-8 + 1.5 * k, position_mm=(20.0 * k / count, 0, distance_for(700, camera)))
        shot = render(
            bench_actor(1),
            pose,
            Expression(jaw=0.1 + 0.04 * k),
            camera=camera,
            background=background,
        )
        write_plate(add_grain(shot.rgb, k), folder / f"plate.{start + k}.exr", start + k)
    return str(folder / "plate.####.exr")


def bench_actor(seed: int) -> Actor:
    """Return a person that neither the demo nor any tuning uses."""
    from likeness_engine.synthetic.actor import random_actor

    return random_actor(90_000 + seed)


def add_actor(name: str, actor: Actor, work: Path) -> str:
    """Photograph an actor in soft light, register a consent and build the identity `name`."""
    photos = []
    camera = Camera(width=1280, height=1280, focal_mm=85, aperture_mm=36)
    for k, (yaw, pitch) in enumerate(((0, 0), (-28, 2), (28, 2), (-52, 0), (52, 0), (0, -14))):
        pose = Pose(yaw=yaw, pitch=pitch, position_mm=(0, 0, distance_for(640, camera)))
        grey = np.full((camera.height, camera.width, 3), 0.3, np.float32)
        shot = render(actor, pose, camera=camera, light=PHOTO_LIGHT, background=grey)
        path = work / f"{name}-{k}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        eight = np.round(encode_display(shot.rgb, 1.0) * 255).astype(np.uint8)
        cv2.imwrite(str(path), eight[..., ::-1])
        photos.append(path)
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


def paste(picture: Floats, shot: Render, left: int, top: int) -> None:
    """Lay a render without a background over part of a picture, in place."""
    place = picture[top : top + shot.rgb.shape[0], left : left + shot.rgb.shape[1]]
    place[:] = shot.rgb + place * (1 - shot.alpha[..., None])


def mean_of(values: Several[float]) -> float:
    """Return the mean; NaN of nothing, so that a row of nothing misses its target."""
    return float(np.mean(values)) if len(values) else float("nan")
