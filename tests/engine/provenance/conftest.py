"""An empty state folder, frames of noise, and a request without faces to sign them under."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from likeness.documents.request import Output, Plate, Request, Step, resolve_step
from likeness_engine.deliver import Delivered, Delivery, deliver
from likeness_engine.io.frame import Frame, Part, Window


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty state folder."""
    place = tmp_path / "home"
    monkeypatch.setenv("LIKENESS_HOME", str(place))
    return place


@pytest.fixture
def make_frame() -> Callable[..., Frame]:
    """Return a maker of frames: half RGBA, float depth, uint ids, a window that starts at -3, 5."""

    def make(*, seed: int = 7, **part: Any) -> Frame:
        noise = np.random.default_rng(seed)
        planes: dict[str, np.ndarray] = {
            n: noise.standard_normal((20, 33)).astype(np.float16) for n in "RGBA"
        }
        planes["Z"] = noise.standard_normal((20, 33)).astype(np.float32) * np.float32(1e6)
        planes["mask.id"] = noise.integers(0, 1 << 32, (20, 33), np.uint32)
        box = Window(-3, 5, 30, 25)
        fields = {"data_window": box, "display_window": Window(0, 0, 24, 24), **part}
        return Frame("plate.exr", 1001, [Part("", planes, {}, **fields)])

    return make


@pytest.fixture
def make_delivery(home: Path, make_frame: Callable[..., Frame]) -> Callable[..., Delivery]:
    """Return a maker of computed frames in which no likeness is used."""

    def make(frame: Frame | None = None, **output: Any) -> Delivery:
        step = Step("detect1", "detect")
        request = Request(
            Plate("plate.####.exr"), (step,), Output("a.####.exr", **output), "PRJ", "sh010"
        )
        return Delivery(
            frame=frame or make_frame(),
            number=1001,
            request=request,
            steps=((step, resolve_step(step, 1001)),),
            plate_sha256="ab" * 32,
            identities={},
            drawn=frozenset(),
        )

    return make


@pytest.fixture
def sign(make_delivery: Callable[..., Delivery], tmp_path: Path) -> Callable[..., Delivered]:
    """Return a way to deliver a frame into the folder `out`."""

    def leave(frame: Frame, name: str = "a.1001.exr", **output: Any) -> Delivered:
        return deliver(make_delivery(frame, **output), tmp_path / "out" / name)

    return leave
