"""Labelled files go from one stack of packages to the other: numpy 1 and xarray 2022, numpy 2 and current xarray.

The files of each were written by tests/helpers/labelled_of_stacks.py and are read here by whichever is running.
"""

from pathlib import Path

import numpy as np
import pytest
from labelled_of_stacks import make_dissimilarities, make_recording, with_columns_of_a_table, write

from innerscore.core.labelled import coordinate, labelled_hash, load_labelled, save_labelled

WRITTEN = Path(__file__).parent / "stacks"
STACKS = ("current", "brainscore", "running")


@pytest.fixture
def written(request, tmp_path):
    """The folder of files that a stack wrote."""
    if request.param != "running":
        return WRITTEN / request.param
    write(tmp_path / "running")
    return tmp_path / "running"


@pytest.mark.parametrize("written", STACKS, indirect=True)
@pytest.mark.parametrize("name", ["recording.nc", "objects.nc"])
def test_a_recording_of_either_stack_is_read(written, name):
    expected, read = make_recording(), load_labelled(written / name, "recording")
    assert set(read.coords) == set(expected.coords)
    for coord in expected.coords:
        np.testing.assert_array_equal(coordinate(read, coord), coordinate(expected, coord), err_msg=coord)
        assert read[coord].dtype.kind == expected[coord].dtype.kind, coord
    np.testing.assert_array_equal(read.values, expected.values)
    assert read.attrs == {"units": "Hz", "bin_ms": 50}
    assert labelled_hash(read) == labelled_hash(expected)


@pytest.mark.parametrize("written", STACKS, indirect=True)
def test_dissimilarities_of_either_stack_are_read(written):
    read = load_labelled(written / "dissimilarities.nc", "dissimilarities")
    assert labelled_hash(read) == labelled_hash(make_dissimilarities())


def test_columns_of_a_table_are_saved_as_plain_arrays(tmp_path):
    save_labelled(with_columns_of_a_table(make_recording()), tmp_path / "r.nc", "recording")
    assert labelled_hash(load_labelled(tmp_path / "r.nc", "recording")) == labelled_hash(make_recording())
