"""From the frame of the head to the picture: placing, projecting, vertex attributes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from likeness_engine.synthetic.actor import Actor
from likeness_engine.synthetic.anatomy import NECK_PIVOT
from likeness_engine.synthetic.features import turn
from likeness_engine.synthetic.ground import to_atlas
from likeness_engine.synthetic.hair import Strands, grow_brows, grow_hair
from likeness_engine.synthetic.head import Model, build_head, fine_skin
from likeness_engine.synthetic.light import find_open_sky, gather_sky, radiance
from likeness_engine.synthetic.materials import (
    ALONG_U,
    ALONG_V,
    COLUMNS,
    LOCAL,
    NORMAL,
    PLACE,
    SKY,
    TAG,
    WORLD,
)
from likeness_engine.synthetic.raster import vertex_frames
from likeness_engine.synthetic.scene import CLOTH, Camera, Expression, Floats, Ints, Light, Pose

Doubles = npt.NDArray[np.float64]
Placement = tuple[Doubles, Doubles]  # rotation (3, 3) and shift (3,): world = rotation @ p + shift


@dataclass(frozen=True)
class Quality:
    """How finely a head of a certain size in the picture is worked out."""

    depth: int  # subdivisions
    texture: int
    directions: int  # of the sky
    sky_map: int
    shadow_map: int
    hair: float  # share of the strands

    @classmethod
    def for_scale(cls, px_per_mm: float) -> Quality:
        """Return the quality for a head drawn at `px_per_mm`."""
        if px_per_mm > 2.6:
            return cls(3, 2048, 48, 224, 1024, 1.0)
        if px_per_mm > 1.3:
            return cls(2, 1024, 32, 128, 512, 0.5)
        if px_per_mm > 0.7:
            return cls(2, 512, 24, 96, 320, 0.25)
        return cls(2, 256, 16, 64, 192, 0.10)


@dataclass(frozen=True)
class Posed:
    """All triangles in the picture: the solid ones first, then the strands."""

    world: Doubles  # (V, 3)
    screen: Floats  # (V, 3) px of the display window, and -1000 / z
    triangles: Ints
    material: Ints
    values: Floats  # (V, 21) see materials
    solids: int  # triangles before the strands
    landmarks: Doubles  # (478, 3) px and z px
    gaze: Floats  # (2, 3)


def placements(pose: Pose) -> tuple[Placement, Placement]:
    """Return where head and body go; both turn about the top of the spine."""
    head = turn(pose.yaw, pose.pitch, pose.roll)
    body = turn(pose.yaw * pose.body_follows, 0.0, 0.0)
    pivot = NECK_PIVOT + np.array(pose.position_mm)
    return (head, pivot - head @ NECK_PIVOT), (body, pivot - body @ NECK_PIVOT)


def to_px(world: Doubles, camera: Camera) -> Doubles:
    """Return display pixels (N, 2) of world points (N, 3) in front of the camera."""
    scale = camera.focal_px / np.maximum(world[:, 2:], 1.0)
    return np.asarray(world[:, :2] * scale + [camera.width / 2, camera.height / 2])


def pose_actor(
    actor: Actor, pose: Pose, expression: Expression, camera: Camera, light: Light, samples: int
) -> tuple[Posed, Quality]:
    """Return the actor's triangles in the picture, lit by the sky."""
    px_per_mm = camera.focal_px / max(pose.position_mm[2], 1.0)
    quality = Quality.for_scale(px_per_mm)
    model = build_head(actor, expression, quality.depth)
    head, body = placements(pose)
    share = model.follows[:, None].astype(np.float64)
    world = share * (model.points @ head[0].T + head[1])
    world += (1 - share) * (model.points @ body[0].T + body[1])
    values = _solid_values(actor, model, expression, quality, world, light, head[0])
    thin = 0.8 / (px_per_mm * samples)
    sets = [
        grow_hair(actor, quality.hair),
        grow_brows(actor, model, quality.depth, quality.hair),
    ]
    ribbons = [_ribbons(s, head, light, thin) for s in sets]
    all_world, all_values = [world], [values]
    triangles, material = [model.triangles], [model.material]
    start = len(world)
    for (points, rows, faces), strands in zip(ribbons, sets, strict=True):
        triangles.append(faces + start)
        material.append(np.full(len(faces), strands.material, np.int32))
        all_world.append(points)
        all_values.append(rows)
        start += len(points)
    joined = np.concatenate(all_world)
    joined_values = np.concatenate(all_values)
    joined_values[:, WORLD : WORLD + 3] = joined
    screen = np.c_[to_px(joined, camera), -1000.0 / np.maximum(joined[:, 2], 1.0)]
    landmarks = model.landmarks @ head[0].T + head[1]
    axes = turn(expression.gaze_x, expression.gaze_y) @ np.array([0, 0, -1.0])
    return Posed(
        joined,
        screen.astype(np.float32),
        np.concatenate(triangles).astype(np.int32),
        np.concatenate(material).astype(np.int32),
        joined_values,
        len(model.triangles),
        _landmarks_px(landmarks, camera),
        np.stack([head[0] @ axes] * 2).astype(np.float32),
    ), quality


