"""Benchmarks of answers: tables on the real judgements, read-outs and answering layers on small clips."""

import numpy as np
import pandas as pd
import pytest

from innerscore.benchmarks import load_benchmark
from innerscore.benchmarks.behaviour import BehaviouralBenchmark
from innerscore.core.activations import TimedValues
from innerscore.core.errors import ActivationError, InvalidArgumentError, InvalidDataError, MissingPartError
from innerscore.core.labelled import coordinate, recording
from innerscore.core.stimuli import FrameClip, StimulusSet
from innerscore.leaderboard.store import Store
from innerscore.metrics import load_metric
from innerscore.metrics.functional.decoding.logistic_readout import logistic_readout
from innerscore.scoring.table import score_table
from innerscore.workflows.running import run_pairs

NAMES = ("Bear2021.OCP-accuracy", "Bear2021.OCP-agreement")


@pytest.fixture
def people(mirrored):
    return load_benchmark(NAMES[0], mirrored).dataset.table


def written(tmp_path, names, probability):
    path = tmp_path / "My model.csv"
    pd.DataFrame({"stimulus": names, "probability": probability}).to_csv(path, index=False)
    return path


@pytest.mark.parametrize("name", NAMES)
def test_a_table_goes_from_file_to_stored_record(mirrored, tmp_path, people, name):
    probability = np.clip(people["p_yes"] + np.random.default_rng(0).normal(0, 0.2, len(people)), 0, 1)
    shuffled = people.assign(p=probability).sample(frac=1, random_state=0)
    benchmark = load_benchmark(name, mirrored)
    outcome = score_table(written(tmp_path, shuffled["stimulus_id"], shuffled["p"]), benchmark, mirrored)
    score = outcome.record.score
    assert outcome.record.inputs.candidate.identifier == "my-model"
    assert score.raw.low < score.raw.value < score.raw.high
    groups = people.assign(p=probability).groupby("scenario")
    if name.endswith("accuracy"):
        expected = groups.apply(
            lambda rows: ((rows["p"] > 0.5) == rows["label"]).mean(), include_groups=False
        )
    else:
        expected = groups.apply(
            lambda rows: np.corrcoef(rows["p"], rows["p_yes"])[0, 1], include_groups=False
        )
    assert score.raw.value == pytest.approx(expected.mean(), abs=1e-9)
    assert score.facts["n_videos"] == 1144
    store = Store(mirrored.store)
    store.add(outcome.record, outcome.targets_csv, outcome.files)
    assert store.current(outcome.record.inputs.run_sha256).record_sha256 == outcome.record.record_sha256


def test_people_as_a_table_are_at_the_ceiling_and_the_truth_is_above_it(mirrored, tmp_path, people):
    path = written(tmp_path, people["stimulus_id"], people["p_yes"])
    agreement = score_table(path, load_benchmark(NAMES[1], mirrored), mirrored).record.score
    assert agreement.raw.value == pytest.approx(1)
    assert agreement.ceiling.value == pytest.approx(0.993, abs=0.001)
    path = written(tmp_path, people["stimulus_id"], people["label"].astype(float))
    accuracy = score_table(path, load_benchmark(NAMES[0], mirrored), mirrored).record.score
    assert accuracy.raw.value == 1
    assert accuracy.ceiling.value == pytest.approx(0.7449, abs=1e-4)
    assert accuracy.above_ceiling


def test_a_table_without_a_judged_stimulus_or_for_another_benchmark_is_refused(mirrored, tmp_path, people):
    path = written(tmp_path, people["stimulus_id"][1:], 0.5)
    with pytest.raises(InvalidDataError, match="no row for"):
        score_table(path, load_benchmark(NAMES[0], mirrored), mirrored)
    with pytest.raises(InvalidArgumentError, match="SimulatedMEC"):
        score_table(path, load_benchmark("SimulatedMEC.rsa", mirrored), mirrored)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "CSV"),
        (b"\xff\xfe\x00", "CSV"),
        (b"stimulus,p\na,0.5\n", "'probability'"),
        (b"name,probability\na,0.5\n", "'stimulus'"),
        (b"stimulus,probability\na,0.5\na,0.6\n", "'a' twice"),
        (b"stimulus,probability\na,1.5\n", "1.5 for 'a'"),
        (b"stimulus,probability\na,yes\n", "'yes' for 'a'"),
        (b"stimulus,probability\na,\n", "'probability'"),
    ],
)
def test_what_is_no_table_of_answers_is_named(content, message):
    with pytest.raises(InvalidDataError, match=message):
        BehaviouralBenchmark.table.read(content, name="t.csv")


