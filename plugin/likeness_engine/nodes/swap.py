"""Swap, method `projection`: the identity's texture on the tracked mesh, drawn at plate size."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from likeness.nodes import Swap
from likeness_engine.faces.align import face_width_px, fit_pose
from likeness_engine.faces.matte import bounds_of
from likeness_engine.faces.raster import (
    draw_triangles,
    interpolate,
    level_of_detail,
    look_at,
    look_up,
    make_pyramid,
    pack_pyramid,
)
from likeness_engine.faces.topology import (
    EYE_LEFT,
    EYE_RIGHT,
    MOUTH,
    POINTS,
    Floats,
    Ints,
    surface,
    topology,
)
from likeness_engine.io.frame import Window
from likeness_engine.nodes.element import Element

# How far around the face Blend may look, as a part of the face's width.
MARGIN = 0.1
# UV distance from the middle: the identity's shape counts fully inside the first, not at all
# outside the second, so the outline stays the target's and the background stands still.
SHAPE_INSIDE, SHAPE_OUTSIDE = 0.30, 0.46


@dataclass(frozen=True)
class FaceTexture:
    """An identity as Swap draws it."""

    id: str
    flat: Floats  # packed pyramid of linear RGB, (N, 3)
    table: Ints
    size: int  # texels across
    shape: Floats  # (468, 3) at rest


def prepare_texture(identity: str, texture: Floats, shape: Floats) -> FaceTexture:
    """Make an identity's texture (T, T, 3), T a power of two, ready to draw."""
    flat, table = pack_pyramid(make_pyramid(texture[..., :3]))
    return FaceTexture(identity, flat, table, texture.shape[0], shape.astype(np.float32))


def face_window(mesh_px: Floats, bounds: Window) -> Window:
    """Return the plate region that a face's work may read, clipped to `bounds` (may be empty)."""
    margin = MARGIN * max(np.ptp(mesh_px[:, 0]), np.ptp(mesh_px[:, 1]))
    low, high = mesh_px[:, :2].min(0) - margin, mesh_px[:, :2].max(0) + margin
    return Window(
        max(int(np.floor(low[0])), bounds.x0),
        max(int(np.floor(low[1])), bounds.y0),
        min(int(np.ceil(high[0])), bounds.x1),
        min(int(np.ceil(high[1])), bounds.y1),
    )


def reshape_mesh(mesh_px: Floats, target: Floats, identity: Floats, *, amount: float) -> Floats:
    """Move a tracked mesh (468, 3) from the target's shape towards the identity's.

    target, identity: (468, 3) at rest. The outline keeps still; the move turns with the head.
    """
    distance = np.linalg.norm(topology().uv - 0.5, axis=1)
    ramp = np.clip((SHAPE_OUTSIDE - distance) / (SHAPE_OUTSIDE - SHAPE_INSIDE), 0, 1)
    weight = amount * ramp * ramp * (3 - 2 * ramp)
    move = without_expression(identity - target, target)
    return mesh_px[:POINTS] + fit_pose(mesh_px, target).turn(move * weight[:, None])


def without_expression(move: Floats, target: Floats) -> Floats:
    """Return a shape change (468, 3) in which lids and lips neither open nor close.

    Around each eye and the mouth the change becomes the best shift and sideways stretch of the
    whole feature; how far it is open stays what the tracked person does.
    """
    uv, loops, out = topology().uv, topology().loops, move.copy()
    for name in ("eye_right", "eye_left", "mouth"):
        ring = loops[name]
        middle, shift = target[ring].mean(0), move[ring].mean(0)
        across = target[ring, 0] - middle[0]
        stretch = float((across * (move[ring, 0] - shift[0])).sum() / (across**2).sum())
        rigid = np.broadcast_to(shift, move.shape).copy()
        rigid[:, 0] += (target[:, 0] - middle[0]) * stretch
        centre = uv[ring].mean(0)
        away = np.linalg.norm(uv - centre, axis=1) / np.linalg.norm(uv[ring] - centre, axis=1).max()
        near = np.clip((2.6 - away) / 1.2, 0, 1)[:, None]
        out += (rigid - out) * near * near * (3 - 2 * near)
    return out


def make_element(
    plate: Floats,
    mesh_px: Floats,
    *,
    face: str,
    window: Window,
    node: Swap,
    texture: FaceTexture,
    target_shape: Floats,
    pixel_aspect: float = 1.0,
) -> Element:
    """Draw an identity on one tracked face.

    plate: (H, W, 3) scene-linear of `window`; mesh_px: (468+, 3) in the plate's pixels;
    target_shape: (468, 3) the tracked person's own shape at rest.
    """
    tracked = mesh_px[:POINTS] - np.array([window.x0, window.y0, 0], np.float32)
    square = np.array([pixel_aspect, 1, 1], np.float32)  # shapes turn where pixels are square
    posed = reshape_mesh(tracked * square, target_shape, texture.shape, amount=node.shape) / square
    vertices = surface().refine(posed)
    seen, weights = draw_triangles(vertices, surface().triangles, window.height, window.width)
    covered = seen >= 0
    lod = level_of_detail(vertices, surface().uv, surface().triangles, texture.size)
    facts = np.c_[surface().uv, lod].astype(np.float32)
    drawn = interpolate(seen, weights, surface().triangles, facts)
    rgb = look_up(texture.flat, texture.table, drawn[..., :2], drawn[..., 2], covered)
    width_px = face_width_px(tracked * square) / pixel_aspect
    kept, part = _kept_parts(seen, node, width_px)
    if kept[part].size:
        # The plate's own eyes and mouth, carried along by the change of shape.
        places = np.ascontiguousarray(surface().refine(tracked)[:, :2])
        at = interpolate(seen[part], weights[part], surface().triangles, places)
        own = look_at(plate, at, cv2.INTER_CUBIC)
        rgb[part] += (own - rgb[part]) * kept[part][..., None]
    return Element(
        face=face,
        identity=texture.id,
        window=window,
        rgb=rgb,
        covered=covered,
        uv=drawn[..., :2],
        kept=kept,
        mesh=posed.astype(np.float32),
        plate_mesh=tracked.astype(np.float32),
        width_px=width_px,
    )


def _kept_parts(seen: Ints, node: Swap, width_px: float) -> tuple[Floats, tuple[slice, slice]]:
    """Return how much (H, W) of the drawn face shows the plate's own eyes and mouth, and where."""
    wanted = np.zeros(4, bool)
    wanted[[EYE_RIGHT, EYE_LEFT]] = node.eyes == "plate"
    wanted[MOUTH] = node.mouth == "plate"
    inside = wanted[surface().group][seen] & (seen >= 0)
    # A lid's edge is about a hundredth of the face wide: the plate's lashes stay with its eyes.
    sigma = max(0.008 * width_px, 0.5)
    part = bounds_of(inside, margin=int(4 * sigma) + 1)
    kept = np.zeros(seen.shape, np.float32)
    if inside[part].size:
        soft = cv2.GaussianBlur(inside[part].astype(np.float32), (0, 0), sigma)
        kept[part] = np.where(seen[part] >= 0, np.minimum(soft * 1.6, 1), 0)
    return kept, part
