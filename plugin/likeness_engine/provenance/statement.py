"""Build what a frame says of itself from what was run. No names, no paths, no hosts."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import likeness
from likeness.documents.consent import Consent
from likeness.documents.identity import Identity
from likeness.documents.request import Request, Step
from likeness.documents.statement import (
    AI_ECHO,
    COMPOSITE,
    COMPOSITE_WITH_NET,
    ID_ECHO,
    PIXEL_DIGEST,
    PREDICATE_TYPE,
    STATEMENT_TYPE,
    STATUS_ECHO,
    ConsentRecord,
    FrameRecord,
    IdentityRecord,
    ModelRecord,
    PartRecord,
    StepRecord,
)
from likeness.nodes import Node
from likeness_engine.provenance import clock
from likeness_engine.provenance.pixels import PixelDigest
from likeness_engine.provenance.sealed import Sealed, document_digest

# Nets that only look. A net of any other role is taken to have painted pixels.
LOOKING_ROLES = frozenset({"detector", "mesh", "iris", "embedding", "classifier"})

_PACKAGES = ("numpy", "opencv-python-headless", "OpenEXR", "opencolorio", "numba")
_RUNTIMES = ("onnxruntime-gpu", "onnxruntime")  # two packages of one runtime; one is installed


@dataclass(frozen=True)
class Grant:
    """A likeness the request may use, for what, and the consent that covers it."""

    identity: Sealed[Identity]
    consent: Sealed[Consent]
    uses: tuple[str, ...]


def make_record(
    request: Request,
    number: int,
    *,
    steps: Iterable[tuple[Step, Node]],
    pixels: PixelDigest,
    plate_sha256: str,
    track_sha256: str,
    grants: Sequence[Grant],
    drawn: Iterable[str],
    models: Iterable[ModelRecord],
    device: Mapping[str, str],
) -> FrameRecord:
    """Return the record of one frame.

    `steps` are those that ran, with their nodes as resolved for this frame; `drawn` the identities
    whose pixels are in it.
    """
    seen, used = frozenset(drawn), tuple(models)
    consents = {g.consent.document.id: g.consent for g in grants}
    return FrameRecord(
        show=request.show,
        shot=request.shot,
        frame=number,
        signed_at=clock.moment_text(clock.now()),
        not_for_release=any(c.document.kind == "evaluation" for c in consents.values()),
        plate_sha256=plate_sha256,
        request_sha256=document_digest(request),
        track_sha256=track_sha256,
        software=software(),
        device={"system": f"{platform.system()} {platform.machine()}", **device},
        digital_source_type=source_type(used) if seen else "",
        identities=tuple(_identity_record(g, seen) for g in grants),
        consents=tuple(
            ConsentRecord(c.document.id, c.sha256, c.document.kind) for c in consents.values()
        ),
        models=used,
        steps=tuple(
            StepRecord(step.name, step.node, _parameters(node), step.plate) for step, node in steps
        ),
        parts=tuple(PartRecord(*p) for p in pixels.parts) if len(pixels.parts) > 1 else (),
    )


def make_statement(record: FrameRecord, *, file_name: str, pixels: PixelDigest) -> dict[str, Any]:
    """Return the in-toto Statement v1 of a record; `file_name` has no folder."""
    return {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": file_name, "digest": {PIXEL_DIGEST: pixels.sha256}}],
        "predicateType": PREDICATE_TYPE,
        "predicate": record.to_json(),
    }


def source_type(models: Iterable[ModelRecord]) -> str:
    """Return the IPTC digital source type of a frame that a likeness was drawn into.

    IPTC keeps compositeSynthetic and compositeWithTrainedAlgorithmicMedia for generative nets.
    Drawing a person's own photographs paints with none, and whether the plate was captured or
    rendered is not known here: that is a `composite`, elements of any kind.
    """
    painted = any(model.role not in LOOKING_ROLES for model in models)
    return COMPOSITE_WITH_NET if painted else COMPOSITE


def echoes(record: FrameRecord) -> dict[str, str]:
    """Return the short plain attributes for people; a verifier never reads them.

    `likeness:ai` is "1" where a face was put in: a manipulated likeness is marked whether or not a
    net painted it (EU AI Act, Art. 50).
    """
    drawn = [identity.id for identity in record.identities if identity.drawn]
    return {
        ID_ECHO: ",".join(drawn) or "none",
        STATUS_ECHO: _status(record, drawn),
        AI_ECHO: "1" if drawn else "0",
    }


@lru_cache(maxsize=1)
def software() -> dict[str, str]:
    """Return the versions of what decides pixels."""
    found = {"likeness": likeness.__version__, "python": platform.python_version()}
    for name in (*_PACKAGES, *_RUNTIMES):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            if name in _PACKAGES:
                found[name] = "unknown"
    return found


def _status(record: FrameRecord, drawn: Sequence[str]) -> str:
    if record.not_for_release:
        return "not for release"
    if not drawn:
        return "no likeness in this frame"
    kinds = {consent.kind for consent in record.consents}
    return "synthetic likeness" if kinds == {"synthetic"} else "consented likeness"


def _identity_record(grant: Grant, drawn: frozenset[str]) -> IdentityRecord:
    identity = grant.identity.document
    return IdentityRecord(
        identity.id, grant.identity.sha256, identity.consent, grant.uses, identity.id in drawn
    )


def _parameters(node: Node) -> dict[str, Any]:
    return {name: _told(getattr(node, name)) for name in node.parameters()}


def _told(value: Any) -> Any:
    """Return a parameter as the record tells it; a text that may be a path, by its digest."""
    if isinstance(value, str) and ("/" in value or "\\" in value):
        return {"withheld_sha256": hashlib.sha256(value.encode()).hexdigest()}
    return value
