"""Swap: the words. The work is in likeness_engine/nodes/swap.py."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from likeness.nodes.spec import Node, choice, identity, number, text


@dataclass(frozen=True)
class Swap(Node):
    """Put an identity on a tracked face; the result is an element and its matte, not yet seated."""

    id: ClassVar[str] = "swap"
    label: ClassVar[str] = "Swap"
    layers: ClassVar[tuple[str, ...]] = ("swap", "face_matte")

    identity: str = identity("Whose face is put on; a consent must cover it.")
    method: str = choice(
        "projection",
        ("projection",),
        "projection: the identity's own photographs, unwrapped to the mesh and posed by the track.",
    )
    face: str = text("", "Ids of the tracked faces to replace, with commas; empty: the main face.")
    shape: float = number(0.6, 0.0, 1.0, "From the target's face shape (0) to the identity's (1).")
    eyes: str = choice("plate", ("plate", "identity"), "Whose eyes are seen between the lids.")
    mouth: str = choice("plate", ("plate", "identity"), "Whose mouth is seen between the lips.")
