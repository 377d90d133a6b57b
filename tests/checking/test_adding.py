"""Adding a data set by a card alone: from each format the same data, and nothing of a faulty one."""

import json

import h5py
import numpy as np
import pytest
import yaml
from array_files import to_hdf5, to_mat, to_nc, to_npz
from matlab_v73 import save_v73
from own_dataset import FIELDS, N_REPETITIONS, N_STIMULI, benchmark, card, trial_arrays
from scipy.io import savemat
from typer.testing import CliRunner

from innerscore.benchmarks import load_benchmark
from innerscore.benchmarks import registry as benchmark_registry
from innerscore.checking import add_dataset, remove_dataset
from innerscore.cli.app import app
from innerscore.core.errors import ChecksumError, InvalidInputError, UnknownNameError
from innerscore.core.hdf5_links import refuse_outside_parts
from innerscore.core.labelled import labelled_hash
from innerscore.data_registry import load_dataset, registry
from innerscore.data_registry.sharing import may_leave, withheld_datasets


@pytest.fixture(scope="module")
def arrays():
    return trial_arrays()


def to_mat_of_doubles(path, arrays):
    """Version 7.3, numbers all doubles as MATLAB makes them."""
    objects = {
        name: a.astype(object) if a.dtype.kind == "U" else a.astype(float) for name, a in arrays.items()
    }
    save_v73(path, objects)


WRITERS = {
    "data.npz": to_npz,
    "data.mat": to_mat,
    "hdf.mat": to_mat_of_doubles,
    "data.nc": to_nc,
    "data.h5": to_hdf5,
}


def write(folder, arrays, file="data.npz", **changes):
    folder.mkdir(parents=True)
    WRITERS[file](folder / file, arrays)
    (folder / "dataset.yaml").write_text(yaml.safe_dump(card(**changes)))
    return folder


def test_each_format_gives_the_same_labelled_recording(arrays, settings, tmp_path):
    hashes = set()
    for number, file in enumerate(WRITERS):
        own = settings.model_copy(update={"data_dir": tmp_path / str(number)})
        added = add_dataset(write(tmp_path / f"lab{number}", arrays, file), None, own)
        assert (added.faults, added.files) == ((), (file,))
        dataset = load_dataset("MyLab2026", own)
        recording = dataset.recording("V1")
        np.testing.assert_allclose(recording.values, arrays["rates"].transpose(1, 0, 2))
        assert list(recording["repetition"].values[::N_STIMULI]) == list(range(N_REPETITIONS))
        np.testing.assert_array_equal(dataset.stimuli().stimuli[3].frames, arrays["frames"][3])
        hashes |= {(labelled_hash(recording), dataset.stimuli().content_hash)}
    assert len(hashes) == 1


def test_what_is_faulty_is_refused_and_nothing_is_kept(arrays, settings, tmp_path):
    spoilt = {**arrays, "rates": -arrays["rates"]}
    added = add_dataset(write(tmp_path / "lab", spoilt), None, settings)
    assert any("down to" in fault.reason for fault in added.faults)
    folder = write(tmp_path / "other", arrays)
    (folder / "dataset.yaml").write_text(yaml.safe_dump({**card(), "entry": "loader.py:Mine"}))
    assert any("code of your own" in fault.reason for fault in add_dataset(folder, None, settings).faults)
    (folder / "dataset.yaml").write_text(yaml.safe_dump({**card(), "species": 3, "colour": "red"}))
    assert len(add_dataset(folder, None, settings).faults) == 2
    missing = {**FIELDS, "stimulus": "no_such"}
    (folder / "dataset.yaml").write_text(
        yaml.safe_dump(card(rate_hz=60, degrees_per_pixel=0.5, fields=missing))
    )
    assert any("no_such" in fault.reason for fault in add_dataset(folder, None, settings).faults)
    assert not settings.data_dir.exists() or not list(settings.own_datasets.iterdir())
    assert "MyLab2026" not in registry(settings).entries()


