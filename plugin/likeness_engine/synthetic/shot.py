"""The demo shot: a head that turns, talks and blinks under a hot key, with either actor in it.

The same call with another actor gives the same camera, pose, expression, light, background and
grain: the truth that a swap is measured against.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from likeness_engine.io.attributes import Attribute, make, text
from likeness_engine.io.files import write_frame
from likeness_engine.io.frame import Frame, Part, Window
from likeness_engine.synthetic.actor import Actor
from likeness_engine.synthetic.render import render
from likeness_engine.synthetic.scene import (
    Camera,
    Expression,
    Floats,
    Light,
    Lobe,
    Pose,
    Render,
)
from likeness_engine.synthetic.setting import develop, make_background

OVERSCAN_PX = 32
RATE = 24
FAR_MM = 4000.0  # depth of the background
GRAIN_SEED = 811
KEY_LIGHT = Light(
    key=(4.0, 3.65, 3.1),
    key_direction=(-0.86, -0.50, -0.42),
    sky=(0.115, 0.13, 0.155),
    ground=(0.10, 0.085, 0.07),
    lobes=(
        Lobe((0.75, -0.1, -0.65), (0.52, 0.55, 0.62), 3.0),
        Lobe((0.80, -0.45, 0.62), (1.7, 1.9, 2.3), 10.0),
    ),
)

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Scene:
    """One frame of the shot, without the actor."""

    number: int
    pose: Pose
    expression: Expression
    camera: Camera
    light: Light


def describe_shot(
    frames: int = 48, size: tuple[int, int] = (1920, 1080), first_frame: int = 1001
) -> tuple[Scene, ...]:
    """Return the scenes of the shot; `size` is the display window, overscan comes on top."""
    camera = Camera(*size, focal_mm=85.0, overscan_px=round(OVERSCAN_PX * size[0] / 1920))
    # A face of 600 px in a 1080-px plate: 3.2 px a millimetre.
    distance = camera.focal_px / (3.2 * size[0] / 1920)
    scenes = []
    for k in range(frames):
        t = k / max(frames - 1, 1)
        pose = Pose(
            yaw=float(-30.0 * np.cos(np.pi * t)),
            pitch=float(3.0 * np.sin(2 * np.pi * t * 1.15 + 0.4)),
            roll=float(3.5 * np.sin(2 * np.pi * t * 0.8 + 1.0)),
            position_mm=(
                float(14.0 * np.sin(2 * np.pi * t * 0.6) - 8.0),
                float(6.0 * np.sin(2 * np.pi * t * 1.3) - 12.0),
                float(distance * (1 + 0.012 * np.sin(2 * np.pi * t * 0.7))),
            ),
        )
        expression = _act(t, pose.yaw)
        scenes.append(Scene(first_frame + k, pose, expression, camera, KEY_LIGHT))
    return tuple(scenes)


def _act(t: float, yaw: float) -> Expression:
    """Return the face at time t (0..1): it speaks, blinks twice and lifts its brows once."""

    def pulse(at: float, wide: float) -> float:
        return float(np.exp(-(((t - at) / wide) ** 2)))

    # Syllables: (time, jaw, pucker, spread of the corners).
    words = (
        (0.10, 0.34, 0.0, 0.25), (0.19, 0.18, 0.65, 0.0), (0.27, 0.42, 0.1, 0.2),
        (0.36, 0.15, 0.0, 0.5), (0.45, 0.36, 0.3, 0.0), (0.54, 0.16, 0.75, 0.0),
        (0.63, 0.48, 0.0, 0.3), (0.72, 0.18, 0.1, 0.5), (0.81, 0.30, 0.45, 0.0),
    )  # fmt: skip
    jaw = sum(w[1] * pulse(w[0], 0.034) for w in words)
    pucker = sum(w[2] * pulse(w[0], 0.034) for w in words)
    spread = sum(w[3] * pulse(w[0], 0.040) for w in words)
    smile = 0.55 / (1 + np.exp(-(t - 0.90) / 0.02))
    blink = min(1.0, 1.15 * (pulse(0.31, 0.035) + pulse(0.77, 0.035)))
    lift = pulse(0.60, 0.09)
    return Expression(
        jaw=min(float(jaw), 1.0),
        smile_left=float(0.5 * spread + smile),
        smile_right=float(0.4 * spread + 0.9 * smile),
        brow_up_left=0.8 * lift,
        brow_up_right=0.65 * lift,
        brow_down_left=0.35 * pulse(0.2, 0.08),
        brow_down_right=0.35 * pulse(0.2, 0.08),
        blink_left=blink,
        blink_right=blink,
        squint=0.3 * smile,
        pucker=min(float(pucker), 1.0),
        gaze_x=-0.55 * yaw,  # the eyes lag behind the head, towards the camera
        gaze_y=2.0 * float(np.sin(5 * t)),
    )


@lru_cache(maxsize=2)
def _background(camera: Camera) -> Floats:
    width, height = camera.width + 2 * camera.overscan_px, camera.height + 2 * camera.overscan_px
    return make_background(width, height, 5, blur_px=26.0 * camera.width / 1920)


def render_scene(actor: Actor, scene: Scene) -> tuple[Floats, Render]:
    """Return the plate (H, W, 3) as a camera gives it, and the clean picture with its truth."""
    clean = render(
        actor,
        scene.pose,
        scene.expression,
        camera=scene.camera,
        light=scene.light,
        background=_background(scene.camera),
    )
    return develop(clean.rgb, GRAIN_SEED, scene.number), clean


def demo_shot(
    actor: Actor,
    frames: int = 48,
    size: tuple[int, int] = (1920, 1080),
    first_frame: int = 1001,
) -> Iterator[tuple[Scene, Floats, Render]]:
    """Yield every frame's scene, plate with grain, and clean picture with its truth."""
    for scene in describe_shot(frames, size, first_frame):
        yield scene, *render_scene(actor, scene)


