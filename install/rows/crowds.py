"""Rows of detection: crowds of small faces, beside YuNet on the same pictures."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from likeness.nodes import Detect
from likeness_engine.io.display import encode_display
from likeness_engine.models.store import PRESENT, onnx_path, state
from likeness_engine.run import detect_plate
from likeness_engine.synthetic.render import render
from likeness_engine.synthetic.scene import Camera, Expression, Pose
from rows.material import (
    Floats,
    add_grain,
    bench_actor,
    distance_for,
    make_texture,
    paste,
    write_plate,
)
from rows.row import Row, Skip

YUNET = "yunet-2023mar"
CROWDS, ACROSS, DOWN = 3, 5, 3
WIDTH, HEIGHT = 1920, 1080
SMALLEST, LARGEST = 30, 100  # px, height of the face
SCORE = 0.6  # YuNet's threshold; the one its authors' demo shows crowds with is 0.9


@dataclass(frozen=True)
class Tally:
    """What a detector made of the crowds."""

    found: int
    false: int


def measure_crowds(work: Path) -> list[Row]:
    """Faces found in crowds of 30 to 100 px, and false ones, beside YuNet on the same pictures.

    Three plates of 1920x1080, each with 15 different actors (heads turned up to 35 degrees, rolled
    up to 20) over a busy texture, grain. A face is found when a box's middle lies in the true face
    and its size is within a factor of 2; every further box is false. Detect runs with its defaults
    on one frame each; YuNet (cv2.FaceDetectorYN) on the whole plate as a display shows it, at a
    score of 0.6. The targets are YuNet's own numbers.
    """
    if state(YUNET) != PRESENT:
        raise Skip(f"no YuNet to compare with; bring it: likeness models fetch {YUNET} --file PATH")
    ours = theirs = Tally(0, 0)
    total = 0
    for seed in tqdm(range(CROWDS), desc="crowds", unit="plate"):
        rgb, truth = make_crowd(seed)
        path = work / f"crowd{seed}" / "plate.1001.exr"
        write_plate(rgb, path, 1001)
        track = detect_plate(str(path), Detect(), output=path.with_name("track.json"))
        boxes = [face.box_px for faces in track.frames.values() for face in faces]
        ours = add(ours, tally(np.array(boxes, np.float32).reshape(-1, 4), truth))
        theirs = add(theirs, tally(find_with_yunet(rgb), truth))
        total += len(truth)
    return [
        Row(
            "faces found in crowds, 30 to 100 px",
            float(ours.found),
            least=float(theirs.found),
            digits=0,
            note=f"of {total}; YuNet {theirs.found}",
        ),
        Row(
            "false faces in crowds",
            float(ours.false),
            most=float(theirs.false),
            digits=0,
            note=f"YuNet {theirs.false}",
        ),
    ]


def make_crowd(seed: int) -> tuple[Floats, Floats]:
    """Return a plate of many small people and the box of each true face, (N, 4) px."""
    dice = np.random.default_rng([seed, 31])
    picture = make_texture(100 + seed, WIDTH, HEIGHT)
    boxes = []
    wide, high = WIDTH // ACROSS, HEIGHT // DOWN
    camera = Camera(width=wide, height=high, aperture_mm=36.0 * wide / WIDTH)
    for k in range(ACROSS * DOWN):
        size = float(np.exp(dice.uniform(np.log(SMALLEST), np.log(LARGEST))))
        pose = Pose(
            yaw=dice.uniform(-35, 35),
            pitch=dice.uniform(-12, 12),
            roll=dice.uniform(-20, 20),
            position_mm=(0, 0, distance_for(size, camera)),
        )
        expression = Expression(jaw=dice.uniform(0, 0.4), smile_left=dice.uniform(0, 0.6))
        shot = render(bench_actor(100 * seed + k), pose, expression, camera=camera)
        left, top = (k % ACROSS) * wide, (k // ACROSS) * high
        paste(picture, shot, left, top)
        points = shot.landmarks[:468, :2] + (left, top)
        boxes.append([*points.min(0), *points.max(0)])
    return add_grain(picture, seed), np.array(boxes, np.float32)


def find_with_yunet(rgb: Floats) -> Floats:
    """Return YuNet's boxes (N, 4) as corners, px."""
    shown = np.round(encode_display(rgb, 1.0) * 255).astype(np.uint8)[..., ::-1]
    net = cv2.FaceDetectorYN.create(str(onnx_path(YUNET)), "", (WIDTH, HEIGHT), SCORE)
    _, found = net.detect(np.ascontiguousarray(shown))
    if found is None:
        return np.zeros((0, 4), np.float32)
    boxes = found[:, :4].astype(np.float32)
    boxes[:, 2:] += boxes[:, :2]
    return boxes


def tally(boxes: Floats, truth: Floats) -> Tally:
    """Match boxes to true faces, each once, the nearest first; what is left over is false."""
    left = list(range(len(boxes)))
    found = 0
    for box in truth:
        middle, size = (box[:2] + box[2:]) / 2, (box[2:] - box[:2]).max()
        near = [
            (float(np.linalg.norm((boxes[i, :2] + boxes[i, 2:]) / 2 - middle)), i)
            for i in left
            if size / 2 <= (boxes[i, 2:] - boxes[i, :2]).max() <= size * 2
        ]
        if near and min(near)[0] <= size / 2:
            left.remove(min(near)[1])
            found += 1
    return Tally(found, len(left))


def add(a: Tally, b: Tally) -> Tally:
    """Return the sum of two tallies."""
    return Tally(a.found + b.found, a.false + b.false)
