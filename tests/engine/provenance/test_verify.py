"""The verifier over many files: order, progress, summary, and no more work than needed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from likeness.errors import ParameterError
from likeness_engine.io.files import write_frame
from likeness_engine.io.header import set_attributes
from likeness_engine.provenance import verify as verifier
from likeness_engine.provenance.selection import expand
from likeness_engine.provenance.verify import Summary, read_envelopes, summarise, verify_paths


@pytest.fixture
def folder(sign, make_frame, tmp_path):
    """Six files: two valid, one of each other state but untrusted-key."""
    out = tmp_path / "out"
    for number in (1001, 1002, 1003, 1004):
        sign(make_frame(seed=number), f"a.{number}.exr")
    set_attributes(out / "a.1003.exr", {"likeness:dsse": read_envelopes(out / "a.1001.exr")[0]})
    set_attributes(out / "a.1004.exr", {"likeness:dsse": "{}"})
    write_frame(make_frame(), out / "a.1005.exr")
    (out / "a.1006.exr").write_bytes(b"")
    return out


STATES = ["valid", "valid", "derived", "bad-signature", "unsigned", "unreadable"]


def test_rows_come_in_the_order_of_the_files_with_progress(folder):
    told = []
    files = expand([folder])
    rows = list(verify_paths(files, lambda done, of: told.append((done, of)), threads=3))
    assert [row.state for row in rows] == STATES
    assert [Path(row.path) for row in rows] == files
    assert told == [(n, 6) for n in range(1, 7)]


def test_one_thread_and_many_say_the_same(folder):
    files = expand([folder]) * 5
    one = list(verify_paths(files, threads=1))
    assert list(verify_paths(files, threads=4)) == one
    assert [row.state for row in one] == STATES * 5


def test_the_summary_counts_and_tells(folder):
    summary = summarise(verify_paths(expand([folder])))
    assert summary.line() == (
        "6 frames: 2 valid, 1 derived, 1 unsigned, 1 bad-signature, 1 unreadable"
    )
    assert not summary.all_valid


def test_a_summary_of_nothing_is_not_all_valid():
    assert not Summary().all_valid
    assert Summary().line() == "0 frames: none"


def test_rows_are_plain_json(folder):
    for row in verify_paths(expand([folder])):
        rows = json.loads(json.dumps(row.to_json()))
        assert rows["state"] == row.state
        assert rows["detail"].endswith(".")


def test_pixels_are_decoded_only_where_the_signature_holds(folder, monkeypatch):
    read = []
    real = verifier.read_frame
    monkeypatch.setattr(
        verifier, "read_frame", lambda path: read.append(Path(path).name) or real(path)
    )
    list(verify_paths(expand([folder]), threads=1))
    assert read == ["a.1001.exr", "a.1002.exr", "a.1003.exr"]


@pytest.mark.parametrize("pattern", ["a.####.exr", "a.%04d.exr", "a.$F4.exr", "a.*.exr", "."])
def test_patterns_and_folders_name_the_same_files(folder, pattern):
    assert [p.name for p in expand([folder / pattern])] == [f"a.{n}.exr" for n in range(1001, 1007)]


def test_files_named_twice_are_taken_once(folder):
    one = folder / "a.1001.exr"
    assert expand([one, folder / "a.####.exr", folder])[0] == one
    assert len(expand([one, folder])) == 6


def test_a_frame_pattern_takes_numbers_only(folder):
    (folder / "a.left.exr").write_bytes(b"")
    assert len(expand([folder / "a.####.exr"])) == 6


def test_frames_being_written_are_not_counted(folder):
    (folder / ".a.1007.exr.unsigned.exr").write_bytes(b"")
    assert len(expand([folder])) == 6


def test_paths_that_name_nothing_are_all_listed(tmp_path):
    with pytest.raises(ParameterError) as caught:
        expand([tmp_path / "b.####.exr", tmp_path, tmp_path / "none.exr"])
    for name in ("b.####.exr", "none.exr"):
        assert name in str(caught.value)