def _landmarks_px(landmarks: Doubles, camera: Camera) -> Doubles:
    """Return x, y in px and z in px of the same scale, 0 half way between the outer eye corners."""
    middle = landmarks[[33, 263], 2].mean()
    z = (landmarks[:, 2] - middle) * camera.focal_px / middle
    return np.c_[to_px(landmarks, camera), z]


@lru_cache(maxsize=12)
def _open_sky(
    actor: Actor, expression: Expression, depth: int, directions: int, size: int
) -> Floats:
    """Return what every vertex sees of the sky when the body is straight (V, directions)."""
    model = build_head(actor, expression, depth)
    normals, _, _ = vertex_frames(model.points.astype(np.float32), model.uv, model.triangles)
    return find_open_sky(model.points, normals, model.triangles, directions=directions, size=size)


def _solid_values(
    actor: Actor, model: Model, expression: Expression, quality: Quality, world: Doubles,
    light: Light, head: Doubles,
) -> Floats:  # fmt: skip
    values = np.zeros((len(world), COLUMNS), np.float32)
    place = to_atlas(model.uv)
    normal, along_u, along_v = vertex_frames(world.astype(np.float32), place, model.triangles)
    values[:, NORMAL : NORMAL + 3] = normal
    values[:, ALONG_U : ALONG_U + 3], values[:, ALONG_V : ALONG_V + 3] = along_u, along_v
    values[:, PLACE : PLACE + 2] = place
    still = Expression(
        jaw=expression.jaw, smile_left=expression.smile_left, smile_right=expression.smile_right,
        blink_left=expression.blink_left, blink_right=expression.blink_right,
    )  # fmt: skip
    coarse = min(quality.depth, 2)
    open_sky = _open_sky(actor, still, coarse, quality.directions, quality.sky_map)
    sky = gather_sky(open_sky, light, head)
    count = fine_skin(coarse)
    parts = sky[len(count.rest) :]
    skin_sky = sky[: len(count.rest)]
    for level in fine_skin(quality.depth).levels[coarse:]:
        skin_sky = level.refine(skin_sky)
    values[:, SKY : SKY + 3] = np.concatenate([skin_sky, parts])
    values[:, LOCAL : LOCAL + 3] = model.local
    worn = np.unique(model.triangles[model.material == CLOTH])
    values[worn, LOCAL : LOCAL + 3] = model.points[worn]
    values[:, TAG] = model.tag
    return values


def _ribbons(
    strands: Strands, head: Placement, light: Light, thin_mm: float
) -> tuple[Doubles, Floats, Ints]:
    """Return strands as ribbons that face the camera: world points, attributes, triangles."""
    points = strands.points @ head[0].T + head[1]
    count, steps = points.shape[:2]
    tangent = np.gradient(points, axis=1)
    tangent /= np.linalg.norm(tangent, axis=2, keepdims=True) + 1e-9
    side = np.cross(tangent, points)
    side /= np.linalg.norm(side, axis=2, keepdims=True) + 1e-9
    half = np.maximum(strands.width, thin_mm)[..., None] * 0.5
    world = np.stack([points - side * half, points + side * half], 2)
    values = np.zeros((count, steps, 2, COLUMNS), np.float32)
    values[..., NORMAL : NORMAL + 3] = tangent[:, :, None]
    outward = strands.outward @ head[0].T
    sky = radiance(light, outward, blur=1.0)
    values[..., SKY : SKY + 3] = sky[:, None, None]
    values[..., LOCAL] = strands.deep[:, :, None]
    values[..., LOCAL + 1] = strands.tone[:, None, None]
    values[..., LOCAL + 2] = np.linspace(0, 1, steps)[None, :, None]
    a = (np.arange(count)[:, None] * steps + np.arange(steps - 1)[None]) * 2
    triangles = np.stack([a, a + 1, a + 3, a, a + 3, a + 2], -1).reshape(-1, 3)
    return world.reshape(-1, 3), values.reshape(-1, COLUMNS), triangles.astype(np.int32)
