"""Ways of making a frame say what is not so: the verifier names each."""

from __future__ import annotations

import base64
import json
from dataclasses import replace

import pytest

from likeness.documents.statement import ENVELOPE, PAYLOAD_TYPE
from likeness_engine.consent import registry
from likeness_engine.io import attributes as attr
from likeness_engine.io.container import read_container, serialise
from likeness_engine.io.files import read_frame, write_frame
from likeness_engine.io.header import read_attributes, set_attributes, splice
from likeness_engine.provenance.envelope import MAX_CHARS, seal
from likeness_engine.provenance.keys import signing_key
from likeness_engine.provenance.trust import Trust, TrustedKey, trust_path
from likeness_engine.provenance.verify import verify


def _envelope(path):
    return json.loads(read_attributes(path)[ENVELOPE])


def _put(path, envelope):
    text = envelope if isinstance(envelope, str) else json.dumps(envelope)
    set_attributes(path, {ENVELOPE: text})
    return verify(path)


def _payload(envelope):
    return json.loads(base64.b64decode(envelope["payload"]))


def _with_payload(envelope, rows):
    return {**envelope, "payload": base64.b64encode(json.dumps(rows).encode()).decode()}


def test_a_record_copied_from_another_frame_is_derived(world):
    first, second = world.deliver("a.1001.exr"), world.deliver("a.1002.exr", seed=8)
    found = _put(second, _envelope(first))
    assert found.state == "derived"
    assert "the record is that of a.1001.exr" in found.detail


def test_an_edited_payload_is_a_bad_signature(world):
    path = world.deliver()
    envelope = _envelope(path)
    rows = _payload(envelope)
    rows["predicate"]["identities"] = []
    assert _put(path, _with_payload(envelope, rows)).state == "bad-signature"


def test_a_payload_reordered_is_a_bad_signature(world):
    path = world.deliver()
    envelope = _envelope(path)
    rows = dict(reversed(list(_payload(envelope).items())))
    assert _put(path, _with_payload(envelope, rows)).state == "bad-signature"


def test_a_forged_signature_is_a_bad_signature(world):
    path = world.deliver()
    envelope = _envelope(path)
    envelope["signatures"][0]["sig"] = base64.b64encode(bytes(64)).decode()
    assert _put(path, envelope).state == "bad-signature"


def test_a_short_signature_is_a_bad_signature(world):
    path = world.deliver()
    envelope = _envelope(path)
    envelope["signatures"][0]["sig"] = base64.b64encode(bytes(63)).decode()
    assert _put(path, envelope).state == "bad-signature"


def test_another_payload_type_is_a_bad_signature(world):
    path = world.deliver()
    envelope = {**_envelope(path), "payloadType": "text/plain"}
    assert _put(path, envelope).state == "bad-signature"


def test_a_payload_type_moved_into_the_payload_is_a_bad_signature(world):
    # Lengths are part of what is signed, so bytes cannot wander over the border of two fields.
    path = world.deliver()
    envelope = _envelope(path)
    envelope["payload"] = base64.b64encode(b" " + base64.b64decode(envelope["payload"])).decode()
    assert _put(path, envelope).state == "bad-signature"


def test_a_record_signed_by_a_strangers_key_is_untrusted(world, other_machine):
    path = world.deliver()
    payload = base64.b64decode(_envelope(path)["payload"])
    with other_machine():
        forged = seal(payload, PAYLOAD_TYPE, signing_key())
    found = _put(path, forged)
    assert found.state == "untrusted-key"
    assert found.statement is None  # what it says is nobody's word


def test_a_strangers_signature_under_a_trusted_keys_id_is_a_bad_signature(world, other_machine):
    path = world.deliver()
    envelope = _envelope(path)
    with other_machine():
        forged = json.loads(
            seal(base64.b64decode(envelope["payload"]), PAYLOAD_TYPE, signing_key())
        )
    envelope["signatures"][0]["sig"] = forged["signatures"][0]["sig"]
    assert _put(path, envelope).state == "bad-signature"


def test_a_signature_under_an_unknown_keys_id_is_untrusted(world):
    path = world.deliver()
    envelope = _envelope(path)
    envelope["signatures"][0]["keyid"] = "00" * 32
    assert _put(path, envelope).state == "untrusted-key"


def test_one_bad_signature_beside_a_good_one_is_a_bad_signature(world, other_machine):
    path = world.deliver()
    envelope = _envelope(path)
    with other_machine():
        stranger = signing_key()
    trust = Trust((_key(signing_key(), "us"), _key(stranger, "them")))
    bad = {"keyid": stranger.keyid, "sig": envelope["signatures"][0]["sig"]}
    for signatures in ([envelope["signatures"][0], bad], [bad, envelope["signatures"][0]]):
        set_attributes(path, {ENVELOPE: json.dumps({**envelope, "signatures": signatures})})
        assert verify(path, trust).state == "bad-signature"


def test_a_signature_nobody_knows_beside_a_good_one_takes_nothing_away(world):
    path = world.deliver()
    envelope = _envelope(path)
    envelope["signatures"].append({"keyid": "00" * 32, "sig": base64.b64encode(bytes(64)).decode()})
    assert _put(path, envelope).state == "valid"


