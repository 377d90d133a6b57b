"""Intervals that animals produce in ready-set-go and the observer fitted to them, and their neurons in time."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr
from scipy.stats import wilcoxon

from ...benchmarks.alignment import brain_samples
from ...core.errors import InvalidArgumentError
from ...core.labelled import coordinate
from ...data_registry import Dataset
from ...data_registry.ready_set_go.dataset import IntervalDataset
from ...data_registry.ready_set_go.intervals import (
    Behaviour,
    ObserverFit,
    interval_statistics,
    observer_bias,
    regression_slopes,
)
from ...data_registry.ready_set_go.sessions import valid_trials
from ...figures import Figure, Point, scatter
from ...metrics.functional.statistics.reliability import split_half_reliability
from ...metrics.interval_decoding import TimeScaling
from ...metrics.trajectory_speed import TrajectorySpeed
from ...tasks.ready_set_go import PRIORS
from ..findings import Finding
from ..pictures import intervals_produced
from .components import component_shares
from .interface import Analysed, Say

__all__ = [
    "bias_findings",
    "component_findings",
    "elapsed_time",
    "observer_findings",
    "ready_set_go",
    "reliability_findings",
    "slope_findings",
    "slopes_of_sessions",
    "speed_findings",
]

Array = npt.NDArray[np.float64]

_OF_A_SESSION = ("session", "effector", "direction")
_SHARE = 0.75  # of the variance, as published
_KINDS = [(prior, t_s) for prior, intervals in PRIORS.items() for t_s in intervals]
_EPOCHS = ("measurement", "production")


def ready_set_go(dataset: Dataset, say: Say) -> Analysed:
    """Take the behaviour and the neurons of each animal.

    Raises
    ------
    InvalidArgumentError
        If the data set is none of ready-set-go.
    """
    if not isinstance(dataset, IntervalDataset):
        raise InvalidArgumentError(
            f"The data set '{dataset.card.identifier}'",
            got=f"regions {dataset.card.regions}",
            needed="of ready-set-go, with sessions and intervals",
        )
    say("intervals produced")
    behaviour = {animal: dataset.behaviour(animal) for animal in dataset.behaving}
    findings: list[Finding] = []
    figures: dict[str, Figure] = {}
    for animal, own in behaviour.items():
        findings += slope_findings(own.valid, animal) + bias_findings(own.valid, animal)
        findings += observer_findings(own, animal)
        figures[f"intervals-{animal}"] = _picture_of_intervals(own, animal)
    say("units and trials of each session")
    findings += _counts(dataset)
    samples = {epoch: brain_samples(dataset.recording(f"DMFC-{epoch}"), epoch=epoch) for epoch in _EPOCHS}
    findings += [one for epoch in _EPOCHS for one in reliability_findings(samples[epoch], epoch)]
    for animal in dict.fromkeys(coordinate(samples["production"], "animal").astype(str)):
        say(f"speed and elapsed time of {animal}'s neurons")
        measured, produced = (_of_animal(samples[epoch], animal) for epoch in _EPOCHS)
        speeds = _speeds(produced, animal)
        findings += speed_findings(speeds, animal) + component_findings(produced, animal)
        findings += elapsed_time(measured, animal)
        figures[f"speed-{animal}"] = _picture_of_speeds(speeds, animal)
    return Analysed(findings, figures)


def slopes_of_sessions(trials: pd.DataFrame) -> pd.DataFrame:
    """Slope of t_p on t_s for each prior, a row a session, effector and direction, a column a prior."""
    found = {name: regression_slopes(some) for name, some in trials.groupby([*_OF_A_SESSION])}
    return pd.DataFrame.from_dict(found, orient="index").dropna()


def slope_findings(trials: pd.DataFrame, animal: str) -> list[Finding]:
    """Slope of t_p on t_s over all trials by prior, and signed-rank tests of slopes over sessions and contexts.

    Tests are two-sided, with the normal approximation, and given as log10 p: of each prior's slopes against 1, and
    of the long prior's against the short one's.
    """
    slopes = slopes_of_sessions(trials)
    found = [
        Finding(f"slope.{animal}.{prior}", f"Slope of t_p on t_s of {animal}, {prior} prior", slope)
        for prior, slope in regression_slopes(trials).items()
    ]
    tests = {
        **{f"{prior}-below-1": slopes[prior] - 1 for prior in PRIORS},
        "long-below-short": slopes["long"] - slopes["short"],
    }
    for name, differences in tests.items():
        what = (
            f"Signed-rank test of {animal}'s slopes, {name.replace('-', ' ')} (log10 p, {len(slopes)} slopes)"
        )
        p = float(wilcoxon(differences, method="approx").pvalue)
        found.append(Finding(f"slope-test.{animal}.{name}", what, float(np.log10(p)), unit="log10 p"))
        share = f"Share of {animal}'s slopes, {name.replace('-', ' ')}"
        found.append(Finding(f"slope-share.{animal}.{name}", share, float((differences < 0).mean())))
    return found


def bias_findings(trials: pd.DataFrame, animal: str) -> list[Finding]:
    """Bias at each prior and interval in ms, with its standard error."""
    table = interval_statistics(trials).loc[_KINDS]
    error = table["sd_ms"] / np.sqrt(table["n"])
    return [
        Finding(
            f"bias.{animal}.{prior}.{t_s}",
            f"Bias of {animal}, {prior} prior, {t_s} ms",
            bias,
            spread,
            "s.e.m. over trials",
            "ms",
        )
        for (prior, t_s), bias, spread in zip(_KINDS, table["bias_ms"].tolist(), error.tolist(), strict=True)
    ]


def observer_findings(behaviour: Behaviour, animal: str) -> list[Finding]:
    """Stored fit of the Bayes least-squares observer, and the share of the squared bias that it explains."""
    fit = behaviour.fit
    numbers = {"w_m": (fit.w_m, ""), "w_p": (fit.w_p, "")}
    numbers |= {f"offset.{prior}": (fit.offset_ms[prior], "ms") for prior in PRIORS}
    found = [
        Finding(f"observer.{animal}.{name}", f"Observer of {animal}: {name}", value, unit=unit)
        for name, (value, unit) in numbers.items()
    ]
    share = _bias_explained(fit, behaviour.valid)
    what = f"Share of {animal}'s squared bias that its observer explains"
    return [*found, Finding(f"observer.{animal}.bias-explained", what, share)]


def reliability_findings(samples: xr.DataArray, epoch: str) -> list[Finding]:
    """Median over a session's usable units of the reliability of two halves of the trials, Spearman-Brown."""
    halves = np.asarray(samples.values, dtype=np.float64)
    by_unit = pd.Series(np.asarray(split_half_reliability(halves, n_splits=1).mean))
    by_session = by_unit.groupby(coordinate(samples, "session").astype(str)).median()
    return [
        Finding(
            f"reliability.{session}.{epoch}",
            f"Reliability in {epoch}, median unit of {session}",
            float(value),
        )
        for session, value in by_session.items()
    ]


