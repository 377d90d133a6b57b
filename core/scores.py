"""The parts of a score, kept apart: raw value, ceiling and normalised value, each with its interval.

Metrics and benchmarks hand scores over as brainscore-core ``Score`` objects, so that Brain-Score tooling can
use them. :func:`pack_score` builds one from its parts; :func:`unpack_score` gives the parts back.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pandas as pd

from ._brainscore import Score
from .errors import InvalidDataError
from .resamples import RESAMPLES_FILE, Resamples, resamples_to_npy

__all__ = ["Estimate", "ScoreParts", "pack_score", "unpack_score"]


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
        What was resampled for the interval.
    """

    value: float
    low: float = math.nan
    high: float = math.nan
    level: float = 0.95
    unit: str = "none"


@dataclass(frozen=True, eq=False)
class ScoreParts:
    """What a metric found.

    Parameters
    ----------
    raw : Estimate
        The measure before any correction for noise.
    ceiling : Estimate
        The raw value that the noise of the recording allows, or that another brain reaches.
    normalised : Estimate
        The value relative to the ceiling, never clipped.
    targets : pandas.DataFrame
        One row a target (neuroid or RDM): its identifying columns, then raw, ceiling, normalised.
    facts : mapping of str to str, int or float
        What else the reader must know: counts of excluded and degenerate targets, further ceilings.
    layer, layer_scores : str, mapping of str to float
        The layer committed to, and every layer's normalised value on the conditions kept for the choice.
    resamples : Resamples or None
        The parts in each resample, for paired tests; without it the board cannot compare the score.
    further_files : mapping of str to bytes
        What else is to be kept beside the record, by file name: rate maps, traces.
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
        """Files to be kept beside the record, but for the per-target one, by name."""
        own = {} if self.resamples is None else {RESAMPLES_FILE: resamples_to_npy(self.resamples)}
        return {**self.further_files, **own}

    def committed(self, layer: str, layer_scores: Mapping[str, float]) -> ScoreParts:
        """The same parts with the layer and how it was chosen."""
        return replace(self, layer=layer, layer_scores=dict(layer_scores))


def pack_score(parts: ScoreParts) -> Score:
    """Pack parts into a brainscore-core Score whose value is the normalised one.

    Returns
    -------
    score : brainscore_core.metrics.Score
        A scalar with attributes ``raw`` and ``ceiling`` (Scores), ``error`` (half the interval's width) and
        ``parts``.
    """
    return Score(
        parts.normalised.value,
        attrs={
            Score.RAW_VALUES_KEY: _plain_score(parts.raw),
            "ceiling": _plain_score(parts.ceiling),
            "error": _half_width(parts.normalised),
            "parts": parts,
        },
    )


def unpack_score(score: Score) -> ScoreParts:
    """The parts of a Score that :func:`pack_score` built.

    Raises
    ------
    InvalidDataError
        If the score has no parts.
    """
    parts = score.attrs.get("parts")
    if not isinstance(parts, ScoreParts):
        raise InvalidDataError("The score", got=f"attributes {sorted(score.attrs)}", needed="with 'parts'")
    return parts


def _plain_score(estimate: Estimate) -> Score:
    return Score(estimate.value, attrs={"error": _half_width(estimate)})


def _half_width(estimate: Estimate) -> float:
    return (estimate.high - estimate.low) / 2
