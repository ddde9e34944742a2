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
            card = Card.load(path)
        except ParameterError as error:
            problems.append(str(error))
            continue
        if card.id != path.parent.name:
            problems.append(f"{path} says id {card.id!r}; its folder must have that name.")
        cards.append(card)
    if problems:
        raise ParameterError("\n".join(problems))
    return cards


def card(model_id: str, home: Path | None = None) -> Card:
    """Return one model's card. Raises ParameterError for an id that no card has."""
    path = (home or places.models_home()) / model_id / "card.json"
    if not path.is_file():
        known = ", ".join(card.id for card in read_cards(home)) or "none"
        raise ParameterError(
            f"There is no model {model_id!r}: {path} does not exist. Known are {known}."
            " Add a card there to use another model."
        )
    return Card.load(path)
