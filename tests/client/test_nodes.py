"""The words that nodes are declared with, and what a node says to values that do not fit."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import ClassVar

import pytest

from likeness.errors import ParameterError
from likeness.nodes import NODES, Blend, Detect, Node, Swap, node_by_id
from likeness.nodes.spec import choice, integer, number, text, toggle


@dataclass(frozen=True)
class Age(Node):
    """Make the selected faces look older or younger."""

    id: ClassVar[str] = "age"
    label: ClassVar[str] = "Age"

    years: float = number(
        0.0, -40.0, 40.0, "Years added to the face; negative is younger.", unit="years"
    )
    method: str = choice("sculpt", ("sculpt", "model"), "How the face is aged.")
    keep_grain: bool = toggle(True, "Put the grain of the plate back over the result.")


@dataclass(frozen=True)
class Expression(Node):
    """Move the muscles of a face."""

    id: ClassVar[str] = "expression"
    label: ClassVar[str] = "Expression"
    layers: ClassVar[tuple[str, ...]] = ("expression",)

    jaw_drop: float = number(0.0, 0.0, 1.0, "AU26.")
    lip_corner_left: float = number(0.0, -1.0, 1.0, "AU12, the actor's left.")
    passes: int = integer(2, 1, 8, "Passes of the solver.")
    source: str = text("", "Plate whose expression is taken.")


def problem_of(node: type[Node], **values: object) -> str:
    with pytest.raises(ParameterError) as raised:
        node(**values)
    return str(raised.value)


def test_age_refuses_more_years_than_the_node_declares():
    said = problem_of(Age, years=99)
    assert said == "years is 99; it must lie between -40.0 and 40.0 years."


def test_a_node_says_all_its_problems_at_once():
    said = problem_of(Age, years=-41.5, method="surgery", keep_grain=1)
    assert said.splitlines() == [
        "years is -41.5; it must lie between -40.0 and 40.0 years.",
        "method is 'surgery'; it must be one of sculpt, model.",
        "keep_grain is 1; it must be true or false.",
    ]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"jaw_drop": math.nan}, "jaw_drop is nan; it must lie between 0.0 and 1.0."),
        ({"jaw_drop": math.inf}, "jaw_drop is inf; it must lie between 0.0 and 1.0."),
        ({"jaw_drop": "wide"}, "jaw_drop is 'wide'; it must be a number."),
        ({"jaw_drop": True}, "jaw_drop is True; it must be a number."),
        ({"jaw_drop": None}, "jaw_drop is None; it must be a number."),
        ({"passes": 2.0}, "passes is 2.0; it must be a whole number."),
        ({"passes": 10**400}, f"passes is {10**400}; it must lie between 1 and 8."),
        ({"source": 3}, "source is 3; it must be text."),
    ],
)
def test_values_that_do_not_fit_are_refused_in_a_sentence(values, said):
    assert problem_of(Expression, **values) == said


def test_the_ends_of_a_range_belong_to_it():
    assert Age(years=-40.0).years == -40.0
    assert Age(years=40).years == 40


def test_numbers_may_be_keyframed_unless_told_not():
    assert all(p.per_frame for p in Expression.parameters().values() if p.kind == "number")
    assert not Expression.parameters()["passes"].per_frame
    assert not any(p.per_frame for p in Detect.parameters().values())


def test_a_node_cannot_be_changed_after_it_is_made():
    with pytest.raises(AttributeError):
        Age().years = 3


@pytest.mark.parametrize("node", NODES, ids=lambda node: node.id)
def test_every_node_is_made_of_defaults_that_it_accepts(node):
    made = node()
    assert {name: p.default for name, p in node.parameters().items()} == {
        f.name: getattr(made, f.name) for f in fields(made)
    }


@pytest.mark.parametrize("node", NODES, ids=lambda node: node.id)
def test_every_parameter_has_words_that_end_in_a_full_stop(node):
    assert node.__doc__
    for name, parameter in node.parameters().items():
        assert parameter.words.endswith("."), name
        assert parameter.kind != "choice" or parameter.default in parameter.choices, name


def test_ids_are_unique_and_lead_back_to_their_nodes():
    assert [node_by_id(node.id) for node in NODES] == list(NODES)
    assert (Detect, Swap, Blend) == NODES


def test_an_unknown_id_has_no_node():
    with pytest.raises(KeyError):
        node_by_id("relight")
