"""The track of a shot: read, or made once over the whole range and kept."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from likeness.documents import request as requests
from likeness.documents.request import Plate, Request, resolve_step
from likeness.documents.track import Track
from likeness.errors import FrameError, ParameterError
from likeness.nodes import Detect
from likeness.protocol.messages import Event
from likeness_engine.faces.nets import load_nets
from likeness_engine.graph import chain
from likeness_engine.io.colour import Colour
from likeness_engine.io.files import read_frame
from likeness_engine.io.frame import Frame
from likeness_engine.io.sequence import Sequence, format_frames, parse_frames
from likeness_engine.nodes.detect import deciding, detect
from likeness_engine.pipeline import Pipeline

Tell = Callable[[Event], None]
ENDS_BYTES = 1 << 16  # of each end of a plate file: headers and first pixels tell versions apart


def track_of(
    request: Request, source: Sequence, numbers: list[int], colour: Colour, *, on_event: Tell
) -> Track:
    """Return the request's track: the one it names, or one kept beside the output, else a new one.

    A track that the request names is taken as it is. One of our own is made again when the plate,
    the Detect node or the nets are others than it was made with; faces a person edited are kept.
    """
    path = track_path(request, Sequence.parse(request.output.pattern))
    if request.track:
        track = Track.load(path)
        if lost := sorted(set(numbers) - set(track.frames)):
            raise ParameterError(
                f"The track {path} does not cover the frames {format_frames(lost)} of the request. "
                "Run `likeness detect` over them, or leave --track out."
            )
        return track
    node = detect_node(request)
    old = Track.load(path) if path.is_file() else None
    if old and _still_holds(old, source, numbers, node, request.device):
        on_event(Event("log", message=f"The track {path} still holds; it is used."))
        return old
    track = make_track(
        source, numbers, node, colour, request.plate, device=request.device, old=old,
        on_event=on_event,
    )  # fmt: skip
    track.save(path)
    return track


def detect_plate(
    pattern: str,
    node: Detect,
    *,
    frames: list[int] | None = None,
    colour: requests.Colour = requests.Colour(),  # noqa: B008 - frozen
    output: Path,
    device: str = "auto",
    on_event: Tell = lambda event: None,
) -> Track:
    """Detect over a plate and write the track; faces a person edited in an older one are kept."""
    source = Sequence.parse(pattern)
    numbers = frames or list_frames(Plate(pattern), source)
    source.check(numbers)
    first = first_frame(source, numbers)
    space = Colour.of_frame(first, colour.config, colour.plate_space)
    old = Track.load(output) if output.is_file() else None
    track = make_track(
        source, numbers, node, space, Plate(pattern), device=device, old=old, on_event=on_event
    )
    track.save(output)
    return track


def make_track(
    source: Sequence,
    numbers: list[int],
    node: Detect,
    colour: Colour,
    plate: Plate,
    *,
    device: str,
    old: Track | None,
    on_event: Tell,
) -> Track:
    """Run Detect over the frames, reading ahead; frames that cannot be read have no faces."""
    nets = load_nets(device)
    lost: dict[int, str] = {}

    def read(number: int) -> Frame:
        return read_frame(source.path(number), number)

    def frames() -> Iterator[tuple[int, Frame]]:
        stages = Pipeline(read, lambda number, frame: frame, lambda number, frame: frame)
        for done, (number, frame) in enumerate(stages.run(numbers)):
            part = done / len(numbers)
            on_event(Event("progress", frame=number, message="detect", fraction=part))
            if isinstance(frame, FrameError):
                lost[number] = str(frame)
            elif isinstance(frame, Exception):
                raise frame
            else:
                yield number, frame

    track = detect(
        frames(),
        node,
        nets,
        colour=lambda frame: colour,
        reopen=read,
        edited=old,
        layer=plate.layer,
        view=plate.view,
    )
    for number, why in lost.items():
        on_event(Event("log", frame=number, message=why))
    on_event(Event("progress", message="detect", fraction=1.0))
    return replace(
        track,
        frames={number: track.frames.get(number, ()) for number in numbers},
        plate=source.pattern,
        plate_digest=fingerprint(source, numbers),
    )


def first_frame(source: Sequence, numbers: list[int]) -> Frame:
    """Return the first frame that can be read: it speaks for the shot's colour.

    FrameError, with the first one's reason, where none can.
    """
    why: FrameError | None = None
    for number in numbers:
        try:
            return read_frame(source.path(number), number)
        except FrameError as error:
            why = why or error
    raise why or FrameError(f"{source.pattern}: no frame was asked for.")


def list_frames(plate: Plate, source: Sequence) -> list[int]:
    """Return the frames of a request: those it names, else all from the first on disk to the last.

    FrameError where there is none.
    """
    if plate.frames:
        return parse_frames(plate.frames)
    found = source.frames()
    if not found:
        raise FrameError(f"{source.pattern}: there is no such frame on disk. Check the path.")
    return list(range(found[0], found[-1] + 1))


def track_path(request: Request, target: Sequence) -> Path:
    """Return where a request's track lies: where it says, else beside the output."""
    if request.track:
        return Path(request.track)
    stem = target.head.rstrip("._-") or "shot"
    return target.folder / f"{stem}.track.json"


def detect_node(request: Request) -> Detect:
    """Return the Detect node that a request's track is made with."""
    for step in chain(request):
        node = resolve_step(step, 0)
        if isinstance(node, Detect):
            return replace(node, draw_box=False, draw_mesh=False)  # these decide no track
    return Detect()


def fingerprint(source: Sequence, numbers: list[int]) -> str:
    """Return a digest that changes when a plate file does: its size and both its ends.

    Copying or touching a file changes nothing; reading a 4K shot whole would cost as much as
    rendering it.
    """
    digest = hashlib.sha256()
    for path in dict.fromkeys(source.path(number) for number in numbers):
        if not path.is_file():
            continue
        with path.open("rb") as file:
            size = path.stat().st_size
            digest.update(f"{path.name}:{size}:".encode())
            digest.update(file.read(ENDS_BYTES))
            file.seek(max(size - ENDS_BYTES, 0))
            digest.update(file.read(ENDS_BYTES))
    return digest.hexdigest()


def _still_holds(
    track: Track, source: Sequence, numbers: list[int], node: Detect, device: str
) -> bool:
    return (
        set(numbers) == set(track.frames)
        and track.settings == deciding(node)
        and track.detector == load_nets(device).names
        and track.plate_digest == fingerprint(source, numbers)
    )
