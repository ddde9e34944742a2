"""Models: their cards, where their weights come from, and that they are what the card says."""
