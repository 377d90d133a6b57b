"""Intervals produced: their mean, bias and spread, and those of an observer who makes the best of the prior.

The observer of Jazayeri & Shadlen (2010), as fitted by Sohn et al. (2019), measures t_m ~ N(t_s, (w_m t_s)^2),
takes t_e = E[t_s | t_m] under a uniform prior from the shortest interval to the longest (Bayes least squares), and
produces t_p ~ N(t_e, (w_p t_e)^2) + offset, an offset for each prior.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from ...core.labelled import recording
from ...tasks.interval_observer import mean_bls_estimate
from ...tasks.ready_set_go import PRIORS

__all__ = [
    "Behaviour",
    "ObserverFit",
    "interval_statistics",
    "label_intervals",
    "observer_bias",
    "regression_slopes",
]


@dataclass(frozen=True)
class ObserverFit:
    """A fitted observer.

    Parameters
    ----------
    w_m, w_p : float
        Weber fractions of measurement and production.
    offset_ms : mapping of {"short", "long"} to float
        Constant of each prior in ms.
    """

    w_m: float
    w_p: float
    offset_ms: Mapping[str, float]


@dataclass(frozen=True, eq=False)
class Behaviour:
    """An animal's trials in all its sessions, and the observer that was fitted to them.

    Parameters
    ----------
    trials : pandas.DataFrame
        A row a trial: ``session``, ``condition``, ``prior``, ``context``, ``t_s_ms``, ``t_p_ms``, ``completed`` (an
        interval was produced) and ``valid`` (completed, and not left out).
    fit : ObserverFit
        The fit to all sessions.
    """

    trials: pd.DataFrame
    fit: ObserverFit

    @property
    def valid(self) -> pd.DataFrame:
        """The valid trials."""
        return self.trials[self.trials["valid"]]


def label_intervals(behaviour: Behaviour, animal: str, attrs: Mapping[str, Any]) -> xr.DataArray:
    """Label an animal's produced intervals, a presentation a valid trial.

    Parameters
    ----------
    behaviour : Behaviour
        The animal's behaviour.
    animal : str
        Name of the animal.
    attrs : mapping
        Attributes that give the origin of the data.

    Returns
    -------
    intervals : assembly of dims (presentation, neuroid)
        Intervals in ms; coordinates ``prior``, ``context`` and ``t_s_ms`` on presentations. A condition is a
        stimulus and has as many repetitions as trials.
    """
    trials = behaviour.valid
    names = trials["condition"].to_numpy(dtype=str)
    return recording(
        trials["t_p_ms"].to_numpy(dtype=float)[:, None],
        presentation={
            "stimulus_id": names,
            "condition": names,
            "repetition": trials.groupby("condition").cumcount().to_numpy(),
            **{name: trials[name].to_numpy(dtype=str) for name in ("prior", "context", "session")},
            "t_s_ms": trials["t_s_ms"].to_numpy(dtype=int),
        },
        neuroid={"neuroid_id": [f"{animal}-interval"], "animal": [animal], "region": ["interval"]},
        attrs={"units": "ms", **attrs},
    )


def interval_statistics(trials: pd.DataFrame, by: Sequence[str] = ("prior", "t_s_ms")) -> pd.DataFrame:
    """Number, mean, bias and standard deviation of produced intervals.

    Parameters
    ----------
    trials : pandas.DataFrame
        A row a valid trial, with ``t_s_ms``, ``t_p_ms`` and the columns of `by`.
    by : sequence of str, default=("prior", "t_s_ms")
        Columns whose combinations are the rows of the answer, such as ``["condition"]``.

    Returns
    -------
    statistics : pandas.DataFrame
        Columns ``n``, ``mean_ms``, ``bias_ms`` (mean of t_p - t_s) and ``sd_ms`` (of n - 1).
    """
    errors = trials.assign(error_ms=trials["t_p_ms"] - trials["t_s_ms"])
    return errors.groupby(list(by)).agg(
        n=("t_p_ms", "size"),
        mean_ms=("t_p_ms", "mean"),
        bias_ms=("error_ms", "mean"),
        sd_ms=("t_p_ms", "std"),
    )


def regression_slopes(trials: pd.DataFrame) -> dict[str, float]:
    """Slope of t_p on t_s over trials for each prior, by least squares: 1 without errors, 0 for the mean alone."""
    return {
        str(prior): float(np.polyfit(some["t_s_ms"], some["t_p_ms"], 1)[0])
        for prior, some in trials.groupby("prior")
    }


def observer_bias(fit: ObserverFit) -> pd.Series[float]:
    """Mean of t_p - t_s of a fitted observer in ms, by ``(prior, t_s_ms)`` in order of :data:`PRIORS`."""
    bias = {
        (prior, t_s): said + fit.offset_ms[prior] - t_s
        for prior, intervals in PRIORS.items()
        for t_s, said in zip(intervals, _mean_estimates(prior, fit.w_m), strict=True)
    }
    return pd.Series(bias, name="bias_ms").rename_axis(["prior", "t_s_ms"])


def _mean_estimates(prior: str, w_m: float) -> list[float]:
    intervals = PRIORS[prior]
    return [float(said) for said in mean_bls_estimate(intervals, (intervals[0], intervals[-1]), w_m=w_m)]