def test_faults_name_the_files_that_their_user_has(arrays, settings, tmp_path):
    fields = {**FIELDS, "stimulus": "no_such"}
    folder = write(tmp_path / "lab", arrays, rate_hz=60, degrees_per_pixel=0.5, fields=fields)
    faults = add_dataset(folder, None, settings).faults
    assert [
        fault.reason for fault in faults if f"The file {folder / 'data.npz'}: no 'no_such'" in fault.reason
    ]
    alone = add_dataset(folder / "data.npz", folder / "dataset.yaml", settings).faults
    assert alone == faults
    told = CliRunner().invoke(app, ["data", "add", str(folder)]).output
    assert told.endswith("1 fault; nothing was kept\n")
    assert str(settings.own_datasets) not in told


def test_a_name_is_added_once_and_its_bytes_are_locked(arrays, settings, tmp_path):
    folder = write(tmp_path / "lab", arrays)
    assert not add_dataset(folder, None, settings).faults
    again = add_dataset(folder, None, settings)
    assert any("is the name of" in fault.reason and "--replace" in fault.fix for fault in again.faults)
    kept = settings.own_datasets / "MyLab2026" / "data.npz"
    np.savez(kept, **{**arrays, "rates": arrays["rates"] + 1})
    with pytest.raises(ChecksumError):
        load_dataset("MyLab2026", settings).recording("V1")


def test_a_changed_file_of_a_folder_is_accepted_by_name(arrays, settings, tmp_path, monkeypatch):
    monkeypatch.setenv("INNERSCORE_DATA_DIR", str(settings.data_dir))
    assert not add_dataset(write(tmp_path / "lab", arrays), None, settings).faults
    np.savez(settings.own_datasets / "MyLab2026" / "data.npz", **{**arrays, "rates": arrays["rates"] + 1})
    with pytest.raises(ChecksumError, match=r"innerscore data accept MyLab2026 data\.npz"):
        load_dataset("MyLab2026", settings).recording("V1")
    with pytest.raises(InvalidInputError, match=r"'other\.npz', not there"):
        command("data", "accept", "MyLab2026", "other.npz")
    assert command("data", "accept", "MyLab2026", "data.npz")[0] == 0
    changed = load_dataset("MyLab2026", settings).recording("V1").values
    np.testing.assert_allclose(changed, arrays["rates"].transpose(1, 0, 2) + 1)


def outside_link(path, secret):
    with h5py.File(path, "a") as file:
        file["deep/link"] = h5py.ExternalLink(str(secret), "/secret")


def outside_view(path, secret):
    layout = h5py.VirtualLayout(shape=(3,), dtype=float)
    layout[:] = h5py.VirtualSource(str(secret), "secret", shape=(3,))
    with h5py.File(path, "a") as file:
        file.create_virtual_dataset("view", layout)


def outside_bytes(path, secret):
    with h5py.File(path, "a") as file:
        file.create_dataset("raw", (3,), dtype="f8", external=[(str(secret), 0, 24)])


@pytest.mark.parametrize("file", ["data.h5", "data.nc"])
@pytest.mark.parametrize("point", [outside_link, outside_view, outside_bytes])
def test_a_file_that_points_elsewhere_is_refused(arrays, settings, tmp_path, file, point):
    with h5py.File(tmp_path / "secret.h5", "w") as secret:
        secret["secret"] = np.arange(3.0)
    folder = write(tmp_path / "lab", arrays, file)
    point(folder / file, tmp_path / "secret.h5")
    with pytest.raises(InvalidInputError, match=r"secret\.h5"):
        add_dataset(folder, None, settings)
    assert not (settings.own_datasets / "MyLab2026").exists()


