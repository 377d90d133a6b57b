"""Working through the submissions of a board: each checked, run in the sandbox, scored and recorded."""

from .worker import Worker

__all__ = ["Worker"]
