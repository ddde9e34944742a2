"""Blend: the words. The work is in likeness_engine/nodes/blend.py."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from likeness.nodes.spec import Node, choice, layer, number


@dataclass(frozen=True)
class Blend(Node):
    """Seat the element in the plate: its light, its colour, its edge and its grain."""

    id: ClassVar[str] = "blend"
    label: ClassVar[str] = "Blend"
    layers: ClassVar[tuple[str, ...]] = ("swap", "face_matte")

    method: str = choice(
        "multiband",
        ("multiband", "gradient", "over"),
        "multiband: Laplacian pyramid; gradient: Poisson; both in log light. over: a plain over.",
    )
    mix: float = number(1.0, 0.0, 1.0, "How much of the result is seen; 0 is the plate.")
    colour_match: float = number(
        1.0, 0.0, 1.0, "Pull the element's mean skin colour towards the plate's."
    )
    light_match: float = number(
        1.0, 0.0, 1.0, "Give the element the soft light and shade measured on the plate's face."
    )
    grain_match: float = number(
        1.0, 0.0, 2.0, "Grain added to the element, as a part of the grain measured in the plate."
    )
    erode: float = number(2.0, -10.0, 20.0, "Shrink the matte.", unit="% of face width")
    feather: float = number(6.0, 0.0, 30.0, "Soften the matte inwards.", unit="% of face width")
    holdout: str = layer("", "Layer or channel of the plate that is never painted over.")
