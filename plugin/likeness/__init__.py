"""The client: vocabulary and the way to the core. Standard library only, Python 3.9+."""

__version__ = "0.1.0"
