"""Whose signatures count: the trust file, and this machine's own key."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from likeness.documents.base import Document
from likeness.errors import SignatureError
from likeness.places import state_home
from likeness_engine.provenance import clock
from likeness_engine.provenance.keys import key_id, load_key, signing_key_path

OWN = "this machine"


@dataclass(frozen=True)
class TrustedKey:
    """A public key and the time in which its signatures count; an empty bound is open."""

    public_key: str  # 64 hexadecimal digits: the raw Ed25519 key
    owner: str
    not_before: str = ""
    not_after: str = ""
    revoked_at: str = ""

    @property
    def keyid(self) -> str:
        return key_id(bytes.fromhex(self.public_key))

    def refusal(self, signed_at: str) -> str:
        """Return why a signature that says it was made at `signed_at` does not count, or "".

        A key that is retired gets `not_after`. A revoked key is a stolen key: whoever has it also
        writes any date he likes, so from that moment none of its signatures count.
        """
        if self.revoked_at and clock.parse_moment(self.revoked_at) <= clock.now():
            return f"the key of {self.owner} was revoked on {self.revoked_at}"
        if not signed_at or not _is_moment(signed_at):
            return f"it says that it was signed at {signed_at[:40]!r}, which is no moment"
        moment = clock.parse_moment(signed_at)
        if self.not_before and moment < clock.parse_moment(self.not_before):
            return f"the key of {self.owner} was not yet valid at {signed_at}"
        if self.not_after and moment >= _end(self.not_after):
            return f"the key of {self.owner} was no longer valid at {signed_at}"
        return ""


@dataclass(frozen=True)
class Trust(Document):
    """The trusted keys of a studio or a machine."""

    schema: ClassVar[str] = "likeness.trust.1"

    keys: tuple[TrustedKey, ...] = ()

    def problems(self) -> list[str]:
        found = []
        for index, key in enumerate(self.keys):
            if len(key.public_key) != 64 or set(key.public_key) - set("0123456789abcdef"):
                found.append(f"keys[{index}].public_key must be 64 hexadecimal digits.")
            for name in ("not_before", "not_after", "revoked_at"):
                if not _is_moment(getattr(key, name)):
                    found.append(f"keys[{index}].{name} is {getattr(key, name)!r}; use ISO dates.")
        keyids = [key.public_key for key in self.keys]
        found.extend(f"{k} is listed twice." for k in {k for k in keyids if keyids.count(k) > 1})
        return found

    def find(self, keyid: str) -> TrustedKey | None:
        """Return the key with this id, or None."""
        return next((key for key in self.keys if key.keyid == keyid), None)


def trust_path() -> Path:
    """Return where this machine's trust file lies (it may not exist)."""
    return state_home() / "keys" / "trust.json"


def machine_trust() -> Trust:
    """Return the keys of this machine's trust file and its own key.

    A line in the file wins over the built-in trust in the own key, so a machine can be told that
    its key is retired. Makes no key. ParameterError where the file is unsound.
    """
    path = trust_path()
    listed = Trust.load(path) if path.exists() else Trust()
    if not signing_key_path().exists():
        return listed
    own = load_key(signing_key_path()).public.hex()
    if any(key.public_key == own for key in listed.keys):
        return listed
    return replace(listed, keys=(*listed.keys, TrustedKey(own, OWN)))


def check_signer(key: TrustedKey, signed_at: str) -> None:
    """Raise SignatureError where the key's signature of that moment does not count."""
    if refusal := key.refusal(signed_at):
        raise SignatureError(f"The signature does not count: {refusal}.")


def _end(text: str) -> datetime:
    """Return the moment; a bare date counts to the end of its day."""
    moment = clock.parse_moment(text)
    return (
        moment.replace(hour=23, minute=59, second=59, microsecond=999999)
        if len(text) == 10
        else moment
    )


def _is_moment(text: str) -> bool:
    try:
        return not text or bool(clock.parse_moment(text))
    except ValueError:
        return False
