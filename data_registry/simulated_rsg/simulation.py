"""The simulated ready-set-go: an observer's trials, states of its neurons, rates, spikes, sessions."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, partial
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit

from ...core.cards import DatasetCard
from ...core.seeds import generator
from ...core.settings import Settings
from ...tasks.ready_set_go import PRIORS, RATE_HZ, interval_frames
from ..ready_set_go.dataset import IntervalDataset
from ..ready_set_go.intervals import Behaviour
from ..ready_set_go.sessions import Session
from .observers import OBSERVERS, observed_intervals

__all__ = ["N_NEURONS", "N_TRIALS", "STEP_S", "SimulatedRSG", "true_rates", "with_times"]

N_TRIALS, N_SESSIONS = 20, 5
#: Number of neurons by animal.
N_NEURONS: Mapping[str, int] = MappingProxyType({"A": 40, "B": 20})
STEP_S = 0.02
_SEED = 2019
_MS = 1000.0
_TRIAL_S = 5.0  # from one Ready to the next
_FROM_READY_S, _AFTER_GO_S = -0.3, 0.2
_TRANSIENT_S = 0.06
_MEAN_MS = MappingProxyType({prior: float(np.mean(intervals)) for prior, intervals in PRIORS.items()})
_LOST, _LOST_AFTER = 0.25, 0.6

Array = npt.NDArray[np.float64]


class SimulatedRSG(IntervalDataset):
    """The data set; see its card.

    Parameters
    ----------
    card, settings : DatasetCard, Settings
        As every loader has them; nothing is stored.
    seed, n_trials : int
        Seed, and number of trials of each condition, for validity studies; the data set on the board has the
        defaults.
    """

    def __init__(
        self,
        card: DatasetCard,
        settings: Settings,  # noqa: ARG002 -- loaders are called with it
        *,
        seed: int = _SEED,
        n_trials: int = N_TRIALS,
    ) -> None:
        @cache
        def behaviour(animal: str) -> Behaviour:
            return observed_intervals(animal, seed=seed, n_trials=n_trials, n_sessions=N_SESSIONS)

        def sessions() -> list[Session]:
            return [_recorded(animal, behaviour(animal).trials, seed) for animal in OBSERVERS]

        super().__init__(card, sessions, {animal: partial(behaviour, animal) for animal in OBSERVERS})


def with_times(trials: pd.DataFrame) -> pd.DataFrame:
    """The trials one after another, a Ready every 5 s; times in s, intervals as on the screen."""
    ready = (1 + np.arange(len(trials))) * _TRIAL_S
    set_ = ready + np.array([interval_frames(t_s) for t_s in trials["t_s_ms"]]) / RATE_HZ
    return trials.assign(ready_s=ready, set_s=set_, go_s=set_ + trials["t_p_ms"].to_numpy() / _MS)


def true_rates(trials: pd.DataFrame, times_s: Array, animal: str, seed: int) -> Array:
    """Rates of an animal's neurons: the ground truth of the simulation.

    Parameters
    ----------
    trials : pandas.DataFrame
        Trials as of :func:`with_times`.
    times_s : array of shape (n_trials, n_times)
        Times in each trial, on its clock.
    animal : {"A", "B"}
        The animal.
    seed : int
        Seed of its neurons.

    Returns
    -------
    rates : array of shape (n_trials, n_times, n_neurons)
        In Hz.
    """
    rng = generator(seed, "rsg", "neurons", animal)
    states = _states(trials, times_s)
    n = N_NEURONS[animal]
    weights = rng.standard_normal((states.shape[-1], n)) * 0.6
    peak = rng.lognormal(np.log(16.0), 0.5, n)
    threshold = rng.normal(-0.8, 0.4, n)
    return np.asarray(peak * expit(states @ weights + threshold))


def _recorded(animal: str, trials: pd.DataFrame, seed: int) -> Session:
    """The first session of an animal with the spikes of its neurons."""
    name = f"{animal}1"
    timed = with_times(trials[trials["session"] == name].reset_index(drop=True))
    rng = generator(seed, "rsg", "spikes", animal)
    longest = float((timed["go_s"] - timed["ready_s"]).max()) + _AFTER_GO_S
    steps = np.arange(_FROM_READY_S, longest, STEP_S)
    starts = timed["ready_s"].to_numpy()[:, None] + steps
    rates = true_rates(timed, starts + STEP_S / 2, animal, seed)
    counts = rng.poisson(rates * STEP_S)
    last = _last_trial(len(timed), rates.shape[-1], rng)
    spikes = {
        f"{k:03d}": _spike_times(starts[: last[k]], counts[: last[k], :, k], rng)
        for k in range(rates.shape[-1])
    }
    return Session(name, animal, timed, spikes, frozenset(spikes))


def _last_trial(n_trials: int, n_neurons: int, rng: np.random.Generator) -> npt.NDArray[np.int_]:
    """The number of trials for which each neuron is there: all, but for those that are lost."""
    lost = rng.random(n_neurons) < _LOST
    share = np.where(lost, rng.uniform(_LOST_AFTER, 1, n_neurons), 1)
    return np.asarray(np.ceil(share * n_trials), dtype=int)


def _spike_times(starts_s: Array, counts: npt.NDArray[np.int_], rng: np.random.Generator) -> Array:
    steps = np.repeat(starts_s.ravel(), counts.ravel())
    return np.sort(steps + rng.uniform(0, STEP_S, len(steps)))


def _states(trials: pd.DataFrame, times_s: Array) -> Array:
    """States of shape (n_trials, n_times, n_variables): the observer's, the context's, and both together."""
    ready, set_, go = (trials[f"{event}_s"].to_numpy()[:, None] for event in ("ready", "set", "go"))
    mean_s = trials["prior"].map(_MEAN_MS).to_numpy(dtype=float)[:, None] / _MS
    measuring = np.where((times_s >= ready) & (times_s < set_), (times_s - ready) / mean_s, 0)
    producing = np.where(times_s >= set_, np.minimum((times_s - set_) / (go - set_), 1), 0)
    estimate = np.where(times_s >= set_, (go - set_) / mean_s - 1, 0)
    effector, direction, prior = (
        np.where(trials[name] == one, 1.0, -1.0)[:, None] * np.ones_like(times_s)
        for name, one in (("effector", "eye"), ("direction", "right"), ("prior", "short"))
    )
    curved = [f(phase) for phase in (measuring, producing) for f in (_ramp, _hump)]
    tilted = [ramp * flag for ramp in (curved[0], curved[2]) for flag in (effector, direction)]
    flashes = [_transient(times_s - onset) for onset in (ready, set_)]
    flags = [0.5 * effector, 0.5 * direction, 0.5 * prior]
    return np.stack([*curved, *tilted, *flashes, *flags, 2 * estimate], axis=-1)


def _ramp(phase: Array) -> Array:
    return 2 * phase


def _hump(phase: Array) -> Array:
    return np.asarray(2 * np.sin(np.pi * np.clip(phase, 0, 1.3)))


def _transient(since_s: Array) -> Array:
    """A flash's: rises and falls within 0.3 s."""
    after = np.maximum(since_s, 0) / _TRANSIENT_S
    return np.asarray(after * np.exp(1 - after))
