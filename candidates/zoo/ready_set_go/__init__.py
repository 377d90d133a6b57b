"""Candidates for ready-set-go: controls, clocks, an ideal observer and networks; all see the clip alone."""

from .clocks import Clock, LeakyClock, LookUpTable, Pulse, ScaledClock
from .networks import IntervalRNN, RandomRNN
from .observer import Observer

__all__ = [
    "Clock",
    "IntervalRNN",
    "LeakyClock",
    "LookUpTable",
    "Observer",
    "Pulse",
    "RandomRNN",
    "ScaledClock",
]
