"""Path integration on labelled data: the walker's position read out of a model, in walks longer or elsewhere.

The "brain" here is the truth, two neuroids that hold x and y in m. A perfect integrator with a linear code of
position has error 0, so the ceiling is 1.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from ..core.errors import InvalidArgumentError, InvalidDataError
from ..core.labelled import coordinate, coordinates_along
from ..core.scores import Score
from .bootstrap import BootstrappedMetric, Resampled
from .functional.decoding.path_integration import (
    bootstrap_skill,
    error_over_time,
    position_skill,
    read_out_position,
)
from .needs import Needs
from .samples import features

__all__ = ["PositionError"]

Array = npt.NDArray[np.float64]

_TRAIN = "train"


@dataclass(frozen=True, eq=False)
class _HeldOut:
    """Errors over the samples of one set of held-out walks, in m."""

    name: str
    error: Array
    chance: Array
    walks: npt.NDArray[np.str_]
    time_s: Array

    @property
    def skill(self) -> float:
        """As :func:`position_skill`."""
        return position_skill(self.error, self.chance)


class PositionError(BootstrappedMetric):
    """Skill of a linear readout of position over the mean position, on held-out walks.

    Parameters
    ----------
    n_stretches : int, default=10
        Stretches of time, each of the same length, in which the error is reported.
    n_folds : int, default=4
        Folds of the fitted walks for the choice of the readout's penalty.
    n_boot, seed, level : int, int, float
        Bootstrap over held-out walks.
    """

    _unit = "walks"

    def __init__(self, *, n_stretches: int = 10, n_folds: int = 4, **bootstrap: Any) -> None:
        super().__init__(**bootstrap)
        if n_stretches < 1:
            raise InvalidArgumentError("The 'n_stretches' parameter", got=n_stretches, needed="1 or more")
        self._n_stretches, self._n_folds = n_stretches, n_folds

    @property
    def needs(self) -> Needs:
        """Walks for each fold, and another one to test."""
        return Needs(conditions=self._n_folds + 1)

    def __call__(self, model: xr.DataArray, brain: xr.DataArray) -> Score:
        """The skill, averaged over sets of held-out walks; errors in m over time in the table and the facts."""
        sets, alpha = self._held_out(model, brain)
        draws = np.mean([self._resampled(one) for one in sets], axis=0)
        skill = Resampled(float(np.mean([one.skill for one in sets])), draws)
        n_walks = sum(len(np.unique(one.walks)) for one in sets)
        score = self._score(
            skill,
            Resampled(1.0, np.ones_like(draws)),
            n_units=n_walks,
            targets=pd.concat([self._over_time(one) for one in sets], ignore_index=True),
            facts={"n_walks": n_walks, "readout_penalty": alpha, **_errors(sets)},
        )
        # The ceiling is known: no walks were drawn for it.
        return replace(score, ceiling=replace(score.ceiling, unit="none"))

    def value(self, model: xr.DataArray, brain: xr.DataArray) -> float:
        """The skill alone."""
        return float(np.mean([one.skill for one in self._held_out(model, brain)[0]]))

    def ceiling(self, brain: xr.DataArray) -> float:  # noqa: ARG002
        """1: no error."""
        return 1.0

    def _held_out(self, model: xr.DataArray, brain: xr.DataArray) -> tuple[list[_HeldOut], float]:
        truth = np.asarray(brain.values, dtype=np.float64).mean(axis=0)
        kinds, walks = _walk_sets(brain), coordinate(brain, "condition").astype(str)
        states = features(model)
        readout = read_out_position(
            states, truth, walks, kinds == _TRAIN, n_folds=self._n_folds, seed=self._seed
        )
        time_s = coordinate(brain, "time_bin_end_ms").astype(np.float64) / 1000
        sets = []
        for name in dict.fromkeys(kinds[kinds != _TRAIN].tolist()):
            rows = kinds == name
            error, chance = np.asarray(readout.error)[rows], _chance(truth[rows])
            sets.append(_HeldOut(name, error, chance, walks[rows], time_s[rows]))
        return sets, readout.alpha

    def _resampled(self, one: _HeldOut) -> Array:
        return bootstrap_skill(one.error, one.chance, one.walks, **self._bootstrap.draws)

    def _over_time(self, one: _HeldOut) -> pd.DataFrame:
        edges = np.linspace(0, one.time_s.max(), self._n_stretches + 1)
        error, chance = (error_over_time(values, one.time_s, edges) for values in (one.error, one.chance))
        table = pd.DataFrame(
            {"walk_set": one.name, "until_s": edges[1:], "error_m": error, "chance_m": chance}
        )
        table["raw"] = 1 - table["error_m"] / table["chance_m"]
        return table.assign(ceiling=1.0, normalised=table["raw"])


def _walk_sets(brain: xr.DataArray) -> npt.NDArray[np.str_]:
    levels = coordinates_along(brain, "presentation")
    kinds = coordinate(brain, "walk_set").astype(str) if "walk_set" in levels else np.array([], dtype=str)
    if _TRAIN not in kinds or (kinds == _TRAIN).all():
        raise InvalidDataError(
            "The recording's 'walk_set'",
            got=sorted(set(kinds.tolist())) or "none",
            needed=f"'{_TRAIN}' for the walks to fit on and other names for those to test",
        )
    return kinds


def _chance(truth: Array) -> Array:
    """Distance of each position from the set's own mean: the best constant answer, which knows the box."""
    return np.asarray(np.linalg.norm(truth - truth.mean(axis=0), axis=1))


def _errors(sets: list[_HeldOut]) -> dict[str, float]:
    named = {f"error_m_{one.name}": float(one.error.mean()) for one in sets}
    chance = {f"chance_m_{one.name}": float(one.chance.mean()) for one in sets}
    return {**named, **chance, **{f"skill_{one.name}": one.skill for one in sets}}
