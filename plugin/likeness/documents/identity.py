"""The identity: a person whose face may be used, by a pseudonymous id; never a name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from likeness.documents.base import Document
from likeness.documents.ids import id_problem


@dataclass(frozen=True)
class Identity(Document):
    """What the core needs to put a face on: built texture and geometry, and the consent."""

    schema: ClassVar[str] = "likeness.identity.1"

    id: str
    consent: str  # id of the consent record
    photos: tuple[str, ...]  # sha256 of each reference picture
    texture_sha256: str  # of texture.exr: linear ACEScg, mean face luminance 0.18, UV layout
    geometry: tuple[tuple[float, float, float], ...]  # 468 points, outer eye distance = 1
    models: dict[str, str]  # models that built it, id -> sha256

    def problems(self) -> list[str]:
        found = [id_problem("id", self.id), id_problem("consent", self.consent)]
        if len(self.texture_sha256) != 64:
            found.append(f"texture_sha256 is {self.texture_sha256!r}; it must be 64 digits.")
        if len(self.geometry) != 468:
            found.append(f"geometry has {len(self.geometry)} points; it must have 468.")
        return [problem for problem in found if problem]