def test_an_envelope_without_signatures_is_a_bad_signature(world):
    path = world.deliver()
    assert _put(path, {**_envelope(path), "signatures": []}).state == "bad-signature"


def test_a_revoked_key_is_untrusted_whatever_date_it_writes(world):
    path = world.deliver()
    key = replace(_key(signing_key(), "ws7"), revoked_at="2020-01-01")
    Trust((key,)).save(trust_path())
    found = verify(path)
    assert (found.state, "was revoked" in found.detail) == ("untrusted-key", True)


def test_a_key_out_of_its_time_is_untrusted(world):
    path = world.deliver()
    late = Trust((replace(_key(signing_key(), "ws7"), not_after="2020-01-01"),))
    early = Trust((replace(_key(signing_key(), "ws7"), not_before="2090-01-01"),))
    assert verify(path, late).state == verify(path, early).state == "untrusted-key"


def test_an_oversized_envelope_is_a_bad_signature(world):
    path = world.deliver()
    found = _put(path, {**_envelope(path), "payload": "A" * MAX_CHARS})
    assert (found.state, "at most" in found.detail) == ("bad-signature", True)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not json",
        "[]",
        "null",
        "{}",
        '{"payload":1,"payloadType":"x","signatures":[]}',
        '{"payload":"%%%","payloadType":"x","signatures":[{"keyid":"","sig":""}]}',
        '{"payload":"","payloadType":"x","signatures":[7]}',
        '{"payload":"é","payloadType":"x","signatures":[{"keyid":"","sig":""}]}',
        "[" * 100_000,
        "\ud800",
    ],
)
def test_what_is_no_envelope_is_a_bad_signature(world, text):
    path = world.deliver()
    splice(path, [{ENVELOPE: attr.Attribute("string", text.encode("utf-8", "surrogatepass"))}])
    assert verify(path).state == "bad-signature"


def test_a_member_said_twice_is_a_bad_signature(world):
    path = world.deliver()
    text = read_attributes(path)[ENVELOPE]
    twice = text[:-1] + ',"payload":"' + base64.b64encode(b"{}").decode() + '"}'
    assert _put(path, twice).state == "bad-signature"


def test_a_member_more_is_a_bad_signature(world):
    path = world.deliver()
    assert _put(path, {**_envelope(path), "note": "approved"}).state == "bad-signature"


def test_an_attribute_said_twice_is_a_bad_signature(world):
    first, second = world.deliver("a.1001.exr"), world.deliver("a.1002.exr", seed=8)
    _say_twice(second, read_attributes(first)[ENVELOPE])
    found = verify(second)
    assert (found.state, "twice" in found.detail) == ("bad-signature", True)


def test_a_record_of_another_type_than_text_is_a_bad_signature(world):
    path = world.deliver()
    splice(path, [{ENVELOPE: attr.make("int", 1)}])
    assert verify(path).state == "bad-signature"


def test_a_signed_text_that_is_no_frames_record_is_a_bad_signature(world):
    path = world.deliver()
    for rows in ({}, [], {"_type": "x"}, {**_payload(_envelope(path)), "subject": []}):
        found = _put(path, seal(json.dumps(rows).encode(), PAYLOAD_TYPE, signing_key()))
        assert (found.state, "not a record of a frame" in found.detail) == ("bad-signature", True)


def test_a_consents_seal_put_into_a_frame_is_a_bad_signature(world):
    path = world.deliver()
    rows = json.loads((registry.consents_home() / "c_ana.json").read_text())
    assert _put(path, rows["seal"]).state == "bad-signature"


def test_a_record_cut_out_is_unsigned(world):
    path = world.deliver()
    frame = read_frame(path)
    del frame.parts[0].header[ENVELOPE]
    write_frame(frame, path)
    assert verify(path).state == "unsigned"


def test_echoes_for_people_do_not_count(world):
    path = world.deliver()
    set_attributes(path, {"likeness:status": "approved by legal", "likeness:ai": "0"})
    assert verify(path).state == "valid"
    assert "approved" not in json.dumps(verify(path).to_json())


def test_an_upstream_frames_record_is_not_passed_on(world):
    first = world.deliver("a.1001.exr")
    upstream = read_frame(first)
    upstream.parts[0].header["likeness:note"] = attr.text("kept by an older version")
    upstream.parts[0].channels["R"][0, 0] += 1
    second = world.deliver("b.1001.exr", frame=upstream)
    assert verify(second).state == "valid"
    assert _payload(_envelope(second)) != _payload(_envelope(first))
    assert "likeness:note" not in read_attributes(second)


def _key(key, owner):
    return TrustedKey(key.public.hex(), owner)


def _say_twice(path, text):
    """Add a second `likeness:dsse` to the header, as no writer would."""
    with open(path, "rb") as file:
        found = read_container(file, path)
        file.seek(found.end)
        tail = file.read()
    head = serialise(found.version, found.headers)
    more = b"likeness:dsse\0string\0" + len(text).to_bytes(4, "little") + text.encode()
    chunks = -(-24 // 16)
    moved = b"".join(
        (int.from_bytes(tail[8 * i : 8 * i + 8], "little") + len(more)).to_bytes(8, "little")
        for i in range(chunks)
    )
    path.write_bytes(head[:-1] + more + b"\0" + moved + tail[8 * chunks :])
