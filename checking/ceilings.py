"""A check of whether a recording is reliable enough to rank models."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr

from ..benchmarks.alignment import brain_samples
from ..core.errors import InnerscoreError
from ..metrics.functional import split_half_reliability
from .faults import Fault, fault_of

__all__ = ["ceiling_faults"]

_THRESHOLD = 0.1  # below it the predictivity metrics leave a neuroid out
_FEWEST = 5  # neuroids of which a median over neuroids can be told from chance
_N_SPLITS = 20
_TRUTHS = {"m"}  # positions and the like: true values, which have no noise to be measured


def ceiling_faults(recording: xr.DataArray, file: Path) -> list[Fault]:
    """A fault if too few neuroids have a split-half reliability over samples that models can be ranked under.

    Parameters
    ----------
    recording : assembly of dims (presentation, neuroid[, time_bin])
        A recording free of other faults.
    file : pathlib.Path
        File that made it, for the faults.
    """
    if recording.attrs.get("units") in _TRUTHS:
        return []
    try:
        samples = brain_samples(recording, epoch=None, needed="by neuroid")
        trials = np.asarray(samples.values, dtype=np.float64)
        if len(trials) < 2:
            reason = "one repetition: how much of the responses is noise cannot be known"
            return [
                Fault(str(file), reason, "Give single trials, or halves of the recording as repetitions.")
            ]
        reliability = np.asarray(split_half_reliability(trials, n_splits=_N_SPLITS).mean)
    except InnerscoreError as error:
        return [fault_of(error, file)]
    reliable = int((reliability >= _THRESHOLD).sum())
    if reliable >= min(_FEWEST, len(reliability)):
        return []
    median = float(np.nanmedian(reliability)) if np.isfinite(reliability).any() else float("nan")
    reason = (
        f"{reliable} of {len(reliability)} neuroids have a split-half reliability of {_THRESHOLD:g} or more "
        f"(median {median:.2f}): too few to rank models"
    )
    return [
        Fault(str(file), reason, "Check that trials are in the right order; add repetitions or wider bins.")
    ]
