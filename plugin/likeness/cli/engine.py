"""The one door from the command line to the core: opened by a verb at work, never at import."""

from __future__ import annotations

import importlib
from typing import Any

from likeness.errors import EngineUnreachable


def engine(part: str) -> Any:
    """Return a module of the core, such as `run`; EngineUnreachable says what it lacks."""
    try:
        return importlib.import_module(f"likeness_engine.{part}")
    except ImportError as error:
        raise EngineUnreachable(
            f"The core cannot be loaded: {error}. Set it up with `python3 install demo` in the "
            "clone and use the `likeness` of its .venv; `likeness doctor` says what is missing."
        ) from error
