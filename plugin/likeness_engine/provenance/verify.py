"""The verifier: does a frame's record hold, and is the frame still the one it speaks of?"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from likeness.documents.statement import (
    ENVELOPE,
    PAYLOAD_TYPE,
    PIXEL_DIGEST,
    PREDICATE_TYPE,
    STATEMENT_TYPE,
)
from likeness.errors import FrameError, SignatureError
from likeness_engine.io.container import Container, read_container, serialise
from likeness_engine.io.files import read_frame
from likeness_engine.provenance.envelope import UntrustedKey, open_envelope, read_json
from likeness_engine.provenance.pixels import PixelDigest, hash_frame
from likeness_engine.provenance.trust import Trust, machine_trust

VALID, DERIVED, UNSIGNED = "valid", "derived", "unsigned"
BAD_SIGNATURE, UNTRUSTED_KEY, UNREADABLE = "bad-signature", "untrusted-key", "unreadable"
STATES = (VALID, DERIVED, UNSIGNED, UNTRUSTED_KEY, BAD_SIGNATURE, UNREADABLE)


@dataclass(frozen=True)
class Verification:
    """What is known of one file. `statement` is there where its signature holds."""

    path: str
    state: str
    detail: str  # a sentence for people
    statement: dict[str, Any] | None = None
    owner: str = ""  # of the key that signed
    keyid: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the row that `likeness verify --json` prints."""
        predicate = (self.statement or {}).get("predicate", {})
        return {
            "path": self.path,
            "state": self.state,
            "detail": self.detail,
            "owner": self.owner,
            "keyid": self.keyid,
            "not_for_release": bool(predicate.get("not_for_release", False)),
            "statement": self.statement,
        }


@dataclass(frozen=True)
class Claim:
    """A statement whose signature holds, before the pixels are asked."""

    statement: dict[str, Any]
    owner: str
    keyid: str

    @property
    def sha256(self) -> str:
        return str(self.statement["subject"][0]["digest"][PIXEL_DIGEST])


def verify(path: str | os.PathLike[str], trust: Trust | None = None) -> Verification:
    """Return the state of one EXR file.

    valid: the signature holds and the pixels are those that were signed. derived: the signature
    holds, but the record came along from another picture, as happens in every comp. unsigned,
    untrusted-key, bad-signature, unreadable: as they say. Decodes pixels only where the signature
    holds. Where parts carry different records, all of them must hold.
    """
    place, known = str(path), machine_trust() if trust is None else trust
    try:
        texts = read_envelopes(path)
        claims = [read_claim(text, known) for text in texts]
        if not claims:
            return Verification(place, UNSIGNED, "It carries no record.")
        pixels = hash_frame(read_frame(path))
    except UntrustedKey as error:
        return Verification(place, UNTRUSTED_KEY, str(error))
    except SignatureError as error:
        return Verification(place, BAD_SIGNATURE, str(error))
    except FrameError as error:
        return Verification(place, UNREADABLE, str(error))
    return _held_against(place, claims, pixels)


def read_claim(text: str, trust: Trust) -> Claim:
    """Return what an envelope claims, proven; SignatureError or UntrustedKey otherwise."""
    opened = open_envelope(text, PAYLOAD_TYPE, trust)
    statement = _statement(opened.payload)
    signed_at = str(statement["predicate"]["signed_at"])
    for signer in opened.signers:
        if refusal := signer.refusal(signed_at):
            raise UntrustedKey(f"The signature does not count: {refusal}.")
    return Claim(statement, opened.signers[0].owner, opened.signers[0].keyid)


def read_envelopes(path: str | os.PathLike[str]) -> list[str]:
    """Return the different `likeness:dsse` texts of all parts, header only, unproven.

    FrameError where it is no sound EXR; SignatureError where a header says an attribute twice, so
    that two readers may see two records, or the record is of another type than string.
    """
    try:
        with open(path, "rb") as file:
            found = read_container(file, path)
    except OSError as error:
        raise FrameError(f"{path} cannot be read: {error.strerror}.") from error
    if _repeats(found):
        raise SignatureError("Its header says an attribute twice; a reader may see either.")
    held = [header[ENVELOPE] for header in found.headers if ENVELOPE in header]
    if any(attribute.kind != "string" for attribute in held):
        raise SignatureError(f"Its {ENVELOPE} is not a string.")
    return list(dict.fromkeys(str(attribute.value) for attribute in held))


