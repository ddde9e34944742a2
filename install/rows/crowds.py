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
from likeness_engine.synthetic.crowd import crowd
from likeness_engine.synthetic.setting import develop
from rows.material import Floats, write_plate
from rows.row import Row, Skip

YUNET = "yunet-2023mar"
CROWDS, FACES = 3, 20
FIRST_SEED = 9000  # crowds that nothing else uses
WIDTH, HEIGHT = 1920, 1080
SIZES = (30.0, 100.0)  # px, height of the face
SCORE = 0.6  # YuNet's threshold; the one its authors' demo shows crowds with is 0.9


@dataclass(frozen=True)
class Tally:
    """What a detector made of the crowds."""

    found: int
    false: int


def measure_crowds(work: Path) -> list[Row]:
    """Faces found in crowds of 30 to 100 px, and false ones, beside YuNet on the same pictures.

    Three plates of 1920x1080, each a `synthetic.crowd` of 20 faces over a busy texture, with grain.
    A face is found when a box's middle lies in the true face and its size is within a factor of 2;
    every further box is false. Detect runs with its defaults on one frame each; YuNet
    (cv2.FaceDetectorYN) on the whole plate as a display shows it, at a score of 0.6. The targets
    are YuNet's own numbers.
    """
    if state(YUNET) != PRESENT:
        raise Skip(f"no YuNet to compare with; bring it: likeness models fetch {YUNET} --file PATH")
    ours = theirs = Tally(0, 0)
    total = 0
    for seed in tqdm(range(CROWDS), desc="crowds", unit="plate"):
        people = crowd(FIRST_SEED + seed, (WIDTH, HEIGHT), FACES, SIZES)
        rgb, truth = develop(people.rgb, FIRST_SEED, seed), people.boxes
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
