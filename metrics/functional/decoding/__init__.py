"""Readouts of variables from states, tested on held-out conditions."""
