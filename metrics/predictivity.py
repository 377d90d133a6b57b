"""Predictivity on labelled data: linear maps from a model's units to neuroids, tested on held-out conditions.

All metrics share which neuroids are scored, how values are aggregated (median over an animal's neuroids, mean over
animals by their number of neuroids) and how intervals are made; they differ in the map.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from ..core.errors import InvalidArgumentError
from ..core.labelled import coordinate
from ..core.resamples import PARTS
from ..core.scores import Score
from .bootstrap import BootstrappedMetric, Resampled
from .functional._splits import condition_codes, outer_folds, runs
from .functional.mapping._corrected import Correction, check_correction
from .functional.mapping._ridge_penalties import check_alphas
from .functional.mapping.bootstrap import (
    bootstrap_neural_ceiling,
    bootstrap_noise_corrected_predictivity,
    bootstrap_predictivity,
)
from .functional.mapping.least_squares import ols_predictivity
from .functional.mapping.noise_correction import (
    NoiseCorrectedPredictivity,
    noise_corrected_predictivity,
)
from .functional.mapping.one_to_one import one_to_one_predictivity
from .functional.mapping.pls import pls_predictivity
from .functional.mapping.procrustes import procrustes_predictivity
from .functional.mapping.ridge import Predictivity, ridge_predictivity
from .interface import IdentityCache, SamplesNeeded
from .needs import Needs
from .recorded_together import RecordedTogether, gathered
from .samples import distinct_splits, features, sample_groups
from .targets import Split, Targets, aggregate, joined_sums, neuroid_reliability, reliable_targets

__all__ = [
    "LeastSquaresPredictivity",
    "MappingPredictivity",
    "OneToOnePredictivity",
    "PlsPredictivity",
    "PredictivityMetric",
    "ProcrustesPredictivity",
    "RidgePredictivity",
    "features",
    "map_facts",
    "penalties",
]

Array = npt.NDArray[np.float64]
#: What a map found for neuroids recorded together.
Results = (
    Sequence[tuple[RecordedTogether, Predictivity]]
    | Sequence[tuple[RecordedTogether, NoiseCorrectedPredictivity]]
)
Alphas = Sequence[float] | Literal["published"] | None

_SPLITS_RESAMPLED = 10
_BY_CEILING = "noise ceiling, neuroid by neuroid; then the median over neuroids"
_BY_CEILING_AND_MAP = (
    "noise ceiling x root of the reliability of the map's predictions, neuroid by neuroid; then the median over "
    "neuroids"
)


class PredictivityMetric(BootstrappedMetric):
    """Base of the predictivity metrics, common to all maps.

    r over the few conditions of a fold is lower in a resample than in the data, since a resample has fewer distinct
    conditions; that says nothing about the value, so intervals are moved to be about it.
    """

    _unit = "conditions; targets within animals"
    _about_value = True

    def __init__(
        self,
        *,
        n_outer: int = 5,
        held_out: Sequence[str] = (),
        n_splits: int = 100,
        min_reliability: float = 0.1,
        **bootstrap: Any,
    ) -> None:
        super().__init__(**bootstrap)
        self._groups = (held_out,) if isinstance(held_out, str) else tuple(held_out)
        if not 0 <= min_reliability < 1:
            raise InvalidArgumentError(
                "The 'min_reliability' parameter", got=min_reliability, needed="in [0, 1)"
            )
        self._n_outer, self._n_splits, self._min_reliability = n_outer, n_splits, min_reliability
        # Apart, as a candidate's layers are chosen and its score made on different conditions in turn.
        self._scored: IdentityCache[Array] = IdentityCache()
        self._chosen: IdentityCache[Array] = IdentityCache()

    @property
    def samples_needed(self) -> SamplesNeeded:
        """Each neuroid is predicted at the samples that it has."""
        return "by neuroid"

    @property
    def needs(self) -> Needs:
        """A condition for each fold, or two where each is one, and two repetitions for the ceiling."""
        if self._groups:
            return Needs(repetitions=2, counted=self._groups)
        return Needs(conditions=self._n_outer, repetitions=2)

    @property
    def needs_for_choice(self) -> Needs:
        """As many conditions as are scored on at the least: layers are compared by the same folds."""
        return self.needs

    def value(self, model: xr.DataArray, brain: xr.DataArray) -> float:
        """Raw predictivity of the average over repetitions: layers share the neuroids and their noise."""
        splits = self._splits_for_choice(brain)
        targets = self._targets(brain, splits, self._chosen)
        x = features(model)
        found = [self._predicted(x, targets, split, for_choice=True) for split in splits]
        raw = [_by_neuroid(predicted, "score", targets) for predicted in found]
        return aggregate(targets.table.assign(raw=np.mean(raw, axis=0)), "raw")

    def ceiling(self, brain: xr.DataArray) -> float:
        """The noise ceiling of r within held-out folds: the one that scores are divided by."""
        targets = self._targets(brain, self._splits(brain))
        return aggregate(targets.table.assign(ceiling=targets.ceiling), "ceiling")

    def _splits(self, brain: xr.DataArray) -> list[Split]:
        """Splits into held-out samples: whole conditions once each, or each of the groups that are named."""
        conditions = coordinate(brain, "condition")
        if self._groups:
            groups = sample_groups(brain, self._groups)
            return [Split(condition_codes(groups, len(groups)), groups, groups)]
        folds = outer_folds(condition_codes(conditions, len(conditions)), self._n_outer, self._seed)
        return [Split(folds, conditions, conditions)]

    def _splits_for_choice(self, brain: xr.DataArray) -> list[Split]:
        """Splits into held-out samples for layer selection."""
        return self._splits(brain)

    def _targets(
        self, brain: xr.DataArray, splits: Sequence[Split], known: IdentityCache[Array] | None = None
    ) -> Targets:
        """The neuroids; their reliability, which is the recording's, serves all candidates and layers."""

        def reliability() -> Array:
            return neuroid_reliability(brain, splits, n_splits=self._n_splits, seed=self._seed)

        found = (known or self._scored).of(brain, reliability)
        return reliable_targets(brain, found, least=self._min_reliability)

    def _map(self, x: Array, y: Array, groups: npt.NDArray[np.str_], **options: Any) -> Predictivity:
        """Predict the neuroids of one pattern of samples."""
        raise NotImplementedError

    def _predicted(
        self, x: Array, targets: Targets, split: Split, *, for_choice: bool = False
    ) -> list[tuple[RecordedTogether, Predictivity]]:
        """Held-out predictions of the neuroids of each pattern of samples."""
        options: dict[str, Any] = {"return_prediction": not for_choice, "seed": self._seed}
        average = targets.average
        found = []
        for group in targets.together:
            y = np.ascontiguousarray(average[np.ix_(group.rows, group.columns)])
            folds, kept_together = split.folds[group.rows], split.inner_groups[group.rows]
            found.append((group, self._map(x[group.rows], y, kept_together, folds=folds, **options)))
        return found

    def _raw_bootstrap(self, prediction: Array, targets: Targets, split: Split) -> Array:
        """Mean over animals of the median r in each resample of the tested conditions and of neuroids."""
        tested = split.folds >= 0
        boot = bootstrap_predictivity(
            prediction[tested],
            targets.average[tested],
            split.resampled[tested],
            split.folds[tested],
            targets.animals,
            **self._bootstrap.draws,
        )
        return np.asarray(boot.values)

    def _ceiling_bootstrap(self, targets: Targets, splits: Sequence[Split]) -> Array:
        """The noise ceiling in the same resamples, averaged over the splits."""
        sums = [targets.half_sums(split, n_splits=_SPLITS_RESAMPLED, seed=self._seed) for split in splits]
        boots = [
            bootstrap_neural_ceiling(one, targets.animals, **self._bootstrap.draws).values for one in sums
        ]
        return np.asarray(np.mean([np.asarray(boot) for boot in boots], axis=0))

    def _score_of(
        self,
        table: pd.DataFrame,
        draws: tuple[Array, Array, Array],
        targets: Targets,
        facts: Mapping[str, str | int | float],
    ) -> Score:
        """The score of a table of neuroids, and of its parts in each resample of conditions and neuroids."""
        values = (aggregate(table, name) for name in PARTS)
        n_conditions = len(np.unique(targets.conditions))
        return self._score(
            *map(Resampled, values, draws),
            n_units=n_conditions,
            targets=table,
            facts={**targets.facts, **self._fact_of_folds, **facts},
        )

    @property
    def _fact_of_folds(self) -> dict[str, str]:
        return {"held_out": " x ".join(self._groups)} if self._groups else {}


