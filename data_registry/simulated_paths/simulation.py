"""Walks to fit a readout of position on, and walks to test it on: as long, five times longer, in a larger box.

There is no recording. In its place is the truth: the walker's position, as two "neuroids" in m.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from ...core.cards import DatasetCard
from ...core.labelled import recording
from ...core.seeds import child_seed
from ...core.settings import Settings
from ...core.stimuli import SelfMotion, StimulusSet
from ...tasks.self_motion import motion_from_path, ornstein_uhlenbeck_paths
from ..interface import CardDataset, check_region

__all__ = ["SETS", "SimulatedPaths", "WalkSet"]

RATE_HZ, BIN_S = 10.0, 0.5
BOX_M, TRAIN_S = 1.0, 20.0
_FINER = 5  # walks are simulated at 50 Hz
_SEED = 2005


@dataclass(frozen=True)
class WalkSet:
    """Walks of one kind.

    Attributes
    ----------
    name : str
        Name as in the coordinate ``walk_set``.
    n_walks : int
        Number of walks; a multiple of 4, as every fourth is kept for layer selection.
    box_m, duration_s : float
        Side of the box and length of each walk.
    """

    name: str
    n_walks: int
    box_m: float
    duration_s: float


SETS = (
    WalkSet("train", 100, BOX_M, TRAIN_S),
    WalkSet("same", 40, BOX_M, TRAIN_S),
    WalkSet("longer", 40, BOX_M, 5 * TRAIN_S),
    WalkSet("larger", 40, 1.5 * BOX_M, TRAIN_S),
)


class SimulatedPaths(CardDataset):
    """The data set; see its card.

    Parameters
    ----------
    card, settings : DatasetCard, Settings
        As every loader has them.
    seed : int
        Seed, for validity studies; the data set on the board has the default.
    """

    def __init__(self, card: DatasetCard, settings: Settings, *, seed: int = _SEED) -> None:
        super().__init__(card, settings)
        self._seed = seed

    def stimuli(self) -> StimulusSet:
        """All walks; the table's ``walk_set`` gives those to be fitted on."""
        walks = [walk for _, walk in self._walks]
        table = pd.DataFrame(
            {
                "stimulus_id": [walk.identifier for walk in walks],
                "walk_set": [kind.name for kind, _ in self._walks],
                "box_m": [kind.box_m for kind, _ in self._walks],
            }
        )
        return StimulusSet(self.card.identifier, tuple(walks), table)

    def recording(self, region: str) -> xr.DataArray:
        """True positions in m, the mean over each bin of 0.5 s; NaN after a walk's end.

        Each walk is a condition. ``walk_set`` is the kind of walk, ``time_bin_end_ms`` how long it has gone on.
        """
        check_region(self.card, region)
        names = [walk.identifier for _, walk in self._walks]
        values = self._positions()
        start_ms = np.arange(values.shape[2]) * BIN_S * 1000
        return recording(
            values,
            presentation={
                "stimulus_id": names,
                "condition": names,
                "repetition": np.zeros(len(names), dtype=int),
                "walk_set": [kind.name for kind, _ in self._walks],
            },
            neuroid={
                "neuroid_id": ["position_x_m", "position_y_m"],
                "animal": ["simulated"] * 2,
                "region": [region] * 2,
            },
            time_bin={"time_bin_start_ms": start_ms, "time_bin_end_ms": start_ms + BIN_S * 1000},
            attrs={"units": "m", "simulated": "yes"},
        )

    @cached_property
    def _walks(self) -> list[tuple[WalkSet, SelfMotion]]:
        return [(kind, walk) for kind in SETS for walk in self._walks_of(kind)]

    def _walks_of(self, kind: WalkSet) -> list[SelfMotion]:
        arena = (kind.box_m, kind.box_m)
        step = 1.0 / (RATE_HZ * _FINER)
        paths = ornstein_uhlenbeck_paths(
            kind.n_walks,
            kind.duration_s + step,  # the first sample is the start
            arena_m=arena,
            rate_hz=RATE_HZ * _FINER,
            seed=child_seed(self._seed, "SimulatedPaths", kind.name),
        )[:, ::_FINER]
        return [
            motion_from_path(f"{kind.name}-{k:02d}", path, rate_hz=RATE_HZ, arena_m=arena)
            for k, path in enumerate(paths)
        ]

    def _positions(self) -> npt.NDArray[np.float64]:
        """Mean position in each bin, (n_walks, 2, n_bins)."""
        steps = round(BIN_S * RATE_HZ)
        longest = max(walk.n_steps for _, walk in self._walks)
        values = np.full((len(self._walks), 2, longest // steps), np.nan)
        for row, (_, walk) in zip(values, self._walks, strict=True):
            means = walk.positions.reshape(-1, steps, 2).mean(axis=1)
            row[:, : len(means)] = means.T
        return values
