"""The simulated recordings are of the structure, and of the reliability, that they claim."""

import numpy as np
import pytest

from innerscore.core.errors import ChecksumError, MissingPartError
from innerscore.core.labelled import coordinate, labelled_hash
from innerscore.data_registry import load_dataset


@pytest.fixture
def dmfc(settings):
    return load_dataset("SimulatedDMFC", settings)


@pytest.fixture
def mec(settings):
    return load_dataset("SimulatedMEC", settings)


def test_dmfc_has_the_published_structure(dmfc):
    recording = dmfc.recording("DMFC")
    assert recording.shape[:2] == (79 * 20, 100)
    assert set(coordinate(recording, "animal")) == {"simulated-A", "simulated-B"}
    assert len(np.unique(coordinate(recording, "condition"))) == 79
    assert dmfc.stimuli().table["n_bounces"].sum() == 27
    start, end = coordinate(recording, "time_bin_start_ms"), coordinate(recording, "time_bin_end_ms")
    np.testing.assert_allclose(end - start, 50)


def test_dmfc_epochs_do_not_overlap_and_make_up_the_whole(dmfc):
    recording = dmfc.recording("DMFC")
    visible, occluded, whole = (recording[name].values for name in ("visible", "occluded", "whole"))
    assert not (visible & occluded).any()
    np.testing.assert_array_equal(visible | occluded, whole)
    assert np.isfinite(recording.values.transpose(0, 2, 1)[whole]).all()


def test_dmfc_trials_average_to_the_true_rates(dmfc):
    rates = dmfc.rates()
    average = dmfc.recording("DMFC").values.reshape(20, *rates.shape).mean(axis=0)
    known = np.isfinite(rates)
    np.testing.assert_array_equal(np.isfinite(average), known)
    error = (average - rates)[known] / np.sqrt(
        rates[known] / 0.05 / 20
    )  # Poisson: var = rate / (bin x trials)
    assert error.mean() == pytest.approx(0, abs=0.01)
    assert error.std() == pytest.approx(1, abs=0.02)


def test_mec_has_two_animals_three_modules_and_four_sessions(mec):
    recording = mec.recording("MEC")
    assert recording.shape == (4 * 400, 128)
    kinds = coordinate(recording, "cell_kind")
    assert {f"grid-{k}" for k in (1, 2, 3)} <= set(kinds)
    assert (np.char.startswith(kinds, "grid")).sum() == 72
    assert recording.attrs["paths"] == "Ornstein-Uhlenbeck rat"
    assert len(mec.stimuli()) == 8


def test_mec_grid_cells_repeat_over_sessions_and_head_cells_do_not_by_position(mec):
    maps = mec.recording("MEC").values.reshape(4, 400, -1)
    maps = maps[:, np.isfinite(maps).all(axis=(0, 2))]
    halves = maps[:2].mean(axis=0), maps[2:].mean(axis=0)
    r = np.array([np.corrcoef(a, b)[0, 1] for a, b in zip(halves[0].T, halves[1].T, strict=True)])
    kinds = coordinate(mec.recording("MEC"), "cell_kind")
    assert np.median(r[np.char.startswith(kinds, "grid")]) > 0.75
    assert np.median(r[kinds == "head-direction"]) < 0.3


def test_one_name_is_one_data_set_whatever_files_there_are(settings, mirrored):
    """With a file in the mirror, the name used to stand for other walks and other rates."""
    mec, beside = (load_dataset("SimulatedMEC", one) for one in (settings, mirrored))
    assert labelled_hash(mec.recording("MEC")) == labelled_hash(beside.recording("MEC"))
    assert mec.stimuli().content_hash == beside.stimuli().content_hash


def test_the_same_cells_walk_real_paths_under_a_name_of_its_own(mec, mirrored):
    real = load_dataset("SimulatedMECRatWalks", mirrored)
    assert real.path_source == "real rats (Sargolini et al. 2006)"
    assert set(real.stimuli().table["paths"]) == {real.path_source}
    assert real.stimuli().content_hash != mec.stimuli().content_hash
    for first, second in zip(mec.populations, real.populations, strict=True):
        np.testing.assert_array_equal(first.phases_m, second.phases_m)


def test_without_the_real_paths_the_missing_file_is_named(settings):
    with pytest.raises(MissingPartError, match=r"tracks\.npz"):
        load_dataset("SimulatedMECRatWalks", settings).stimuli()


def test_altered_paths_are_refused(settings):
    path = settings.data_dir / "sargolini2006" / "tracks.npz"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"not the tracks")
    with pytest.raises(ChecksumError, match="SHA-256"):
        load_dataset("SimulatedMECRatWalks", settings).stimuli()


@pytest.mark.parametrize(("name", "region"), [("SimulatedDMFC", "DMFC"), ("SimulatedMEC", "MEC")])
def test_made_twice_it_is_the_same_bit_for_bit(settings, name, region):
    first, second = (load_dataset(name, settings) for _ in range(2))
    assert labelled_hash(first.recording(region)) == labelled_hash(second.recording(region))
    assert first.stimuli().content_hash == second.stimuli().content_hash
