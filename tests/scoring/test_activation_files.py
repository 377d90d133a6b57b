"""Activations computed elsewhere: the same scores as here, and nothing but arrays of numbers gets in."""

import io
import json
import os
import pickle
import re
import struct
import zipfile
from pathlib import Path

import netCDF4
import numpy as np
import pytest
from typer.testing import CliRunner

import innerscore
from innerscore.benchmarks import load_benchmark
from innerscore.cli.app import app
from innerscore.core.errors import ActivationError, InvalidDataError
from innerscore.core.hashing import sha256_of_file
from innerscore.core.settings import Settings
from innerscore.core.stimuli import FrameClip, SelfMotion
from innerscore.scoring import activation_inputs, score_activations, stimulus_files
from innerscore.scoring.activation_file import read_activations
from innerscore.scoring.from_file import score_file

ROOT = Path(__file__).resolve().parents[2]
NAME = "SimulatedMEC.rsa"


@pytest.fixture(scope="module")
def benchmark(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    return load_benchmark(NAME, Settings(data_dir=folder / "d", cache_dir=folder / "c", offline=True))


@pytest.fixture(scope="module")
def elsewhere(benchmark):
    """Positions by stimulus, computed from the written files alone, as another program would."""
    files = dict(stimulus_files(benchmark))
    arrays = {}
    for row in json.loads(files["index.json"])["stimuli"]:
        shown = np.load(io.BytesIO(files[row["file"]]))
        steps = shown["velocity"] / shown["rate_hz"]
        arrays[row["stimulus"]] = shown["start_position"] + np.cumsum(steps, axis=0)
    return arrays


def write_npz(path, layers):
    np.savez(path, **layers)
    return path


def write_netcdf(path, layers):
    with netCDF4.Dataset(path, "w") as dataset:
        for key, values in layers.items():
            stimulus, layer = key.split("/")
            group = dataset.groups.get(stimulus) or dataset.createGroup(stimulus)
            dims = [f"{layer}-{axis}".replace("@", "-") for axis in range(values.ndim)]
            for dim, size in zip(dims, values.shape, strict=True):
                group.createDimension(dim, size)
            group.createVariable(layer, values.dtype, dims)[:] = values
    return path


WRITERS = {"npz": write_npz, "nc": write_netcdf}


def layers_of(arrays):
    return {f"{name}/xy": values for name, values in arrays.items()}


@pytest.mark.once
def test_what_was_computed_elsewhere_scores_as_it_does_here(benchmark, elsewhere, settings, tmp_path):
    path = write_npz(tmp_path / "My Model.npz", layers_of(elsewhere))
    outcome = score_activations(path, benchmark, settings)
    here = innerscore.score("position", NAME, settings=settings)
    assert outcome.record.score.raw.value == pytest.approx(here.score.raw.value, rel=1e-6)
    assert outcome.record.score.normalised.low == pytest.approx(here.score.normalised.low, rel=1e-6)
    assert outcome.record.inputs.candidate.bundle_sha256 == sha256_of_file(path)
    assert outcome.record.inputs.candidate.identifier == "my-model"
    assert outcome.record.inputs.stimuli_sha256 == here.inputs.stimuli_sha256
    assert activation_inputs(path, benchmark).run_sha256 == outcome.record.run_sha256
    write_npz(path, layers_of({name: 2 * values for name, values in elsewhere.items()}))
    assert activation_inputs(path, benchmark).run_sha256 != outcome.record.run_sha256


def test_a_file_that_changes_while_it_is_read_is_refused(benchmark, elsewhere, settings, tmp_path):
    path = write_npz(tmp_path / "a.npz", layers_of(elsewhere))
    inputs = activation_inputs(path, benchmark)

    def compute():
        write_npz(path, layers_of({name: 2 * values for name, values in elsewhere.items()}))
        return benchmark.ceiling

    with pytest.raises(InvalidDataError, match="changed meanwhile"):
        score_file(path, inputs, compute, settings, supersedes=None)


def test_both_formats_give_the_same_numbers(benchmark, elsewhere, tmp_path):
    found = [
        read_activations(write(tmp_path / f"a.{suffix}", layers_of(elsewhere)), benchmark.stimuli)
        for suffix, write in WRITERS.items()
    ]
    for name, values in elsewhere.items():
        for layers in found:
            np.testing.assert_array_equal(layers[name]["xy"].values, values.astype(np.float32))


def test_the_written_stimuli_are_the_stimuli(benchmark, settings):
    """Built again from the files, each has the hash of what candidates see."""
    pong = load_benchmark("SimulatedDMFC.occluded-ridge", settings)
    for kind, chosen in ((SelfMotion, benchmark), (FrameClip, pong)):
        files = dict(stimulus_files(chosen))
        for row, stimulus in zip(
            json.loads(files["index.json"])["stimuli"][:3], chosen.stimuli, strict=False
        ):
            arrays = dict(np.load(io.BytesIO(files[row["file"]])))
            np.testing.assert_allclose(arrays.pop("times_ms"), stimulus.times_ms)
            numbers = {key: value.item() if value.ndim == 0 else value for key, value in arrays.items()}
            if "arena_m" in numbers:
                numbers["arena_m"] = tuple(numbers["arena_m"].tolist())
            again = kind(row["stimulus"], **numbers)
            assert again.content_hash == row["content_sha256"] == stimulus.content_hash


@pytest.mark.parametrize("suffix", WRITERS)
def test_layers_may_have_times_of_their_own_and_files_further_stimuli(benchmark, elsewhere, tmp_path, suffix):
    layers = layers_of(elsewhere)
    first = next(iter(elsewhere))
    layers[f"{first}/xy"] = elsewhere[first][:5]
    layers[f"{first}/xy@times_ms"] = np.array([0.0, 10.0, 20.0, 30.0, 45.0])
    layers["another-benchmark-s/xy"] = np.ones((2, 2))
    found = read_activations(WRITERS[suffix](tmp_path / f"a.{suffix}", layers), benchmark.stimuli)
    assert set(found) == set(elsewhere)
    assert found[first]["xy"].times_ms.tolist() == [0.0, 10.0, 20.0, 30.0, 45.0]


def spoilt(elsewhere, change):
    layers, first = layers_of(elsewhere), f"{next(iter(elsewhere))}/xy"
    change(layers, first)
    return layers


FAULTS = {
    "NaN": (lambda layers, key: layers.update({key: layers[key] * np.nan}), "NaN or infinite"),
    "short": (lambda layers, key: layers.update({key: layers[key][:-1]}), "a row for each step"),
    "flat": (lambda layers, key: layers.update({key: layers[key][:, 0]}), "a row for each step"),
    "missing": (lambda layers, key: layers.pop(key), "nothing for"),
    "another layer": (lambda layers, key: layers.update({f"{key}2": layers[key]}), "same layers"),
    "units": (lambda layers, key: layers.update({key: layers[key][:, :1]}), "same units"),
    "bad times": (
        lambda layers, key: layers.update({f"{key}@times_ms": np.zeros(len(layers[key]))}),
        "increasing",
    ),
}


@pytest.mark.parametrize("suffix", WRITERS)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_file_that_is_not_as_it_must_be_is_refused(benchmark, elsewhere, settings, tmp_path, fault, suffix):
    change, message = FAULTS[fault]
    path = WRITERS[suffix](tmp_path / f"a.{suffix}", spoilt(elsewhere, change))
    with pytest.raises(InvalidDataError, match=message):
        score_activations(path, benchmark, settings)


def test_a_value_that_was_never_written_is_no_number(benchmark, elsewhere, tmp_path):
    path = write_netcdf(tmp_path / "a.nc", layers_of(elsewhere))
    with netCDF4.Dataset(path, "a") as dataset:
        variable = dataset.groups[next(iter(elsewhere))].variables["xy"]
        variable[0, 0] = netCDF4.default_fillvals["f8"]
    with pytest.raises(ActivationError, match=r"1 of .* entries masked"):
        read_activations(path, benchmark.stimuli)


class Hostile:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def member(name, body):
    def write(path):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(name, body)

    return write


def header_of(n_bytes):
    """A header of version 2 that says how long it is itself."""
    body = f"{{'descr': '<f8', 'fortran_order': False, 'shape': (1, 1), {' ' * n_bytes}}}".encode()
    return b"\x93NUMPY\x02\x00" + struct.pack("<I", len(body)) + body


def header(shape, dtype="<f8", rest=b""):
    body = io.BytesIO()
    np.lib.format.write_array_header_1_0(body, {"descr": dtype, "fortran_order": False, "shape": shape})
    return body.getvalue() + rest


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (header((10**9, 10**3)), "whole"),  # a header that promises 8 TB
        (header((4, 2), "<c16", bytes(128)), "real numbers"),
        (header((4, 2), "<U4", bytes(128)), "real numbers"),
        (header((4, 2), "|O", b"x"), "real numbers"),
        (header((4, -2), rest=bytes(64)), r"shape \(4, -2\)"),
        (header((4, True), rest=bytes(64)), r"shape \(4, True\)"),
        (header_of(20_000), "header of 20"),
        (b"\x93NUMPY\x02\x00\xff\xff\xff\xff", "header of 4294967295"),
        (b"\x93NUMPY\x01\x00\x10\x27" + b"(" * 10_000, "whole .npz"),
        (b"\x93NUMPY\x01\x00", "whole .npz"),
        (b"\x93NUMPY\x03\x00" + bytes(8), "whole .npz"),
        (b"no numbers at all", "whole .npz"),
        (b"", "whole .npz"),
    ],
)
def test_hostile_members_are_refused_before_they_are_read(benchmark, tmp_path, body, message):
    path = tmp_path / "a.npz"
    member("stimulus/xy.npy", body)(path)
    with pytest.raises(InvalidDataError, match=message):
        read_activations(path, benchmark.stimuli)


