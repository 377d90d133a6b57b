"""Grid cells and border cells of a candidate compared with the recorded ones, as populations."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import numpy.typing as npt

from ..core.errors import InvalidArgumentError
from ..core.seeds import generator
from .functional.spatial import (
    border_score,
    find_grid_modules,
    grid_lattice,
    grid_score,
    spatial_autocorrelation,
    spatial_periodicity,
)
from .maps import isotropic_surrogates
from .population import Cells, PopulationMetric, kolmogorov_distance, share_ratio

__all__ = ["BorderFraction", "Gridness", "lattice_table"]

Array = npt.NDArray[np.float64]
_SCORED_LAG = 0.9
_NULLS_AT_ONCE, _UNITS_KEPT = 10, 60
_LATTICE = ("periodicity", "lattice_shorter_m", "lattice_longer_m", "lattice_angle_deg")


class Gridness(PopulationMetric):
    """Whether a candidate's grid scores, spacings and orientations are distributed as the recorded ones.

    Parameters
    ----------
    n_null : int, default=100
        Isotropic surrogates of each cell's map; a grid cell scores above all of them.
    **parameters
        Parameters of all population metrics.
    """

    def __init__(self, *, n_null: int = 100, **parameters: Any) -> None:
        if n_null < 1:
            raise InvalidArgumentError("The 'n_null' parameter", got=n_null, needed="1 or more")
        super().__init__(**parameters)
        self._n_null = n_null

    def describe(self, maps: Array, size_m: float) -> Cells:
        """Grid score, whether it passes, spacing (log m), and how far the orientation is from the module's."""
        score = _scores(maps)
        passes = self._passes(maps, score)
        correlations = np.asarray(spatial_autocorrelation(maps))
        lattice = grid_lattice(correlations, bin_size=size_m)
        periodic = lattice_table(correlations, bin_size=size_m)
        spacing = np.where(passes, np.asarray(lattice.spacing), np.nan)
        modules = find_grid_modules(spacing, np.asarray(lattice.orientation), n_boot=1, seed=self._seed)
        own = np.append(modules.orientations, np.nan)[modules.labels]
        turn = np.abs((np.asarray(lattice.orientation) - own + 30) % 60 - 30)
        return {
            "score": score,
            "passes": passes.astype(np.float64),
            "log_spacing": np.log(spacing),
            "orientation": np.asarray(lattice.orientation),
            "turn": turn,
            **dict(zip(_LATTICE, periodic.T, strict=True)),
        }

    def similarity(self, first: Cells, second: Cells) -> dict[str, float]:
        """1 - Kolmogorov distance, of grid scores over all cells, of spacings and turns over grid cells.

        The latter two are multiplied by the smaller over the larger share of grid cells, so that a few units that
        pass by chance count for little.
        """
        shares = share_ratio(first["passes"].mean(), second["passes"].mean())
        found = {"scores": 1 - kolmogorov_distance(first["score"], second["score"])}
        for name, key in (("spacings", "log_spacing"), ("orientations", "turn")):
            known = [cells[key][np.isfinite(cells[key])] for cells in (first, second)]
            found[name] = shares * (1 - kolmogorov_distance(*known))
        return found

    def summary(self, cells: Cells) -> dict[str, str | float]:
        """Share of grid cells, median score, modules with their period ratios."""
        spacing = np.exp(cells["log_spacing"])
        modules = find_grid_modules(spacing, cells["orientation"], seed=self._seed)
        defined = cells["score"][np.isfinite(cells["score"])]
        return {
            "grid_fraction": float(cells["passes"].mean()),
            "median_grid_score": float(np.median(defined)) if len(defined) else np.nan,
            "median_periodicity": float(np.nanmedian(np.append(cells["periodicity"], 0.0))),
            "n_undefined_scores": len(cells["score"]) - len(defined),
            "n_modules": modules.n_modules,
            "module_spacings_m": _listed(modules.spacings),
            "period_ratios": _listed(modules.ratios),
            "unimodal_p": modules.unimodal_p,
        }

    def files(self, maps: Array, cells: Cells) -> dict[str, bytes]:
        """Maps, autocorrelograms, grid scores and lattices of the best units, for a picture."""
        best = np.argsort(-np.nan_to_num(cells["score"], nan=-np.inf), kind="stable")[:_UNITS_KEPT]
        return {
            "rate-maps.npy": _npy(maps[best], "<f4"),
            "autocorrelograms.npy": _npy(np.asarray(spatial_autocorrelation(maps[best])), "<f2"),
            "grid-scores.npy": _npy(cells["score"][best], "<f4"),
            "lattices.npy": _npy(np.stack([cells[name][best] for name in _LATTICE], axis=1), "<f4"),
        }

    def _passes(self, maps: Array, score: Array) -> npt.NDArray[np.bool_]:
        """Cells above every surrogate of their own map: p = 1 / (n_null + 1) at most.

        Surrogates are drawn a few at a time, and no more for cells that one of them has beaten.
        """
        rng = generator(self._seed, "isotropic surrogates")
        standing = np.flatnonzero(np.isfinite(score))
        for start in range(0, self._n_null, _NULLS_AT_ONCE):
            n = min(_NULLS_AT_ONCE, self._n_null - start)
            if not len(standing):
                break
            null = isotropic_surrogates(maps[standing], n, rng)
            scores = _scores(null.reshape(-1, *maps.shape[1:])).reshape(n, -1)
            standing = standing[~(scores >= score[standing]).any(axis=0)]
        return np.isin(np.arange(len(score)), standing)


