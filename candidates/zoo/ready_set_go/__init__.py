"""Candidates for ready-set-go: controls, clocks, an ideal observer and networks; all see the clip alone."""

from .clocks import Clock, LeakyClock, Pulse, ScaledClock
from .networks import IntervalRNN, RandomRNN
from .observer import Observer

__all__ = ["Clock", "IntervalRNN", "LeakyClock", "Observer", "Pulse", "RandomRNN", "ScaledClock"]
