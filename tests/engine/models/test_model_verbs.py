"""What the command line says of the models."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from likeness.documents.card import Card, PypiSource, Source
from likeness.errors import ParameterError
from likeness_engine.models.fetch import fetch_models
from likeness_engine.models.verbs import ModelRow, check_models, list_models, show_model


@pytest.fixture
def three_models(home: Path, write_card: Callable[..., Card], tmp_path: Path) -> Path:
    """Return a models folder with a model that is there, one that was altered, one missing."""
    (tmp_path / "net.onnx").write_bytes(b"net")
    for name in ("altered", "there"):
        write_card(name, b"net", Source(path="../../net.onnx"), convert="")
        fetch_models([name], home=home)
    (home / "altered" / "model.onnx").write_bytes(b"another")
    missing = Source(pypi=PypiSource(package="tinynets", version="1.0", member="a.tflite"))
    write_card("missing", b"", missing, default=False, commercial_use=False, licence="CC-BY-NC-4.0")
    return home


def test_the_list_tells_present_missing_and_altered_apart(three_models: Path) -> None:
    assert list_models(three_models) == [
        ModelRow("altered", "detector", "Apache-2.0", True, True, "altered"),
        ModelRow("missing", "detector", "CC-BY-NC-4.0", False, False, "missing"),
        ModelRow("there", "detector", "Apache-2.0", True, True, "present"),
    ]


def test_a_check_without_ids_covers_the_defaults_and_whatever_is_there(three_models: Path) -> None:
    rows = check_models(home=three_models)
    assert [(row.id, row.state) for row in rows] == [("altered", "altered"), ("there", "present")]
    assert "were altered" in rows[0].problem
    assert rows[1].problem == ""


def test_a_check_by_id_covers_what_is_missing(three_models: Path) -> None:
    [row] = check_models(["missing"], three_models)
    assert row.state == "missing"
    assert "`likeness models fetch missing`" in row.problem


def test_a_model_is_shown_as_a_page(three_models: Path) -> None:
    page = show_model("missing", three_models)
    assert page.splitlines()[0] == "A net that doubles (missing)"
    for line in (
        "  licence      CC-BY-NC-4.0",
        "  commercial   NOT allowed",
        "  source       a.tflite in tinynets 1.0 (pypi)",
        "  converted    from tflite",
        "  takes        x, any x 2 x 2 x 1: any",
    ):
        assert line in page.splitlines()
    assert "missing: " in page


def test_an_unknown_model_cannot_be_shown(three_models: Path) -> None:
    with pytest.raises(ParameterError, match="no model 'nobody'"):
        show_model("nobody", three_models)
