import numpy as np
import pytest
import xarray as xr

from innerscore.core.errors import InvalidDataError
from innerscore.core.labelled import (
    dissimilarities,
    labelled_hash,
    load_labelled,
    recording,
    save_labelled,
)


def example(**changes):
    parts = {
        "values": np.random.default_rng(0).normal(size=(4, 3, 5)).astype(np.float32),
        "presentation": {"stimulus_id": list("aabb"), "condition": list("aabb"), "repetition": [0, 1, 0, 1]},
        "neuroid": {"neuroid_id": list("xyz"), "animal": list("ppq"), "region": ["DMFC"] * 3},
        "time_bin": {"time_bin_start_ms": np.arange(5) * 50.0, "time_bin_end_ms": np.arange(5) * 50.0 + 50},
        "masks": {"occluded": np.eye(4, 5, dtype=bool)},
        "attrs": {"units": "Hz"},
    }
    return recording(**(parts | changes))


def test_netcdf_gives_back_every_value_coordinate_and_attribute(tmp_path):
    before = example()
    save_labelled(before, tmp_path / "r.nc", "recording")
    after = load_labelled(tmp_path / "r.nc", "recording")
    assert labelled_hash(after) == labelled_hash(before)
    assert after.dims == before.dims
    assert after.attrs == {"units": "Hz"}
    np.testing.assert_array_equal(after["occluded"].values, before["occluded"].values)
    assert type(after) is xr.DataArray


def test_dissimilarities_make_the_same_trip(tmp_path):
    before = dissimilarities(
        np.ones((2, 3)),
        rdm={"subject": ["s", "t"], "session": ["1", "1"], "region": ["IT", "IT"]},
        pair={"stimulus_a": list("aab"), "stimulus_b": list("bcc")},
    )
    save_labelled(before, tmp_path / "d.nc", "dissimilarities")
    assert labelled_hash(load_labelled(tmp_path / "d.nc", "dissimilarities")) == labelled_hash(before)


def test_the_hash_sees_one_changed_value_and_one_changed_label():
    base = labelled_hash(example())
    values = np.random.default_rng(0).normal(size=(4, 3, 5)).astype(np.float32)
    values[0, 0, 0] += 1
    assert labelled_hash(example(values=values)) != base
    animals = {"neuroid_id": list("xyz"), "animal": list("pqq"), "region": ["DMFC"] * 3}
    assert labelled_hash(example(neuroid=animals)) != base


def test_masked_responses_are_missing_and_masked_labels_are_refused():
    values = np.random.default_rng(0).normal(size=(4, 3, 5)).astype(np.float32)
    values[1, 2, 3] = np.nan
    masked = np.ma.masked_invalid(values)
    masked.data[1, 2, 3] = 1e20  # netCDF's fill value lies under the mask
    labelled = example(values=masked)
    np.testing.assert_array_equal(labelled.values, values)
    assert labelled.dtype == np.float32
    for changes in (
        {
            "time_bin": {
                "time_bin_start_ms": np.ma.masked_equal(np.arange(5.0), 3),
                "time_bin_end_ms": np.arange(1, 6),
            }
        },
        {"masks": {"occluded": np.ma.MaskedArray(np.eye(4, 5, dtype=bool), np.eye(4, 5, dtype=bool))}},
    ):
        with pytest.raises(InvalidDataError, match="masked"):
            example(**changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"presentation": {"stimulus_id": list("aabb"), "condition": list("aabb")}}, "'repetition'"),
        ({"neuroid": {"neuroid_id": list("xxz"), "animal": list("ppq"), "region": ["D"] * 3}}, "repeated"),
        (
            {"neuroid": {"neuroid_id": list("xy"), "animal": list("pp"), "region": ["D"] * 2}},
            "fit the values",
        ),
        (
            {"time_bin": {"time_bin_start_ms": np.zeros(5), "time_bin_end_ms": np.ones(5)}},
            "out of order",
        ),
    ],
)
def test_a_recording_without_what_it_must_have_is_refused(changes, message):
    with pytest.raises(InvalidDataError, match=message):
        example(**changes)


def test_a_file_of_another_form_or_no_netcdf_is_refused(tmp_path):
    save_labelled(example(), tmp_path / "r.nc", "recording")
    with pytest.raises(InvalidDataError, match="form recording"):
        load_labelled(tmp_path / "r.nc", "dissimilarities")
    (tmp_path / "bad.nc").write_bytes(b"no netCDF")
    with pytest.raises(InvalidDataError, match=r"bad\.nc"):
        load_labelled(tmp_path / "bad.nc", "recording")


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
    path = tmp_path / "r.nc"
    save_labelled(example(), path, "recording")
    before = path.read_bytes()
    monkeypatch.setattr(
        "xarray.Dataset.to_netcdf", lambda *_a, **_k: (_ for _ in ()).throw(OSError("disk full"))
    )
    with pytest.raises(OSError, match="disk full"):
        save_labelled(example(), path, "recording")
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
