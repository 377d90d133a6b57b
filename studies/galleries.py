"""Galleries of rate maps: of a candidate's units on walks that cover a box, and of a data set's cells."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..benchmarks.alignment import brain_samples
from ..candidates import load_candidate
from ..core.errors import InvalidArgumentError
from ..core.labelled import coordinate
from ..core.settings import Settings
from ..data_registry import Dataset, load_dataset
from ..data_registry.space.dataset import SpatialDataset
from ..figures.figure import Figure
from ..figures.rate_maps import rate_map_gallery
from ..metrics.functional.spatial import grid_score, spatial_autocorrelation
from ..metrics.gridness import lattice_table
from ..metrics.maps import bin_grid, smoothed
from ..tasks.coverage import coverage_paths
from ..tasks.self_motion import motion_from_path

__all__ = ["RateMaps", "candidate_maps", "dataset_maps", "gallery", "maps_of_cells"]

Array = npt.NDArray[np.float64]

_ARENA_M, _BIN_M = (1.0, 1.0), 0.025
_SMOOTHING_BINS = 1.0
_MOST_UNITS = 500
_SCORED_LAG = 0.9  # as gridness scores them, and the Moser lab


@dataclass(frozen=True, eq=False)
class RateMaps:
    """Maps of some cells.

    Parameters
    ----------
    names : sequence of str
    maps : array of shape (n_cells, height, width)
        Rows by y from the bottom; NaN where not visited.
    unit : str
    bin_m : float
        Side of a bin, in m.
    """

    names: Sequence[str]
    maps: Array
    unit: str
    bin_m: float


def dataset_maps(name: str, settings: Settings) -> RateMaps:
    """Rate maps of a data set's cells, each over its own bins and whole sessions.

    Of tracked sessions in bins half as wide as the recording's, smoothed as it is; of another recording the mean
    over repetitions, smoothed by one bin.

    Raises
    ------
    InvalidArgumentError
        If its recording is not over spatial bins.
    """
    return maps_of_cells(load_dataset(name, settings))


def maps_of_cells(dataset: Dataset) -> RateMaps:
    """As :func:`dataset_maps`, of a data set that is loaded."""
    recording = dataset.recording(dataset.card.regions[0])
    if "bin_size_m" not in recording.attrs:
        raise InvalidArgumentError(
            f"The data set '{dataset.card.identifier}'",
            got="not recorded over space",
            needed="with rate maps for a gallery",
        )
    bin_m = float(recording.attrs["bin_size_m"])
    if isinstance(dataset, SpatialDataset):
        names, maps = dataset.cell_maps()
        return RateMaps(names, maps, "Hz", bin_m / 2)
    samples = brain_samples(recording, epoch=None, needed="as recorded")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a hole is NaN in all repetitions
        average = np.nanmean(np.asarray(samples.values, dtype=np.float64), axis=0)
    maps = smoothed(bin_grid(samples).maps(average), _SMOOTHING_BINS)
    return RateMaps(list(coordinate(samples, "neuroid_id").astype(str)), maps, "Hz", bin_m)


def candidate_maps(name: str, settings: Settings, *, layer: str | None = None, seed: int = 0) -> RateMaps:
    """Mean activation of a candidate's units in each 2.5 cm bin of a 1 m box, on walks that cover it evenly.

    Parameters
    ----------
    name, settings, seed
        The candidate, and its run.
    layer : str, optional
        Layer to map; by default the candidate's first one.

    Raises
    ------
    InvalidArgumentError
        If it is not driven by self-motion, or has no such layer.
    """
    candidate = load_candidate(name, settings, seed=seed)
    layers = candidate.card.layers
    chosen = layers[0] if layer is None else layer
    if "self_motion" not in candidate.card.accepts or chosen not in layers:
        raise InvalidArgumentError(
            f"The candidate '{name}'",
            got=f"accepting {candidate.card.accepts}, with layers {layers}",
            needed=f"accepting self_motion, with the layer '{chosen}'",
        )
    walks = coverage_paths(_ARENA_M, bin_m=_BIN_M, min_visits=5, max_variation=0.6, seed=seed)
    motions = [
        motion_from_path(f"gallery-{k}", path, rate_hz=walks.rate_hz, arena_m=_ARENA_M)
        for k, path in enumerate(walks.paths)
    ]
    states = np.concatenate([found[chosen].values for found in candidate.activations(motions)])
    places = np.concatenate([motion.positions for motion in motions])
    maps = smoothed(_bin_means(states[:, :_MOST_UNITS], places), _SMOOTHING_BINS)
    return RateMaps([f"{chosen} {unit}" for unit in range(len(maps))], maps, "a.u.", _BIN_M)


def gallery(maps: RateMaps, title: str) -> Figure:
    """The maps above their autocorrelograms, the best grid cells first, and the lattice of each."""
    correlations = np.asarray(spatial_autocorrelation(maps.maps, max_lag=_SCORED_LAG))
    scores = np.asarray(grid_score(correlations).score)
    return rate_map_gallery(
        maps.maps,
        correlations,
        scores,
        title,
        key="gallery",
        names=maps.names,
        unit=maps.unit,
        lattices=lattice_table(correlations, bin_size=maps.bin_m),
    )


def _bin_means(states: npt.NDArray[np.floating[Any]], places: Array) -> Array:
    """Mean over the steps in each bin, (n_units, height, width)."""
    shape = [round(side / _BIN_M) for side in reversed(_ARENA_M)]
    column, row = (np.clip((places[:, axis] / _BIN_M).astype(int), 0, shape[1 - axis] - 1) for axis in (0, 1))
    flat = row * shape[1] + column
    visits = np.bincount(flat, minlength=shape[0] * shape[1])
    sums = np.stack([np.bincount(flat, weights=unit, minlength=len(visits)) for unit in states.T])
    with np.errstate(invalid="ignore"):
        return np.asarray(sums / visits).reshape(-1, *shape)
