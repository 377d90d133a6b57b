"""Measures: pure functions in :mod:`innerscore.metrics.functional`, thin metric classes beside them."""
