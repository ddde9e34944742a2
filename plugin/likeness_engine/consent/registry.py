"""The consents of this machine's user: sealed JSON files under the state folder, read afresh."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from likeness.documents.consent import Consent
from likeness.documents.ids import id_problem
from likeness.errors import ConsentError, ParameterError, SignatureError
from likeness.places import state_home
from likeness_engine.provenance import clock
from likeness_engine.provenance.sealed import Sealed, document_digest, load_sealed, save_sealed
from likeness_engine.provenance.trust import machine_trust


def consents_home() -> Path:
    """Return the folder of consent records."""
    return state_home() / "consents"


def add_consent(consent: Consent) -> None:
    """Seal a consent and keep it. Adding the very same record again changes nothing.

    ParameterError where the record is unsound; ConsentError where the id is taken by another
    record: a revoked grant is never brought back, and a changed one needs a new id.
    """
    if problems := consent.problems():
        raise ParameterError(f"Consent {consent.id!r} is unsound:\n" + "\n".join(problems))
    path = _path(consent.id)
    if path.exists():
        held = load_consent(consent.id)
        if held.sha256 == document_digest(consent):
            return
        state = (
            f"was revoked on {held.document.revoked_at}" if held.document.revoked_at else "differs"
        )
        raise ConsentError(
            f"There is a consent {consent.id!r} already, and it {state}. "
            "Give the new grant an id of its own."
        )
    save_sealed(consent, path)


def load_consent(consent_id: str) -> Sealed[Consent]:
    """Read one consent from disk, now; ConsentError where it is missing, unsound or was edited."""
    path = _path(consent_id)
    try:
        held = load_sealed(Consent, path, machine_trust())
    except FileNotFoundError as error:
        raise ConsentError(f"there is no consent record {consent_id!r}") from error
    except OSError as error:
        raise ConsentError(
            f"the consent record {consent_id!r} cannot be read: {error.strerror}"
        ) from error
    except SignatureError as error:
        raise ConsentError(
            f"the consent record {consent_id!r} does not hold ({path}): {error}"
        ) from error
    except ParameterError as error:
        raise ConsentError(f"the consent record {consent_id!r} is unsound: {error}") from error
    if held.document.id != consent_id:
        raise ConsentError(f"the record {consent_id!r} says it is {held.document.id!r}")
    return held


def list_consents() -> list[str]:
    """Return the ids of all consent records, sound or not, sorted."""
    return sorted(path.stem for path in consents_home().glob("*.json"))


def revoke_consent(consent_id: str) -> Consent:
    """Revoke a consent as of now; from the next frame on it covers nothing. Cannot be undone."""
    held = load_consent(consent_id).document
    if held.revoked_at:
        return held
    revoked = replace(held, revoked_at=clock.moment_text(clock.now()))
    save_sealed(revoked, _path(consent_id))
    return revoked


def _path(consent_id: str) -> Path:
    if problem := id_problem("the consent id", consent_id):
        raise ParameterError(problem)
    return consents_home() / f"{consent_id}.json"
