"""Labelled arrays of a model and of a brain, from their values and the coordinates of the samples."""

import numpy as np
import xarray as xr


def model_array(values, samples):
    """Activations (n_samples, n_units) at samples of the coordinates given."""
    n_units = values.shape[1]
    units = {"neuroid_id": np.arange(n_units), "layer": ["l"] * n_units}
    return _labelled(values, ["presentation", "neuroid"], samples, units)


def brain_array(trials, samples, animals, *, region="R", **attrs):
    """Responses (n_repetitions, n_samples, n_neurons) of the animals' neurons n0, n1, ..."""
    names = [f"n{k}" for k in range(trials.shape[2])]
    neurons = {"neuroid_id": names, "animal": list(animals), "region": [region] * len(names)}
    return _labelled(trials, ["repetition", "presentation", "neuroid"], samples, neurons, attrs)


def _labelled(values, dims, samples, neuroids, attrs=None):
    columns = {"presentation": samples, "neuroid": neuroids}
    coords = {name: (dim, column) for dim, own in columns.items() for name, column in own.items()}
    return xr.DataArray(values, dims=dims, coords=coords, attrs=attrs)
