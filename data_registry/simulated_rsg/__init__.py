"""Simulated ready-set-go: two observers that make the best of the prior, and neurons that carry their state."""
