"""What all tests share: the option that rewrites goldens, and a state folder of their own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

# The same examples on every run and machine, and none blamed for a busy machine.
settings.register_profile("likeness", derandomize=True, database=None, deadline=None)
settings.load_profile("likeness")

GOLDEN = Path(__file__).parent / "golden"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="rewrite tests/golden and docs/manual"
    )


@pytest.fixture
def likeness_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state folder of this test's own: keys, identities and consents."""
    home = tmp_path / "likeness-home"
    monkeypatch.setenv("LIKENESS_HOME", str(home))
    return home


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str | Path, str], None]:
    """Compare a text with a file of tests/golden, or any path; with --update-golden write it."""

    def compare(name: str | Path, text: str) -> None:
        path = GOLDEN / name  # an absolute path stays what it is
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8", newline="\n")
        assert path.is_file(), f"{path} is missing; run pytest with --update-golden"
        assert path.read_text("utf-8") == text

    return compare