def test_a_link_is_refused_and_what_points_within_a_file_is_not(arrays, settings, tmp_path):
    with h5py.File(tmp_path / "whole.h5", "w") as file:
        file["a"] = np.arange(3.0)
        file["soft"] = h5py.SoftLink("/a")
        layout = h5py.VirtualLayout(shape=(3,), dtype=float)
        layout[:] = h5py.VirtualSource(file["a"])
        file.create_virtual_dataset("view", layout)
    refuse_outside_parts(tmp_path / "whole.h5")
    folder = write(tmp_path / "lab", arrays)
    (folder / "data.npz").rename(tmp_path / "elsewhere.npz")
    (folder / "data.npz").symlink_to(tmp_path / "elsewhere.npz")
    with pytest.raises(InvalidInputError, match="symbolic link"):
        add_dataset(folder, None, settings)


def test_sessions_of_a_walking_animal_from_matlab_and_npz(settings, tmp_path):
    rng = np.random.default_rng(1)
    times = np.arange(0, 1200, 0.1)
    turns = np.cumsum(rng.normal(0, 0.5, (len(times), 2)), axis=0)
    positions = 50 + 49 * np.sin(turns / 5)  # cm, in a box of 1 m
    centres = rng.uniform(10, 90, (12, 2))
    chance = np.exp(-np.square(positions[:, None] - centres).sum(2) / 800)  # (time, cell)
    spikes = [times[rng.random(len(times)) < one] + 0.01 for one in chance.T]
    fields = {
        "times": "t",
        "positions": {"name": "xy", "scale": 0.01},
        "animal": {"value": "rat-1"},
        "spike_times": "spikes",
    }
    cells = np.empty(12, dtype=object)
    cells[:] = spikes
    flat = {"spikes": np.concatenate(spikes), "unit": np.repeat(np.arange(12), list(map(len, spikes)))}
    kinds = {
        "mat": (fields, lambda path: savemat(path, {"t": times, "xy": positions, "spikes": cells})),
        "npz": ({**fields, "spike_unit": "unit"}, lambda path: np.savez(path, t=times, xy=positions, **flat)),
    }
    maps = []
    for kind, (mapping, save) in kinds.items():
        folder = tmp_path / kind
        folder.mkdir()
        save(folder / f"one.{kind}")
        options = {
            "arena_m": [1.0, 1.0],
            "corner_m": [0.0, 0.0],
            "fields": mapping,
            "maps": {"bin_m": 0.1, "min_coverage": 0.1},
        }
        content = card(f"Rat{kind.title()}", entry="declared_sessions:sessions", **options)
        (folder / "dataset.yaml").write_text(yaml.safe_dump(content))
        assert add_dataset(folder, None, settings).faults == ()
        maps.append(load_dataset(f"Rat{kind.title()}", settings).recording("V1"))
    assert maps[0].sizes["neuroid"] == 12
    narrow = folder.with_name("narrow")
    narrow.mkdir()
    np.savez(narrow / "one.npz", t=times, xy=positions, **flat)
    others = {
        name: values[flat["unit"] > 0] for name, values in flat.items()
    }  # other cells: not to be joined
    np.savez(narrow / "two.npz", t=times, xy=positions * [0.9, 1], **others)
    content["options"]["maps"]["min_coverage"] = 0.95
    (narrow / "dataset.yaml").write_text(
        yaml.safe_dump({**content, "identifier": "RatNarrow", "folder": "ratnarrow"})
    )
    added = add_dataset(narrow, None, settings)
    assert added.faults == ()
    assert [
        note for note in added.notes if "sessions left out" in note and "two: a part of it covers" in note
    ]
    np.testing.assert_array_equal(maps[0].values, maps[1].values)


def command(*arguments):
    result = CliRunner().invoke(app, [*arguments, "--json"])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, json.loads(result.stdout)


