"""The signing key and the trust file."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from likeness.errors import ParameterError, SignatureError
from likeness_engine.provenance.keys import load_key, signing_key, signing_key_path
from likeness_engine.provenance.trust import (
    Trust,
    TrustedKey,
    check_signer,
    machine_trust,
    trust_path,
)

posix = pytest.mark.skipif(os.name != "posix", reason="rights are POSIX modes here")


def test_the_key_is_made_once_and_stays(home):
    first = signing_key()
    assert signing_key().public == first.public
    assert first.keyid == hashlib.sha256(first.public).hexdigest()
    assert [p.name for p in (home / "keys").iterdir()] == ["signing.pem"]


@posix
def test_only_its_owner_may_read_the_key(home):
    signing_key()
    assert signing_key_path().stat().st_mode & 0o777 == 0o600
    assert signing_key_path().parent.stat().st_mode & 0o777 == 0o700


def test_first_users_who_race_get_one_key(home):
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(lambda _: signing_key().keyid, range(16)))
    assert len(set(keys)) == 1


def test_a_key_does_not_tell_itself_when_printed(home):
    key = signing_key()
    assert "private" not in repr(key)


def test_nothing_is_made_by_importing_or_verifying(home, tmp_path):
    code = (
        "import likeness_engine.deliver, likeness_engine.provenance.verify as v; v.machine_trust()"
    )
    environment = {**os.environ, "LIKENESS_HOME": str(home), "HOME": str(tmp_path / "person")}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)
    assert not home.exists() and not (tmp_path / "person").exists()


def test_a_key_of_another_kind_is_refused(home):
    path = signing_key_path()
    path.parent.mkdir(parents=True)
    pem = generate_private_key(SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(pem)
    path.chmod(0o600)
    with pytest.raises(SignatureError, match="not Ed25519"):
        load_key(path)


def test_a_place_where_no_key_can_be_made_is_named(tmp_path, monkeypatch):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    monkeypatch.setenv("LIKENESS_HOME", str(blocked))
    with pytest.raises(SignatureError, match="Set LIKENESS_HOME"):
        signing_key()


def test_a_machine_trusts_its_own_key_without_a_file(home):
    assert machine_trust() == Trust()
    key = signing_key()
    found = machine_trust().find(key.keyid)
    assert found is not None and found.owner == "this machine"


def test_the_trust_file_wins_over_the_trust_in_the_own_key(home):
    key = signing_key()
    retired = TrustedKey(key.public.hex(), "ws7", not_after="2026-01-31")
    Trust((retired,)).save(trust_path())
    assert machine_trust().keys == (retired,)


def test_a_retired_key_counts_to_the_end_of_its_last_day(home):
    key = TrustedKey("ab" * 32, "ws7", not_before="2026-01-01", not_after="2026-01-31")
    check_signer(key, "2026-01-31T23:59:59.000Z")
    check_signer(key, "2026-01-01T00:00:00Z")
    for moment in ("2026-02-01T00:00:00Z", "2025-12-31T23:59:59Z", "yesterday", ""):
        with pytest.raises(SignatureError, match="does not count"):
            check_signer(key, moment)


def test_a_revoked_key_counts_for_nothing_not_even_for_earlier_frames():
    key = TrustedKey("ab" * 32, "ws7", revoked_at="2026-01-15")
    with pytest.raises(SignatureError, match="was revoked on 2026-01-15"):
        check_signer(key, "2025-06-01T00:00:00Z")
    check_signer(replace(key, revoked_at="2099-01-01"), "2025-06-01T00:00:00Z")


def test_an_unsound_trust_file_lists_all_that_is_wrong(home):
    keys = (TrustedKey("xyz", "a"), TrustedKey("ab" * 32, "b", not_after="soon"))
    Trust(keys).save(trust_path())
    with pytest.raises(ParameterError) as caught:
        machine_trust()
    assert "keys[0].public_key" in str(caught.value)
    assert "keys[1].not_after is 'soon'" in str(caught.value)
    assert Path(trust_path()).name in str(caught.value)
