"""Weights on disk: `models/<id>/model.onnx`, and beside it a receipt of where it came from."""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from likeness import places
from likeness.documents.base import Document
from likeness.documents.card import Card
from likeness.errors import ModelError, ParameterError
from likeness_engine.models.cards import card as read_card

PRESENT, MISSING, ALTERED = "present", "missing", "altered"
_STALE_S = 3600.0


@dataclass(frozen=True)
class Receipt(Document):
    """What `model.onnx` was when it was fetched; `model.json` beside it."""

    schema: ClassVar[str] = "likeness.weights.1"

    model: str
    sha256: str  # of model.onnx
    source_sha256: str  # of the file as its maker ships it
    source: str


@dataclass(frozen=True)
class Weights:
    """The bytes of a net that are what its card says."""

    model: str
    sha256: str
    onnx: bytes


def weights(model_id: str, home: Path | None = None) -> Path:
    """Return the path of the verified ONNX file. Raises as `read_weights`."""
    read_weights(model_id, home)
    return onnx_path(model_id, home)


def read_weights(model_id: str, home: Path | None = None) -> Weights:
    """Return a model's ONNX bytes, checked against its card.

    Load nets from these bytes, not from the path: a file may change between check and load.
    Raises ModelError when the weights are missing or altered, ParameterError for an unknown id.
    """
    card = read_card(model_id, home)
    path = onnx_path(model_id, home)
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise ModelError(
            f"The weights of {model_id} are not on this machine: {path} does not exist."
            f" Run `likeness models fetch {model_id}`."
        ) from error
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}. Check its rights.") from error
    found, wanted = hashlib.sha256(content).hexdigest(), _expected(card, home)
    if found != wanted:
        raise ModelError(
            f"The weights of {model_id} were altered: {path} has sha256 {found}; it must be"
            f" {wanted}. Run `likeness models fetch {model_id}` to put the right ones back."
        )
    return Weights(model_id, found, content)


def state(model_id: str, home: Path | None = None) -> str:
    """Return `present`, `missing` or `altered`, having read the whole file."""
    if not onnx_path(model_id, home).is_file():
        return MISSING
    try:
        read_weights(model_id, home)
    except ModelError:
        return ALTERED
    return PRESENT


def keep(card: Card, onnx: bytes, source: str, home: Path | None = None) -> Path:
    """Write a model's ONNX and its receipt, each whole or not at all; return the ONNX's path.

    The receipt goes first, so that no ONNX lies there without one.
    """
    path = onnx_path(card.id, home)
    digest = hashlib.sha256(onnx).hexdigest()
    receipt = Receipt(model=card.id, sha256=digest, source_sha256=card.sha256, source=source)
    try:
        _sweep(path)
        receipt.save(_receipt_path(card.id, home))
        _write(path, onnx)
    except OSError as error:
        raise ModelError(
            f"The weights of {card.id} cannot be written to {path.parent}: {error.strerror}."
            " Fetch as a user who may write there; every blade then shares them."
        ) from error
    return path


def onnx_path(model_id: str, home: Path | None = None) -> Path:
    """Return where a model's ONNX lies, whether or not it is there."""
    return (home or places.models_home()) / model_id / "model.onnx"


def _receipt_path(model_id: str, home: Path | None) -> Path:
    return onnx_path(model_id, home).with_suffix(".json")


def _expected(card: Card, home: Path | None) -> str:
    """Return the sha256 that the ONNX must have: the card's, else what the receipt noted."""
    if stated := card.onnx_sha256 if card.convert else card.sha256:
        return stated
    try:
        receipt = Receipt.load(_receipt_path(card.id, home))
    except ParameterError as error:
        raise ModelError(
            f"Nothing says which weights of {card.id} are the right ones: its card has no"
            f" onnx_sha256, and {error} Run `likeness models fetch {card.id}`."
        ) from error
    return receipt.sha256


def _write(path: Path, content: bytes) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _sweep(path: Path) -> None:
    """Remove what a killed fetch left; young files may belong to a fetch that is running."""
    for left in path.parent.glob(f".{path.name}.*"):
        if time.time() - left.stat().st_mtime > _STALE_S:
            left.unlink(missing_ok=True)
