"""Ways of using a face without a grant that covers it: each one is refused, and no file appears."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from likeness.errors import ConsentError, ParameterError
from likeness_engine.consent import registry
from likeness_engine.deliver import clear_to_run
from likeness_engine.provenance import clock
from likeness_engine.provenance.envelope import seal
from likeness_engine.provenance.sealed import SEAL_TYPE, save_sealed
from likeness_engine.provenance.verify import verify


def _yesterday():
    return (clock.today() - timedelta(days=1)).isoformat()


def _tomorrow():
    return (clock.today() + timedelta(days=1)).isoformat()


def _replace_consent(world, **changes):
    """Put another sealed record in place, as the registry itself would have written it."""
    save_sealed(world.consent(**changes), registry.consents_home() / "c_ana.json")


def _refused(world, match):
    with pytest.raises(ConsentError, match=match) as caught:
        world.deliver()
    assert "Frame 1001 of sh010 was not written" in str(caught.value)
    assert not (world.folder / "sh010.1001.exr").exists()
    return str(caught.value)


def test_a_covered_frame_leaves_signed(world):
    assert verify(world.deliver()).state == "valid"


def test_a_consent_edited_on_disk_is_refused_from_the_next_frame_on(world):
    world.deliver("sh010.1000.exr")
    path = registry.consents_home() / "c_ana.json"
    rows = json.loads(path.read_text())
    rows["not_after"] = "2099-12-31"
    path.write_text(json.dumps(rows))
    assert "edited after it was sealed" in _refused(world, "does not hold")


def test_a_consent_whose_seal_was_cut_out_is_refused(world):
    path = registry.consents_home() / "c_ana.json"
    rows = json.loads(path.read_text())
    del rows["seal"]
    path.write_text(json.dumps(rows))
    _refused(world, "has no seal")


def test_a_consent_carrying_the_seal_of_another_is_refused(world):
    registry.add_consent(world.consent(id="c_other", productions=()))
    path = registry.consents_home() / "c_ana.json"
    rows = json.loads(path.read_text())
    other = json.loads((registry.consents_home() / "c_other.json").read_text())
    path.write_text(json.dumps({**rows, "productions": [], "seal": other["seal"]}))
    _refused(world, "edited after it was sealed")


def test_a_consent_file_renamed_to_anothers_id_is_refused(world):
    registry.add_consent(world.consent(id="c_other"))
    home = registry.consents_home()
    (home / "c_other.json").replace(home / "c_ana.json")
    _refused(world, "says it is 'c_other'")


def test_a_consent_sealed_on_a_strangers_machine_is_refused(world, other_machine):
    with other_machine():
        registry.add_consent(world.consent(productions=()))
        stolen = (registry.consents_home() / "c_ana.json").read_bytes()
    (registry.consents_home() / "c_ana.json").write_bytes(stolen)
    _refused(world, "No trusted key signed this")


def test_a_forged_seal_is_refused(world):
    path = registry.consents_home() / "c_ana.json"
    text = path.read_text()
    sig = json.loads(text)["seal"]["signatures"][0]["sig"]
    path.write_text(text.replace(sig, ("B" if sig[0] == "A" else "A") + sig[1:]))
    _refused(world, "does not hold")


def test_a_signature_made_for_something_else_is_no_seal(world):
    # The type is part of what is signed, so a frame's record cannot be shown as a consent's seal.
    from likeness_engine.provenance.keys import signing_key

    path = registry.consents_home() / "c_ana.json"
    rows = json.loads(path.read_text())
    envelope = seal(b'{"schema":"likeness.seal.1"}', "application/vnd.in-toto+json", signing_key())
    path.write_text(json.dumps({**rows, "seal": json.loads(envelope)}))
    assert f"not '{SEAL_TYPE}'" in _refused(world, "does not hold")


def test_a_missing_consent_record_is_refused(world):
    (registry.consents_home() / "c_ana.json").unlink()
    _refused(world, "there is no consent record 'c_ana'")


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"not_before": "2001-01-01", "not_after": _yesterday()}, "expired on"),
        ({"not_before": _tomorrow(), "not_after": "2099-01-01"}, "is not valid before"),
        ({"productions": ("OTHER",)}, "is for OTHER only"),
        ({"uses": ("age",)}, "grants age, not swap"),
        ({"likeness": "ben_ito"}, 'is for "ben_ito"'),
        ({"revoked_at": _yesterday()}, "was revoked on"),
    ],
)
def test_a_consent_that_does_not_cover_the_frame_is_refused_by_its_rule(world, changes, rule):
    _replace_consent(world, **changes)
    message = _refused(world, rule)
    assert "likeness identity add ana_ruiz" in message  # the cure


@pytest.mark.parametrize("authority", ["studio", "guardian", "nobody"])
def test_a_kind_that_its_grantor_cannot_grant_is_refused(world, authority):
    _replace_consent(world, authority=authority)
    _refused(world, "authority is")


def test_all_broken_rules_are_named_at_once(world):
    _replace_consent(world, uses=("age",), productions=("OTHER",), revoked_at=_yesterday())
    message = _refused(world, "grants age")
    assert "OTHER only" in message and "was revoked" in message


def test_a_consent_revoked_between_two_frames_stops_the_second(world):
    assert clear_to_run(world.request())
    first = world.deliver("sh010.1001.exr")
    registry.revoke_consent("c_ana")
    with pytest.raises(ConsentError, match="was revoked on"):
        world.deliver("sh010.1002.exr")
    assert first.exists() and not (world.folder / "sh010.1002.exr").exists()


def test_a_refused_frame_leaves_the_older_file_as_it_was(world):
    path = world.deliver()
    before = path.read_bytes()
    registry.revoke_consent("c_ana")
    with pytest.raises(ConsentError):
        world.deliver(seed=9)
    assert path.read_bytes() == before
    assert [p.name for p in world.folder.iterdir()] == [path.name]


def test_a_revoked_consent_cannot_be_added_again(world):
    registry.revoke_consent("c_ana")
    with pytest.raises(ConsentError, match="was revoked on"):
        registry.add_consent(world.consent())


def test_a_consent_cannot_be_widened_by_adding_it_again(world):
    with pytest.raises(ConsentError, match="differs"):
        registry.add_consent(world.consent(productions=()))


def test_a_consent_id_cannot_reach_outside_the_registry(world):
    with pytest.raises(ParameterError, match="an id is"):
        registry.load_consent("../identities/ana_ruiz/identity")


def test_the_preflight_refuses_with_the_same_words_as_the_frame(world):
    registry.revoke_consent("c_ana")
    with pytest.raises(ConsentError) as early:
        clear_to_run(world.request())
    with pytest.raises(ConsentError) as late:
        world.deliver()
    assert str(early.value) in str(late.value)


def test_an_evaluation_is_marked_not_for_release_in_record_and_header(world):
    from likeness_engine.io.header import read_attributes

    _replace_consent(world, kind="evaluation", authority="studio")
    path = world.deliver()
    assert verify(path).statement["predicate"]["not_for_release"] is True
    assert read_attributes(path)["likeness:status"] == "not for release"
