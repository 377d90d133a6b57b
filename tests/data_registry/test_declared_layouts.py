"""The layouts in which labs keep their arrays: each gives what the plain layout of the same numbers gives."""

import pickle

import h5py
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy.io import savemat

from innerscore.core.errors import InvalidCardError, InvalidDataError
from innerscore.data_registry.declared_fields import array_names
from innerscore.data_registry.declared_sessions import sessions
from innerscore.data_registry.declared_trials import trials

from . import test_declared as base

SPIKES = {f"spikes_{k}": np.sort(np.random.default_rng(k).uniform(0, 59, 40 + k)) for k in range(12)}


def session(settings, fields=(), content=(), **options):
    (found,) = base.walks(settings, fields, content, **options)
    return found


def times_of(found):
    return {name.removeprefix("one_"): list(times) for name, times in found.spikes_s.items()}


def test_x_and_y_may_be_arrays_of_their_own(settings):
    apart = {"x_cm": base.PATH[:, 0] * 100, "y_cm": base.PATH[:, 1] * 100}
    positions = {"positions": {"name": ["x_cm", "y_cm"], "scale": 0.01}}
    plain, found = session(settings), session(settings, positions, apart)
    np.testing.assert_allclose(found.positions_m, plain.positions_m)
    with pytest.raises(InvalidDataError, match=r"'y_cm': \(3,\)"):
        session(settings, positions, {**apart, "y_cm": np.zeros(3)})


def test_an_array_a_cell_is_found_by_a_pattern_in_the_order_of_numbers(settings):
    found = session(settings, {"spike_times": {"pattern": "spikes_*"}}, SPIKES)
    assert times_of(found) == {name: list(times) for name, times in SPIKES.items()}
    assert list(times_of(found))[:3] == ["spikes_0", "spikes_1", "spikes_2"]
    with pytest.raises(InvalidDataError, match="named as 'units_"):
        session(settings, {"spike_times": {"pattern": "units_*"}}, SPIKES)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"times": {"pattern": "t*"}}, "'pattern' has no effect on 'times'"),
        ({"spike_times": {"pattern": "s*"}, "spike_unit": "unit"}, "have no effect with a 'pattern'"),
        ({"spike_times": {"pattern": "s*"}, "unit_name": "unit"}, "have no effect with a 'pattern'"),
        ({"spike_counts": "counts"}, "either 'spike_times' or 'spike_counts'"),
        ({"animal": {"value": 0, "file": "one.npz"}}, "'file' has no effect on a 'value'"),
    ],
)
def test_fields_that_say_the_same_twice_are_refused(settings, fields, message):
    with pytest.raises(InvalidCardError, match=message):
        session(settings, fields)


def test_counts_beside_positions_are_spikes_at_the_positions(settings):
    counts = np.random.default_rng(0).poisson(0.2, (len(base.PATH), 3))
    given = {"spike_counts": {"name": "counts", "axes": ["unit", "time"]}, "unit_name": "names"}
    fields = {**given, "spike_times": None}
    content = {"counts": counts.T, "names": np.array(["a", "b", "c"])}
    found = session(settings, fields, content)
    times = base.WALK["t"]
    assert times_of(found) == {
        name: list(np.repeat(times, column)) for name, column in zip("abc", counts.T, strict=True)
    }
    half = {"counts": counts.T / 2 + 0.25}
    with pytest.raises(InvalidDataError, match="no numbers of spikes"):
        session(settings, fields, {**content, **half})
    with pytest.raises(InvalidDataError, match=r"axes: \[time, unit\]"):
        session(settings, fields, {**content, "counts": counts})