@pytest.mark.parametrize("name", ["xy.npy", "a/b c.npy", "a/xy.txt", "a/" + "l" * 81 + ".npy", "a/\n/xy.npy"])
def test_illegal_names_are_refused(benchmark, tmp_path, name):
    member(name, header((1, 1), rest=bytes(8)))(tmp_path / "a.npz")
    with pytest.raises(InvalidDataError):
        read_activations(tmp_path / "a.npz", benchmark.stimuli)


def test_nothing_is_unpickled(benchmark, tmp_path):
    trap = tmp_path / "sprung"
    with (tmp_path / "a.npz").open("wb") as file:
        np.savez(file, **{"a/xy": np.array([[Hostile(trap)]], dtype=object)})
    (tmp_path / "b.npz").write_bytes(pickle.dumps(Hostile(trap)))
    for name in ("a.npz", "b.npz"):
        with pytest.raises(InvalidDataError):
            read_activations(tmp_path / name, benchmark.stimuli)
    assert not trap.exists()


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_stands_twice_a_cut_file_a_link_and_too_large_a_file_are_refused(
    benchmark, elsewhere, settings, tmp_path
):
    good = write_npz(tmp_path / "a.npz", layers_of(elsewhere))
    with pytest.raises(InvalidDataError, match="GiB"):
        read_activations(good, benchmark.stimuli, max_bytes=1000)
    with zipfile.ZipFile(tmp_path / "twice.npz", "w") as archive:
        archive.writestr("a/xy.npy", header((1, 1), rest=bytes(8)))
        archive.writestr("a/xy.npy", header((1, 1), rest=bytes(8)))
    (tmp_path / "cut.npz").write_bytes(good.read_bytes()[:-200])
    (tmp_path / "cut.nc").write_bytes(b"\x89HDF\r\n\x1a\nnothing")
    (tmp_path / "link.npz").symlink_to(good)
    (tmp_path / "folder.npz").mkdir()
    for name in ("twice.npz", "cut.npz", "cut.nc", "link.npz", "folder.npz", "absent.npz"):
        with pytest.raises(InvalidDataError):
            score_activations(tmp_path / name, benchmark, settings)


@pytest.mark.once
def test_the_guide_leads_from_stimuli_to_a_score_known_by_the_files_bytes(tmp_path, monkeypatch):
    """The guide's own code is the model that runs elsewhere."""
    monkeypatch.chdir(tmp_path)
    run, guide = CliRunner(), (ROOT / "docs" / "submitting.md").read_text()
    commands = re.search(r"innerscore (export-stimuli .*)\ninnerscore (score .*)\n", guide)
    stimuli, score = (line.split() for line in commands.groups())
    assert run.invoke(app, stimuli).exit_code == 0
    assert run.invoke(app, stimuli).exception.exit_code == 3  # nothing is overwritten
    exec(re.search(r"```python\n(import json.*?)```", guide, flags=re.S)[1], {})
    assert run.invoke(app, score[:2]).exception.exit_code == 3  # no benchmark named
    results = [json.loads(run.invoke(app, [*score, "--json"]).stdout)["results"][0] for _ in range(2)]
    assert [(result["candidate"], result["reused"]) for result in results] == [
        ("my-model", False),
        ("my-model", True),
    ]
    assert 0.3 < results[0]["score"]["normalised"]["value"] < 0.7  # as the built-in "position"
