"""Works of the spatial measures: 1,000 rate maps to autocorrelogram and expanding-circle score, beside opexebo."""

from __future__ import annotations

import warnings

import numpy as np
import numpy.typing as npt
import opexebo
from harness import Peer, Work
from scipy.ndimage import gaussian_filter

from innerscore.metrics.functional.spatial import grid_score, spatial_autocorrelation

Floats = npt.NDArray[np.float64]
N_MAPS, N_BINS, _PEER_MAPS = 1000, 40, 20


def simulate(n_maps: int = N_MAPS) -> Floats:
    """Smoothed Poisson maps of grid cells of 8 to 26 bins, of any orientation and phase."""
    rng = np.random.default_rng(0)
    place = np.arange(N_BINS) + 0.5
    spacing, turn = rng.uniform(8, 26, n_maps), rng.uniform(0, np.pi / 3, n_maps)
    phase = rng.uniform(0, N_BINS, (n_maps, 2))
    waves = np.zeros((n_maps, N_BINS, N_BINS))
    for direction in np.pi * np.array([1, 3, 5]) / 6:
        k = 4 * np.pi / np.sqrt(3) / spacing
        across = (place - phase[:, :1]) * np.cos(turn + direction)[:, None]
        up = (place - phase[:, 1:]) * np.sin(turn + direction)[:, None]
        waves += np.cos(k[:, None, None] * (across[:, None] + up[:, :, None]))
    return gaussian_filter(rng.poisson(6 * ((waves + 1.5) / 4.5) ** 2).astype(float), (0, 1.5, 1.5))


def ours(maps: Floats) -> Floats:
    """All maps at once, on opexebo's extent."""
    return np.asarray(grid_score(spatial_autocorrelation(maps, max_lag=0.9)).score)


def opexebo_loop(maps: Floats) -> Floats:
    """opexebo: one map after the other, on a slice."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.array(
            [
                opexebo.analysis.grid_score(opexebo.analysis.autocorrelation(one))[0]
                for one in maps[:_PEER_MAPS]
            ]
        )


WORKS = [
    Work(
        name=f"autocorrelogram and expanding-circle score, {N_MAPS} maps of {N_BINS} x {N_BINS}",
        prepare=simulate,
        ours=ours,
        peers={"opexebo": Peer(opexebo_loop, 25, scale=N_MAPS / _PEER_MAPS)},
        agreement=lambda scores, peer: float(np.median(np.abs(scores[: len(peer)] - peer))),
        repeats=3,
    )
]
