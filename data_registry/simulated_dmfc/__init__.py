"""Simulated DMFC: neurons that carry on with a hidden ball, made from a seed."""