def write_demo_shot(
    folder: Path,
    actor: Actor,
    *,
    name: str = "plate",
    frames: int = 48,
    size: tuple[int, int] = (1920, 1080),
    first_frame: int = 1001,
    grain: bool = True,
    workers: int = 2,
    progress: Progress | None = None,
) -> str:
    """Write the shot as ACEScg half EXR (ZIP) with R, G, B, A, Z; return its path's pattern.

    `grain` False writes the clean picture. `progress(done, all)` is called after every frame.
    Frames are rendered by `workers` processes; their number does not change a bit. FrameError where
    a file cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    pattern = str(folder / f"{name}.####.exr")
    scenes = describe_shot(frames, size, first_frame)
    # Neighbours share a process, so that what a face needs is cached where it is used.
    jobs = [(actor, scene, pattern, grain, first_frame) for scene in scenes]
    if workers < 2:
        for done, job in enumerate(jobs, 1):
            _write_scene(job)
            if progress:
                progress(done, frames)
        return pattern
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        for done, _ in enumerate(pool.imap_unordered(_write_scene, jobs, chunksize=2), 1):
            if progress:
                progress(done, frames)
    return pattern


def _write_scene(job: tuple[Actor, Scene, str, bool, int]) -> int:
    actor, scene, pattern, grain, first_frame = job
    plate, clean = render_scene(actor, scene)
    rgb = plate if grain else clean.rgb
    depth = np.where(np.isfinite(clean.depth), clean.depth, FAR_MM).astype(np.float32)
    planes: dict[str, np.ndarray] = {
        name: rgb[..., k].astype(np.float16) for k, name in enumerate("RGB")
    }
    planes |= {"A": clean.alpha.astype(np.float16), "Z": depth}
    camera, o = scene.camera, scene.camera.overscan_px
    data = Window(-o, -o, camera.width + o, camera.height + o)
    display = Window(0, 0, camera.width, camera.height)
    part = Part("", planes, _describe_camera(scene, first_frame), data, display)
    path = Path(pattern.replace("####", f"{scene.number:04d}"))
    write_frame(Frame(str(path), scene.number, [part]), path)
    return scene.number


def _describe_camera(scene: Scene, first_frame: int) -> dict[str, Attribute]:
    """Return attributes as a camera writes them; the first frame is at one hour."""
    x, y, z = scene.pose.position_mm
    return {
        "chromaticities": make(
            "chromaticities", 0.713, 0.293, 0.165, 0.830, 0.128, 0.044, 0.32168, 0.33767
        ),
        "timeCode": make("timecode", pack_timecode(RATE * 3600 + scene.number - first_frame), 0),
        "framesPerSecond": make("rational", RATE, 1),
        "cameraMake": text("Likeness"),
        "cameraModel": text("Procedural 1"),
        "lensModel": text("Rectilinear 85 mm"),
        "nominalFocalLength": make("float", scene.camera.focal_mm),
        "isoSpeed": make("float", 800.0),
        "expTime": make("float", 1.0 / (2 * RATE)),
        "aperture": make("float", 2.8),
        "focus": make("float", z / 1000.0),
        "headPosition": make("v3f", x, y, z),
        "headTurn": make("v3f", scene.pose.yaw, scene.pose.pitch, scene.pose.roll),
        "slate": text("demo_010"),
    }


def pack_timecode(frames: int) -> int:
    """Return the SMPTE 12M word (non-drop, 24 frames a second) of a count of frames."""
    seconds, frame = divmod(frames, RATE)
    parts = (frame, seconds % 60, seconds // 60 % 60, seconds // 3600 % 24)
    word = 0
    for shift, value in zip((0, 8, 16, 24), parts, strict=True):
        word |= (value % 10 | value // 10 << 4) << shift
    return word
