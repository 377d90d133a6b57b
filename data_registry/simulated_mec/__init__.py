"""Simulated MEC: grid, border, head-direction and mixed cells along rat paths, made from a seed."""
