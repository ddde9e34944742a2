"""A shot as a person says it, in flags or in a row of a table, as a request."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from likeness.documents.request import Request
from likeness.errors import ParameterError
from likeness.nodes import Blend, Detect, Swap
from likeness.project.flags import flags_of, read_flags

# Overlays are drawn when their layer is asked for: one way to say it, not two.
_OVERLAYS = {"face_box": "draw_box", "face_mesh": "draw_mesh"}
SWAP_FLAGS = flags_of((Swap, Blend, Detect), own=Swap.id, without=_OVERLAYS.values())
LAYERS = tuple(dict.fromkeys(name for node in (Detect, Swap, Blend) for name in node.layers))


_COUNTER = re.compile(r"#+|%0?\d*d|\$F\d*")
_MOVIES = (".mov", ".mp4", ".mxf", ".mkv", ".avi")
_PICTURES = (".dpx", ".tif", ".tiff", ".png", ".jpg", ".jpeg")


@dataclass(frozen=True)
class Field:
    """What a shot says besides the nodes' parameters, and the place in the request it fills."""

    name: str
    place: tuple[str, ...]
    metavar: str
    words: str


FIELDS = (
    Field("plate", ("plate", "pattern"), "PLATE", "dir/name.####.exr, a picture, or a movie."),
    Field("out", ("output", "pattern"), "OUT", "dir/name.####.exr, or a folder."),
    Field("frames", ("plate", "frames"), "A-B", "Frames, as 1001-1048 or 1001,1010-1020x2."),
    Field("track", ("track",), "TRACK", "Track to use; without one the faces are detected."),
    Field("show", ("show",), "NAME", "The production; consents and policies go by it."),
    Field("shot", ("shot",), "NAME", "The shot; without it, the plate's name."),
    Field("layer", ("plate", "layer"), "LAYER", "Layer of the plate that holds its picture."),
    Field("view", ("plate", "view"), "VIEW", "View of the plate, such as left."),
    Field("config", ("colour", "config"), "CONFIG", "OpenColorIO config, a file or ocio://NAME."),
    Field("plate_space", ("colour", "plate_space"), "SPACE", "Colour space of the plate."),
    Field("layers", ("output", "layers"), "A,B", f"Layers to add: {', '.join(LAYERS)}."),
    Field("compression", ("output", "compression"), "NAME", "EXR compression, if not the plate's."),
    Field("pixel_type", ("output", "pixel_type"), "TYPE", "half or float, if not the plate's."),
    Field("device", ("device",), "DEVICE", "auto, cpu or cuda."),
)
COLUMNS = (*(field.name for field in FIELDS), *(flag.column for flag in SWAP_FLAGS))
NEEDED = ("plate", "out", "identity")


def swap_request(given: Mapping[str, Any], *, dashes: bool = True) -> Request:
    """Return the request of a swap: Detect (unless there is a track), then Swap, then Blend.

    given: by column name (see COLUMNS); values are words or JSON's numbers and truths. What is
    absent has the documents' and the nodes' own defaults. Raises one ParameterError with every
    problem; with `dashes` it names flags, without them columns.
    """
    problems = [f"{name} is missing." for name in NEEDED if not given.get(name)]
    parameters = read_flags(SWAP_FLAGS, given, problems, dashes=dashes)
    if given.get("track") and Detect.id in parameters:
        problems.append("With a track nothing is detected: leave out the flags of Detect, or it.")
    rows: dict[str, Any] = {}
    for field in FIELDS:
        if field.name in given:
            _put(rows, field.place, _listed(field.name, given[field.name]))
    rows["steps"] = _steps(given, parameters, rows.get("output", {}).get("layers", ()))
    if given.get("out") and given.get("plate"):
        try:
            rows["output"]["pattern"] = output_pattern(str(given["out"]), str(given["plate"]))
        except ParameterError as error:
            problems.append(str(error))
    rows.setdefault("shot", plate_name(str(given.get("plate", ""))))
    for name in ("plate", "output"):
        rows.setdefault(name, {}).setdefault("pattern", "?")  # that it lacks is said already
    said: list[str] = []
    request = Request.collect(rows, said)
    # What does not fit a node is said already, in the words of the person's flags.
    problems += [line for line in said if not line.startswith("steps.")]
    if problems or request is None:
        raise ParameterError("\n".join(problems or said))
    return request


def output_pattern(out: str, plate: str) -> str:
    """Return the pattern of the results: `out` itself, or a name made of the plate's in a folder.

    Raises ParameterError where frames would overwrite one another, or would not be EXR.
    """
    suffix = PurePath(out).suffix.lower()
    if suffix in (*_PICTURES, *_MOVIES):
        raise ParameterError(f"{out} is no EXR; results are written as EXR. Name it .exr.")
    if suffix != ".exr":
        return f"{out.rstrip('/')}/{plate_name(plate)}_likeness.####.exr"
    if _COUNTER.search(PurePath(out).name) or not _many(plate):
        return out
    better = f"{out[: -len(suffix)]}.####{suffix}"
    raise ParameterError(
        f"{out} names one file, but {plate} has many frames. Write it as {better}."
    )


def plate_name(plate: str) -> str:
    """Return the plate's name without folder, frame number and ending: sh010.####.exr is sh010."""
    path = PurePath(plate)
    stem = path.name if path.suffix == "" else path.name[: -len(path.suffix)]
    if path.suffix.lower() not in _MOVIES:
        stem = re.sub(r"\.\d+$", "", stem)
    return _COUNTER.sub("", stem).strip("._-") or path.parent.name or "plate"


def _many(plate: str) -> bool:
    name = PurePath(plate)
    return bool(_COUNTER.search(name.name)) or name.suffix.lower() in _MOVIES


def _steps(
    given: Mapping[str, Any], parameters: dict[str, dict[str, Any]], layers: Any
) -> list[dict[str, Any]]:
    """Return the chain of nodes: each takes what the one before it passes on."""
    overlays = {draw: True for layer, draw in _OVERLAYS.items() if layer in layers}
    if overlays:
        parameters.setdefault(Detect.id, {}).update(overlays)
    nodes = (Swap, Blend) if given.get("track") and not overlays else (Detect, Swap, Blend)
    steps: list[dict[str, Any]] = []
    for node in nodes:
        step: dict[str, Any] = {"name": node.id, "node": node.id}
        if steps:
            step["plate"] = steps[-1]["name"]
        if node.id in parameters:
            step["parameters"] = parameters[node.id]
        steps.append(step)
    return steps


def _put(rows: dict[str, Any], place: tuple[str, ...], value: Any) -> None:
    for name in place[:-1]:
        rows = rows.setdefault(name, {})
    rows[place[-1]] = value


def _listed(name: str, value: Any) -> Any:
    if name == "layers" and isinstance(value, str):
        return [word.strip() for word in value.split(",") if word.strip()]
    return value
