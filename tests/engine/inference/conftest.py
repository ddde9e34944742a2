"""Models of one node, in a models folder of their own."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from likeness.documents.card import Card, Source, Tensor, TrainingData


@pytest.fixture
def add_model(tmp_path: Path) -> Callable[..., str]:
    """Return a function that puts a model which adds a number into the folder; gives its sha256."""

    def add(model_id: str, number: float = 1.0, padding: int = 1) -> str:
        x, y = (
            helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", padding])
            for name in "xy"
        )
        added = numpy_helper.from_array(np.full((1, padding), number, np.float32), "added")
        node = helper.make_node("Add", ["x", "added"], ["y"])
        graph = helper.make_graph([node], "net", [x], [y], [added])
        opset = helper.make_opsetid("", 18)
        net = helper.make_model(graph, opset_imports=[opset], ir_version=8).SerializeToString()
        digest = hashlib.sha256(net).hexdigest()
        card = Card(
            id=model_id,
            title="A net that adds",
            role="detector",
            source=Source(path="model.onnx"),
            sha256=digest,
            licence="Apache-2.0",
            commercial_use=True,
            training_data=(TrainingData("none", "none", "none"),),
            inputs=(Tensor("x", (0, padding), "any"),),
            outputs=(Tensor("y", (0, padding), "any"),),
        )
        card.save(tmp_path / model_id / "card.json")
        (tmp_path / model_id / "model.onnx").write_bytes(net)
        return digest

    return add
