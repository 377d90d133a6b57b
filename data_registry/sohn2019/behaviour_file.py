"""Reading the behaviour of an animal in all its sessions, and finding the rows of one session's trials."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...core.errors import InvalidDataError
from ...tasks.ready_set_go import conditions
from ..readers.matlab_structs import read_matlab
from ..ready_set_go.intervals import Behaviour, ObserverFit

__all__ = ["read_behaviour", "rows_of_session"]

_COLUMNS = {
    "t_s": "T",
    "t": "t",
    "short": "idShortTrial",
    "eye": "idHandEye",
    "theta": "theta",
    "outlier": "idOut",
    "session": "sessId",
}
_NO_SET, _FIT = "idNoSet", "wFit"
_OF_THE_FIT = ("w_m", "w_p", "offset1", "offset2")
_NONE_AFTER = 3  # times t_s
_AGREE = ("short", "eye", "theta", "t_s", "t")
_ROUNDING_MS = 1e-6


def read_behaviour(path: Path) -> Behaviour:
    """Read an animal's file of behaviour.

    Returns
    -------
    behaviour : Behaviour
        The trials have the file's ``short``, ``eye``, ``theta``, ``t_s`` and ``t`` beside their columns, and
        ``session`` is YYMMDD.

    Raises
    ------
    InvalidDataError
        If the file is damaged, lacks a column, the fit or a part of one, or has valid trials of a condition that
        is none of the task.
    """
    content = read_matlab(path, (*_COLUMNS.values(), _NO_SET, _FIT))
    missing = [name for name in (*_COLUMNS.values(), _FIT) if name not in content]
    if missing:
        raise InvalidDataError(f"The file {path}", got=f"no {missing}", needed="with these variables")
    columns = {name: np.asarray(content[theirs], dtype=float).ravel() for name, theirs in _COLUMNS.items()}
    columns["no_set"] = np.asarray(content.get(_NO_SET, np.zeros(len(columns["t"]))), dtype=float).ravel()
    lengths = {name: len(column) for name, column in columns.items()}
    if len({*lengths.values()}) != 1:
        raise InvalidDataError(f"The columns of {path}", got=f"lengths {lengths}", needed="of one length")
    trials = _described(pd.DataFrame(columns))
    _check_conditions(path, trials)
    return Behaviour(trials, _fit(path, content[_FIT]))


def rows_of_session(
    trials: pd.DataFrame, session: str, facts: Mapping[str, npt.NDArray[np.float64]]
) -> pd.DataFrame:
    """The rows of a session's trials, in their order.

    Rows of the session's number are its trials in order; where there are more, the first were not recorded.

    Parameters
    ----------
    trials : pandas.DataFrame
        The animal's trials in all sessions.
    session : str
        Number of the session, YYMMDD.
    facts : mapping of str to array of shape (n_trials,)
        Facts of the recorded trials, with which the rows have to agree: ``short``, ``eye``, ``theta``, ``t_s``
        and ``t``.

    Returns
    -------
    rows : pandas.DataFrame
        As many as trials.

    Raises
    ------
    InvalidDataError
        If there are fewer rows than trials, or they are of other trials.
    """
    n_trials = len(facts["t"])
    rows = trials[trials["session"] == session].tail(n_trials).reset_index(drop=True)
    if len(rows) < n_trials:
        raise InvalidDataError(
            f"The behaviour of session {session}",
            got=f"{len(rows)} rows",
            needed=f"of {n_trials} rows, one a recorded trial",
        )
    differ = np.any([np.abs(rows[name].to_numpy() - facts[name]) > _ROUNDING_MS for name in _AGREE], axis=0)
    if differ.any():
        raise InvalidDataError(
            f"The behaviour of session {session}",
            got=f"{int(differ.sum())} rows of other trials, first that of trial {int(differ.argmax()) + 1}",
            needed=f"the same as the events in {_AGREE}",
        )
    return rows


def _described(rows: pd.DataFrame) -> pd.DataFrame:
    """Names and flags of each trial beside the numbers of the file."""
    flags = [("short", 1, "short", "long"), ("eye", 1, "eye", "hand"), ("theta", 0, "right", "left")]
    names = [np.where(rows[column] == one, named, other) for column, one, named, other in flags]
    contexts = ["-".join(parts) for parts in zip(*names, strict=True)]
    t_s = rows["t_s"].astype(int)
    completed = (rows["t"] > 0) & (rows["t"] < _NONE_AFTER * rows["t_s"])
    return rows.assign(
        session=rows["session"].astype(int).astype(str),
        prior=names[0],
        context=contexts,
        condition=[f"{context}-{interval}" for context, interval in zip(contexts, t_s, strict=True)],
        t_s_ms=t_s,
        t_p_ms=rows["t"],
        completed=completed,
        valid=completed & (rows["outlier"] == 0) & (rows["no_set"] == 0),
    )


def _check_conditions(path: Path, trials: pd.DataFrame) -> None:
    known = {condition.identifier for condition in conditions()}
    unknown = sorted(set(trials.loc[trials["valid"], "condition"]) - known)
    if unknown:
        raise InvalidDataError(
            f"The behaviour in {path}", got=f"trials of {unknown[:3]}", needed="of the task's 40 conditions"
        )


def _fit(path: Path, fit: Any) -> ObserverFit:
    try:
        w_m, w_p, long, short = (float(np.asarray(fit[name]).item()) for name in _OF_THE_FIT)
    except (TypeError, KeyError, IndexError, ValueError) as error:
        raise InvalidDataError(
            f"The variable '{_FIT}' of {path}", got=repr(error), needed=f"a struct of numbers {_OF_THE_FIT}"
        ) from error
    return ObserverFit(w_m, w_p, {"short": short, "long": long})
