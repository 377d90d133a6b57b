"""Released files become labelled recordings: what is in them, against how the test wrote them."""

import numpy as np
import pandas as pd
import pytest
import released_files as written
import scipy.io
import xarray as xr
from typer.testing import CliRunner

from innerscore.cli.data import app
from innerscore.core.errors import InvalidArgumentError, MissingPartError
from innerscore.core.labelled import coordinate
from innerscore.data_registry.rajalingham2025.ball import fit_condition
from innerscore.data_registry.rajalingham2025.labelled import imputed_cells
from innerscore.data_registry.safe_pickle import read_pickle
from innerscore.metrics import load_metric
from innerscore.tasks.mental_pong import ball_state
from innerscore.tasks.mental_pong_conditions import META_INDICES, condition_name


def halves(content, kind="occ"):
    return [content[f"neural_responses_sh{half}"][kind] for half in (1, 2)]


def test_the_pickle_is_read_as_pandas_reads_it(pooled_bytes, tmp_path):
    path = tmp_path / "f.pkl"
    path.write_bytes(pooled_bytes)
    ours, theirs = read_pickle(path), pd.read_pickle(path)
    assert set(ours) == set(theirs)
    for name in ("trial_meta", "meta", "neural_meta"):
        # Strings are objects or pandas' own, by its version.
        alike = {"check_names": False, "check_dtype": False, "check_column_type": False}
        pd.testing.assert_frame_equal(ours[name], theirs[name], **alike)
    for name in ("neural_responses", "neural_responses_reliable_sh2"):
        np.testing.assert_array_equal(ours[name]["occ"], theirs[name]["occ"])


def test_repetitions_are_the_two_halves_in_hz(pooled, pooled_content):
    trials = pooled.trials("all", "occ")
    expected = np.stack(halves(pooled_content)).transpose(0, 2, 1, 3) * 1000
    np.testing.assert_allclose(trials.values, expected.reshape(158, 8, 100), rtol=1e-6)
    assert coordinate(trials, "repetition").tolist() == [0] * 79 + [1] * 79
    assert trials.attrs["units"] == "Hz"
    assert np.isnan(trials.values[..., -1]).all()
    assert np.isfinite(trials.values[..., :-1]).all()


def test_dmfc_is_the_reliable_units_of_both_animals(pooled):
    recording = pooled.recording("DMFC")
    assert coordinate(recording, "animal").tolist() == ["perle"] * 4 + ["mahler"] * 3
    assert "perle-0002" not in coordinate(recording, "neuroid_id")
    assert set(coordinate(pooled.recording("DMFC-mahler"), "animal")) == {"mahler"}
    assert pooled.recording("DMFC-vis").sizes["neuroid"] == 3


def test_bins_count_from_the_first_frame(pooled):
    recording = pooled.recording("DMFC")
    starts, ends = (coordinate(recording, f"time_bin_{edge}_ms") for edge in ("start", "end"))
    assert (starts[0], ends[0], starts[-1]) == (0, 50, 4950)
    onset = coordinate(recording, "whole").argmax(axis=1)
    assert (starts[onset] == 300).all()


def test_released_masks_are_kept_and_those_shown_last_longer(pooled, pooled_content):
    recording = pooled.recording("DMFC")
    for name, field in (("whole", "start_end"), ("visible", "start_occ"), ("occluded", "occ_end")):
        expected = np.isfinite(pooled_content["masks"]["occ"][f"{field}_pad0"])
        np.testing.assert_array_equal(recording[name].values, np.tile(expected, (2, 1)))
    assert (recording["visible"].values & recording["occluded"].values).sum(axis=1).max() == 1
    longer = recording["whole_shown"].values.sum(axis=1) - recording["whole"].values.sum(axis=1)
    assert longer.min() >= 0
    assert 0 < longer.mean() < 2


def test_the_ball_is_that_of_the_release_in_deg_and_deg_per_s(pooled, pooled_content):
    recording, fields = pooled.recording("DMFC"), pooled_content["behavioral_responses"]["occ"]
    whole = np.isfinite(pooled_content["masks"]["occ"]["start_end_pad0"])
    names = {"ball_x_deg": ("x", 1), "ball_y_deg": ("y", 1), "ball_dx": ("dx", 20), "ball_dy": ("dy", 20)}
    for name, (field, factor) in names.items():
        expected = np.where(whole, fields[f"ball_pos_{field}_TRUE"] * factor, np.nan)
        np.testing.assert_allclose(recording[name].values[:79], expected, rtol=1e-12)


