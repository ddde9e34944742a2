"""The one tree of errors. A message says what failed with the value, why, and what to do."""

from __future__ import annotations


class LikenessError(Exception):
    """Any failure that a person can act on. `exit_code` is what the command line returns."""

    exit_code = 1


class ParameterError(LikenessError):
    """A parameter, an argument or a document that does not mean anything."""

    exit_code = 2


class ModelError(LikenessError):
    """A model that is missing, altered, or cannot run."""


class FrameError(LikenessError):
    """A plate frame that cannot be read, or a result that cannot be written."""


class ConsentError(LikenessError):
    """No consent covers what was asked."""

    exit_code = 3


class PolicyError(LikenessError):
    """The show's policy refuses what was asked."""

    exit_code = 3


class SignatureError(LikenessError):
    """A signed record that does not hold."""

    exit_code = 4


class EngineUnreachable(LikenessError):
    """The core's environment is missing, or the core cannot be started."""
