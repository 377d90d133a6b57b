"""HDF5 files that take parts from elsewhere, or that never end, are refused before any library opens them whole."""

import subprocess
import sys

import h5py
import numpy as np
import pytest

from innerscore.core.errors import InvalidDataError
from innerscore.core.hdf5_links import is_hdf5, refuse_outside_parts


@pytest.fixture
def secret(tmp_path):
    path = tmp_path / "secret"
    path.write_bytes(np.arange(4.0).tobytes())
    return path


def borrow(file, secret, name="borrowed"):
    return file.create_dataset(name, shape=(4,), dtype="f8", external=[(str(secret), 0, h5py.h5f.UNLIMITED)])


@pytest.mark.parametrize("userblock", [0, 512, 2**20, 2**21, 2**24])
def test_a_block_of_any_size_before_the_signature_hides_nothing(tmp_path, secret, userblock):
    path = tmp_path / "file.h5"
    with h5py.File(path, "w", userblock_size=userblock) as file:
        borrow(file, secret)
    assert is_hdf5(path)
    with pytest.raises(InvalidDataError, match="bytes in"):
        refuse_outside_parts(path)


def only_in_a_dataset(file, borrowed):
    file.create_dataset("cells", data=np.array([borrowed.ref, h5py.Reference()], dtype=h5py.ref_dtype))


def only_in_an_attribute(file, borrowed):
    file.attrs["cell"] = borrowed.ref


def only_in_a_list(file, borrowed):
    cells = file.create_dataset("cells", shape=(1,), dtype=h5py.vlen_dtype(h5py.ref_dtype))
    cells[0] = np.array([borrowed.ref], dtype=h5py.ref_dtype)


def only_in_a_field(file, borrowed):
    kind = np.dtype([("n", "i4"), ("cell", h5py.ref_dtype)])
    table = np.empty(1, dtype=kind)
    table[0] = (1, borrowed.ref)
    file.create_dataset("table", data=table, dtype=kind)


@pytest.mark.parametrize("refer", [only_in_a_dataset, only_in_an_attribute, only_in_a_list, only_in_a_field])
def test_what_only_a_reference_reaches_is_seen(tmp_path, secret, refer):
    path = tmp_path / "file.h5"
    with h5py.File(path, "w") as file:
        group = file.create_group("group")
        refer(file, borrow(group, secret))
        group["itself"] = group  # so that it stays when nothing else leads to it
        del file["group"]
    with pytest.raises(InvalidDataError, match="a reference' is bytes in"):
        refuse_outside_parts(path)


def by_a_hard_link(file):
    group = file.create_group("a")
    group["b/c"] = group


def by_a_soft_link(file):
    file.create_group("a")["b"] = h5py.SoftLink("/a")


def by_the_root(file):
    file["a/b"] = file["/"]


def without_end(file):
    group = file
    for _ in range(2000):
        group = group.create_group("g")


def twice_at_each_of_forty_floors(file):
    for floor in range(40, 0, -1):
        group = file.create_group(f"floor-{floor}")
        if floor < 40:
            group["left"] = group["right"] = file[f"floor-{floor + 1}"]


@pytest.mark.parametrize(
    "make", [by_a_hard_link, by_a_soft_link, by_the_root, without_end, twice_at_each_of_forty_floors]
)
def test_groups_that_never_end_are_refused(tmp_path, make):
    path = tmp_path / "file.nc"
    with h5py.File(path, "w") as file:
        make(file)
    with pytest.raises(InvalidDataError, match=r"contains itself|within each other|lead to the same"):
        refuse_outside_parts(path)


@pytest.mark.once
def test_the_library_dies_of_what_is_refused(tmp_path):
    path = tmp_path / "file.nc"
    with h5py.File(path, "w") as file:
        by_a_hard_link(file)
    # A small stack ends it sooner.
    small_stack = "import resource; resource.setrlimit(resource.RLIMIT_STACK, (2**20, 2**20))"
    code = f"{small_stack}; import netCDF4, sys; netCDF4.Dataset(sys.argv[1])"
    assert subprocess.run([sys.executable, "-c", code, path], capture_output=True).returncode < 0


def test_what_points_within_the_file_passes(tmp_path):
    path = tmp_path / "file.h5"
    with h5py.File(path, "w") as file:
        file["group/values"] = np.arange(3.0)
        file["values"] = file["group/values"]
        file["again"], file["nowhere"] = h5py.SoftLink("/group"), h5py.SoftLink("/none")
        file["group/values"].make_scale("axis")
        file["others"] = np.arange(3.0)
        file["others"].dims[0].attach_scale(file["group/values"])
    refuse_outside_parts(path)
