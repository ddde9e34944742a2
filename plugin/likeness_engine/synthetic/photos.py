"""Reference photographs of an actor, as an identity is built from them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from likeness.errors import FrameError
from likeness_engine.io.display import encode_display
from likeness_engine.synthetic.actor import Actor
from likeness_engine.synthetic.render import render
from likeness_engine.synthetic.scene import Camera, Expression, Light, Lobe, Pose, Render

SOFT_LIGHT = Light(  # a large soft box above the camera between white walls
    key=(0.50, 0.50, 0.49),
    key_direction=(-0.12, -0.38, -0.92),
    key_softness_mm=26.0,
    sky=(0.60, 0.60, 0.60),
    ground=(0.44, 0.43, 0.42),
    lobes=(Lobe((0.7, -0.1, -0.7), (0.35, 0.35, 0.35), 2.0),),
)
SMILING = Expression(smile_left=0.45, smile_right=0.45, squint=0.15)
VIEWS: tuple[tuple[str, Pose, Expression], ...] = (
    ("front", Pose(0.0, 0.0), Expression()),
    ("three_quarter_left", Pose(-34.0, 0.0), Expression(gaze_x=12.0)),
    ("three_quarter_right", Pose(34.0, 0.0), Expression(gaze_x=-12.0)),
    ("up", Pose(4.0, -16.0), Expression(gaze_y=8.0)),
    ("down", Pose(-4.0, 14.0), Expression(gaze_y=-8.0)),
    ("smile", Pose(-10.0, 0.0), SMILING),
)


def take_photo(actor: Actor, pose: Pose, expression: Expression, size_px: int) -> Render:
    """Return a square portrait under soft light: the head fills two thirds of it."""
    camera = Camera(size_px, size_px, focal_mm=100.0)
    distance = camera.focal_px * 285.0 / size_px
    placed = Pose(pose.yaw, pose.pitch, pose.roll, (0.0, -12.0, distance), body_follows=0.5)
    wall = np.full((size_px, size_px, 3), 0.30, np.float32)
    wall *= np.linspace(1.25, 0.75, size_px, dtype=np.float32)[:, None, None]
    return render(actor, placed, expression, camera=camera, light=SOFT_LIGHT, background=wall)


def write_photos(actor: Actor, folder: Path, *, size_px: int = 1200) -> list[Path]:
    """Write the views as 16-bit sRGB PNG, scene light encoded without a tone curve; return them.

    FrameError where a file cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, pose, expression in VIEWS:
        picture = encode_display(take_photo(actor, pose, expression, size_px).rgb, 1.0)
        path = folder / f"{actor.name}_{name}.png"
        deep = np.round(picture * 65535.0).astype(np.uint16)
        if not cv2.imwrite(str(path), deep[..., ::-1]):
            raise FrameError(f"{path} was not written: the disk refused it. Is there room left?")
        paths.append(path)
    return paths
