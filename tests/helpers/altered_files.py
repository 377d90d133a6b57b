"""Files of everything that innerscore reads, altered at random: each is read as checked values or refused by name.

A `Form` is one kind of file: a whole one, and what reads it. Reading an altered one ends well or in an
`InnerscoreError`; nothing else may come out, and nothing of a refused data set may stay.
"""

import datetime
import io
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import netCDF4
import numpy as np
import pandas as pd
import pynwb
import torch
import yaml
from array_files import WRITERS
from candidate_folder import write_candidate

from innerscore.benchmarks.behaviour import BehaviouralBenchmark
from innerscore.candidates.weights import read_weights, write_weights
from innerscore.checking import add_dataset, remove_dataset
from innerscore.core.bundles import pack_folder, read_bundle
from innerscore.core.cards import BenchmarkCard, CandidateCard, DatasetCard, card_of
from innerscore.core.errors import InnerscoreError
from innerscore.core.settings import Settings
from innerscore.core.stimuli import SelfMotion, StimulusSet
from innerscore.data_registry import load_dataset
from innerscore.scoring.activation_file import read_activations

#: Forms whose files are read in a process of their own first, which takes most of a second.
SLOW = ("trials", "walk", "nwb", "activations.nc")

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Form:
    """A kind of file: one without a fault, and a function of bytes and an empty folder that reads and says how."""

    whole: bytes
    read: Callable[[bytes, Path], str | None]


def outcome(form: Form, data: bytes, folder: Path) -> str:
    """``"read"``, ``"faults"``, or the name of the error that refused the file; other exceptions come through."""
    try:
        return form.read(data, folder) or "read"
    except InnerscoreError as error:
        str(error)
        return type(error).__name__


def altered(data: bytes, rng: np.random.Generator) -> bytes:
    """The bytes after one to three alterations; of a zip often those of a member, under a directory that fits."""
    for _ in range(rng.integers(1, 4)):
        if data[:2] == b"PK" and rng.random() < 0.7:
            data = _altered_member(data, rng)
        else:
            data = _ALTERATIONS[rng.integers(len(_ALTERATIONS))](data, rng)
    return data


def _altered_member(data: bytes, rng: np.random.Generator) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, RuntimeError, EOFError, zlib.error):
        return data
    if not members:
        return data
    name = sorted(members)[rng.integers(len(members))]
    members[name] = altered(members[name], rng)
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    return body.getvalue()


def _place(data: bytes, rng: np.random.Generator, most: int = 64) -> tuple[int, int]:
    """A span; headers are short and matter most, so half of all begin in the first kilobyte."""
    first = int(rng.integers(min(len(data), 1024) if rng.random() < 0.5 else len(data))) if data else 0
    return first, min(first + int(rng.integers(1, most + 1)), len(data))


def _other_bits(data: bytes, rng: np.random.Generator) -> bytes:
    if not data:
        return data
    new = bytearray(data)
    for _ in range(rng.integers(1, 9)):
        new[_place(data, rng)[0]] ^= 1 << int(rng.integers(8))
    return bytes(new)


def _cut(data: bytes, rng: np.random.Generator) -> bytes:
    return data[: int(rng.integers(len(data) + 1))]


def _overwritten(data: bytes, rng: np.random.Generator) -> bytes:
    first, last = _place(data, rng)
    filling = [b"\0", b"\xff", b" ", b"9", bytes(rng.integers(256, size=1, dtype=np.uint8))]
    return data[:first] + filling[rng.integers(len(filling))] * (last - first) + data[last:]


def _extreme_number(data: bytes, rng: np.random.Generator) -> bytes:
    first = _place(data, rng)[0] // 4 * 4
    extremes = (0, 1, -1, 2**31 - 1, -(2**31), 2**40, 2**63 - 1, -(2**63))
    number = extremes[rng.integers(len(extremes))].to_bytes(8, "little", signed=True)
    number = number[: 4 if rng.random() < 0.5 else 8]
    return data[:first] + number + data[first + len(number) :]


def _without_a_span(data: bytes, rng: np.random.Generator) -> bytes:
    first, last = _place(data, rng)
    return data[:first] + data[last:]


def _twice_a_span(data: bytes, rng: np.random.Generator) -> bytes:
    first, last = _place(data, rng, 512)
    return data[:last] + data[first:last] + data[last:]


def _other_words(data: bytes, rng: np.random.Generator) -> bytes:
    """A line twice, away, or with another value: what people and programs do to text."""
    lines = data.split(b"\n")
    number = int(rng.integers(len(lines)))
    key, colon, _ = lines[number].partition(b":")
    line = lines[number] if rng.random() < 0.3 else key + colon + b" " + _WORDS[rng.integers(len(_WORDS))]
    return b"\n".join(lines[:number] + [line] * int(rng.integers(3)) + lines[number + 1 :])


