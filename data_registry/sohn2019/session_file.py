"""Reading a session of the release: spikes, units, and events as rows of (trial, stage, time).

Spikes stand probe after probe and events may be out of order by 1 ms, so spikes are sorted, and times are found by
trial and stage, never by row.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...core.errors import InvalidDataError
from ..readers.matlab_structs import read_matlab

__all__ = ["SessionFile", "read_session_file"]

_SAMPLES_PER_S = 30_000.0
_VARIABLES = ("sp", "idClust", "idSU", "tInfo")
_COLUMNS = (
    "trial",
    "stage",
    "time",
    "short",
    "eye",
    "theta",
    "t_s",
    "t",
    "fixation",
    "target",
    "pause",
    "reward",
)
_NO_SET = ("no_set", "success_no_set")
_N_STAGES = 11
_READY, _SET, _GO = 4, 5, 6
_OF_A_TRIAL = ("short", "eye", "theta", "t_s", "t")

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class SessionFile:
    """A session as its file has it.

    Parameters
    ----------
    spikes_s : dict of str to array of shape (n_spikes,)
        Spike times of each unit in s, in order.
    single : frozenset of str
        Units that are single neurons.
    times_s : dict of str to array of shape (n_trials,)
        Times of ``ready``, ``set`` and ``go`` in s, NaN where there was none.
    facts : dict of str to array of shape (n_trials,)
        Columns of the events that are the same throughout a trial: ``short``, ``eye``, ``theta``, ``t_s``,
        ``t`` and ``no_set``, which is 0 where the file has no such column.
    """

    spikes_s: dict[str, Array]
    single: frozenset[str]
    times_s: dict[str, Array]
    facts: dict[str, Array]


def read_session_file(path: Path) -> SessionFile:
    """Read a session's file.

    Raises
    ------
    InvalidDataError
        If the file is damaged, lacks a variable, has events of another form, or spikes of a unit that it does not
        name.
    """
    content = read_matlab(path, _VARIABLES)
    missing = [name for name in _VARIABLES if name not in content]
    if missing:
        raise InvalidDataError(f"The file {path}", got=f"no {missing}", needed=f"with variables {_VARIABLES}")
    spikes, single = _units(path, content)
    events = _events(path, np.asarray(content["tInfo"], dtype=float))
    times, facts = _by_trial(path, events)
    return SessionFile(spikes, single, times, facts)


def _units(path: Path, content: dict[str, Any]) -> tuple[dict[str, Array], frozenset[str]]:
    sample, unit = (np.asarray(content[name]).ravel() for name in ("sp", "idClust"))
    named = np.asarray(content["idSU"])
    if len(sample) != len(unit) or named.ndim != 2 or named.shape[1] != 2:
        raise InvalidDataError(
            f"The file {path}",
            got=f"{len(sample)} spikes of {len(unit)} units' names, 'idSU' of shape {named.shape}",
            needed="with a unit for each spike, and 'idSU' of two columns (unit, whether single)",
        )
    unknown = sorted(set(unit.tolist()) - set(named[:, 0].tolist()))
    if unknown:
        raise InvalidDataError(
            f"The variable 'idClust' of {path}", got=f"units {unknown}", needed="of units that 'idSU' names"
        )
    order = np.argsort(sample, kind="stable")
    seconds, unit = sample[order] / _SAMPLES_PER_S, unit[order]
    spikes = {str(one): seconds[unit == one] for one in named[:, 0].tolist()}
    return spikes, frozenset(str(one) for one, is_single in named.tolist() if is_single == 1)


def _events(path: Path, rows: Array) -> dict[str, Array]:
    """The columns of the events by name."""
    with_no_set = (*_COLUMNS, *_NO_SET)
    if rows.ndim != 2 or rows.shape[1] not in (len(_COLUMNS), len(with_no_set)):
        raise InvalidDataError(
            f"The variable 'tInfo' of {path}",
            got=f"shape {rows.shape}",
            needed=f"of {len(_COLUMNS)} columns, or of {len(with_no_set)} with those of trials without Set",
        )
    events = dict(zip(with_no_set, rows.T, strict=False))
    return {"no_set": np.zeros(len(rows)), **events}


def _by_trial(path: Path, events: dict[str, Array]) -> tuple[dict[str, Array], dict[str, Array]]:
    """Times of the events, and what is the same throughout a trial, each of shape (n_trials,)."""
    trial, stage = (events[name].astype(int) for name in ("trial", "stage"))
    n_trials = int(trial.max(initial=0))
    if set(trial.tolist()) != set(range(1, n_trials + 1)) or not np.isin(stage, np.arange(_N_STAGES)).all():
        raise InvalidDataError(
            f"The variable 'tInfo' of {path}",
            got=f"{len(np.unique(trial))} trials numbered up to {n_trials}, stages {np.unique(stage).tolist()}",
            needed="of trials numbered from 1 without a gap and stages from 0 to 10",
        )
    place = trial * _N_STAGES + stage
    if len(np.unique(place)) != len(place):
        raise InvalidDataError(
            f"The variable 'tInfo' of {path}",
            got=f"{len(place) - len(np.unique(place))} stages twice in a trial",
            needed="of each stage at most once in a trial",
        )
    times = np.full((n_trials, _N_STAGES), np.nan)
    times[trial - 1, stage] = events["time"]
    facts = {name: _constant(path, name, trial, events[name]) for name in (*_OF_A_TRIAL, "no_set")}
    return {"ready": times[:, _READY], "set": times[:, _SET], "go": times[:, _GO]}, facts


def _constant(path: Path, name: str, trial: npt.NDArray[np.int_], column: Array) -> Array:
    """The value of a column in each trial, which all its rows have."""
    values = np.empty(int(trial.max()))
    values[trial - 1] = column
    differ = np.unique(trial[values[trial - 1] != column])
    if len(differ):
        raise InvalidDataError(
            f"The column '{name}' of 'tInfo' of {path}",
            got=f"several values in {len(differ)} trials, such as trial {differ[0]}",
            needed="the same in all rows of a trial",
        )
    return values
