"""Identities: the faces that may be used, built from their own photographs."""
