"""An empty state folder and a consent to change at will."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from likeness.documents.consent import Consent


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty state folder."""
    place = tmp_path / "home"
    monkeypatch.setenv("LIKENESS_HOME", str(place))
    return place


@pytest.fixture
def make_consent() -> Callable[..., Consent]:
    """Return a maker of consents: swap for ana_ruiz in PRJ, through 2026."""

    def make(**changes: Any) -> Consent:
        fields = {
            "id": "c1",
            "likeness": "ana_ruiz",
            "kind": "release",
            "grantor": "performer",
            "authority": "self",
            "uses": ("swap",),
            "intended_use": "Her face on her stunt double in the chase of reel 3.",
            "not_before": "2026-01-01",
            "not_after": "2026-12-31",
            "productions": ("PRJ",),
            "document_sha256": "ab" * 32,
        }
        return Consent(**{**fields, **changes})

    return make
