"""Information of neurons on Mental-Pong, as published: decoding position and endpoint, and their main components.

Its functions take the labelled samples of a whole-trial recording, (repetition, presentation, neuroid), with the
task's variables along the presentations; see `innerscore.benchmarks.alignment.brain_samples`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import xarray as xr
from sklearn.decomposition import FactorAnalysis

from ...benchmarks.alignment import brain_samples
from ...core.labelled import coordinate
from ...data_registry import Dataset
from ...metrics.functional.decoding.decoding import (
    Decoding,
    decode,
    principal_components,
    random_splits,
)
from ...tasks.mental_pong import STILL_MS
from ..findings import Finding
from ..pictures import over_time
from .components import component_shares
from .interface import Analysed, Say

__all__ = [
    "Samples",
    "endpoint_over_time",
    "generalisation",
    "mental_pong",
    "position_decoding",
    "variance_explained",
]

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

_POSITION = {"x": "ball_x_deg", "y": "ball_y_deg"}
_FEWEST_HELD_OUT = 10
_SPLITS = "SD of 100 splits"


@dataclass(frozen=True, eq=False)
class Samples:
    """Whole-trial samples of some neurons.

    Attributes
    ----------
    responses : array of shape (n_samples, n_neuroids)
        Average over repetitions, in Hz.
    truth : dict of str to array of shape (n_samples,)
        Variables of the task.
    conditions : array of str, shape (n_samples,)
    epochs : dict of str to bool array of shape (n_samples,)
    time_ms : array of shape (n_samples,)
        Start of the bin after motion onset.
    """

    responses: Array
    truth: dict[str, Array]
    conditions: npt.NDArray[np.str_]
    epochs: dict[str, Mask]
    time_ms: Array

    @classmethod
    def of(cls, samples: xr.DataArray, *, onset_ms: float, animal: str | None = None) -> Samples:
        """Samples of one animal or, without a name, of all; samples at which the ball is not known left out."""
        chosen = np.ones(samples.sizes["neuroid"], bool)
        if animal is not None:
            chosen = coordinate(samples, "animal") == animal
        names = [*_POSITION.values(), "final_y_deg", "n_bounces"]
        truth = {name: coordinate(samples, name).astype(np.float64) for name in names}
        known = np.isfinite(np.stack(list(truth.values()))).all(axis=0)
        average = np.asarray(samples.values, dtype=np.float64).mean(axis=0)
        return cls(
            average[known][:, chosen],
            {name: values[known] for name, values in truth.items()},
            coordinate(samples, "condition")[known].astype(str),
            {name: coordinate(samples, name)[known].astype(bool) for name in ("visible", "occluded")},
            coordinate(samples, "time_bin_start_ms")[known].astype(np.float64) - onset_ms,
        )

    def factors(self, n: int = 50) -> Array:
        """Factor analysis without rotation, fitted on all samples as published, (n_samples, n)."""
        n = min(n, self.responses.shape[1] - 1)
        factors: Array = FactorAnalysis(n, random_state=0).fit_transform(self.responses)
        return factors

    def target(self, *names: str) -> Array:
        """Variables of the task as columns."""
        return np.stack([self.truth[name] for name in names], axis=1)


def mental_pong(dataset: Dataset, say: Say) -> Analysed:
    """Decode position and endpoint from the neurons of all animals and of each, and take their main components."""
    samples = brain_samples(dataset.recording("DMFC"), epoch="whole")
    everyone = Samples.of(samples, onset_ms=STILL_MS)
    findings: list[Finding] = []
    for whose, chosen in {"pooled": everyone, **_by_animal(samples)}.items():
        say(f"position and components of {whose} neurons")
        findings += position_decoding(chosen, whose) + variance_explained(chosen, whose)
    say("other training conditions")
    findings += generalisation(everyone)
    say("endpoint over time")
    rise, curve = endpoint_over_time(everyone)
    axes = ("ms since motion onset", "r of decoded and true endpoint")
    picture = over_time(curve, "Endpoint decoded from neurons", axes, key="mental-pong-endpoint")
    return Analysed(findings + rise, {"endpoint-over-time": picture})


def position_decoding(samples: Samples, whose: str) -> list[Finding]:
    """r and mean absolute error of ball x and y in each epoch, over 100 splits of half of the conditions.

    Parameters
    ----------
    samples : Samples
    whose : str
        Name of the neurons' source, for the keys: ``pooled`` or an animal.
    """
    truth = samples.target(*_POSITION.values())
    decoding = decode(samples.factors(), truth, random_splits(samples.conditions))
    found = []
    for epoch, rows in samples.epochs.items():
        for measure, unit, said, values in (
            ("r", "", "r", decoding.r(truth, rows)),
            ("mae", "deg", "mean absolute error, deg", decoding.mae(truth, rows)),
        ):
            for axis, column in zip(_POSITION, np.asarray(values).T, strict=True):
                what = f"Ball {axis} decoded from {whose} neurons, {epoch} epoch ({said})"
                found.append(_over_splits(f"decoding.{whose}.{epoch}.{measure}.{axis}", what, column, unit))
    return found


def generalisation(samples: Samples) -> list[Finding]:
    """r of ball x and y with other numbers of training conditions, and from one kind of trial to the other."""
    truth, factors = samples.target(*_POSITION.values()), samples.factors()
    bounces = samples.truth["n_bounces"] > 0
    n_conditions = len(np.unique(samples.conditions))
    held_out = {
        **{
            f"{n} conditions": random_splits(samples.conditions, train_share=(n + 0.5) / n_conditions)
            for n in (41, 9)
        },
        "bounce to none": ~bounces[None],
        "none to bounce": bounces[None],
    }
    found = []
    for name, splits in held_out.items():
        r = np.asarray(decode(factors, truth, splits).r(truth))
        for axis, column in zip(_POSITION, r.T, strict=True):
            what = f"Ball {axis} decoded over the whole trial, fitted on {name} (r)"
            found.append(_over_splits(f"generalisation.{name.replace(' ', '-')}.{axis}", what, column))
    return found


def endpoint_over_time(samples: Samples) -> tuple[list[Finding], dict[float, Array]]:
    """Decoding of the endpoint in each bin of the visible epoch, and its change with time.

    Returns
    -------
    findings : list of Finding
        Correlation of r with time from 250 to 1250 ms, mean over splits.
    curve : dict of time in ms to array of shape (n_splits,)
        r over held-out conditions, in bins with enough of them.
    """
    truth = samples.target("final_y_deg")
    states = np.asarray(principal_components(samples.responses, 50))
    decoding = decode(states, truth, random_splits(samples.conditions))
    curve = _curve(decoding, truth, samples)
    times = np.array([time for time in curve if 250 <= time < 1250])
    if len(times) < 3:
        return [], curve
    by_split = np.stack([curve[time] for time in times], axis=1)
    rises = np.array([np.corrcoef(times, r)[0, 1] for r in by_split if np.isfinite(r).all()])
    spread = float(rises.std(ddof=1) / np.sqrt(len(rises))) if len(rises) > 1 else float("nan")
    what = "Rise of the endpoint's decoding (r of r with time, 250 to 1250 ms)"
    return [Finding("endpoint.rise", what, float(rises.mean()), spread, "s.e.m. of 100 splits")], curve


def variance_explained(samples: Samples, whose: str, n: int = 4) -> list[Finding]:
    """Share of variance of the first principal components of the average responses."""
    shares = component_shares(samples.responses)[:n]
    return [
        Finding(f"variance.{whose}.{k}", f"Variance of component {k} of {whose} neurons", float(share))
        for k, share in enumerate(shares, start=1)
    ]


def _by_animal(samples: xr.DataArray) -> dict[str, Samples]:
    animals = dict.fromkeys(coordinate(samples, "animal").astype(str))
    return {animal: Samples.of(samples, onset_ms=STILL_MS, animal=animal) for animal in animals}


def _curve(decoding: Decoding, truth: Array, samples: Samples) -> dict[float, Array]:
    bins = {
        float(time): samples.epochs["visible"] & (samples.time_ms == time)
        for time in np.unique(samples.time_ms)
    }
    return {
        time: np.asarray(decoding.r(truth, rows))[:, 0]
        for time, rows in bins.items()
        if time >= 0 and rows.sum() >= 2 * _FEWEST_HELD_OUT
    }


def _over_splits(key: str, what: str, values: Array, unit: str = "") -> Finding:
    spread = float(np.nanstd(values)) if len(values) > 1 else float("nan")
    return Finding(key, what, float(np.nanmean(values)), spread, _SPLITS if len(values) > 1 else "", unit)
