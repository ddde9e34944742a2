"""A picture of an actor with the truth of every pixel: `render(actor, pose, ...)`."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from likeness_engine.faces.topology import POINTS
from likeness_engine.synthetic.actor import Actor
from likeness_engine.synthetic.ground import from_atlas
from likeness_engine.synthetic.light import cast_shadow
from likeness_engine.synthetic.materials import Look
from likeness_engine.synthetic.posing import Posed, Quality, placements, pose_actor
from likeness_engine.synthetic.raster import draw
from likeness_engine.synthetic.scene import (
    HAIR,
    Camera,
    Expression,
    Floats,
    Ints,
    Light,
    Pose,
    Render,
)
from likeness_engine.synthetic.shade import find_truth, shade
from likeness_engine.synthetic.skin import paint_skin

# Scatter of light in skin: (standard deviation mm, weight) a channel, after the wide and narrow
# lobes of d'Eon, Luebke and Enderton 2007, "Efficient Rendering of Human Skin".
SCATTER = (((0.5, 0.55), (1.6, 0.45)), ((0.34, 0.65), (0.9, 0.35)), ((0.2, 0.8), (0.6, 0.2)))
STILL, AHEAD, CAMERA, LIGHT = Expression(), Pose(), Camera(), Light()

Window = tuple[int, int, int, int]


def render(
    actor: Actor,
    pose: Pose = AHEAD,
    expression: Expression = STILL,
    *,
    camera: Camera = CAMERA,
    light: Light = LIGHT,
    background: Floats | None = None,
    samples: int = 2,
) -> Render:
    """Render an actor. `background` is (H, W, 3) with the camera's overscan; none leaves black.

    `samples` is the width of the grid of visibility samples in a pixel. The same arguments give
    the same bits.
    """
    posed, quality = pose_actor(actor, pose, expression, camera, light, samples)
    window = _find_window(posed, camera)
    screen = posed.screen.copy()
    screen[:, :2] = (screen[:, :2] - window[:2]) * samples
    shape = ((window[3] - window[1]) * samples, (window[2] - window[0]) * samples)
    seen, zbuffer = np.full(shape, -1, np.int32), np.full(shape, np.inf, np.float32)
    draw(screen, posed.triangles[: posed.solids], 0, seen, zbuffer, both=False)
    solid = seen.copy()
    draw(screen, posed.triangles[posed.solids :], posed.solids, seen, zbuffer, both=True)
    px_per_mm = camera.focal_px / pose.position_mm[2]
    look = _make_look(actor, light, posed, quality, px_per_mm)
    layers = _shade(posed, screen, seen, samples, pose, light, look, quality)
    truth = find_truth(solid, seen, screen, posed.triangles, posed.material, posed.values, samples)
    picture = _resolve(layers, px_per_mm)
    points = _find_seen(posed, screen, seen, solid, samples)
    return _fill_frame(window, camera, pose, background, picture, truth, posed, points)


def _find_window(posed: Posed, camera: Camera) -> Window:
    """Return the part of the picture that the actor may cover, in display pixels."""
    low, high = posed.screen[:, :2].min(0) - 3, posed.screen[:, :2].max(0) + 3
    o = camera.overscan_px
    x0, y0 = max(int(low[0]), -o), max(int(low[1]), -o)
    x1, y1 = min(int(high[0]) + 1, camera.width + o), min(int(high[1]) + 1, camera.height + o)
    x0, y0 = min(x0, camera.width + o - 1), min(y0, camera.height + o - 1)
    return x0, y0, max(x1, x0 + 1), max(y1, y0 + 1)


def _make_look(
    actor: Actor, light: Light, posed: Posed, quality: Quality, px_per_mm: float
) -> Look:
    direction = np.array(light.key_direction)
    lobes = np.array(
        [[*np.array(b.direction) / np.linalg.norm(b.direction), *b.colour, b.sharpness]
         for b in light.lobes]
    ).reshape(-1, 7)  # fmt: skip
    texture, levels = paint_skin(actor, quality.texture)
    return Look(
        (direction / np.linalg.norm(direction)).astype(np.float32),
        np.array(light.key, np.float32),
        np.array(light.sky, np.float32),
        np.array(light.ground, np.float32),
        lobes.astype(np.float32),
        posed.gaze,
        np.array([actor.iris, actor.iris_inner], np.float32),
        np.array(actor.hair, np.float32),
        texture,
        levels,
        np.float32(px_per_mm),
        np.float32(actor.oil),
        np.float32(actor.seed % 1000),
    )


def _shade(
    posed: Posed, screen: Floats, seen: Ints, samples: int, pose: Pose, light: Light, look: Look,
    quality: Quality,
) -> tuple[Floats, ...]:  # fmt: skip
    head, _ = placements(pose)
    middle = head[0] @ np.array([0, 30.0, 50.0]) + head[1]
    shadow = cast_shadow(posed.world, posed.triangles, light, quality.shadow_map, middle)
    layers: tuple[Floats, ...] = shade(
        seen, screen, posed.triangles, posed.material, posed.values, samples, look, shadow
    )
    return layers


def _resolve(layers: tuple[Floats, ...], px_per_mm: float) -> tuple[Floats, Floats, Floats]:
    """Scatter the light in the skin and put the layers together: colour, alpha, depth in mm."""
    light, albedo, other, skin, alpha, far = layers
    lit = (skin > 0).astype(np.float32)
    scattered = np.empty_like(light)
    for k, lobes in enumerate(SCATTER):
        total = np.zeros_like(lit)
        for sigma_mm, weight in lobes:
            sigma = sigma_mm * px_per_mm
            if sigma < 0.4:
                total += weight * light[..., k]
                continue
            spread = cv2.GaussianBlur(light[..., k], (0, 0), sigma)
            total += weight * spread / np.maximum(cv2.GaussianBlur(lit, (0, 0), sigma), 1e-4)
        scattered[..., k] = total * lit
    colour = albedo * scattered + other
    # The lens: takes the last stair steps off without softening detail that one can see.
    colour = cv2.GaussianBlur(colour, (0, 0), 0.45)
    return colour, cv2.GaussianBlur(alpha, (0, 0), 0.45), np.where(far > 0, far, np.inf)


def _find_seen(
    posed: Posed, screen: Floats, seen: Ints, solid: Ints, samples: int
) -> tuple[npt.NDArray[np.bool_], float]:
    """Return which of the 468 points nothing hides, and the part in frame and not under hair."""
    place = np.floor(screen[:POINTS, :2]).astype(int)
    inside = ((place >= 0) & (place < [seen.shape[1], seen.shape[0]])).all(1)
    x, y = np.clip(place[:, 0], 0, seen.shape[1] - 1), np.clip(place[:, 1], 0, seen.shape[0] - 1)
    front = np.zeros(POINTS, bool)
    for dy, dx in ((0, 0), (0, 1), (1, 0), (0, -1), (-1, 0)):
        cy = np.clip(y + dy, 0, seen.shape[0] - 1)
        cx = np.clip(x + dx, 0, seen.shape[1] - 1)
        t = solid[cy, cx]
        z = posed.world[posed.triangles[np.maximum(t, 0)], 2].mean(1)
        front |= (t >= 0) & (z > posed.world[:POINTS, 2] - 3.5)
    t = seen[y, x]
    hair = (t >= 0) & (posed.material[np.maximum(t, 0)] == HAIR)
    return front & inside & ~hair, float((inside & ~hair).mean())


def _fill_frame(
    window: Window, camera: Camera, pose: Pose, background: Floats | None,
    picture: tuple[Floats, Floats, Floats], truth: tuple[Floats, Floats, npt.NDArray[np.uint8]],
    posed: Posed, points: tuple[npt.NDArray[np.bool_], float],
) -> Render:  # fmt: skip
    o = camera.overscan_px
    height, width = camera.height + 2 * o, camera.width + 2 * o
    x0, y0, x1, y1 = window
    part = (slice(y0 + o, y1 + o), slice(x0 + o, x1 + o))
    colour, alpha, depth = picture
    matte, place, front = truth

    def whole(values: Floats, empty: float) -> Floats:
        out = np.full((height, width, *values.shape[2:]), empty, np.float32)
        out[part] = values
        return out

    rgb = np.zeros((height, width, 3), np.float32) if background is None else background.copy()
    rgb[part] = colour + rgb[part] * (1 - alpha[..., None])
    material = np.zeros((height, width), np.uint8)
    material[part] = front
    return Render(
        rgb=rgb,
        alpha=whole(alpha, 0.0),
        depth=whole(depth, np.inf),
        uv=whole(from_atlas(place), np.nan),
        matte=whole(matte, 0.0),
        material=material,
        landmarks=posed.landmarks.astype(np.float32),
        pose_deg=(pose.yaw, pose.pitch, pose.roll),
        seen=points[0],
        visible=points[1],
        origin_px=(-o, -o),
    )
