"""One actor's head with an expression: every mesh in the frame of the head, ready to be posed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from likeness_engine.faces.topology import POINTS, topology
from likeness_engine.synthetic import features
from likeness_engine.synthetic.actor import Actor
from likeness_engine.synthetic.anatomy import EYE_RADIUS, base_points
from likeness_engine.synthetic.cage import cage, complete, eye_centres
from likeness_engine.synthetic.features import Part
from likeness_engine.synthetic.lids import close_lids, rest_on_eyes
from likeness_engine.synthetic.scene import SKIN, Expression, Floats, Ints
from likeness_engine.synthetic.shapes import form_face, move_muscles, open_jaw
from likeness_engine.synthetic.subdivide import Level, edge, halve

Doubles = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Skin:
    """The subdivided cage: constant for all actors."""

    levels: tuple[Level, ...]
    triangles: Ints
    material: Ints
    uv: Floats  # (V, 2) face layout
    follows: Floats  # (V,)
    rest: Floats  # (V, 3) the average actor, for masks
    near_eyes: tuple[Indices, Indices]
    nostrils: tuple[Indices, Floats]  # vertices and how deep they sink, (N, 3) mm
    lid_lines: tuple[Indices, ...]  # upper right, lower right, upper left, lower left, in order


@dataclass(frozen=True)
class Model:
    """All meshes of a head in its own frame (mm), concatenated; the skin's vertices come first."""

    points: Doubles  # (V, 3)
    triangles: Ints  # (T, 3)
    material: Ints  # (T,)
    uv: Floats  # (V, 2)
    local: Floats  # (V, 3)
    follows: Floats  # (V,)
    tag: Floats  # (V,) which eye: 0 right, 1 left
    landmarks: Doubles  # (478, 3)
    skin_count: int
    jaw: float


@lru_cache(maxsize=4)
def fine_skin(depth: int) -> Skin:
    """Return the cage subdivided `depth` times, with its masks."""
    parts = cage()
    triangles, material = parts.triangles, parts.material
    levels: list[Level] = []
    count = len(parts.follows)
    lids = [topology().loops[n].tolist() for n in ("eye_right", "eye_left")]
    lines = [list(loop) for loop in lids]
    for k in range(depth):
        creases: set[tuple[int, int]] = set()
        if k < 2:  # the lid's edge is rounded, but tightly
            creases = {edge(a, b) for ring in lines for a, b in zip(ring, ring[1:] + ring[:1])}
        level = halve(triangles, count, creases)
        lines = [_split_ring(ring, level, count) for ring in lines]
        levels.append(level)
        triangles, count = level.triangles, len(level.index)
        material = np.repeat(material, 4)
    uv, follows, rest = parts.uv, parts.follows[:, None], _rest_cage()
    for level in levels:
        uv, follows, rest = level.refine(uv), level.refine(follows), level.refine(rest)
    near = [
        np.flatnonzero(np.linalg.norm(rest - eye, axis=1) < EYE_RADIUS + 5)
        for eye in eye_centres(base_points())
    ]
    return Skin(
        tuple(levels), triangles, material, uv, follows[:, 0], rest,
        (near[0], near[1]), _find_nostrils(rest), _lid_lines(lines, rest),
    )  # fmt: skip


def _rest_cage() -> Floats:
    face = base_points()
    return complete(face, eye_centres(face), EYE_RADIUS).astype(np.float32)


def _split_ring(ring: list[int], level: Level, count: int) -> list[int]:
    """Return the ring with the new middle vertices between the old ones."""
    wanted = {edge(a, b) for a, b in zip(ring, ring[1:] + ring[:1])}
    middle: dict[tuple[int, int], int] = {}
    for row in range(count, len(level.index)):
        pair = edge(int(level.index[row, 0]), int(level.index[row, 1]))
        if pair in wanted:
            middle[pair] = row
    out = []
    for a, b in zip(ring, ring[1:] + ring[:1]):
        out += [a, middle[edge(a, b)]]
    return out


def _lid_lines(lines: list[list[int]], rest: Floats) -> tuple[Indices, ...]:
    """Cut the lids' rings at the corners: upper and lower edge, outer to inner corner."""
    out = []
    for ring, corners in zip(lines, ((33, 133), (263, 362)), strict=True):
        at = [ring.index(c) for c in corners]
        turned = ring[at[0] :] + ring[: at[0]]
        cut = turned.index(corners[1])
        halves = [turned[: cut + 1], [turned[0], *turned[:cut:-1]]]
        halves.sort(key=lambda half: float(rest[half, 1].mean()))
        out += [np.array(half, np.intp) for half in halves]
    return tuple(out)


def _find_nostrils(rest: Floats) -> tuple[Indices, Floats]:
    out = np.zeros((len(rest), 3), np.float32)
    for side in (-1, 1):
        front, rear = np.array([side * 5.2, 44.8, -38.5]), np.array([side * 11.5, 45.6, -31.0])
        centre, axis = (front + rear) / 2, (rear - front) / 2
        long = float(np.linalg.norm(axis))
        d = rest - centre
        along = d @ (axis / long)
        across = np.hypot(d[:, 0] - along * axis[0] / long, d[:, 2] - along * axis[2] / long)
        inside = (along / long) ** 2 + (across / 2.5) ** 2 + (d[:, 1] / 4.0) ** 2
        sink = np.clip(1.25 - inside, 0, 1) ** 0.7
        out += (sink[:, None] * [side * 0.8, -7.0, 2.6]).astype(np.float32)
    index = np.flatnonzero(np.abs(out).sum(1) > 0.01)
    return index, out[index]


RETRACTION_MM = 1.6


