"""Simulated walks whose positions are to be read out of a candidate: path integration as a task."""
