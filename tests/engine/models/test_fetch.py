"""Fetching weights: from a wheel, an address, a path; and everything that can go wrong."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from likeness.documents.card import Card, PypiSource, Source
from likeness.errors import ModelError, ParameterError
from likeness_engine.models import pypi
from likeness_engine.models.fetch import Fetched, fetch, fetch_models, weights
from likeness_engine.models.tflite import convert

WriteCard = Callable[..., Card]
WriteWheel = Callable[[dict[str, bytes]], PypiSource]


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def left_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_a_net_comes_out_of_a_wheel_for_another_python_and_is_converted(
    home: Path, write_card: WriteCard, write_wheel: WriteWheel, doubling_net: bytes, scratch: Path
) -> None:
    wheel = write_wheel({"tinynets/double.tflite": doubling_net})
    source = Source(pypi=replace(wheel, member="tinynets/double.tflite"))
    card = write_card("double", doubling_net, source)
    path = fetch(card, home=home)
    assert path == home / "double" / "model.onnx" == weights("double", home)
    assert path.read_bytes() == convert(doubling_net)
    receipt = json.loads(path.with_suffix(".json").read_text())
    assert receipt["sha256"] == sha256(convert(doubling_net))
    assert receipt["source_sha256"] == sha256(doubling_net)
    assert receipt["source"].startswith("tinynets/double.tflite in tinynets-1.0-cp39")
    assert left_in(scratch) == [], "the wheel is not kept"


def test_one_wheel_is_downloaded_once_for_all_its_nets(
    home: Path,
    write_card: WriteCard,
    write_wheel: WriteWheel,
    doubling_net: bytes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wheel = write_wheel({"a.tflite": doubling_net, "b.tflite": doubling_net, "c.tflite": b"other"})
    for name in "ab":
        write_card(name, doubling_net, Source(pypi=replace(wheel, member=f"{name}.tflite")))
    other = Source(pypi=replace(wheel, member="c.tflite"))
    write_card("c", b"other", other, convert="", default=False)
    downloads: list[PypiSource] = []
    real = pypi._download
    monkeypatch.setattr(pypi, "_download", lambda s, *a: (downloads.append(s), real(s, *a))[1])
    told: list[tuple[str, int, int]] = []
    fetched = fetch_models(progress=lambda *row: told.append(row), home=home)
    assert [(f.id, f.fetched) for f in fetched] == [("a", True), ("b", True)], "the default ones"
    assert len(downloads) == 1
    assert told[-1][0] == "tinynets 1.0"
    assert told[-1][1] == told[-1][2] > 0
    again = fetch_models(["a", "b"], home=home)
    assert [f.fetched for f in again] == [False, False]
    assert len(downloads) == 1, "what is there is not fetched again"


def test_a_net_comes_from_an_address_with_its_progress(
    home: Path, write_card: WriteCard, tmp_path: Path
) -> None:
    content = os.urandom(700_000)
    served = tmp_path / "net.onnx"
    served.write_bytes(content)
    write_card("net", content, Source(url=served.as_uri()), convert="")
    told: list[tuple[str, int, int]] = []
    [row] = fetch_models(["net"], lambda *row: told.append(row), home=home)
    assert row == Fetched("net", home / "net" / "model.onnx", fetched=True)
    assert row.path.read_bytes() == content
    assert [done for _, done, _ in told] == [262144, 524288, 700000]
    assert {total for _, _, total in told} == {700000}


@pytest.mark.parametrize("absolute", [True, False])
def test_a_net_comes_from_a_path_beside_its_card_or_anywhere(
    home: Path, write_card: WriteCard, tmp_path: Path, absolute: bool
) -> None:
    (tmp_path / "net.onnx").write_bytes(b"net")
    path = str(tmp_path / "net.onnx") if absolute else "../../net.onnx"
    write_card("net", b"net", Source(path=path), convert="")
    assert fetch_models(["net"], home=home)[0].path.read_bytes() == b"net"


def test_a_file_brought_by_hand_stands_in_for_the_source(
    home: Path, write_card: WriteCard, tmp_path: Path, doubling_net: bytes
) -> None:
    write_card("double", doubling_net, Source(url="https://no.example/double.tflite"))
    (tmp_path / "stick.tflite").write_bytes(doubling_net)
    fetch_models(["double"], file=tmp_path / "stick.tflite", home=home)
    assert weights("double", home).read_bytes() == convert(doubling_net)


def test_one_file_cannot_be_brought_for_several_models(
    home: Path, write_card: WriteCard, tmp_path: Path
) -> None:
    for name in "ab":
        write_card(name, b"", Source(path="x"))
    with pytest.raises(ParameterError, match="2 models"):
        fetch_models(["a", "b"], file=tmp_path / "x", home=home)


def test_another_file_than_the_card_means_is_refused_with_both_hashes(
    home: Path, write_card: WriteCard, write_wheel: WriteWheel, doubling_net: bytes
) -> None:
    wheel = write_wheel({"a.tflite": b"poisoned"})
    write_card("a", doubling_net, Source(pypi=replace(wheel, member="a.tflite")))
    with pytest.raises(ModelError) as refused:
        fetch_models(["a"], home=home)
    message = str(refused.value)
    assert "a.tflite in tinynets-1.0-cp39-cp39-manylinux_2_28_x86_64.whl" in message
    assert sha256(b"poisoned") in message
    assert sha256(doubling_net) in message
    assert "Nothing was kept" in message
    assert left_in(home / "a") == ["card.json"]


def test_a_conversion_that_gives_other_bytes_is_refused(
    home: Path, write_card: WriteCard, tmp_path: Path, doubling_net: bytes
) -> None:
    (tmp_path / "a.tflite").write_bytes(doubling_net)
    write_card("a", doubling_net, Source(path="../../a.tflite"), onnx_sha256="0" * 64)
    with pytest.raises(ModelError, match=f"{sha256(convert(doubling_net))}; the card says 000"):
        fetch_models(["a"], home=home)
    assert left_in(home / "a") == ["card.json"]


def test_offline_names_where_pip_looked_and_the_ways_out(
    home: Path, write_card: WriteCard, index: Path, scratch: Path
) -> None:
    source = PypiSource(package="tinynets", version="1.0", member="a.tflite")
    write_card("a", b"", Source(pypi=source))
    with pytest.raises(ModelError) as failed:
        fetch_models(["a"], home=home)
    message = str(failed.value)
    assert "tinynets 1.0 could not be fetched" in message
    assert str(index) in message
    assert "No matching distribution found for tinynets==1.0" in message
    assert "pip config set global.index-url" in message
    assert "--file" in message
    assert left_in(scratch) == []


def test_an_index_that_does_not_answer_is_named(
    home: Path, write_card: WriteCard, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", "http://artist:secret@127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    source = PypiSource(package="tinynets", version="1.0", member="a.tflite")
    write_card("a", b"", Source(pypi=source))
    with pytest.raises(ModelError) as failed:
        fetch_models(["a"], home=home)
    assert "127.0.0.1:9/simple" in str(failed.value)
    assert "secret" not in str(failed.value)


def test_a_python_without_pip_is_told_how_to_get_it(
    home: Path, write_card: WriteCard, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, index: Path
) -> None:
    bare = tmp_path / "python"
    bare.write_text(f'#!/bin/sh\necho "{sys.executable}: No module named pip" >&2\nexit 1\n')
    bare.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(bare))
    source = PypiSource(package="tinynets", version="1.0", member="a.tflite")
    write_card("a", b"", Source(pypi=source))
    with pytest.raises(ModelError, match=f"has no pip. Run `{bare} -m ensurepip`"):
        fetch_models(["a"], home=home)


def test_a_wheel_without_the_file_says_so(
    home: Path, write_card: WriteCard, write_wheel: WriteWheel
) -> None:
    wheel = write_wheel({"b.tflite": b""})
    write_card("a", b"", Source(pypi=replace(wheel, member="a.tflite")))
    with pytest.raises(ModelError, match=r"no item named 'a.tflite'"):
        fetch_models(["a"], home=home)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (Source(url="https://127.0.0.1:9/net.onnx"), "could not be fetched: .*HTTPS_PROXY"),
        (Source(url="ftp://example.org/net.onnx"), "not an https, http or file address"),
        (Source(path="no/such/net.onnx"), "No such file.*Put the file there"),
    ],
)
def test_a_source_that_gives_nothing_says_why(
    home: Path, write_card: WriteCard, source: Source, words: str
) -> None:
    write_card("a", b"", source, convert="")
    with pytest.raises(ModelError, match=words):
        fetch_models(["a"], home=home)
    assert left_in(home / "a") == ["card.json"]


def test_an_interrupted_download_leaves_nothing(
    home: Path, write_card: WriteCard, write_wheel: WriteWheel, scratch: Path, doubling_net: bytes
) -> None:
    wheel = write_wheel({"a.tflite": doubling_net})
    write_card("a", doubling_net, Source(pypi=replace(wheel, member="a.tflite")))

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch_models(["a"], interrupt, home=home)
    assert left_in(scratch) == []
    assert left_in(home / "a") == ["card.json"]


def test_an_interrupted_write_leaves_nothing(
    home: Path, write_card: WriteCard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "net.onnx").write_bytes(b"net")
    write_card("a", b"net", Source(path="../../net.onnx"), convert="")
    replaced = os.replace

    def interrupt(old: Any, new: Any) -> None:
        if str(new).endswith(".onnx"):
            raise KeyboardInterrupt
        replaced(old, new)

    monkeypatch.setattr(os, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        fetch_models(["a"], home=home)
    assert left_in(home / "a") == ["card.json", "model.json"]
    with pytest.raises(ModelError, match="likeness models fetch a"):
        weights("a", home)


def test_what_a_killed_fetch_left_goes_with_the_next_one(
    home: Path, write_card: WriteCard, tmp_path: Path
) -> None:
    (tmp_path / "net.onnx").write_bytes(b"net")
    write_card("a", b"net", Source(path="../../net.onnx"), convert="")
    old, young = home / "a" / ".model.onnx.old", home / "a" / ".model.onnx.young"
    for left in (old, young):
        left.write_bytes(b"ha")
    os.utime(old, (time.time() - 7200,) * 2)
    fetch_models(["a"], home=home)
    assert not old.exists()
    assert young.exists(), "it may belong to a fetch that is running"


def test_processes_that_fetch_at_once_agree(
    home: Path, write_card: WriteCard, tmp_path: Path, doubling_net: bytes
) -> None:
    (tmp_path / "a.tflite").write_bytes(doubling_net)
    for number in range(20):
        write_card(f"a{number}", doubling_net, Source(path="../../a.tflite"))
    script = (
        "import sys, pathlib; from likeness_engine.models.fetch import fetch_models;"
        "fetch_models(home=pathlib.Path(sys.argv[1]))"
    )
    running = [subprocess.Popen([sys.executable, "-c", script, str(home)]) for _ in range(3)]
    assert [process.wait(60) for process in running] == [0, 0, 0]
    for number in range(20):
        assert weights(f"a{number}", home).read_bytes() == convert(doubling_net)
        assert left_in(home / f"a{number}") == ["card.json", "model.json", "model.onnx"]


def test_a_folder_that_cannot_be_written_is_named(
    home: Path, write_card: WriteCard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "net.onnx").write_bytes(b"net")
    write_card("a", b"net", Source(path="../../net.onnx"), convert="")

    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.mkstemp", refuse)
    with pytest.raises(ModelError, match=f"cannot be written to {home / 'a'}: Permission denied"):
        fetch_models(["a"], home=home)


def test_an_unknown_model_lists_the_known_ones(home: Path, write_card: WriteCard) -> None:
    write_card("a", b"", Source(path="x"))
    with pytest.raises(ParameterError, match=r"no model 'b'.*Known are a\."):
        fetch_models(["b"], home=home)
