"""Grid scores, lattices and head-direction tuning of cells recorded over space, and the share of grid cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...benchmarks.alignment import brain_samples
from ...core.errors import UnfitRecordingError
from ...core.labelled import coordinate
from ...data_registry import Dataset
from ...data_registry.space.dataset import DIRECTION, SpatialDataset
from ...data_registry.space.sessions import TrackedSession
from ...metrics.direction import DirectionFraction
from ...metrics.functional.spatial import (
    GridLattice,
    ShuffleControl,
    Trajectory,
    grid_lattice,
    grid_score,
    shuffle_control,
    spatial_autocorrelation,
    spike_counts,
    trajectory,
)
from ...metrics.functional.spatial.rate_map import rate_maps_of_counts
from ...metrics.gridness import Gridness
from ..findings import Finding
from ..galleries import RateMaps, gallery, maps_of_cells
from .interface import Analysed, Say

__all__ = ["GridCells", "grid_cells", "lattice_findings", "shuffled_cells", "surrogate_cells"]

Array = npt.NDArray[np.float64]

_BIN_M, _SMOOTHING_M, _MIN_SPEED_M_S = 0.025, 0.05, 0.025
_SCORED_LAG = 0.9  # as gridness scores them, and the Moser lab
_N_SHUFFLES = 100
_N_SURROGATES = 19  # a cell above all of them has p of 0.05 at most


@dataclass(frozen=True, eq=False)
class GridCells:
    """Grid scores of some cells and their lattices.

    Attributes
    ----------
    maps : RateMaps
        The maps that were scored.
    score : array of shape (n_cells,)
        Expanding-circle score; NaN where undefined.
    lattice : GridLattice
        Spacings in m.
    passes : mapping of str to bool array of shape (n_cells,)
        Whether each cell is a grid cell, by criterion.
    """

    maps: RateMaps
    score: Array
    lattice: GridLattice
    passes: dict[str, npt.NDArray[np.bool_]]


def grid_cells(dataset: Dataset, say: Say) -> Analysed:
    """Score each cell, find which are grid cells, and take the tuning to head direction.

    Spikes are shuffled where the sessions are known; maps without spike times are compared with isotropic
    surrogates of themselves.
    """
    if isinstance(dataset, SpatialDataset):
        say("spikes of each cell shifted in time")
        cells = shuffled_cells(dataset.sessions)
        notes: tuple[str, ...] = ()
    else:
        say("isotropic surrogates of each map")
        cells = surrogate_cells(maps_of_cells(dataset), _bin_size_m(dataset))
        notes = (
            "shuffles of spikes: the data set has maps and no spike times; surrogates of the maps instead",
        )
    say("head direction")
    findings = [*_scores(cells), *lattice_findings(cells)]
    try:
        findings += _direction_findings(dataset)
    except UnfitRecordingError as error:  # animals may have carried one light
        notes += (f"head direction: {error}",)
    return Analysed(findings, {"rate-maps": gallery(cells.maps, "Rate maps and autocorrelograms")}, notes)


def shuffled_cells(sessions: Sequence[TrackedSession], *, n_shuffles: int = _N_SHUFFLES) -> GridCells:
    """Cells of sessions, whose spikes are shifted in time by 20 s or more and wrapped, 100 times.

    A grid cell scores above the 95th, or the 99th, percentile of its own shuffles.

    Parameters
    ----------
    sessions : sequence of TrackedSession
    n_shuffles : int, default=100
        Number of shifts.
    """
    maps, controls = [], []
    for session in sessions:
        path = trajectory(session.times_s, session.positions_m, box_m=session.arena_m)

        def scores(counts: Array, path: Trajectory = path) -> Array:
            return _scores_of(_maps(path, counts))

        controls.append(shuffle_control(path, list(session.spikes_s.values()), scores, n_shuffles=n_shuffles))
        maps.append(_maps(path, spike_counts(path, list(session.spikes_s.values())).counts))
    names = [f"{session.animal}-{cell}" for session in sessions for cell in session.spikes_s]
    every = np.concatenate(maps)
    return GridCells(
        RateMaps(names, every, "Hz", _BIN_M),
        np.concatenate([one.observed for one in controls]),
        grid_lattice(spatial_autocorrelation(every), bin_size=_BIN_M),
        {"shuffles-95": _joined(controls, "passes_95"), "shuffles-99": _joined(controls, "passes_99")},
    )


def surrogate_cells(maps: RateMaps, bin_m: float) -> GridCells:
    """Cells of which maps alone are known; a grid cell scores above 19 isotropic surrogates of its map."""
    cells = Gridness(n_null=_N_SURROGATES).describe(maps.maps, bin_m)
    lattice = grid_lattice(spatial_autocorrelation(maps.maps), bin_size=bin_m)
    return GridCells(maps, cells["score"], lattice, {"surrogates-95": cells["passes"] > 0})


def lattice_findings(cells: GridCells) -> list[Finding]:
    """Share of grid cells by each criterion, and mean spacing and orientation of those that pass the first.

    Orientation is the circular mean with a period of 60 degrees.
    """
    shares = [
        Finding(
            f"grid-share.{name}", f"Share of {len(cells.score)} cells above {_SAID[name]}", float(one.mean())
        )
        for name, one in cells.passes.items()
    ]
    chosen = next(iter(cells.passes.values()))
    spacing, orientation = (np.asarray(one) for one in (cells.lattice.spacing, cells.lattice.orientation))
    known = chosen & np.isfinite(spacing)
    return [*shares, *_mean_lattice(spacing[known], orientation[known])]


_SAID = {
    "shuffles-95": "the 95th percentile of their own shuffles",
    "shuffles-99": "the 99th percentile of their own shuffles",
    "surrogates-95": f"all of {_N_SURROGATES} isotropic surrogates",
}


def _mean_lattice(spacing: Array, orientation: Array) -> list[Finding]:
    if not len(spacing):
        return []
    sd = float(spacing.std(ddof=1)) if len(spacing) > 1 else float("nan")
    turn = np.angle(np.exp(6j * np.deg2rad(orientation)).mean())
    n = len(spacing)
    return [
        Finding(
            "lattice.spacing", f"Mean spacing of {n} grid cells, m", float(spacing.mean()), sd, "SD", "m"
        ),
        Finding(
            "lattice.orientation",
            f"Mean orientation of {n} grid cells, deg",
            float(np.rad2deg(turn) / 6 % 60),
            unit="deg of 60",
        ),
    ]


def _scores(cells: GridCells) -> list[Finding]:
    spacing = np.asarray(cells.lattice.spacing)
    return [
        finding
        for name, score, period in zip(cells.maps.names, cells.score, spacing, strict=True)
        for finding in (
            Finding(f"grid-score.{name}", f"Grid score of {name}", float(score)),
            Finding(f"spacing.{name}", f"Spacing of {name}, m", float(period), unit="m"),
        )
    ]


def _direction_findings(dataset: Dataset) -> list[Finding]:
    """Length of each cell's mean vector, from rates by head direction averaged over repetitions."""
    recording = dataset.recording(f"{dataset.card.regions[0]}{DIRECTION}")
    samples = brain_samples(recording, epoch=None, needed="as recorded")
    average = np.asarray(samples.values, dtype=np.float64).mean(axis=0)
    tuning = DirectionFraction()
    lengths = tuning.describe(tuning.maps(samples, average, 0.0), tuning.bin_size(samples))["length"]
    names = coordinate(samples, "neuroid_id").astype(str)
    return [
        Finding(f"vector-length.{name}", f"Head-direction vector length of {name}", float(length))
        for name, length in zip(names, lengths, strict=True)
    ]


def _bin_size_m(dataset: Dataset) -> float:
    return float(dataset.recording(dataset.card.regions[0]).attrs["bin_size_m"])


def _maps(path: Trajectory, counts: Array) -> Array:
    return rate_maps_of_counts(
        path, counts, bin_m=_BIN_M, smoothing_m=_SMOOTHING_M, min_speed_m_s=_MIN_SPEED_M_S
    ).rates


def _scores_of(maps: Array) -> Array:
    return np.asarray(grid_score(spatial_autocorrelation(maps, max_lag=_SCORED_LAG)).score)


def _joined(controls: Sequence[ShuffleControl], name: str) -> npt.NDArray[np.bool_]:
    return np.concatenate([getattr(one, name) for one in controls])
