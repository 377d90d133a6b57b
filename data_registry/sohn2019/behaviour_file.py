"""Reading the behaviour of an animal in all its sessions, and finding the rows of one session's trials."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...core.errors import InvalidDataError
from ..readers.matlab_structs import read_matlab
from ..ready_set_go.intervals import Behaviour, ObserverFit
from ..ready_set_go.trials import check_conditions, named_trials

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
    trials = _described(columns)
    check_conditions(trials, f"The behaviour in {path}")
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


def _described(columns: Mapping[str, npt.NDArray[np.float64]]) -> pd.DataFrame:
    """Names and flags of each trial beside the numbers of the file."""
    named = named_trials(
        short=columns["short"] == 1,
        eye=columns["eye"] == 1,
        right=columns["theta"] == 0,
        t_s_ms=columns["t_s"],
        t_p_ms=columns["t"],
    )
    return named.assign(
        **{name: columns[name] for name in (*_AGREE, "outlier")},
        session=columns["session"].astype(int).astype(str),
        valid=named["completed"].to_numpy() & (columns["outlier"] == 0) & (columns["no_set"] == 0),
    )


def _fit(path: Path, fit: Any) -> ObserverFit:
    try:
        w_m, w_p, long, short = (float(np.asarray(fit[name]).item()) for name in _OF_THE_FIT)
    except (TypeError, KeyError, IndexError, ValueError) as error:
        raise InvalidDataError(
            f"The variable '{_FIT}' of {path}", got=repr(error), needed=f"a struct of numbers {_OF_THE_FIT}"
        ) from error
    return ObserverFit(w_m, w_p, {"short": short, "long": long})
