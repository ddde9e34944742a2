"""Each TFLite operator, converted and run, against a plain reference."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnxruntime
import pytest

from likeness.errors import ModelError
from likeness_engine.models.tflite import convert

SAME, VALID = 0, 1
NONE, RELU, RELU6 = 0, 1, 3
# Sums of at most 75 products of numbers near 4 in float32, added in another order.
TOLERANCE = 2e-5

Build = Callable[..., Any]


def picture(*shape: int, seed: int = 7) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 2, shape).astype(np.float32)


def run(content: bytes, *arrays: np.ndarray) -> np.ndarray:
    net = onnxruntime.InferenceSession(convert(content), providers=["CPUExecutionProvider"])
    names = [described.name for described in net.get_inputs()]
    return net.run(None, dict(zip(names, arrays)))[0]


def windows(x: np.ndarray, kernel: int, stride: int, padding: int, dilation: int, fill: float):
    """Yield (row, column, N x kernel x kernel x C) as TensorFlow's padding rule places them."""
    reach = (kernel - 1) * dilation + 1
    size = x.shape[1]
    count = -(-size // stride) if padding == SAME else (size - reach) // stride + 1
    total = max((count - 1) * stride + reach - size, 0) if padding == SAME else 0
    before = total // 2
    room = [(0, 0), (before, total - before), (before, total - before), (0, 0)]
    padded = np.pad(x, room, constant_values=fill)
    for row in range(count):
        for column in range(count):
            top, left = row * stride, column * stride
            yield (
                row,
                column,
                padded[:, top : top + reach : dilation, left : left + reach : dilation],
            )


def activated(x: np.ndarray, function: int) -> np.ndarray:
    return {NONE: x, RELU: np.maximum(x, 0), RELU6: np.clip(x, 0, 6)}[function]


@pytest.mark.parametrize("function", [NONE, RELU, RELU6])
@pytest.mark.parametrize(
    ("size", "kernel", "stride", "padding", "dilation"),
    [
        (6, 3, 1, SAME, 1),
        (6, 3, 2, SAME, 1),
        (7, 3, 2, SAME, 1),
        (7, 5, 2, VALID, 1),
        (8, 3, 1, SAME, 2),
    ],
)
def test_a_convolution_is_the_sum_over_its_window(
    net_file: Build, size: int, kernel: int, stride: int, padding: int, dilation: int, function: int
) -> None:
    x, weight, bias = (
        picture(1, size, size, 3),
        picture(4, kernel, kernel, 3, seed=8),
        picture(4, seed=9),
    )
    wanted = {
        (r, c): np.einsum("nijk,oijk->no", w, weight) + bias
        for r, c, w in windows(x, kernel, stride, padding, dilation, 0.0)
    }
    side = max(r for r, _ in wanted) + 1
    net = net_file(x=x.shape, y=(1, side, side, 4))
    net.add(
        "CONV_2D",
        ["x", net.constant("w", weight), net.constant("b", bias)],
        "y",
        "Conv2DOptions",
        Padding=padding,
        StrideH=stride,
        StrideW=stride,
        DilationHFactor=dilation,
        DilationWFactor=dilation,
        FusedActivationFunction=function,
    )
    found = run(net.content(["x"], ["y"]), x)
    assert found.shape == (1, side, side, 4)
    for (row, column), value in wanted.items():
        np.testing.assert_allclose(
            found[:, row, column], activated(value, function), rtol=TOLERANCE, atol=TOLERANCE
        )


@pytest.mark.parametrize(("multiplier", "stride"), [(1, 1), (1, 2), (2, 1)])
def test_a_depthwise_convolution_keeps_the_channels_apart(
    net_file: Build, multiplier: int, stride: int
) -> None:
    x, weight = picture(1, 6, 6, 3), picture(1, 3, 3, 3 * multiplier, seed=8)
    per_channel = weight[0].reshape(3, 3, 3, multiplier)
    side = -(-6 // stride)
    net = net_file(x=x.shape, y=(1, side, side, 3 * multiplier))
    net.add(
        "DEPTHWISE_CONV_2D",
        ["x", net.constant("w", weight)],
        "y",
        "DepthwiseConv2DOptions",
        Padding=SAME,
        StrideH=stride,
        StrideW=stride,
        DepthMultiplier=multiplier,
    )
    found = run(net.content(["x"], ["y"]), x)
    for row, column, window in windows(x, 3, stride, SAME, 1, 0.0):
        wanted = np.einsum("nijc,ijcm->ncm", window, per_channel).reshape(1, -1)
        np.testing.assert_allclose(found[:, row, column], wanted, rtol=TOLERANCE, atol=TOLERANCE)


@pytest.mark.parametrize(("size", "kernel", "padding"), [(6, 2, VALID), (7, 3, SAME)])
def test_max_pooling_never_takes_its_own_padding(
    net_file: Build, size: int, kernel: int, padding: int
) -> None:
    x = -np.abs(picture(1, size, size, 2)) - 1  # all negative: a padding of 0 would win
    wanted = {(r, c): w.max((1, 2)) for r, c, w in windows(x, kernel, 2, padding, 1, -np.inf)}
    side = max(r for r, _ in wanted) + 1
    net = net_file(x=x.shape, y=(1, side, side, 2))
    sizes = {"FilterHeight": kernel, "FilterWidth": kernel, "StrideH": 2, "StrideW": 2}
    net.add("MAX_POOL_2D", ["x"], "y", "Pool2DOptions", Padding=padding, **sizes)
    found = run(net.content(["x"], ["y"]), x)
    for (row, column), value in wanted.items():
        np.testing.assert_array_equal(found[:, row, column], value)


@pytest.mark.parametrize("function", [NONE, RELU, RELU6])
def test_add_adds_two_pictures(net_file: Build, function: int) -> None:
    a, b = picture(1, 3, 4, 2), picture(1, 3, 4, 2, seed=8)
    net = net_file(a=a.shape, b=b.shape, y=a.shape)
    net.add("ADD", ["a", "b"], "y", "AddOptions", FusedActivationFunction=function)
    found = run(net.content(["a", "b"], ["y"]), a, b)
    np.testing.assert_array_equal(found, activated(a + b, function))


def test_relu_cuts_at_zero(net_file: Build) -> None:
    x = picture(1, 3, 4, 2)
    net = net_file(x=x.shape, y=x.shape)
    net.add("RELU", ["x"], "y")
    np.testing.assert_array_equal(run(net.content(["x"], ["y"]), x), np.maximum(x, 0))


def test_prelu_has_one_slope_a_channel(net_file: Build) -> None:
    x, slope = picture(1, 3, 4, 5), np.linspace(-0.5, 0.5, 5, dtype=np.float32).reshape(1, 1, 5)
    net = net_file(x=x.shape, y=x.shape)
    net.add("PRELU", ["x", net.constant("slope", slope)], "y")
    np.testing.assert_array_equal(run(net.content(["x"], ["y"]), x), np.where(x < 0, x * slope, x))


def test_pad_pads_each_axis_by_its_own_amounts(net_file: Build) -> None:
    x, amounts = picture(1, 3, 4, 2), [(0, 0), (0, 1), (2, 3), (0, 4)]
    net = net_file(x=x.shape, y=(1, 4, 9, 6))
    net.add("PAD", ["x", net.constant("amounts", np.array(amounts, np.int32))], "y")
    np.testing.assert_array_equal(run(net.content(["x"], ["y"]), x), np.pad(x, amounts))


@pytest.mark.parametrize("shape", [(1, 24), (1, 6, 4), (1, 2, 2, 6)])
def test_reshape_reads_the_channels_last(net_file: Build, shape: tuple[int, ...]) -> None:
    x = picture(1, 3, 4, 2)
    net = net_file(x=x.shape, y=shape)
    net.add("RESHAPE", ["x", net.constant("shape", np.array(shape, np.int32))], "y")
    np.testing.assert_array_equal(run(net.content(["x"], ["y"]), x), x.reshape(shape))


@pytest.mark.parametrize(("rank", "axis"), [(3, 1), (3, -1), (4, 3), (4, 1), (4, -2)])
def test_concatenation_joins_along_its_axis(net_file: Build, rank: int, axis: int) -> None:
    a = picture(*(1, 3, 4, 2)[:rank])
    b = picture(*a.shape, seed=8)
    wanted = np.concatenate([a, b], axis)
    net = net_file(a=a.shape, b=b.shape, y=wanted.shape)
    net.add("CONCATENATION", ["a", "b"], "y", "ConcatenationOptions", Axis=axis)
    np.testing.assert_array_equal(run(net.content(["a", "b"], ["y"]), a, b), wanted)


def test_dequantize_widens_weights_stored_as_half(net_file: Build) -> None:
    x, half = picture(1, 2, 2, 3), picture(4, 1, 1, 3, seed=8).astype(np.float16)
    net = net_file(x=x.shape, y=(1, 2, 2, 4), wide=half.shape)
    net.add("DEQUANTIZE", [net.constant("half", half)], "wide", "DequantizeOptions")
    net.add("CONV_2D", ["x", "wide"], "y", "Conv2DOptions", Padding=VALID, StrideH=1, StrideW=1)
    wanted = np.einsum("nijk,ok->nijo", x, half[:, 0, 0].astype(np.float32))
    found = run(net.content(["x"], ["y"]), x)
    np.testing.assert_allclose(found, wanted, rtol=TOLERANCE, atol=TOLERANCE)


def test_a_batch_gives_what_its_pictures_give_one_by_one(net_file: Build) -> None:
    net = net_file(x=(1, 3, 4, 2), y=(1, 24))
    net.add("RESHAPE", ["x"], "y")
    batch = picture(5, 3, 4, 2)
    np.testing.assert_array_equal(run(net.content(["x"], ["y"]), batch), batch.reshape(5, 24))


def test_the_same_file_gives_the_same_bytes(doubling_net: bytes) -> None:
    assert convert(doubling_net) == convert(doubling_net)


def test_what_is_not_tflite_is_refused() -> None:
    with pytest.raises(ModelError, match="not TFLite"):
        convert(b"<html>the mirror's login page</html>")


@pytest.mark.parametrize("cut", [9, 40, 120])
def test_a_torn_file_is_refused(doubling_net: bytes, cut: int) -> None:
    with pytest.raises(ModelError, match="damaged"):
        convert(doubling_net[:cut])


def test_an_unknown_operator_is_named(net_file: Build) -> None:
    net = net_file(x=(1, 2, 2, 1), y=(1, 2, 2, 1))
    net.add("TANH", ["x"], "y")
    with pytest.raises(ModelError, match="TANH cannot be converted; known are ADD"):
        convert(net.content(["x"], ["y"]))


def test_an_unknown_activation_is_named(net_file: Build) -> None:
    net = net_file(x=(1, 2, 2, 1), y=(1, 2, 2, 1))
    net.add("ADD", ["x", "x"], "y", "AddOptions", FusedActivationFunction=4)
    with pytest.raises(ModelError, match="activation number 4"):
        convert(net.content(["x"], ["y"]))


def test_quantised_weights_are_refused(net_file: Build) -> None:
    net = net_file(x=(1, 2, 2, 1), y=(1, 2, 2, 1))
    net.add("PRELU", ["x", net.constant("slope", np.ones((1, 1, 1), np.uint8))], "y")
    with pytest.raises(ModelError, match="'slope' has TFLite type 3.*Quantised"):
        convert(net.content(["x"], ["y"]))


def test_weights_that_the_net_computes_are_refused(net_file: Build) -> None:
    net = net_file(x=(1, 2, 2, 1), slope=(1, 1, 1), y=(1, 2, 2, 1))
    net.add("PRELU", ["x", "slope"], "y")
    with pytest.raises(ModelError, match="'slope' is computed by the net"):
        convert(net.content(["x", "slope"], ["y"]))


@pytest.mark.parametrize(
    ("code", "shapes", "words"),
    [
        ("ADD", {"x": (1, 2, 2, 1), "z": (1, 1, 1, 1), "y": (1, 2, 2, 1)}, "spreads"),
        ("RESHAPE", {"x": (1, 2, 2, 1), "z": (2,), "y": (4, 1)}, "across the batch"),
        (
            "PAD",
            {"x": (1, 2, 2, 1), "z": (4, 2), "y": (1, 4, 4, 1)},
            "that the net computes",
        ),
    ],
)
def test_uses_that_are_not_converted_are_named(
    net_file: Build, code: str, shapes: dict[str, tuple[int, ...]], words: str
) -> None:
    net = net_file(**shapes)
    net.add(code, ["x", "z"], "y", "AddOptions")
    with pytest.raises(ModelError, match=words):
        convert(net.content(["x", "z"], ["y"]))


def test_a_file_of_several_nets_is_refused(net_file: Build) -> None:
    net = net_file(x=(1, 2, 2, 1), y=(1, 2, 2, 1))
    net.add("ADD", ["x", "x"], "y", "AddOptions")
    with pytest.raises(ModelError, match="2 subgraphs"):
        convert(net.content(["x"], ["y"], subgraphs=2))
