"""Does a consent cover this? Asked before a run and again for every frame; the answer is a rule."""

from __future__ import annotations

from datetime import date

from likeness.documents.consent import AUTHORITIES, Consent
from likeness.documents.identity import Identity
from likeness.errors import ConsentError
from likeness_engine.consent import registry
from likeness_engine.provenance import clock
from likeness_engine.provenance.sealed import Sealed


def check_consent(
    identity: Identity, use: str, *, show: str, on_date: date | None = None
) -> Sealed[Consent]:
    """Return the consent that covers a use of a likeness in a show on a date (UTC; default today).

    The record is read from disk on every call, so a revocation counts from the next frame on.
    ConsentError names every rule that failed and the cure.
    """
    day = on_date or clock.today()
    try:
        held = registry.load_consent(identity.consent)
        broken = broken_rules(held.document, identity.id, use, show=show, on_date=day)
    except ConsentError as error:
        held, broken = None, [str(error).rstrip(".")]
    if held is None or broken:
        raise ConsentError(
            f'No consent covers "{use}" for "{identity.id}" in the show "{show}" on {day}: '
            f"{'; '.join(broken)}. Build the identity again with a consent that covers it "
            f"(`likeness identity add {identity.id} --photos ... --consent FILE`), or take "
            f"{identity.id} out of the {use.capitalize()} node."
        )
    return held


def broken_rules(
    consent: Consent, likeness: str, use: str, *, show: str, on_date: date
) -> list[str]:
    """Return each rule that keeps a consent from covering this, as a clause; empty: it covers."""
    name = f'consent "{consent.id}"'
    broken = standing_problems(consent, likeness, on_date=on_date)
    if use not in consent.uses:
        broken.append(f"{name} grants {', '.join(consent.uses)}, not {use}")
    if consent.productions and show not in consent.productions:
        broken.append(f"{name} is for {', '.join(consent.productions)} only")
    return broken


def standing_problems(consent: Consent, likeness: str, *, on_date: date) -> list[str]:
    """Return why a consent is of no use at all for a likeness on a date, whatever the use."""
    name, day = f'consent "{consent.id}"', on_date.isoformat()
    broken = []
    if consent.likeness != likeness:
        broken.append(f'{name} is for "{consent.likeness}"')
    if consent.authority not in AUTHORITIES.get(consent.kind, ()):
        broken.append(f"{name} is a {consent.kind} granted by {consent.authority!r}, who cannot")
    if consent.revoked_at and consent.revoked_at[:10] <= day:
        broken.append(f"{name} was revoked on {consent.revoked_at}")
    if day < consent.not_before:
        broken.append(f"{name} is not valid before {consent.not_before}")
    if day > consent.not_after:
        broken.append(f"{name} expired on {consent.not_after}")
    return broken
