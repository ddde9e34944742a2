"""Projections of the node declarations that need no host: flags, shots, manual pages."""
