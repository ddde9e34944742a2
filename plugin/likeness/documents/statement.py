"""What a frame says of itself: an in-toto Statement v1 whose predicate is a FrameRecord.

The statement is signed (DSSE, Ed25519) and lies in the EXR attribute `likeness:dsse`. It holds no
names, no paths and no hosts: ids are pseudonyms, files are told apart by digests.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from likeness.documents.base import Document

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://likeness.example/provenance/frame/v1"
PAYLOAD_TYPE = "application/vnd.in-toto+json"
# A private name, so that nobody takes the hash of decoded pixels for the hash of a file.
PIXEL_DIGEST = "likenessPx1-sha256"

# What makes a frame's pixels, in the words of IPTC (cv.iptc.org/newscodes/digitalsourcetype).
# "composite" is a mix of elements of any kind; the other also says that a trained net painted some.
COMPOSITE = "http://cv.iptc.org/newscodes/digitalsourcetype/composite"
COMPOSITE_WITH_NET = (
    "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
)

# EXR attributes: the record, and short echoes for people that no verifier trusts.
ENVELOPE, ID_ECHO, STATUS_ECHO, AI_ECHO = (
    "likeness:dsse",
    "likeness:id",
    "likeness:status",
    "likeness:ai",
)


@dataclass(frozen=True)
class IdentityRecord:
    """A likeness the request may use. `drawn`: this frame has pixels of it."""

    id: str
    sha256: str  # of the identity document
    consent: str
    uses: tuple[str, ...]
    drawn: bool


@dataclass(frozen=True)
class ConsentRecord:
    """A consent as it stood when the frame was signed."""

    id: str
    sha256: str  # of the consent document
    kind: str


@dataclass(frozen=True)
class ModelRecord:
    """A model that took part; `role` is its card's (detector, mesh, swapper, ...)."""

    id: str
    sha256: str
    licence: str
    role: str


@dataclass(frozen=True)
class StepRecord:
    """One node with every parameter as it was at this frame."""

    name: str
    node: str
    parameters: dict[str, Any]
    plate: str = ""  # name of the step it took its plate from; empty: the plate itself


@dataclass(frozen=True)
class PartRecord:
    """One part of a multi-part file."""

    name: str
    sha256: str  # likeness-px1


@dataclass(frozen=True)
class FrameRecord(Document):
    """The predicate: what was done to make this frame, whose face it is, who consented."""

    schema: ClassVar[str] = "likeness.frame.1"

    show: str
    shot: str
    frame: int
    signed_at: str  # UTC
    not_for_release: bool  # some consent is for evaluation only
    plate_sha256: str  # likeness-px1 of the plate
    request_sha256: str
    software: dict[str, str]  # package -> version
    device: dict[str, str]
    digital_source_type: str = ""  # empty: nothing was drawn, the plate's own stands
    identities: tuple[IdentityRecord, ...] = ()
    consents: tuple[ConsentRecord, ...] = ()
    models: tuple[ModelRecord, ...] = ()
    steps: tuple[StepRecord, ...] = ()
    track_sha256: str = ""
    parts: tuple[PartRecord, ...] = field(default=())  # only where there is more than one
