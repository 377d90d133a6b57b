"""Patterns of errors and of judgements, compared with those of subjects."""
