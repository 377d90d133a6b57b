"""A file for each cell: the same data as with all cells in one file, and no cell in a wrong session."""

import numpy as np
import pytest
from scipy.io import savemat

from innerscore.core.errors import InvalidCardError, InvalidDataError
from innerscore.data_registry.declared_sessions import sessions
from innerscore.data_registry.declared_trials import trials

from . import test_declared as base
from . import test_declared_spikes as events

CELLS = {f"T{k}": np.sort(np.random.default_rng(k).uniform(0, 59, 40 + k)) for k in (1, 2, 10)}
FIELDS = {
    "times": "post",
    "positions": {"name": ["posx", "posy"], "scale": 0.01},
    "spike_times": {"name": "cellTS", "files": "*_T*.mat"},
    "animal": {"value": "r1"},
}


@pytest.fixture
def folder(settings):
    made = settings.data_dir / "mylab2026"
    made.mkdir(parents=True)
    return made


def write_session(folder, name, shift=0.0):
    walk = {"post": base.WALK["t"], "posx": base.PATH[:, 0] * 100, "posy": base.PATH[:, 1] * 100}
    savemat(folder / f"{name}_POS.mat", walk)
    for cell, times in CELLS.items():
        savemat(folder / f"{name}_{cell}.mat", {"cellTS": times + shift})


def read(settings, fields=(), **options):
    options = {
        "arena_m": [1.0, 1.0],
        "corner_m": [0, 0],
        "fields": {**FIELDS, **dict(fields)},
        "session_files": "*_POS.mat",
        **options,
    }
    return sessions(base.card("declared_sessions:sessions", options), settings).sessions


def test_each_cell_goes_to_the_session_that_its_file_is_named_after(settings, folder):
    write_session(folder, "101-day1")
    write_session(folder, "101-day2", shift=0.25)
    (folder / "notes.mat").write_bytes((folder / "101-day1_POS.mat").read_bytes())  # no session by its name
    first, second = read(settings)
    assert [one.identifier for one in (first, second)] == ["101-day1", "101-day2"]
    assert list(first.spikes_s) == ["101-day1_T1", "101-day1_T2", "101-day1_T10"]
    for cell, times in CELLS.items():
        np.testing.assert_array_equal(first.spikes_s[f"101-day1_{cell}"], times)
        np.testing.assert_array_equal(second.spikes_s[f"101-day2_{cell}"], times + 0.25)
    plain = base.walks(settings)[0]
    np.testing.assert_allclose(first.positions_m, plain.positions_m)


def test_of_one_session_the_other_files_are_cells_in_folders_and_without_names_of_arrays(settings, folder):
    np.savez(folder / "tracking.npz", t=base.WALK["t"], xy=base.PATH)
    (folder / "cells").mkdir()
    for cell, times in CELLS.items():
        np.save(folder / "cells" / f"{cell}.npy", times)
    fields = {"times": "t", "positions": "xy", "spike_times": {"files": "cells/*.npy"}}
    (found,) = read(settings, fields, session_files=None)
    assert {name.removeprefix("tracking_"): list(times) for name, times in found.spikes_s.items()} == {
        cell: list(times) for cell, times in CELLS.items()
    }


def test_cells_of_no_session_or_of_several_are_refused(settings, folder):
    write_session(folder, "a")
    write_session(folder, "b")
    with pytest.raises(InvalidDataError, match=r"beside 2 others.*'session_files' beside 'fields'"):
        read(settings, session_files=None)
    savemat(folder / "c_T1.mat", {"cellTS": CELLS["T1"]})
    with pytest.raises(InvalidDataError, match=r"no session or of several, such as \['c_T1\.mat'\]"):
        read(settings)
    (folder / "c_T1.mat").rename(folder / "a_T1_T1.mat")
    savemat(folder / "a_T1_POS.mat", {"post": 0})
    with pytest.raises(InvalidDataError, match=r"as sessions and as cells, such as \['a_T1_POS\.mat'\]"):
        read(settings)
    with pytest.raises(InvalidDataError, match=r"of several, such as \['a_T1_T1\.mat'\]"):
        read(settings, {"spike_times": {"name": "cellTS", "files": "*_T*[0-9].mat"}})


@pytest.mark.parametrize(
    ("fields", "options", "message"),
    [
        ({}, {"session_files": "*_*.mat"}, r"'session_files' needs one \*"),
        ({"times": {"name": "t", "files": "*"}}, {}, "'files' has no effect on 'times'"),
        ({"unit_name": "names"}, {}, r"\['unit_name'\] have no effect"),
        ({"spike_times": {"name": "s", "files": "*", "file": "a.mat"}}, {}, "no effect with 'file' or"),
        ({"animal": {"value": "r1", "files": "*"}}, {}, "'files' has no effect on a 'value'"),
    ],
)
def test_what_nothing_reads_is_refused(settings, folder, fields, options, message):
    write_session(folder, "a")
    with pytest.raises(InvalidCardError, match=message):
        read(settings, fields, **options)


def test_files_that_are_not_there_are_named(settings, folder):
    write_session(folder, "a")
    with pytest.raises(InvalidDataError, match=r"files of cells named as '\*_cell\*\.mat'"):
        read(settings, {"spike_times": {"name": "cellTS", "files": "*_cell*.mat"}})
    with pytest.raises(InvalidDataError, match=r"files of sessions named as '\*_WALK\.mat'"):
        read(settings, session_files="*_WALK.mat")


def test_events_are_counted_in_cells_of_files_as_in_one_file(settings):
    apart = {"spike_times": {"files": "cells/*.npy"}, "spike_unit": None}
    settings = base.saved(settings, {**base.TRIALS, **events.FLAT})
    (settings.data_dir / "mylab2026" / "cells").mkdir()
    for cell, times in events.CELLS.items():
        np.save(settings.data_dir / "mylab2026" / "cells" / f"{cell}.npy", times)
    fields = {**base.TRIAL_FIELDS, **events.FIELDS}

    def counts(changes=()):
        options = {"rate_hz": 60, "degrees_per_pixel": 0.5, "fields": {**fields, **dict(changes)}}
        card = base.card("declared_trials:trials", {**options, **events.WINDOW, "units": "counts"})
        return trials(card, settings).recording("V1")

    np.testing.assert_array_equal(counts(apart).values, counts().values)
    assert counts(apart)["neuroid_id"].values.tolist() == list(events.CELLS)
