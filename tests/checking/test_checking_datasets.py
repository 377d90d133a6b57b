"""Each thing that can be wrong with recordings is found, one at a time, in data that are right but for it."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from innerscore.checking import check_dataset
from innerscore.checking.benchmarks import split_faults
from innerscore.checking.ceilings import recording_summary
from innerscore.core.errors import MissingPartError
from innerscore.core.labelled import dissimilarities, recording
from innerscore.core.stimuli import FrameClip, SelfMotion, StimulusSet

N_STIMULI, N_REPETITIONS, N_NEUROIDS, N_BINS = 12, 6, 8, 4


class Data:
    """A data set whose parts a test may spoil."""

    def __init__(self, licence="MIT", noise=3.0):
        rng = np.random.default_rng(0)
        self.card = SimpleNamespace(
            identifier="Test", licence=licence, regions=("V1",), entry="loader.py:Test"
        )
        frames = rng.integers(0, 256, (N_STIMULI, 12, 8, 8, 3), dtype=np.uint8)
        self.clips = [FrameClip(f"clip-{k}", frames[k], 60.0, 0.5) for k in range(N_STIMULI)]
        signal = rng.uniform(0, 40, (N_STIMULI, N_NEUROIDS, N_BINS))
        trials = np.tile(signal, (N_REPETITIONS, 1, 1))
        self.values = np.abs(trials + rng.normal(0, noise, trials.shape))
        names = np.tile([clip.identifier for clip in self.clips], N_REPETITIONS)
        self.presentation = {
            "stimulus_id": names,
            "condition": names.copy(),
            "repetition": np.repeat(np.arange(N_REPETITIONS), N_STIMULI),
        }
        self.start = 50.0 * np.arange(N_BINS)
        self.width, self.attrs = 50.0, {}

    def stimuli(self):
        names = [clip.identifier for clip in self.clips]
        return StimulusSet("Test", tuple(self.clips), pd.DataFrame({"stimulus_id": names}))

    def recording(self, region):
        return recording(
            self.values,
            presentation=self.presentation,
            neuroid={
                "neuroid_id": [f"n{k}" for k in range(self.values.shape[1])],
                "animal": ["a"] * self.values.shape[1],
                "region": [region] * self.values.shape[1],
            },
            time_bin={"time_bin_start_ms": self.start, "time_bin_end_ms": self.start + self.width},
            attrs=self.attrs,
        )


def faults_of(data):
    return check_dataset(data, Path("/lab/dataset.yaml"))


def test_good_data_have_no_faults():
    assert faults_of(Data()) == []


def test_behaviour_may_have_as_many_trials_of_each_condition_as_it_has():
    """Intervals in ms and endpoints in deg are no responses of neurons, which are shown equally often."""
    data = Data()
    data.values, data.attrs = data.values[:-3, :1], {"units": "ms"}
    data.presentation = {name: column[:-3] for name, column in data.presentation.items()}
    assert faults_of(data) == []
    assert "1 neuroid, 12 stimuli in 6 repetitions" in recording_summary(data.recording("V1"))
    data.attrs = {"units": "Hz"}
    assert "5 to 6 of each" in str(faults_of(data)[0])


def negative(data):
    data.values[0, 0, 0] = -1.0


def too_fast(data):
    data.values *= 1000


def infinite(data):
    data.values[0, 0, 0] = np.inf


def empty(data):
    data.values[:, 2] = np.nan


def in_seconds(data):
    data.start, data.width = data.start / 1000, 0.05


def late(data):
    data.start = data.start + 100.0


def repeated(data):
    data.presentation["repetition"][N_STIMULI] = 0


def neuron_twice(data):
    data.values[:, 3] = data.values[:, 5]


def trial_twice(data):
    data.values[N_STIMULI] = data.values[0]


def not_shown(data):
    del data.clips[0]


def clip_twice(data):
    data.clips[1] = FrameClip("clip-1", data.clips[0].frames, 60.0, 0.5)


def counts(data):
    data.values = np.random.default_rng(1).poisson(1.0, data.values.shape).astype(float)


def two_conditions(data):
    data.presentation["condition"][:N_STIMULI] = "other"


def wide(data):
    data.clips = [FrameClip(clip.identifier, clip.frames, 60.0, 30.0) for clip in data.clips]


def noise_alone(data):
    data.values = np.random.default_rng(1).uniform(0, 40, data.values.shape)


def one_repetition(data):
    data.values = data.values[:N_STIMULI]
    data.presentation = {name: column[:N_STIMULI] for name, column in data.presentation.items()}


def no_condition(data):
    del data.presentation["condition"]


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (negative, "down to -1"),
        (too_fast, "which no neuron has"),
        (counts, "look like counts"),
        (infinite, "1 infinite"),
        (empty, "1 neuroids without any value"),
        (in_seconds, "look like seconds"),
        (late, "after the stimulus's end"),
        (repeated, "1 presentations have a stimulus and repetition"),
        (neuron_twice, "n3 = n5"),
        (trial_twice, "clip-0 (0) = clip-0 (1)"),
        (not_shown, "clip-0"),
        (clip_twice, "clip-0 and clip-1"),
        (two_conditions, "in two conditions"),
        (wide, "240 degrees"),
        (noise_alone, "too few to rank models"),
        (one_repetition, "one repetition"),
        (no_condition, "'condition'"),
    ],
)
def test_one_thing_wrong_is_found_with_file_and_fix(spoil, reason):
    data = Data()
    spoil(data)
    faults = faults_of(data)
    assert any(reason in fault.reason for fault in faults), faults
    assert all(fault.file == "/lab/loader.py" and fault.fix for fault in faults)


def test_a_twin_of_a_stimulus_leaks_only_over_conditions():
    """Under one condition the twins are held out together."""
    data = Data()
    clip_twice(data)
    assert any("in two conditions" in fault.reason for fault in faults_of(data))
    names = data.presentation["condition"]
    names[np.isin(names, ["clip-0", "clip-1"])] = "both"
    assert not any("in two conditions" in fault.reason for fault in faults_of(data))


@pytest.mark.parametrize(("licence", "n_faults"), [("unknown", 1), ("TODO", 1), ("CC-BY-4.0", 0)])
def test_a_licence_has_to_say_something(licence, n_faults):
    faults = faults_of(Data(licence=licence))
    assert [fault.file for fault in faults] == ["/lab/dataset.yaml"] * n_faults


def test_numbers_that_are_no_rates_may_be_negative():
    data = Data()
    data.values -= 20
    data.attrs = {"units": "z-scores"}
    assert faults_of(data) == []


def test_walks_in_centimetres_are_found():
    data = Data()
    velocity = np.full((12, 2), 30.0)
    data.clips = [
        SelfMotion(clip.identifier, velocity + k, 10.0, np.zeros(2), (100.0, 100.0))
        for k, clip in enumerate(data.clips)
    ]
    reasons = {fault.reason for fault in faults_of(data)}
    assert {"walks faster than any animal", "an arena of 100 x 100 m"} <= reasons


def test_maps_pooled_over_walks_have_bins_for_samples_but_traces_in_time_have_walks():
    data = Data()
    data.clips = [
        SelfMotion(clip.identifier, np.full((12, 2), 0.1 * (k + 1)), 10.0, np.zeros(2), (2.0, 2.0))
        for k, clip in enumerate(data.clips)
    ]
    data.presentation["stimulus_id"] = np.char.add("bin-", data.presentation["stimulus_id"])
    assert any("not in the set" in fault.reason for fault in faults_of(data))
    neuroids = {"neuroid_id": range(N_NEUROIDS), "animal": ["a"] * N_NEUROIDS, "region": ["V1"] * N_NEUROIDS}
    maps = recording(data.values[..., 0], presentation=data.presentation, neuroid=neuroids)
    data.recording = lambda region: maps
    assert faults_of(data) == []


def test_dissimilarities_of_stimuli_that_were_not_shown_are_found():
    data = Data()
    pairs = {"stimulus_a": ["clip-0", "clip-0"], "stimulus_b": ["clip-1", "clip-99"]}
    rdm = {"subject": ["a"], "session": ["1"], "region": ["V1"]}
    data.recording = lambda region: dissimilarities(np.ones((1, 2)), rdm=rdm, pair=pairs)
    assert ["clip-99" in fault.reason for fault in faults_of(data)] == [True]


def test_a_loader_that_breaks_is_a_fault_and_files_that_are_missing_are_not():
    data = Data()
    data.recording = lambda region: 1 / 0
    assert ["ZeroDivisionError" in fault.reason for fault in faults_of(data)] == [True]

    def missing():
        raise MissingPartError("The file", got="nothing", needed="here")

    data.stimuli = missing
    with pytest.raises(MissingPartError):
        faults_of(data)


def test_conditions_in_both_commitment_and_scored_are_a_leak():
    path = Path("x.benchmark.yaml")
    assert split_faults(("a", "b"), ("c", "d"), path) == []
    assert "such as b" in split_faults(("a", "b"), ("b", "c"), path)[0].reason
    assert "no condition" in split_faults(("a",), (), path)[0].reason
