"""Likeness, the core: pixels in scene-linear float, in its own environment."""
