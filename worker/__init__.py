"""Working through the submissions of a board: each checked, run in the sandbox, scored and recorded."""

from .apart import ScoringLimits
from .worker import Worker

__all__ = ["ScoringLimits", "Worker"]
