"""Tasks: the physics, paths and renderers from which stimuli are made.

A room of its own because three rooms need it: simulated recordings follow the task's hidden state, training
draws from the task's distribution, and benchmarks show the task to candidates.
"""
