"""Run a request's graph on one frame: a pure function of (request, plate frame, track, faces).

Nodes work on windows around faces, in scene-linear ACEScg. What returns to the plate is only what
changed: samples where the matte is 0 are never written, so they keep their bits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from likeness.documents.request import Request, Step, resolve_step
from likeness.documents.track import Face
from likeness.errors import ParameterError
from likeness.nodes import Blend, Detect, Node, Swap
from likeness_engine.faces.topology import Floats
from likeness_engine.io.colour import Colour
from likeness_engine.io.frame import Frame, Window
from likeness_engine.nodes.blend import seat_element
from likeness_engine.nodes.element import Element
from likeness_engine.nodes.overlay import draw_boxes, draw_meshes
from likeness_engine.nodes.swap import FaceTexture, face_window, make_element


@dataclass(frozen=True)
class Shot:
    """What every frame of a shot shares."""

    main: str  # id of the most prominent face of the track
    shapes: Mapping[str, Floats]  # tracked face id -> (468, 3) its own shape at rest
    textures: Mapping[str, FaceTexture]  # identity id -> what Swap draws
    colour: Colour


@dataclass
class Layers:
    """Pictures that go beside the plate's own channels, gathered face by face."""

    pieces: dict[str, list[tuple[Window, dict[str, Floats]]]] = field(default_factory=dict)

    def add(self, name: str, window: Window, planes: dict[str, Floats]) -> None:
        self.pieces.setdefault(name, []).append((window, planes))

    def write(self, frame: Frame, names: tuple[str, ...]) -> None:
        """Put the named layers into the frame; one that nothing drew is all 0."""
        for name in names:
            pieces = self.pieces.get(name, [])
            box = _union([window for window, _ in pieces])
            shape = (box.height, box.width)
            planes = {component: np.zeros(shape, np.float32) for component in _components(name)}
            for window, drawn in pieces:
                place = window.slices(box)
                below = 1 - drawn["A"]
                for component in planes:
                    target = planes[component][place]
                    planes[component][place] = target * below + drawn[component]
            frame.add_layer(name, planes, window=box)


@dataclass(frozen=True)
class FrameResult:
    """A frame after the graph, ready to be delivered."""

    frame: Frame
    steps: tuple[tuple[Step, Node], ...]  # as resolved for this frame, in order
    identities: tuple[str, ...]  # whose faces were put in, each once
    warnings: tuple[str, ...]
    changed_rows: tuple[int, int] | None  # y0 <= y < y1 that may differ; None where layers came in


def run_frame(
    request: Request,
    frame: Frame,
    faces: tuple[Face, ...],
    shot: Shot,
    number: int,
    *,
    before_painting: Callable[[], object] = lambda: None,
) -> FrameResult:
    """Run the graph on one frame; its arrays change in place where faces are painted.

    `before_painting` is called once, when the frame's own channels are about to change: whoever
    still reads them (a digest on another thread) can be waited for there.
    """
    layers, warnings = Layers(), []
    elements: list[Element] = []
    used: list[str] = []
    painted: list[Window] = []
    steps = tuple((step, resolve_step(step, number)) for step in chain(request))
    for step, node in steps:
        if isinstance(node, Detect):
            _draw_overlays(frame, faces, node, layers)
        elif isinstance(node, Swap):
            wanted = pick_faces(node, faces, shot.main)
            if not wanted:
                warnings.append(f"{step.name}: the face {node.face or shot.main!r} is not seen.")
            elements = [_swap(request, frame, face, node, shot) for face in wanted]
            elements = [element for element in elements if element.window.width > 0]
            _add_raw_elements(elements, layers)
        elif isinstance(node, Blend):
            layers.pieces.pop("swap", None)
            layers.pieces.pop("face_matte", None)
            for element in elements:
                seated = _seat(request, frame, element, node, shot)
                before_painting()
                warnings += _paint(request, frame, seated, shot.colour, layers)
                used.append(element.identity)
                painted.append(element.window)
            elements = []
    used += [element.identity for element in elements]
    before_painting()
    layers.write(frame, request.output.layers)
    rows = _union(painted)
    return FrameResult(
        frame=frame,
        steps=steps,
        identities=tuple(dict.fromkeys(used)),
        warnings=tuple(warnings),
        changed_rows=None if request.output.layers else (rows.y0, rows.y1),
    )


def chain(request: Request) -> list[Step]:
    """Return the steps that lead to the last one, first to last."""
    by_name = {step.name: step for step in request.steps}
    if not request.steps:
        raise ParameterError("The request has no steps; add at least one node.")
    steps = [request.steps[-1]]
    while steps[-1].plate:
        steps.append(by_name[steps[-1].plate])
    return steps[::-1]


