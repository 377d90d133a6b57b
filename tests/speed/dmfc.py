"""One candidate on every benchmark of the released DMFC recordings, with intervals and ceilings.

The recording has the released size (1,889 units of two animals, 79 conditions, 99 bins, two halves) and is made
here: units are sigmoids of ball, paddle and time. The candidate has 1,000 features in each frame. What is timed
comes after the activations: reading nothing, aligning, choosing no layer, scoring.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from harness import Peer, Work

from innerscore.benchmarks import Benchmark, registry
from innerscore.core.activations import TimedValues
from innerscore.core.labelled import recording
from innerscore.core.settings import Settings
from innerscore.core.stimuli import FrameClip, StimulusSet
from innerscore.data_registry import load_dataset
from innerscore.metrics import load_metric
from innerscore.tasks.mental_pong import STILL_MS, ball_state, sample_conditions
from innerscore.tasks.pong_frames import frame_times_ms, render_trial

_UNITS = {"perle": 1552, "mahler": 337}
_FEATURES, _BINS, _BIN_MS = 1000, 99, 50.0
_VARIABLES = ("ball_x_deg", "ball_y_deg", "ball_dx", "ball_dy")


@dataclass
class Released:
    """A data set of the released size."""

    card: object
    conditions: tuple
    data: object

    def stimuli(self):
        """The clips, rendered once."""
        return self._clips

    def recording(self, region):
        """The same recording for every region asked for."""
        return self.data

    def __post_init__(self):
        clips = tuple(render_trial(condition) for condition in self.conditions)
        self._clips = StimulusSet("Rajalingham2025", clips, _table(self.conditions))


def _table(conditions):
    import pandas as pd

    return pd.DataFrame({"stimulus_id": [condition.identifier for condition in conditions]})


def _latent(condition, times_ms):
    ball = ball_state(condition, times_ms)
    return np.stack([ball.x / 5, ball.y / 5, ball.dx / 10, ball.dy / 10], axis=-1)


def _recording(conditions, rng):
    times = (np.arange(_BINS) + 0.5) * _BIN_MS - STILL_MS
    latent = np.stack([_latent(condition, times) for condition in conditions])
    weights = rng.normal(size=(sum(_UNITS.values()), 4))
    rate = 15 * (1 + np.tanh(np.einsum("ul,ctl->cut", weights, latent)))
    halves = np.concatenate([rate + 5 * rng.normal(size=rate.shape) for _ in range(2)]).astype(np.float32)
    end = np.array([condition.end_ms for condition in conditions])[:, None]
    hidden = np.array([condition.occlusion_ms for condition in conditions])[:, None]
    epochs = {
        "whole": (times >= 0) & (times < end),
        "visible": (times >= 0) & (times < hidden),
        "occluded": (times >= hidden) & (times < end),
    }
    halves[~np.tile(epochs["whole"], (2, 1))[:, None].repeat(rate.shape[1], axis=1)] = np.nan
    names = [condition.identifier for condition in conditions]
    scale = np.array([5, 5, 10, 10])
    return recording(
        halves,
        presentation={
            "stimulus_id": np.tile(names, 2),
            "condition": np.tile(names, 2),
            "repetition": np.repeat([0, 1], len(names)),
            "final_y_deg": np.tile([condition.final_y for condition in conditions], 2),
        },
        neuroid={
            "neuroid_id": [f"{animal}-{k}" for animal, n in _UNITS.items() for k in range(n)],
            "animal": np.repeat(list(_UNITS), list(_UNITS.values())),
            "region": ["DMFC"] * sum(_UNITS.values()),
        },
        time_bin={
            "time_bin_start_ms": np.arange(_BINS) * _BIN_MS,
            "time_bin_end_ms": (np.arange(_BINS) + 1) * _BIN_MS,
        },
        masks={name: np.tile(mask, (2, 1)) for name, mask in epochs.items()},
        planes={name: np.tile(latent[..., k] * scale[k], (2, 1)) for k, name in enumerate(_VARIABLES)},
    )


def _activations(conditions, clips: dict[str, FrameClip], rng):
    weights = rng.normal(size=(4, _FEATURES))
    found = {}
    for condition in conditions:
        times = frame_times_ms(condition)
        values = np.tanh(_latent(condition, times) @ weights) + 0.1 * rng.normal(size=(len(times), _FEATURES))
        onset = times + STILL_MS
        found[condition.identifier] = {"layer": TimedValues(values.astype(np.float32), onset)}
    return found


def prepare():
    """The benchmarks on a recording of the released size, and the candidate's activations."""
    rng = np.random.default_rng(0)
    settings = Settings(offline=True)
    conditions = sample_conditions(79, n_bounce=27, seed=0)
    card = load_dataset("Rajalingham2025", settings).card
    dataset = Released(card, conditions, _recording(conditions, rng))
    cards = [
        r.card for name, r in registry(settings).entries().items() if name.startswith("Rajalingham2025.")
    ]
    benchmarks = [
        Benchmark(card, dataset, load_metric(card.metric, settings, **card.parameters))
        for card in cards
        if card.alignment == "time"
    ]
    return benchmarks, _activations(conditions, dataset.stimuli(), rng)


def score_all(work):
    """Normalised value on each benchmark."""
    benchmarks, activations = work
    return {benchmark.identifier: float(benchmark.score(activations)) for benchmark in benchmarks}


def score_each(name):
    """One benchmark alone, to see where the time goes."""

    def run(work):
        benchmarks, activations = work
        return [float(b.score(activations)) for b in benchmarks if b.identifier == name]

    return run


WORKS = [
    Work(
        name="all DMFC benchmarks, one candidate of 1,000 features, 1,889 neurons (wanted: 60 s, 2 GB)",
        prepare=prepare,
        ours=score_all,
        peers={
            name: Peer(score_each(name))
            for name in registry(Settings()).entries()
            if name.startswith("Rajalingham2025.") and "endpoint-consistency" not in name
        },
        agreement=lambda ours, alone: float("nan"),
        repeats=1,
    ),
    Work(
        name="79 Mental-Pong clips, 64 x 64 (wanted: 1 s)",
        prepare=lambda: sample_conditions(79, n_bounce=27, seed=0),
        ours=lambda conditions: [render_trial(condition) for condition in conditions],
        peers={},
        agreement=lambda ours, peer: float("nan"),
    ),
]
