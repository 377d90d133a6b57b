"""Data sets that ``innerscore init`` declares on a card alone: with files as the card says, they can be added."""

import io
import zipfile

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat
from typer.testing import CliRunner

from innerscore.benchmarks import load_benchmark
from innerscore.checking import add_dataset
from innerscore.cli.app import app
from innerscore.tasks.self_motion import ornstein_uhlenbeck_paths

RNG = np.random.default_rng(0)


def put_images(folder):
    signal = RNG.uniform(1, 20, (8, 40, 1))
    counts = RNG.poisson(signal, (8, 40, 6)).astype(float)
    counts[:, ::7, 5] = np.nan
    np.savez(folder / "data.npz", counts=counts)
    with zipfile.ZipFile(folder / "images.zip", "w") as archive:
        for number in range(40):
            body = io.BytesIO()
            Image.fromarray(RNG.integers(0, 256, (8, 8, 3), dtype=np.uint8)).save(body, "PNG")
            archive.writestr(f"picture{number + 1}.png", body.getvalue())


def put_walks(folder):
    for number, path in enumerate(ornstein_uhlenbeck_paths(2, 1200.0, rate_hz=25.0, seed=1)):
        centres = np.random.default_rng(5).uniform(0.1, 0.9, (8, 2))
        rates = 15 * np.exp(-((path[:, None] - centres) ** 2).sum(-1) / 0.03) + 0.5
        times = np.arange(len(path)) / 25
        spikes = {f"spikes_{k}": times[RNG.random(len(path)) < rate / 25] for k, rate in enumerate(rates.T)}
        content = {"t": times, "x": path[:, 0] * 100, "y": path[:, 1] * 100, "rat": f"rat-{number + 1}"}
        savemat(folder / f"day{number + 1}.mat", {**content, **spikes})


def put_events(folder):
    onsets, shown = 2.0 + np.arange(160), np.tile(np.arange(20), 8) + 1
    signal = RNG.uniform(5, 60, (20, 6, 10))
    spikes, unit = [], []
    for onset, clip in zip(onsets, shown, strict=True):
        for cell, rates in enumerate(signal[clip - 1]):
            begins = np.repeat(onset + 0.05 * np.arange(10), RNG.poisson(rates * 0.05))
            spikes.append(begins + RNG.uniform(0, 0.05, len(begins)))
            unit.append(np.full(len(begins), cell + 1.0))
    content = {
        "spikes": np.concatenate(spikes),
        "unit": np.concatenate(unit),
        "onsets": onsets,
        "shown": shown,
    }
    savemat(
        folder / "data.mat", {**content, "frames": RNG.integers(0, 256, (20, 30, 6, 6, 3), dtype=np.uint8)}
    )


@pytest.mark.parametrize(
    ("option", "put", "region", "read"),
    [
        ("--images", put_images, "V4", "8 neuroids, 40 stimuli in 5 repetitions"),
        ("--walks", put_walks, "MEC", "2 animals, 16 neuroids"),
        ("--events", put_events, "DMFC", "6 neuroids, 20 stimuli in 8 repetitions, 10 time bins"),
    ],
)
def test_what_init_declares_takes_files_as_its_card_says(option, put, region, read, tmp_path, settings):
    folder = tmp_path / "MyLab2026"
    done = CliRunner().invoke(app, ["init", str(folder), option])
    assert done.exit_code == 0, done.output
    assert f"'innerscore data add {folder}'" in done.output
    put(folder)
    added = add_dataset(folder, None, settings)
    assert added.faults == ()
    assert read in added.summary[0]
    assert load_benchmark(f"MyLab2026.{region}-ridge", settings).ceiling > 0.5