def pick_faces(node: Swap, faces: tuple[Face, ...], main: str) -> list[Face]:
    """Return the faces of a frame that a Swap replaces."""
    wanted = [name.strip() for name in node.face.split(",") if name.strip()] or [main]
    return [face for face in faces if face.id in wanted]


def _swap(request: Request, frame: Frame, face: Face, node: Swap, shot: Shot) -> Element:
    mesh = np.array(face.mesh_px, np.float32)
    window = face_window(mesh, frame.data_window)
    if window.empty:
        window = Window(window.x0, window.y0, window.x0, window.y0)
    plate, _ = _read_linear(request, frame, window, shot.colour)
    return make_element(
        plate,
        mesh,
        face=face.id,
        window=window,
        node=node,
        texture=shot.textures[node.identity],
        target_shape=shot.shapes[face.id],
        pixel_aspect=frame.pixel_aspect,
    )


@dataclass(frozen=True)
class _Painting:
    """What Blend made of a window: linear plate and change, not yet in the frame."""

    window: Window
    result: Floats  # (H, W, 3) linear ACEScg, premultiplied where the plate is
    matte: Floats  # (H, W) times the plate's alpha


def _seat(request: Request, frame: Frame, element: Element, node: Blend, shot: Shot) -> _Painting:
    window = element.window
    plate, alpha = _read_linear(request, frame, window, shot.colour)
    holdout = frame.channel(_channel_of(node.holdout), window) if node.holdout else None
    seated = seat_element(plate, element, node, frame=frame.number, holdout=holdout)
    if alpha is None:
        return _Painting(window, seated.rgb, seated.matte)
    # The plate is premultiplied; so is what is put into it.
    return _Painting(window, seated.rgb * alpha[..., None], seated.matte * alpha)


def _paint(
    request: Request, frame: Frame, painting: _Painting, colour: Colour, layers: Layers
) -> list[str]:
    window, matte, source = painting.window, painting.matte, request.plate
    result = colour.from_linear(painting.result)
    changed = matte > 0
    if "swap" in request.output.layers:
        before = frame.read_rgb(window, source.layer, source.view)
        painted = np.where(changed[..., None], result - before * (1 - matte[..., None]), 0)
        _add(layers, "swap", window, painted, matte)
    layers.add("face_matte", window, {"A": matte})
    held = frame.write_rgb(window, result, changed, source.layer, source.view)
    return [f"{held} samples beyond the range of half were held at 65504."] if held else []


def _read_linear(
    request: Request, frame: Frame, window: Window, colour: Colour
) -> tuple[Floats, Floats | None]:
    """Return the window in linear ACEScg, not premultiplied; and its alpha, None if all is 1."""
    linear = colour.to_linear(frame.read_rgb(window, request.plate.layer, request.plate.view))
    if request.plate.layer or "A" not in frame.parts[0].channels:
        return linear, None
    alpha = frame.channel("A", window)
    if bool((alpha == 1).all()):
        return linear, None
    solid = alpha > 1e-4
    return np.where(solid[..., None], linear / np.where(solid, alpha, 1)[..., None], linear), alpha


def _add_raw_elements(elements: list[Element], layers: Layers) -> None:
    for element in elements:
        matte = element.covered.astype(np.float32)
        _add(layers, "swap", element.window, element.rgb * matte[..., None], matte)
        layers.add("face_matte", element.window, {"A": matte})


def _draw_overlays(frame: Frame, faces: tuple[Face, ...], node: Detect, layers: Layers) -> None:
    for wanted, name, draw in (
        (node.draw_box, "face_box", draw_boxes),
        (node.draw_mesh, "face_mesh", draw_meshes),
    ):
        if wanted:
            rgba = draw(faces, frame.data_window)
            _add(layers, name, frame.data_window, rgba[..., :3], rgba[..., 3])


def _add(layers: Layers, name: str, window: Window, rgb: Floats, alpha: Floats) -> None:
    planes = {"R": rgb[..., 0], "G": rgb[..., 1], "B": rgb[..., 2], "A": alpha}
    layers.add(name, window, planes)


def _components(layer: str) -> tuple[str, ...]:
    return ("A",) if layer == "face_matte" else ("R", "G", "B", "A")


def _channel_of(holdout: str) -> str:
    """A layer alone means its alpha: `roto` is `roto.A`; `A` and `roto.R` are channels."""
    return holdout if "." in holdout or len(holdout) == 1 else f"{holdout}.A"


def _union(windows: list[Window]) -> Window:
    if not windows:
        return Window(0, 0, 0, 0)
    return Window(
        min(w.x0 for w in windows),
        min(w.y0 for w in windows),
        max(w.x1 for w in windows),
        max(w.y1 for w in windows),
    )
