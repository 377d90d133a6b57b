"""Trials as tables: their conditions by name, and whether an interval was produced."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...core.errors import InvalidDataError
from ...tasks.ready_set_go import conditions

__all__ = ["check_conditions", "named_trials"]

_NONE_AFTER = 3  # a response after 3 t_s is none

Mask = npt.NDArray[np.bool_]
Array = npt.NDArray[np.float64]


def named_trials(*, short: Mask, eye: Mask, right: Mask, t_s_ms: Array, t_p_ms: Array) -> pd.DataFrame:
    """Name the condition of each trial.

    Parameters
    ----------
    short, eye, right : bool array of shape (n_trials,)
        Whether the prior is the short one, the response by eye, the target on the right.
    t_s_ms, t_p_ms : array of shape (n_trials,)
        Nominal interval, and the one produced, in ms.

    Returns
    -------
    trials : pandas.DataFrame
        ``prior``, ``effector``, ``direction``, ``context``, ``condition``, ``t_s_ms``, ``t_p_ms``, and whether it
        is ``completed``: 0 < t_p < 3 t_s.
    """
    parts = (
        np.where(short, "short", "long"),
        np.where(eye, "eye", "hand"),
        np.where(right, "right", "left"),
    )
    contexts = ["-".join(names) for names in zip(*parts, strict=True)]
    return pd.DataFrame(
        {
            **dict(zip(("prior", "effector", "direction"), parts, strict=True)),
            "context": contexts,
            "condition": [f"{context}-{t_s:.0f}" for context, t_s in zip(contexts, t_s_ms, strict=True)],
            "t_s_ms": t_s_ms,
            "t_p_ms": t_p_ms,
            "completed": (t_p_ms > 0) & (t_p_ms < _NONE_AFTER * t_s_ms),
        }
    )


def check_conditions(trials: pd.DataFrame, subject: str) -> None:
    """Check that valid trials are of conditions that the task has.

    Raises
    ------
    InvalidDataError
        If one is not.
    """
    known = {condition.identifier for condition in conditions()}
    unknown = sorted(set(trials.loc[trials["valid"], "condition"]) - known)
    if unknown:
        raise InvalidDataError(subject, got=f"trials of {unknown[:3]}", needed="of the task's 40 conditions")
