"""Trajectories of states in time, and their relative speed."""
