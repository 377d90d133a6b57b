"""Non-negative PCA of place cells: the learning rule that turns place fields into hexagonal lattices.

Dordek, Soudry, Meir & Derdikman (2016): the first principal component of place-cell activity under weights that may
not be negative is a hexagonal lattice; without the constraint it is not.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.ndimage import map_coordinates

from ...core.errors import CandidateError
from ...core.seeds import generator
from ...core.stimuli import SelfMotion
from .arena import check_arena

__all__ = ["ROOM_M", "NonnegativePCA", "activity_maps", "nonnegative_components", "place_field"]

Array = npt.NDArray[np.float64]

# A periodic room lets only some lattices fit. In 2.0, 2.4 and 2.6 m nearly regular ones do (median grid score 1.1
# to 1.4); in 1.6, 1.8 and 2.2 m sheared ones win (0.1 to 0.4). 2.0 m is the room of the candidate place-cells, too.
ROOM_M = 2.0
N_BINS = 40
N_COMPONENTS = 24
_WIDTH_M = 0.12
_TOLERANCE, _MAX_STEPS = 1e-6, 5000


class NonnegativePCA:
    """Components of place cells in a periodic room of 2 x 2 m in whose corner the box lies.

    Place cells have their centres on a lattice of 40 x 40 and are differences of Gaussians (0.12 m). Each
    component starts from random weights of its own and ends in a local optimum; none is made orthogonal to
    another, so all are of one spacing and differ in phase and orientation.

    Parameters
    ----------
    seed : int
        Seed of the start weights.
    """

    def __init__(self, seed: int = 0) -> None:
        start = generator(seed, "nonnegative-pca").random((N_COMPONENTS, N_BINS, N_BINS))
        self.maps = activity_maps(nonnegative_components(start))

    def activations(self, stimulus: SelfMotion) -> dict[str, Array]:
        """One layer: ``components`` (time, 24), the maps at the true position, interpolated linearly."""
        check_arena(stimulus, ROOM_M, because="which the place fields cover")
        bins = stimulus.positions.T * (N_BINS / ROOM_M) - 0.5
        columns = [map_coordinates(one, bins, order=1, mode="grid-wrap") for one in self.maps]
        return {"components": np.stack(columns, axis=1)}


def place_field() -> Array:
    """A place field around the room's origin, of shape (N_BINS, N_BINS).

    The difference of a Gaussian of variance s^2 and one of 2 s^2, each of sum 1, so that its sum is 0: the
    mean activity is removed, as PCA demands.
    """
    axis = np.arange(N_BINS) * (ROOM_M / N_BINS)
    distance = np.minimum(axis, ROOM_M - axis)
    squared = distance[:, None] ** 2 + distance**2
    narrow, wide = (np.exp(-squared / (2 * variance)) for variance in (_WIDTH_M**2, 2 * _WIDTH_M**2))
    return np.asarray(narrow / narrow.sum() - wide / wide.sum())


def activity_maps(weights: Array) -> Array:
    """Activity of each component at each place: the weighted sum of the place cells.

    Parameters
    ----------
    weights : array of shape (n_components, N_BINS, N_BINS)
        Weights on the place cells, by their centres.

    Returns
    -------
    maps : array of shape (n_components, N_BINS, N_BINS)
        The room is periodic, so the sum is a convolution.
    """
    return _filtered(weights, np.fft.rfft2(place_field()))


def nonnegative_components(start: Array) -> Array:
    """Maximise the variance of each component over weights of norm 1 that are not negative.

    Power iteration with rectification, ``w <- max(C w, 0)``, scaled to norm 1, C the covariance of the place cells;
    as C has no negative eigenvalue, the variance never falls.

    Parameters
    ----------
    start : array of shape (n_components, N_BINS, N_BINS)
        Weights to start from.

    Returns
    -------
    weights : array of shape (n_components, N_BINS, N_BINS)

    Raises
    ------
    CandidateError
        If the weights still change after 5000 steps.
    """
    covariance = np.square(np.abs(np.fft.rfft2(place_field())))
    weights = _normed(start)
    for _ in range(_MAX_STEPS):
        before, weights = weights, _normed(np.maximum(_filtered(weights, covariance), 0.0))
        if np.abs(weights - before).max() < _TOLERANCE:
            return weights
    raise CandidateError(
        "The power iteration", got=f"weights that change after {_MAX_STEPS} steps", needed="at rest"
    )


def _filtered(maps: Array, transfer: npt.NDArray[np.complex128] | Array) -> Array:
    return np.asarray(np.fft.irfft2(np.fft.rfft2(maps) * transfer, s=(N_BINS, N_BINS)))


def _normed(weights: Array) -> Array:
    return np.asarray(weights / np.linalg.norm(weights, axis=(1, 2), keepdims=True))
