"""Measures: pure functions in :mod:`innerscore.metrics.functional`, thin metric classes beside them."""

from .interface import LabelledMetric, load_metric, registry

__all__ = ["LabelledMetric", "load_metric", "registry"]
