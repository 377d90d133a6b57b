import numpy as np
import pandas as pd
import pytest

from innerscore.benchmarks.alignment import brain_samples, model_samples, subset
from innerscore.benchmarks.missing import even_repetitions
from innerscore.core.activations import TimedValues
from innerscore.core.errors import InvalidDataError
from innerscore.core.labelled import coordinate, recording
from innerscore.core.stimuli import FrameClip, SelfMotion, StimulusSet
from innerscore.data_registry.repetitions import first_repetitions

NEUROID = {"neuroid_id": ["m", "n"], "animal": ["p", "p"], "region": ["R", "R"]}
BINS = {"time_bin_start_ms": np.array([0.0, 50.0, 100.0]), "time_bin_end_ms": np.array([50.0, 100.0, 150.0])}


def trials(values, order=None, masks=None):
    """Two stimuli, two repetitions, presentations in any order."""
    table = pd.DataFrame({"stimulus_id": list("abab"), "condition": list("abab"), "repetition": [0, 0, 1, 1]})
    order = list(range(4)) if order is None else order
    shuffled = {name: list(table[name].iloc[order]) for name in table}
    planes = {name: mask[order] for name, mask in (masks or {}).items()}
    return recording(values[order], presentation=shuffled, neuroid=NEUROID, time_bin=BINS, masks=planes)


def test_samples_of_an_epoch_are_those_of_its_mask_whatever_the_order():
    values = np.arange(24.0).reshape(4, 2, 3)
    mask = np.array([[True, True, False], [False, True, True]] * 2)
    for order in ([0, 1, 2, 3], [3, 0, 2, 1]):
        samples = brain_samples(trials(values, order, {"epoch": mask}), epoch="epoch")
        found = sorted(
            (str(name), float(start), tuple(samples.values[:, k].ravel()))
            for k, (name, start) in enumerate(
                zip(coordinate(samples, "stimulus_id"), coordinate(samples, "time_bin_start_ms"), strict=True)
            )
        )
        wanted = sorted(
            ("ab"[s], 50.0 * t, tuple(values[[s, s + 2], :, t].ravel()))
            for s in (0, 1)
            for t in range(3)
            if mask[s, t]
        )
        assert found == wanted


def test_samples_that_are_not_complete_are_left_out_and_counted():
    values = np.arange(24.0).reshape(4, 2, 3)
    values[2:, 1, 0] = np.nan
    values[0, 1, 0] = np.nan
    samples = brain_samples(trials(values), epoch=None, needed="by neuroid")
    assert samples.shape == (2, 6, 2)
    assert (samples.attrs["n_samples_left_out"], samples.attrs["n_entries_missing"]) == (0, 2)
    np.testing.assert_array_equal(np.isnan(samples.values).sum(axis=(0, 2)), [2, 0, 0, 2, 0, 0])
    with pytest.raises(InvalidDataError, match="2 of 6 samples that some neuroid lacks"):
        brain_samples(trials(values), epoch=None)
    whole = np.isfinite(values)
    values[:, :, 0] = np.where(whole[:, :, 0], values[:, :, 0], np.nan)
    values[:, :, 0] = np.nan  # nobody recorded the first bin: outside of the trial
    complete = brain_samples(trials(values), epoch=None)
    assert complete.shape == (2, 4, 2)
    assert complete.attrs["n_samples_left_out"] == 2


def test_repetitions_are_brought_to_the_number_that_keeps_most_trials():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(10, 100, 3))
    n_shown = np.repeat([6, 7, 8, 9, 10], 20)
    values[np.arange(10)[:, None] >= n_shown] = np.nan
    for complete in (False, True):
        even = even_repetitions(values, complete=complete)
        np.testing.assert_array_equal(
            even, values[:6]
        )  # all images are kept: 7 times 80 would be fewer trials
    values[2:, 0] = np.nan  # one image was shown twice
    even = even_repetitions(values, complete=False)
    assert len(even) == 6
    assert np.isnan(even[:, 0]).all()
    assert np.isfinite(even[:, 1:]).all()
    single = rng.normal(size=(8, 400, 5))
    single[rng.random(single.shape) < 0.01] = np.nan  # single trials lost here and there
    even = even_repetitions(single, complete=True)
    assert len(even) == 7
    assert np.isnan(even).any(axis=0).mean() < 0.01
    assert len(even_repetitions(single, complete=False)) == 8
    # The values of a neuroid are its own, in the order in which they came.
    first = single[:, 3, 2][np.isfinite(single[:, 3, 2])][:7]
    np.testing.assert_array_equal(even[:, 3, 2], first)


def test_uneven_repetitions_and_unknown_epochs_are_refused():
    values = np.ones((4, 2, 3))
    table = {"stimulus_id": list("aabb"), "condition": list("aabb"), "repetition": [0, 1, 0, 0]}
    uneven = recording(values, presentation=table, neuroid=NEUROID, time_bin=BINS)
    with pytest.raises(InvalidDataError, match="each stimulus once"):
        brain_samples(uneven, epoch=None)
    with pytest.raises(InvalidDataError, match=r"each stimulus once.*repetitions\.counted"):
        brain_samples(uneven.assign_coords(repetition=("presentation", [0, 2, 0, 1])), epoch=None)
    with pytest.raises(InvalidDataError, match="'delay'"):
        brain_samples(trials(values), epoch="delay")
    with pytest.raises(InvalidDataError, match="without NaN"):
        brain_samples(trials(values * np.nan), epoch=None)


