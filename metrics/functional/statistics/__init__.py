"""Intervals, paired tests and reliabilities that are not of one metric alone."""
