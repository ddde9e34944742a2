"""The consent record: who grants what to whom, for which productions and uses, until when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from likeness.documents.base import Document

KINDS = ("release", "guardian", "estate", "evaluation", "synthetic")
USES = ("swap", "age", "expression", "training")


@dataclass(frozen=True)
class Consent(Document):
    """A grant for one likeness. The subject is named in the signed paper, never here."""

    schema: ClassVar[str] = "likeness.consent.1"

    id: str
    likeness: str  # pseudonymous identity id
    kind: str
    grantor: str  # pseudonym or role of who granted
    authority: str  # self, guardian, estate, studio (for synthetic)
    uses: tuple[str, ...]
    intended_use: str  # reasonably specific, in words
    not_before: str  # ISO date, inclusive
    not_after: str  # ISO date, inclusive
    productions: tuple[str, ...] = ()  # shows; empty: every show of the holder
    document_sha256: str = ""  # of the signed paper
    revoked_at: str = ""

    def problems(self) -> list[str]:
        found = []
        if self.kind not in KINDS:
            found.append(f"kind is {self.kind!r}; it must be one of {', '.join(KINDS)}.")
        found.extend(
            f"uses has {use!r}; it must be one of {', '.join(USES)}."
            for use in self.uses
            if use not in USES
        )
        if not self.uses:
            found.append("uses is empty; name at least one use.")
        if not self.intended_use.strip():
            found.append("intended_use is empty; describe the use reasonably specifically.")
        if self.kind in ("release", "guardian", "estate") and len(self.document_sha256) != 64:
            found.append("document_sha256 must be the sha256 of the signed paper.")
        return found
