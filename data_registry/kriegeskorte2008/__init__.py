"""Kriegeskorte et al. 2008: 92 object images, monkey and human inferior temporal cortex."""
