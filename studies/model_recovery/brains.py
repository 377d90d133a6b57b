"""Brains simulated from states: sparse positive readouts, Poisson spikes, reliability as wanted."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import xarray as xr

from ...core.errors import InvalidDataError
from ...core.labelled import coordinate, coordinates_along

__all__ = ["ANIMALS", "drives", "repetitions", "simulated_brain", "varies"]

Array = npt.NDArray[np.float64]

ANIMALS = ("simulated-A", "simulated-B")
_GAIN_SPREAD = 0.5  # of log gains, so that neurons differ in reliability as recorded ones do


def varies(states: Array) -> npt.NDArray[np.bool_]:
    """Units that vary over samples by more than rounding, as a mask."""
    spread = states.std(axis=0)
    return np.asarray(spread > 1e-9 * max(float(np.abs(states).max(initial=0.0)), 1e-300))


def drives(states: Array, n_neurons: int, units_per_neuron: int, rng: np.random.Generator) -> Array:
    """Each neuron's drive: a few units under positive weights, shifted so that the least is 0, times its gain.

    Parameters
    ----------
    states : array of shape (n_samples, n_units)
        Activations as they are: units that vary more weigh more.
    n_neurons, units_per_neuron : int
        A neuron sums so many units, drawn without replacement, or all there are; weights are exponential.
    rng : numpy.random.Generator

    Returns
    -------
    drives : array of shape (n_samples, n_neurons)
        0 or more.

    Raises
    ------
    InvalidDataError
        If no unit varies.
    """
    usable = np.flatnonzero(varies(states))
    if not len(usable):
        raise InvalidDataError(
            "The states that a brain is simulated from", got="constant", needed="different between samples"
        )
    n_summed = min(units_per_neuron, len(usable))
    found = np.empty((len(states), n_neurons))
    for neuron in range(n_neurons):
        chosen = rng.choice(usable, n_summed, replace=False)
        found[:, neuron] = states[:, chosen] @ rng.exponential(1.0, n_summed)
    found -= found.min(axis=0)
    return np.asarray(found * rng.lognormal(0.0, _GAIN_SPREAD, n_neurons) / found.mean(axis=0))


def repetitions(drive: Array, n_repetitions: int, reliability: float, rng: np.random.Generator) -> Array:
    r"""Poisson counts whose average over repetitions has a given reliability, median over neurons.

    With a rate :math:`s u` of mean :math:`s m` and variance :math:`s^2 v` over samples, the average over n
    repetitions has reliability :math:`R = s^2 v / (s^2 v + s m / n)`; the scale s that all neurons share is the one
    that gives the neuron of median :math:`n v / m` the reliability wanted.

    Parameters
    ----------
    drive : array of shape (n_samples, n_neurons)
    n_repetitions : int
    reliability : float
        In (0, 1).
    rng : numpy.random.Generator

    Returns
    -------
    counts : array of shape (n_repetitions, n_samples, n_neurons)
        Spikes.
    """
    signal_to_noise = n_repetitions * drive.var(axis=0) / drive.mean(axis=0)
    scale = reliability / (1 - reliability) / float(np.median(signal_to_noise))
    return rng.poisson(scale * drive, (n_repetitions, *drive.shape)).astype(np.float64)


def simulated_brain(
    counts: Array, samples: xr.DataArray, region: str, *, as_recorded: bool = False
) -> xr.DataArray:
    """Counts labelled as the samples of a recording: the same presentations, neurons of two animals.

    Parameters
    ----------
    counts : array of shape (n_repetitions, n_samples, n_neurons)
    samples : assembly with the samples' coordinates along ``presentation``
    region : str
    as_recorded : bool, default=False
        Whether the neurons belong to the recording's animals, in its order and over again, and are missing (NaN)
        where its neurons are.
    """
    n_neurons = counts.shape[2]
    if as_recorded:
        animals = np.resize(coordinate(samples, "animal"), n_neurons)
        counts = np.where(_missing(samples, counts.shape), np.nan, counts)
    else:
        animals = np.repeat(ANIMALS, [n_neurons - n_neurons // 2, n_neurons // 2])
    levels = coordinates_along(samples, "presentation")
    coords = {name: ("presentation", coordinate(samples, name)) for name in levels}
    coords |= {
        "neuroid_id": ("neuroid", np.char.add("neuron-", np.arange(n_neurons).astype(str))),
        "animal": ("neuroid", animals),
        "region": ("neuroid", np.repeat(region, n_neurons)),
    }
    attrs = {**samples.attrs, "simulated": "yes", "units": "spikes"}
    return xr.DataArray(counts, dims=["repetition", "presentation", "neuroid"], coords=coords, attrs=attrs)


def _missing(samples: xr.DataArray, shape: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    """Gaps of a recording, its first repetitions and its neurons over again until there are as many as wanted."""
    gaps = np.isnan(np.asarray(samples.values, dtype=np.float64))
    repetitions, neurons = (np.arange(n) % of for n, of in zip(shape[::2], gaps.shape[::2], strict=True))
    return np.asarray(gaps[repetitions][:, :, neurons])