def speed_findings(speeds: pd.DataFrame, animal: str) -> list[Finding]:
    """Relative speeds (KiNeT) of conditions against the ratio of their produced intervals.

    Parameters
    ----------
    speeds : pandas.DataFrame
        As of :meth:`.TrajectorySpeed.neural_speeds`, with the ``ratio`` of the intervals produced in a condition
        and in its reference.
    animal : str
        Name of the animal, for the keys.
    """
    ratio, slope = (speeds[name].to_numpy(dtype=float) for name in ("ratio", "slope"))
    ranks = [_rank_correlation(some) for _, some in speeds.groupby("condition")]
    numbers = {
        "r": ("r of relative speed and t_p ratio", float(np.corrcoef(ratio, slope)[0, 1])),
        "gain": ("Gain of relative speed on t_p ratio", _gain_from_1(ratio, slope)),
        "rank-r": ("Rank r of relative speed and t_p in a context", float(np.mean(ranks))),
    }
    return [
        Finding(f"speed.{animal}.{key}", f"{what}: {animal}, {len(speeds)} conditions", value)
        for key, (what, value) in numbers.items()
    ]


def component_findings(samples: xr.DataArray, animal: str) -> list[Finding]:
    """Number of principal components of states in production that hold 75 % of their variance."""
    shares = component_shares(_average(samples)).cumsum()
    n = int((shares < _SHARE).sum()) + 1
    what = f"Components for {_SHARE:.0%} of the variance in production: {animal}"
    return [Finding(f"components.{animal}", what, n, unit="components")]