class RidgePredictivity(PredictivityMetric):
    """Predictivity of a ridge map for each neuroid, relative to the noise of neuroid and map.

    Parameters
    ----------
    alphas : sequence of float, "published" or None, default=None
        Penalties to choose from. None for the default grid and numbers are in units of the sum of squares of the
        centred training features, so that the unit of activations does not matter; "published" for the absolute
        ones of Nayebi et al. (2023).
    correction : {"averaged", "published"}, default="averaged"
        Form of the noise correction, see
        :func:`~innerscore.metrics.functional.noise_corrected_predictivity`.
    n_outer, n_inner : int, default=5
        Folds over whole conditions, for the test and for the choice of the penalty.
    held_out : str or sequence of str, default=()
        Coordinates of which each value, or combination of values, is a fold instead of `n_outer` random ones: such
        as ``condition`` for each condition by itself. Inner folds hold out such groups and intervals resample them.
    n_splits : int, default=100
        Random splits of the repetitions into halves.
    min_reliability : float, default=0.1
        Neuroids less reliable than this within the held-out folds are left out before any model is looked at.
    n_boot, seed, level : int, int, float
        Bootstrap over conditions, and over neuroids within animals.
    """

    def __init__(
        self,
        *,
        alphas: Alphas = None,
        correction: Correction = "averaged",
        n_inner: int = 5,
        **parameters: Any,
    ) -> None:
        super().__init__(**parameters)
        self._correction = check_correction(correction)
        self._ridge = {**penalties(alphas), "n_inner": n_inner}
        self._n_inner = n_inner

    @property
    def needs(self) -> Needs:
        """A condition for each fold, also for each inner fold of those that are left to fit on."""
        if self._groups:
            return replace(super().needs, conditions=self._n_inner + 1)
        n = self._n_outer
        while n - -(-n // self._n_outer) < self._n_inner:
            n += 1
        return replace(super().needs, conditions=n)

    @property
    def needs_for_choice(self) -> Needs:
        """Two of the groups that are held out: on one of them a map is fitted, with runs of it as inner folds."""
        return replace(self.needs, conditions=2) if self._groups else self.needs

    def _splits_for_choice(self, brain: xr.DataArray) -> list[Split]:
        """The same splits; of few groups, inner folds hold out runs of consecutive samples."""
        (split,) = self._splits(brain)
        if not self._groups or len(np.unique(split.folds)) > self._n_inner:
            return [split]
        return [replace(split, inner_groups=runs(split.inner_groups, self._n_inner))]

    def __call__(self, model: xr.DataArray, brain: xr.DataArray) -> Score:
        """Median over an animal's neuroids, then mean over animals."""
        (split,) = self._splits(brain)
        targets = self._targets(brain, [split])
        results = self._corrected(features(model), targets, split)
        table = self._table(results, targets)
        facts = {**map_facts(table, results), "divided_by": _BY_CEILING_AND_MAP}
        return self._score_of(table, self._bootstraps(results, targets, split), targets, facts)

    def _map(self, x: Array, y: Array, groups: npt.NDArray[np.str_], **options: Any) -> Predictivity:
        return ridge_predictivity(x, y, groups, **self._ridge, **options)

    def _corrected(
        self, x: Array, targets: Targets, split: Split
    ) -> list[tuple[RecordedTogether, NoiseCorrectedPredictivity]]:
        n_splits = distinct_splits(self._n_splits, len(targets.trials))
        return [
            (
                group,
                noise_corrected_predictivity(
                    np.ascontiguousarray(x[group.rows]),
                    group.of(targets.trials),
                    split.inner_groups[group.rows],
                    folds=split.folds[group.rows],
                    correction=self._correction,
                    n_splits=n_splits,
                    seed=self._seed,
                    return_prediction=True,
                    return_sums=min(_SPLITS_RESAMPLED, n_splits),
                    **self._ridge,
                ),
            )
            for group in targets.together
        ]

    def _table(
        self, results: list[tuple[RecordedTogether, NoiseCorrectedPredictivity]], targets: Targets
    ) -> pd.DataFrame:
        return targets.table.assign(
            raw=_by_neuroid(results, "raw", targets),
            ceiling=targets.ceiling,
            normalised=_by_neuroid(results, "score", targets),
            neural_reliability=targets.reliability,
            map_reliability=_by_neuroid(results, "prediction_reliability", targets),
        )

    def _bootstraps(
        self,
        results: list[tuple[RecordedTogether, NoiseCorrectedPredictivity]],
        targets: Targets,
        split: Split,
    ) -> tuple[Array, Array, Array]:
        """Bootstraps of raw value, ceiling and normalised value, all on the same resamples."""
        sums = joined_sums(targets, split, ((group, one.sums) for group, one in results if one.sums))
        raw = self._raw_bootstrap(_predictions(results, targets), targets, split)
        ceiling = bootstrap_neural_ceiling(sums.of_responses, targets.animals, **self._bootstrap.draws)
        normalised = bootstrap_noise_corrected_predictivity(sums, targets.animals, **self._bootstrap.draws)
        return raw, np.asarray(ceiling.values), np.asarray(normalised.values)


class MappingPredictivity(PredictivityMetric):
    """Predictivity by a map without a noise correction of its own: raw r over the neuroid's ceiling.

    Parameters
    ----------
    n_outer : int, default=5
        Folds over whole conditions.
    held_out : str or sequence of str, default=()
        As in `RidgePredictivity`.
    n_splits : int, default=100
        Random splits of the repetitions into halves, for the ceiling.
    min_reliability : float, default=0.1
        Neuroids less reliable than this within the held-out folds are left out before any model is looked at.
    n_boot, seed, level : int, int, float
        Bootstrap over conditions, and over neuroids within animals.
    """

    def __call__(self, model: xr.DataArray, brain: xr.DataArray) -> Score:
        """Median over an animal's neuroids of r, averaged over the splits; then mean over animals."""
        splits = self._splits(brain)
        targets = self._targets(brain, splits)
        x = features(model)
        found = [self._predicted(x, targets, split) for split in splits]
        scores = np.stack([_by_neuroid(predicted, "score", targets) for predicted in found])
        table = targets.table.assign(raw=scores.mean(axis=0), ceiling=targets.ceiling)
        table["normalised"] = table["raw"] / table["ceiling"]
        raw = self._mean_bootstrap(found, targets, splits)
        ceiling = self._ceiling_bootstrap(targets, splits)
        facts = {
            **map_facts(table, [pair for predicted in found for pair in predicted]),
            "divided_by": _BY_CEILING,
            **self._facts_of_splits(table, scores),
        }
        return self._score_of(table, (raw, ceiling, raw / ceiling), targets, facts)

    def _mean_bootstrap(
        self,
        found: list[list[tuple[RecordedTogether, Predictivity]]],
        targets: Targets,
        splits: Sequence[Split],
    ) -> Array:
        """The raw value in each resample, averaged over the splits; the same draws for all models."""
        boots = [
            self._raw_bootstrap(_predictions(predicted, targets), targets, split)
            for predicted, split in zip(found, splits, strict=True)
        ]
        return np.asarray(np.mean(boots, axis=0))

    def _facts_of_splits(self, table: pd.DataFrame, scores: Array) -> dict[str, str | int | float]:  # noqa: ARG002
        """Facts about single splits; `scores` is (n_splits, n_neuroids)."""
        return {}


class PlsPredictivity(MappingPredictivity):
    """Partial least squares; `n_components` (default 25, fewer for a model of fewer units) and what all have."""

    def __init__(self, *, n_components: int = 25, **parameters: Any) -> None:
        super().__init__(**parameters)
        self._n_components = n_components

    @property
    def samples_needed(self) -> SamplesNeeded:
        """All neuroids share the components."""
        return "complete"

    def _map(self, x: Array, y: Array, groups: npt.NDArray[np.str_], **options: Any) -> Predictivity:
        return pls_predictivity(x, y, groups, n_components=min(self._n_components, x.shape[1]), **options)


class LeastSquaresPredictivity(MappingPredictivity):
    """Ordinary least squares, for models of fewer units than there are samples."""

    def _map(self, x: Array, y: Array, groups: npt.NDArray[np.str_], **options: Any) -> Predictivity:
        return ols_predictivity(x, y, groups, **options)


class OneToOnePredictivity(MappingPredictivity):
    """The single best unit for each neuroid; a neuroid that no unit follows in a fold counts as 0 there."""

    def _map(self, x: Array, y: Array, groups: npt.NDArray[np.str_], **options: Any) -> Predictivity:
        return one_to_one_predictivity(x, y, groups, **options)


class ProcrustesPredictivity(MappingPredictivity):
    """A rotation, with one scale: no unit may be weighted more than another."""

    @property
    def samples_needed(self) -> SamplesNeeded:
        """All neuroids share the rotation."""
        return "complete"

    def _map(self, x: Array, y: Array, groups: npt.NDArray[np.str_], **options: Any) -> Predictivity:
        return procrustes_predictivity(x, y, groups, **options)


def penalties(alphas: Alphas) -> dict[str, Any]:
    """The options of ridge for penalties as a card names them: numbers are relative to the features' squares.

    Raises
    ------
    InvalidArgumentError
        If they are no penalties: before anybody is scored with them.
    """
    own = alphas is not None and not isinstance(alphas, str)
    check_alphas(alphas, relative=own)
    return {"alphas": alphas, "relative": own}


def _by_neuroid(results: Results, name: str, targets: Targets) -> Array:
    """A quantity of the results for each neuroid, (n_neuroids,)."""
    parts = ((group, np.asarray(getattr(result, name))) for group, result in results)
    return gathered(parts, (len(targets.table),))


def _predictions(results: Results, targets: Targets) -> Array:
    """Held-out predictions, (n_samples, n_neuroids), NaN where there is none."""
    parts = ((group, np.asarray(result.prediction)) for group, result in results)
    return gathered(parts, (len(targets.conditions), len(targets.table)))


def map_facts(table: pd.DataFrame, results: Results) -> dict[str, str | int | float]:
    """Number of neuroids not predicted, and share of fits whose penalty was the weakest or strongest one."""
    facts: dict[str, str | int | float] = {"n_targets_not_predicted": int((table["normalised"] == 0).sum())}
    sizes = [len(group.columns) for group, _ in results]
    at_end = [result.at_grid_end for _, result in results]
    share = np.average(np.asarray(at_end, dtype=float), weights=sizes)
    return facts if np.isnan(share) else {**facts, "share_at_grid_end": float(share)}
