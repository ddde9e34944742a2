"""A request made ready to run: everything its frames share, loaded and checked once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from likeness.documents.identity import Identity
from likeness.documents.request import Request
from likeness.documents.statement import ModelRecord
from likeness.documents.track import Track
from likeness.errors import ParameterError
from likeness.protocol.messages import Event
from likeness_engine.deliver import clear_to_run
from likeness_engine.faces.align import shape_at_rest
from likeness_engine.faces.topology import POINTS, Floats
from likeness_engine.graph import Shot
from likeness_engine.identity.store import load_texture
from likeness_engine.io.colour import WORKING_SPACE, Colour
from likeness_engine.io.sequence import Sequence, format_frames
from likeness_engine.models.cards import card
from likeness_engine.nodes.swap import FaceTexture, prepare_texture
from likeness_engine.provenance.sealed import document_digest
from likeness_engine.tracks import first_frame, list_frames, track_of

Tell = Callable[[Event], None]


@dataclass(frozen=True)
class Job:
    """A request, its files, and what is shared by its frames."""

    request: Request
    source: Sequence
    plate_colour: Colour  # of the files; `shot.colour` is of what the graph gets
    target: Sequence
    numbers: list[int]  # of the whole request, in order
    track: Track
    track_sha256: str
    shot: Shot
    identities: dict[str, Identity]
    models: tuple[ModelRecord, ...]


def prepare(request: Request, *, frames: list[int] | None, on_event: Tell) -> Job:
    """Check consents first, then files, then load or make the track, then the faces.

    `frames` is the part that will be run; the track always covers the whole request, so a frame's
    pixels do not depend on which others are run with it. Errors list everything that is missing.
    """
    grants = clear_to_run(request)
    source, target = Sequence.parse(request.plate.pattern), Sequence.parse(request.output.pattern)
    numbers = list_frames(request.plate, source)
    _check_target(request, source, target, frames or numbers)
    if foreign := sorted(set(frames or []) - set(numbers)):
        raise ParameterError(
            f"{source.pattern}: the frames {format_frames(foreign)} are not part of the request, "
            f"which has {format_frames(numbers)}."
        )
    source.check(frames or numbers)
    first = first_frame(source, frames or numbers)
    colour = Colour.of_frame(first, request.colour.config, request.colour.plate_space)
    track = track_of(request, source, numbers, colour, on_event=on_event)
    identities = {g.identity.document.id: g.identity.document for g in grants}
    shot = Shot(
        main=track.main,
        shapes=_shapes(track),
        textures={name: _texture(identity) for name, identity in identities.items()},
        colour=colour if first.float_source else Colour(request.colour.config, WORKING_SPACE),
    )
    return Job(
        request=request,
        source=source,
        plate_colour=colour,
        target=target,
        numbers=numbers,
        track=track,
        track_sha256=document_digest(track),
        shot=shot,
        identities=identities,
        models=_models(request, track, identities),
    )


def _check_target(request: Request, source: Sequence, target: Sequence, frames: list[int]) -> None:
    problems = []
    if not target.numbered and len(frames) > 1:
        problems.append(f"The output {target.pattern} has no frame number; write name.####.exr.")
    if target.tail.lower() != ".exr":
        problems.append(f"The output {target.pattern} is no .exr; results are EXR.")
    if source.path(frames[0]).resolve() == target.path(frames[0]).resolve():
        problems.append(f"The output {target.pattern} is the plate itself; give another name.")
    if problems:
        raise ParameterError("\n".join(problems))


def _shapes(track: Track) -> dict[str, Floats]:
    meshes: dict[str, list[Floats]] = defaultdict(list)
    square = np.array([track.pixel_aspect, 1, 1], np.float32)
    for number in sorted(track.frames):
        for face in track.frames[number]:
            meshes[face.id].append(np.array(face.mesh_px[:POINTS], np.float32) * square)
    return {face: shape_at_rest(seen) for face, seen in meshes.items()}


def _texture(identity: Identity) -> FaceTexture:
    return prepare_texture(
        identity.id, load_texture(identity), np.array(identity.geometry, np.float32)
    )


def _models(
    request: Request, track: Track, identities: dict[str, Identity]
) -> tuple[ModelRecord, ...]:
    """Return every net that took part: in the track and in the identities; checked if pinned."""
    used = dict(pair.split(":") for pair in track.detector.split())
    for identity in identities.values():
        used.update(identity.models)
    for model, sha256 in request.models.items():
        if used.get(model, sha256) != sha256:
            raise ParameterError(
                f"The request is pinned to {model} of sha256 {sha256}, but {used[model]} took "
                "part. Detect again with the pinned model, or build the request anew."
            )
    facts = {model: card(model) for model in used}
    return tuple(
        ModelRecord(id=model, sha256=sha256, licence=facts[model].licence, role=facts[model].role)
        for model, sha256 in sorted(used.items())
    )
