"""Rajalingham, Sohn & Jazayeri 2025: dorsomedial frontal cortex of two monkeys that play Mental-Pong."""
