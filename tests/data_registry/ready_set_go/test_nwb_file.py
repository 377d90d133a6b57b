"""NWB files of the structure of DANDI 000130 give the recording that released files give of the same trials."""

from datetime import UTC, datetime

import interval_files as written
import numpy as np
import pytest

from innerscore.core.errors import ChecksumError, InvalidDataError, MissingPartError
from innerscore.core.labelled import coordinate
from innerscore.data_registry import load_dataset
from innerscore.data_registry.sharing import withheld_datasets

pynwb = pytest.importorskip("pynwb")

SPLITS = ("train", "val", "none")
REGIONS = ("DMFC-measurement", "DMFC-production", "DMFC-production-scaled")


@pytest.fixture(scope="module")
def columns():
    return written.trials()


def nwb_file(columns, *, leave_out=(), subject="Haydn", change=None):
    """The same trials and spikes as the MATLAB files have; units are held out or not."""
    file = pynwb.NWBFile("ready-set-go", "id", datetime(2016, 12, 11, tzinfo=UTC), session_id="161210")
    if subject is not None:
        file.subject = pynwb.file.Subject(
            subject_id=subject, species="Macaca mulatta", sex="M", age="P5Y/P9Y"
        )
    with_set = ~np.isin(columns["kind"], ["aborted", "early"])
    table = {
        "ready_time": np.where(columns["kind"] == "aborted", np.nan, columns["ready"]),
        "set_time": np.where(with_set, columns["set"], np.nan),
        "go_time": np.where(with_set, columns["go"], np.nan),
        "ts": columns["t_s"],
        "tp": columns["t"],
        "is_short": columns["short"] == 1,
        "is_eye": columns["eye"] == 1,
        "theta": columns["theta"],
        "is_outlier": columns["kind"] == "outlier",
        "split": np.array(SPLITS)[np.arange(len(with_set)) % 3],
    }
    if change is not None:
        change(table)
    kept = [name for name in table if name not in leave_out]
    for name in kept:
        file.add_trial_column(name, name)
    for k, ready in enumerate(columns["ready"]):
        file.add_trial(start_time=ready - 1, stop_time=ready + 3, **{name: table[name][k] for name in kept})
    file.add_unit_column("heldout", "whether the unit is held out")
    for unit, samples in written.spikes(columns).items():
        file.add_unit(spike_times=samples / written.SAMPLES_PER_S, heldout=unit == 1002, id=unit)
    return file


def put(settings, file, name="sub-Haydn_desc-train_behavior+ecephys.nwb"):
    path = settings.data_dir / "sohn2019_nlb" / "sub-Haydn" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with pynwb.NWBHDF5IO(str(path), "w") as opened:
        opened.write(file)
    return load_dataset("Sohn2019NLB", settings)


def test_it_is_the_same_recording_as_from_the_released_files(settings, columns):
    data = put(settings, nwb_file(columns))
    released = written.put(settings, written.session_content(columns), written.behaviour_content(columns))
    np.testing.assert_array_equal(data.sessions[0].trials["valid"], columns["kind"] == "good")
    for region in REGIONS:
        a, b = data.recording(region), released.recording(region)
        np.testing.assert_array_equal(a.values, b.values)
        assert list(coordinate(a, "neuroid_id")) == ["161210_1001", "161210_1002"]
        for name in ("stimulus_id", "condition", "repetition", "clip_start_ms"):
            np.testing.assert_array_equal(coordinate(a, name), coordinate(b, name))
    assert set(coordinate(data.recording(REGIONS[0]), "animal")) == {"Haydn"}


def test_the_stimuli_are_those_of_the_released_files(settings, columns):
    data = put(settings, nwb_file(columns))
    assert data.stimuli().content_hash == load_dataset("Sohn2019", settings).stimuli().content_hash


@pytest.mark.parametrize("name", ["ready_time", "go_time", "ts", "tp", "is_short", "theta", "is_outlier"])
def test_trials_without_a_column_are_refused(settings, columns, name):
    data = put(settings, nwb_file(columns, leave_out=[name]))
    with pytest.raises(InvalidDataError, match=rf"with \['{name}'\]"):
        data.recording(REGIONS[0])


def test_a_file_without_trials_or_an_animal_is_refused(settings, columns):
    empty = pynwb.NWBFile("ready-set-go", "id", datetime(2016, 12, 11, tzinfo=UTC))
    with pytest.raises(InvalidDataError, match=r"trials and units.*no table of trials, no units"):
        put(settings, empty, "a.nwb").recording(REGIONS[0])
    (settings.data_dir / "sohn2019_nlb" / "sub-Haydn" / "a.nwb").unlink()
    with pytest.raises(InvalidDataError, match="the animal's name"):
        put(settings, nwb_file(columns, subject=None), "b.nwb").recording(REGIONS[0])


def test_times_in_another_unit_are_refused(settings, columns):
    def in_s(table):
        table["ts"] = table["ts"] / 1000
        table["tp"] = table["tp"] / 1000

    with pytest.raises(InvalidDataError, match="40 conditions"):
        put(settings, nwb_file(columns, change=in_s)).recording(REGIONS[0])


def test_a_damaged_file_a_changed_one_and_none_are_refused(settings, columns):
    with pytest.raises(MissingPartError, match="dandiset/000130"):
        load_dataset("Sohn2019NLB", settings).recording(REGIONS[0])
    data = put(settings, nwb_file(columns))
    data.recording(REGIONS[0])
    path = next(settings.data_dir.rglob("*.nwb"))
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(ChecksumError, match="SHA-256"):
        load_dataset("Sohn2019NLB", settings).recording(REGIONS[0])
    other = settings.model_copy(update={"data_dir": settings.data_dir / "other"})
    put(other, nwb_file(columns))
    damaged = next(other.data_dir.rglob("*.nwb"))
    damaged.write_bytes(damaged.read_bytes()[:5000])
    with pytest.raises(InvalidDataError, match="a whole NWB file"):
        load_dataset("Sohn2019NLB", other).recording(REGIONS[0])


def test_it_is_public(settings):
    assert "Sohn2019NLB" not in withheld_datasets(settings)
