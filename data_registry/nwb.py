"""Tracked sessions out of NWB files: a units table and a position series, as many dandisets have them.

The entry ``innerscore.data_registry.nwb:nwb_dataset`` serves a card of anyone's: its ``options`` name what the
files call things, and all ``.nwb`` files below the card's folder are read, one session each, or one for each
interval that the options ask for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from ..core.cards import DatasetCard
from ..core.errors import InvalidCardError, InvalidDataError, MissingPartError, did_you_mean, foreign_errors
from ..core.hdf5_links import refuse_outside_parts
from ..core.settings import Settings
from .animals import is_name, named_animal
from .files.folder import folder_files
from .readers.nwb_series import AngleUnit, choose_series, heading, in_metres, series_names, series_times
from .space.dataset import SpatialDataset, SpatialOptions, read_options
from .space.sessions import TrackedSession, in_window, observed_in, tracked_session
from .space.tracking_checks import RefusedSessionError

__all__ = ["IntervalChoice", "NwbOptions", "nwb_dataset", "nwb_readers", "opened_nwb", "read_nwb"]

_SHOWN = 5  # values of a column in a message

Array = npt.NDArray[np.float64]

_SAME_TIME_S = 1e-6


@dataclass(frozen=True)
class IntervalChoice:
    """Selection of the intervals of a file that are read.

    Attributes
    ----------
    table : str
        Name of a table of intervals, such as ``epochs`` or ``trials``.
    where : mapping of str to str
        Columns of the table and the value that each must have.
    """

    table: str
    where: Mapping[str, str]


class NwbOptions(SpatialOptions):
    """Options of a card for NWB files, in addition to those of `SpatialOptions`.

    Attributes
    ----------
    position : str or None
        Name of the series that has the position; None if there is only one of two columns or more.
    second_led : str or None
        Name of the series of the hind light; head direction is from it to the position. May be absent in a file.
    head_direction : str or None
        Name of a series of angles, where they are given as such. May be absent in a file.
    head_direction_unit : {"degrees", "radians"} or None
        Unit of the angles, before the one that the series names; None where that is right.
    columns : tuple of int
        Columns of x and y.
    metres_per_unit : float or None
        Length of the series' unit, where the file does not name one. A unit of length that is named needs none.
    animal : "file", "folder", mapping of str to str, or None
        Animal of the files that name no subject: the file's name or that of its folder is an animal's. Or names by
        file, which go before the subjects that those files name. None where every file names its subject.
    unit_name : str or None
        Column of the units table with names that are distinct in a file; None for the row's number.
    labels : mapping of str to str
        Column of the units table for each coordinate of neuroids, such as ``layer``. May be absent in a file.
    units_where : mapping of str to tuple of str
        Columns and the values that a unit must have one of to count.
    interval : IntervalChoice or None
        Intervals that are read; None for the whole file.
    """

    position: str | None = None
    second_led: str | None = None
    head_direction: str | None = None
    head_direction_unit: AngleUnit | None = None
    columns: tuple[int, int] = (0, 1)
    metres_per_unit: float | None = Field(default=None, gt=0)
    animal: Literal["file", "folder"] | Mapping[str, str] | None = None
    unit_name: str | None = None
    labels: Mapping[str, str] = {}
    units_where: Mapping[str, tuple[str, ...]] = {}
    interval: IntervalChoice | None = None


def nwb_dataset(card: DatasetCard, settings: Settings) -> SpatialDataset:
    """The data set that a card describes: all NWB files in its folder."""
    options = read_options(card, NwbOptions)

    def paths() -> list[Path]:
        return list(folder_files(card, (".nwb",), settings).values())

    def check(sessions: Sequence[TrackedSession]) -> None:
        for option, name in _found_nowhere(options, sessions):
            raise _overlooked(card, option, name, paths()[0])

    return SpatialDataset(card, lambda: nwb_readers(card, paths(), options), options, check)


def nwb_readers(
    card: DatasetCard, paths: Sequence[Path], options: NwbOptions
) -> list[partial[list[TrackedSession]]]:
    """Readers of all files of a data set, one each.

    Raises
    ------
    InvalidCardError
        If the options name the animal of a file that is not there.
    """
    named = options.animal if isinstance(options.animal, Mapping) else {}
    if missing := sorted(set(named) - {path.name for path in paths}):
        raise InvalidCardError(
            f"The option 'animal' of data set '{card.identifier}'",
            got=f"animals of {missing}",
            needed=f"of files that are there, such as {sorted(path.name for path in paths)[:5]}",
        )
    return [partial(read_nwb, path, options) for path in paths]


def read_nwb(path: Path, options: NwbOptions) -> list[TrackedSession]:
    """Read the sessions of one file.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    options : NwbOptions
        Names of the series and columns in it.

    Raises
    ------
    InvalidDataError
        If the file is damaged, lacks the series or units, or a session is refused.
    MissingPartError
        If pynwb is not installed.
    """
    with opened_nwb(path) as file:
        series = choose_series(path, file, options.position)
        times, data = series_times(series), np.asarray(series.data[:], dtype=float)
        positions = in_metres(path, series, data, options.columns, options.metres_per_unit)
        direction = heading(path, file, options, times, positions)
        name, animal = _session_name(path, file), _animal(path, file, options)
        units = {f"{name}_{unit}": known for unit, known in _cells(path, file, options).items()}
        windows = [(-np.inf, np.inf)] if options.interval is None else _windows(path, file, options.interval)
    endings = [""] if len(windows) == 1 else [f"-part-{k}" for k in range(1, len(windows) + 1)]
    chosen = np.concatenate([times[in_window(times, *window)] for window in windows])
    cells = {cell: known for cell, known in units.items() if known.recorded_at(chosen)}
    whole = _Tracking(times, positions, direction, {cell: known.spikes for cell, known in cells.items()})
    return [
        _tracked(f"{animal}-{name}{ending}", animal, whole.between(*window), cells, options)
        for window, ending in zip(windows, endings, strict=True)
    ]


def _found_nowhere(options: NwbOptions, sessions: Sequence[TrackedSession]) -> list[tuple[str, str]]:
    """Options that name what a file may lack and no file has, with these names."""
    labelled = {label for session in sessions for labels in session.labels.values() for label in labels}
    unfound = [(f"labels.{label}", name) for label, name in options.labels.items() if label not in labelled]
    if all(session.head_direction is None for session in sessions):
        unfound += [
            ("second_led", options.second_led or ""),
            ("head_direction", options.head_direction or ""),
        ]
    return [(option, name) for option, name in unfound if name]


def _overlooked(card: DatasetCard, option: str, name: str, path: Path) -> InvalidCardError:
    with opened_nwb(path) as file:
        columns = [] if file.units is None else [str(column.name) for column in file.units.columns]
        there = columns if option.startswith("labels") else series_names(file)
    return InvalidCardError(
        f"The option '{option}' of data set '{card.identifier}'",
        got=f"'{name}', which no file has",
        needed=f"one of the names in the files, such as {there}",
        hint=did_you_mean(name, there) or "Leave it out if there is none.",
    )


@dataclass(frozen=True, eq=False)
class _Cell:
    """A row of the units table."""

    spikes: Array
    labels: Mapping[str, str]
    observed: Array | None

    def recorded_at(self, times: Array) -> bool:
        """Whether it was recorded at any of some times."""
        return self.observed is None or bool(observed_in(times, self.observed).any())


@dataclass(frozen=True, eq=False)
class _Tracking:
    """An interval of a file, unchanged."""

    times: Array
    positions: Array
    direction: Array | None
    spikes: Mapping[str, Array]

    def between(self, start: float, end: float) -> _Tracking:
        """The data in a window; data outside it are not counted as lost."""
        if not np.isfinite([start, end]).any():
            return self
        rows = in_window(self.times, start, end)
        return replace(
            self,
            times=self.times[rows],
            positions=self.positions[rows],
            direction=None if self.direction is None else self.direction[rows],
            spikes={cell: times[in_window(times, start, end)] for cell, times in self.spikes.items()},
        )


def _tracked(
    name: str, animal: str, stretch: _Tracking, cells: Mapping[str, _Cell], options: NwbOptions
) -> TrackedSession:
    return tracked_session(
        name,
        animal,
        times_s=stretch.times,
        positions_m=stretch.positions,
        arena_m=options.arena_m,
        corner_m=options.corner_m,
        spikes_s=stretch.spikes,
        head_direction=stretch.direction,
        labels={cell: known.labels for cell, known in cells.items()},
        observed_s={cell: known.observed for cell, known in cells.items() if known.observed is not None},
        limits=options.limits,
    )


@contextmanager
def opened_nwb(path: Path) -> Iterator[Any]:
    """An NWB file, open for reading until the block ends.

    Raises
    ------
    InvalidDataError
        If the file is damaged, or has parts in other files.
    MissingPartError
        If pynwb is not installed.
    """
    try:
        from pynwb import NWBHDF5IO
    except ImportError as error:
        raise MissingPartError(
            f"The package pynwb, for the file {path}",
            got="not installed",
            needed="installed",
            hint="Run pip install 'innerscore[nwb]'.",
        ) from error
    refuse_outside_parts(path, kind="NWB file")
    with ExitStack() as stack:
        with foreign_errors(InvalidDataError, f"The file {path}", needed="a whole NWB file"):
            file = stack.enter_context(NWBHDF5IO(str(path), "r", load_namespaces=True)).read()
        try:
            yield file
        except OSError as error:  # data are read when they are asked for
            raise InvalidDataError(f"The file {path}", got=str(error), needed="a whole NWB file") from error


def _cells(path: Path, file: Any, options: NwbOptions) -> dict[str, _Cell]:
    """The units that count, by name."""
    columns = {} if file.units is None else {column.name: column for column in file.units.columns}
    for name in ["spike_times", *filter(None, [options.unit_name]), *options.units_where]:
        if name not in columns:
            raise InvalidDataError(
                f"The units of {path}", got=f"columns {sorted(columns)}", needed=f"with '{name}'"
            )
    table = {name: _texts(file.units, name) for name in _columns_read(options, columns)}
    names = table.get(options.unit_name or "", [str(number) for number in file.units.id[:]])
    if len(set(names)) != len(names):
        raise InvalidDataError(f"The units of {path}", got="repeated names", needed="named apart")
    counted = [
        row
        for row in range(len(names))
        if all(table[column][row] in values for column, values in options.units_where.items())
    ]
    if not counted:
        raise _no_units(path, table, options)
    labels = {label: column for label, column in options.labels.items() if column in table}
    valid = _valid_times(path, file)
    return {
        names[row]: _Cell(
            _within(np.asarray(file.units["spike_times"][row], dtype=float), valid),
            {label: table[column][row] for label, column in labels.items()},
            _overlap(_observed(path, file.units, row) if "obs_intervals" in columns else None, valid),
        )
        for row in counted
    }


def _valid_times(path: Path, file: Any) -> Array | None:
    """Intervals outside the file's ``invalid_times``; None where it has none."""
    if file.invalid_times is None or not len(file.invalid_times):
        return None
    invalid = np.stack(
        [np.asarray(file.invalid_times[name][:], float) for name in ("start_time", "stop_time")], 1
    )
    if not (invalid[:, 0] <= invalid[:, 1]).all():
        raise InvalidDataError(
            f"The 'invalid_times' of {path}",
            got=f"{invalid.tolist()[:3]}",
            needed="pairs of a start and a later end, in s",
        )
    ordered = invalid[np.argsort(invalid[:, 0])]
    starts = np.append(-np.inf, np.maximum.accumulate(ordered[:, 1]))
    ends = np.append(ordered[:, 0], np.inf)
    return np.stack([starts, ends], axis=1)[starts < ends]


