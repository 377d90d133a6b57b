"""From the trials of a released file to a labelled recording in Hz."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from ...core.labelled import coordinate, recording
from ...tasks.mental_pong import STEP_MS, PongCondition
from ...tasks.mental_pong_conditions import (
    BIN_MS,
    META_INDICES,
    N_BINS,
    bounce_group,
    condition_name,
    epoch_bins,
    epoch_times,
)
from .ball import ball_velocity, fit_condition
from .release import TrialType

__all__ = ["conditions_of", "fitted_conditions", "imputed_cells", "label_trials"]

_HZ = 1000.0  # the release has spikes per ms
_NAMES = [condition_name(meta_index) for meta_index in META_INDICES]
_BALL = ("ball_x0_deg", "ball_y0_deg", "ball_heading_rad", "ball_speed_deg_s")


def fitted_conditions(trials: TrialType) -> tuple[PongCondition, ...]:
    """The 79 conditions as the ball of these trials shows them."""
    return tuple(
        fit_condition(
            name,
            trials.ball_x[place],
            trials.ball_y[place],
            trials.epochs["whole"][place],
            bounces=bounce_group(place) != "none",
        )
        for place, name in enumerate(_NAMES)
    )


def label_trials(trials: TrialType, animals: list[str], attrs: Mapping[str, str]) -> xr.DataArray:
    """Label one kind of trials, the two halves as two repetitions.

    Parameters
    ----------
    trials : TrialType
        As released.
    animals : list of str
        The animal of each unit.
    attrs : mapping
        Where the data are from.

    Returns
    -------
    labelled : assembly of dims (presentation, neuroid, time_bin)
        158 presentations (half, condition), in Hz, float32; the last of the 100 bins is NaN, as released.
        Bins count from the first frame, 300 ms before the ball moves. Masks ``visible``, ``occluded`` and
        ``whole`` are the released ones (41 ms a step), ``visible_shown`` and so on the times on the screen.
    """
    conditions = fitted_conditions(trials)
    values = np.stack([half.transpose(1, 0, 2) for half in trials.halves]).astype(np.float32) * np.float32(
        _HZ
    )
    imputed = np.asarray(_constant(values).any(axis=0))
    start = np.arange(N_BINS) * BIN_MS
    return recording(
        values.reshape(-1, *values.shape[2:]),
        presentation=_presentation(conditions, imputed),
        neuroid={
            "neuroid_id": [
                f"{animal}-{unit:04d}" for animal, unit in zip(animals, trials.unit_ids, strict=True)
            ],
            "animal": np.array(animals, dtype=str),
            "region": np.repeat("DMFC", len(animals)),
            "reliable": _reliable(trials),
            "n_imputed_conditions": imputed.sum(axis=0),
        },
        time_bin={"time_bin_start_ms": start, "time_bin_end_ms": start + BIN_MS},
        masks={name: np.tile(mask, (2, 1)) for name, mask in _masks(trials, conditions).items()},
        planes={name: np.tile(plane, (2, 1)) for name, plane in _ball_planes(trials).items()},
        attrs={"units": "Hz", "simulated": "no", **attrs, "halves": _halves_note(trials)},
    )


def imputed_cells(labelled: xr.DataArray) -> npt.NDArray[np.bool_]:
    """Which cells of a labelled recording the authors filled in, where that can be seen.

    Where a unit lacked a condition, the release has the unit's mean over conditions and time in every bin. Such a
    cell is constant over time and not zero; a unit that was silent in a condition is constant too, but zero.

    Returns
    -------
    imputed : bool array of shape (n_presentations, n_neuroids)
    """
    return _constant(np.asarray(labelled.values))


def conditions_of(labelled: xr.DataArray) -> tuple[PongCondition, ...]:
    """The conditions that :func:`label_trials` kept with a recording."""
    columns = [coordinate(labelled, name)[: len(_NAMES)] for name in ("condition", *_BALL)]
    return tuple(PongCondition(str(name), *map(float, ball)) for name, *ball in zip(*columns, strict=True))


def _constant(values: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    """Constant over all bins but the last, and not zero."""
    first = values[..., :1]
    same = (np.abs(values[..., :-1] - first) <= 1e-6 * np.abs(first)).all(axis=-1)
    return np.asarray(same & (first[..., 0] != 0))


def _reliable(trials: TrialType) -> npt.NDArray[np.bool_]:
    return np.ones(len(trials.unit_ids), dtype=bool) if trials.reliable is None else trials.reliable


def _presentation(
    conditions: tuple[PongCondition, ...], imputed: npt.NDArray[np.bool_]
) -> dict[str, npt.NDArray[Any]]:
    columns = {
        "stimulus_id": np.array(_NAMES),
        "condition": np.array(_NAMES),
        "final_y_deg": np.array([condition.final_y for condition in conditions]),
        "n_bounces": np.array([int(bounce_group(place) != "none") for place in range(len(_NAMES))]),
        "bounce": np.array([bounce_group(place) for place in range(len(_NAMES))]),
        "n_imputed_neuroids": imputed.sum(axis=1),
    }
    balls = np.array([[c.x0, c.y0, c.heading, c.speed] for c in conditions])
    columns |= dict(zip(_BALL, balls.T, strict=True))
    doubled = {name: np.tile(column, 2) for name, column in columns.items()}
    return {**doubled, "repetition": np.repeat([0, 1], len(_NAMES))}


def _masks(trials: TrialType, conditions: tuple[PongCondition, ...]) -> dict[str, npt.NDArray[np.bool_]]:
    shown = epoch_bins([epoch_times(condition, step_ms=STEP_MS) for condition in conditions])
    masks = {**trials.epochs, **{f"{name}_shown": mask for name, mask in shown.items()}}
    recorded = np.arange(N_BINS) < N_BINS - 1
    return {name: np.asarray(mask & recorded) for name, mask in masks.items()}


def _ball_planes(trials: TrialType) -> dict[str, npt.NDArray[np.float64]]:
    """The ball in each bin of the trial: deg and deg/s; NaN outside of it."""
    x, y = trials.ball_x, trials.ball_y
    planes = {
        "ball_x_deg": x,
        "ball_y_deg": y,
        "ball_dx": ball_velocity(x),
        "ball_dy": ball_velocity(y),
    }
    return {name: np.where(trials.epochs["whole"], plane, np.nan) for name, plane in planes.items()}


def _halves_note(trials: TrialType) -> str:
    if trials.rows_differed:
        return "rows of the two halves differed; matched on neural_idx_global, reliable units chosen anew"
    return "one fixed split of each unit's trials, as released"
