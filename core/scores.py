"""The parts of a score, kept separately: raw value, ceiling and normalised value, each with its interval.

A metric makes a :class:`Score`, a benchmark adds the layer that it selected, and the record keeps its content.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pandas as pd

from .resamples import RESAMPLES_FILE, Resamples, resamples_to_npy

__all__ = ["Estimate", "Score"]


@dataclass(frozen=True)
class Estimate:
    """A value with its interval.

    Parameters
    ----------
    value : float
        The estimate; NaN where it is not defined.
    low, high : float
        Ends of the interval; NaN where there is none.
    level : float
        Share of repetitions in which such an interval covers the truth, for instance 0.95.
    unit : str
        Unit that was resampled for the interval.
    """

    value: float
    low: float = math.nan
    high: float = math.nan
    level: float = 0.95
    unit: str = "none"


@dataclass(frozen=True, eq=False)
class Score:
    """The result of a metric.

    Parameters
    ----------
    raw : Estimate
        The metric before any correction for noise.
    ceiling : Estimate
        The raw value that the noise of the recording allows, or that another brain reaches.
    normalised : Estimate
        The value relative to the ceiling, never clipped.
    targets : pandas.DataFrame
        One row a target (neuroid or RDM): its identifying columns, then raw, ceiling, normalised.
    facts : mapping of str to str, int or float
        Further facts for the reader: counts of excluded and degenerate targets, further ceilings.
    layer, layer_scores : str, mapping of str to float
        The layer that was selected, and every layer's normalised value on the conditions kept for the choice.
    resamples : Resamples or None
        The parts in each resample, for paired tests; without it the board cannot compare the score.
    further_files : mapping of str to bytes
        Further files to keep with the record, by file name: rate maps, traces.
    """

    raw: Estimate
    ceiling: Estimate
    normalised: Estimate
    targets: pd.DataFrame
    facts: Mapping[str, str | int | float] = field(default_factory=dict)
    layer: str = ""
    layer_scores: Mapping[str, float] = field(default_factory=dict)
    resamples: Resamples | None = None
    further_files: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def files(self) -> dict[str, bytes]:
        """Files to keep with the record, except the per-target one, by name."""
        own = {} if self.resamples is None else {RESAMPLES_FILE: resamples_to_npy(self.resamples)}
        return {**self.further_files, **own}

    def with_layer(self, layer: str, layer_scores: Mapping[str, float]) -> Score:
        """The same score with the selected layer and the layer scores behind the choice."""
        return replace(self, layer=layer, layer_scores=dict(layer_scores))
