"""The simulated MEC: from paths to spikes to labelled rate maps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from ...core.cards import DatasetCard
from ...core.errors import ChecksumError, MissingPartError
from ...core.hashing import sha256_of_file
from ...core.labelled import recording
from ...core.seeds import child_seed, generator
from ...core.settings import Settings
from ...core.stimuli import SelfMotion, StimulusSet
from ...tasks.self_motion import motion_from_path, ornstein_uhlenbeck_paths, resampled
from ..files.fetching import local_file
from ..interface import CardDataset, check_region
from ..space.bins import SpatialGrid, rates_in_bins
from ..space.direction_bins import bin_of_direction, direction_presentation
from .cells import CellPopulation, draw_population

__all__ = ["SimulatedMEC", "SimulatedMECRatWalks"]

Array = npt.NDArray[np.float64]

ANIMALS = ("simulated-A", "simulated-B")
N_SESSIONS, SESSION_S = 4, 600.0
ARENA_M = (1.0, 1.0)
GRID = SpatialGrid(ARENA_M, bin_m=0.05, block_bins=4)
DIRECTION_REGION, DIRECTION_BINS = "MEC-direction", 24
RATE_HZ = 10.0
_WALKED_HZ = 50.0
_MIN_SAMPLES = 1
_SEED = 2006
_TRACKS, _TRACKS_SHA256 = "tracks.npz", "06e38cd833e60af0894408a688cadc2e2042e05238d9b32afb267082cf4cde24"


class SimulatedMEC(CardDataset):
    """The data set on simulated walks; see its card.

    Parameters
    ----------
    card, settings : DatasetCard, Settings
        As every loader has them; simulated walks need no folders.
    seed : int
        Seed, for validity studies; the data set on the board has the default.
    """

    path_source = "Ornstein-Uhlenbeck rat"

    def __init__(self, card: DatasetCard, settings: Settings, *, seed: int = _SEED) -> None:
        super().__init__(card, settings)
        self._seed = seed

    def stimuli(self) -> StimulusSet:
        """The walks of both animals, one stimulus a session."""
        names = [name for name, _ in self._walks]
        table = pd.DataFrame(
            {
                "stimulus_id": names,
                "animal": np.repeat(ANIMALS, N_SESSIONS),
                "paths": [self.path_source] * len(names),
            }
        )
        return StimulusSet(self.card.identifier, tuple(walk for _, walk in self._walks), table)

    def recording(self, region: str) -> xr.DataArray:
        """Rate maps in Hz: a presentation is one spatial bin in one session; NaN where it was not visited.

        ``condition`` names the block of 20 x 20 cm that a bin lies in; ``bin_x_m`` and ``bin_y_m`` its centre.
        """
        check_region(self.card, region)
        if region == DIRECTION_REGION:
            return self._direction_recording()
        maps = np.concatenate([self._rate_maps(index) for index in range(len(ANIMALS))], axis=-1)
        return self._labelled(maps)

    @cached_property
    def populations(self) -> tuple[CellPopulation, ...]:
        """The cells of each animal."""
        return tuple(draw_population(generator(self._seed, "mec", animal)) for animal in ANIMALS)

    @cached_property
    def _walks(self) -> list[tuple[str, SelfMotion]]:
        names = [f"{animal}-session-{session + 1}" for animal in ANIMALS for session in range(N_SESSIONS)]
        paths = [resampled(path, from_hz=_WALKED_HZ, to_hz=RATE_HZ) for path in self._paths(len(names))]
        return [
            (name, motion_from_path(name, path, rate_hz=RATE_HZ, arena_m=ARENA_M))
            for name, path in zip(names, paths, strict=True)
        ]

    def _paths(self, n: int) -> list[Array]:
        """The positions of `n` walks at 50 Hz, each of shape (time, 2), in m."""
        seed = child_seed(self._seed, "paths")
        return list(ornstein_uhlenbeck_paths(n, SESSION_S, arena_m=ARENA_M, rate_hz=_WALKED_HZ, seed=seed))

    def _rate_maps(self, animal: int) -> npt.NDArray[np.float64]:
        """Spikes over time in each bin, of shape (n_sessions, n_bins_total, n_cells)."""
        return self._session_rates(animal, lambda walk: GRID.index(walk.positions), GRID.n_bins)

    def _direction_recording(self) -> xr.DataArray:
        """Rates in Hz by head direction; a presentation is one direction bin in one session."""
        tuning = [
            self._session_rates(
                index, lambda walk: bin_of_direction(_heading(walk), DIRECTION_BINS), DIRECTION_BINS
            )
            for index in range(len(ANIMALS))
        ]
        presentation = direction_presentation(DIRECTION_BINS, N_SESSIONS)
        attrs = {
            "units": "Hz",
            "simulated": "yes",
            "direction_bins": DIRECTION_BINS,
            "paths": self.path_source,
        }
        return self._label(np.concatenate(tuning, axis=-1), presentation, DIRECTION_REGION, attrs)

    def _session_rates(
        self, animal: int, bin_of: Callable[[SelfMotion], npt.NDArray[np.int_]], n_bins: int
    ) -> npt.NDArray[np.float64]:
        """The same spikes, whatever they are binned by: (n_sessions, n_bins, n_cells)."""
        walks = [walk for _, walk in self._walks[animal * N_SESSIONS : (animal + 1) * N_SESSIONS]]
        rng = generator(self._seed, "mec", "spikes", ANIMALS[animal])
        population = self.populations[animal]
        return np.stack([_session_rates(walk, population, rng, bin_of(walk), n_bins) for walk in walks])

    def _labelled(self, maps: npt.NDArray[np.float64]) -> xr.DataArray:
        attrs = {"units": "Hz", "simulated": "yes", "bin_size_m": GRID.bin_m, "paths": self.path_source}
        return self._label(maps, GRID.presentation(len(maps)), "MEC", attrs)

    def _label(
        self,
        rates: npt.NDArray[np.float64],
        presentation: Mapping[str, npt.NDArray[np.generic]],
        region: str,
        attrs: Mapping[str, object],
    ) -> xr.DataArray:
        kinds = np.concatenate([population.kinds for population in self.populations])
        animals = np.repeat(ANIMALS, [len(population.kinds) for population in self.populations])
        return recording(
            rates.reshape(rates.shape[0] * rates.shape[1], -1).astype(np.float32),
            presentation=presentation,
            neuroid={
                "neuroid_id": [f"{animal}-{index:03d}" for index, animal in enumerate(animals)],
                "animal": animals,
                "region": [region] * len(animals),
                "cell_kind": kinds,
            },
            attrs=attrs,
        )


class SimulatedMECRatWalks(SimulatedMEC):
    """The same simulated cells on walks of real rats; see its card."""

    path_source = "real rats (Sargolini et al. 2006)"

    def _paths(self, n: int) -> list[Array]:
        with np.load(self._tracks, allow_pickle=False) as tracks:
            return [tracks[f"track{k:02d}"].astype(np.float64) + 0.5 for k in range(n)]

    @cached_property
    def _tracks(self) -> Path:
        path = local_file(self.card, _TRACKS, self._settings)
        if path is None:
            raise MissingPartError(
                f"The file '{_TRACKS}' of data set '{self.card.identifier}'",
                got="nothing",
                needed="in the data folder or in the mirror folder",
                hint=f"Put it into {self._settings.data_dir / self.card.folder}, or use SimulatedMEC, which has "
                "simulated walks and needs no file.",
            )
        if (found := sha256_of_file(path)) != _TRACKS_SHA256:
            raise ChecksumError(
                f"The file {path}", got=f"SHA-256 {found}", needed=f"of SHA-256 {_TRACKS_SHA256}"
            )
        return path


def _heading(walk: SelfMotion) -> npt.NDArray[np.float64]:
    return np.zeros(walk.n_steps) if walk.head_direction is None else walk.head_direction


def _session_rates(
    walk: SelfMotion,
    population: CellPopulation,
    rng: np.random.Generator,
    bins: npt.NDArray[np.int_],
    n_bins: int,
) -> npt.NDArray[np.float64]:
    rates = population.rates(walk.positions, _heading(walk), walk.arena_m)
    spikes = rng.poisson(rates / walk.rate_hz)
    counts = np.zeros((n_bins, spikes.shape[1]))
    np.add.at(counts, bins, spikes)
    visits = np.bincount(bins, minlength=n_bins).astype(float)
    return rates_in_bins(counts, visits, min_time=_MIN_SAMPLES) * walk.rate_hz