def test_responses_of_stimuli_and_repetitions_are_those_of_presentations(settings):
    rates = base.TRIALS["rates"]
    grid = rates.reshape(2, 3, 4, 3).transpose(2, 1, 0, 3)  # neuroid, stimulus, repetition, time bin
    axes = ["neuroid", "stimulus", "repetition", "time_bin"]
    fields = {"responses": {"name": "rates", "axes": axes}, "stimulus": None}
    plain, found = base.recorded(settings), base.recorded(settings, fields, {"rates": grid})
    np.testing.assert_array_equal(found.values, plain.values)
    for name in ("stimulus_id", "condition", "repetition"):
        assert found[name].values.tolist() == plain[name].values.tolist()
    padded = grid.copy()
    padded[:, 2, 1] = np.nan
    cut = base.recorded(settings, fields, {"rates": padded}, repetitions=2)
    assert sorted(set(cut["stimulus_id"].values)) == ["0", "1"]
    names = {"stimulus_id": {"value": ["a", "b", "c", "d", "e", "f"]}}
    with pytest.raises(InvalidDataError, match="each of the 6 stimuli, got 3 on the axis"):
        base.recorded(settings, {**fields, **names}, {"rates": grid})
    with pytest.raises(InvalidCardError, match=r"\['stimulus'\] have no effect"):
        base.recorded(settings, {"responses": {"name": "rates", "axes": axes}}, {"rates": grid})
    with pytest.raises(InvalidCardError, match="'stimulus' is needed"):
        base.recorded(settings, {"stimulus": None})


def test_names_of_arrays_are_those_that_fields_have(tmp_path):
    np.savez(tmp_path / "a.npz", **SPIKES)
    savemat(tmp_path / "a.mat", SPIKES)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["cells/first"] = [1.0]
        file["other"] = [1.0]
    assert set(array_names(tmp_path / "a.npz")) == set(array_names(tmp_path / "a.mat")) == set(SPIKES)
    assert set(array_names(tmp_path / "a.h5")) == {"cells/first", "other"}


def test_pictures_are_stimuli_of_one_frame_named_after_their_files(settings):
    settings = base.saved(settings, {"rates": base.TRIALS["rates"][:, :, 0], "monkey": base.TRIALS["monkey"]})
    folder = settings.data_dir / "mylab2026"
    (folder / "shown").mkdir()
    for number, clip in enumerate(base.TRIALS["frames"]):
        Image.fromarray(clip[0]).save(folder / "shown" / f"{number + 9}.png")
    fields = {
        "responses": {"name": "rates", "axes": ["presentation", "neuroid"]},
        "stimulus": {"value": ["9", "10", "11", "9", "10", "11"]},
        "frames": {"images": "shown/*.png"},
        "region": {"value": "V1"},
        "animal": "monkey",
    }
    card = base.card("declared_trials:trials", {"rate_hz": 10, "degrees_per_pixel": 0.1, "fields": fields})
    dataset = trials(card, settings)
    assert [clip.identifier for clip in dataset.stimuli()] == ["9", "10", "11"]
    for clip, shown in zip(dataset.stimuli(), base.TRIALS["frames"], strict=True):
        np.testing.assert_array_equal(clip.frames, shown[:1])
    assert dataset.recording("V1")["repetition"].values.tolist() == [0, 0, 0, 1, 1, 1]
    Image.fromarray(np.zeros((3, 5), np.uint8)).save(folder / "shown" / "12.png")
    with pytest.raises(InvalidDataError, match=r"8 x 8 .*5 x 3 \('12'\)"):
        trials(card, settings).stimuli()


def test_a_pickle_of_plain_values_is_read_and_one_with_code_is_not(settings):
    walk = {"t": base.WALK["t"], "tracking": pd.DataFrame(base.PATH, columns=["x", "y"])}
    cells = {"cells": {"all": list(SPIKES.values()), "names": list(SPIKES)}}
    fields = {
        "times": "t",
        "positions": {"name": ["tracking/x", "tracking/y"]},
        "spike_times": "cells/all",
        "unit_name": "cells/names",
        "animal": {"value": "r1"},
    }
    folder = base.saved(settings, {}).data_dir / "mylab2026"
    (folder / "one.npz").unlink()
    (folder / "one.pkl").write_bytes(pickle.dumps({**walk, **cells}))
    options = {"arena_m": [1.0, 1.0], "corner_m": [0, 0], "fields": fields}
    own = settings.model_copy(update={"data_dir": folder.parent})
    (found,) = sessions(base.card("declared_sessions:sessions", options), own).sessions
    np.testing.assert_array_equal(found.positions_m, session(settings).positions_m)
    assert times_of(found) == {name: list(times) for name, times in SPIKES.items()}
    assert array_names(folder / "one.pkl") == ["t", "tracking", "cells"]
    (folder / "two.pkl").write_bytes(pickle.dumps({"t": print}))
    with pytest.raises(InvalidDataError, match=r"asks for 'builtins\.print'"):
        array_names(folder / "two.pkl")
