"""The consent record: who grants what to whom, for which productions and uses, until when."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from likeness.documents.base import Document
from likeness.documents.ids import id_problem

KINDS = ("release", "guardian", "estate", "evaluation", "synthetic")
USES = ("swap", "age", "expression", "training")

# Who may grant each kind; an evaluation is a studio's internal test with the subject's knowledge.
AUTHORITIES = {
    "release": ("self",),
    "guardian": ("guardian",),
    "estate": ("estate",),
    "evaluation": ("self", "guardian", "estate", "studio"),
    "synthetic": ("studio",),
}
_SHA256 = re.compile(r"[0-9a-f]{64}")


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
    revoked_at: str = ""  # ISO date or moment; empty: in force

    def problems(self) -> list[str]:
        found = [id_problem("id", self.id), id_problem("likeness", self.likeness)]
        if self.kind not in KINDS:
            found.append(f"kind is {self.kind!r}; it must be one of {', '.join(KINDS)}.")
        elif self.authority not in AUTHORITIES[self.kind]:
            found.append(
                f"authority is {self.authority!r}; a consent of kind {self.kind!r} is granted by "
                f"{' or '.join(AUTHORITIES[self.kind])}."
            )
        found.extend(
            f"uses has {use!r}; it must be one of {', '.join(USES)}."
            for use in self.uses
            if use not in USES
        )
        if not self.uses:
            found.append("uses is empty; name at least one use.")
        if not self.intended_use.strip():
            found.append("intended_use is empty; describe the use reasonably specifically.")
        if self.kind in ("release", "guardian", "estate") and not self.document_sha256:
            found.append("document_sha256 must be the sha256 of the signed paper.")
        if self.document_sha256 and not _SHA256.fullmatch(self.document_sha256):
            found.append(
                f"document_sha256 is {self.document_sha256!r}; it must be 64 hexadecimal digits."
            )
        return [problem for problem in (*found, *self._date_problems()) if problem]

    def _date_problems(self) -> list[str]:
        found = [
            f"{name} is {value!r}; it must be a date such as 2026-11-23."
            for name, value in (("not_before", self.not_before), ("not_after", self.not_after))
            if not _is_date(value)
        ]
        if self.revoked_at and not _is_date(self.revoked_at[:10]):
            found.append(f"revoked_at is {self.revoked_at!r}; it must begin with an ISO date.")
        if not found and self.not_after < self.not_before:
            found.append(f"not_after is {self.not_after}, before not_before, {self.not_before}.")
        return found


def _is_date(value: str) -> bool:
    try:
        return date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False
