"""A small signed world under tmp_path: a key, a consent, an identity, a frame ready to leave."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from likeness.documents.consent import Consent
from likeness.documents.request import Output, Plate, Request, Step, resolve_step
from likeness.documents.statement import ModelRecord
from likeness_engine.consent import registry
from likeness_engine.deliver import Delivery, deliver
from likeness_engine.identity import store
from likeness_engine.io.frame import Frame, Part, Window
from likeness_engine.provenance import clock
from likeness_engine.provenance.pixels import hash_frame

SIZE = 24


@dataclasses.dataclass
class World:
    """What a run has at hand, with shortcuts for changing it."""

    folder: Path

    def consent(self, **changes: Any) -> Consent:
        """Return a consent for ana_ruiz that covers swap in PRJ now."""
        day = timedelta(days=1)
        fields = {
            "id": "c_ana",
            "likeness": "ana_ruiz",
            "kind": "release",
            "grantor": "performer",
            "authority": "self",
            "uses": ("swap",),
            "intended_use": "Her face on her stunt double in the chase of reel 3.",
            "not_before": (clock.today() - day).isoformat(),
            "not_after": (clock.today() + day).isoformat(),
            "productions": ("PRJ",),
            "document_sha256": "ab" * 32,
        }
        return Consent(**{**fields, **changes})

    def add_identity(self, identity_id: str = "ana_ruiz", *, seed: int = 1, **rest: Any) -> None:
        """Keep an identity with a random face."""
        noise = np.random.default_rng(seed)
        store.add_identity(
            identity_id,
            noise.random((32, 32, 4), np.float32),
            photos=("cd" * 32,),
            geometry=noise.random((468, 3), np.float32),
            models={"mesh": "ef" * 32},
            **{"consent": "c_ana", **rest},
        )

    def frame(self, *, seed: int = 7) -> Frame:
        """Return a half RGBA frame of noise."""
        noise = np.random.default_rng(seed)
        planes = {n: noise.standard_normal((SIZE, SIZE)).astype(np.float16) for n in "RGBA"}
        box = Window(0, 0, SIZE, SIZE)
        return Frame("plate.exr", 1001, [Part("", planes, {}, box, box)])

    def request(self, **changes: Any) -> Request:
        """Return a request that puts ana_ruiz on the main face of a shot of PRJ."""
        steps = (
            Step("swap1", "swap", parameters={"identity": "ana_ruiz"}),
            Step("blend1", "blend", plate="swap1"),
        )
        fields = {
            "plate": Plate("/show/plates/sh010.####.exr"),
            "steps": steps,
            "output": Output("/show/out/sh010.####.exr"),
            "show": "PRJ",
            "shot": "sh010",
        }
        return Request(**{**fields, **changes})

    def delivery(self, *, seed: int = 7, **changes: Any) -> Delivery:
        """Return a computed frame that ana_ruiz was drawn into."""
        frame = self.frame(seed=seed)
        request = changes.get("request") or self.request()
        identities = changes.get("identities")
        if identities is None:
            identities = {"ana_ruiz": store.load_identity("ana_ruiz").document}
        fields = {
            "frame": frame,
            "number": 1001,
            "request": request,
            "steps": tuple((step, resolve_step(step, 1001)) for step in request.steps),
            "plate_sha256": hash_frame(frame).sha256,
            "identities": identities,
            "drawn": frozenset({"ana_ruiz"}),
            "models": (ModelRecord("face_mesh", "ef" * 32, "Apache-2.0", "mesh"),),
            "track_sha256": "12" * 32,
            "device": {"provider": "CPUExecutionProvider"},
        }
        return Delivery(**{**fields, **changes})

    def deliver(self, name: str = "sh010.1001.exr", **changes: Any) -> Path:
        """Write a signed frame; returns its path."""
        return deliver(self.delivery(**changes), self.folder / name).path


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty state folder."""
    place = tmp_path / "home"
    monkeypatch.setenv("LIKENESS_HOME", str(place))
    return place


@pytest.fixture
def world(home: Path, tmp_path: Path) -> World:
    """A machine on which ana_ruiz may be swapped into PRJ."""
    made = World(tmp_path / "out")
    registry.add_consent(made.consent())
    made.add_identity()
    return made


@pytest.fixture
def other_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Any]:
    """A context in which another person's machine, with another key, is at work."""
    from contextlib import contextmanager

    @contextmanager
    def switch() -> Any:
        with monkeypatch.context() as patch:
            patch.setenv("LIKENESS_HOME", str(tmp_path / "elsewhere"))
            yield

    return switch
