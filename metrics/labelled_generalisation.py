"""Predictivity across a box: trained on one half and tested on the other, or trained on a few bins at random."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..core._brainscore import DataAssembly
from ..core.errors import InvalidArgumentError
from ..core.labelled import coordinate
from ..core.scores import ScoreParts
from ..core.seeds import generator
from .functional.linear import ols_predictivity
from .functional.one_to_one import one_to_one_predictivity
from .functional.pls import pls_predictivity
from .functional.reliability import spearman_brown
from .functional.ridge import Predictivity, ridge_predictivity
from .labelled_maps import bin_grid
from .labelled_predictivity import PredictivityMetric, Targets, aggregate, features
from .labelled_samples import half_splits

__all__ = ["SpatialPredictivity"]

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int_]
Strings = npt.NDArray[np.str_]

_MAPS: dict[str, Callable[..., Predictivity]] = {
    "ridge": ridge_predictivity,
    "pls": pls_predictivity,
    "one-to-one": one_to_one_predictivity,
    "least-squares": ols_predictivity,
}


@dataclass(frozen=True, eq=False)
class _Split:
    """Folds of samples (-1: trained on only), what inner folds keep together, and what is resampled."""

    folds: Ints
    inner_groups: Strings
    resampled: Strings


class SpatialPredictivity(PredictivityMetric):
    """How well a map predicts each neuroid at places that it was not fitted on.

    Parameters
    ----------
    mapping : {"ridge", "pls", "one-to-one", "least-squares"}
        The map.
    held_out : {"halves", "random-bins"}
        ``halves``: each half of the box from the other, cut left from right and bottom from top. ``random-bins``:
        the other bins from `train_share` of them drawn at random, `n_draws` times, as Nayebi et al. (2021) do;
        neighbouring bins are alike, so this is an easy test.
    train_share, n_draws : float, int, default=0.2, 10
        Of ``random-bins``.
    n_splits, min_reliability, n_boot, seed, level
        As for all predictivity.
    **options
        Of the map: `alphas`, `n_inner`, `n_components`.
    """

    def __init__(
        self,
        *,
        mapping: str = "ridge",
        held_out: str = "halves",
        train_share: float = 0.2,
        n_draws: int = 10,
        n_splits: int = 100,
        min_reliability: float = 0.1,
        n_boot: int = 1000,
        seed: int = 0,
        level: float = 0.95,
        **options: Any,
    ) -> None:
        if mapping not in _MAPS:
            raise InvalidArgumentError(
                "The 'mapping' parameter", got=repr(mapping), needed=f"in {list(_MAPS)}"
            )
        if held_out not in ("halves", "random-bins"):
            raise InvalidArgumentError(
                "The 'held_out' parameter", got=repr(held_out), needed="'halves' or 'random-bins'"
            )
        if not 0 < train_share < 1 or n_draws < 1:
            raise InvalidArgumentError(
                "The 'train_share' and 'n_draws' parameters",
                got=f"{train_share}, {n_draws}",
                needed="between 0 and 1, and 1 or more",
            )
        super().__init__(
            n_splits=n_splits, min_reliability=min_reliability, n_boot=n_boot, seed=seed, level=level
        )
        self._map, self._options = _MAPS[mapping], options
        self._held_out, self._train_share, self._n_draws = held_out, train_share, n_draws

    def parts(self, model: DataAssembly, brain: DataAssembly, reference: DataAssembly | None) -> ScoreParts:  # noqa: ARG002
        """Median over an animal's neuroids of r, averaged over splits; then mean over animals."""
        targets = self._reliable_targets(brain)
        splits = self._splits(brain)
        x = features(model)
        found = [self._predict_split(x, targets.average, split) for split in splits]
        scores = np.stack([np.asarray(one.score) for one in found])
        defined = np.isfinite(scores)
        score = np.where(defined.any(0), np.nansum(scores, 0) / np.maximum(defined.sum(0), 1), np.nan)
        table = targets.table.assign(raw=score, ceiling=np.sqrt(targets.reliability))
        table["normalised"] = table["raw"] / table["ceiling"]
        raw = self._split_bootstrap(
            [np.asarray(one.prediction) for one in found], targets.average, splits, targets
        )
        ceiling = self._ceiling_bootstrap(splits, targets)
        return ScoreParts(
            raw=self._estimate(table, "raw", raw),
            ceiling=self._estimate(table, "ceiling", ceiling),
            normalised=self._estimate(table, "normalised", raw / ceiling),
            targets=table,
            facts={
                **self._facts(targets, int((~defined).any(0).sum())),
                "n_splits": len(splits),
                **self._by_split(table, scores),
            },
            resamples=targets.resamples(raw, ceiling, raw / ceiling),
        )

    def value(self, model: DataAssembly, brain: DataAssembly) -> float:
        """Predictivity of the same map on whole held-out conditions: few bins need not have two halves."""
        targets = self._reliable_targets(brain)
        folds = min(5, len(np.unique(targets.groups)))
        inner = {"n_inner": min(2, folds - 1)} if self._map is ridge_predictivity and folds > 2 else {}
        x = features(model)
        options = {name: value for name, value in self._options_for(x).items() if name != "n_inner"}
        result = self._map(
            x, targets.average, targets.groups, n_outer=folds, seed=self._seed, **options, **inner
        )
        return aggregate(targets.table.assign(raw=np.asarray(result.score)), "raw")

    def _predict_split(self, x: Array, y: Array, split: _Split) -> Predictivity:
        return self._map(
            x,
            y,
            split.inner_groups,
            folds=split.folds,
            seed=self._seed,
            return_prediction=True,
            **self._options_for(x),
        )

    def _options_for(self, x: Array) -> dict[str, Any]:
        """The map's options; PLS has no more components than the model has units."""
        if self._map is not pls_predictivity:
            return self._options
        return {**self._options, "n_components": min(self._options.get("n_components", 25), x.shape[1])}

    def _splits(self, brain: DataAssembly) -> list[_Split]:
        blocks = coordinate(brain, "condition")
        if self._held_out == "random-bins":
            return [self._random_split(blocks, draw) for draw in range(self._n_draws)]
        grid = bin_grid(brain)
        sides = [np.where(place < (place.max() + 1) / 2, 0, 1) for place in (grid.column, grid.row)]
        # A block that the cut goes through becomes two: no condition may lie in both halves.
        labels = [np.char.add(blocks, np.where(side == 0, "-first", "-second")) for side in sides]
        return [_Split(side, label, label) for side, label in zip(sides, labels, strict=True)]

    def _random_split(self, blocks: Strings, draw: int) -> _Split:
        n = len(blocks)
        order = generator(self._seed, "random bins", str(draw)).permutation(n)
        folds = np.zeros(n, dtype=int)
        folds[order[: int(np.ceil(self._train_share * n))]] = -1
        # As published, single bins are held out inside, too; resamples draw whole blocks.
        return _Split(folds, np.arange(n).astype(str), blocks)

    def _split_bootstrap(
        self, predictions: list[Array], y: Array, splits: list[_Split], targets: Targets
    ) -> Array:
        """Mean over splits of the score in each resample; the same draws for all candidates."""
        boots = []
        for prediction, split in zip(predictions, splits, strict=True):
            tested = split.folds >= 0
            within = Targets(
                targets.trials[:, tested],
                split.resampled[tested],
                targets.table,
                targets.reliability,
                targets.n_unreliable,
            )
            boots.append(
                self._raw_bootstrap(prediction[tested], y[tested], split.folds[tested].astype(float), within)
            )
        return np.asarray(np.mean(boots, axis=0))

    def _ceiling_bootstrap(self, splits: list[_Split], targets: Targets) -> Array:
        """Square root of the reliability of one split's halves of repetitions, in the resamples of the value."""
        halves = [
            targets.trials[half].mean(axis=0) for half in half_splits(len(targets.trials), 1, self._seed)[0]
        ]
        r = self._split_bootstrap([halves[0]] * len(splits), halves[1], splits, targets)
        reliability = np.asarray(spearman_brown(r))
        return np.asarray(np.sqrt(np.where(reliability > 0, reliability, np.nan)))

    def _by_split(self, table: Any, scores: Array) -> dict[str, float]:
        """Each cut's own value: the halves differ in what they share with each other."""
        if self._held_out != "halves":
            return {}
        values = [aggregate(table.assign(one=row), "one") for row in scores]
        return {
            f"raw_{name}": value for name, value in zip(("left_right", "bottom_top"), values, strict=True)
        }
