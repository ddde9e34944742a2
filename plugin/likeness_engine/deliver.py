"""The only way out for a frame: consent, write, hash, sign.

Nothing here can be told to leave a step out. What is checked follows from the request itself, the
consents are read from disk for every frame, and a file has its final name only once it is signed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from likeness.documents.base import canonical_json
from likeness.documents.consent import USES
from likeness.documents.identity import Identity
from likeness.documents.request import Request, Step, resolve_step
from likeness.documents.statement import ENVELOPE, PAYLOAD_TYPE, FrameRecord, ModelRecord
from likeness.errors import ConsentError, FrameError, LikenessError, ParameterError, SignatureError
from likeness.nodes import Node
from likeness_engine.consent.check import check_consent
from likeness_engine.identity.store import load_identity
from likeness_engine.io.files import kept_compression, lossless, read_frame, write_frame
from likeness_engine.io.frame import Frame
from likeness_engine.io.header import set_attributes
from likeness_engine.provenance.envelope import seal
from likeness_engine.provenance.keys import SigningKey, signing_key
from likeness_engine.provenance.pixels import PixelDigest, hash_frame
from likeness_engine.provenance.statement import Grant, echoes, make_record, make_statement

PREFIX = "likeness:"  # of the attributes that are ours; an upstream frame's are never passed on


@dataclass(frozen=True)
class Delivery:
    """One computed frame and the facts of its making.

    `steps` are those of the request that ran, with their nodes as resolved for this frame.
    `identities` are the documents the pixels were drawn from, by id; `drawn` the ids whose pixels
    are in this frame (fewer where a face is out of the picture). `plate_sha256` is the
    likeness-px1 digest of the plate as read; `track_sha256` of the track document. `device` tells
    what computed it (`{"provider": ..., "name": ...}`), never a host.
    """

    frame: Frame
    number: int
    request: Request
    steps: tuple[tuple[Step, Node], ...]
    plate_sha256: str
    identities: Mapping[str, Identity]
    drawn: frozenset[str]
    models: tuple[ModelRecord, ...] = ()
    track_sha256: str = ""
    device: Mapping[str, str] = field(default_factory=dict)
    changed_rows: tuple[int, int] | None = None  # see `write_frame`; None: any may have changed


@dataclass(frozen=True)
class Delivered:
    """A frame on disk, signed."""

    path: Path
    pixels: PixelDigest
    record: FrameRecord
    keyid: str


def clear_to_run(request: Request, number: int = 0) -> tuple[Grant, ...]:
    """Return the grants that cover a request, before any pixel is computed.

    `number` is the frame whose parameters count. ConsentError lists all that is not covered;
    ParameterError says where the request is unsound.
    """
    if problems := request.problems():
        raise ParameterError("The request is unsound:\n" + "\n".join(problems))
    uses: dict[str, list[str]] = {}
    for identity_id, use in _uses(request, number):
        uses.setdefault(identity_id, []).append(use)
    grants, refused = [], []
    for identity_id, wanted in uses.items():
        try:
            grants.append(_grant(identity_id, tuple(dict.fromkeys(wanted)), request.show))
        except (ConsentError, SignatureError) as error:
            refused.append(str(error))
    if refused:
        raise ConsentError("\n".join(refused))
    return tuple(grants)


def deliver(delivery: Delivery, destination: str | os.PathLike[str]) -> Delivered:
    """Write a frame to `destination` (.exr), signed; the one door through which frames leave.

    ConsentError where any likeness of the request is not covered now, or is not the one that was
    drawn; ParameterError where what ran is not what the request says; FrameError where the file
    cannot be written; SignatureError where there is no key to sign with. On any of them no file
    appears, and one that was there stays as it was.
    """
    path, output = Path(destination), delivery.request.output
    if path.suffix.lower() != ".exr":
        raise ParameterError(f"The output {path} is no .exr; only EXR carries the signed record.")
    sign = _Signer(delivery, _cleared(delivery), path.name, signing_key())
    frame = _without_claims(delivery.frame)
    if _bits_survive(frame, output.compression, output.pixel_type):
        pixels = hash_frame(frame)
        record, attributes = sign(pixels)
        write_frame(
            frame,
            path,
            compression=output.compression,
            attributes=attributes,
            changed_rows=delivery.changed_rows,
        )
    else:
        with _unsigned(path) as hidden:
            write_frame(frame, hidden, compression=output.compression, pixel_type=output.pixel_type)
            pixels = hash_frame(read_frame(hidden, delivery.number))
            record, attributes = sign(pixels)
            set_attributes(hidden, attributes)
    return Delivered(path, pixels, record, sign.key.keyid)


@dataclass(frozen=True)
class _Signer:
    """What is said of a frame once its pixels' digest is known."""

    delivery: Delivery
    grants: tuple[Grant, ...]
    file_name: str
    key: SigningKey

    def __call__(self, pixels: PixelDigest) -> tuple[FrameRecord, dict[str, str]]:
        """Return the record, and the header attributes with the signed statement."""
        made = self.delivery
        record = make_record(
            made.request,
            made.number,
            steps=made.steps,
            pixels=pixels,
            plate_sha256=made.plate_sha256,
            track_sha256=made.track_sha256,
            grants=self.grants,
            drawn=made.drawn,
            models=made.models,
            device=made.device,
        )
        statement = make_statement(record, file_name=self.file_name, pixels=pixels)
        envelope = seal(canonical_json(statement), PAYLOAD_TYPE, self.key)
        return record, {**echoes(record), ENVELOPE: envelope}