_WORDS = rb"""nan -1 1e999 '' [] {} ~ true !!python/object:os.system &a_[*a,*a] 99999999999999999999 {a:1,a:2}
../../etc/passwd \xff 0x 2026-01-01""".split()
_ALTERATIONS = (
    _other_bits,
    _cut,
    _overwritten,
    _extreme_number,
    _without_a_span,
    _twice_a_span,
    _other_words,
)


def forms() -> Mapping[str, Form]:
    """All kinds of files, by name."""
    return {
        **{f"trials{ending}": _data_form(ending, _TRIALS) for ending in WRITERS},
        **{f"walk{ending}": _data_form(ending, _WALK) for ending in WRITERS},
        "nwb": _data_form(".nwb", _NWB, whole=_nwb()),
        **{f"card of a {name}": _card_form(path.read_bytes(), kind) for name, (path, kind) in _CARDS.items()},
        "card of a benchmark": _card_form(_BENCHMARK.encode(), BenchmarkCard),
        "bundle": Form(_bundle(), lambda data, folder: _quietly(str(read_bundle(data)))),
        "table": Form(_table(), lambda data, folder: _quietly(str(BehaviouralBenchmark.table.read(data)))),
        "activations.npz": _activation_form(".npz"),
        "activations.nc": _activation_form(".nc"),
        "weights": Form(_weights(), _read_weights),
    }


@dataclass(frozen=True)
class _Kind:
    """Arrays of a data set and the card that reads them."""

    arrays: Mapping[str, np.ndarray]
    entry: str
    options: Mapping[str, object]


def _data_form(ending: str, kind: _Kind, whole: bytes | None = None) -> Form:
    card = {
        "identifier": "Altered2026",
        "title": "Altered",
        "description": "Files that a test altered.",
        "licence": "MIT",
        "citation": "@misc{altered}",
        "entry": f"innerscore.data_registry.{kind.entry}",
        "simulated": False,
        "species": "Rattus norvegicus",
        "regions": ["MEC"],
        "folder": "altered2026",
        "options": dict(kind.options),
    }

    def read(data: bytes, folder: Path) -> str:
        lab, settings = folder / "lab", Settings(data_dir=folder / "d", cache_dir=folder / "c", offline=True)
        lab.mkdir()
        (lab / f"data{ending}").write_bytes(data)
        (lab / "dataset.yaml").write_text(yaml.safe_dump(card))
        kept = False
        try:
            kept = not add_dataset(lab, None, settings).faults
        finally:
            if not kept and (left := _content(settings.data_dir)):
                raise AssertionError(f"kept of what was refused: {left}")
        if not kept:
            return "faults"
        str(load_dataset("Altered2026", settings).recording("MEC"))
        remove_dataset("Altered2026", settings)
        return "read"

    return Form(whole or _made(f"data{ending}", lambda path: WRITERS[ending](path, kind.arrays)), read)


def _content(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file() and not path.name.endswith(".lock")]


