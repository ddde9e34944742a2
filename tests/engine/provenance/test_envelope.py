"""DSSE: what is signed, and that others can read it."""

from __future__ import annotations

import base64
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from likeness.errors import SignatureError
from likeness_engine.provenance.envelope import (
    UntrustedKey,
    open_envelope,
    pre_authentication,
    seal,
)
from likeness_engine.provenance.keys import signing_key
from likeness_engine.provenance.trust import Trust, TrustedKey, machine_trust


def test_what_is_signed_is_the_example_of_the_standard():
    # protocol.md of secure-systems-lab/dsse, Test Vectors
    expected = b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    assert pre_authentication("http://example.com/HelloWorld", b"hello world") == expected


def test_lengths_count_bytes_and_not_characters():
    assert pre_authentication("é", "人".encode()) == "DSSEv1 2 é 3 人".encode()


def test_a_reader_that_knows_only_the_standard_can_prove_it(home):
    key = signing_key()
    rows = json.loads(seal(b'{"a": 1}', "application/x", key))
    body = base64.standard_b64decode(rows["payload"])
    signature = base64.standard_b64decode(rows["signatures"][0]["sig"])
    signed = b"DSSEv1 13 application/x 8 " + body
    Ed25519PublicKey.from_public_bytes(key.public).verify(signature, signed)
    assert rows["payloadType"] == "application/x" and body == b'{"a": 1}'
    assert rows["signatures"][0]["keyid"] == key.keyid


def test_an_envelope_is_one_line_of_ascii(home):
    text = seal("é\n人".encode(), "application/x", signing_key())
    assert text.isascii() and "\n" not in text


def test_the_machine_opens_what_it_sealed(home):
    text = seal(b"payload", "application/x", signing_key())
    opened = open_envelope(text, "application/x", machine_trust())
    assert opened.payload == b"payload"
    assert [signer.owner for signer in opened.signers] == ["this machine"]


def test_nobody_trusted_is_an_error_of_its_own(home):
    text = seal(b"payload", "application/x", signing_key())
    with pytest.raises(UntrustedKey, match=signing_key().keyid[:16]):
        open_envelope(text, "application/x", Trust())


def test_loose_base64_is_refused(home):
    rows = json.loads(seal(b"payload", "application/x", signing_key()))
    rows["payload"] = rows["payload"][:4] + "\n" + rows["payload"][4:]
    with pytest.raises(SignatureError, match="malformed"):
        open_envelope(json.dumps(rows), "application/x", machine_trust())


def test_two_trusted_signers_are_both_named(home):
    key = signing_key()
    rows = json.loads(seal(b"payload", "application/x", key))
    rows["signatures"] *= 2
    trust = Trust((TrustedKey(key.public.hex(), "ws7"),))
    opened = open_envelope(json.dumps(rows), "application/x", trust)
    assert [signer.owner for signer in opened.signers] == ["ws7", "ws7"]
