"""Loader of Gardner et al. 2022: open-field sessions of grid-cell modules out of npz files.

All tasks of a day share one clock, with sleep and a wheel maze between; the windows of the open field are those of
the released lists of sessions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...core.cards import DatasetCard
from ...core.errors import InvalidDataError
from ...core.settings import Settings
from ..files.fetching import local_file, locate_file
from ..readers.npz_objects import read_npz
from ..space.dataset import SessionReader, SpatialDataset, SpatialOptions, read_options
from ..space.sessions import TrackedSession, in_window, tracked_session

__all__ = ["DAYS", "Day", "gardner2022"]

Array = npt.NDArray[np.float64]

_TRACK = ("t", "x", "y", "azimuth")
_CONJUNCTIVE = "is_conjunctive_all.npz"


@dataclass(frozen=True)
class Day:
    """One recording day.

    Attributes
    ----------
    rat : str
        Its name in the paper.
    day : str
        Day as in the names of the flags; empty for rats recorded on one day.
    file : str
        The file.
    modules : tuple of int
        Numbers of the modules in it.
    windows_s : tuple of (start, end)
        Open-field sessions on the day's clock.
    """

    rat: str
    day: str
    file: str
    modules: tuple[int, ...]
    windows_s: tuple[tuple[float, float], ...]


DAYS = (
    Day("Q", "", "rat_q_grid_modules_1_2.npz", (1, 2), ((27826.0, 31223.0),)),
    Day(
        "R",
        "day1",
        "rat_r_day1_grid_modules_1_2_3.npz",
        (1, 2, 3),
        ((7457.0, 14778.0), (14890.0, 16045.0)),
    ),
    Day("R", "day2", "rat_r_day2_grid_modules_1_2_3.npz", (1, 2, 3), ((10617.0, 13004.0),)),
    Day("S", "", "rat_s_grid_modules_1.npz", (1,), ((9939.0, 12363.0),)),
)


def gardner2022(card: DatasetCard, settings: Settings) -> SpatialDataset:
    """The data set; see its card."""
    options = read_options(card, SpatialOptions)

    def readers() -> Sequence[SessionReader]:
        paths = [locate_file(card, day.file, settings) for day in DAYS]
        flags = _flags(card, settings)
        return [partial(_read_day, day, path, flags, options) for day, path in zip(DAYS, paths, strict=True)]

    return SpatialDataset(card, readers, options)


def _flags(card: DatasetCard, settings: Settings) -> Mapping[str, Any]:
    """Whether each cell is conjunctive, where the authors' list lies next to the data."""
    if local_file(card, _CONJUNCTIVE, settings) is None:
        return {}
    return read_npz(locate_file(card, _CONJUNCTIVE, settings))


def _read_day(
    day: Day, path: Path, flags: Mapping[str, Any], options: SpatialOptions
) -> list[TrackedSession]:
    content = read_npz(path, [*_TRACK, *(f"spikes_mod{module}" for module in day.modules)])
    track = {name: _numbers(path, content, name) for name in _TRACK}
    cells: dict[str, Array] = {}
    labels: dict[str, dict[str, str]] = {}
    for module in day.modules:
        spikes = _module(path, content, f"spikes_mod{module}")
        kinds = _kinds(day, module, len(spikes), flags)
        for (number, times), kind in zip(spikes.items(), kinds, strict=True):
            name = "_".join(filter(None, [day.day, f"mod{module}", str(number)]))
            cells[name] = times
            labels[name] = {"module": f"{day.rat}{module}{day.day and '-' + day.day}", "cell_kind": kind}
    return [
        _window(day, number, window, track, cells, labels, options)
        for number, window in enumerate(day.windows_s, start=1)
    ]


def _window(
    day: Day,
    number: int,
    window: tuple[float, float],
    track: Mapping[str, Array],
    cells: Mapping[str, Array],
    labels: Mapping[str, Mapping[str, str]],
    options: SpatialOptions,
) -> TrackedSession:
    """One open-field session; samples and spikes of other tasks are not counted as lost."""
    rows = in_window(track["t"], *window)
    return tracked_session(
        "-".join(filter(None, [day.rat, day.day, f"open-field-{number}"])),
        day.rat,
        times_s=track["t"][rows],
        positions_m=np.stack([track["x"][rows], track["y"][rows]], axis=1),
        arena_m=options.arena_m,
        corner_m=options.corner_m,
        spikes_s={cell: times[in_window(times, *window)] for cell, times in cells.items()},
        head_direction=track["azimuth"][rows],
        labels=labels,
        limits=options.limits,
    )


def _numbers(path: Path, content: Mapping[str, Any], name: str) -> Array:
    values = content.get(name)
    if values is None or values.ndim != 1 or values.dtype.kind not in "fiu":
        got = "none" if values is None else f"{values.dtype} of shape {values.shape}"
        raise InvalidDataError(f"The array '{name}' of {path}", got=got, needed="numbers in a row")
    if len(values) != len(content["t"]):
        raise InvalidDataError(
            f"The array '{name}' of {path}",
            got=f"{len(values)} samples",
            needed=f"{len(content['t'])}, as 't'",
        )
    return np.asarray(values, dtype=float)


def _module(path: Path, content: Mapping[str, Any], name: str) -> dict[Any, Array]:
    """A module's dictionary of cells; nothing but numbers for spike times."""
    held = content.get(name)
    spikes = held.item() if held is not None and held.dtype == object and held.shape == () else None
    if not isinstance(spikes, dict) or not all(map(_is_row, spikes.values())):
        raise InvalidDataError(
            f"The array '{name}' of {path}",
            got="none" if held is None else f"{held.dtype} of shape {held.shape} with other things in it",
            needed="a dictionary of a row of spike times for each cell",
        )
    return {cell: np.asarray(times, dtype=float) for cell, times in spikes.items()}


def _is_row(value: object) -> bool:
    return isinstance(value, np.ndarray) and value.ndim == 1 and value.dtype.kind in "fiu"


def _kinds(day: Day, module: int, n_cells: int, flags: Mapping[str, Any]) -> list[str]:
    name = "_".join(filter(None, [f"is_conj_{day.rat}{module}", day.day]))
    if name not in flags:
        return [""] * n_cells
    conjunctive = np.asarray(flags[name]).ravel()
    if len(conjunctive) != n_cells:
        raise InvalidDataError(
            f"The list '{name}' of {_CONJUNCTIVE}", got=f"{len(conjunctive)} cells", needed=f"{n_cells}"
        )
    return ["conjunctive" if flag else "grid" for flag in conjunctive]
