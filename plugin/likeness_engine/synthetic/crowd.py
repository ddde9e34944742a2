"""Crowds: many small actors over a busy texture, for measuring detection."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from likeness_engine.faces.topology import POINTS
from likeness_engine.synthetic.actor import Actor, random_actor
from likeness_engine.synthetic.render import render
from likeness_engine.synthetic.scene import Camera, Expression, Floats, Light, Pose
from likeness_engine.synthetic.setting import make_texture

CAST = 12  # people in a crowd; painting a skin is what costs
TALL_MM = 172.0  # the 468 points of an average face, top to bottom


@dataclass(frozen=True)
class Crowd:
    """A picture with many faces."""

    rgb: Floats  # (H, W, 3) linear ACEScg
    boxes: Floats  # (N, 4) x0, y0, x1, y1 around the 468 points, px
    landmarks: Floats  # (N, 478, 3) px


def crowd(
    seed: int,
    size: tuple[int, int] = (1920, 1080),
    n_faces: int = 20,
    face_px: tuple[float, float] = (30.0, 100.0),
) -> Crowd:
    """Return a crowd of faces `face_px` tall (least, most); faces do not overlap.

    Fewer than `n_faces` come back when the picture has no room for more.
    """
    dice = np.random.default_rng([seed, 331])
    width, height = size
    rgb = make_texture(width, height, seed)
    cast = [random_actor(seed * CAST + k) for k in range(min(CAST, n_faces))]
    taken: list[tuple[float, float, float, float]] = []
    boxes, landmarks = [], []
    # The largest first, while there is room.
    for tall in sorted(
        np.exp(dice.uniform(np.log(face_px[0]), np.log(face_px[1]), n_faces)), reverse=True
    ):
        place = _find_room(dice, taken, size, float(tall))
        if place is None:
            continue
        taken.append(place)
        actor = cast[int(dice.integers(0, len(cast)))]
        points = _paste(dice, rgb, actor, place, float(tall))
        landmarks.append(points)
        boxes.append([*points[:POINTS, :2].min(0), *points[:POINTS, :2].max(0)])
    return Crowd(
        rgb,
        np.array(boxes, np.float32).reshape(-1, 4),
        np.array(landmarks, np.float32).reshape(-1, 478, 3),
    )


def _find_room(
    dice: np.random.Generator,
    taken: list[tuple[float, float, float, float]],
    size: tuple[int, int],
    tall: float,
) -> tuple[float, float, float, float] | None:
    """Return x, y, width, height of a free place for a head and shoulders, or None."""
    w, h = tall * 1.9, tall * 2.1
    if w > size[0] or h > size[1]:
        return None
    for _ in range(60):
        x, y = dice.uniform(0, size[0] - w), dice.uniform(0, size[1] - h)
        if all(x + w < a or a + c < x or y + h < b or b + d < y for a, b, c, d in taken):
            return float(x), float(y), w, h
    return None


def _paste(
    dice: np.random.Generator,
    rgb: Floats,
    actor: Actor,
    place: tuple[float, float, float, float],
    tall: float,
) -> Floats:
    """Render a head into its place, in the picture itself; return its points (478, 3)."""
    x0, y0 = int(place[0]), int(place[1])
    camera = Camera(int(place[2]), int(place[3]), focal_mm=70.0)
    pose = Pose(
        float(dice.normal(0, 18)), float(dice.normal(0, 8)), float(dice.normal(0, 10)),
        (0.0, -25.0, camera.focal_px * TALL_MM / tall),
    )  # fmt: skip
    expression = Expression(
        jaw=float(np.clip(dice.normal(0, 0.2), 0, 1)),
        smile_left=float(np.clip(dice.normal(0.2, 0.3), 0, 1)),
        smile_right=float(np.clip(dice.normal(0.2, 0.3), 0, 1)),
    )
    angle, strength = dice.uniform(-1, 1), dice.uniform(0.5, 1.4)
    light = Light(
        key=(1.6 * strength, 1.5 * strength, 1.4 * strength),
        key_direction=(float(np.sin(angle)), -0.5, -float(np.cos(angle))),
    )
    part = rgb[y0 : y0 + camera.height, x0 : x0 + camera.width]
    shot = render(actor, pose, expression, camera=camera, light=light, background=part)
    part[:] = shot.rgb
    return shot.landmarks + np.array([x0, y0, 0], np.float32)
