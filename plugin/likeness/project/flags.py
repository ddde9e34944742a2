"""Command line flags of nodes. Defaults, ranges and words come from the declarations alone."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from likeness.documents.request import value_problems
from likeness.nodes import Node, Parameter

_TRUE, _FALSE = ("1", "on", "true", "yes"), ("0", "off", "false", "no")
_METAVARS = {"integer": "N", "number": "X", "text": "TEXT", "identity": "ID", "layer": "LAYER"}


@dataclass(frozen=True)
class Flag:
    """One parameter of one node as a flag: `--blend-mix`, or `--mix` where Blend is the verb."""

    name: str
    node: type[Node]
    field: str
    parameter: Parameter

    @property
    def words(self) -> str:
        """Return the help text: what the parameter does, its range or choices, its default."""
        return " ".join(part for part in (self.parameter.words, self._range()) if part)

    @property
    def column(self) -> str:
        """Return the flag's name as a column of a table of shots."""
        return self.name.replace("-", "_")

    def _range(self) -> str:
        p = self.parameter
        if p.kind in ("identity", "text", "layer"):
            return f"Default: {p.default}." if p.default else ""
        if p.kind == "toggle":
            return f"Default: {'on' if p.default else 'off'}."
        if p.kind == "choice":
            return f"Default: {p.default}."  # the choices stand beside the flag
        unit = f" {p.unit}" if p.unit else ""
        return f"From {p.low:g} to {p.high:g}{unit}; default {p.default:g}."


def flags_of(
    nodes: Iterable[type[Node]], *, own: str = "", without: Iterable[str] = ()
) -> tuple[Flag, ...]:
    """Return the flags of the nodes; those of the node `own`, the verb's, carry no prefix."""
    left_out = set(without)
    return tuple(
        Flag(_flag_name(node, name, own), node, name, parameter)
        for node in nodes
        for name, parameter in node.parameters().items()
        if name not in left_out
    )


def add_flags(parser: argparse.ArgumentParser, flags: Iterable[Flag]) -> None:
    """Add the flags to a parser, a group a node. A flag that is not given stays out."""
    groups: dict[str, Any] = {}
    for flag in flags:
        label = flag.node.label
        if label not in groups:
            groups[label] = parser.add_argument_group(label, (flag.node.__doc__ or "").strip())
        options: dict[str, Any] = {
            "dest": flag.column,
            "default": argparse.SUPPRESS,
            "help": flag.words.replace("%", "%%"),
        }
        if flag.parameter.kind == "toggle":
            options["action"] = argparse.BooleanOptionalAction
        elif flag.parameter.kind == "choice":
            options["metavar"] = "{" + ",".join(flag.parameter.choices) + "}"
        else:
            options["metavar"] = _METAVARS[flag.parameter.kind]
        if flag.parameter.kind == "identity":
            options["required"] = True
        groups[label].add_argument(f"--{flag.name}", **options)


def read_flags(
    flags: Iterable[Flag], given: Mapping[str, Any], problems: list[str], *, dashes: bool = True
) -> dict[str, dict[str, Any]]:
    """Return the given values, by column name, as parameters by node id; note what does not fit.

    Values are words, as a person types them, or the numbers, truths and keyframes of a JSON file.
    With `dashes` a problem names the flag, without them the column.
    """
    parameters: dict[str, dict[str, Any]] = {}
    for flag in flags:
        if flag.column not in given:
            continue
        value = _value(flag.parameter, given[flag.column])
        spelled = f"--{flag.name}" if dashes else flag.column
        problems += value_problems(spelled, value, flag.parameter)
        parameters.setdefault(flag.node.id, {})[flag.field] = value
    return parameters


def _flag_name(node: type[Node], name: str, own: str) -> str:
    words = name if node.id == own else f"{node.id}_{name}"
    return words.replace("_", "-")


def _value(parameter: Parameter, given: Any) -> Any:
    """Return words as the kind of value the parameter takes; what does not read stays words."""
    if not isinstance(given, str):
        return given
    words = given.strip()
    if parameter.kind == "toggle" and words.lower() in (*_TRUE, *_FALSE):
        return words.lower() in _TRUE
    try:
        return {"integer": int, "number": float}.get(parameter.kind, str)(words)
    except ValueError:
        return words
