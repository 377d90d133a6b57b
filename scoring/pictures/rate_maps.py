"""Rate maps of recorded cells, each beside that of the model's unit that is most like it."""

from __future__ import annotations

import warnings
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from ...benchmarks import Benchmark
from ...benchmarks.compared import compared
from ...core.activations import Activations
from ...core.labelled import coordinate
from ...core.pictures import MapPair, MapsPicture, PictureMap
from ...metrics.functional.spatial import grid_score, spatial_autocorrelation
from ...metrics.maps import bin_grid, smoothed

__all__ = ["maps_picture"]

Array = npt.NDArray[np.float64]

_MOST_PAIRS = 8
_SMOOTHING_BINS = 1.0
_SCORED_LAG = 0.9  # as gridness scores them


def maps_picture(
    benchmark: Benchmark, activations: Mapping[str, Activations], layer: str
) -> MapsPicture | None:
    """The cells of highest grid score, each with the unit whose map correlates most with its own over the box.

    Maps are smoothed by a Gaussian of one bin, unless they were recorded smooth. None where the recording is not
    over spatial bins.
    """
    if benchmark.card.alignment != "space":
        return None
    model, brain = compared(benchmark, activations, layer, scored_only=False)
    grid = bin_grid(brain)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a bin that a cell has not is NaN in all repetitions
        rates = np.nanmean(np.asarray(brain.values, dtype=np.float64), axis=0)
    sigma = 0.0 if brain.attrs.get("smoothing_m") else _SMOOTHING_BINS
    cells, units = (smoothed(grid.maps(values), sigma) for values in (rates, np.asarray(model.values, float)))
    scores = _grid_scores(cells)
    best = np.argsort(np.where(np.isfinite(scores), -scores, np.inf), kind="stable")[:_MOST_PAIRS]
    r = _correlations(cells[best], units)
    nearest = np.argmax(np.nan_to_num(r, nan=-1.0), axis=1)
    names = coordinate(brain, "neuroid_id").astype(str)
    matched = units[nearest]
    of_units = _grid_scores(matched)
    found = (
        MapPair(
            cell=str(names[cell]),
            unit=f"{layer} {unit}",
            r=round(float(np.nan_to_num(r[k, unit])), 3),
            cell_score=_defined(scores[cell]),
            unit_score=_defined(of_units[k]),
            cell_map=PictureMap.of(cells[cell]),
            unit_map=PictureMap.of(matched[k]),
            cell_correlation=_autocorrelogram(cells[cell]),
            unit_correlation=_autocorrelogram(matched[k]),
        )
        for k, (cell, unit) in enumerate(zip(best, nearest, strict=True))
    )
    return MapsPicture(bin_m=grid.size_m, n_cells=len(cells), n_units=len(units), pairs=tuple(found))


def _grid_scores(maps: Array) -> Array:
    return np.asarray(grid_score(_autocorrelations(maps)).score)


def _autocorrelations(maps: Array) -> Array:
    return np.asarray(spatial_autocorrelation(maps, max_lag=_SCORED_LAG))


def _autocorrelogram(one: Array) -> PictureMap:
    return PictureMap.of(_autocorrelations(one[None])[0])


def _correlations(cells: Array, units: Array) -> Array:
    """Pearson r of each cell with each unit over the bins that the cell has, (n_cells, n_units)."""
    flat = units.reshape(len(units), -1)
    found = np.empty((len(cells), len(units)))
    with np.errstate(invalid="ignore", divide="ignore"):
        for k, cell in enumerate(cells.reshape(len(cells), -1)):
            known = np.isfinite(cell) & np.isfinite(flat).all(axis=0)
            x, y = cell[known] - cell[known].mean(), flat[:, known]
            y = y - y.mean(axis=1, keepdims=True)
            found[k] = (y @ x) / np.sqrt((y**2).sum(axis=1) * (x @ x))
    return found


def _defined(score: float) -> float | None:
    return round(float(score), 3) if np.isfinite(score) else None
