"""Patterns of errors and of judgements beside those of subjects."""
