"""The cards in the tree are complete and honest; a card that is not is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from likeness.documents.card import Card, Source
from likeness.errors import ParameterError
from likeness.places import models_home
from likeness_engine.models.cards import card as read_card
from likeness_engine.models.cards import read_cards

CARDS = read_cards()
ROLES = {"detector", "mesh", "iris"}
PERMISSIVE = {"Apache-2.0", "MIT", "BSD-2-Clause", "BSD-3-Clause"}

every_card = pytest.mark.parametrize("card", CARDS, ids=lambda card: card.id)


def test_the_default_models_are_a_detector_a_mesh_and_an_iris() -> None:
    assert {card.role: card.id for card in CARDS if card.default} == {
        "detector": "mediapipe-face-detection-short-range",
        "mesh": "mediapipe-face-mesh",
        "iris": "mediapipe-iris",
    }


@every_card
def test_a_card_says_everything_a_person_decides_by(card: Card) -> None:
    assert card.role in ROLES
    for words in (card.title, card.vendor, card.limits, card.reference, card.licence):
        assert words.strip() == words != ""
    assert card.inputs and card.outputs and card.training_data
    for tensor in (*card.inputs, *card.outputs):
        assert tensor.name and tensor.shape and tensor.range
    for tensor in card.inputs:
        assert "RGB" in tensor.colour or "BGR" in tensor.colour
        assert "display-referred" in tensor.colour
    for data in card.training_data:
        assert data.name and data.licence and data.consent_basis
        assert data.source.startswith("http")


@every_card
def test_a_default_model_may_be_used_commercially_under_a_permissive_licence(card: Card) -> None:
    if card.default:
        assert card.commercial_use
        assert card.licence in PERMISSIVE


@every_card
def test_a_converted_model_pins_the_bytes_of_its_onnx(card: Card) -> None:
    assert bool(card.onnx_sha256) == bool(card.convert)


@every_card
def test_a_card_is_written_as_it_is_read(card: Card) -> None:
    path = models_home() / card.id / "card.json"
    assert json.loads(path.read_text("utf-8")) == card.to_json()


@every_card
def test_a_card_names_no_machine_of_ours(card: Card) -> None:
    source = card.source
    assert not source.path or not Path(source.path).is_absolute()
    assert not source.url or source.url.startswith("https://")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"sha256": "abc"}, "sha256 is 'abc'; it must be 64"),
        ({"onnx_sha256": "Z" * 64}, "onnx_sha256 is"),
        ({"convert": "pickle"}, "convert is 'pickle'; it must be empty or tflite"),
        ({"convert": "", "onnx_sha256": "0" * 64}, "onnx_sha256 is given, but convert is empty"),
        ({"source": Source()}, "source must be exactly one of"),
        ({"source": Source(url="https://x", path="y")}, "source must be exactly one of"),
    ],
)
def test_a_card_that_contradicts_itself_is_refused(
    home: Path, write_card: Callable[..., Card], change: dict[str, object], words: str
) -> None:
    write_card("a", b"", **{"source": Source(path="x"), **change})
    with pytest.raises(ParameterError, match=words):
        read_card("a", home)


def test_an_id_that_climbs_out_of_the_models_folder_is_refused(
    home: Path, write_card: Callable[..., Card]
) -> None:
    write_card("a", b"", Source(path="x"))
    for climbing in ("../models/a", "./a", str(home / "a"), ""):
        with pytest.raises(ParameterError, match="There is no model"):
            read_card(climbing, home)


def test_the_problems_of_all_cards_come_at_once(
    home: Path, write_card: Callable[..., Card]
) -> None:
    write_card("a", b"", Source(path="x"), sha256="abc")
    write_card("b", b"", Source(path="x"))
    (home / "b").rename(home / "c")
    with pytest.raises(ParameterError) as problems:
        read_cards(home)
    assert "sha256 is 'abc'" in str(problems.value)
    assert "says id 'b'; its folder must have that name" in str(problems.value)
