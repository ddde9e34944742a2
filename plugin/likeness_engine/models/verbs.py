"""What `likeness models list | show | check` say; fetching is in fetch.py."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from likeness.documents.card import Source, Tensor, TrainingData
from likeness.errors import ModelError
from likeness_engine.models.cards import card as read_card
from likeness_engine.models.cards import read_cards
from likeness_engine.models.store import ALTERED, MISSING, PRESENT, onnx_path, read_weights, state


@dataclass(frozen=True)
class ModelRow:
    """One model in a list. `state` is present, missing or altered."""

    id: str
    role: str
    licence: str
    commercial_use: bool
    default: bool
    state: str


@dataclass(frozen=True)
class ModelCheck:
    """One model whose ONNX was read whole and hashed. `problem` is empty when it is right."""

    id: str
    state: str
    path: Path
    problem: str


def list_models(home: Path | None = None) -> list[ModelRow]:
    """Return every model that has a card, sorted by id."""
    return [
        ModelRow(
            card.id,
            card.role,
            card.licence,
            card.commercial_use,
            card.default,
            state(card.id, home),
        )
        for card in read_cards(home)
    ]


def check_models(ids: Iterable[str] = (), home: Path | None = None) -> list[ModelCheck]:
    """Check models by id, or else the default ones and all that are on this machine."""
    chosen = list(ids) or [
        card.id for card in read_cards(home) if card.default or state(card.id, home) != MISSING
    ]
    return [_check(model_id, home) for model_id in chosen]


def show_model(model_id: str, home: Path | None = None) -> str:
    """Return a model's card as a page for a person. Raises ParameterError for an unknown id."""
    card = read_card(model_id, home)
    lines = [
        f"{card.title} ({card.id})",
        *_row("role", card.role + (", fetched by the set-up" if card.default else "")),
        *_row("state", f"{state(card.id, home)}: {onnx_path(card.id, home)}"),
        *_row("licence", card.licence),
        *_row("commercial", "allowed by the licence" if card.commercial_use else "NOT allowed"),
        *_row("vendor", card.vendor),
        *_row("source", _source(card.source)),
        *_row("sha256", card.sha256),
        *_row("converted", f"from {card.convert}" if card.convert else ""),
        *_row("onnx sha256", card.onnx_sha256),
        *(line for data in card.training_data for line in _row("trained on", _trained(data))),
        *(line for tensor in card.inputs for line in _row("takes", _tensor(tensor))),
        *(line for tensor in card.outputs for line in _row("gives", _tensor(tensor))),
        *_row("limits", card.limits),
        *_row("reference", card.reference),
    ]
    return "\n".join(lines)


def _check(model_id: str, home: Path | None) -> ModelCheck:
    path = onnx_path(model_id, home)
    try:
        read_weights(model_id, home)
    except ModelError as error:
        return ModelCheck(model_id, ALTERED if path.exists() else MISSING, path, str(error))
    return ModelCheck(model_id, PRESENT, path, "")


def _row(name: str, words: str) -> list[str]:
    return [f"  {name:<12} {words}"] if words else []


def _source(source: Source) -> str:
    if source.pypi:
        return f"{source.pypi.member} in {source.pypi.package} {source.pypi.version} (pypi)"
    return source.url or source.path


def _trained(data: TrainingData) -> str:
    return f"{data.name}; licence: {data.licence}; consent: {data.consent_basis}; {data.source}"


def _tensor(tensor: Tensor) -> str:
    shape = " x ".join(str(n) if n else "any" for n in tensor.shape)
    return f"{tensor.name}, {shape}: {tensor.range}" + (f"; {tensor.colour}" * bool(tensor.colour))
