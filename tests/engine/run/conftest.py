"""A small shot of a procedural actor and an identity to put on it, for runs of whole requests."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import OpenEXR
import pytest

from likeness.documents.consent import Consent
from likeness.documents.request import Output, Plate, Request, Step

SIZE, FIRST, COUNT = 256, 1001, 5


@pytest.fixture(scope="session")
def rendered(tmp_path_factory):
    """Return the frames of the shot as float32 RGB, with grain, and a reference picture."""
    from likeness_engine.synthetic.actor import ADA, BO
    from likeness_engine.synthetic.render import render
    from likeness_engine.synthetic.scene import Camera, Pose

    camera, rng = Camera(SIZE, SIZE, focal_mm=120), np.random.default_rng(2)
    wall = np.full((SIZE, SIZE, 3), 0.12, np.float32)
    frames = []
    for k in range(COUNT):
        drawn = render(BO, Pose(yaw=-8.0 + 4 * k), camera=camera, background=wall, samples=1)
        frames.append(drawn.rgb + rng.normal(0, 0.004, drawn.rgb.shape).astype(np.float32))
    photo = render(ADA, Pose(), camera=camera, background=wall, samples=1).rgb
    return frames, photo


@pytest.fixture(scope="session")
def built_home(rendered, tmp_path_factory):
    """Return a state folder that holds the identity `ada`."""
    from likeness_engine.identity.build import add_identity

    folder, home = tmp_path_factory.mktemp("photo"), tmp_path_factory.mktemp("home")
    write(folder / "ada.exr", {"RGB": rendered[1].astype(np.float16)})
    consent = Consent(
        id="c_ada", likeness="ada", kind="synthetic", grantor="studio", authority="studio",
        uses=("swap",), intended_use="Tests of runs.", not_before="2001-01-01",
        not_after="2099-12-31",
    )  # fmt: skip
    consent.save(folder / "consent.json")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LIKENESS_HOME", str(home))
        add_identity("ada", [folder / "ada.exr"], folder / "consent.json")
    return home


@pytest.fixture()
def shot(rendered, built_home, tmp_path, monkeypatch):
    """Return the folder of a fresh copy of the shot, with a state folder of its own."""
    shutil.copytree(built_home, tmp_path / "home")
    monkeypatch.setenv("LIKENESS_HOME", str(tmp_path / "home"))
    for k, rgb in enumerate(rendered[0]):
        write(tmp_path / f"sh.{FIRST + k}.exr", {"RGB": rgb.astype(np.float16)})
    return tmp_path


@pytest.fixture()
def request_of(shot):
    """Return a function that makes the request of a swap on the shot."""

    def make(out="out", *, plate="sh.####.exr", swap=None, blend=None, layers=(), **rest):
        steps = (
            Step("detect", "detect"),
            Step("swap", "swap", "detect", {"identity": "ada", **(swap or {})}),
            Step("blend", "blend", "swap", blend or {}),
        )
        return Request(
            plate=Plate(str(shot / plate)),
            steps=steps,
            output=Output(str(shot / out / "r.####.exr"), layers=layers),
            **rest,
        )

    return make


def write(path: Path, channels: dict, **header) -> None:
    """Write an EXR by the library itself."""
    base = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
    OpenEXR.File({**base, **header}, channels).write(str(path))


@pytest.fixture()
def write_exr():
    return write
