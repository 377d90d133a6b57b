"""Two simulated observers: the intervals that they produce, in order of their trials."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...core.seeds import generator
from ...tasks.interval_observer import bls_estimate
from ...tasks.ready_set_go import PRIORS, RATE_HZ, conditions, interval_frames
from ..ready_set_go.intervals import Behaviour, ObserverFit

__all__ = ["OBSERVERS", "observed_intervals"]

_MS = 1000.0
_DECIMALS = 1  # of a produced interval in ms: the last bits of an estimate depend on numpy's version
_FACTS = ("prior", "effector", "direction", "context", "t_s_ms")

#: The observers by animal.
OBSERVERS: Mapping[str, ObserverFit] = MappingProxyType(
    {
        "A": ObserverFit(w_m=0.06, w_p=0.08, offset_ms={"short": 10.0, "long": -15.0}),
        "B": ObserverFit(w_m=0.05, w_p=0.07, offset_ms={"short": 0.0, "long": -25.0}),
    }
)


def observed_intervals(animal: str, *, seed: int, n_trials: int, n_sessions: int) -> Behaviour:
    """The trials of an observer in some sessions, every condition equally often, in random order.

    Parameters
    ----------
    animal : {"A", "B"}
        The observer.
    seed : int
        Seed of all draws.
    n_trials : int
        Number of trials of each condition in a session.
    n_sessions : int
        Number of sessions, named ``A1``, ``A2`` and so on.

    Returns
    -------
    behaviour : Behaviour
        All trials are valid; the fit is the observer itself.
    """
    sessions = [
        _session(animal, f"{animal}{k + 1}", generator(seed, "rsg", "trials", animal, str(k)), n_trials)
        for k in range(n_sessions)
    ]
    return Behaviour(pd.concat(sessions, ignore_index=True), OBSERVERS[animal])


def _session(animal: str, session: str, rng: np.random.Generator, n_trials: int) -> pd.DataFrame:
    rows = conditions()
    shown = [rows[k] for k in rng.permutation(np.repeat(np.arange(len(rows)), n_trials))]
    trials = pd.DataFrame(
        {
            "session": session,
            "condition": [one.identifier for one in shown],
            **{name: [getattr(one, name) for one in shown] for name in _FACTS},
            "completed": True,
            "valid": True,
        }
    )
    return trials.assign(t_p_ms=_produced_ms(trials, OBSERVERS[animal], rng))


def _produced_ms(
    trials: pd.DataFrame, observer: ObserverFit, rng: np.random.Generator
) -> npt.NDArray[np.float64]:
    on_screen = np.array([interval_frames(t_s) for t_s in trials["t_s_ms"]]) * _MS / RATE_HZ
    measured = on_screen * (1 + observer.w_m * rng.standard_normal(len(trials)))
    estimate = np.empty(len(trials))
    for prior in observer.offset_ms:
        of_prior = (trials["prior"] == prior).to_numpy()
        estimate[of_prior] = bls_estimate(
            measured[of_prior], (PRIORS[prior][0], PRIORS[prior][-1]), w_m=observer.w_m
        )
    offset = trials["prior"].map(observer.offset_ms).to_numpy(dtype=float)
    produced = estimate * (1 + observer.w_p * rng.standard_normal(len(trials))) + offset
    return np.asarray(np.round(produced, _DECIMALS))
