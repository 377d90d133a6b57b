"""One model under three names, its units in three orders, is one on the board: one rank and no difference."""

from dataclasses import replace

import numpy as np
import pytest

from innerscore.benchmarks import Benchmark, load_benchmark
from innerscore.candidates import load_candidate
from innerscore.core.settings import Settings
from innerscore.leaderboard.ranking import compare
from innerscore.metrics import load_metric

NAMES = ("grid-code", "reversed", "permuted", "place-cells")


@pytest.fixture(scope="module")
def by_rsa(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own")
    settings = Settings(data_dir=folder / "data", cache_dir=folder / "cache", offline=True)
    return load_benchmark("SimulatedMEC.rsa", settings), settings


@pytest.fixture(scope="module")
def activations(by_rsa):
    benchmark, settings = by_rsa
    stimuli = benchmark.stimuli.stimuli
    found = {}
    for name in ("grid-code", "place-cells"):
        shown = load_candidate(name, settings, seed=0).activations(stimuli)
        found[name] = dict(zip([one.identifier for one in stimuli], shown, strict=True))
    found["reversed"] = _reordered(found["grid-code"], lambda n: np.arange(n)[::-1])
    found["permuted"] = _reordered(found["grid-code"], lambda n: np.random.default_rng(0).permutation(n))
    return found


def _reordered(activations, order):
    return {
        stimulus: {
            layer: replace(one, values=np.ascontiguousarray(one.values[:, order(one.values.shape[1])]))
            for layer, one in layers.items()
        }
        for stimulus, layers in activations.items()
    }


def _measured_by(metric, benchmark, settings):
    """There is no benchmark of CKA on these data: it is that of RSA but for the metric."""
    if metric == "rsa":
        return benchmark
    card = benchmark.card.model_copy(update={"metric": metric, "parameters": {}})
    return Benchmark(card, benchmark.dataset, load_metric(metric, settings))


@pytest.mark.once
@pytest.mark.parametrize("metric", ["rsa", "cka"])
def test_the_order_of_units_makes_no_difference_to_the_standing(metric, by_rsa, activations):
    benchmark = _measured_by(metric, *by_rsa)
    parts = [benchmark.score(activations[name]) for name in NAMES]
    values = [one.normalised.value for one in parts]
    assert values[1:3] == pytest.approx([values[0]] * 2, rel=1e-9)
    found = compare(values, [one.resamples for one in parts], "normalised")
    np.testing.assert_array_equal(found.p_values[:3, :3], 1.0)
    np.testing.assert_allclose(found.p_values[:3, 3], found.p_values[0, 3], rtol=1e-4)
    standings = found.rank_intervals()
    assert len({(one.rank_low, one.rank_high, one.tie_groups) for one in standings[:3]}) == 1
    assert standings[0].rank_high - standings[0].rank_low >= 2
