"""Metrics: pure functions in :mod:`innerscore.metrics.functional`, thin metric classes next to them."""

from .interface import Metric, load_metric, registry

__all__ = ["Metric", "load_metric", "registry"]
