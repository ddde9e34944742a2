"""Find where the mesh net sees its points on the actors, and move the base shape's points there.

Run by a developer when the net or the renderer changes; the result, `calibration.json`, is
committed: millimetres by which each point of the base shape moves, symmetric. It holds nothing but
answers of the net to procedural faces.

Usage: python -m likeness_engine.synthetic.calibrate FIRST_SEED
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt

from likeness_engine.faces.topology import POINTS, topology
from likeness_engine.inference.sessions import session
from likeness_engine.io.display import encode_display
from likeness_engine.synthetic import anatomy
from likeness_engine.synthetic.actor import random_actor
from likeness_engine.synthetic.features import turn
from likeness_engine.synthetic.render import render
from likeness_engine.synthetic.scene import Camera, Expression, Floats, Light, Pose

Doubles = npt.NDArray[np.float64]

MESH_NET = "mediapipe-face-mesh"
CAMERA = Camera(320, 320, focal_mm=85.0)
DISTANCE_MM = 1050.0
VIEWS = ((-30, 0), (-20, 8), (-10, -8), (0, 0), (10, 8), (20, -8), (30, 0))
TANGENT, NORMAL, SMOOTH = 0.05, 1.0, 0.6  # weights over the data's, in px^2 a mm^2
FARTHEST_MM = 4.5


def ask_net(rgb: Floats, landmarks: Floats) -> Doubles:
    """Return the net's points (468, 2) px; its first crop is around the true points."""
    import cv2

    points = landmarks[:POINTS, :2].astype(np.float64)
    picture = encode_display(rgb, 0.8)
    for _ in range(2):
        eyes = points[263] - points[33]
        angle = np.arctan2(eyes[1], eyes[0])
        c, s = np.cos(angle), np.sin(angle)
        turned = points @ np.array([[c, -s], [s, c]])
        low, high = turned.min(0), turned.max(0)
        centre = np.array([[c, -s], [s, c]]) @ ((low + high) / 2)
        unit = (high - low).max() * 1.5 / 192
        back = np.array([[c * unit, -s * unit], [s * unit, c * unit]])
        matrix = np.c_[back, centre - back @ [96.0, 96.0]]
        crop = cv2.warpAffine(
            picture, matrix - [[0, 0, 0.5], [0, 0, 0.5]], (192, 192),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        )  # fmt: skip
        answers = session(MESH_NET, "cpu").run(crop[None])
        rows = next(a for a in answers.values() if a.size == POINTS * 3).reshape(POINTS, 3)
        points = rows[:, :2].astype(np.float64) @ back.T + matrix[:, 2]
    return points


def measure(seeds: range, expression: Expression) -> tuple[Doubles, Doubles]:
    """Return views (K, 2, 3): px a mm of the head, and the net's misses (K, 468, 2) px."""
    maps, misses = [], []
    for seed in seeds:
        actor = random_actor(seed)
        for k, (yaw, pitch) in enumerate(VIEWS):
            pose = Pose(yaw, pitch, 0, (0, 0, DISTANCE_MM))
            side = 0.6 if (seed + k) % 2 else -0.6
            light = Light(key=(1.4, 1.35, 1.3), key_direction=(side, -0.5, -0.8))
            grey = np.full((CAMERA.height, CAMERA.width, 3), 0.12 + 0.1 * (k % 3), np.float32)
            shot = render(actor, pose, expression, camera=CAMERA, light=light, background=grey)
            scale = CAMERA.focal_px / DISTANCE_MM
            maps.append(turn(yaw, pitch)[:2] * scale)
            misses.append(ask_net(shot.rgb, shot.landmarks) - shot.landmarks[:POINTS, :2])
    return np.array(maps), np.array(misses)


def solve_moves(maps: Doubles, misses: Doubles, normals: Doubles, before: Doubles) -> Doubles:
    """Return moves (468, 3) mm from the uncalibrated shape that explain the misses best.

    `before` are the moves the pictures were made with. Moves are held near zero, across the surface
    more than along it, and neighbours move alike: the shape stays a face, the points slide on it.
    """
    facts = topology()
    near = np.zeros((POINTS, POINTS))
    for a, b, c in facts.triangles:
        near[[a, b, b, c, c, a], [b, a, c, b, a, c]] = 1
    bend = np.eye(POINTS) - near / near.sum(1, keepdims=True)
    system = np.kron(SMOOTH * bend.T @ bend, np.eye(3))
    right = np.zeros(POINTS * 3)
    for point in range(POINTS):
        normal = normals[point]
        weight = 1 / (1 + (np.hypot(*misses[:, point].T) / 3.0) ** 2)  # a hidden cheek counts less
        weight /= weight.sum()
        part = slice(3 * point, 3 * point + 3)
        data = np.einsum("k,kij,kil->jl", weight, maps, maps)
        system[part, part] += data + TANGENT * np.eye(3) + NORMAL * np.outer(normal, normal)
        right[part] = np.einsum("k,kij,ki->j", weight, maps, misses[:, point])
        right[part] += data @ before[point]
    moves = np.linalg.solve(system, right).reshape(POINTS, 3)
    size = np.linalg.norm(moves, axis=1, keepdims=True)
    return anatomy.symmetric(moves * np.minimum(1, FARTHEST_MM / np.maximum(size, 1e-9)))


def point_normals(points: Doubles) -> Doubles:
    """Return unit normals (468, 3) of the points as the triangles have them."""
    a, b, c = (points[topology().triangles[:, k]] for k in range(3))
    face = np.cross(c - a, b - a)
    normal = np.zeros_like(points)
    for k in range(3):
        np.add.at(normal, topology().triangles[:, k], face)
    return np.asarray(normal / np.linalg.norm(normal, axis=1, keepdims=True))


def main(first_seed: int) -> None:
    """Measure once, write the moves, and print what the net missed by before."""
    maps, misses = measure(range(first_seed, first_seed + 6), Expression())
    outer = 88.0 * CAMERA.focal_px / DISTANCE_MM
    by_view = np.linalg.norm(misses, axis=2).reshape(-1, len(VIEWS), POINTS).mean((0, 2))
    percent = (100 * by_view / outer).round(2)
    sys.stdout.write(f"mean miss, % of the outer eye distance, by view: {percent}\n")
    normals = point_normals(anatomy.base_points())
    total = solve_moves(maps, misses, normals, anatomy.calibration())
    path = Path(anatomy.__file__).parent / "calibration.json"
    path.write_text(json.dumps(np.round(total, 2).tolist(), separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]))