def _within(spikes: Array, valid: Array | None) -> Array:
    return spikes if valid is None else spikes[observed_in(spikes, valid)]


def _overlap(observed: Array | None, valid: Array | None) -> Array | None:
    """Intervals in which a unit was recorded and the file is valid; None stands for all time."""
    if observed is None or valid is None:
        return valid if observed is None else observed
    starts = np.maximum(observed[:, None, 0], valid[None, :, 0])
    ends = np.minimum(observed[:, None, 1], valid[None, :, 1])
    return np.stack([starts, ends], axis=-1)[starts <= ends]


def _no_units(path: Path, table: Mapping[str, list[str]], options: NwbOptions) -> RefusedSessionError:
    there = {column: sorted({*table[column]})[:_SHOWN] for column in options.units_where}
    return RefusedSessionError(
        f"The units of {path}",
        got=f"{there}, and none as 'units_where' asks" if there else "none",
        needed=f"with one or more of {dict(options.units_where)}" if there else "of one cell or more",
        hint="Choose among these values, or write 'leave_out_refused: true' to leave such sessions out.",
    )


def _observed(path: Path, units: Any, row: int) -> Array | None:
    """Intervals in which a unit was recorded; None where its row has none."""
    intervals = np.asarray(units["obs_intervals"][row], dtype=float)
    if intervals.size == 0:
        return None
    if intervals.ndim != 2 or intervals.shape[1] != 2 or not (intervals[:, 0] <= intervals[:, 1]).all():
        raise InvalidDataError(
            f"The 'obs_intervals' of unit {units.id[row]} of {path}",
            got=f"{intervals.tolist()[:3]}",
            needed="pairs of a start and a later end, in s",
        )
    return intervals