def test_conditions_come_back_from_the_balls_bin_means(pooled):
    for found, true in zip(pooled.conditions, written.CONDITIONS, strict=True):
        assert abs(found.final_y - true.final_y) < 1e-6
        assert abs(found.occlusion_ms - true.occlusion_ms) < 1e-4
        assert abs(found.speed - true.speed) < 1e-6
    final = coordinate(pooled.recording("DMFC"), "final_y_deg")[:79]
    np.testing.assert_allclose(final, [true.final_y for true in written.CONDITIONS], atol=1e-6)


@pytest.mark.parametrize("place", range(0, 79, 6))
def test_a_noisy_ball_gives_the_condition_within_its_noise(place):
    true, ball = written.CONDITIONS[place], written.ball()
    noise = np.random.default_rng(place).normal(0, 0.02, (2, 100))
    moving = np.isfinite(written.masks()["start_end_pad0"][place])
    x, y = (ball[axis][place] + noise[k] for k, axis in enumerate("xy"))
    found = fit_condition("c", x, y, moving, bounces=true.n_bounces > 0)
    assert abs(found.final_y - true.final_y) < 0.15
    times = np.linspace(0, true.end_ms, 20)
    assert np.abs(ball_state(found, times).y - ball_state(true, times).y).max() < 0.15


def test_the_table_of_conditions_gives_the_stimuli_where_it_is(pooled_bytes, place):
    place(written.old_pickle(written.meta_table()), "valid_meta_sample_full.pkl")
    dataset = place(pooled_bytes)
    for found, true in zip(dataset.conditions, written.CONDITIONS, strict=True):
        assert abs(found.final_y - true.final_y) < 1e-12
    stimuli = dataset.stimuli()
    assert [clip.identifier for clip in stimuli] == [condition_name(index) for index in META_INDICES]
    ratio = (stimuli.table["released_end_ms"] - 300) / (stimuli.table["end_ms"] - 300)
    assert (ratio > 0.97).all()
    assert (stimuli.table["bounce"] == "visible").sum() == 16


def test_stimuli_and_recording_name_the_same_conditions(pooled):
    names = coordinate(pooled.recording("DMFC"), "stimulus_id")[:79]
    assert list(pooled.stimuli().table["stimulus_id"]) == list(names)


def test_imputed_cells_are_found_and_silent_ones_are_not(pooled):
    trials = pooled.trials("all", "occ")
    cells = np.argwhere(imputed_cells(trials))
    assert cells.tolist() == [[4, 1], [83, 1]]
    assert coordinate(trials, "n_imputed_conditions").tolist() == [0, 1, 0, 0, 0, 0, 0, 0]
    assert coordinate(trials, "n_imputed_neuroids")[4] == 1


def test_an_animals_own_file_and_its_part_of_the_pooled_one_agree_in_form(place, pooled, pooled_bytes):
    dataset = place(written.old_pickle(written.release("mahler")), "mahler_hand_dmfc_dataset_50ms.pkl")
    own, part = dataset.recording("DMFC-mahler"), pooled.recording("DMFC-mahler")
    assert set(own.coords) == set(part.coords)
    assert dataset.recording("DMFC-mahler").sizes["neuroid"] == 2
    with pytest.raises(MissingPartError, match=r"all_hand_dmfc_dataset_50ms\.pkl"):
        dataset.recording("DMFC")


def test_a_file_is_converted_once(place, pooled_bytes, monkeypatch):
    dataset = place(pooled_bytes)
    first = dataset.recording("DMFC")
    monkeypatch.setattr("innerscore.data_registry.rajalingham2025.loader.read_release", None)
    assert dataset.recording("DMFC").identical(first)


def test_reading_shows_progress_up_to_the_files_size(place, pooled_bytes):
    seen = []
    place(pooled_bytes).prepare(lambda stage, done, of: seen.append((stage, done, of)))
    assert seen[-1] == ("reading", len(pooled_bytes), len(pooled_bytes))
    assert [done for _, done, _ in seen] == sorted(done for _, done, _ in seen)


def test_endpoints_of_the_paddle_are_those_of_played_trials(pooled, pooled_content):
    table = pooled_content["trial_meta"]
    played = table[(table["ignore"] == 0) & (table["paddle_y"].abs() <= 10)]
    found = pooled.behaviour("all")
    np.testing.assert_allclose(found["paddle_y_deg"], played["paddle_y"], rtol=1e-12)
    assert (found["trial_type"] == np.where(played["occ_alpha"] == 1, "occ", "vis")).all()