class SmallJudgements:
    """Thirty judged clips and, with training, fifty to learn on; what will happen shows in a pixel."""

    def __init__(self, card, *, training=True):
        self.card, self.training = card, training
        rng = np.random.default_rng(0)
        self.names = [f"t{k}" for k in range(30)]
        self.label = rng.random(80) < 0.5
        self.yes = np.clip(0.2 + 0.6 * self.label[:30] + rng.normal(0, 0.1, 30), 0, 1).round(2)

    def recording(self, region):
        return recording(
            self.yes[:, None],
            presentation={
                "stimulus_id": self.names,
                "condition": self.names,
                "repetition": np.zeros(30, dtype=int),
                "scenario": ["roll"] * 30,
                "label": self.label[:30],
                "n_people": [50] * 30,
            },
            neuroid={"neuroid_id": ["people"], "animal": ["people"], "region": [region]},
        )

    def stimuli(self):
        names = self.names + [f"r{k}" for k in range(50)] * self.training
        role = ["testing"] * 30 + ["readout_training"] * 50 * self.training
        clips = tuple(FrameClip(name, np.zeros((2, 4, 4, 3), np.uint8), 5.0, 1.0) for name in names)
        table = pd.DataFrame({"stimulus_id": names, "role": role, "label": self.label[: len(names)]})
        return StimulusSet("small", clips, table)


@pytest.fixture
def small(settings):
    def build(**options):
        card = load_benchmark(NAMES[1], settings).card
        dataset = SmallJudgements(load_benchmark(NAMES[1], settings).dataset.card, **options)
        return BehaviouralBenchmark(card, dataset, load_metric("ocp-agreement", settings, n_boot=50))

    return build


def layers_of(benchmark, **layers):
    rng = np.random.default_rng(1)
    times, found = np.array([0.0, 200.0]), {}
    for place, name in enumerate(benchmark.stimuli.table["stimulus_id"]):
        label = benchmark.stimuli.table["label"][place]
        found[name] = {
            layer: TimedValues((gain * label + rng.normal(size=(2, 3))).astype(np.float32), times)
            for layer, gain in layers.items()
        }
    return found


def test_the_readout_answers_for_layers_and_the_best_on_the_training_stimuli_is_taken(small):
    benchmark = small()
    activations = layers_of(benchmark, blind=0.0, seeing=3.0)
    parts = benchmark.score(activations)
    assert parts.layer == "seeing"
    assert parts.layer_scores["seeing"] > parts.layer_scores["blind"]
    table = benchmark.stimuli.table
    features = np.array([activations[name]["seeing"].values.ravel() for name in table["stimulus_id"]])
    readout = logistic_readout(features[30:], table["label"][30:], features[:30])
    expected = np.corrcoef(readout.probability, coordinate(benchmark.dataset.recording("judgement"), "label"))
    people = benchmark.dataset.recording("judgement").values[:, 0]
    assert parts.raw.value == pytest.approx(np.corrcoef(readout.probability, people)[0, 1])
    assert expected[0, 1] > 0.5


def test_an_answering_layer_needs_no_readout(small):
    benchmark = small(training=False)
    people = benchmark.dataset.recording("judgement").values[:, 0]
    answers = {
        name: {"probability": TimedValues(np.array([[0.5], [p]], np.float32), np.array([0.0, 200.0]))}
        for name, p in zip(benchmark.dataset.names, people, strict=True)
    }
    assert benchmark.score(answers).raw.value == pytest.approx(1)
    answers["t3"]["probability"].values[-1] = 1.5
    with pytest.raises(ActivationError, match="t3"):
        benchmark.score(answers)


def test_a_readout_without_stimuli_to_learn_on_is_a_missing_part(small):
    benchmark = small(training=False)
    with pytest.raises(MissingPartError, match="read-outs"):
        benchmark.score(layers_of(benchmark, seeing=3.0))


def test_layers_of_uneven_length_are_named(small):
    benchmark = small()
    activations = layers_of(benchmark, seeing=3.0)
    activations["t0"]["seeing"] = TimedValues(np.zeros((1, 3), np.float32), np.array([0.0]))
    with pytest.raises(ActivationError, match="'seeing'"):
        benchmark.score(activations)


def test_the_command_scores_a_table_once_and_names_it(mirrored, tmp_path, people, monkeypatch):
    """Through the command's own loop: stored, known again, and refused where activations are compared."""
    path = str(written(tmp_path, people["stimulus_id"], people["p_yes"]))
    first, second = (list(run_pairs([path], NAMES, mirrored, seed=0)) for _ in range(2))
    assert [result.candidate for result in first] == ["my-model", "my-model"]
    assert [result.reused for result in (*first, *second)] == [False, False, True, True]
    with pytest.raises(InvalidArgumentError, match="compares answers"):
        list(run_pairs([path], ["SimulatedMEC.rsa"], mirrored, seed=0))