def lattice_table(correlations: Array, *, bin_size: float) -> Array:
    """Periodicity of cells whatever their lattice, to be shown beside grid scores.

    Parameters
    ----------
    correlations : array of shape (n_cells, height, width)
        Autocorrelograms.
    bin_size : float
        Side of a bin, in m.

    Returns
    -------
    table : array of shape (n_cells, 4)
        Strength, the lengths of the two lattice vectors in m, the shorter first, and their angle in degrees, as by
        :func:`~.functional.spatial.spatial_periodicity`.
    """
    found = spatial_periodicity(correlations, bin_size=bin_size)
    parts = (np.asarray(part) for part in (found.strength, found.lengths, found.angle))
    return np.column_stack([*parts])


class BorderFraction(PopulationMetric):
    """Whether a candidate has as many border cells as recorded, and border scores as they are distributed.

    Parameters
    ----------
    threshold : float, default=0.5
        Border cells score above this (Solstad et al. 2008).
    **parameters
        Parameters of all population metrics.
    """

    def __init__(self, *, threshold: float = 0.5, **parameters: Any) -> None:
        if not -1 < threshold < 1:
            raise InvalidArgumentError("The 'threshold' parameter", got=threshold, needed="in (-1, 1)")
        super().__init__(**parameters)
        self._threshold = threshold

    def describe(self, maps: Array, size_m: float) -> Cells:
        """Border score of each map, lifted to be 0 or more: a model's units may be negative."""
        lowest = np.nanmin(maps, axis=(1, 2), keepdims=True)
        return {"score": np.asarray(border_score(maps - np.minimum(lowest, 0), bin_size=size_m).score)}

    def similarity(self, first: Cells, second: Cells) -> dict[str, float]:
        """Smaller over larger share of border cells (1 without any); 1 - Kolmogorov distance of the scores."""
        return {
            "fractions": share_ratio(self._share(first), self._share(second)),
            "scores": 1 - kolmogorov_distance(first["score"], second["score"]),
        }

    def summary(self, cells: Cells) -> dict[str, str | float]:
        """Share of border cells and median score."""
        defined = cells["score"][np.isfinite(cells["score"])]
        return {
            "border_fraction": self._share(cells),
            "median_border_score": float(np.median(defined)) if len(defined) else np.nan,
            "n_undefined_scores": len(cells["score"]) - len(defined),
        }

    def _share(self, cells: Cells) -> float:
        return float((cells["score"] > self._threshold).mean())


def _scores(maps: Array) -> Array:
    return np.asarray(grid_score(spatial_autocorrelation(maps, max_lag=_SCORED_LAG)).score)


def _npy(values: Array, dtype: str) -> bytes:
    """The bytes of a ``.npy`` file, the same for the same values."""
    buffer = io.BytesIO()
    np.save(buffer, np.ascontiguousarray(values, dtype=dtype), allow_pickle=False)
    return buffer.getvalue()


def _listed(values: Array) -> str:
    return ", ".join(f"{value:.2f}" for value in values) or "none"
