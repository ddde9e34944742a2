"""A step of the demo is done once, and again when its inputs, or what it left, have changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from steps import Ledger, digest_of


@pytest.fixture
def made(tmp_path: Path) -> Path:
    return tmp_path / "plate.exr"


def do(ledger: Ledger, digest: str, made: Path) -> bool:
    return ledger.do("shot", digest, lambda: made.write_text(digest), lambda: [made])


def test_a_step_is_done_once_for_the_same_inputs(tmp_path: Path, made: Path) -> None:
    assert do(Ledger(tmp_path / "made.json"), "a", made)
    assert not do(Ledger(tmp_path / "made.json"), "a", made)


def test_other_inputs_do_a_step_again(tmp_path: Path, made: Path) -> None:
    ledger = Ledger(tmp_path / "made.json")
    do(ledger, "a", made)
    assert do(ledger, "b", made)
    assert made.read_text() == "b"


def test_a_step_whose_file_was_deleted_is_done_again(tmp_path: Path, made: Path) -> None:
    ledger = Ledger(tmp_path / "made.json")
    do(ledger, "a", made)
    made.unlink()
    assert do(ledger, "a", made)


def test_a_step_that_failed_half_way_does_not_hold(tmp_path: Path, made: Path) -> None:
    ledger = Ledger(tmp_path / "made.json")
    do(ledger, "a", made)

    def fail() -> None:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        ledger.do("shot", "b", fail, lambda: [made])
    assert not ledger.holds("shot", "a", [made])
    assert not ledger.holds("shot", "b", [made])


@pytest.mark.parametrize("text", ["", "{", "[]"])
def test_a_damaged_ledger_holds_nothing(tmp_path: Path, made: Path, text: str) -> None:
    (tmp_path / "made.json").write_text(text)
    assert do(Ledger(tmp_path / "made.json"), "a", made)


def test_a_digest_follows_contents_names_and_words_of_every_file_below(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    part = tmp_path / "deep" / "part.py"
    part.write_text("x = 1")
    first = digest_of([tmp_path], "word")
    assert digest_of([tmp_path], "word") == first
    assert digest_of([tmp_path], "other") != first
    part.write_text("x = 2")
    second = digest_of([tmp_path], "word")
    assert second != first
    part.rename(part.with_name("other.py"))
    assert digest_of([tmp_path], "word") not in (first, second)
