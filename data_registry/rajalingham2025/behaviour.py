"""Final paddle positions of the monkeys: one row a trial, read from a released file."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from ...core.errors import InvalidDataError
from ...core.labelled import recording
from ...tasks.mental_pong import HALF_ARENA_DEG
from ...tasks.mental_pong_conditions import META_INDICES, condition_name
from .release import Release

__all__ = ["COLUMNS", "label_endpoints", "paddle_endpoints"]

COLUMNS = ("condition", "trial_type", "paddle_y_deg", "target_y_deg")


def paddle_endpoints(release: Release) -> pd.DataFrame:
    """Final paddle height of each trial that was played, with the height at which the ball ended.

    Trials that the animal ignored and lapses (paddle beyond 10 deg) are left out, and so are conditions that are
    not among the 79.

    Parameters
    ----------
    release : Release
        A released file with its table of trials.

    Returns
    -------
    trials : pandas.DataFrame
        Columns ``condition``, ``trial_type`` (``occ`` or ``vis``), ``paddle_y_deg`` and ``target_y_deg``.

    Raises
    ------
    InvalidDataError
        If the file has no table of trials, or a column is missing or not numeric.
    """
    table = release.get("trial_meta")
    if not isinstance(table, pd.DataFrame):
        raise release.error("trial_meta", type(table).__name__, "a table")
    paddle = _column(release, "paddle_y" if "paddle_y" in table else "joystick_output")
    meta_index, occluder = _column(release, "py_meta_index"), _column(release, "occ_alpha")
    kept = (_column(release, "ignore") == 0) & meta_index.isin(META_INDICES)
    kept &= paddle.abs() <= HALF_ARENA_DEG
    return pd.DataFrame(
        {
            "condition": [condition_name(int(index)) for index in meta_index[kept]],
            "trial_type": np.where(occluder[kept] == 1, "occ", "vis"),
            "paddle_y_deg": paddle[kept].to_numpy(),
            "target_y_deg": _column(release, "yf_mworks")[kept].to_numpy(),
        }
    )


def label_endpoints(trials: pd.DataFrame, animal: str) -> xr.DataArray:
    """Endpoints in trials with the opaque occluder, as one neuroid of an animal; a presentation a trial.

    Parameters
    ----------
    trials : pandas.DataFrame
        Trials as returned by :func:`paddle_endpoints`.
    animal : str
        Name of the animal.

    Returns
    -------
    endpoints : assembly of dims (presentation, neuroid)
        Endpoints in deg; coordinate ``target_y_deg`` on presentations. A condition has as many repetitions as
        trials.
    """
    played = trials[trials["trial_type"] == "occ"]
    names = played["condition"].to_numpy(dtype=str)
    return recording(
        played["paddle_y_deg"].to_numpy()[:, None],
        presentation={
            "stimulus_id": names,
            "condition": names,
            "repetition": played.groupby("condition").cumcount().to_numpy(),
            "target_y_deg": played["target_y_deg"].to_numpy(),
        },
        neuroid={"neuroid_id": [f"{animal}-paddle"], "animal": [animal], "region": ["paddle"]},
        attrs={"units": "deg", "simulated": "no"},
    )


def _column(release: Release, name: str) -> pd.Series[float]:
    column: pd.Series[float] = pd.to_numeric(release.get("trial_meta", name), errors="coerce").astype(float)
    if not column.notna().any():
        raise InvalidDataError(
            f"The field 'trial_meta.{name}' of {release.path}", got="no number", needed="numeric"
        )
    return column
