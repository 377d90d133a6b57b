"""Metrics: pure functions in :mod:`innerscore.metrics.functional`, thin metric classes beside them."""

from .interface import Metric, load_metric, registry

__all__ = ["Metric", "load_metric", "registry"]