def _cleared(delivery: Delivery) -> tuple[Grant, ...]:
    """Return the grants of a frame, checked now; ConsentError names frame and shot."""
    try:
        grants = clear_to_run(delivery.request, delivery.number)
        _check_steps(delivery)
        _check_drawn(delivery, grants)
    except ConsentError as error:
        raise ConsentError(
            f"Frame {delivery.number} of {delivery.request.shot} was not written. {error}"
        ) from error
    return grants


def _check_steps(delivery: Delivery) -> None:
    """Raise ParameterError unless what ran are steps of the request as they are at this frame."""
    for step, node in delivery.steps:
        if step not in delivery.request.steps or node != resolve_step(step, delivery.number):
            raise ParameterError(
                f"Frame {delivery.number} of {delivery.request.shot} was not written: the step "
                f"{step.name!r} ran with other settings than the request has. Start the run again."
            )


def _check_drawn(delivery: Delivery, grants: tuple[Grant, ...]) -> None:
    """Raise ConsentError unless what was drawn is what was asked for and what the store has."""
    asked = {grant.identity.document.id: grant.identity.document for grant in grants}
    if foreign := sorted((delivery.drawn | delivery.identities.keys()) - asked.keys()):
        raise ConsentError(
            f"It was made with {', '.join(foreign)}, whom the request does not name. "
            "Name them in a node, so that their consent is checked."
        )
    for identity_id in sorted(delivery.drawn):
        if delivery.identities.get(identity_id) != asked[identity_id]:
            raise ConsentError(
                f'The identity "{identity_id}" is not the one that was drawn: it was changed or '
                "exchanged since the run began. Start the run again."
            )


def _uses(request: Request, number: int) -> Iterator[tuple[str, str]]:
    """Yield each likeness the request's nodes name at a frame, and the use they make of it."""
    for step in request.steps:
        node = resolve_step(step, number)
        for name, parameter in node.parameters().items():
            if parameter.kind != "identity":
                continue
            if not getattr(node, name):
                raise ParameterError(f"The step {step.name!r} names no {name}; say whose face.")
            if step.node not in USES:
                raise ConsentError(
                    f"The step {step.name!r} uses a likeness for {step.node!r}, "
                    f"which no consent can grant; known uses are {', '.join(USES)}."
                )
            yield str(getattr(node, name)), step.node


def _grant(identity_id: str, uses: tuple[str, ...], show: str) -> Grant:
    identity = load_identity(identity_id)
    consents = [check_consent(identity.document, use, show=show) for use in uses]
    return Grant(identity, consents[0], uses)


def _without_claims(frame: Frame) -> Frame:
    """Return the frame without the records of upstream frames; pixels are shared, not copied."""
    parts = [
        replace(part, header={n: a for n, a in part.header.items() if not n.startswith(PREFIX)})
        for part in frame.parts
    ]
    return replace(frame, parts=parts)


def _bits_survive(frame: Frame, compression: str, pixel_type: str) -> bool:
    """Say whether a reader will get the very samples that are in memory."""
    return not pixel_type and all(
        lossless(compression or kept_compression(part)) for part in frame.parts
    )


@contextmanager
def _unsigned(path: Path) -> Iterator[Path]:
    """Yield a hidden name beside `path`; the file there becomes `path` at the end, or goes.

    The name does not vary, so what a killed run leaves is written over by the next one.
    """
    hidden = path.with_name(f".{path.name}.unsigned.exr")
    try:
        yield hidden
        os.replace(hidden, path)
    except BaseException as error:
        with suppress(OSError):
            hidden.unlink()
        if isinstance(error, OSError) and not isinstance(error, LikenessError):
            raise FrameError(f"{path} was not written: {error.strerror}.") from error
        raise
