"""Documents that must not be edited behind the tool's back: readable JSON with a signature in it.

The file is the document with one more member, `seal`: a DSSE envelope around the digest of all the
others. Whoever edits the file breaks the seal; whoever reads it needs no tool. One file, replaced
whole, so a reader never sees a document without its own seal. Consents and identities lie so.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Generic, TypeVar

from likeness.documents.base import Document, canonical_json, write_text
from likeness.errors import FrameError, SignatureError
from likeness_engine.provenance import clock
from likeness_engine.provenance.envelope import open_envelope, read_json, seal
from likeness_engine.provenance.keys import signing_key
from likeness_engine.provenance.trust import Trust, check_signer

D = TypeVar("D", bound=Document)

SEAL_TYPE = "application/vnd.likeness.seal+json"
_SCHEMA = "likeness.seal.1"


@dataclass(frozen=True)
class Sealed(Generic[D]):
    """A document whose seal holds, and its digest."""

    document: D
    sha256: str


def document_digest(document: Document) -> str:
    """Return sha256 of a document's canonical JSON, in hexadecimal."""
    return hashlib.sha256(canonical_json(document.to_json())).hexdigest()


def save_sealed(document: Document, path: Path) -> str:
    """Write a document with this user's seal, readable by its owner only; returns its digest."""
    digest = document_digest(document)
    claim = {"schema": _SCHEMA, "sealed_at": clock.moment_text(clock.now()), "sha256": digest}
    envelope = seal(canonical_json(claim), SEAL_TYPE, signing_key())
    rows = {**document.to_json(), "seal": json.loads(envelope)}
    make_private_folder(path.parent)
    # A member a line: a face has 468 points, and a line for each number hides the rest.
    lines = [f" {json.dumps(k)}: {json.dumps(v, ensure_ascii=False)}" for k, v in rows.items()]
    write_text(path, "{\n" + ",\n".join(lines) + "\n}\n", owner_only=True)
    return digest


def make_private_folder(path: Path) -> None:
    """Make a folder that only its owner may enter; FrameError where that cannot be."""
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise FrameError(
            f"The folder {path} cannot be made: {error.strerror}. Set LIKENESS_HOME to a folder "
            "that you may write to."
        ) from error


def load_sealed(kind: type[D], path: Path, trust: Trust) -> Sealed[D]:
    """Read a document and prove its seal, afresh on every call.

    OSError where the file cannot be read; ParameterError where the document is unsound;
    SignatureError where it has no seal, was edited after it was sealed, or its signer is not
    trusted.
    """
    parse: Any = _parse  # mypy takes a type for unhashable here
    document, digest, envelope = parse(kind, path.read_bytes())
    opened = open_envelope(envelope, SEAL_TYPE, trust)
    claim = read_json(opened.payload)
    if not isinstance(claim, dict) or claim.get("schema") != _SCHEMA:
        raise SignatureError("Its seal is of a kind that is not known here.")
    if claim.get("sha256") != digest:
        raise SignatureError("It was edited after it was sealed.")
    for signer in opened.signers:
        check_signer(signer, str(claim.get("sealed_at")))
    return Sealed(document, digest)


# Keyed by the file's own bytes, so an edit on disk is always seen.
@lru_cache(maxsize=64)
def _parse(kind: Any, raw: bytes) -> tuple[Any, str, str]:
    rows = read_json(raw)
    if not isinstance(rows, dict) or not isinstance(rows.get("seal"), dict):
        raise SignatureError("It has no seal.")
    envelope = json.dumps(rows.pop("seal"))
    document = kind.from_json(rows)
    return document, hashlib.sha256(canonical_json(rows)).hexdigest(), envelope
