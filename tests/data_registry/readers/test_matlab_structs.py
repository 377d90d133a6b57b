"""The same content of MATLAB gives equal values from a file of version 5 and of version 7.3."""

from functools import partial

import h5py
import numpy as np
import pytest
from matlab_v73 import save_v73
from scipy.io import savemat
from scipy.sparse import csc_matrix

from innerscore.core.errors import InvalidDataError
from innerscore.data_registry.declared_fields import Field, numbers, read_field, texts
from innerscore.data_registry.readers.matlab_structs import read_matlab


def cells(*values, shape=None):
    found = np.empty(len(values), dtype=object)
    for place, value in enumerate(values):
        found[place] = value
    return found.reshape(shape or (1, -1))


STRUCTS = np.empty((1, 3), dtype=[("rat", object), ("spikes", object)])
STRUCTS["rat"][0] = ["rat7", "rat8", "rat10"]
STRUCTS["spikes"][0, 0], STRUCTS["spikes"][0, 1], STRUCTS["spikes"][0, 2] = (
    np.arange(3.0)[:, None],
    np.zeros((0, 0)),
    np.array([[2.5]]),
)

CONTENT = {
    "number": 7.5,
    "matrix": np.arange(6.0).reshape(2, 3),
    "cube": np.arange(24, dtype=np.uint8).reshape(2, 3, 4),
    "counts": np.arange(5, dtype=np.int16),
    "empty": np.zeros((0, 0)),
    "none_of_three": np.zeros((0, 3)),
    "text": "rat7",
    "foreign": "Zürich €",
    "rows": ["abc", "de "],
    "no_text": "",
    "logical": np.array([[True, False, True], [False, False, True]]),
    "complex": np.array([[1 + 2j, 3.0], [0.0, -1j]]),
    "cell": cells("a", "bcd", np.arange(3.0), np.zeros((0, 0)), {"x": 1.0}, cells(1.0, "y"), shape=(2, 3)),
    "one_cell": cells(np.arange(4.0)),
    "no_cell": np.empty((0, 0), dtype=object),
    "struct": {"rate": 50.0, "name": "LED", "inner": {"of": cells("p", "q")}},
    "structs": STRUCTS,
    "sparse": csc_matrix(np.diag([1.0, 0.0, 3.0])[:, :2]),
}
WRITERS = {"5": savemat, "7.3": save_v73}


def for_version_5(value):
    """Text in rows as scipy writes it."""
    return np.array(value) if isinstance(value, list) else value


def assert_equal(found, expected):
    assert type(found) is type(expected)
    if isinstance(found, dict):
        assert sorted(found) == sorted(expected)
        for name in found:
            assert_equal(found[name], expected[name])
        return
    assert found.shape == expected.shape
    if found.dtype != object:
        assert found.dtype.kind == expected.dtype.kind
        np.testing.assert_array_equal(found, expected)
        return
    for one, other in zip(found.ravel(), expected.ravel(), strict=True):
        assert_equal(one, other)


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    folder = tmp_path_factory.mktemp("matlab")
    savemat(folder / "5.mat", {name: for_version_5(value) for name, value in CONTENT.items()})
    save_v73(folder / "7.mat", CONTENT)
    return [read_matlab(folder / name, list(CONTENT)) for name in ("5.mat", "7.mat")]


@pytest.mark.parametrize("name", CONTENT)
def test_both_versions_give_equal_values(both, name):
    old, new = both
    assert_equal(new[name], old[name])


def test_values_are_those_that_were_written(both):
    for found in both:
        assert found["text"].tolist() == ["rat7"]
        assert found["rows"].tolist() == ["abc", "de "]
        np.testing.assert_array_equal(found["cube"], CONTENT["cube"])
        np.testing.assert_array_equal(found["complex"], CONTENT["complex"])
        assert found["empty"].shape == (0, 0)
        assert found["cell"][1, 1]["x"].item() == 1.0
        assert found["structs"][0, 2]["rat"].tolist() == ["rat10"]
        np.testing.assert_array_equal(found["sparse"], CONTENT["sparse"].toarray())


@pytest.mark.parametrize("version", WRITERS)
def test_fields_of_a_card_read_texts_and_refuse_complex_numbers(tmp_path, version):
    path = tmp_path / "data.mat"
    WRITERS[version](path, {"names": cells("rat7", "rat10"), "wave": np.array([1 + 2j, 3])})
    assert texts(read_field(Field(name="names"), path)) == ["rat7", "rat10"]
    with pytest.raises(InvalidDataError, match="real numbers"):
        numbers(Field(name="wave"), path)


def hostile(path, spoil):
    save_v73(path, {"cell": cells(1.0, 2.0)})
    with h5py.File(path, "r+") as file:
        spoil(file)
    return path


def of_itself(file):
    file["cell"][0] = file["cell"].ref


def nested(file, depth, width):
    """Cells in cells, each with its one content several times."""
    below = file["#refs#/r0"].ref
    for level in range(depth):
        file[f"#refs#/d{level}"] = np.array([[below] * width], dtype=h5py.ref_dtype)
        below = file[f"#refs#/d{level}"].ref
    file["cell"][0] = below


def without_end(file):
    nested(file, depth=80, width=2)


def large_and_empty(file):
    file["#refs#/r0"].attrs["MATLAB_empty"] = np.uint8(1)


def an_object(file):
    file["cell"].attrs["MATLAB_object_decode"] = np.int32(3)
    file["cell"].attrs["MATLAB_class"] = np.bytes_("string")


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (of_itself, "contains itself"),
        (without_end, "without end"),
        (large_and_empty, "an empty array of shape"),
        (an_object, "a MATLAB object of class 'string'.*cellstr"),
    ],
)
def test_what_never_ends_or_has_no_plain_values_is_refused(tmp_path, spoil, reason):
    with pytest.raises(InvalidDataError, match=reason):
        read_matlab(hostile(tmp_path / "data.mat", spoil), ["cell"])


def test_cells_that_share_their_content_are_read_once(tmp_path):
    found = read_matlab(hostile(tmp_path / "data.mat", partial(nested, depth=40, width=10)), ["cell"])["cell"]
    assert found.shape == (1, 2)