@lru_cache(maxsize=64)
def rest_face(actor: Actor) -> tuple[Doubles, Doubles, float]:
    """Return the actor's resting points (468, 3), eye centres (2, 3) and radius of the eyeball."""
    face = form_face(actor.bones, actor.scale, actor.years)
    eyes = eye_centres(face)
    return close_lids(face, eyes, EYE_RADIUS, (0.0, 0.0)), eyes, EYE_RADIUS


def express(actor: Actor, expression: Expression) -> tuple[Doubles, Doubles, float]:
    """Return the points with an expression (468, 3), eye centres and radius."""
    face, eyes, radius = rest_face(actor)
    points = move_muscles(face, expression)
    # Lids follow a look down.
    look = np.clip(expression.gaze_y / 70.0, -0.12, 0.4)
    blink = [
        np.clip(b + look * (1 - b), -0.15, 1)
        for b in (expression.blink_right, expression.blink_left)
    ]
    return close_lids(points, eyes, radius, (float(blink[0]), float(blink[1]))), eyes, radius


@lru_cache(maxsize=12)
def build_head(actor: Actor, expression: Expression, depth: int) -> Model:
    """Return the whole head of an actor with an expression, subdivided `depth` times."""
    face, eyes, radius = express(actor, expression)
    skin = fine_skin(depth)
    points = _refine_skin(skin, face, eyes, radius, actor.neck)
    model_parts: list[Part] = []
    tags: list[float] = []
    iris = []
    blinks = (expression.blink_right, expression.blink_left)
    for k, (eye, blink) in enumerate(zip(eyes, blinks, strict=True)):
        # A blink draws the globe back by a millimetre or two (Evinger et al. 1984), under the lid.
        back = eye + (0.0, 0.0, RETRACTION_MM * blink)
        part, ring = features.make_eye(back, radius, (expression.gaze_x, expression.gaze_y))
        model_parts.append(part)
        tags.append(float(k))
        iris.append(ring)
        corner = face[133 if k == 0 else 362]
        model_parts.append(features.make_caruncle(corner, -1.0 if k == 0 else 1.0))
        tags.append(0.0)
    inside = _inside_mouth(actor, expression.jaw)
    ears = _ears(actor)
    model_parts += inside + ears
    tags += [0.0] * (len(inside) + len(ears))
    landmarks = np.concatenate([points[:POINTS].astype(np.float64), *iris])
    return _join(skin, points, model_parts, tags, landmarks, expression.jaw)


def _refine_skin(skin: Skin, face: Doubles, eyes: Doubles, radius: float, neck: float) -> Doubles:
    """Return the fine skin; the cage is moved so that the smooth surface passes by the points."""
    control = face.copy()
    for _ in range(2):
        fine = complete(control, eyes, radius, neck).astype(np.float32)
        for level in skin.levels[:2]:
            fine = level.refine(fine)
        control = control + 0.8 * (face - fine[:POINTS])
    fine = complete(control, eyes, radius, neck).astype(np.float32)
    for level in skin.levels:
        fine = level.refine(fine)
    out = fine.astype(np.float64)
    out[skin.nostrils[0]] += skin.nostrils[1]
    rest_on_eyes(out, skin.near_eyes, eyes, radius)
    return out


def _inside_mouth(actor: Actor, jaw: float) -> list[Part]:
    rest, _, _ = rest_face(actor)
    base = base_points()
    move = (rest[[13, 14]].mean(0) - base[[13, 14]].mean(0)) * [0, 1, 0.9]
    parts = [*features.make_teeth(upper=True), features.make_cavity()]
    for part in (*features.make_teeth(upper=False), features.make_tongue()):
        turned = open_jaw(part.points, np.ones(len(part.points)), jaw)
        parts.append(Part(turned, part.triangles, part.material, part.uv, part.local))
    wide = actor.scale[0]
    return [
        Part(p.points * [wide, 1, 1] + move, p.triangles, p.material, p.uv, p.local) for p in parts
    ]


def _ears(actor: Actor) -> list[Part]:
    dice = np.random.default_rng([actor.seed, 31])
    size = float(dice.uniform(0.94, 1.08)) * (1 + 0.002 * max(actor.years - 30, 0))
    left = features.make_ear(size, float(dice.uniform(17, 26)))
    right = Part(
        left.points * [-1, 1, 1], left.triangles[:, ::-1].copy(), SKIN,
        (left.uv * [-1, 1] + [1, 0]).astype(np.float32), left.local,
    )  # fmt: skip
    return [right, left]


def _join(
    skin: Skin,
    points: Doubles,
    parts: list[Part],
    tags: list[float],
    landmarks: Doubles,
    jaw: float,
) -> Model:
    count = len(points)
    starts = count + np.cumsum([0] + [len(p.points) for p in parts])
    local = np.zeros((count, 3), np.float32)
    local[:] = (0.30, 0.075, 0.07)  # the inside of lips and cheeks
    return Model(
        points=np.concatenate([points, *(p.points for p in parts)]),
        triangles=np.concatenate(
            [skin.triangles, *(p.triangles + s for p, s in zip(parts, starts, strict=False))]
        ).astype(np.int32),
        material=np.concatenate(
            [skin.material, *(np.full(len(p.triangles), p.material, np.int32) for p in parts)]
        ),
        uv=np.concatenate([skin.uv, *(p.uv for p in parts)]).astype(np.float32),
        local=np.concatenate([local, *(p.local for p in parts)]).astype(np.float32),
        follows=np.concatenate([skin.follows, np.ones(starts[-1] - count, np.float32)]),
        tag=np.concatenate(
            [
                np.zeros(count),
                *(np.full(len(p.points), t) for p, t in zip(parts, tags, strict=True)),
            ]
        ).astype(np.float32),
        landmarks=landmarks,
        skin_count=count,
        jaw=jaw,
    )
