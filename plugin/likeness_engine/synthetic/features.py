"""What the cage lacks: eyeballs, teeth, gums, tongue and ears, as small parametric meshes in mm."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from likeness_engine.synthetic.scene import EYE, MOUTH, SKIN, Floats, Ints

Doubles = npt.NDArray[np.float64]
IRIS_MM = 5.9  # radius; adults differ by 0.4
CORNEA = np.radians(31.0)  # half angle of the bulge
TEETH, GUM, TONGUE = (0.56, 0.51, 0.43), (0.36, 0.11, 0.10), (0.34, 0.12, 0.11)
CARUNCLE = (0.52, 0.24, 0.21)


@dataclass(frozen=True)
class Part:
    """A mesh with what its material needs: `uv` for skin, `local` colour or place for others."""

    points: Doubles  # (V, 3)
    triangles: Ints  # (T, 3)
    material: int
    uv: Floats  # (V, 2)
    local: Floats  # (V, 3)


@cache
def grid_triangles(rows: int, columns: int, *, closed: bool) -> Ints:
    """Return the triangles of a grid; `closed` joins the last column to the first."""
    wide = columns if closed else columns - 1
    r, c = np.meshgrid(np.arange(rows - 1), np.arange(wide), indexing="ij")
    a, b = r * columns + c, r * columns + (c + 1) % columns
    d, e = a + columns, b + columns
    return np.stack([a, b, d, b, e, d], -1).reshape(-1, 3).astype(np.int32)


def grid_part(
    points: Doubles, material: int, colour: tuple[float, ...] | Floats, *, closed: bool
) -> Part:
    """Return a grid of points (R, C, 3) as a part."""
    rows, columns = points.shape[:2]
    flat = points.reshape(-1, 3)
    local = np.broadcast_to(np.asarray(colour, np.float32), flat.shape).astype(np.float32)
    return Part(
        flat,
        grid_triangles(rows, columns, closed=closed),
        material,
        np.zeros((len(flat), 2), np.float32),
        local,
    )


def turn(yaw_deg: float, pitch_deg: float, roll_deg: float = 0.0) -> Doubles:
    """Return the rotation (3, 3) by yaw to screen right, pitch down, roll clockwise: R @ column."""
    y, p, r = np.radians([yaw_deg, pitch_deg, roll_deg])
    around_y = np.array([[np.cos(y), 0, -np.sin(y)], [0, 1, 0], [np.sin(y), 0, np.cos(y)]])
    around_x = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    around_z = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    return around_z @ around_y @ around_x


@cache
def _ball() -> tuple[Doubles, Floats]:
    """Return the unit eyeball looking along -z (33, 48, 3), with cornea, and its local frame."""
    # Rows are denser at the cornea.
    theta = np.concatenate(
        [np.linspace(0, CORNEA * 1.15, 15), np.linspace(CORNEA * 1.3, np.pi, 18)]
    )
    phi = np.arange(48) / 48 * 2 * np.pi
    t, f = np.meshgrid(theta, phi, indexing="ij")
    bulge = np.clip(1 - (t / CORNEA) ** 2, 0, 1)
    radius = 1 + 0.075 * bulge * bulge * (3 - 2 * bulge) + 0.028 * bulge
    points = radius[..., None] * np.stack(
        [np.sin(t) * np.cos(f), np.sin(t) * np.sin(f), -np.cos(t)], -1
    )
    local = np.stack([np.sin(t) * np.cos(f), np.sin(t) * np.sin(f), -np.cos(t)], -1)
    return points, local.reshape(-1, 3).astype(np.float32)


def make_eye(centre: Doubles, radius: float, gaze: tuple[float, float]) -> tuple[Part, Doubles]:
    """Return an eyeball looking `gaze` degrees (right, down), and its iris points (5, 3)."""
    points, local = _ball()
    rotation = turn(*gaze)
    ring = np.array([[0, 0], [1, 0], [0, -1], [-1, 0], [0, 1.0]]) * IRIS_MM
    depth = np.sqrt(radius**2 - IRIS_MM**2)
    iris = np.c_[ring, np.full(5, -depth)]
    iris[0, 2] = -radius * 0.99
    part = Part(
        (points * radius).reshape(-1, 3) @ rotation.T + centre,
        grid_triangles(33, 48, closed=True)[:, ::-1].copy(),
        EYE,
        np.zeros((len(local), 2), np.float32),
        local,
    )
    return part, iris @ rotation.T + centre


def make_caruncle(corner: Doubles, side: float) -> Part:
    """Return the pink flesh in the inner corner of an eye; `side` is 1 for the left eye."""
    ball = ellipsoid((2.4, 1.5, 2.2), 9, 14)
    return grid_part(ball + corner + [side * 2.0, -0.2, 3.6], MOUTH, CARUNCLE, closed=True)


def ellipsoid(radii: tuple[float, float, float], rows: int, columns: int) -> Doubles:
    """Return the points (rows, columns, 3) of an ellipsoid whose grid faces outwards."""
    t, f = np.meshgrid(
        np.linspace(0, np.pi, rows), -np.arange(columns) / columns * 2 * np.pi, indexing="ij"
    )
    return np.stack([np.sin(t) * np.cos(f), np.sin(t) * np.sin(f), -np.cos(t)], -1) * radii


def _arch(x: Doubles | float) -> Doubles:
    """Return the depth (mm) of the row of teeth behind its front, at x across it."""
    return np.asarray(0.030 * x**2 + 1.1e-5 * x**4)


@cache
def make_teeth(*, upper: bool) -> tuple[Part, ...]:
    """Return seven teeth a side and the gum over them, for a face of average size."""
    widths = (8.6, 6.7, 7.8, 7.0, 6.8, 9.5, 9.0) if upper else (5.4, 6.0, 6.9, 7.0, 7.1, 10, 9.5)
    front, edge = (-23.5, 69.2) if upper else (-21.3, 68.6)
    sign = -1.0 if upper else 1.0
    parts = []
    for side in (-1.0, 1.0):
        along = 0.0
        for k, width in enumerate(widths):
            # Walk the arch: x of the tooth's middle from the length along the arch.
            along += width / 2
            x = along * (1 - 0.0032 * along) * 0.86
            along += width / 2
            slope = np.arctan2(0.06 * x + 4.4e-5 * x**3, 1.0)
            height = (10.5, 9.2, 10.4, 8.6, 8.4, 7.5, 7.0)[k] * (1.0 if upper else 0.88)
            tip = (0.0, -0.7, 0.2, -0.3, -0.5, -0.9, -1.0)[k]
            body = _tooth(width, height, front=k < 3)
            c, s = np.cos(slope), np.sin(slope)
            rotated = np.stack(
                [
                    body[..., 0] * c - body[..., 2] * s,
                    body[..., 1],
                    body[..., 0] * s + body[..., 2] * c,
                ],
                -1,
            )
            # Built towards +x; the other side is its mirror image.
            place = np.array([x, edge - sign * tip, front + float(_arch(x))])
            placed = rotated * [1, -sign, 1] + place
            placed = placed * [side, 1, 1]
            flip = (side < 0) == upper
            parts.append(_maybe_flip(grid_part(placed, MOUTH, TEETH, closed=True), flip=flip))
    return (*parts, _make_gum(front, edge + sign * 8.6, sign))


def _maybe_flip(part: Part, *, flip: bool) -> Part:
    if not flip:
        return part
    return Part(part.points, part.triangles[:, ::-1].copy(), part.material, part.uv, part.local)


def _tooth(width: float, height: float, *, front: bool) -> Doubles:
    """Return a rounded block (13, 16, 3) from 0 to -height along y."""
    rows = np.linspace(0, np.pi, 13)
    around = -np.arange(16) / 16 * 2 * np.pi
    t, f = np.meshgrid(rows, around, indexing="ij")

    def round_(v: Doubles, power: float) -> Doubles:
        return np.sign(v) * np.abs(v) ** power

    across = round_(np.sin(t), 0.45)
    deep = 2.2 if front else 4.2
    taper = 0.92 + 0.08 * np.cos(t)
    x = across * round_(np.cos(f), 0.6) * width * 0.485 * taper
    z = across * round_(np.sin(f), 0.75) * deep + (0.5 + 0.5 * np.cos(t)) * 0.8
    y = (round_(-np.cos(t), 0.7) - 1) * 0.5 * height
    return np.stack([x, y, z + deep], -1)


def _make_gum(front: float, middle: float, sign: float) -> Part:
    x = np.linspace(-27, 27, 31)
    around = -np.arange(12) / 12 * 2 * np.pi
    ring = np.stack([0 * around, 5.5 * np.sin(around), 4.6 * np.cos(around)], -1)
    spine = np.stack([x, np.full_like(x, middle + sign * 1.2), front + 4.4 + _arch(x)], -1)
    return grid_part(spine[:, None] + ring[None], MOUTH, GUM, closed=True)


@cache
def make_tongue() -> Part:
    """Return the tongue, lying behind the lower teeth."""
    ball = ellipsoid((19.0, 7.0, 27.0), 17, 24)
    ball[..., 1] += 2.2 * np.exp(-((ball[..., 0] / 4) ** 2)) * (ball[..., 1] < 0)
    return grid_part(ball + [0, 76.0, 13.0], MOUTH, TONGUE, closed=True)


@cache
def make_cavity() -> Part:
    """Return the dark room behind the teeth, seen from inside."""
    ball = ellipsoid((25.0, 22.0, 28.0), 13, 20)
    part = grid_part(ball + [0, 71.0, 16.0], MOUTH, (0.16, 0.035, 0.03), closed=True)
    return _maybe_flip(part, flip=True)


@cache
def make_ear(size: float, tilt_deg: float) -> Part:
    """Return the actor's left ear: a shell with helix, antihelix, concha, tragus and lobe."""
    rim = np.concatenate([np.linspace(0, 1.0, 19), [1.05, 1.02, 0.9, 0.6]])
    r, f = np.meshgrid(rim, np.arange(56) / 56 * 2 * np.pi, indexing="ij")
    up, back = -np.sin(f), np.cos(f)  # f runs from the back over the lower edge
    lobe = np.clip(-up, 0, 1) ** 2
    outline = (16.5 - 3.0 * np.clip(-back, 0, 1)) * (1 - 0.30 * lobe) + 0.0 * r
    tall = 31.5 - 2.0 * lobe
    z, y = back * outline * r + 1.5 * r * np.clip(up, 0, 1), -up * tall * r
    height = _ear_relief(r, f)
    fold = np.arange(len(rim)) >= 19
    height = np.where(
        fold[:, None], height[18] - np.array([0] * 19 + [1.2, 3, 7, 9])[:, None], height
    )
    lean = np.radians(tilt_deg)
    x = height * np.cos(lean) + (z + 15) * np.sin(lean)
    depth = z * np.cos(lean) - height * np.sin(lean)
    # The whole ear leans back by ten degrees.
    y2, z2 = y * 0.985 + depth * 0.17, depth * 0.985 - y * 0.17
    points = np.stack([x, y2, z2], -1) * size + [69.0, 17.0, 92.0]
    part = _maybe_flip(grid_part(points, SKIN, (0, 0, 0), closed=True), flip=True)
    place = np.stack([0.5 + 0.40 * back * np.minimum(r, 1), 0.5 - 0.42 * up * np.minimum(r, 1)], -1)
    uv = np.array([0.985, 0.985]) + (place.reshape(-1, 2)) * [0.15, 0.20]
    return Part(points.reshape(-1, 3), part.triangles, SKIN, uv.astype(np.float32), part.local)


