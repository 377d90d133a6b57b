"""Sessions of ready-set-go: trials with their times, spikes of each unit, and the trials that a unit was there for.

Units come and go within a session. A unit counts only in trials between its first spike and its last that lie in no
gap longer than 60 s, or than 20 mean intervals between its spikes where that is longer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...tasks.ready_set_go import conditions

__all__ = [
    "LEAST_RATE_HZ",
    "LEAST_TRIALS",
    "Session",
    "Unit",
    "recorded_trials",
    "usable_units",
    "valid_trials",
]

LEAST_TRIALS = 6
LEAST_RATE_HZ = 1.0
_GAP_S, _GAP_INTERVALS = 60.0, 20.0

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Session:
    """One session.

    Parameters
    ----------
    identifier : str
        Name of the session.
    animal : str
        Name of the animal.
    trials : pandas.DataFrame
        A row a trial: ``condition`` (such as ``short-eye-right-480``), ``t_s_ms`` and ``t_p_ms``, the times
        ``ready_s``, ``set_s`` and ``go_s`` on the clock of the spikes, and whether the trial is ``valid``.
    spikes_s : mapping of str to array of shape (n_spikes,)
        Spike times of each unit in s, in order.
    single : frozenset of str
        Units that are single neurons; the others are of several.
    """

    identifier: str
    animal: str
    trials: pd.DataFrame
    spikes_s: Mapping[str, Array]
    single: frozenset[str]


@dataclass(frozen=True, eq=False)
class Unit:
    """One unit with the valid trials in which it was recorded.

    Parameters
    ----------
    name : str
        Name of the session and of the unit in it, such as ``161210_3004``.
    session, animal : str
        Where it is from.
    single : bool
        Whether it is a single neuron.
    spikes_s : array of shape (n_spikes,)
        Spike times in s, in order.
    trials : pandas.DataFrame
        Rows as of :class:`Session`.
    """

    name: str
    session: str
    animal: str
    single: bool
    spikes_s: Array
    trials: pd.DataFrame

    @property
    def rate_hz(self) -> float:
        """Mean rate from Ready to Set of its trials in Hz; 0 without trials."""
        ready, set_ = (self.trials[name].to_numpy() for name in ("ready_s", "set_s"))
        spikes = np.searchsorted(self.spikes_s, set_) - np.searchsorted(self.spikes_s, ready)
        return float(spikes.sum() / (set_ - ready).sum()) if len(ready) else 0.0

    @property
    def is_usable(self) -> bool:
        """Whether it has 6 trials in each of the 40 conditions, and 1 Hz from Ready to Set."""
        count = self.trials["condition"].value_counts()
        fewest = min(int(count.get(condition.identifier, 0)) for condition in conditions())
        return fewest >= LEAST_TRIALS and self.rate_hz >= LEAST_RATE_HZ


def valid_trials(sessions: Iterable[Session]) -> pd.DataFrame:
    """The valid trials of some sessions, with their ``session``, ``animal`` and ``produced_s`` from Set to Go."""
    tables = [
        one.trials[one.trials["valid"]].assign(session=one.identifier, animal=one.animal) for one in sessions
    ]
    trials = pd.concat(tables, ignore_index=True)
    return trials.assign(produced_s=trials["go_s"] - trials["set_s"])


def usable_units(session: Session) -> list[Unit]:
    """The units of a session that have 6 trials or more in each condition and 1 Hz or more."""
    return [unit for unit in _units(session) if unit.is_usable]


def recorded_trials(spikes_s: Array, start_s: Array, end_s: Array) -> Mask:
    """Mask of the trials during which a unit was recorded.

    Parameters
    ----------
    spikes_s : array of shape (n_spikes,)
        Its spike times in s, in order.
    start_s, end_s : array of shape (n_trials,)
        Beginning and end of each trial in s.

    Returns
    -------
    recorded : bool array of shape (n_trials,)
        Whether the trial lies between the first spike and the last, and overlaps no gap longer than 60 s and than
        20 mean intervals between spikes.
    """
    if len(spikes_s) < 2:
        return np.zeros(len(start_s), dtype=bool)
    gaps = np.diff(spikes_s)
    intervals_s = _GAP_INTERVALS * (spikes_s[-1] - spikes_s[0]) / len(spikes_s)
    long = np.flatnonzero(gaps > max(_GAP_S, intervals_s))
    silent_from = np.concatenate([[-np.inf], spikes_s[long], spikes_s[-1:]])
    silent_to = np.concatenate([spikes_s[:1], spikes_s[long + 1], [np.inf]])
    in_silence = (end_s[:, None] > silent_from) & (start_s[:, None] < silent_to)
    return np.asarray(~in_silence.any(axis=1))


def _units(session: Session) -> list[Unit]:
    valid = session.trials[session.trials["valid"]]
    start, end = valid["ready_s"].to_numpy(), valid["go_s"].to_numpy()
    return [
        Unit(
            name=f"{session.identifier}_{name}",
            session=session.identifier,
            animal=session.animal,
            single=name in session.single,
            spikes_s=spikes,
            trials=valid[recorded_trials(spikes, start, end)],
        )
        for name, spikes in session.spikes_s.items()
    ]
