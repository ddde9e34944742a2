"""The cards of all models this install knows: `models/<id>/card.json`."""

from __future__ import annotations

from pathlib import Path

from likeness import places
from likeness.documents.card import Card
from likeness.errors import ParameterError


def read_cards(home: Path | None = None) -> list[Card]:
    """Return every card, sorted by model id; `home` is the models folder (the install's own).

    Raises ParameterError with the problems of all cards that do not hold.
    """
    home = home or places.models_home()
    cards: list[Card] = []
    problems: list[str] = []
    for path in sorted(home.glob("*/card.json")):
        try:
            cards.append(_read(path))
        except ParameterError as error:
            problems.append(str(error))
    if problems:
        raise ParameterError("\n".join(problems))
    return cards


def card(model_id: str, home: Path | None = None) -> Card:
    """Return one model's card. Raises ParameterError for an id that no card has."""
    home = home or places.models_home()
    ids = sorted(path.parent.name for path in home.glob("*/card.json"))
    if model_id not in ids:  # also whatever climbs out of the folder
        raise ParameterError(
            f"There is no model {model_id!r} in {home}. Known are {', '.join(ids) or 'none'}."
            " To use another model, add a folder with its card there."
        )
    return _read(home / model_id / "card.json")


def _read(path: Path) -> Card:
    card = Card.load(path)
    if card.id != path.parent.name:
        raise ParameterError(f"{path} says id {card.id!r}; its folder must have that name.")
    return card
