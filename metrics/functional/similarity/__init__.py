"""Likeness of two sets of states as wholes: centred kernel alignment and Procrustes shape."""
