"""Conditions without stimuli: what a card declares is what a candidate sees, and a model of them is scored."""

import numpy as np
import pytest
import yaml

from innerscore.benchmarks import load_benchmark
from innerscore.candidates import load_candidate
from innerscore.candidates.interface import accepts
from innerscore.checking import add_dataset
from innerscore.core.errors import InvalidArgumentError, InvalidCardError, InvalidDataError
from innerscore.core.stimuli import Condition
from innerscore.core.stimulus_arrays import stimulus_arrays, stimulus_of_arrays
from innerscore.data_registry.declared_trials import trials

from . import test_declared as base

INTERVALS, EFFECTORS, N_REPETITIONS, N_NEUROIDS, N_BINS = np.arange(480.0, 1200, 80), ["eye", "hand"], 6, 8, 4
TRIALS = [(ts, effector) for ts in INTERVALS for effector in EFFECTORS] * N_REPETITIONS
OPTIONS = {
    "rate_hz": 20,
    "fields": {
        "responses": "rates",
        "variables": {"interval_ms": {"name": "ts", "scale": 1000}, "effector": "effector"},
        "region": {"value": "DMFC"},
        "animal": {"value": "monkey-1"},
        "time_bin_start_ms": "start",
        "time_bin_end_ms": "end",
    },
}
CANDIDATE = """
import numpy as np

class Table:
    def activations(self, stimulus):
        interval = stimulus.variables["interval_ms"] / 1000
        eye = float(stimulus.variables["effector"] == "eye")
        t = stimulus.times_ms / 1000
        return {"table": np.stack([t * interval, t * eye, interval + 0 * t, eye + 0 * t, t], axis=1)}
"""


def content():
    """Rates that are linear in time, interval and effector, with noise."""
    rng = np.random.default_rng(0)
    ts, eye = (
        np.array([ts for ts, _ in TRIALS]) / 1000,
        np.array([effector == "eye" for _, effector in TRIALS]),
    )
    t = 0.05 * np.arange(N_BINS)
    of = np.stack(np.broadcast_arrays(t * ts[:, None], ts[:, None], eye[:, None], t), axis=-1)
    rates = 30 + 10 * np.einsum("ptf,nf->pnt", of, rng.normal(size=(N_NEUROIDS, 4)))
    return {
        "rates": np.abs(rates + rng.normal(0, 1, rates.shape)),
        "ts": ts,
        "effector": np.array([effector for _, effector in TRIALS]),
        "start": 1000 * t,
        "end": 1000 * t + 50,
    }


def dataset(settings, changes=(), fields=(), **options):
    settings = base.saved(settings, {**content(), **dict(changes)})
    options = {**OPTIONS, "fields": {**OPTIONS["fields"], **dict(fields)}, **options}
    return trials(
        base.card("declared_trials:trials", options).model_copy(update={"regions": ("DMFC",)}), settings
    )


def test_each_combination_of_values_is_a_stimulus_with_its_values(settings):
    found = dataset(settings)
    stimuli, recording = found.stimuli(), found.recording("DMFC")
    assert [dict(one.variables) for one in stimuli] == [
        {"interval_ms": pytest.approx(ts), "effector": effector} for ts in INTERVALS for effector in EFFECTORS
    ]
    assert list(stimuli.table.columns) == ["stimulus_id", "interval_ms", "effector"]
    assert stimuli.kind == "conditions"
    assert {(one.n_steps, one.rate_hz) for one in stimuli} == {(4, 20)}  # until 200 ms
    assert stimuli.stimuli[0].identifier == "interval_ms=480,effector=eye"
    shown = dict(zip([one.identifier for one in stimuli], stimuli, strict=True))
    for name, (ts, effector) in zip(recording["stimulus_id"].values, TRIALS, strict=True):
        assert shown[name].variables["interval_ms"] == pytest.approx(ts)
        assert shown[name].variables["effector"] == effector
    assert recording["repetition"].values.tolist() == [k // 18 for k in range(len(TRIALS))]
    np.testing.assert_allclose(recording.values, content()["rates"])


def test_stimuli_and_repetitions_as_axes_have_a_value_a_stimulus(settings):
    grid = content()["rates"].reshape(N_REPETITIONS, 18, N_NEUROIDS, N_BINS)
    one_each = {"ts": content()["ts"][:18], "effector": content()["effector"][:18]}
    axes = {"responses": {"name": "rates", "axes": ["repetition", "stimulus", "neuroid", "time_bin"]}}
    plain, found = dataset(settings), dataset(settings, {"rates": grid, **one_each}, axes)
    np.testing.assert_array_equal(found.recording("DMFC").values, plain.recording("DMFC").values)
    assert found.stimuli().content_hash == plain.stimuli().content_hash


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"ts": np.full(len(TRIALS), np.nan)}, r"'variables\.interval_ms'.*108 values that are not finite"),
        ({"ts": np.ones(5)}, r"\{'interval_ms': 5\} values, and 108 of others"),
        ({"ts": np.ones(5), "effector": np.array("eye")}, "one for each of the 108 presentations, got 5"),
    ],
)
def test_values_that_do_not_fit_are_refused(settings, changes, message):
    with pytest.raises(InvalidDataError, match=message):
        dataset(settings, changes).recording("DMFC")


