"""Sohn et al. 2019: dorsomedial frontal neurons of two monkeys that measure and produce intervals."""
