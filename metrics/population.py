"""Comparing populations of cells by the distribution of their spatial metrics, cell for cell unpaired.

A model's units are compared with the recorded cells of each animal, as the cells of the other animals are: the
same similarity of two populations gives the value and its ceiling.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from ..core.errors import InvalidArgumentError, UnfitRecordingError
from ..core.labelled import coordinate
from ..core.scores import Score
from ..core.seeds import generator
from ..core.words import number_of
from .bootstrap import BootstrappedMetric, Resampled
from .functional.mapping.ridge import ridge_predictivity
from .functional.statistics.reliability import split_half_reliability
from .interface import IdentityCache, SamplesNeeded
from .maps import bin_grid, smoothed
from .needs import Needs, cells_of_animals, check_needs, enough_cells
from .recorded_together import gathered, recorded_together

__all__ = ["Cells", "PopulationMetric", "kolmogorov_distance", "share_ratio", "take"]

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int_]
Cells = Mapping[str, Array]

_MIN_SIDE_BINS, _MIN_CELLS, _RANDOM_HALVES = 8, 4, 10
_LAYER_FOLDS = 3


def take(cells: Cells, rows: Ints) -> Cells:
    """Some cells of a population, in the order of `rows`."""
    return {name: values[rows] for name, values in cells.items()}


def kolmogorov_distance(a: Array, b: Array) -> float:
    """Largest difference of two empirical distributions, in [0, 1]; NaN is below all numbers; 1 if one is empty."""
    a, b = (np.sort(np.nan_to_num(values, nan=-np.inf)) for values in (a, b))
    if not len(a) or not len(b):
        return 1.0
    at = np.concatenate([a, b])
    shares = (np.searchsorted(values, at, side="right") / len(values) for values in (a, b))
    return float(np.abs(next(shares) - next(shares)).max())


def share_ratio(first: float, second: float) -> float:
    """Smaller over larger of two shares; 1 if both are 0."""
    smaller, larger = sorted((float(first), float(second)))
    return smaller / larger if larger > 0 else 1.0


@dataclass(frozen=True, eq=False)
class _Brain:
    """The recorded cells, who is compared with whom, and how noisy each cell's average is."""

    cells: Cells
    animals: list[Ints]
    targets: list[tuple[str, Ints, Ints]]
    noise: Array
    left_out: tuple[str, ...]


