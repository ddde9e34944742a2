"""Provenance: what a frame says of itself, signed, and the verifier that proves it."""