def test_a_loaders_unequal_repetitions_are_refused_with_the_function_that_makes_them_equal():
    values = np.arange(30.0).reshape(5, 2, 3)
    table = {"stimulus_id": list("abaab"), "condition": list("abaab"), "repetition": [0, 0, 1, 2, 1]}
    uneven = recording(values, presentation=table, neuroid=NEUROID, time_bin=BINS)
    with pytest.raises(
        InvalidDataError, match=r"5 presentations of 2 stimuli, 2 to 3 of each.*first_repetitions"
    ):
        brain_samples(uneven, epoch=None)
    samples = brain_samples(first_repetitions(uneven, "smallest"), epoch=None)
    by_hand = values[[[0, 1], [2, 4]]].transpose(0, 1, 3, 2).reshape(2, 6, 2)
    np.testing.assert_array_equal(samples.values, by_hand)


def clips():
    stimuli = tuple(FrameClip(name, np.zeros((9, 4, 4, 3), np.uint8), 60.0, 0.1) for name in "ab")
    return StimulusSet("s", stimuli, pd.DataFrame({"stimulus_id": list("ab")}))


def test_frames_are_averaged_within_their_bin():
    samples = brain_samples(trials(np.ones((4, 2, 3))), epoch=None)
    times = np.arange(9) * 1000 / 60
    activations = {
        name: {"l": TimedValues(np.arange(9.0)[:, None] + 10 * k, times)} for k, name in enumerate("ab")
    }
    aligned = model_samples(activations, "l", clips(), samples, "time")
    np.testing.assert_allclose(aligned.values[:, 0], [1, 4, 7, 11, 14, 17])


def test_a_layer_slower_than_the_bins_is_interpolated():
    samples = brain_samples(trials(np.ones((4, 2, 3))), epoch=None)
    layer = TimedValues(np.array([[0.0], [10.0]]), np.array([0.0, 100.0]))
    aligned = model_samples({"a": {"l": layer}, "b": {"l": layer}}, "l", clips(), samples, "time")
    np.testing.assert_allclose(aligned.values[:3, 0], [0.0, 7.5, 10.0])  # in the bin, at 75 ms, in the bin


def test_bins_that_lie_elsewhere_in_each_clip_are_read_at_their_centres_there():
    """A layer of its own time, in steps of 20 ms: 30 ms after the event it is what it is, wherever steps fall."""
    event = {"a": 107.0, "b": 250.0}
    table = {"stimulus_id": list("ab"), "condition": list("ab"), "repetition": [0, 0]}
    start = np.array([[event[name] + 20.0, event[name] + 40.0] for name in "ab"])
    bins = {"time_bin_start_ms": [20.0, 40.0], "time_bin_end_ms": [40.0, 60.0]}
    planes = {"clip_start_ms": start, "clip_end_ms": start + 20.0}
    neural = recording(np.zeros((2, 2, 2)), presentation=table, neuroid=NEUROID, time_bin=bins, planes=planes)
    samples = brain_samples(neural, epoch=None)
    times = np.arange(50) * 20.0
    activations = {
        name: {"layer": TimedValues((times - event[name])[:, None].astype(np.float32), times)}
        for name in "ab"
    }
    found = model_samples(activations, "layer", clips(), samples, "time")
    np.testing.assert_allclose(found.values[:, 0], [30.0, 50.0, 30.0, 50.0], atol=1e-4)


def test_walks_are_averaged_within_their_spatial_bin():
    path = np.array([[0.1, 0.1], [0.6, 0.1], [0.1, 0.6], [0.15, 0.12]])
    start = np.array([0.4, 0.4])
    walk = SelfMotion("w", np.diff(np.vstack([start, path]), axis=0) * 10, 10.0, start, (1.0, 1.0))
    stimuli = StimulusSet("s", (walk,), pd.DataFrame({"stimulus_id": ["w"]}))
    places = {
        "stimulus_id": ["p", "q", "r"],
        "condition": ["p", "q", "r"],
        "repetition": [0, 0, 0],
        "bin_x_m": [0.25, 0.75, 0.25],
        "bin_y_m": [0.25, 0.25, 0.75],
    }
    maps = recording(np.ones((3, 2)), presentation=places, neuroid=NEUROID, attrs={"bin_size_m": 0.5})
    samples = brain_samples(maps, epoch=None)
    values = TimedValues(np.array([[1.0], [2.0], [3.0], [5.0]]), walk.times_ms)
    aligned = model_samples({"w": {"l": values}}, "l", stimuli, samples, "space")
    np.testing.assert_allclose(aligned.values[:, 0], [3.0, 2.0, 3.0])


def test_a_subset_keeps_the_samples_of_its_conditions():
    samples = brain_samples(trials(np.arange(24.0).reshape(4, 2, 3)), epoch=None)
    kept = subset(samples, ["b"])
    assert set(coordinate(kept, "condition")) == {"b"}
    np.testing.assert_array_equal(kept.values, samples.values[:, 3:])