class PopulationMetric(BootstrappedMetric):
    """Base of the metrics of populations: maps, noise of the recording, ceiling, interval.

    Subclasses write :meth:`describe` (maps to metrics, one value a cell), :meth:`similarity` (two populations to
    named similarities in [0, 1], averaged) and :meth:`summary` (facts of a population).

    Parameters
    ----------
    smoothing_bins : float, default=1
        Gaussian by which the maps of model and brain are smoothed. Recorded maps that are smoothed already, by the
        attribute ``smoothing_m``, are not smoothed again, and a model's as they were.
    match_noise : bool, default=True
        Whether a model's maps get noise, so that each is as reliable as a recorded cell drawn at random.
    max_units : int, default=300
        Largest number of units; from a larger layer, this many are drawn.
    n_boot, seed, level : int, int, float
        Bootstrap over cells: the model's units, and the recorded ones within animals.
    """

    _unit = "cells"

    def __init__(
        self,
        *,
        smoothing_bins: float = 1.0,
        match_noise: bool = True,
        max_units: int = 300,
        n_boot: int = 500,
        **bootstrap: Any,
    ) -> None:
        super().__init__(n_boot=n_boot, **bootstrap)
        if smoothing_bins < 0 or max_units < _MIN_CELLS:
            raise InvalidArgumentError(
                "The 'smoothing_bins' and 'max_units' parameters",
                got=f"{smoothing_bins}, {max_units}",
                needed=f"0 or more, and {_MIN_CELLS} or more",
            )
        self._smoothing, self._match_noise, self._max_units = smoothing_bins, match_noise, max_units
        self._remembered: IdentityCache[_Brain] = IdentityCache()

    @property
    def samples_needed(self) -> SamplesNeeded:
        """Each cell is measured on its own map, holes and all."""
        return "as recorded"

    @property
    def needs(self) -> Needs:
        """Enough cells of an animal to be a population; a single animal is compared with itself by halves."""
        return Needs(cells=_MIN_CELLS, cells_of_one_animal=2 * _MIN_CELLS)

    def maps(self, brain: xr.DataArray, values: Array, sigma_bins: float) -> Array:
        """Values at the samples (n_samples, n_cells) as maps smoothed by a Gaussian, (n_cells, height, width)."""
        grid = bin_grid(brain)
        if min(grid.shape) < _MIN_SIDE_BINS:
            raise UnfitRecordingError(
                "The recording",
                got=f"{grid.shape[0]} x {grid.shape[1]} bins",
                needed=f"of {_MIN_SIDE_BINS} bins a side or more, to be measured as maps",
            )
        return smoothed(grid.maps(values), sigma_bins)

    def bin_size(self, brain: xr.DataArray) -> float:
        """Side of a bin in m."""
        return bin_grid(brain).size_m

    def describe(self, maps: Array, size_m: float) -> Cells:
        """Metrics of each cell, arrays of shape (n_cells,)."""
        raise NotImplementedError

    def similarity(self, first: Cells, second: Cells) -> dict[str, float]:
        """Named similarities of two populations, in [0, 1]; the value is their mean."""
        raise NotImplementedError

    def summary(self, cells: Cells) -> dict[str, str | float]:
        """Facts about a population for the reader."""
        raise NotImplementedError

    def files(self, maps: Array, cells: Cells) -> dict[str, bytes]:  # noqa: ARG002
        """Files about the model's maps, as they were scored, to keep with the record; none by default."""
        return {}

    def value(self, model: xr.DataArray, brain: xr.DataArray) -> float:
        """Median ridge predictivity of the average map: on few bins a layer's maps cannot be measured."""
        complete = np.isfinite(brain.values).all(axis=(0, 2))
        x = np.ascontiguousarray(model.values[complete], dtype=np.float64)
        y = np.asarray(brain.values[:, complete], dtype=np.float64).mean(axis=0)
        groups = coordinate(brain, "condition")[complete]
        found = ridge_predictivity(
            x, y, groups, n_outer=min(_LAYER_FOLDS, len(np.unique(groups)) - 1), n_inner=2
        )
        return float(np.nanmedian(np.asarray(found.score)))

    def ceiling(self, brain: xr.DataArray) -> float:
        """Likeness of each animal's cells to those of the others, averaged."""
        known = self._brain(brain)
        return float(np.mean(self._ceilings(known.cells, known.targets)))

    def __call__(self, model: xr.DataArray, brain: xr.DataArray) -> Score:
        """Mean over animals (or random halves) of the similarity of the model's units with their cells."""
        known = self._brain(brain)
        maps, n_units = self._unit_maps(model, brain, known)
        units = self.describe(maps, self.bin_size(brain))
        named = [self.similarity(units, take(known.cells, own)) for _, own, _ in known.targets]
        table = self._table(known, [_mean(one) for one in named])
        values = np.array([table["raw"].mean(), table["ceiling"].mean()])
        draws = self._resampled(units, known)
        draws += values - np.nanmean(draws, axis=0)
        counts = {"n_units": n_units, "n_units_measured": len(maps), "n_neuroids": len(known.noise)}
        counts["n_animals_left_out"] = len(known.left_out)
        raw, ceiling = map(Resampled, values, draws.T)
        return self._score(
            raw,
            ceiling,
            n_units=len(known.noise),
            targets=table,
            facts={
                **counts,
                **({"animals_left_out": "; ".join(known.left_out)} if known.left_out else {}),
                **{f"similarity_{name}": float(np.mean([one[name] for one in named])) for name in named[0]},
                **_prefixed("model", self.summary(units)),
                **_prefixed("brain", self._summary_of_animals(known)),
            },
            files=self.files(maps, units),
        )

    def _table(self, known: _Brain, raw: list[float]) -> pd.DataFrame:
        names, ceilings = [name for name, _, _ in known.targets], self._ceilings(known.cells, known.targets)
        table = pd.DataFrame({"animal": names, "raw": raw, "ceiling": ceilings})
        return table.assign(normalised=table["raw"] / table["ceiling"])

    def _brain(self, brain: xr.DataArray) -> _Brain:
        return self._remembered.of(brain, lambda: self._described_brain(brain))

    def _described_brain(self, brain: xr.DataArray) -> _Brain:
        """Each cell on its own map: the mean over the repetitions in which it has the bin."""
        every = coordinate(brain, "animal").astype(str)
        kept, left_out = self._animals(brain)
        trials = np.asarray(brain.values, dtype=np.float64)[:, :, kept]
        animal = every[kept]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # a hole is NaN in all repetitions
            average = np.nanmean(trials, axis=0)
        maps = self.maps(brain, average, 0.0 if _recorded_smoothing(brain) else self._smoothing)
        own = [np.flatnonzero(animal == name) for name in dict.fromkeys(animal)]
        described = [self.describe(maps[rows], self.bin_size(brain)) for rows in own]
        order = np.argsort(np.concatenate(own))
        cells = {name: np.concatenate([one[name] for one in described])[order] for name in described[0]}
        return _Brain(cells, own, self._targets(animal), _relative_noise(trials), left_out)

    def _animals(self, brain: xr.DataArray) -> tuple[Ints, tuple[str, ...]]:
        """The cells of animals with enough of them, and a note on each other animal."""
        check_needs(self.needs, brain)
        counts = cells_of_animals(brain)
        enough = enough_cells(self.needs, counts)
        left_out = tuple(
            f"{name}: {number_of(n, 'cell')}" for name, n in counts.items() if name not in enough
        )
        return np.flatnonzero(np.isin(coordinate(brain, "animal").astype(str), enough)), left_out

    def _summary_of_animals(self, known: _Brain) -> dict[str, str | float]:
        """Shares averaged over animals, what is listed or counted for each animal in turn."""
        each = [self.summary(take(known.cells, rows)) for rows in known.animals]
        return {key: _together([one[key] for one in each]) for key in each[0]}

    def _targets(self, animal: npt.NDArray[np.str_]) -> list[tuple[str, Ints, Ints]]:
        """Name, own cells and the others' cells: each animal against the rest; of one animal, random halves."""
        names = [str(name) for name in dict.fromkeys(animal)]
        if len(names) > 1:
            pairs = [(name, np.flatnonzero(animal == name), np.flatnonzero(animal != name)) for name in names]
        else:
            rng = generator(self._seed, "population halves")
            orders = [rng.permutation(len(animal)) for _ in range(_RANDOM_HALVES)]
            middle = len(animal) // 2
            pairs = [(f"half {k}", order[:middle], order[middle:]) for k, order in enumerate(orders)]
        return pairs

    def _unit_maps(self, model: xr.DataArray, brain: xr.DataArray, known: _Brain) -> tuple[Array, int]:
        """Smoothed maps of the units measured, as noisy as recorded ones, and how many units there are."""
        values = np.asarray(model.values, dtype=np.float64)
        rng = generator(self._seed, "population units")
        n_units = values.shape[1]
        chosen = np.sort(rng.permutation(n_units)[: self._max_units])
        values = values[:, chosen]
        sigma = _recorded_smoothing(brain) or self._smoothing
        maps = self.maps(brain, values, sigma)
        if self._match_noise:
            share = rng.choice(known.noise, len(chosen))
            noise = rng.standard_normal(values.shape) * np.sqrt(share)
            maps = maps + self._noise_maps(brain, noise, values, maps, sigma)
        return maps, n_units

    def _noise_maps(
        self, brain: xr.DataArray, noise: Array, values: Array, maps: Array, sigma: float
    ) -> Array:
        """Noise in units of each unit's own SD: of its values before the smoothing, or of maps recorded smooth.

        The noise of recorded maps was known before the smoothing here, or after that of the recording.
        """
        if not _recorded_smoothing(brain):
            return self.maps(brain, noise * values.std(axis=0), sigma)
        rough = noise.std(axis=0)
        smooth = self.maps(brain, noise, sigma)
        axes = tuple(range(1, maps.ndim))
        wanted = rough * np.nanstd(maps, axis=axes)
        found = np.nanstd(smooth, axis=axes)
        ratio = np.divide(wanted, found, out=np.zeros_like(found), where=found > 0)
        return np.asarray(smooth * ratio.reshape(-1, *[1] * (maps.ndim - 1)))

    def _ceilings(self, cells: Cells, targets: Sequence[tuple[str, Ints, Ints]]) -> list[float]:
        return [_mean(self.similarity(take(cells, others), take(cells, own))) for _, own, others in targets]

    def _resampled(self, units: Cells, known: _Brain) -> Array:
        """Raw value and ceiling in resamples of cells, (n_boot, 2); the brain's draws serve all models."""
        brain_rng, model_rng = (generator(self._seed, "population boot", who) for who in ("brain", "model"))
        n_units = len(next(iter(units.values())))
        rows = []
        for _ in range(self._bootstrap.n_boot):
            drawn = take(units, model_rng.integers(0, n_units, n_units))
            targets = [
                (name, brain_rng.choice(own, len(own)), brain_rng.choice(others, len(others)))
                for name, own, others in known.targets
            ]
            raw = [_mean(self.similarity(drawn, take(known.cells, own))) for _, own, _ in targets]
            rows.append((np.mean(raw), np.mean(self._ceilings(known.cells, targets))))
        return np.array(rows)


