"""Procedural actors: faces of nobody, with the truth of every pixel, for the demo and the tests."""
