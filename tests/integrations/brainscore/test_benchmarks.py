"""Brain-Score's own tooling scores with our benchmarks and metrics."""

import numpy as np
import pytest
from brainscore_core.benchmarks import Benchmark as CoreBenchmark
from brainscore_core.benchmarks import score_benchmark
from brainscore_core.metrics import Metric as CoreMetric
from brainscore_core.metrics import Score as CoreScore
from brainscore_core.supported_data_standards.brainio.assemblies import NeuroidAssembly
from image_model import ImageModel

from innerscore.benchmarks import load_benchmark
from innerscore.candidates import load_candidate
from innerscore.core.errors import InvalidDataError
from innerscore.integrations.brainscore.benchmarks import BrainScoreBenchmark, BrainScoreMetric
from innerscore.metrics import load_metric


def test_a_brain_model_is_scored_as_our_candidate_of_the_same_states(mirrored):
    """The model whose V1 is the pixels scores as the pixels do."""
    ours = load_benchmark("Kriegeskorte2008.IT-rsa", mirrored)
    theirs = BrainScoreBenchmark(ours, targets=["V1"])
    score, here = score_benchmark(theirs, ImageModel()), ours(load_candidate("pixels", mirrored))
    assert isinstance(theirs, CoreBenchmark)
    assert isinstance(score, CoreScore)
    assert float(score) == pytest.approx(here.normalised.value, abs=1e-10)
    assert float(score.attrs["raw"]) == pytest.approx(here.raw.value, abs=1e-10)
    assert float(score.attrs["ceiling"]) == pytest.approx(float(theirs.ceiling))
    assert score.attrs["innerscore"].layer == "V1"
    assert (theirs.identifier, theirs.version, theirs.parent) == (ours.identifier, 1, ours.card.system)
    assert theirs.bibtex.startswith("@")


def test_our_candidate_is_scored_by_their_tooling(settings):
    ours = load_benchmark("SimulatedMEC.rsa", settings)
    candidate = load_candidate("position", settings)
    score = score_benchmark(BrainScoreBenchmark(ours), candidate)
    assert float(score) == pytest.approx(ours(candidate).normalised.value, abs=1e-12)


def recording(n_repetitions=4, n_stimuli=40, n_neurons=6, noise=0.5):
    """A linear readout of four features, in Brain-Score's form, presentations in random order."""
    rng = np.random.default_rng(0)
    features = rng.normal(size=(n_stimuli, 4))
    stimulus = np.tile(np.arange(n_stimuli), n_repetitions)
    values = (features @ rng.normal(size=(4, n_neurons)))[stimulus]
    values = values + noise * rng.normal(size=values.shape)
    order = rng.permutation(len(stimulus))
    brain = NeuroidAssembly(
        values[order],
        dims=["presentation", "neuroid"],
        coords={
            "stimulus_id": ("presentation", [f"s{k}" for k in stimulus[order]]),
            "repetition": ("presentation", np.repeat(np.arange(n_repetitions), n_stimuli)[order]),
            "neuroid_id": ("neuroid", [f"n{k}" for k in range(n_neurons)]),
            "animal": ("neuroid", ["A"] * n_neurons),
            "region": ("neuroid", ["IT"] * n_neurons),
        },
    )
    return features, brain


def model_of(features, names):
    return NeuroidAssembly(
        features,
        dims=["presentation", "neuroid"],
        coords={
            "stimulus_id": ("presentation", names),
            "image": ("presentation", names),
            "neuroid_id": ("neuroid", np.arange(features.shape[1])),
            "layer": ("neuroid", ["x"] * features.shape[1]),
        },
    )


def test_our_metric_compares_their_assemblies():
    features, brain = recording()
    metric = BrainScoreMetric(load_metric("ridge", _settings(), n_boot=20))
    names = [f"s{k}" for k in range(len(features))]
    backwards = model_of(features[::-1], names[::-1])
    score = metric(backwards, brain)
    assert isinstance(metric, CoreMetric)
    assert float(score) == pytest.approx(1, abs=0.05)
    assert float(score) == float(metric(model_of(features, names), brain))
    with pytest.raises(InvalidDataError, match="without"):
        metric(model_of(features[1:], names[1:]), brain)


def _settings():
    from innerscore.core.settings import Settings

    return Settings()
