"""Scores with intervals from a bootstrap: its parameters, and a score's parts with their value in each resample."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..core.resamples import Resamples
from ..core.scores import Estimate, Score
from .functional._splits import check_integer
from .functional.statistics.interval import check_level, percentile_interval
from .interface import Metric

__all__ = ["Bootstrap", "BootstrappedMetric", "Resampled"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Bootstrap:
    """Parameters of a bootstrap.

    Parameters
    ----------
    n_boot : int, default=1000
        Number of resamples, at least 1.
    seed : int, default=0
        Seed of the resamples and of all else that a metric draws.
    level : float, default=0.95
        Nominal coverage of the intervals, in (0, 1).

    Raises
    ------
    InvalidArgumentError
        If one is out of its range.
    """

    n_boot: int = 1000
    seed: int = 0
    level: float = 0.95

    def __post_init__(self) -> None:
        check_integer("n_boot", self.n_boot, least=1)
        check_integer("seed", self.seed, least=0)
        check_level(self.level)

    @property
    def draws(self) -> dict[str, Any]:
        """The keyword arguments of functions that resample: `n_boot` and `seed`."""
        return {"n_boot": self.n_boot, "seed": self.seed}


@dataclass(frozen=True, eq=False)
class Resampled:
    """One part of a score: its value, and the value in each resample.

    Parameters
    ----------
    value : float
        The value on the data; NaN where it is not defined.
    draws : array of shape (n_boot,)
        The value in each resample; NaN where it is not defined.
    """

    value: float
    draws: Array

    def __truediv__(self, other: Resampled) -> Resampled:
        """The ratio, on the data and in each resample; infinite or NaN where the divisor is 0."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return Resampled(float(np.divide(self.value, other.value)), self.draws / other.draws)


class BootstrappedMetric(Metric):
    """Base of the metrics whose intervals come from a bootstrap.

    Parameters
    ----------
    n_boot, seed, level : int, int, float
        As in :class:`Bootstrap`.
    """

    #: What is resampled, as the record says it.
    _unit: ClassVar[str] = "conditions"
    #: Whether intervals are moved to be about the value, where resamples are biased by drawing alone.
    _about_value: ClassVar[bool] = False

    def __init__(self, **bootstrap: Any) -> None:
        self._bootstrap = Bootstrap(**bootstrap)

    @property
    def _seed(self) -> int:
        """The seed of all that the metric draws."""
        return self._bootstrap.seed

    def _estimate(self, part: Resampled) -> Estimate:
        """The value with the percentile interval of its resamples, which holds it."""
        level, draws = self._bootstrap.level, np.ascontiguousarray(part.draws)
        value, found = float(part.value), percentile_interval(draws, level=level, unit=self._unit)
        if not self._about_value:  # resamples may all lie below a value that is next to its bound
            return Estimate(value, min(found.low, value), max(found.high, value), level, self._unit)
        # By their median: one ratio whose divisor came out near nought would move a mean anywhere.
        shift = value - float(np.nanmedian(draws))
        return Estimate(value, found.low + shift, found.high + shift, level, self._unit)

    def _score(
        self,
        raw: Resampled,
        ceiling: Resampled,
        normalised: Resampled | None = None,
        *,
        n_units: int,
        targets: pd.DataFrame,
        facts: Mapping[str, str | int | float],
        files: Mapping[str, bytes] | None = None,
    ) -> Score:
        """The score of three parts on the same resamples, in each of which `n_units` units were drawn.

        The third is the ratio of the other two, unless it is given.
        """
        normalised = raw / ceiling if normalised is None else normalised
        return Score(
            raw=self._estimate(raw),
            ceiling=self._estimate(ceiling),
            normalised=self._estimate(normalised),
            targets=targets,
            facts=facts,
            resamples=Resamples.of(
                "bootstrap", n_units, raw=raw.draws, ceiling=ceiling.draws, normalised=normalised.draws
            ),
            further_files=files or {},
        )
