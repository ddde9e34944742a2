"""What a mesh says about the head: its pose in degrees and simple measures of its expression."""

from __future__ import annotations

import numpy as np

from likeness_engine.faces.align import fit_pose
from likeness_engine.faces.patch import Array
from likeness_engine.faces.topology import topology

# Corners and middles of eyes and mouth on the mesh; right and left are the actor's own.
_EYES = {
    "right": ((33, 133), ((160, 144), (159, 145), (158, 153))),
    "left": ((263, 362), ((387, 373), (386, 374), (385, 380))),
}
_INNER_LIPS = (13, 14)
_MOUTH_CORNERS = (61, 291)
_BROWS = {"right": (105, 159), "left": (334, 386)}
_IRIS = {"right": 468, "left": 473}


def head_pose(mesh: Array) -> tuple[float, float, float]:
    """Return yaw, pitch, roll in degrees: to screen right, down and clockwise are positive.

    The rotation is roll @ yaw @ pitch of columns, as an animator's ZYX; `mesh` is (468+, 3) in
    square pixels. Yaw lies in -90..90.
    """
    return angles(fit_pose(mesh).rotation)


def angles(rotation: Array) -> tuple[float, float, float]:
    """Return yaw, pitch, roll in degrees of a rotation (3, 3); see `head_pose`."""
    r = rotation.astype(np.float64)
    yaw = np.arcsin(np.clip(r[2, 0], -1, 1))
    pitch = np.arctan2(r[2, 1], r[2, 2])
    roll = np.arctan2(r[1, 0], r[0, 0])
    return float(np.degrees(yaw)), float(np.degrees(pitch)), float(np.degrees(roll))


def expression(mesh: Array) -> dict[str, float]:
    """Return measures of the expression, 0..1 (gaze: -1..1), from a mesh (478, 3).

    jaw: gap of the lips, 1 at 0.45 outer-eye distances. blink: 0 an open eye, 1 closed lids.
    smile: how far the mouth is wider than at rest. brow: how far it is raised. gaze_x, gaze_y:
    the iris in the eye's opening, to screen right and down, 1 at the corner of the eye.
    """
    still = fit_pose(mesh).undo(mesh).astype(np.float64)
    rest = topology().mean.astype(np.float64)
    found = {
        "jaw": _ramp(_distance(still, *_INNER_LIPS), 0.01, 0.45),
        "smile": _ramp(
            _distance(still, *_MOUTH_CORNERS) / _distance(rest, *_MOUTH_CORNERS), 1.0, 1.35
        ),
    }
    for side, (corners, lids) in _EYES.items():
        width = _distance(still, *corners)
        opening = np.mean([_distance(still, *pair) for pair in lids]) / max(width, 1e-6)
        found[f"blink_{side}"] = 1 - _ramp(float(opening), 0.06, 0.24)
        brow, lid = _BROWS[side]
        height = (still[lid, 1] - still[brow, 1]) / (rest[lid, 1] - rest[brow, 1])
        found[f"brow_{side}"] = _ramp(float(height), 1.0, 1.5)
    gaze = [_gaze(mesh.astype(np.float64), side) for side in _EYES]
    for axis, name in enumerate(("gaze_x", "gaze_y")):
        found[name] = float(np.clip(np.mean([g[axis] for g in gaze]), -1, 1))
    return {name: round(value, 4) for name, value in found.items()}


def _gaze(mesh: Array, side: str) -> tuple[float, float]:
    """Return where the iris stands between the corners, in half widths of the eye."""
    first, second = (mesh[k, :2] for k in _EYES[side][0])
    across = (second - first) / 2 * (1 if side == "right" else -1)
    half = max(float(np.hypot(*across)), 1e-6)
    right = across / half
    offset = (mesh[_IRIS[side], :2] - (first + second) / 2) / half
    return float(offset @ right), float(offset @ np.array([-right[1], right[0]]))


def _distance(points: Array, one: int, other: int) -> float:
    return float(np.linalg.norm(points[one] - points[other]))


def _ramp(value: float, low: float, high: float) -> float:
    return float(np.clip((value - low) / (high - low), 0, 1))
