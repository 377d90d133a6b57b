"""Ridge predictivity beside the other animals: does a model predict neurons as well as another brain does?"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..core._brainscore import DataAssembly, Score
from ..core.resamples import Resamples
from ..core.scores import Estimate, ScoreParts
from .functional.board_statistics import hierarchical_bootstrap
from .functional.consistency import Consistency, inter_animal_consistency
from .functional.interval import percentile_interval
from .functional.noise_correction import noise_corrected_predictivity
from .interface import Remembered
from .labelled_predictivity import RidgePredictivity, Targets, aggregate, features
from .labelled_samples import distinct_splits

__all__ = ["AnimalRelativePredictivity"]

Array = npt.NDArray[np.float64]

_UNIT = "neuroids within animals"


class AnimalRelativePredictivity(RidgePredictivity):
    """Noise-corrected ridge predictivity, with inter-animal consistency as the ceiling.

    The same map, folds and noise correction are given the neurons of all other animals pooled as their model.
    Both values are corrected for noise; their ratio says how close a model comes to another brain.

    Parameters
    ----------
    n_source_splits : int, default=4
        Random splits of the repetitions for the consistency; each costs two fits a fold.
    parameters
        As in `RidgePredictivity`.
    """

    def __init__(self, *, n_source_splits: int = 4, **parameters: Any) -> None:
        super().__init__(**parameters)
        self._n_source_splits = n_source_splits
        self._remembered: Remembered[Consistency] = Remembered()

    def parts(self, model: DataAssembly, brain: DataAssembly, reference: DataAssembly | None) -> ScoreParts:  # noqa: ARG002
        """Median over an animal's neuroids, then mean over animals."""
        targets = self._reliable_targets(brain)
        found = noise_corrected_predictivity(
            features(model),
            targets.trials,
            targets.groups,
            alphas=self._alphas,
            n_splits=distinct_splits(self._n_splits, len(targets.trials)),
            **self._folds,
        )
        others = self._remembered.of(brain, lambda: self._consistency(targets))
        table = targets.table.assign(raw=np.asarray(found.score), ceiling=np.asarray(others.score))
        table["normalised"] = table["raw"] / table["ceiling"]
        raw, ceiling = (self._resampled(table, column) for column in ("raw", "ceiling"))
        values = [aggregate(table, column) for column in ("raw", "ceiling")]
        return ScoreParts(
            raw=self._about(values[0], raw),
            ceiling=self._about(values[1], ceiling),
            normalised=self._about(values[0] / values[1], raw / ceiling),
            targets=table,
            facts={
                **self._facts(targets, found.n_degenerate),
                "n_source_neuroids": _source_sizes(table),
                "n_model_units": model.shape[1],
            },
            resamples=Resamples.of(
                "bootstrap", len(table), raw=raw, ceiling=ceiling, normalised=raw / ceiling
            ),
        )

    def ceiling(self, brain: DataAssembly, reference: DataAssembly | None = None) -> Score:  # noqa: ARG002
        """Inter-animal consistency."""
        targets = self._reliable_targets(brain)
        others = self._remembered.of(brain, lambda: self._consistency(targets))
        return Score(aggregate(targets.table.assign(ceiling=np.asarray(others.score)), "ceiling"))

    def _consistency(self, targets: Targets) -> Consistency:
        return inter_animal_consistency(
            targets.trials,
            targets.animals,
            targets.groups,
            alphas=self._alphas,
            n_splits=distinct_splits(self._n_source_splits, len(targets.trials)),
            **self._folds,
        )

    def _resampled(self, table: pd.DataFrame, column: str) -> Array:
        """The aggregated value in resamples of the neuroids within animals, the same ones for every column."""
        values = np.ascontiguousarray(table[column].to_numpy(dtype=np.float64))
        boot = hierarchical_bootstrap(
            values, table["animal"].to_numpy(dtype=str), n_boot=self._boot["n_boot"], seed=self._seed
        )
        return np.asarray(boot)

    def _about(self, value: float, boot: Array) -> Estimate:
        interval = percentile_interval(np.ascontiguousarray(boot), level=self._level, unit=_UNIT)
        return Estimate(value, interval.low, interval.high, self._level, _UNIT)


def _source_sizes(table: pd.DataFrame) -> str:
    """For each animal, how many neuroids of the others predict its own."""
    sizes = table.groupby("animal", sort=False).size()
    return ", ".join(f"{animal}: {len(table) - size}" for animal, size in sizes.items())
