"""Rows of the mesh: its error against the renderer's truth, and its jitter on a still head."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from tqdm import tqdm

from likeness.documents.track import Track
from likeness.nodes import Detect
from likeness_engine.run import detect_plate
from likeness_engine.synthetic.render import render
from likeness_engine.synthetic.scene import Camera, Expression, Pose
from likeness_engine.synthetic.setting import develop, make_texture
from rows.material import (
    Floats,
    bench_actor,
    distance_for,
    mean_of,
    write_plate,
)
from rows.row import Row

FIRST = 1001
ACTORS = (21, 22, 23, 24)
TURNS = 13  # frames from -30 to 30 degrees of yaw
STILL = 24
POINTS = 468
OUTER_EYES = (33, 263)  # outer corners of the right and the left eye


def measure_mesh(work: Path) -> list[Row]:
    """Mesh error up to 30 degrees of yaw, jitter of a still head: % of the outer-eye distance.

    Error: four actors, each in a shot of 13 frames turning from -30 to 30 degrees, 1280x720, a face
    of 360 px, grain; the mean distance in the picture between the track's 468 points and the
    renderer's, over the distance of the outer eye corners in a frontal view at that size (which a
    turn does not shorten). Jitter: a head that does not move, 24 frames with new grain each; the
    root mean square over points and frames of the distance from a point's mean place.
    """
    errors, yaws = [], np.linspace(-30, 30, TURNS)
    camera = Camera(width=1280, height=720)
    for seed in tqdm(ACTORS, desc="turning heads", unit="actor"):
        poses = [Pose(yaw=yaw, position_mm=(0, 0, distance_for(360, camera))) for yaw in yaws]
        track, truths = track_of(seed, poses, camera, work / str(seed))
        front = truths[TURNS // 2]
        errors.append(mean_of([error_of(track, k, truth, front) for k, truth in enumerate(truths)]))
    pose = Pose(yaw=6, position_mm=(0, 0, distance_for(360, camera)))
    track, truths = track_of(ACTORS[0], [pose] * STILL, camera, work / "still")
    return [
        Row(
            "mesh error to 30 degrees of yaw",
            100 * mean_of(errors),
            most=3.5,
            unit="%",
            note="actors " + ", ".join(f"{100 * error:.2f}" for error in errors),
        ),
        Row(
            "jitter of a still head",
            100 * jitter_of(track, truths[0]),
            most=0.1,
            unit="%",
            digits=3,
        ),
    ]


def track_of(
    seed: int, poses: Iterable[Pose], camera: Camera, folder: Path
) -> tuple[Track, list[Floats]]:
    """Render a shot, detect over it; return the track and each frame's true points (478, 3)."""
    background = make_texture(camera.width, camera.height, seed)
    truths: list[Floats] = []
    drawn: dict[Pose, tuple[Floats, Floats]] = {}
    for k, pose in enumerate(poses):
        if pose not in drawn:
            shot = render(
                bench_actor(seed), pose, Expression(), camera=camera, background=background
            )
            drawn[pose] = shot.rgb, shot.landmarks
        rgb, landmarks = drawn[pose]
        write_plate(develop(rgb, seed, k), folder / f"plate.{FIRST + k}.exr", FIRST + k)
        truths.append(landmarks)
    plates = str(folder / "plate.####.exr")
    return detect_plate(plates, Detect(), output=folder / "track.json"), truths


def error_of(track: Track, k: int, truth: Floats, front: Floats) -> float:
    """Return a frame's mean error over the outer-eye distance; a face that was not found is 1."""
    faces = [face for face in track.frames[FIRST + k] if face.id == track.main]
    if not faces:
        return 1.0
    found = np.array(faces[0].mesh_px, np.float32)[:POINTS, :2]
    distance = np.linalg.norm(found - truth[:POINTS, :2], axis=1).mean()
    return float(distance / eye_distance(front))


def jitter_of(track: Track, truth: Floats) -> float:
    """Return the jitter of a still head over the outer-eye distance; NaN when a frame lost it."""
    meshes = [
        np.array(face.mesh_px, np.float32)[:POINTS, :2]
        for faces in track.frames.values()
        for face in faces
        if face.id == track.main
    ]
    if len(meshes) != STILL:
        return float("nan")
    away = np.array(meshes) - np.mean(meshes, axis=0)
    return float(np.sqrt((away**2).sum(axis=2).mean()) / eye_distance(truth))


def eye_distance(points: Floats) -> float:
    """Return the distance between the outer eye corners, px."""
    right, left = points[OUTER_EYES[0], :2], points[OUTER_EYES[1], :2]
    return float(np.linalg.norm(right - left))
