"""Turn a TFLite face net into ONNX: one graph, float32, channels first inside, any batch."""

from __future__ import annotations

import struct

from likeness.errors import ModelError
from likeness_engine.models.tflite_file import Net
from likeness_engine.models.tflite_graph import Translation
from likeness_engine.models.tflite_ops import OPERATORS


def convert(content: bytes) -> bytes:
    """Return the ONNX bytes of a TFLite net; the same bytes on every machine.

    Inputs and outputs keep their names and their layout (channels last); their first dimension
    becomes the free dimension `batch`. Weights stored as float16 become float32.
    Raises ModelError for what is not TFLite and for operators that are not known here.
    """
    try:
        return _translated(Net(content)).serialised()
    except (struct.error, IndexError) as error:
        raise ModelError(
            f"The TFLite file is damaged: {error}. Fetch it again from the source in its card."
        ) from error


def _translated(net: Net) -> Translation:
    graph = Translation(net)
    for tensor in net.inputs:
        graph.take_input(tensor)
    for operator in net.operators():
        if operator.code not in OPERATORS:
            raise ModelError(
                f"The TFLite operator {operator.code} cannot be converted; known are"
                f" {', '.join(OPERATORS)}. Convert this net to ONNX with another tool."
            )
        result = OPERATORS[operator.code](graph, operator)
        if isinstance(result, str):
            graph.names[operator.output] = result
        else:
            graph.constants[operator.output] = result
    return graph
