"""The built-in candidates: controls whose place on the board is known, and untrained baselines."""