def _columns_read(options: NwbOptions, columns: Mapping[str, object]) -> list[str]:
    wanted = [options.unit_name, *options.units_where, *options.labels.values()]
    return [name for name in dict.fromkeys(wanted) if name is not None and name in columns]


def _texts(units: Any, name: str) -> list[str]:
    return [str(value) for value in units[name][:]]


def _windows(path: Path, file: Any, choice: IntervalChoice) -> list[tuple[float, float]]:
    tables = {**file.intervals} if file.intervals is not None else {}
    tables |= {name: getattr(file, name) for name in ("epochs", "trials") if getattr(file, name) is not None}
    if choice.table not in tables:
        raise InvalidDataError(
            f"The file {path}", got=f"tables of intervals {sorted(tables)}", needed=f"with '{choice.table}'"
        )
    table = tables[choice.table].to_dataframe()
    missing = [column for column in choice.where if column not in table]
    if missing:
        raise InvalidDataError(
            f"The table '{choice.table}' of {path}", got=f"columns {sorted(table)}", needed=f"with {missing}"
        )
    chosen = table[(table[list(choice.where)].astype(str) == list(choice.where.values())).all(axis=1)]
    if chosen.empty:
        raise InvalidDataError(
            f"The table '{choice.table}' of {path}", got="no such row", needed=f"with {dict(choice.where)}"
        )
    windows = list(zip(chosen["start_time"].astype(float), chosen["stop_time"].astype(float), strict=True))
    _check_windows(f"The table '{choice.table}' of {path}", dict(zip(chosen.index, windows, strict=True)))
    return windows


