"""Steps that are done once: a step is done again when what it was made from has changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from pathlib import Path


class Ledger:
    """Remembers, in one JSON file, the digest of the inputs that each step was last done with."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def holds(self, step: str, digest: str, outputs: Iterable[Path]) -> bool:
        """Tell whether a step was done, to the end, with these inputs, and left what it should."""
        return self._read().get(step) == digest and all(path.exists() for path in outputs)

    def do(
        self, step: str, digest: str, make: Callable[[], object], outputs: Callable[[], list[Path]]
    ) -> bool:
        """Do a step unless it holds; tell whether it was done. One that fails leaves no mark."""
        if self.holds(step, digest, outputs()):
            return False
        self._note(step, "")
        make()
        self._note(step, digest)
        return True

    def _read(self) -> dict[str, str]:
        try:
            rows = json.loads(self.path.read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return rows if isinstance(rows, dict) else {}

    def _note(self, step: str, digest: str) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.path.with_suffix(".new")
        fresh.write_text(json.dumps({**self._read(), step: digest}, indent=1) + "\n", "utf-8")
        fresh.replace(self.path)


def digest_of(paths: Iterable[Path], *words: str) -> str:
    """Return one digest of words and of the names and contents of files; folders stand for all
    Python and JSON files below them."""
    whole = hashlib.sha256()
    for word in words:
        whole.update(word.encode() + b"\0")
    for path in sorted(_files(paths)):
        whole.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return whole.hexdigest()


def _files(paths: Iterable[Path]) -> Iterable[Path]:
    for path in paths:
        if path.is_dir():
            yield from (file for kind in ("*.py", "*.json") for file in path.rglob(kind))
        else:
            yield path
