"""The TFLite operators that face nets use, each as ONNX nodes (TFLite: N x H x W x C inside)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tflite

from likeness.errors import ModelError
from likeness_engine.models.tflite_file import Operator
from likeness_engine.models.tflite_graph import Translation

_CHANNELS_FIRST = [0, 3, 1, 2]


def _conv(graph: Translation, op: Operator) -> str:
    options = op.options(tflite.Conv2DOptions)
    weight = graph.weight(op.inputs[1]).transpose(_CHANNELS_FIRST)
    return _convolved(graph, op, options, weight, groups=1)


def _depthwise_conv(graph: Translation, op: Operator) -> str:
    options = op.options(tflite.DepthwiseConv2DOptions)
    weight = graph.weight(op.inputs[1]).transpose(3, 0, 1, 2)
    return _convolved(graph, op, options, weight, groups=graph.net.shape(op.inputs[0])[3])


def _convolved(
    graph: Translation, op: Operator, options: Any, weight: np.ndarray, groups: int
) -> str:
    kernel = weight.shape[2:]
    strides = (options.StrideH(), options.StrideW())
    dilations = (options.DilationHFactor(), options.DilationWFactor())
    same = options.Padding() == tflite.Padding.SAME
    reach = [(k - 1) * d + 1 for k, d in zip(kernel, dilations)]
    bias = [graph.weight(op.inputs[2])] if len(op.inputs) > 2 and op.inputs[2] >= 0 else []
    out = graph.add(
        "Conv",
        graph.names[op.inputs[0]],
        weight,
        *bias,
        kernel_shape=list(kernel),
        strides=list(strides),
        dilations=list(dilations),
        group=groups,
        pads=_pads(graph.net.shape(op.inputs[0])[1:3], reach, strides, same=same),
    )
    return _activated(graph, out, options.FusedActivationFunction())


def _max_pool(graph: Translation, op: Operator) -> str:
    options = op.options(tflite.Pool2DOptions)
    kernel = [options.FilterHeight(), options.FilterWidth()]
    strides = (options.StrideH(), options.StrideW())
    same = options.Padding() == tflite.Padding.SAME
    out = graph.add(
        "MaxPool",
        graph.names[op.inputs[0]],
        kernel_shape=kernel,
        strides=list(strides),
        pads=_pads(graph.net.shape(op.inputs[0])[1:3], kernel, strides, same=same),
    )
    return _activated(graph, out, options.FusedActivationFunction())


def _add(graph: Translation, op: Operator) -> str:
    options = op.options(tflite.AddOptions)
    for tensor in op.inputs:
        if graph.net.shape(tensor) != graph.net.shape(op.output):
            raise ModelError(
                f"ADD of {graph.net.name(tensor)!r} spreads a smaller shape over a larger one,"
                " which is not converted. Convert this net to ONNX with another tool."
            )
    out = graph.add("Add", *(graph.names[tensor] for tensor in op.inputs))
    return _activated(graph, out, options.FusedActivationFunction())


def _relu(graph: Translation, op: Operator) -> str:
    return graph.add("Relu", graph.names[op.inputs[0]])


def _prelu(graph: Translation, op: Operator) -> str:
    slope = graph.weight(op.inputs[1])  # 1 x 1 x C: one slope a channel
    return graph.add("PRelu", graph.names[op.inputs[0]], slope.reshape(-1, 1, 1))


def _pad(graph: Translation, op: Operator) -> str:
    amounts = graph.constant(op.inputs[1])
    if amounts is None:
        raise ModelError("PAD with amounts that the net computes is not converted.")
    first = amounts.astype(np.int64)[_CHANNELS_FIRST]
    return graph.add("Pad", graph.names[op.inputs[0]], first.T.reshape(-1))


def _reshape(graph: Translation, op: Operator) -> str:
    shape = graph.net.shape(op.output)
    if shape[0] != graph.net.shape(op.inputs[0])[0]:
        raise ModelError(
            f"RESHAPE to {shape} moves values across the batch, which is not converted."
        )
    wanted = np.array([-1, *shape[1:]], np.int64)  # -1: the batch
    out = graph.add("Reshape", graph.channels_last(op.inputs[0]), wanted)
    return graph.add("Transpose", out, perm=_CHANNELS_FIRST) if len(shape) == 4 else out


def _concatenate(graph: Translation, op: Operator) -> str:
    options = op.options(tflite.ConcatenationOptions)
    rank = len(graph.net.shape(op.output))
    axis = options.Axis() % rank
    if rank == 4:
        axis = _CHANNELS_FIRST.index(axis)
    out = graph.add("Concat", *(graph.names[tensor] for tensor in op.inputs), axis=axis)
    return _activated(graph, out, options.FusedActivationFunction())


def _dequantize(graph: Translation, op: Operator) -> np.ndarray:
    return graph.weight(op.inputs[0])


def _activated(graph: Translation, name: str, function: int) -> str:
    if function == tflite.ActivationFunctionType.NONE:
        return name
    if function == tflite.ActivationFunctionType.RELU:
        return graph.add("Relu", name)
    if function == tflite.ActivationFunctionType.RELU6:
        return graph.add("Clip", name, np.array(0.0, np.float32), np.array(6.0, np.float32))
    raise ModelError(
        f"The fused activation number {function} is not converted; known are none, RELU, RELU6."
    )


def _pads(
    size: tuple[int, ...], reach: list[int], strides: tuple[int, int], *, same: bool
) -> list[int]:
    """Return ONNX's [top, left, bottom, right]; the odd pixel goes to the bottom and right."""
    if not same:
        return [0, 0, 0, 0]
    total = [max((-(-n // s) - 1) * s + r - n, 0) for n, s, r in zip(size, strides, reach)]
    return [t // 2 for t in total] + [t - t // 2 for t in total]


OPERATORS: dict[str, Callable[[Translation, Operator], str | np.ndarray]] = {
    "ADD": _add,
    "CONCATENATION": _concatenate,
    "CONV_2D": _conv,
    "DEPTHWISE_CONV_2D": _depthwise_conv,
    "DEQUANTIZE": _dequantize,
    "MAX_POOL_2D": _max_pool,
    "PAD": _pad,
    "PRELU": _prelu,
    "RELU": _relu,
    "RESHAPE": _reshape,
}
