"""Predictivity across a box: trained on one half and tested on the other, or trained on a few bins at random."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from ..core.errors import InvalidArgumentError
from ..core.labelled import coordinate
from ..core.seeds import generator
from .functional._splits import condition_codes, n_conditions, outer_folds
from .functional.mapping.least_squares import ols_predictivity
from .functional.mapping.one_to_one import one_to_one_predictivity
from .functional.mapping.pls import pls_predictivity
from .functional.mapping.ridge import Predictivity, ridge_predictivity
from .interface import SamplesNeeded
from .maps import bin_grid
from .needs import Needs
from .predictivity import MappingPredictivity, penalties
from .targets import Split, aggregate

__all__ = ["SpatialPredictivity"]

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Strings = npt.NDArray[np.str_]

_MAPS: dict[str, Callable[..., Predictivity]] = {
    "ridge": ridge_predictivity,
    "pls": pls_predictivity,
    "one-to-one": one_to_one_predictivity,
    "least-squares": ols_predictivity,
}

_MAP_OPTIONS = ("alphas", "n_inner", "n_components")


class SpatialPredictivity(MappingPredictivity):
    """Predictivity of a map for each neuroid at places that it was not fitted on.

    Parameters
    ----------
    mapping : {"ridge", "pls", "one-to-one", "least-squares"}
        The map.
    held_out : {"halves", "random-bins"}
        ``halves``: each half of the box from the other, cut left from right and bottom from top. ``random-bins``:
        the other bins from `train_share` of them drawn at random, `n_draws` times, as Nayebi et al. (2021) do;
        neighbouring bins are alike, so this is an easy test.
    train_share, n_draws : float, int, default=0.2, 10
        Share of bins fitted on, and number of draws, for ``random-bins``.
    n_splits, min_reliability, n_boot, seed, level
        As for all predictivity.
    alphas, n_inner, n_components
        Options of the map, if it has them.
    """

    def __init__(
        self,
        *,
        mapping: str = "ridge",
        held_out: str = "halves",
        train_share: float = 0.2,
        n_draws: int = 10,
        **parameters: Any,
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
        options = {name: parameters.pop(name) for name in _MAP_OPTIONS if name in parameters}
        super().__init__(**parameters)
        self._mapping = _MAPS[mapping]
        self._options = options | penalties(options.get("alphas")) if mapping == "ridge" else options
        self._held_out, self._train_share, self._n_draws = held_out, train_share, n_draws

    @property
    def samples_needed(self) -> SamplesNeeded:
        """Components of partial least squares are shared by all neuroids."""
        return "complete" if self._mapping is pls_predictivity else "by neuroid"

    @property
    def needs(self) -> Needs:
        """Folds are parts of the box, whatever the blocks."""
        return Needs(repetitions=2)

    def _map(self, x: Array, y: Array, groups: Strings, **options: Any) -> Predictivity:
        return self._mapping(x, y, groups, **options, **self._options_for(x, groups, options["folds"]))

    def _options_for(self, x: Array, groups: Strings, folds: Ints) -> dict[str, Any]:
        """The map's options: no more components than units, no more inner folds than there is to hold out."""
        if self._mapping is pls_predictivity:
            return {**self._options, "n_components": min(self._options.get("n_components", 25), x.shape[1])}
        if self._mapping is not ridge_predictivity:
            return self._options
        fewest = min(len(np.unique(groups[folds != fold])) for fold in range(folds.max() + 1))
        return {**self._options, "n_inner": min(self._options.get("n_inner", 5), fewest)}

    def _splits(self, brain: xr.DataArray) -> list[Split]:
        blocks = coordinate(brain, "condition")
        if self._held_out == "random-bins":
            return [self._random_split(blocks, draw) for draw in range(self._n_draws)]
        grid = bin_grid(brain)
        sides = [np.where(place < (place.max() + 1) / 2, 0, 1) for place in (grid.column, grid.row)]
        # A block that the cut goes through becomes two: no condition may lie in both halves.
        labels = [np.char.add(blocks, np.where(side == 0, "-first", "-second")) for side in sides]
        return [Split(side, label, label) for side, label in zip(sides, labels, strict=True)]

    def _splits_for_choice(self, brain: xr.DataArray) -> list[Split]:
        """Whole conditions: few bins need not have two halves."""
        blocks = coordinate(brain, "condition")
        codes = condition_codes(blocks, len(blocks))
        folds = outer_folds(codes, min(self._n_outer, n_conditions(codes)), self._seed)
        return [Split(folds, blocks, blocks)]

    def _random_split(self, blocks: Strings, draw: int) -> Split:
        n = len(blocks)
        order = generator(self._seed, "random bins", str(draw)).permutation(n)
        folds = np.zeros(n, dtype=np.int64)
        folds[order[: int(np.ceil(self._train_share * n))]] = -1
        # As published, single bins are held out inside, too; resamples draw whole blocks.
        return Split(folds, np.arange(n).astype(str), blocks)

    def _facts_of_splits(self, table: pd.DataFrame, scores: Array) -> dict[str, str | int | float]:
        """Number of splits, and the value of each cut: the halves differ in the structure they have in common."""
        facts: dict[str, str | int | float] = {"n_splits": len(scores)}
        if self._held_out != "halves":
            return facts
        values = (aggregate(table.assign(one=row), "one") for row in scores)
        return facts | {
            f"raw_{name}": value for name, value in zip(("left_right", "bottom_top"), values, strict=True)
        }
