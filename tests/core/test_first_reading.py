"""Files of which a library dies or never ends are refused by name, and whoever reads them lives on."""

import io
import os

import numpy as np
import pytest
from scipy.io import savemat

from innerscore.core import first_reading
from innerscore.core.errors import InvalidDataError
from innerscore.core.first_reading import read_apart

FIRST_TAG = 184  # of the values of the only variable of `whole`; scipy reads past the file where it is wrong


def whole():
    file = io.BytesIO()
    savemat(file, {"rates": np.arange(24.0).reshape(4, 6)})
    return bytearray(file.getvalue())


def test_a_file_that_kills_its_library_is_named_and_the_others_are_not(tmp_path):
    good, bad = tmp_path / "good.mat", tmp_path / "bad.mat"
    good.write_bytes(whole())
    damaged = whole()
    damaged[FIRST_TAG] ^= 0xFF
    bad.write_bytes(damaged)
    read_apart([good])
    with pytest.raises(InvalidDataError, match=r"bad\.mat.*SIG"):
        read_apart([good, bad, good])


def test_a_file_that_never_ends_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(first_reading, "_SHORTEST_S", 3.0)
    os.mkfifo(tmp_path / "endless.mat")
    with pytest.raises(InvalidDataError, match=r"endless\.mat.*did not end"):
        read_apart([tmp_path / "endless.mat"])


def test_other_formats_and_damage_that_a_library_reports_are_left_to_their_readers(tmp_path):
    (tmp_path / "cells.npz").write_bytes(b"no zip")
    (tmp_path / "half.mat").write_bytes(whole()[:150])
    (tmp_path / "text.nc").write_bytes(b"no netCDF")
    read_apart(tmp_path.iterdir())
