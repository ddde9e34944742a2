"""A state folder with a consent for ana_ruiz, and a maker of identities."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from likeness.documents.consent import Consent
from likeness.documents.identity import Identity
from likeness_engine.consent import registry
from likeness_engine.identity import store


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state folder with the consent `c1` for ana_ruiz."""
    place = tmp_path / "home"
    monkeypatch.setenv("LIKENESS_HOME", str(place))
    registry.add_consent(
        Consent(
            id="c1",
            likeness="ana_ruiz",
            kind="synthetic",
            grantor="studio",
            authority="studio",
            uses=("swap",),
            intended_use="Tests of the store.",
            not_before="2001-01-01",
            not_after="2099-12-31",
        )
    )
    return place


@pytest.fixture
def add(home: Path) -> Callable[..., Identity]:
    """Return a maker of identities with a random face."""

    def make(identity_id: str = "ana_ruiz", **changes: Any) -> Identity:
        noise = np.random.default_rng(changes.pop("seed", 1))
        texture = noise.random((32, 32, 4), np.float32)
        fields: dict[str, Any] = {
            "consent": "c1",
            "photos": ("cd" * 32, "ce" * 32),
            "geometry": noise.random((468, 3), np.float32),
            "models": {"mesh": "ef" * 32},
        }
        return store.add_identity(
            identity_id, changes.pop("texture", texture), **{**fields, **changes}
        )

    return make