def test_an_export_has_nothing_of_a_private_data_set_and_all_of_one_that_may_leave(
    arrays, settings, tmp_path, monkeypatch
):
    monkeypatch.setenv("INNERSCORE_DATA_DIR", str(settings.data_dir))
    names = {"Secretive2026": "all rights reserved", "Generous2026": "CC-BY-NC-4.0"}
    for name, licence in names.items():
        own = {**arrays, "rates": arrays["rates"] * (1.1 if name.startswith("Secret") else 1)}
        folder = write(tmp_path / name, own, name=name, licence=licence)
        (folder / "x.benchmark.yaml").write_text(yaml.safe_dump(benchmark(name)))
        status, added = command("data", "add", str(folder))
        assert (status, added["private"]) == (0, licence != "CC-BY-NC-4.0")
        assert added["benchmarks"] == [f"{name}.V1-ridge"]
    asked = [part for name in names for part in ("--benchmark", f"{name}.V1-ridge")]
    _, scored = command("score", "pixels", *asked)
    assert {one["state"] for one in scored["results"]} == {"value"}
    assert all(one["standing"]["n_compared"] == 1 for one in scored["results"])
    private = next(one for one in scored["results"] if one["benchmark"].startswith("Secretive"))
    _, exported = command("board", "export", str(tmp_path / "site"))
    assert exported["withheld"] == ["Secretive2026"]
    content = {path: path.read_bytes() for path in (tmp_path / "site").rglob("*") if path.is_file()}
    traces = [b"Secretive", private["record_sha256"].encode(), private["score"]["targets_sha256"].encode()]
    assert [path for path, data in content.items() for trace in traces if trace in data] == []
    assert any(b"Generous2026.V1-ridge" in data for data in content.values())
    assert command("store", "verify", str(tmp_path / "site"))[0] == 0
    _, whole = command("board")
    assert "Secretive2026" in json.dumps(whole)
    # Its folder is taken away, its records are still in the store, and still do not leave.
    (settings.own_datasets / "Secretive2026").rename(tmp_path / "gone")
    assert withheld_datasets(settings) == {"Secretive2026"}
    assert load_benchmark("Generous2026.V1-ridge", settings).stimuli


def content_of(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_another_data_sets_folder_and_bytes_that_differ_from_the_locked_ones_leave_all_as_it_was(
    arrays, settings, tmp_path
):
    assert not add_dataset(write(tmp_path / "lab", arrays), None, settings).faults
    before = content_of(settings.data_dir)
    same = write(tmp_path / "same", {**arrays, "rates": arrays["rates"] + 1}, name="Other2026")
    (same / "dataset.yaml").write_text(yaml.safe_dump({**card("Other2026"), "folder": "mylab2026"}))
    assert "is the folder of MyLab2026" in add_dataset(same, None, settings).faults[0].reason
    # The folder was deleted by hand, its checksums are locked.
    (settings.own_datasets / "MyLab2026").rename(tmp_path / "kept")
    changed = write(tmp_path / "changed", {**arrays, "rates": arrays["rates"] + 1})
    with pytest.raises(ChecksumError, match="--replace"):
        add_dataset(changed, None, settings)
    assert list(settings.own_datasets.iterdir()) == []
    (tmp_path / "kept").rename(settings.own_datasets / "MyLab2026")
    assert content_of(settings.data_dir) == before
    assert load_dataset("MyLab2026", settings).recording("V1").size


def test_a_data_set_is_replaced_as_a_whole_or_not_and_removed(arrays, settings, tmp_path, monkeypatch):
    monkeypatch.setenv("INNERSCORE_DATA_DIR", str(settings.data_dir))
    folder = write(tmp_path / "lab", arrays, licence="private")
    (folder / "x.benchmark.yaml").write_text(yaml.safe_dump(benchmark()))
    status, added = command("data", "add", str(folder))
    assert status == 0
    assert added["summary"] == [
        "region V1: 1 animal, 8 neuroids, 12 stimuli in 6 repetitions, 4 time bins, 8 of 8 neuroids reliable "
        "(split halves; median ceiling 0.99)"
    ]
    before = content_of(settings.own_datasets)
    newer = write(tmp_path / "newer", {**arrays, "rates": arrays["rates"] + 1})
    assert command("data", "add", str(newer))[0] == 3
    faulty = write(tmp_path / "faulty", {**arrays, "rates": -arrays["rates"]})
    assert command("data", "add", str(faulty), "--replace")[0] == 3
    assert content_of(settings.own_datasets) == before
    assert command("data", "add", str(newer), "--replace")[0] == 0
    replaced = load_dataset("MyLab2026", settings).recording("V1").values
    np.testing.assert_allclose(replaced, arrays["rates"].transpose(1, 0, 2) + 1)
    assert "MyLab2026.V1-ridge" not in benchmark_registry(settings).entries()
    with pytest.raises(InvalidInputError, match="of your own"):
        remove_dataset("Kriegeskorte2008", settings)
    assert command("data", "remove", "MyLab2026")[0] == 0
    with pytest.raises(UnknownNameError):
        remove_dataset("MyLab2026", settings)
    assert list(settings.own_datasets.iterdir()) == []
    # It was private once, and its records stay.
    assert withheld_datasets(settings) == {"MyLab2026"}
    assert command("data", "add", str(folder))[0] == 0


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"alignment": "space"}, "without 'bin_size_m'"),
        ({"alignment": "direction"}, "without 'direction_bins'"),
        ({"parameters": {"n_outer": 30}}, "The recording: 1 animal (8 cells of "),
        ({"layer_selection": {"holdout_every": 6}}, "The part of the recording that chooses the layer: "),
    ],
)
def test_a_benchmark_that_cannot_be_scored_is_refused_with_its_data_set(
    arrays, settings, tmp_path, changes, reason
):
    folder = write(tmp_path / "lab", arrays)
    (folder / "x.benchmark.yaml").write_text(yaml.safe_dump({**benchmark(), **changes}))
    faults = add_dataset(folder, None, settings).faults
    assert [fault for fault in faults if reason in fault.reason], faults
    assert not settings.own_datasets.exists() or list(settings.own_datasets.iterdir()) == []


