"""Intervals, paired tests and reliabilities that are not of one measure alone."""
