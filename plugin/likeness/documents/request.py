"""The request: what decides pixels, and nothing else does."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from likeness.documents.base import Document
from likeness.nodes import NODES, Node, Parameter, node_by_id


@dataclass(frozen=True)
class Plate:
    """The shot's pictures. `frames` as "1001-1048"; empty means all that are on disk."""

    pattern: str
    frames: str = ""
    layer: str = ""  # layer of the file that holds the plate's RGB; empty: R, G, B
    view: str = ""


@dataclass(frozen=True)
class Colour:
    """How the plate's numbers become light."""

    config: str = "ocio://cg-config-v2.1.0_aces-v1.3_ocio-v2.3"
    plate_space: str = ""  # empty: by the file's own word, else ACEScg for float, sRGB for 8 bit


@dataclass(frozen=True)
class Step:
    """One node of the graph with its parameters and the step it takes its plate from."""

    name: str
    node: str
    plate: str = ""  # name of an earlier step; empty: the plate itself
    parameters: dict[str, Any] = field(default_factory=dict)  # a value, or {"keys": {frame: value}}


@dataclass(frozen=True)
class Output:
    """What is written. `layers` are added to the plate's own channels."""

    pattern: str
    layers: tuple[str, ...] = ()
    compression: str = ""  # empty: the plate's
    pixel_type: str = ""  # half or float; empty: the plate's


@dataclass(frozen=True)
class Request(Document):
    """One shot's worth of work. The same request on the same plate gives the same pixels."""

    schema: ClassVar[str] = "likeness.request.1"

    plate: Plate
    steps: tuple[Step, ...]
    output: Output
    show: str = "show"
    shot: str = "shot"
    colour: Colour = Colour()
    track: str = ""  # path of the track document; empty: beside the output
    models: dict[str, str] = field(default_factory=dict)  # id -> sha256, filled at submit
    device: str = "auto"  # auto, cpu, cuda

    def problems(self) -> list[str]:
        found: list[str] = []
        names: set[str] = set()
        for step in self.steps:
            if step.name in names:
                found.append(f"steps: the name {step.name!r} is used twice.")
            if step.plate and step.plate not in names:
                found.append(f"steps.{step.name}: its plate {step.plate!r} is no earlier step.")
            names.add(step.name)
            found.extend(f"steps.{step.name}: {line}" for line in _step_problems(step))
        if self.device not in ("auto", "cpu", "cuda"):
            found.append(f"device is {self.device!r}; it must be auto, cpu or cuda.")
        return found + self._output_problems()

    def _output_problems(self) -> list[str]:
        found = [
            f"{place} is empty; it must be a path such as dir/name.####.exr."
            for place, pattern in (
                ("plate.pattern", self.plate.pattern),
                ("output.pattern", self.output.pattern),
            )
            if not pattern.strip()
        ]
        if self.output.pixel_type not in ("", "half", "float"):
            found.append(
                f"output.pixel_type is {self.output.pixel_type!r}; it must be half or float."
            )
        by_id = {node.id: node for node in NODES}
        nodes = [by_id[step.node] for step in self.steps if step.node in by_id]
        made = list(dict.fromkeys(name for node in nodes for name in node.layers))
        found.extend(
            f"output.layers has {layer!r}; the steps make {', '.join(made) or 'no layers'}."
            for layer in self.output.layers
            if layer not in made
        )
        return found


def resolve_step(step: Step, frame: int) -> Node:
    """Return the step's node with the values its parameters have at `frame`."""
    values = {name: value_at(value, frame) for name, value in step.parameters.items()}
    return node_by_id(step.node)(**values)


def value_at(value: Any, frame: int) -> Any:
    """Return a constant, or the keyframed value at `frame`: linear between keys, held outside."""
    if not (isinstance(value, dict) and set(value) == {"keys"}):
        return value
    keys = sorted((int(at), v) for at, v in value["keys"].items())
    if frame <= keys[0][0]:
        return keys[0][1]
    for (at, low), (after, high) in zip(keys, keys[1:]):
        if frame <= after:
            return low + (high - low) * ((frame - at) / (after - at))
    return keys[-1][1]


def _step_problems(step: Step) -> list[str]:
    if step.node not in {node.id for node in NODES}:
        known = ", ".join(node.id for node in NODES)
        return [f"there is no node {step.node!r}; known are {known}."]
    parameters = node_by_id(step.node).parameters()
    found = [
        f"{name} is no parameter of {step.node}."
        for name in step.parameters
        if name not in parameters
    ]
    for name, value in step.parameters.items():
        if name in parameters:
            found.extend(value_problems(name, value, parameters[name]))
    return found


def value_problems(name: str, value: Any, parameter: Parameter) -> list[str]:
    """Return why a constant or keyframed value does not fit its parameter, in sentences."""
    if not (isinstance(value, dict) and set(value) == {"keys"}):
        return [problem] if (problem := parameter.problem(name, value)) else []
    if not parameter.per_frame:
        return [f"{name} cannot be keyframed."]
    keys = value["keys"]
    if not isinstance(keys, dict) or not keys:
        return [f"{name} has no keys; give at least one as frame: value."]
    bad = [at for at in keys if not _is_frame(at)]
    if bad:
        return [f"{name} has a key at {bad[0]!r}; a key is a whole frame number."]
    return [p for at, v in keys.items() if (p := parameter.problem(f"{name} at frame {at}", v))]


def _is_frame(words: Any) -> bool:
    try:
        int(words)
    except ValueError:
        return False
    return True
