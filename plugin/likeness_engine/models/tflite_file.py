"""Read a TFLite file: its tensors, its constants, its operators in order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import tflite

from likeness.errors import ModelError

_DTYPES = {
    tflite.TensorType.FLOAT32: np.float32,
    tflite.TensorType.FLOAT16: np.float16,
    tflite.TensorType.INT32: np.int32,
    tflite.TensorType.INT64: np.int64,
}


@dataclass(frozen=True)
class Operator:
    """One TFLite operator: its name, its tensors by index, and its options table."""

    code: str
    inputs: tuple[int, ...]
    output: int
    table: Any

    def options(self, kind: type[Any]) -> Any:
        """Return the operator's options read as `kind`, e.g. `tflite.Conv2DOptions`."""
        options = kind()
        options.Init(self.table.Bytes, self.table.Pos)
        return options


class Net:
    """A TFLite file with one subgraph, read tensor by tensor."""

    def __init__(self, content: bytes) -> None:
        if content[4:8] != b"TFL3":
            raise ModelError(
                f"The file is not TFLite: bytes 4 to 8 are {content[4:8]!r}, not b'TFL3'."
                " Check the source that the card names."
            )
        self._model = tflite.Model.GetRootAs(content, 0)
        if self._model.SubgraphsLength() != 1:
            raise ModelError(
                f"The TFLite file has {self._model.SubgraphsLength()} subgraphs; only nets of one"
                " subgraph can be converted. Convert it to ONNX with another tool."
            )
        self._graph = self._model.Subgraphs(0)

    @property
    def inputs(self) -> list[int]:
        return [int(i) for i in self._graph.InputsAsNumpy()]

    @property
    def outputs(self) -> list[int]:
        return [int(i) for i in self._graph.OutputsAsNumpy()]

    def name(self, tensor: int) -> str:
        return self._graph.Tensors(tensor).Name().decode()

    def shape(self, tensor: int) -> tuple[int, ...]:
        """Return the static shape, channels last, as TFLite has it."""
        found = self._graph.Tensors(tensor)
        return tuple(int(n) for n in found.ShapeAsNumpy()) if found.ShapeLength() else ()

    def constant(self, tensor: int) -> np.ndarray | None:
        """Return the values stored for a tensor, or None for an activation."""
        described = self._graph.Tensors(tensor)
        stored = self._model.Buffers(described.Buffer())
        if stored.DataLength() == 0:
            return None
        if described.Type() not in _DTYPES:
            raise ModelError(
                f"Tensor {self.name(tensor)!r} has TFLite type {described.Type()}; only float32,"
                " float16, int32 and int64 are read. Quantised nets are not supported."
            )
        values = stored.DataAsNumpy().view(_DTYPES[described.Type()])
        if described.Sparsity():
            raise ModelError(
                f"Tensor {self.name(tensor)!r} is stored sparse, which is not read. Convert this"
                " net to ONNX with another tool."
            )
        return values.reshape(self.shape(tensor))

    def operators(self) -> Iterator[Operator]:
        """Yield the operators in the order in which they run."""
        for index in range(self._graph.OperatorsLength()):
            operator = self._graph.Operators(index)
            codes = self._model.OperatorCodes(operator.OpcodeIndex())
            number = max(codes.BuiltinCode(), codes.DeprecatedBuiltinCode())
            yield Operator(
                code=tflite.opcode2name(number),
                inputs=tuple(int(i) for i in operator.InputsAsNumpy()),
                output=int(operator.Outputs(0)),
                table=operator.BuiltinOptions(),
            )
