"""A tiny shot of a procedural actor, and an identity to put on it: made once for all CLI tests."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from likeness.cli.main import main

SIZE = 256
FIRST, COUNT = 1001, 4


@dataclass(frozen=True)
class Studio:
    """Where the plate lies, and a state folder that holds `ada` (any show) and `ada_old` (OLD)."""

    folder: Path
    home: Path

    @property
    def plate(self) -> str:
        return str(self.folder / "sh.####.exr")


@dataclass(frozen=True)
class Shell:
    """The command line as a person has it: a folder of one's own, and what was printed."""

    folder: Path
    studio: Studio
    capture: pytest.CaptureFixture[str]

    def run(self, *words: object) -> tuple[int, str, str]:
        """Run `likeness WORDS`; return the exit code, stdout and stderr."""
        self.capture.readouterr()
        code = main([str(word) for word in words])
        said = self.capture.readouterr()
        return code, said.out, said.err

    def rows(self, *words: object) -> tuple[int, list[dict[str, Any]]]:
        """Run `likeness WORDS --json`; return the exit code and the objects."""
        code, out, _ = self.run(*words, "--json")
        return code, [json.loads(line) for line in out.splitlines()]

    def swap(self, *words: object, out: object = "out", plate: str = "") -> tuple[int, str, str]:
        """Run the swap that most tests start from."""
        return self.run("swap", plate or self.studio.plate, "--identity", "ada", "-o", out, *words)

    def own_plate(self) -> str:
        """Copy the plate, to be damaged or changed; return its pattern."""
        place = self.folder / "plate"
        place.mkdir()
        for path in sorted(self.studio.folder.glob("sh.*.exr")):
            shutil.copy(path, place)
        return str(place / "sh.####.exr")


@pytest.fixture(scope="session")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Studio:
    """Render the plate and the reference picture; add the identities by the command line."""
    made = Studio(tmp_path_factory.mktemp("studio"), tmp_path_factory.mktemp("home"))
    _render(made.folder)
    before = os.environ.get("LIKENESS_HOME")
    os.environ["LIKENESS_HOME"] = str(made.home)
    try:
        for identity, productions in (("ada", []), ("ada_old", ["OLD"])):
            paper = write_consent(made.folder, identity, productions=productions)
            words = ["identity", "add", identity, "--photos", str(made.folder / "ada.exr")]
            assert main([*words, "--consent", str(paper)]) == 0
    finally:
        if before is None:
            del os.environ["LIKENESS_HOME"]
        else:
            os.environ["LIKENESS_HOME"] = before
    return made


@pytest.fixture
def shell(
    studio: Studio,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Shell:
    """Return a shell in an empty folder, with a copy of the studio's state."""
    home = tmp_path / "home"
    shutil.copytree(studio.home, home)
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.setenv("LIKENESS_HOME", str(home))
    monkeypatch.chdir(work)
    return Shell(work, studio, capsys)


def write_consent(folder: Path, identity: str, **changes: Any) -> Path:
    """Write a consent for an identity; return its path."""
    rows = {
        "schema": "likeness.consent.1",
        "id": f"c_{identity}",
        "likeness": identity,
        "kind": "synthetic",
        "grantor": "studio",
        "authority": "studio",
        "uses": ["swap"],
        "intended_use": "Tests of the command line.",
        "not_before": "2001-01-01",
        "not_after": "2099-12-31",
        **changes,
    }
    path = folder / f"{identity}.consent.json"
    path.write_text(json.dumps(rows), "utf-8")
    return path


def _render(folder: Path) -> None:
    import OpenEXR

    from likeness_engine.synthetic.actor import ADA, BO
    from likeness_engine.synthetic.render import render
    from likeness_engine.synthetic.scene import Camera, Pose

    camera = Camera(SIZE, SIZE, focal_mm=120)
    wall = np.full((SIZE, SIZE, 3), 0.12, np.float32)
    shots = {f"sh.{FIRST + i}.exr": (BO, Pose(yaw=-6.0 + 4 * i)) for i in range(COUNT)}
    for name, (actor, pose) in {**shots, "ada.exr": (ADA, Pose())}.items():
        drawn = render(actor, pose, camera=camera, background=wall, samples=1)
        header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
        OpenEXR.File(header, {"RGB": drawn.rgb.astype(np.float16)}).write(str(folder / name))