def verify_paths(
    paths: Sequence[str | os.PathLike[str]],
    progress: Callable[[int, int], None] | None = None,
    *,
    trust: Trust | None = None,
    threads: int = 0,
) -> Iterator[Verification]:
    """Yield the state of every file, in order, checking a few at a time.

    `paths` are files (see `expand` for folders and patterns); `progress` is told (done, of);
    `threads` 0 takes two a core, at most 8: one decodes while the other hashes.
    """
    known = machine_trust() if trust is None else trust
    workers = threads or min(8, 2 * (os.cpu_count() or 1))
    with ThreadPoolExecutor(workers) as pool:
        # Only a few ahead: each holds a decoded frame.
        waiting = [pool.submit(verify, path, known) for path in paths[: 2 * workers]]
        for index in range(len(paths)):
            row = waiting[index].result()
            if index + 2 * workers < len(paths):
                waiting.append(pool.submit(verify, paths[index + 2 * workers], known))
            if progress:
                progress(index + 1, len(paths))
            yield row


@dataclass
class Summary:
    """How many files are in each state."""

    counts: dict[str, int] = field(default_factory=dict)
    not_for_release: int = 0

    def add(self, row: Verification) -> None:
        """Count one file."""
        self.counts[row.state] = self.counts.get(row.state, 0) + 1
        self.not_for_release += bool(row.to_json()["not_for_release"])

    @property
    def all_valid(self) -> bool:
        return set(self.counts) == {VALID}

    def line(self) -> str:
        """Return one line: "48 frames: 46 valid, 2 derived; 46 not for release"."""
        total = sum(self.counts.values())
        told = [f"{self.counts[state]} {state}" for state in STATES if self.counts.get(state)]
        tail = f"; {self.not_for_release} not for release" if self.not_for_release else ""
        return f"{total} frame{'' if total == 1 else 's'}: {', '.join(told) or 'none'}{tail}"


def summarise(rows: Iterable[Verification]) -> Summary:
    """Count states over rows."""
    summary = Summary()
    for row in rows:
        summary.add(row)
    return summary


def _held_against(place: str, claims: Sequence[Claim], pixels: PixelDigest) -> Verification:
    strays = [claim for claim in claims if claim.sha256 != pixels.sha256]
    claim = (strays or claims)[0]
    facts = (claim.statement, claim.owner, claim.keyid)
    subject = claim.statement["subject"][0].get("name", "another file")
    if strays:
        detail = f"Signed by {claim.owner}, but for other pixels: the record is that of {subject}"
        return Verification(place, DERIVED, f"{detail}{_changed_parts(claim, pixels)}.", *facts)
    return Verification(place, VALID, f"Signed by {claim.owner}; the pixels are those.", *facts)


def _changed_parts(claim: Claim, pixels: PixelDigest) -> str:
    listed = claim.statement["predicate"].get("parts", [])
    signed = {row["name"]: row["sha256"] for row in listed}
    changed = [name for name, sha256 in pixels.parts if signed.get(name) not in (None, sha256)]
    return f" (changed parts: {', '.join(changed)})" if changed else ""


def _statement(payload: bytes) -> dict[str, Any]:
    """Return the payload as a statement about one frame; SignatureError where it is none."""
    rows = read_json(payload)
    try:
        right = (
            rows["_type"] == STATEMENT_TYPE
            and rows["predicateType"] == PREDICATE_TYPE
            and len(rows["subject"]) == 1
            and isinstance(rows["subject"][0]["digest"][PIXEL_DIGEST], str)
            and isinstance(rows["predicate"]["signed_at"], str)
        )
    except (KeyError, TypeError, IndexError):
        right = False
    if not right:
        raise SignatureError("What was signed is not a record of a frame.")
    found: dict[str, Any] = rows
    return found


def _repeats(found: Container) -> bool:
    # A name said twice collapses in the parsed header, so writing it again gives fewer bytes.
    return len(serialise(found.version, found.headers)) != found.end
