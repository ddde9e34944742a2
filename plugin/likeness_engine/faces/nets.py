"""The three default nets of Detect, as functions of arrays: detector, mesh, iris."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import onnx
from onnx import numpy_helper

from likeness_engine.faces.detector import DetectorNet
from likeness_engine.faces.mesher import IrisNet, MeshNet
from likeness_engine.faces.patch import Array
from likeness_engine.faces.topology import POINTS
from likeness_engine.inference.devices import choose_device
from likeness_engine.inference.sessions import Session, session
from likeness_engine.models.store import Weights, read_weights

DETECTOR = "mediapipe-face-detection-short-range"
MESH = "mediapipe-face-mesh"
IRIS = "mediapipe-iris"


@dataclass(frozen=True)
class Nets:
    """The nets that find and mesh faces; `names` has their model ids and the sha256 of the ONNX."""

    detector: DetectorNet
    mesh: MeshNet
    iris: IrisNet
    names: str


def load_nets(device: str = "auto") -> Nets:
    """Return the default nets; ModelError where one is missing, altered or cannot run."""
    return _load(choose_device(device))


@cache
def _load(device: str) -> Nets:
    wide = Session(_any_size(read_weights(DETECTOR)), device)
    mesh, iris = session(MESH, device), session(IRIS, device)

    def run_detector(pictures: Array) -> tuple[Array, Array]:
        out = wide.run(pictures)
        return out["regressors"], out["classificators"][..., 0]

    def run_mesh(pictures: Array) -> tuple[Array, Array]:
        out = mesh.run(pictures)
        return out["conv2d_21"].reshape(-1, POINTS, 3), out["conv2d_31"].reshape(-1)

    def run_iris(pictures: Array) -> tuple[Array, Array]:
        out = iris.run(pictures)
        eyes = out["output_eyes_contours_and_brows"].reshape(-1, 71, 3)
        return eyes, out["output_iris"].reshape(-1, 5, 3)

    names = " ".join(f"{net.model}:{net.sha256}" for net in (wide, mesh, iris))
    return Nets(run_detector, run_mesh, run_iris, names)


def _any_size(weights: Weights) -> Weights:
    """Return the detector freed of its picture size, which only its reshapes are bound to.

    The numbers are the same convolutions; the sha256 stays that of the net on the card.
    """
    model = onnx.load_from_string(weights.onnx)
    shapes = {node.input[1] for node in model.graph.node if node.op_type == "Reshape"}
    for stored in model.graph.initializer:
        if stored.name in shapes:
            last = int(numpy_helper.to_array(stored)[-1])
            flat = np.array([0, -1, last], np.int64)  # 0: the batch; -1: anchors, however many
            stored.CopyFrom(numpy_helper.from_array(flat, stored.name))
    for described in (*model.graph.input, *model.graph.output):
        for k, axis in enumerate(described.type.tensor_type.shape.dim):
            if k < 3 and not (described.name != "input" and k == 2):
                axis.dim_param = f"{described.name}_{k}"
    del model.graph.value_info[:]
    return Weights(weights.model, weights.sha256, model.SerializeToString())
