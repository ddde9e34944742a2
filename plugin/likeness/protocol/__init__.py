"""What crosses the border between the client and the core."""
