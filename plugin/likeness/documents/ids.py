"""Ids that become file names: of identities and of consents. Pseudonyms, never names."""

from __future__ import annotations

import re

_ID = re.compile(r"[a-z0-9_-]{1,64}")


def id_problem(what: str, value: str) -> str:
    """Return why `value` cannot be an id, in a sentence, or an empty string."""
    if _ID.fullmatch(value):
        return ""
    return (
        f"{what} is {value[:80]!r}; an id is 1 to 64 of the characters a-z, 0-9, _ and -, "
        "such as ana_ruiz."
    )
