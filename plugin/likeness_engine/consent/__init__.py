"""Consent: the registry of grants, and the check that every frame passes."""
