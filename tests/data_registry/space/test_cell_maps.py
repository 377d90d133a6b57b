"""Each cell's own map, as galleries show it."""

import numpy as np
import pytest
import space_files as written

from innerscore.data_registry import load_dataset
from innerscore.studies.galleries import dataset_maps, gallery

# Plain expanding-circle scores made apart from this package (shared/data/README.md).
PLAIN = {
    "10073-T1C1": 0.57,
    "10073-T2C1": 0.55,
    "10073-T2C3": 0.73,
    "10073-T3C1": 1.04,
    "10073-T3C2": 0.37,
    "10073-T3C3": 0.90,
    "10073-T3C4": -0.25,
    "10073-T4C1": 0.35,
    "11207-t8c1": 1.16,
    "11343-t8c2": 1.12,
}


def test_real_grid_cells_show_with_their_own_scores(mirrored):
    """On maps without the bins that any cell lacks, smoothed once more, they were up to 0.36 lower."""
    maps = dataset_maps("Sargolini2006", mirrored)
    assert maps.maps.shape == (10, 40, 40)
    shown = {label.lower(): score for label, score, *_ in gallery(maps, "x").rows}
    for (name, score), long in zip(PLAIN.items(), maps.names, strict=True):
        assert long.lower().split("_")[-1] == name.lower().split("-")[1]
        assert shown[long.lower()] == pytest.approx(score, abs=0.15), name


def test_a_cell_of_another_session_takes_no_bin_from_a_map(settings):
    folder = settings.data_dir / "sargolini2006"
    written.write_a_file_a_session(folder, 0)
    alone = dict(zip(*load_dataset("Sargolini2006", settings).cell_maps(), strict=True))
    written.write_a_file_a_session(folder, 2)
    both = dict(zip(*load_dataset("Sargolini2006", settings).cell_maps(), strict=True))
    assert set(both) > set(alone)
    for name, own in alone.items():
        np.testing.assert_array_equal(both[name], own)


def test_cell_maps_have_bins_half_as_wide_and_the_recordings_fields(settings):
    folder = settings.data_dir / "sargolini2006"
    written.write_a_file_a_session(folder, 0)
    names, maps = load_dataset("Sargolini2006", settings).cell_maps()
    for name, own in zip(names, maps, strict=True):
        assert own.shape == (40, 40)
        if name.endswith("t2c2"):  # a cell without spikes
            continue
        row, column = np.unravel_index(np.nanargmax(own), own.shape)
        x, y = written.CENTRES[name[-4:]]
        assert np.hypot((column + 0.5) * 0.025 - x, (row + 0.5) * 0.025 - y) < 0.12