def _ear_relief(r: Doubles, f: Doubles) -> Doubles:
    """Return how far (mm) the ear's surface stands out at radius r (0..1) and angle f."""
    up, back = -np.sin(f), np.cos(f)

    def ridge(at: Doubles | float, wide: float) -> Doubles:
        return np.exp(-(((r - at) / wide) ** 2))

    upper = 1 / (1 + np.exp(-6 * (up + 0.45)))  # 0 at the lobe
    rear = 1 / (1 + np.exp(-5 * (back + 0.55)))
    relief = 3.6 * ridge(0.93, 0.09) * upper  # helix
    relief -= 2.0 * ridge(0.78, 0.08) * upper * rear  # scapha
    relief += 3.2 * ridge(0.60 - 0.06 * up, 0.11) * upper * rear  # antihelix
    relief -= 8.0 * np.exp(-(((r - 0.12) / 0.30) ** 2)) * (0.7 + 0.3 * upper)  # concha
    front = np.exp(-((back + 0.95) ** 2) / 0.08)
    relief += 4.5 * front * ridge(0.55, 0.18)  # tragus
    relief += 1.0 * (1 - upper) * ridge(0.6, 0.4)  # lobe
    relief -= 5.0 * front * np.clip((r - 0.7) / 0.3, 0, 1)  # grows out of the cheek
    return np.asarray(relief)
