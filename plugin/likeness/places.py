"""Where things lie on this machine: the person's state folder and the install."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def state_home() -> Path:
    """Return the folder of keys, identities and consents: `LIKENESS_HOME`, else the OS's place."""
    if chosen := os.environ.get("LIKENESS_HOME"):
        return Path(chosen)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", str(Path.home()))) / "Likeness"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "Likeness"
    return Path(os.environ.get("XDG_DATA_HOME", str(Path.home() / ".local" / "share"))) / "likeness"


def install_root() -> Path:
    """Return the root of the clone this package was loaded from."""
    return Path(__file__).resolve().parents[2]


def models_home() -> Path:
    """Return the folder of model cards and, beside them, their weights (ignored by git)."""
    return install_root() / "models"
