"""Signed envelopes: DSSE v1 with Ed25519.

Source: github.com/secure-systems-lab/dsse, protocol.md and envelope.md. Any DSSE reader (cosign,
in-toto, securesystemslib) opens what is sealed here: standard base64, keyid is sha256 of the raw
public key. This reader is stricter than the standard asks: one text has one meaning, so unknown or
repeated members, loose base64 and foreign payload types are refused.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from likeness.errors import SignatureError
from likeness_engine.provenance.keys import SigningKey
from likeness_engine.provenance.trust import Trust, TrustedKey

MAX_CHARS = 1 << 20  # a frame's statement takes about 5,000; more than this is not one of ours
MAX_SIGNATURES = 16


class UntrustedKey(SignatureError):
    """An envelope that no trusted key signed; whether it holds cannot be known."""


@dataclass(frozen=True)
class Opened:
    """A payload that at least one trusted key signed, and those keys."""

    payload: bytes
    signers: tuple[TrustedKey, ...]


@dataclass(frozen=True)
class Envelope:
    """An envelope as read, before anybody believes it."""

    payload_type: str
    payload: bytes
    signatures: tuple[tuple[str, bytes], ...]  # keyid, signature


def seal(payload: bytes, payload_type: str, key: SigningKey) -> str:
    """Return the envelope as one line of ASCII JSON."""
    signature = key.sign(pre_authentication(payload_type, payload))
    return json.dumps(
        {
            "payloadType": payload_type,
            "payload": base64.b64encode(payload).decode(),
            "signatures": [{"keyid": key.keyid, "sig": base64.b64encode(signature).decode()}],
        },
        separators=(",", ":"),
    )


def pre_authentication(payload_type: str, payload: bytes) -> bytes:
    """Return the bytes that are signed (DSSE's PAE): the type and its length are part of them."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def open_envelope(text: str, payload_type: str, trust: Trust) -> Opened:
    """Return the payload once it is proven.

    Every signature by a trusted key must hold and there must be at least one; signatures by keys
    that are not trusted count for nothing. UntrustedKey where there is none by a trusted key,
    SignatureError where the envelope is malformed, of another type, or a signature does not hold.
    """
    envelope = read_envelope(text)
    if envelope.payload_type != payload_type:
        raise SignatureError(
            f"The envelope holds {envelope.payload_type[:80]!r}, not {payload_type!r}."
        )
    signed = pre_authentication(payload_type, envelope.payload)
    signers = []
    for keyid, signature in envelope.signatures:
        key = trust.find(keyid)
        if key is None:
            continue
        try:
            Ed25519PublicKey.from_public_bytes(bytes.fromhex(key.public_key)).verify(
                signature, signed
            )
        except InvalidSignature as error:
            raise SignatureError(
                f"The signature in the name of {key.owner} does not hold: the record was altered, "
                "or somebody else signed it."
            ) from error
        signers.append(key)
    if not signers:
        named = ", ".join(keyid[:16] for keyid, _ in envelope.signatures)
        raise UntrustedKey(
            f"No trusted key signed this; it names the key {named}. If you know whose it is, add "
            "its public key to the trust file."
        )
    return Opened(envelope.payload, tuple(signers))


def read_envelope(text: str) -> Envelope:
    """Return an envelope's members, unproven; SignatureError where it is malformed."""
    if len(text) > MAX_CHARS:
        raise SignatureError(
            f"The envelope has {len(text)} characters; at most {MAX_CHARS} are read."
        )
    rows = read_json(text)
    try:
        _exactly(rows, {"payloadType", "payload", "signatures"})
        signatures = rows["signatures"]
        if not isinstance(signatures, list) or not 0 < len(signatures) <= MAX_SIGNATURES:
            raise ValueError(f"signatures must be a list of 1 to {MAX_SIGNATURES}")
        return Envelope(
            _text(rows["payloadType"]),
            base64.b64decode(_text(rows["payload"]), validate=True),
            tuple(_signature(row) for row in signatures),
        )
    except (ValueError, binascii.Error) as error:
        raise SignatureError(f"The envelope is malformed: {error}.") from error


def read_json(text: str | bytes) -> Any:
    """Return JSON data with no member said twice and no NaN; SignatureError otherwise."""
    try:
        return json.loads(text, object_pairs_hook=_members, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise SignatureError(f"The record is not sound JSON: {error}.") from error


def _signature(row: Any) -> tuple[str, bytes]:
    _exactly(row, {"keyid", "sig"})
    return _text(row["keyid"]), base64.b64decode(_text(row["sig"]), validate=True)


def _exactly(rows: Any, names: set[str]) -> None:
    if not isinstance(rows, dict) or set(rows) != names:
        raise ValueError(f"it must have exactly the members {', '.join(sorted(names))}")


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{str(value)[:40]!r} must be text")
    return value


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    rows = dict(pairs)
    if len(rows) != len(pairs):
        raise ValueError("a member is said twice")
    return rows


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON")
