"""The ONNX graph while it grows out of a TFLite net."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from likeness.errors import ModelError
from likeness_engine.models.tflite_file import Net

# Fixed, so that the same TFLite file gives the same ONNX bytes whatever `onnx` is installed.
OPSET = 18
IR_VERSION = 8


@dataclass
class Translation:
    """Nodes, weights and names so far. Activations of rank 4 are N x C x H x W, others as read."""

    net: Net
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    weights: list[onnx.TensorProto] = field(default_factory=list)
    names: dict[int, str] = field(default_factory=dict)
    constants: dict[int, np.ndarray] = field(default_factory=dict)

    def take_input(self, tensor: int) -> None:
        """Name an input of the net, turned to channels first where it is a picture."""
        name = self.net.name(tensor)
        picture = len(self.net.shape(tensor)) == 4
        self.names[tensor] = self.add("Transpose", name, perm=[0, 3, 1, 2]) if picture else name

    def add(self, op: str, *inputs: str | np.ndarray, **attributes: Any) -> str:
        """Append a node, store its constant inputs, and return the name of its output."""
        output = f"{op.lower()}_{len(self.nodes)}"
        named = [i if isinstance(i, str) else self._store(i) for i in inputs]
        self.nodes.append(helper.make_node(op, named, [output], **attributes))
        return output

    def constant(self, tensor: int) -> np.ndarray | None:
        """Return a tensor's values where they are known before the net runs."""
        if tensor in self.constants:
            return self.constants[tensor]
        return self.net.constant(tensor)

    def weight(self, tensor: int) -> np.ndarray:
        """Return a constant as float32."""
        values = self.constant(tensor)
        if values is None:
            raise ModelError(
                f"Tensor {self.net.name(tensor)!r} is computed by the net where a stored constant"
                " is expected. Convert this net to ONNX with another tool."
            )
        return values.astype(np.float32)

    def channels_last(self, tensor: int) -> str:
        """Return the name of an activation in TFLite's own layout."""
        name = self.names[tensor]
        if len(self.net.shape(tensor)) == 4:
            return self.add("Transpose", name, perm=[0, 2, 3, 1])
        return name

    def serialised(self) -> bytes:
        """Return the bytes of the model; outputs keep TFLite's names and layout."""
        for tensor in self.net.outputs:
            last = self.channels_last(tensor)
            self.nodes.append(helper.make_node("Identity", [last], [self.net.name(tensor)]))
        inputs = [self._described(tensor) for tensor in self.net.inputs]
        outputs = [self._described(tensor) for tensor in self.net.outputs]
        graph = helper.make_graph(self.nodes, "net", inputs, outputs, self.weights)
        opset = helper.make_opsetid("", OPSET)
        model = helper.make_model(graph, opset_imports=[opset], ir_version=IR_VERSION)
        onnx.checker.check_model(model, full_check=True)
        return bytes(model.SerializeToString(deterministic=True))

    def _described(self, tensor: int) -> onnx.ValueInfoProto:
        shape: list[str | int | None] = ["batch", *self.net.shape(tensor)[1:]]
        return helper.make_tensor_value_info(self.net.name(tensor), TensorProto.FLOAT, shape)

    def _store(self, values: np.ndarray) -> str:
        name = f"weight_{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name