@pytest.mark.parametrize(
    ("fields", "options", "message"),
    [
        ({"frames": "f"}, {}, "either 'frames', 'velocity' or 'variables'"),
        ({"variables": {}}, {}, "either 'frames', 'velocity' or 'variables'"),
        (
            {"frames": {"images": "*.png", "axes": ["time"]}},
            {},
            "'axes' and 'scale' have no effect on 'images'",
        ),
        ({"stimulus": "shown"}, {}, r"\['stimulus'\] have no effect with 'variables'"),
        ({"start_position": "s"}, {}, "'start_position' has no effect"),
        ({"variables": {"a": {"name": "a", "axes": ["x"]}}}, {}, "'axes' has no effect on 'a'"),
        ({"variables": {"a b": "a"}}, {}, "variables"),
        ({}, {"degrees_per_pixel": 0.1}, "'degrees_per_pixel' has no effect"),
        ({}, {"stimulus_base": 1}, "'stimulus_base' has no effect"),
    ],
)
def test_what_nothing_reads_is_refused(settings, fields, options, message):
    with pytest.raises(InvalidCardError, match=message):
        dataset(settings, fields=fields, **options)


def test_a_condition_goes_into_a_file_and_back():
    condition = Condition("a", {"interval_ms": 640.5, "effector": "hand"}, 20.0, 7)
    again = stimulus_of_arrays("a", {k: np.asarray(v) for k, v in stimulus_arrays(condition).items()})
    assert (again.content_hash, dict(again.variables)) == (condition.content_hash, dict(condition.variables))
    assert (
        Condition("a", {"interval_ms": 640.6, "effector": "hand"}, 20.0, 7).content_hash != again.content_hash
    )
    for wrong in ({}, {"interval_ms": np.nan}):
        with pytest.raises(InvalidArgumentError, match="variables"):
            Condition("a", wrong, 20.0)


def test_a_model_that_knows_the_conditions_reaches_the_ceiling_and_others_are_not_applicable(
    settings, tmp_path
):
    lab, model = tmp_path / "lab", tmp_path / "table"
    lab.mkdir()
    model.mkdir()
    np.savez(lab / "data.npz", **content())
    card = base.card("declared_trials:trials", OPTIONS).model_dump(mode="json", exclude={"url", "files"})
    (lab / "dataset.yaml").write_text(yaml.safe_dump({**card, "regions": ["DMFC"]}))
    benchmark = {
        "identifier": "MyLab2026.DMFC-ridge",
        "title": "Ridge",
        "description": "A benchmark that a test made for itself.",
        "licence": "MIT",
        "citation": "@misc{mylab}",
        "system": "Test",
        "dataset": "MyLab2026",
        "task": "Producing intervals with the eye or the hand.",
        "region": "DMFC",
        "alignment": "time",
        "metric": "ridge",
        "parameters": {"n_outer": 4, "n_inner": 2},
        "ceiling": "Split halves of the repetitions.",
    }
    (lab / "x.benchmark.yaml").write_text(yaml.safe_dump(benchmark))
    assert add_dataset(lab, None, settings).faults == ()
    candidate = {
        "identifier": "table",
        "title": "Table",
        "description": "A model that a test made for itself.",
        "licence": "MIT",
        "citation": "@misc{mylab}",
        "authors": ["me"],
        "entry": "candidate.py:Table",
        "accepts": ["conditions"],
        "layers": ["table"],
        "model_class": "table",
    }
    (model / "candidate.yaml").write_text(yaml.safe_dump(candidate))
    (model / "candidate.py").write_text(CANDIDATE)
    scored, loaded = load_benchmark("MyLab2026.DMFC-ridge", settings), load_candidate(str(model), settings)
    assert scored(loaded).normalised.value == pytest.approx(1.0, abs=0.03)
    assert accepts(loaded.card, scored.stimuli)
    assert not accepts(load_candidate("pixels", settings).card, scored.stimuli)
