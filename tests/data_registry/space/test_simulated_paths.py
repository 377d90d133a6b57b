"""The walks of SimulatedPaths are what its card says, and the labelled truth is where they lead."""

import numpy as np
import pytest

from innerscore.core.errors import InvalidArgumentError
from innerscore.core.labelled import coordinate, labelled_hash
from innerscore.core.settings import Settings
from innerscore.data_registry import load_dataset


@pytest.fixture(scope="module")
def paths():
    return load_dataset("SimulatedPaths", Settings(offline=True))


def test_sets_of_walks_have_the_length_and_box_of_the_card(paths):
    stimuli = paths.stimuli()
    facts = {
        "train": (100, 200, 1.0),
        "same": (40, 200, 1.0),
        "longer": (40, 1000, 1.0),
        "larger": (40, 200, 1.5),
    }
    for name, (n_walks, n_steps, box_m) in facts.items():
        walks = [walk for walk, kind in zip(stimuli, stimuli.table["walk_set"], strict=True) if kind == name]
        assert (len(walks), {walk.n_steps for walk in walks}) == (n_walks, {n_steps})
        assert {walk.arena_m for walk in walks} == {(box_m, box_m)}
        visited = np.concatenate([walk.positions for walk in walks])
        assert visited.min() >= 0
        assert 0.95 * box_m < visited.max() <= box_m
    starts = [tuple(walk.start_position) for walk in stimuli]
    assert len(set(starts)) == len(starts)


def test_the_truth_is_the_mean_position_in_each_bin_and_ends_with_the_walk(paths):
    stimuli, truth = paths.stimuli(), paths.recording("position")
    assert truth.shape == (220, 2, 200)
    end = coordinate(truth, "time_bin_end_ms")
    for number in (0, 120, 150, 200):
        walk = stimuli.stimuli[number]
        for bin_ in (0, 7, 39):
            inside = (walk.times_ms >= end[bin_] - 500) & (walk.times_ms < end[bin_])
            np.testing.assert_allclose(truth.values[number, :, bin_], walk.positions[inside].mean(axis=0))
        assert np.isfinite(truth.values[number]).all() == (walk.n_steps == 1000)
        assert np.isfinite(truth.values[number, 0]).sum() == walk.n_steps / 5


def test_made_twice_it_is_the_same_and_other_regions_are_refused(paths):
    again = load_dataset("SimulatedPaths", Settings(offline=True))
    assert labelled_hash(again.recording("position")) == labelled_hash(paths.recording("position"))
    assert again.stimuli().content_hash == paths.stimuli().content_hash
    with pytest.raises(InvalidArgumentError, match="position"):
        paths.recording("MEC")