def _check_windows(subject: str, windows: Mapping[int, tuple[float, float]]) -> None:
    """Refuse intervals without an end, and those whose time would count twice; they are given by row."""
    for row, (start, stop) in windows.items():
        if not (np.isfinite([start, stop]).all() and start < stop):
            raise InvalidDataError(
                subject, got=f"{start:g} to {stop:g} s in row {row}", needed="with a start and a later stop"
            )
    ordered = sorted(windows.items(), key=lambda one: one[1])
    for (row, (start, stop)), (later, (begin, end)) in pairwise(ordered):
        if begin < stop - _SAME_TIME_S:
            raise InvalidDataError(
                subject,
                got=f"rows {row} ({start:g} to {stop:g} s) and {later} ({begin:g} to {end:g} s), which overlap",
                needed="of chosen intervals apart, for time and spikes in two of them would count twice",
                hint="Choose among them by 'where' of the option 'interval'.",
            )


def _session_name(path: Path, file: Any) -> str:
    return str(file.session_id or path.stem)


def _animal(path: Path, file: Any, options: NwbOptions) -> str:
    name = None if file.subject is None else file.subject.subject_id
    if isinstance(options.animal, Mapping):
        name = options.animal.get(path.name, name)
    elif options.animal is not None and not is_name(name):
        name = {"file": path.stem, "folder": path.parent.name}[options.animal]
    hint = "Give 'animal' in the options of the card: file, folder, or a name for each file, {a.nwb: rat-1}."
    return named_animal(name, f"The subject of {path}", hint=hint)
