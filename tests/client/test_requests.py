"""Requests: the graph that they describe, and parameters with keyframes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from likeness.documents.request import Output, Plate, Request, Step, resolve_step, value_at
from likeness.errors import ParameterError
from likeness.nodes import Blend


def request_with(*steps: dict[str, Any], **rest: Any) -> dict[str, Any]:
    return {
        "schema": "likeness.request.1",
        "plate": {"pattern": "in/sh.####.exr"},
        "output": {"pattern": "out/sh.####.exr"},
        "steps": list(steps),
        **rest,
    }


def problems_of(rows: dict[str, Any]) -> list[str]:
    with pytest.raises(ParameterError) as raised:
        Request.from_json(rows)
    return str(raised.value).splitlines()[1:]


def blend(**parameters: Any) -> dict[str, Any]:
    return {"name": "blend", "node": "blend", "parameters": parameters}


def test_a_request_says_every_problem_of_its_graph_at_once():
    said = problems_of(
        request_with(
            {"name": "a", "node": "relight"},
            {"name": "a", "node": "swap", "plate": "b", "parameters": {"shape": 2, "age": 1}},
            blend(mix="all", holdout=4),
            device="tpu",
        )
    )
    assert said == [
        "steps.a: there is no node 'relight'; known are detect, swap, blend.",
        "steps: the name 'a' is used twice.",
        "steps.a: its plate 'b' is no earlier step.",
        "steps.a: age is no parameter of swap.",
        "steps.a: shape is 2; it must lie between 0.0 and 1.0.",
        "steps.blend: mix is 'all'; it must be a number.",
        "steps.blend: holdout is 4; it must be text.",
        "device is 'tpu'; it must be auto, cpu or cuda.",
    ]


def test_a_step_cannot_take_its_plate_from_a_later_one():
    (said,) = problems_of(request_with({"name": "a", "node": "swap", "plate": "blend"}, blend()))
    assert said == "steps.a: its plate 'blend' is no earlier step."


def test_a_layer_that_no_step_makes_is_refused():
    output = {"pattern": "out/sh.####.exr", "layers": ["swap", "face_mesh"]}
    (said,) = problems_of(request_with(blend(), output=output))
    assert said == "output.layers has 'face_mesh'; the steps make swap, face_matte."


def test_an_output_of_neither_half_nor_float_is_refused():
    output = {"pattern": " ", "pixel_type": "uint"}
    assert problems_of(request_with(blend(), output=output)) == [
        "output.pattern is empty; it must be a path such as dir/name.####.exr.",
        "output.pixel_type is 'uint'; it must be half or float.",
    ]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"keys": {}}, "mix has no keys; give at least one as frame: value."),
        ({"keys": [1]}, "mix has no keys; give at least one as frame: value."),
        ({"keys": {"first": 1}}, "mix has a key at 'first'; a key is a whole frame number."),
        ({"keys": {"--5": 1}}, "mix has a key at '--5'; a key is a whole frame number."),
        ({"keys": {"²": 1}}, "mix has a key at '²'; a key is a whole frame number."),
        ({"keys": {"1001": 7}}, "mix at frame 1001 is 7; it must lie between 0.0 and 1.0."),
        ({"frames": {"1": 1}}, "mix is {'frames': {'1': 1}}; it must be a number."),
    ],
)
def test_keys_that_mean_nothing_are_refused(value, said):
    assert problems_of(request_with(blend(mix=value))) == [f"steps.blend: {said}"]


def test_a_parameter_that_is_no_number_cannot_be_keyframed():
    (said,) = problems_of(request_with(blend(method={"keys": {"1": "over"}})))
    assert said == "steps.blend: method cannot be keyframed."


KEYS = {"keys": {"1010": 1.0, "1001": 0.1, "-5": 0.5}}


@pytest.mark.parametrize(
    ("frame", "value"),
    [(-100, 0.5), (-5, 0.5), (1001, 0.1), (1010, 1.0), (5000, 1.0), (498, 0.3)],
)
def test_a_value_runs_straight_between_its_keys_and_is_held_outside(frame, value):
    assert value_at(KEYS, frame) == pytest.approx(value, abs=1e-12)


def test_a_constant_is_the_same_at_every_frame():
    assert value_at(0.25, 1) == value_at(0.25, 10**6) == 0.25


@given(
    st.dictionaries(st.integers(-2000, 2000), st.floats(0, 1), min_size=1, max_size=6),
    st.integers(-3000, 3000),
)
def test_a_keyframed_value_never_leaves_the_range_of_its_keys(keys, frame):
    value = value_at({"keys": {str(at): v for at, v in keys.items()}}, frame)
    assert min(keys.values()) - 1e-12 <= value <= max(keys.values()) + 1e-12
    if frame in keys:
        assert value == pytest.approx(keys[frame], abs=1e-12)


def test_a_step_becomes_its_node_with_the_values_of_the_frame():
    step = Step("blend", "blend", parameters={"mix": KEYS, "method": "over"})
    assert resolve_step(step, 1010) == Blend(mix=1.0, method="over")
    assert resolve_step(step, 0) == Blend(mix=value_at(KEYS, 0), method="over")


def test_a_request_made_in_code_is_written_without_its_defaults():
    made = Request(Plate("in.####.exr"), (Step("blend", "blend"),), Output("out.####.exr"))
    assert made.to_json() == {
        "schema": "likeness.request.1",
        "plate": {"pattern": "in.####.exr"},
        "steps": [{"name": "blend", "node": "blend"}],
        "output": {"pattern": "out.####.exr"},
    }
