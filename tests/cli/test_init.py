"""``innerscore init``: what it writes works as it is, and it overwrites nothing."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from scipy.io import savemat
from typer.testing import CliRunner

import innerscore
from innerscore.cli.app import app
from innerscore.core.settings import Settings
from innerscore.data_registry import load_dataset
from innerscore.scaffold import benchmark_facts

ROOT = Path(__file__).resolve().parents[2]

KINDS = {
    "my-model": [],
    "my-torch": ["--torch"],
    "my-video": ["--video"],
    "MyLab2026": ["--dataset"],
    "SimulatedMEC.my-ridge": ["--benchmark"],
}


def init(folder, *options):
    return CliRunner().invoke(app, ["init", str(folder), *options])


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """One folder of each kind."""
    root = tmp_path_factory.mktemp("begun")
    for name, options in KINDS.items():
        result = init(root / name, *options)
        assert result.exit_code == 0, result.output
    return root


def test_the_own_tests_of_all_folders_pass(folders):
    command = [sys.executable, "-m", "pytest", "-q", "--import-mode=importlib", "-p", "no:cacheprovider", "."]
    result = subprocess.run(command, cwd=folders, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout
    assert "13 passed, 1 skipped" in result.stdout  # the recordings of the lab are not there yet


def test_the_tests_of_a_data_set_pass_with_the_loader_of_the_docs_in_its_place(tmp_path, settings):
    """The reader of a MATLAB file of a walk, as it stands in the guide."""
    assert init(tmp_path / "MyRats2026", "--dataset").exit_code == 0
    folder, guide = tmp_path / "MyRats2026", (ROOT / "docs" / "adding-a-data-set.md").read_text()
    reader = next(block for block in guide.split("```python\n") if "def my_rats" in block).partition("```")[0]
    (folder / "loader.py").write_text(reader)
    card = yaml.safe_load((folder / "dataset.yaml").read_text())
    card |= {"entry": "loader.py:my_rats", "options": {"arena_m": [1.0, 1.0], "maps": {"min_coverage": 0.1}}}
    card["files"] = [{"name": "walk.mat", "url": "https://example.org/walk.mat"}]
    (folder / "dataset.yaml").write_text(yaml.safe_dump(card))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(folder)]
    without = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert (without.returncode, "3 skipped" in without.stdout) == (0, True), without.stdout
    (settings.data_dir / card["folder"]).mkdir(parents=True)
    times = np.arange(0, 600, 0.1)
    xy = 50 + 49 * np.stack([np.sin(times / 7), np.cos(times / 3)], axis=1)
    cells = np.empty(2, dtype=object)
    cells[:] = [times[::3], times[::5]]
    savemat(settings.data_dir / card["folder"] / "walk.mat", {"t": times, "xy": xy, "spikes": cells})
    found = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert (found.returncode, "1 passed, 2 skipped" in found.stdout) == (0, True), found.stdout


def record_brightness(folder, n_stimuli=32, n_repetitions=4, n_neuroids=12):
    """Recordings of neurons that follow the brightness of two parts of the picture, with noise."""
    rng = np.random.default_rng(0)
    light = rng.uniform(30, 220, (n_stimuli, 4, 2))  # stimulus, 50 ms bin, half of the picture
    (folder / "stimuli").mkdir()
    names = [f"clip-{k:02d}" for k in range(n_stimuli)]
    for name, values in zip(names, light, strict=True):
        frames = np.repeat(np.repeat(values, 3, axis=0), 8, axis=1)[:, None, :, None]
        np.save(folder / "stimuli" / f"{name}.npy", np.broadcast_to(frames, (12, 16, 16, 3)).astype(np.uint8))
    rates = np.tile(light @ rng.uniform(0, 0.2, (2, n_neuroids)), (n_repetitions, 1, 1)).transpose(0, 2, 1)
    np.savez(
        folder / "recording.npz",
        rates=rates + rng.normal(0, 3, rates.shape),
        stimulus=np.tile(names, n_repetitions),
        repetition=np.repeat(np.arange(n_repetitions), n_stimuli),
        neuroid=np.array([f"unit-{k}" for k in range(n_neuroids)]),
        animal=np.repeat("a", n_neuroids),
        region=np.repeat("V1", n_neuroids),
        start_ms=50.0 * np.arange(4),
        end_ms=50.0 * np.arange(1, 5),
    )


def test_a_begun_data_set_with_recordings_and_a_begun_benchmark_rank_models(folders, tmp_path, monkeypatch):
    lab = tmp_path / "lab"
    monkeypatch.setenv("INNERSCORE_PLUGINS", str(lab))
    assert init(lab / "OurLab2026", "--dataset").exit_code == 0
    record_brightness(lab / "OurLab2026")
    assert init(lab / "OurLab2026.V1-ridge", "--benchmark").exit_code == 0
    good = innerscore.score(str(folders / "my-model"), "OurLab2026.V1-ridge")
    assert good.score.normalised.value > 0.9
    assert not good.inputs.data.simulated
    assert good.score.layer == "brightness"
    random = innerscore.score(str(folders / "my-torch"), "OurLab2026.V1-ridge")
    assert set(random.score.layer_scores) == {"early", "late"}
    # Brightness can be read out of a random network; with the noise of its map taken away it is as good.
    assert random.score.raw.value < good.score.raw.value


def test_what_is_there_stays_as_it_is(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "work.py").write_text("years")
    (tmp_path / "file").write_text("of work")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for name in ("mine", "file", "link"):
        result = init(tmp_path / name)
        assert result.exception.exit_code == 3
        assert "nothing was changed" in str(result.exception)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "link", "mine"]
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["work.py"]


@pytest.mark.parametrize(
    ("name", "option"),
    [
        ("My_model", "--torch"),
        ("m" * 61, "--torch"),
        ("my-model\n", "--torch"),
        ("pixels", "--torch"),
        ("mylab", "--dataset"),
        ("SimulatedMEC", "--dataset"),
        ("SimulatedMEC", "--benchmark"),
        ("SimulatedMEC.rsa", "--benchmark"),
        ("Nobody2026.rsa", "--benchmark"),
    ],
)
def test_names_are_checked_and_nothing_is_written(tmp_path, name, option):
    result = init(tmp_path / name, option)
    assert result.exception.exit_code in (3, 5)
    assert not list(tmp_path.iterdir())


def test_two_kinds_at_once_are_wrong_usage(tmp_path):
    assert init(tmp_path / "both", "--torch", "--dataset").exit_code == 2
    assert not list(tmp_path.iterdir())


def test_json_names_the_files(tmp_path):
    content = json.loads(init(tmp_path / "a-model", "--json").stdout)
    assert sorted(path.name for path in (tmp_path / "a-model").iterdir()) == content["files"]


def test_a_simulated_data_set_says_so(tmp_path):
    assert init(tmp_path / "SimulatedRats", "--dataset").exit_code == 0
    card = yaml.safe_load((tmp_path / "SimulatedRats" / "dataset.yaml").read_text())
    assert card["simulated"] is True
    assert "SIMULATED" in card["title"]


@pytest.mark.parametrize(
    ("dataset", "comparison"),
    [("SimulatedMEC", ("space", "ridge")), ("Kriegeskorte2008", ("image", "rsa-dissimilarities"))],
)
def test_alignment_and_measure_follow_from_the_data(mirror, tmp_path, dataset, comparison):
    settings = Settings(data_dir=tmp_path / "d", cache_dir=tmp_path / "c", mirror=mirror, offline=True)
    facts = benchmark_facts(f"{dataset}.mine", load_dataset(dataset, settings))
    assert (facts["alignment"], facts["metric"]) == comparison
