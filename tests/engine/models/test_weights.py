"""Weights on disk are what their card says, or they are not used."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from likeness.documents.card import Card, Source
from likeness.errors import ModelError
from likeness_engine.models.fetch import fetch_models
from likeness_engine.models.store import weights
from likeness_engine.models.tflite import convert

WriteCard = Callable[..., Card]


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_missing_weights_say_how_to_get_them(home: Path, write_card: WriteCard) -> None:
    write_card("a", b"net", Source(path="x"))
    with pytest.raises(ModelError, match=r"not on this machine.*`likeness models fetch a`"):
        weights("a", home)


@pytest.mark.parametrize("stated", [True, False])
def test_weights_swapped_on_disk_are_noticed_and_put_right(
    home: Path, write_card: WriteCard, tmp_path: Path, doubling_net: bytes, stated: bool
) -> None:
    (tmp_path / "a.tflite").write_bytes(doubling_net)
    right = sha256(convert(doubling_net))
    source = Source(path="../../a.tflite")
    write_card("a", doubling_net, source, onnx_sha256=right if stated else "")
    path = fetch_models(["a"], home=home)[0].path
    path.write_bytes(b"another face")
    with pytest.raises(ModelError) as noticed:
        weights("a", home)
    assert f"{path} has sha256 {sha256(b'another face')}; it must be {right}" in str(noticed.value)
    assert fetch_models(["a"], home=home)[0].fetched
    assert weights("a", home).read_bytes() == convert(doubling_net)


def test_a_receipt_swapped_with_the_weights_does_not_help_where_the_card_speaks(
    home: Path, write_card: WriteCard, tmp_path: Path, doubling_net: bytes
) -> None:
    (tmp_path / "a.tflite").write_bytes(doubling_net)
    right = sha256(convert(doubling_net))
    write_card("a", doubling_net, Source(path="../../a.tflite"), onnx_sha256=right)
    path = fetch_models(["a"], home=home)[0].path
    path.write_bytes(b"another face")
    receipt = path.with_suffix(".json")
    receipt.write_text(receipt.read_text().replace(right, sha256(b"another face")))
    with pytest.raises(ModelError, match="were altered"):
        weights("a", home)


def test_weights_that_nothing_vouches_for_are_refused(
    home: Path, write_card: WriteCard, doubling_net: bytes
) -> None:
    write_card("a", doubling_net, Source(path="x"))
    (home / "a" / "model.onnx").write_bytes(convert(doubling_net))
    with pytest.raises(ModelError, match="Nothing says which weights of a are the right ones"):
        weights("a", home)
