"""The examples of the guide work as they stand, and recordings of space go through a benchmark whole."""

import re
from pathlib import Path

import numpy as np
import pytest
import scipy.io
import space_files as written
import yaml

from innerscore.benchmarks import load_benchmark
from innerscore.candidates import load_candidate
from innerscore.core.cards import DatasetCard
from innerscore.core.labelled import coordinate
from innerscore.data_registry import load_dataset
from innerscore.data_registry.nwb import NwbOptions
from innerscore.data_registry.spatial_dataset import read_options

GUIDE = (Path(__file__).resolve().parents[3] / "docs" / "adding-a-data-set.md").read_text()
SECTION = GUIDE[GUIDE.index("## 4. Sessions") :]


def example(language):
    return re.search(rf"```{language}\n(.*?)```", SECTION, re.DOTALL)[1]


def test_the_guides_card_is_valid_with_all_its_options():
    card = DatasetCard.model_validate(yaml.safe_load(example("yaml")))
    options = read_options(card, NwbOptions)
    assert options.interval.where == {"task": "foraging"}
    assert options.maps.min_coverage == 0.9


def test_the_guides_reader_reads(settings, tmp_path):
    card = yaml.safe_load(example("yaml")) | {"entry": "reader.py:my_rats"}
    card["options"] = {"arena_m": [1.0, 1.0], "maps": {"smoothing_m": 0.05}}
    card["files"] = [{"name": "one.mat", "url": "https://example.org/one.mat"}]
    (tmp_path / "dataset.yaml").write_text(yaml.safe_dump(card))
    (tmp_path / "reader.py").write_text(example("python"))
    folder = settings.data_dir / "somebody2024"
    folder.mkdir(parents=True)
    spikes = np.array(list(written.spikes(0).values()), dtype=object)
    content = {"t": written.TIMES, "xy": written.in_cm(0), "spikes": spikes}
    scipy.io.savemat(folder / "one.mat", content)
    data = load_dataset("Somebody2024", settings.model_copy(update={"plugins": (tmp_path,)}))
    maps = data.recording("MEC")
    assert list(coordinate(maps, "neuroid_id")) == ["rat-1-cell-0", "rat-1-cell-1", "rat-1-cell-2"]
    values = np.nan_to_num(maps.values.reshape(2, 400, 3).mean(axis=0))
    peak = values[:, 0].argmax()
    where = (coordinate(maps, "bin_x_m")[peak], coordinate(maps, "bin_y_m")[peak])
    assert np.hypot(*np.subtract(where, written.CENTRES["t1c1"])) < 0.12


CARD = {
    "identifier": "Sargolini2006.MEC-example",
    "title": "Rate maps of rats",
    "description": "Ridge predictivity over 5 cm bins of the files at hand.",
    "licence": "MIT",
    "citation": "@misc{x}",
    "system": "Space / entorhinal cortex",
    "dataset": "Sargolini2006",
    "task": "Foraging in a box of 1 m.",
    "region": "MEC",
    "alignment": "space",
    "metric": "ridge",
    "parameters": {"n_outer": 4, "n_inner": 3, "n_splits": 2, "n_boot": 50, "min_reliability": 0.1},
    "ceiling": "Split-half reliability over the halves of a session.",
    "commitment": {"every": 5},
}


def test_place_cells_beat_velocity_on_recorded_place_cells(settings, tmp_path):
    """Recordings of three sessions and two rats, pooled, through alignment, commitment, measure and ceiling."""
    for session in range(written.N_SESSIONS):
        written.write_a_file_a_session(settings.data_dir / "sargolini2006", session)
    (tmp_path / "x.benchmark.yaml").write_text(yaml.safe_dump(CARD))
    plugged = settings.model_copy(update={"plugins": (tmp_path,)})
    benchmark = load_benchmark("Sargolini2006.MEC-example", plugged)
    scores = {name: benchmark(load_candidate(name, plugged)) for name in ("place-cells", "velocity")}
    assert scores["place-cells"].normalised.value > 0.8
    assert scores["velocity"].normalised.value < 0.4
    assert scores["place-cells"].ceiling.value == pytest.approx(0.9, abs=0.15)
    # the silent cell of each session has no reliability: left out, and counted
    assert len(scores["place-cells"].targets) == 6
    assert scores["place-cells"].facts["n_targets_left_out"] == 3
