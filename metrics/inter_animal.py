"""Ridge predictivity compared with the other animals: does a model predict neurons as well as another brain?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from ..core.errors import InvalidArgumentError
from ..core.scores import Score
from .bootstrap import Resampled
from .functional.mapping.inter_animal_consistency import Consistency, inter_animal_consistency
from .functional.statistics.hierarchical_bootstrap import hierarchical_bootstrap
from .interface import IdentityCache, SamplesNeeded
from .needs import Needs
from .predictivity import RidgePredictivity, features, map_facts
from .samples import distinct_splits
from .targets import Targets, aggregate

__all__ = ["AnimalRelativePredictivity"]

Array = npt.NDArray[np.float64]

_BY_OTHERS = "the other animals' noise-corrected predictivity, both as medians over neuroids"


class AnimalRelativePredictivity(RidgePredictivity):
    """Noise-corrected ridge predictivity relative to that of the other animals' neurons.

    The same map, folds and noise correction are given the neurons of all other animals pooled as their model. The
    raw value is plain r; the ceiling is the r that the other animals would reach if their map were free of noise:
    their noise-corrected consistency times the noise ceiling. So the normalised value is the ratio of two
    noise-corrected predictivities, and shows how close a model comes to another brain.

    Parameters
    ----------
    n_source_splits : int, default=4
        Random splits of the repetitions for the consistency; each costs two fits a fold.
    parameters
        As in `RidgePredictivity`.
    """

    _unit = "neuroids within animals"
    _about_value = False

    def __init__(self, *, n_source_splits: int = 4, **parameters: Any) -> None:
        super().__init__(**parameters)
        if self._groups:
            raise InvalidArgumentError(
                "The 'held_out' parameter", got=self._groups, needed="none: folds are 'n_outer' random ones"
            )
        self._n_source_splits = n_source_splits
        self._remembered: IdentityCache[Consistency] = IdentityCache()

    @property
    def samples_needed(self) -> SamplesNeeded:
        """One animal's neurons are predicted from all the others' at the same samples."""
        return "complete"

    @property
    def needs(self) -> Needs:
        """Another animal whose neurons predict."""
        return replace(super().needs, animals=2)

    def __call__(self, model: xr.DataArray, brain: xr.DataArray) -> Score:
        """Median over an animal's neuroids, then mean over animals, of each side; then their ratio."""
        (split,) = self._splits(brain)
        targets = self._targets(brain, [split])
        others = self._remembered.of(brain, lambda: self._consistency(targets))
        results = self._corrected(features(model), targets, split)
        table = self._table(results, targets).rename(columns={"normalised": "corrected"})
        table["consistency"] = np.asarray(others.score)
        table["ceiling"] = table["consistency"] * targets.ceiling
        table["normalised"] = table["corrected"] / table["consistency"]
        raw, ceiling, corrected, consistency = (
            self._resampled(table, name) for name in ("raw", "ceiling", "corrected", "consistency")
        )
        return self._score(
            raw,
            ceiling,
            corrected / consistency,
            n_units=len(table),
            targets=table,
            facts={
                **targets.facts,
                **map_facts(table, results),
                "corrected": corrected.value,
                "consistency": consistency.value,
                "n_source_neuroids": _source_sizes(table),
                "n_model_units": model.shape[1],
                "divided_by": _BY_OTHERS,
            },
        )

    def ceiling(self, brain: xr.DataArray) -> float:
        """Score that the other animals' neurons would reach if their map were free of noise."""
        targets = self._targets(brain, self._splits(brain))
        others = self._remembered.of(brain, lambda: self._consistency(targets))
        ceiling = np.asarray(others.score) * targets.ceiling
        return aggregate(targets.table.assign(ceiling=ceiling), "ceiling")

    def _consistency(self, targets: Targets) -> Consistency:
        return inter_animal_consistency(
            targets.trials,
            targets.animals,
            targets.conditions,
            n_outer=self._n_outer,
            n_splits=distinct_splits(self._n_source_splits, len(targets.trials)),
            seed=self._seed,
            **self._ridge,
        )

    def _resampled(self, table: pd.DataFrame, column: str) -> Resampled:
        """The aggregated value, and in resamples of the neuroids within animals, the same ones for every column."""
        values = np.ascontiguousarray(table[column].to_numpy(dtype=np.float64))
        animals = table["animal"].to_numpy(dtype=str)
        draws = hierarchical_bootstrap(values, animals, by_size=True, **self._bootstrap.draws)
        return Resampled(aggregate(table, column), np.asarray(draws))


def _source_sizes(table: pd.DataFrame) -> str:
    """For each animal, how many neuroids of the others predict its own."""
    sizes = table.groupby("animal", sort=False).size()
    return ", ".join(f"{animal}: {len(table) - size}" for animal, size in sizes.items())
