"""Typed, versioned JSON documents that the client and the core share."""