def _mean(named: Mapping[str, float]) -> float:
    return float(np.mean(list(named.values())))


def _together(facts: Sequence[str | float]) -> str | float:
    """Mean of shares and medians; counts and lists one after the other."""
    shares = [fact for fact in facts if isinstance(fact, float)]
    return float(np.mean(shares)) if len(shares) == len(facts) else "; ".join(map(str, facts))


def _prefixed(name: str, facts: Mapping[str, str | float]) -> dict[str, str | int | float]:
    """Facts under a population's name; those that are not defined left out."""
    return {
        f"{name}_{key}": fact for key, fact in facts.items() if isinstance(fact, str) or np.isfinite(fact)
    }


def _recorded_smoothing(brain: xr.DataArray) -> float:
    """By how many bins the recorded maps are smoothed already; 0 if they are not."""
    return float(brain.attrs.get("smoothing_m", 0.0)) / float(brain.attrs.get("bin_size_m", 1.0))


def _relative_noise(trials: Array) -> Array:
    """Noise over signal variance of each cell's average over repetitions; 0 without repetitions or for silence.

    (1 - R) / R with R the split-half reliability, over the samples that the cell has in all repetitions, which is
    held at 0.05 or more.
    """
    if len(trials) < 2:
        return np.zeros(trials.shape[2])
    together = recorded_together(np.asarray(np.isfinite(trials).all(axis=0)))
    halves = (
        (group, np.asarray(split_half_reliability(group.of(trials), n_splits=20).mean))
        for group in together
        if len(group.rows) > 2
    )
    reliability = gathered(halves, trials.shape[2:])
    clipped = np.clip(np.nan_to_num(reliability, nan=1.0), 0.05, 1.0)
    return np.asarray((1 - clipped) / clipped)
