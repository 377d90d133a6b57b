"""Predictivity in a quarter of the box, which is wider than a field, from a stated number of units."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from ..core.errors import InvalidArgumentError
from ..core.labelled import coordinate
from ..core.scores import Score
from ..core.seeds import generator
from .generalisation import SpatialPredictivity
from .maps import bin_grid
from .targets import Split

__all__ = ["QuadrantPredictivity"]

Array = npt.NDArray[np.float64]


class QuadrantPredictivity(SpatialPredictivity):
    """Predictivity of a map for each neuroid in one quarter of the box, fitted on the other three.

    A quarter is wider than a field: a single unit predicts a cell's fields in it only if it repeats as the cell
    does, and a smooth basis is at 0. A sum of many units still reaches into it from its edges, so that ridge does
    not tell a grid code from a smooth basis here either.

    Parameters
    ----------
    mapping : {"one-to-one", "ridge", "pls", "least-squares"}
        The map.
    max_units : int, default=256
        Largest number of units; from a layer with more that vary, this many are drawn by `seed`: among many units
        some follow a cell by chance, so populations are compared at one size.
    n_splits, min_reliability, n_boot, seed, level
        As for all predictivity.
    alphas, n_inner, n_components
        Options of the map, if it has them.
    """

    def __init__(self, *, mapping: str = "one-to-one", max_units: int = 256, **parameters: Any) -> None:
        if max_units < 1:
            raise InvalidArgumentError("The 'max_units' parameter", got=max_units, needed="1 or more")
        super().__init__(mapping=mapping, **parameters)
        self._max_units = max_units

    def __call__(self, model: xr.DataArray, brain: xr.DataArray) -> Score:
        """Median over an animal's neuroids of r, averaged over quarters; then mean over animals."""
        return super().__call__(self._drawn(model), brain)

    def value(self, model: xr.DataArray, brain: xr.DataArray) -> float:
        """Predictivity of the same map, from the same number of units, on whole held-out conditions."""
        return super().value(self._drawn(model), brain)

    def _drawn(self, model: xr.DataArray) -> xr.DataArray:
        values = np.asarray(model.values)
        varying = np.flatnonzero((values != values[:1]).any(axis=0))
        if len(varying) <= self._max_units:
            return model
        drawn = generator(self._seed, "quadrant units").permutation(varying)[: self._max_units]
        return model.isel(neuroid=np.sort(drawn))

    def _splits(self, brain: xr.DataArray) -> list[Split]:
        grid = bin_grid(brain)
        upper, right = (place >= (place.max() + 1) / 2 for place in (grid.row, grid.column))
        quarter = 2 * upper.astype(np.int64) + right
        # A block that a cut goes through becomes two or four: no condition may lie in two quarters.
        labels = np.char.add(coordinate(brain, "condition"), np.char.add("-quarter-", quarter.astype(str)))
        return [Split(quarter, labels, labels)]

    def _facts_of_splits(self, table: pd.DataFrame, scores: Array) -> dict[str, str | int | float]:  # noqa: ARG002
        """There is one split, of four folds."""
        return {}