def test_endpoints_are_compared_with_a_models_by_condition(place, settings):
    dataset = place(
        written.old_pickle(written.release("mahler", seed=5)), "mahler_hand_dmfc_dataset_50ms.pkl"
    )
    endpoints = dataset.recording("paddle-mahler")
    table = dataset.behaviour("mahler")
    assert endpoints.sizes["presentation"] == (table["trial_type"] == "occ").sum()
    names = np.array([condition_name(index) for index in META_INDICES])
    undershooting = np.array([0.8 * c.final_y + 0.1 * c.x0**2 for c in written.CONDITIONS])
    coords = {"stimulus_id": ("presentation", names), "condition": ("presentation", names)}
    coords |= {"neuroid_id": ("neuroid", ["paddle"]), "layer": ("neuroid", ["paddle"])}
    model = xr.DataArray(undershooting[:, None], dims=["presentation", "neuroid"], coords=coords)
    parts = load_metric("endpoint-consistency", settings, n_boot=50)(model, endpoints)
    assert parts.facts["n_trials"] == len(endpoints)
    assert parts.raw.value == pytest.approx(0, abs=0.35)  # the written animal errs at random


def matlab_content(content):
    """What of a release goes into the MATLAB file; how its tables were written is not known, so none."""
    left_out = ("trial_meta", "neural_meta", "meta", "conds_ch_dict", "ntr_occ", "ntr_vis")
    return {name: value for name, value in content.items() if name not in left_out}


def write_version_5(path, content):
    scipy.io.savemat(path, content, long_field_names=True)


def write_version_7_3(path, content):
    import h5py

    def put(group, value):
        for name, entry in value.items():
            if isinstance(entry, dict):
                put(group.create_group(name), entry)
            else:
                group[name] = np.atleast_2d(entry).T

    with h5py.File(path, "w", userblock_size=512) as file:
        put(file, content)
    with path.open("r+b") as raw:  # MATLAB's header: text, then version 0x0200 and the byte order
        raw.write(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM")


@pytest.mark.parametrize("write", [write_version_5, write_version_7_3])
def test_a_matlab_file_gives_the_same_recording(settings, place, write):
    content = written.release("perle", seed=3)
    for kind in ("occ", "vis"):
        for name in content["masks"][kind]:
            content["masks"][kind][name] = np.asarray(content["masks"][kind][name])
    from_pickle = place(written.old_pickle(content), "perle_hand_dmfc_dataset_50ms.pkl").recording(
        "DMFC-perle"
    )
    folder = settings.data_dir / "rajalingham2025"
    (folder / "perle_hand_dmfc_dataset_50ms.pkl").unlink()
    write(folder / "perle_hand_dmfc_dataset_50ms.mat", matlab_content(content))
    from_matlab = place(b"", "unused").recording("DMFC-perle")
    np.testing.assert_array_equal(from_matlab.values, from_pickle.values)
    np.testing.assert_array_equal(coordinate(from_matlab, "occluded"), coordinate(from_pickle, "occluded"))


def test_unknown_regions_and_animals_are_named(pooled):
    with pytest.raises(InvalidArgumentError, match="'V1'"):
        pooled.recording("V1")
    with pytest.raises(InvalidArgumentError, match="'carmen'"):
        pooled.behaviour("carmen")


def test_the_card_says_it_all_and_missing_files_are_named(settings, place):
    dataset = place(b"", "unused")
    assert {file.name for file in dataset.card.files if not file.optional} == {
        "all_hand_dmfc_dataset_50ms.pkl",
        "valid_meta_sample_full.pkl",
    }
    with pytest.raises(MissingPartError, match=r"MentalPong\.zip"):
        dataset.recording("DMFC")


def test_fetch_converts_and_shows_how_far_it_is(place, settings, pooled_bytes):
    place(written.old_pickle(written.meta_table()), "valid_meta_sample_full.pkl")
    place(pooled_bytes)
    result = CliRunner().invoke(app, ["fetch", "Rajalingham2025"])
    assert result.exit_code == 0
    assert "Rajalingham2025: reading 100 %" in result.stderr
    assert len(list(settings.cache_dir.rglob("*.nc"))) == 2
