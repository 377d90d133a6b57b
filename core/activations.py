"""Checked activations of a candidate: for each layer an array (time, units) on the stimulus's time axis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from .arrays import plain_array
from .errors import ActivationError, foreign_errors
from .stimuli import Stimulus

__all__ = ["Activations", "LayerValues", "TimedValues", "as_array", "check_activations"]


@dataclass(frozen=True, eq=False)
class TimedValues:
    """Activations of one layer on a time axis of its own.

    A candidate returns these where a layer's steps are not the stimulus's steps; plain arrays otherwise.

    Parameters
    ----------
    values : array of shape (time, units)
        Activations.
    times_ms : array of shape (time,)
        Increasing, in ms after the stimulus's first step, within its duration.
    """

    values: npt.NDArray[np.floating[Any]]
    times_ms: npt.NDArray[np.float64]


LayerValues: TypeAlias = npt.NDArray[np.floating[Any]] | TimedValues
Activations: TypeAlias = dict[str, TimedValues]


def check_activations(
    returned: object, stimulus: Stimulus, *, candidate: str, layers: tuple[str, ...]
) -> Activations:
    """Check what a candidate returned for one stimulus and attach the times to the values.

    Parameters
    ----------
    returned : object
        Return value of ``candidate.activations(stimulus)``.
    stimulus : Stimulus
        The stimulus it was given.
    candidate : str
        The candidate's name, for messages.
    layers : tuple of str
        The layers that its card promises.

    Returns
    -------
    activations : dict of str to TimedValues
        Values as float32, one entry a promised layer, in the card's order.

    Raises
    ------
    ActivationError
        If a layer is missing or extra, or its values are not a finite real array (time, units) on the
        stimulus's time axis. The message names candidate, layer, got and needed.
    """
    where = f"What candidate '{candidate}' returned for stimulus '{stimulus.identifier}'"
    if not isinstance(returned, Mapping):
        raise ActivationError(where, got=type(returned).__name__, needed="a mapping of layer to array")
    if set(returned) != set(layers):
        raise ActivationError(
            where,
            got=f"layers {sorted(map(str, returned))}",
            needed=f"the layers of its card, {sorted(layers)}",
            hint="Make the card's 'layers' and the keys of the mapping the same.",
        )
    return {layer: _check_layer(returned[layer], stimulus, candidate, layer) for layer in layers}


def _check_layer(value: object, stimulus: Stimulus, candidate: str, layer: str) -> TimedValues:
    subject = f"Layer '{layer}' of candidate '{candidate}' for stimulus '{stimulus.identifier}'"
    timed = (
        value if isinstance(value, TimedValues) else TimedValues(as_array(subject, value), stimulus.times_ms)
    )
    values = as_array(subject, timed.values)
    if values.ndim != 2 or values.dtype.kind not in "fiub":
        raise ActivationError(
            subject, got=f"{values.dtype} of shape {values.shape}", needed="a real array (time, units)"
        )
    times_ms = as_array(f"The times of {subject[0].lower()}{subject[1:]}", timed.times_ms)
    _check_times(subject, values, times_ms, stimulus, own=isinstance(value, TimedValues))
    if values.shape[1] == 0:
        raise ActivationError(subject, got=f"shape {values.shape}", needed="of at least one unit")
    with np.errstate(over="ignore"):  # what float32 cannot hold is refused below
        values = np.ascontiguousarray(values, dtype=np.float32)
    if not np.isfinite(values).all():
        bad = int((~np.isfinite(values)).sum())
        raise ActivationError(
            subject, got=f"{bad} NaN or infinite of {values.size} values", needed="finite in float32"
        )
    return TimedValues(values, np.asarray(times_ms, dtype=np.float64))


def _check_times(
    subject: str,
    values: npt.NDArray[np.generic],
    times: npt.NDArray[Any],
    stimulus: Stimulus,
    *,
    own: bool,
) -> None:
    if times.ndim != 1 or len(times) != len(values):
        raise ActivationError(
            subject,
            got=f"{len(values)} time steps",
            needed=f"of {np.size(times)} time steps, one for each {'of its times' if own else 'stimulus step'}",
            hint="" if own else "Return TimedValues(values, times_ms) for a time axis of the layer's own.",
        )
    last = stimulus.n_steps * 1000.0 / stimulus.rate_hz
    named = f"The times of {subject[0].lower()}{subject[1:]}"
    if times.dtype.kind not in "fiu" or len(times) == 0:
        raise ActivationError(
            named, got=f"{len(times)} of {times.dtype}", needed="numbers in ms, one at least"
        )
    if not np.isfinite(times).all() or (np.diff(times) <= 0).any() or times[0] < 0 or times[-1] > last:
        raise ActivationError(
            named,
            got=f"{len(times)} values from {times.min():g} to {times.max():g}",
            needed=f"increasing, in ms, within 0..{last:g}",
        )


def as_array(subject: str, value: object) -> npt.NDArray[Any]:
    """A numpy view of an array or a torch tensor on any device; `subject` names it where it is none.

    A candidate may return anything: whatever numpy or torch raise over it is the candidate's fault.

    Raises
    ------
    ActivationError
        If it is ragged, masked, sparse, without values (a meta tensor), or otherwise no array.
    """
    with foreign_errors(
        ActivationError,
        subject,
        needed="a numpy array or a dense torch tensor",
        hint="Lists need rows of one length; a sparse tensor needs '.to_dense()', a list of tensors 'torch.stack'.",
    ):
        array = value if getattr(value, "detach", None) is None else _of_tensor(value)
        return plain_array(subject, array, error=ActivationError)


def _of_tensor(value: Any) -> npt.NDArray[Any]:
    """A tensor's values; bfloat16, which numpy does not have, as float32, which holds all its values."""
    tensor = value.detach().cpu()
    return np.asarray((tensor.float() if str(tensor.dtype) == "torch.bfloat16" else tensor).numpy())
