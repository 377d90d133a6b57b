"""Gardner 2022 out of npz files with pickled dictionaries, of which nothing is ever run."""

import os
import pickle

import numpy as np
import pytest
import space_files as written

from innerscore.core.errors import ChecksumError, InvalidDataError, MissingPartError
from innerscore.core.labelled import coordinate
from innerscore.data_registry import load_dataset
from innerscore.data_registry.gardner2022.loader import DAYS, gardner2022
from innerscore.data_registry.readers.npz_objects import read_npz
from innerscore.tasks.self_motion import ornstein_uhlenbeck_paths

RATE = 20.0
PATH = ornstein_uhlenbeck_paths(1, 900.0, arena_m=(1.5, 1.5), rate_hz=RATE, seed=2)[0] - 0.75
CENTRE = np.array([0.3, -0.2])
BEFORE_S = 200.0  # of sleep, with the rat at one place, before each open field


def day_content(day):
    """A day's file: sleep, open field (walked in part of its window only), sleep."""
    rng = np.random.default_rng(len(day.file))
    times, positions, spikes = [], [], []
    for start, end in day.windows_s:
        walked = PATH[: int((end - start) * RATE)]
        t = start + np.arange(len(walked)) / RATE
        rate = 15 * np.exp(-((walked - CENTRE) ** 2).sum(axis=1) / (2 * 0.2**2))
        times += [start - BEFORE_S / 10 + np.arange(0, 15, 0.05), t]
        positions += [np.full((300, 2), 0.9), walked]
        spikes += [np.linspace(start - 20, start - 5, 3000), np.repeat(t, rng.poisson(rate / RATE)) + 1e-4]
    content = {
        "t": np.concatenate(times),
        "x": np.concatenate(positions)[:, 0],
        "y": np.concatenate(positions)[:, 1],
    }
    content |= {"z": np.ones_like(content["x"]), "azimuth": np.full_like(content["x"], 6.0)}
    for module in day.modules:
        content[f"spikes_mod{module}"] = {0: np.concatenate(spikes), 1: np.empty(0)}
    return content


@pytest.fixture(scope="module")
def contents():
    return {day.file: day_content(day) for day in DAYS}


def put(settings, contents, **changed):
    folder = settings.data_dir / "gardner2022"
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        data = changed.get(name.split("_grid")[0], content)
        (folder / name).write_bytes(data if isinstance(data, bytes) else written.module_bytes(data))
    return load_dataset("Gardner2022", settings)


def test_modules_and_open_fields_are_read_and_moved_to_the_corner(settings, contents):
    data = put(settings, contents)
    names = [session.identifier for session in data.sessions]
    assert names == [
        "Q-open-field-1",
        "R-day1-open-field-1",
        "R-day1-open-field-2",
        "R-day2-open-field-1",
        "S-open-field-1",
    ]
    maps = data.recording("MEC")
    assert maps.shape == (2 * 30 * 30, 2 * 9)
    modules = ["Q1", "Q2", "R1-day1", "R2-day1", "R3-day1", "R1-day2", "R2-day2", "R3-day2", "S1"]
    assert list(coordinate(maps, "module")) == list(np.repeat(modules, 2))
    assert set(coordinate(maps, "cell_kind")) == {"unknown"}
    assert maps.attrs["min_speed_m_s"] == 0.025
    values = maps.values.reshape(2, 900, -1).mean(axis=0)
    x, y = (coordinate(maps, f"bin_{axis}_m")[:900] for axis in "xy")
    field = np.exp(-((x - 1.05) ** 2 + (y - 0.55) ** 2) / (2 * 0.2**2))
    for map_ in values[:, ::2].T:
        known = np.isfinite(map_)
        assert known.mean() > 0.6
        assert np.corrcoef(field[known], map_[known])[0, 1] > 0.9
    assert np.nanmax(values[:, ::2]) < 40  # spikes asleep do not count
    assert np.nanmax(values[:, 1::2]) == 0
    walk = data.stimuli().stimuli[0]
    assert walk.arena_m == (1.5, 1.5)
    np.testing.assert_allclose(walk.positions[:20], PATH[2:42:2] + 0.75, atol=1e-6)
    np.testing.assert_allclose(walk.head_direction, 6.0 - 2 * np.pi, atol=1e-9)


def test_files_come_out_of_the_archive_and_conjunctive_cells_are_marked(settings, contents):
    folder = settings.data_dir / "gardner2022"
    folder.mkdir(parents=True)
    files = {name: written.module_bytes(content) for name, content in contents.items()}
    (folder / "Toroidal_topology_grid_cell_data.zip").write_bytes(written.zipped(files))
    data = load_dataset("Gardner2022", settings)
    assert len(data.sessions) == 5
    (folder / "is_conjunctive_all.npz").write_bytes(b"another list")
    with pytest.raises(ChecksumError, match="9e1dbe4c"):
        _ = load_dataset("Gardner2022", settings).sessions