def _made(name: str, write: Callable[[Path], object]) -> bytes:
    """The bytes that a function writes under a name."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        write(path)
        return path.read_bytes()


def _trial_arrays() -> dict[str, np.ndarray]:
    rng, names = np.random.default_rng(0), np.array(["a", "b", "c", "d"])
    signal = rng.uniform(5, 40, (4, 6, 3))
    rates = np.abs(np.tile(signal, (4, 1, 1)) + rng.normal(0, 2, (16, 6, 3)))
    frames = rng.integers(0, 256, (4, 4, 4, 4, 3), dtype=np.uint8)
    edges = 0.05 * np.arange(4)
    arrays = {"rates": rates, "shown": np.tile(names, 4), "names": names, "frames": frames}
    return arrays | {"start": edges[:-1], "end": edges[1:]}


_TRIALS = _Kind(
    _trial_arrays(),
    "declared_trials:trials",
    {
        "rate_hz": 20,
        "degrees_per_pixel": 0.5,
        "fields": {
            "responses": {"name": "rates", "axes": ["presentation", "neuroid", "time_bin"]},
            "stimulus": "shown",
            "stimulus_id": "names",
            "frames": {"name": "frames", "axes": ["stimulus", "time", "height", "width", "colour"]},
            "region": {"value": "MEC"},
            "animal": {"value": "rat"},
            "time_bin_start_ms": {"name": "start", "scale": 1000},
            "time_bin_end_ms": {"name": "end", "scale": 1000},
        },
    },
)


def _walk_arrays() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    times = np.arange(0, 60, 0.04)
    positions = 0.5 + 0.4 * np.stack([np.sin(times), np.sin(1.3 * times)], axis=1)
    rates = 20 * np.exp(-((positions[:, None] - rng.uniform(0.2, 0.8, (5, 2))) ** 2).sum(-1) / 0.02)
    spikes = rng.random(rates.shape) < rates * 0.04
    when, unit = np.nonzero(spikes)
    return {"t": times, "xy": positions, "spikes": times[when] + 0.01, "unit": unit}


_SPACE = {"arena_m": [1.0, 1.0], "corner_m": [0.0, 0.0], "maps": {"bin_m": 0.1, "min_coverage": 0.1}}
_WALK = _Kind(
    _walk_arrays(),
    "declared_sessions:sessions",
    {
        **_SPACE,
        "fields": {
            "times": "t",
            "positions": "xy",
            "spike_times": "spikes",
            "spike_unit": "unit",
            "animal": {"value": "rat"},
        },
    },
)
_NWB = _Kind({}, "nwb:nwb_dataset", {**_SPACE, "metres_per_unit": 1.0})


def _nwb() -> bytes:
    walk = _walk_arrays()
    start = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    file = pynwb.NWBFile("A walk.", "altered", start, subject=pynwb.file.Subject(subject_id="rat"))
    position = pynwb.behavior.Position(name="Position")
    position.create_spatial_series(
        name="xy", data=walk["xy"], timestamps=walk["t"], unit="m", reference_frame="box"
    )
    file.create_processing_module("behavior", "Behaviour.").add(position)
    for unit in range(5):
        file.add_unit(spike_times=np.sort(walk["spikes"][walk["unit"] == unit]))

    def write(path: Path) -> None:
        with pynwb.NWBHDF5IO(path, "w") as target:
            target.write(file)

    return _made("data.nwb", write)


_CARDS = {
    "candidate": (ROOT / "candidates" / "zoo" / "ball-visible.candidate.yaml", CandidateCard),
    "data set": (ROOT / "data_registry" / "sargolini2006" / "dataset.yaml", DatasetCard),
}

_BENCHMARK = """
identifier: MyLab2026.V1-ridge
title: Ridge
description: A benchmark that a test made for itself.
licence: MIT
citation: "@misc{mylab}"
system: Test
dataset: MyLab2026
task: Looking at clips of random pixels.
region: V1
alignment: time
metric: ridge
parameters: {n_outer: 3, n_inner: 2}
ceiling: Split halves of the repetitions.
layer_selection: {holdout_every: 5}
"""


def _card_form(whole: bytes, kind: type) -> Form:
    return Form(whole, lambda data, folder: _quietly(str(card_of(data, "the card", kind))))


def _bundle() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        made = write_candidate(Path(folder) / "mine", "class Model:\n    pass\n")
        (made / "weights.safetensors").write_bytes(_weights())
        return pack_folder(made)


def _table() -> bytes:
    rows = [f"stimulus-{k},{k / 20:.2f}" for k in range(20)]
    return "\n".join(["stimulus,probability", *rows]).encode()


def _quietly(_text: str) -> None:
    """Nothing to say of what was read, but that it can be shown."""


def _walks() -> StimulusSet:
    velocity, start = np.full((6, 2), 0.1), np.zeros(2)
    walks = tuple(SelfMotion(name, velocity, 10.0, start, (1.0, 1.0)) for name in ("one", "two"))
    return StimulusSet("altered", walks, pd.DataFrame({"stimulus_id": ["one", "two"]}))


def _activation_form(ending: str) -> Form:
    stimuli = _walks()
    layers = {name: np.random.default_rng(0).normal(size=(6, 3)) for name in ("a", "b")}

    def write(path: Path) -> None:
        if ending == ".npz":
            named = {
                f"{walk.identifier}/{layer}": values for walk in stimuli for layer, values in layers.items()
            }
            np.savez(path, **named)
            return
        with netCDF4.Dataset(path, "w") as file:
            for walk in stimuli:
                group = file.createGroup(walk.identifier)
                for layer, values in layers.items():
                    names = [f"{layer}_time", f"{layer}_unit"]
                    for name, size in zip(names, values.shape, strict=True):
                        group.createDimension(name, size)
                    group.createVariable(layer, values.dtype, names)[...] = values

    def read(data: bytes, folder: Path) -> None:
        path = folder / f"model{ending}"
        path.write_bytes(data)
        str(read_activations(path, stimuli))

    return Form(_made(f"model{ending}", write), read)


def _weights() -> bytes:
    tensors = {"a": torch.arange(6.0).reshape(2, 3), "b": torch.zeros(4)}
    return _made("weights.safetensors", lambda path: write_weights(path, tensors, metadata={"k": "1"}))


def _read_weights(data: bytes, folder: Path) -> None:
    path = folder / "weights.safetensors"
    path.write_bytes(data)
    str(read_weights(path))
