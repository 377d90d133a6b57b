"""Training of predictors on videos in which objects hide, judged long after they were last seen."""

from .recipes import recipes

__all__ = ["recipes"]