def test_a_data_set_of_a_plugin_folder_that_is_not_named_today_does_not_leave(
    arrays, settings, tmp_path, monkeypatch
):
    """Scored with its folder in INNERSCORE_PLUGINS, exported by a shell that does not have it."""
    monkeypatch.setenv("INNERSCORE_DATA_DIR", str(settings.data_dir))
    folder = write(tmp_path / "plugin" / "set", arrays, name="Secretive2026", licence="private")
    (folder / "x.benchmark.yaml").write_text(yaml.safe_dump(benchmark("Secretive2026")))
    (settings.data_dir / "secretive2026").mkdir(parents=True)
    (folder / "data.npz").rename(settings.data_dir / "secretive2026" / "data.npz")
    monkeypatch.setenv("INNERSCORE_PLUGINS", str(tmp_path / "plugin"))
    _, scored = command("score", "pixels", "--benchmark", "Secretive2026.V1-ridge")
    private = scored["results"][0]
    assert private["state"] == "value"
    monkeypatch.delenv("INNERSCORE_PLUGINS")
    _, exported = command("board", "export", str(tmp_path / "site"))
    assert exported["withheld"] == ["Secretive2026"]
    content = {path: path.read_bytes() for path in (tmp_path / "site").rglob("*") if path.is_file()}
    traces = [b"Secretive", private["record_sha256"].encode(), private["score"]["targets_sha256"].encode()]
    assert [path for path, data in content.items() for trace in traces if trace in data] == []


@pytest.mark.parametrize(
    ("licence", "leaves"),
    [
        ("CC0-1.0", True),
        ("CC-BY-NC-SA-4.0", True),
        ("CC-BY-ND-4.0", False),
        ("private", False),
        ("MIT or ask us", False),
        ("cc-by", False),
    ],
)
def test_only_licences_that_are_known_to_allow_it_let_data_leave(licence, leaves):
    from types import SimpleNamespace

    assert may_leave(SimpleNamespace(licence=licence, sharing=None)) is leaves
    assert not may_leave(SimpleNamespace(licence=licence, sharing="nothing"))
    assert may_leave(SimpleNamespace(licence=licence, sharing="scores"))