def test_the_authors_flags_become_cell_kinds(settings, contents):
    flags = {"is_conj_R2_day1": np.array([False, True]), "is_conj_Q1": np.array([True, True])}
    card = put(settings, contents).card
    unpinned = tuple(file.model_copy(update={"sha256": None}) for file in card.files)
    card = card.model_copy(update={"files": unpinned})
    path = settings.data_dir / "gardner2022" / "is_conjunctive_all.npz"
    path.write_bytes(written.module_bytes(flags))
    maps = gardner2022(card, settings).recording("MEC")
    kinds = dict(zip(coordinate(maps, "neuroid_id"), coordinate(maps, "cell_kind"), strict=True))
    assert kinds["R-day1_mod2_0"] == "grid"
    assert kinds["R-day1_mod2_1"] == "conjunctive"
    assert kinds["Q-mod1_0"] == "conjunctive"
    assert kinds["S-mod1_0"] == "unknown"


def test_flags_for_another_number_of_cells_are_refused(settings, contents):
    card = put(settings, contents).card
    unpinned = tuple(file.model_copy(update={"sha256": None}) for file in card.files)
    path = settings.data_dir / "gardner2022" / "is_conjunctive_all.npz"
    path.write_bytes(written.module_bytes({"is_conj_S1": np.ones(7, bool)}))
    with pytest.raises(InvalidDataError, match=r"'is_conj_S1'.*7 cells"):
        _ = gardner2022(card.model_copy(update={"files": unpinned}), settings).sessions


class Evil:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


def test_a_pickle_that_asks_for_anything_else_is_refused_and_nothing_is_run(settings, contents, tmp_path):
    trap = tmp_path / "trap"
    evil = contents[DAYS[0].file] | {"spikes_mod1": {0: Evil(str(trap))}}
    data = put(settings, contents, rat_q=evil)
    with pytest.raises(InvalidDataError, match=r"'spikes_mod1' of .*asks for 'posix\.mkdir'"):
        _ = data.sessions
    assert not trap.exists()


def changed(contents, **arrays):
    return contents[DAYS[0].file] | arrays


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"spikes_mod1": {0: "yes"}}, "'spikes_mod1'.*a row of spike times"),
        ({"spikes_mod1": {0: np.zeros((2, 2))}}, "'spikes_mod1'"),
        ({"spikes_mod1": np.zeros(3)}, "'spikes_mod1'"),
        ({"x": np.zeros(4)}, "'x'.*4 samples"),
        ({"t": np.array(["a"])}, "'t'"),
        ({"spikes_mod2": {0: np.array([27900.0, np.nan])}}, "'mod2_0'.*no finite numbers"),
    ],
)
def test_arrays_that_are_not_as_released_are_refused_and_named(settings, contents, arrays, message):
    content = changed(contents, **arrays)
    data = put(settings, contents, rat_q=content)
    with pytest.raises(InvalidDataError, match=message):
        _ = data.sessions


def test_missing_arrays_and_truncated_files_are_refused(settings, contents):
    without = {name: array for name, array in contents[DAYS[0].file].items() if name != "azimuth"}
    with pytest.raises(InvalidDataError, match=r"'azimuth'.*none"):
        _ = put(settings, contents, rat_q=without).sessions
    data = written.module_bytes(contents[DAYS[0].file])
    for cut in (len(data) // 2, 10):
        path = settings.cache_dir / f"{cut}.npz"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data[:cut])
        with pytest.raises(InvalidDataError, match="damaged"):
            read_npz(path)


def test_in_centimetres_it_is_refused(settings, contents):
    cm = changed(contents, x=contents[DAYS[0].file]["x"] * 100, y=contents[DAYS[0].file]["y"] * 100)
    with pytest.raises(InvalidDataError, match="look like centimetres"):
        _ = put(settings, contents, rat_q=cm).sessions


def test_without_files_the_address_is_named(settings):
    with pytest.raises(MissingPartError, match="35078602"):
        load_dataset("Gardner2022", settings).recording("MEC")


def test_objects_are_read_as_numpy_reads_them(tmp_path):
    content = {
        "d": {0: np.arange(3.0), 7: np.array([], float)},
        "o": np.array([1, "a", None], dtype=object),
        "f": np.eye(2),
    }
    path = tmp_path / "x.npz"
    path.write_bytes(written.module_bytes(content))
    ours = read_npz(path)
    with np.load(path, allow_pickle=True) as theirs:
        assert set(ours) == set(theirs.files)
        np.testing.assert_array_equal(ours["f"], theirs["f"])
        assert list(ours["o"]) == list(theirs["o"])
        for key, times in theirs["d"].item().items():
            np.testing.assert_array_equal(ours["d"].item()[key], times)
    assert pickle.dumps(ours["d"].item()[0]) == pickle.dumps(np.arange(3.0))
