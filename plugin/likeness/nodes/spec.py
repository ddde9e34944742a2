"""The words that node declarations are made of: kinds of parameter, ranges, units, help."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, ClassVar

from likeness.errors import ParameterError


@dataclass(frozen=True)
class Parameter:
    """What a person may set on a node: one row of every projection (knob, flag, property, page)."""

    kind: str  # number, integer, toggle, choice, text, identity, layer
    default: Any
    words: str
    low: float | None = None
    high: float | None = None
    unit: str = ""
    choices: tuple[str, ...] = ()
    per_frame: bool = False

    def problem(self, name: str, value: Any) -> str:
        """Return why `value` does not fit, in a sentence, or an empty string."""
        return _CHECKS.get(self.kind, _check_text)(self, name, value)


def _declare(kind: str, default: Any, words: str, **rest: Any) -> Any:
    parameter = Parameter(kind, default, words, **rest)
    return field(default=default, metadata={"parameter": parameter})


def number(
    default: float, low: float, high: float, words: str, *, unit: str = "", per_frame: bool = True
) -> Any:
    """Declare a real number between `low` and `high`; it may be keyframed, unless told not."""
    return _declare("number", default, words, low=low, high=high, unit=unit, per_frame=per_frame)


def integer(default: int, low: int, high: int, words: str, *, unit: str = "") -> Any:
    """Declare a whole number between `low` and `high`."""
    return _declare("integer", default, words, low=low, high=high, unit=unit)


def toggle(default: bool, words: str) -> Any:
    """Declare a switch."""
    return _declare("toggle", default, words)


def choice(default: str, choices: tuple[str, ...], words: str) -> Any:
    """Declare one of several named ways."""
    return _declare("choice", default, words, choices=choices)


def text(default: str, words: str) -> Any:
    """Declare a line of text."""
    return _declare("text", default, words)


def identity(words: str) -> Any:
    """Declare a reference to an identity of the registry, by its pseudonymous id."""
    return _declare("identity", "", words)


def layer(default: str, words: str) -> Any:
    """Declare the name of a layer or channel of the plate; empty means none."""
    return _declare("layer", default, words)


@dataclass(frozen=True)
class Node:
    """A node of the graph. Subclasses declare parameters; they describe and never compute."""

    id: ClassVar[str] = ""
    label: ClassVar[str] = ""
    layers: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        rows = self.parameters().items()
        problems = [parameter.problem(name, getattr(self, name)) for name, parameter in rows]
        if any(problems):
            raise ParameterError("\n".join(filter(None, problems)))

    @classmethod
    def parameters(cls) -> dict[str, Parameter]:
        """Return the declared parameters by name, in the order of the declaration."""
        return {f.name: f.metadata["parameter"] for f in fields(cls) if "parameter" in f.metadata}


def _check_range(parameter: Parameter, name: str, value: Any) -> str:
    low, high, whole = parameter.low, parameter.high, parameter.kind == "integer"
    if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
        return f"{name} is {value!r}; it must be a {'whole ' if whole else ''}number."
    unit = f" {parameter.unit}" if parameter.unit else ""
    if low is not None and high is not None and not low <= value <= high:  # also refuses NaN
        return f"{name} is {value}; it must lie between {low} and {high}{unit}."
    return ""


def _check_toggle(parameter: Parameter, name: str, value: Any) -> str:
    return "" if isinstance(value, bool) else f"{name} is {value!r}; it must be true or false."


def _check_choice(parameter: Parameter, name: str, value: Any) -> str:
    known = ", ".join(parameter.choices)
    return "" if value in parameter.choices else f"{name} is {value!r}; it must be one of {known}."


def _check_text(parameter: Parameter, name: str, value: Any) -> str:
    return "" if isinstance(value, str) else f"{name} is {value!r}; it must be text."


_CHECKS = {
    "number": _check_range,
    "integer": _check_range,
    "toggle": _check_toggle,
    "choice": _check_choice,
}
