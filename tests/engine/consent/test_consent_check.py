"""The rules of coverage, one by one, and the words they are refused in."""

from __future__ import annotations

from datetime import date

import pytest

from likeness.documents.identity import Identity
from likeness.errors import ConsentError, ParameterError
from likeness_engine.consent import registry
from likeness_engine.consent.check import broken_rules, check_consent
from likeness_engine.provenance.sealed import document_digest

DAY = date(2026, 11, 23)


def _ana(consent="c1"):
    return Identity("ana_ruiz", consent, (), "0" * 64, ((0.0, 0.0, 0.0),) * 468, {})


def test_a_consent_that_covers_is_returned_with_its_digest(home, make_consent):
    registry.add_consent(make_consent())
    held = check_consent(_ana(), "swap", show="PRJ", on_date=DAY)
    assert held.document == make_consent()
    assert held.sha256 == document_digest(make_consent())


@pytest.mark.parametrize("day", ["2026-01-01", "2026-12-31"])
def test_both_days_of_the_term_are_inside_it(make_consent, day):
    on_date = date.fromisoformat(day)
    assert broken_rules(make_consent(), "ana_ruiz", "swap", show="PRJ", on_date=on_date) == []


@pytest.mark.parametrize(
    ("day", "rule"),
    [("2025-12-31", "is not valid before 2026-01-01"), ("2027-01-01", "expired on 2026-12-31")],
)
def test_the_days_beside_the_term_are_outside_it(make_consent, day, rule):
    on_date = date.fromisoformat(day)
    broken = broken_rules(make_consent(), "ana_ruiz", "swap", show="PRJ", on_date=on_date)
    assert broken == [f'consent "c1" {rule}']


@pytest.mark.parametrize(
    ("revoked_at", "covers"),
    [
        ("2026-11-22", False),
        ("2026-11-23T09:30:00.000Z", False),
        ("2026-11-24", True),
    ],
)
def test_a_revocation_counts_from_its_day_on(make_consent, revoked_at, covers):
    consent = make_consent(revoked_at=revoked_at)
    assert (broken_rules(consent, "ana_ruiz", "swap", show="PRJ", on_date=DAY) == []) is covers


def test_a_consent_without_productions_covers_every_show(make_consent):
    consent = make_consent(productions=())
    assert broken_rules(consent, "ana_ruiz", "swap", show="ANY", on_date=DAY) == []


def test_a_synthetic_likeness_needs_no_person_and_no_paper(home, make_consent):
    consent = make_consent(kind="synthetic", authority="studio", document_sha256="")
    registry.add_consent(consent)
    assert check_consent(_ana(), "swap", show="PRJ", on_date=DAY).document.kind == "synthetic"


def test_a_refusal_says_what_failed_why_and_what_to_do(home, make_consent):
    registry.add_consent(make_consent())
    with pytest.raises(ConsentError) as caught:
        check_consent(_ana(), "age", show="XYZ", on_date=date(2027, 2, 1))
    assert str(caught.value) == (
        'No consent covers "age" for "ana_ruiz" in the show "XYZ" on 2027-02-01: '
        'consent "c1" expired on 2026-12-31; consent "c1" grants swap, not age; '
        'consent "c1" is for PRJ only. Build the identity again with a consent that covers it '
        "(`likeness identity add ana_ruiz --photos ... --consent FILE`), or take ana_ruiz out of "
        "the Age node."
    )


def test_without_a_date_the_present_day_counts(home, make_consent):
    registry.add_consent(make_consent(not_before="2001-01-01", not_after="2001-12-31"))
    with pytest.raises(ConsentError, match="expired on 2001-12-31"):
        check_consent(_ana(), "swap", show="PRJ")


def test_the_same_consent_may_be_added_twice(home, make_consent):
    registry.add_consent(make_consent())
    before = (registry.consents_home() / "c1.json").read_bytes()
    registry.add_consent(make_consent())
    assert (registry.consents_home() / "c1.json").read_bytes() == before
    assert registry.list_consents() == ["c1"]


def test_revoking_twice_keeps_the_first_moment(home, make_consent):
    registry.add_consent(make_consent())
    first = registry.revoke_consent("c1")
    assert registry.revoke_consent("c1") == first
    assert first.revoked_at.endswith("Z")


def test_a_stored_consent_reads_as_plain_json_with_a_member_a_line(home, make_consent):
    registry.add_consent(make_consent())
    lines = (registry.consents_home() / "c1.json").read_text().splitlines()
    assert lines[1] == ' "schema": "likeness.consent.1",'
    assert ' "not_after": "2026-12-31",' in lines


def test_revoking_what_is_not_there_is_an_error(home):
    with pytest.raises(ConsentError, match="there is no consent record 'c9'"):
        registry.revoke_consent("c9")


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"id": "C 1"}, "id is 'C 1'; an id is"),
        ({"likeness": "Ana Ruiz"}, "likeness is 'Ana Ruiz'"),
        ({"kind": "verbal"}, "kind is 'verbal'"),
        ({"authority": "agent"}, "authority is 'agent'; a consent of kind 'release' is granted by"),
        ({"uses": ()}, "uses is empty"),
        ({"uses": ("dub",)}, "uses has 'dub'"),
        ({"intended_use": " "}, "intended_use is empty"),
        ({"not_before": "1.1.2026"}, "not_before is '1.1.2026'"),
        ({"not_after": "2026-02-30"}, "not_after is '2026-02-30'"),
        ({"not_after": "2025-01-01"}, "before not_before"),
        ({"document_sha256": ""}, "must be the sha256 of the signed paper"),
        ({"document_sha256": "Z" * 64}, "64 hexadecimal digits"),
        ({"revoked_at": "soon"}, "revoked_at is 'soon'"),
    ],
)
def test_an_unsound_consent_is_not_added_and_says_why(home, make_consent, changes, problem):
    with pytest.raises(ParameterError) as caught:
        registry.add_consent(make_consent(**changes))
    assert problem in str(caught.value)
    assert registry.list_consents() == []