def elapsed_time(samples: xr.DataArray, animal: str) -> list[Finding]:
    """Slope of elapsed time under one prior as read by a map fitted under the other: 1 for a clock."""
    other = {"short": "long", "long": "short"}
    return [
        Finding(
            f"elapsed.{animal}.fitted-on-{other[prior]}",
            f"Slope of elapsed time of {animal}, {prior} prior, by a map of the {other[prior]} one",
            slope,
        )
        for prior, slope in TimeScaling().neural_slopes(samples).items()
    ]


def _counts(dataset: IntervalDataset) -> list[Finding]:
    usable = pd.Series([unit.session for unit in dataset.units]).value_counts()
    valid = valid_trials(dataset.sessions)["session"].value_counts()
    counts = {
        one.identifier: {
            "units": len(one.spikes_s),
            "single-units": len(one.single),
            "usable-units": int(usable.get(one.identifier, 0)),
            "trials": len(one.trials),
            "completed-trials": int(one.trials["completed"].sum()),
            "valid-trials": int(valid.get(one.identifier, 0)),
        }
        for one in dataset.sessions
    }
    return [
        Finding(f"count.{session}.{what}", f"Session {session}: {what.replace('-', ' ')}", n, unit="number")
        for session, numbers in counts.items()
        for what, n in numbers.items()
    ]


def _bias_explained(fit: ObserverFit, trials: pd.DataFrame) -> float:
    """1 - squared distance of the biases over the squared bias, over priors and intervals."""
    bias = interval_statistics(trials)["bias_ms"]
    wrong = observer_bias(fit).reindex(bias.index) - bias
    return float(1 - (wrong**2).sum() / (bias**2).sum())


def _of_animal(samples: xr.DataArray, animal: str) -> xr.DataArray:
    return samples.isel(neuroid=coordinate(samples, "animal").astype(str) == animal)


def _average(samples: xr.DataArray) -> Array:
    return np.asarray(np.asarray(samples.values, dtype=np.float64).mean(axis=0))


def _speeds(samples: xr.DataArray, animal: str) -> pd.DataFrame:
    """Relative speeds of an animal's neurons, beside the ratio of its own produced intervals."""
    speeds = TrajectorySpeed(share=_SHARE).neural_speeds(samples)
    names, produced = (coordinate(samples, name) for name in ("stimulus_id", f"t_p_{animal}_ms"))
    of = dict(zip(names.astype(str).tolist(), produced.astype(float).tolist(), strict=True))
    return speeds.assign(ratio=speeds["stimulus_id"].map(of) / speeds["reference"].map(of))


def _rank_correlation(speeds: pd.DataFrame) -> float:
    """Of the conditions of a context, the reference among them."""
    both = pd.DataFrame({name: [*speeds[name], 1.0] for name in ("ratio", "slope")}).rank()
    return float(both["ratio"].corr(both["slope"]))


def _gain_from_1(ratio: Array, slope: Array) -> float:
    """Least-squares slope through (1, 1), where the reference is."""
    return float((ratio - 1) @ (slope - 1) / ((ratio - 1) @ (ratio - 1)))


def _picture_of_intervals(behaviour: Behaviour, animal: str) -> Figure:
    table = interval_statistics(behaviour.valid).assign(observer_ms=observer_bias(behaviour.fit))
    title = f"Intervals that {animal} produced"
    return intervals_produced(table.loc[_KINDS], title, key=f"intervals-{animal}")


def _picture_of_speeds(speeds: pd.DataFrame, animal: str) -> Figure:
    columns = (speeds[name].tolist() for name in ("stimulus_id", "ratio", "slope"))
    points = [Point(*values) for values in zip(*columns, strict=True)]
    axes = ("produced interval over that of the reference", "relative speed (KiNeT), above 1: slower")
    return scatter(points, f"Speed of {animal}'s neurons in production", axes, key=f"speed-{animal}")
