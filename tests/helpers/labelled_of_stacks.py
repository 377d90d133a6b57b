"""Labelled files as the stack of packages that runs this writes them, for tests/core/test_stacks.py.

.venv/bin/python tests/helpers/labelled_of_stacks.py tests/core/stacks/current
.venv-brainscore/bin/python tests/helpers/labelled_of_stacks.py tests/core/stacks/brainscore
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from innerscore.core.labelled import dissimilarities, recording, save_labelled


def make_recording():
    """Strings of several lengths and scripts, whole numbers, masks, planes and missing values."""
    values = np.arange(24, dtype=np.float32).reshape(4, 3, 2) / 7
    values[2, 1, 1] = np.nan
    return recording(
        values,
        presentation={
            "stimulus_id": ["a", "a", "bb", "ccc"],
            "condition": list("aabc"),
            "repetition": [0, 1, 0, 0],
        },
        neuroid={
            "neuroid_id": ["p-1", "p-2", "q-10"],
            "animal": ["Perle", "Perle", "Öyvind"],
            "region": ["DMFC"] * 3,
            "depth_um": [100.5, 200.0, np.nan],
        },
        time_bin={"time_bin_start_ms": [0.0, 50.0], "time_bin_end_ms": [50.0, 100.0]},
        masks={"occluded": np.array([[False, True]] * 4)},
        planes={"ball_x_deg": np.linspace(-1, 1, 8).reshape(4, 2)},
        attrs={"units": "Hz", "bin_ms": 50},
    )


def make_dissimilarities():
    """Two subjects, three pairs."""
    return dissimilarities(
        np.array([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]]),
        rdm={"subject": ["BE", "SNMn"], "session": ["1", "2"], "region": ["IT", "IT"]},
        pair={"stimulus_a": ["face", "face", "hand"], "stimulus_b": ["hand", "käse", "käse"]},
    )


def with_columns_of_a_table(labelled: xr.DataArray) -> xr.DataArray:
    """The same with its coordinates as pandas holds them: strings are objects, or pandas' own, by its version."""
    columns = {
        n: (a.dims, pd.Series(a.values.tolist()).array) for n, a in labelled.coords.items() if a.ndim == 1
    }
    return labelled.assign_coords(columns)


def with_objects(labelled: xr.DataArray) -> xr.DataArray:
    """The same with strings as objects, which netCDF has as strings of any length."""
    strings = {
        n: (a.dims, a.values.astype(object)) for n, a in labelled.coords.items() if a.dtype.kind == "U"
    }
    return labelled.assign_coords(strings)


def write(folder: Path) -> None:
    """The three files: two as innerscore saves them, one that xarray alone wrote."""
    folder.mkdir(parents=True, exist_ok=True)
    save_labelled(make_recording(), folder / "recording.nc", "recording")
    save_labelled(make_dissimilarities(), folder / "dissimilarities.nc", "dissimilarities")
    objects = with_objects(make_recording())
    objects.attrs |= {"innerscore_schema": 1, "innerscore_form": "recording"}
    objects.to_dataset(name="values").to_netcdf(folder / "objects.nc", engine="netcdf4", format="NETCDF4")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
