"""The simulated ready-set-go is of the structure, the reliability and the behaviour that its card says."""

import numpy as np
import pytest

from innerscore.benchmarks.alignment import brain_samples
from innerscore.core.labelled import coordinate
from innerscore.core.settings import Settings
from innerscore.data_registry import load_dataset
from innerscore.data_registry.ready_set_go.intervals import (
    interval_statistics,
    observer_bias,
    regression_slopes,
)
from innerscore.data_registry.ready_set_go.rates import Windows, row_means, trial_rates
from innerscore.data_registry.simulated_rsg.simulation import STEP_S, SimulatedRSG, true_rates


@pytest.fixture(scope="module")
def data():
    return load_dataset("SimulatedRSG", Settings(offline=True))


@pytest.mark.parametrize(
    ("region", "least"), [("measurement", 0.9), ("production", 0.65), ("production-scaled", 0.7)]
)
def test_the_epochs_are_those_of_the_recorded_twin(data, region, least):
    samples = brain_samples(data.recording(f"DMFC-{region}"), epoch=region.replace("-", "_"))
    assert np.isfinite(samples.values).all()
    assert set(coordinate(samples, "animal")) == {"A", "B"}
    assert samples.attrs["simulated"] == "yes"
    assert len(set(coordinate(samples, "condition"))) == 8
    assert len(set(coordinate(samples, "stimulus_id"))) == (8 if region == "measurement" else 40)
    halves = samples.values
    r = np.array([np.corrcoef(*halves[:, :, k])[0, 1] for k in range(halves.shape[2])])
    assert least < np.median(2 * r / (1 + r)) < 0.97


def test_spikes_have_the_true_rates(data):
    """Counts scatter about the sum of the true rates as Poisson counts do."""
    z = np.concatenate([deviations(session) for session in data.sessions])
    assert len(z) > 1000
    assert z.mean() == pytest.approx(0, abs=0.1)
    assert z.std() == pytest.approx(1, abs=0.08)


def deviations(session):
    """Those of mean rates of neurons that were never lost, in standard errors."""
    trials = session.trials
    edges = trials["ready_s"].to_numpy()[:, None] + np.arange(31) * STEP_S - 0.1
    true = true_rates(trials, edges[:, :-1] + STEP_S / 2, session.animal, 2019).mean(axis=0)
    assert true.min() > 0
    windows = Windows(np.zeros(len(trials), dtype=int), edges, np.ones((len(trials), 30), dtype=bool))
    kept = [k for k, one in enumerate(session.spikes_s.values()) if one[-1] > trials["go_s"].iloc[-5]]
    spikes = list(session.spikes_s.values())
    found = np.stack([row_means(trial_rates(spikes[k], windows), windows.row, 1)[0] for k in kept], axis=1)
    return ((found - true[:, kept]) / np.sqrt(true[:, kept] / STEP_S / len(trials))).ravel()


def test_some_neurons_are_lost_within_the_session(data):
    for session in data.sessions:
        ends = np.array([spikes[-1] for spikes in session.spikes_s.values()])
        lost = ends < session.trials["ready_s"].iloc[-20]
        assert 0.05 < lost.mean() < 0.5
        assert ends.min() > 0.55 * session.trials["ready_s"].iloc[-1]


@pytest.mark.parametrize("animal", ["A", "B"])
def test_observers_make_the_best_of_the_prior(data, animal):
    behaviour = data.behaviour(animal)
    statistics = interval_statistics(behaviour.valid)
    error = statistics["sd_ms"] / np.sqrt(statistics["n"])
    expected = observer_bias(behaviour.fit).reindex(statistics.index)
    assert (
        np.abs(statistics["bias_ms"] - expected) < 4 * error + 3
    ).all()  # intervals on the screen: up to 3.3 ms
    slopes = regression_slopes(behaviour.valid)
    assert 0.6 < slopes["long"] < slopes["short"] + 0.05 < 1


def test_the_pace_of_production_follows_the_interval_produced(data):
    """After the flash states change more alike over a context's intervals at one phase than at one time."""
    share = {}
    for region, first in (("production", 15), ("production-scaled", 10)):
        rates = data.recording(f"DMFC-{region}")
        chosen = coordinate(rates, "context") == "long-eye-right"
        values = rates.values[chosen].reshape(2, 5, *rates.shape[1:]).mean(axis=0)[..., first:]
        values = values[..., np.isfinite(values).all(axis=(0, 1))]
        course = values - values.mean(axis=2, keepdims=True)
        share[region] = course.var(axis=0).mean() / course.var(axis=(0, 2)).mean()
    assert share["production-scaled"] < 0.8 * share["production"]


def test_another_seed_is_another_brain_and_the_same_one_the_same(data, settings):
    def spikes(seed):
        session = SimulatedRSG(data.card, settings, seed=seed, n_trials=3).sessions[0]
        return np.concatenate(list(session.spikes_s.values()))

    first, again, other = map(spikes, (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert len(first) != len(other)
