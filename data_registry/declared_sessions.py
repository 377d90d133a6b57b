"""Sessions of an animal that walks, declared on a card alone, by which every plain file is one.

The entry is ``innerscore.data_registry.declared_sessions:sessions``. Every npz, netCDF, MATLAB or HDF5 file of
the data set's folder is one session, named after the file; the card's ``options`` say which arrays hold what. NWB
files with a units table need less: see :mod:`.nwb`.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, model_validator

from ..core.cards import DatasetCard
from ..core.errors import InvalidDataError
from ..core.settings import Settings
from .animals import named_animal
from .declared_fields import (
    ENDINGS,
    Field,
    arranged,
    given_fields,
    numbers,
    read_field,
    read_matching,
    refuse_unread,
    texts,
)
from .files.folder import folder_files
from .space.dataset import SpatialDataset, SpatialOptions, read_options
from .space.sessions import TrackedSession, tracked_session
from .space.tracking_checks import RefusedSessionError

__all__ = ["SessionFields", "SessionOptions", "sessions"]

Array = npt.NDArray[np.float64]

_MOST_SPIKES = 10_000  # in one step: far beyond what cells do, and what memory should be asked for


class SessionFields(BaseModel):
    """Locations of the fields in each file.

    Attributes
    ----------
    times : Field
        Time of each position, in s.
    positions : Field
        Positions of axes time and xy, in m; `scale` converts other units. Two names are of x and of y.
    spike_times : Field or None
        Spike times in s: of all cells one after the other, a MATLAB cell array of one vector a cell, or by a
        `pattern` an array a cell. Either this or `spike_counts`.
    spike_counts : Field or None
        Numbers of spikes of axes time and unit, in the step that each position stands for.
    spike_unit : Field or None
        Cell of each spike. Either this or `spike_times_end` where there are several cells in one array.
    spike_times_end : Field or None
        Index in `spike_times` at which each cell's spikes end, as ragged arrays are kept.
    unit_name : Field or None
        Names of the cells, with `spike_times_end`, `spike_counts` or a cell array; if absent, their numbers.
    animal : Field
        Name of the animal, one value.
    head_direction : Field or None
        Head direction at each position, in radians.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    times: Field
    positions: Field
    animal: Field
    spike_times: Field | None = None
    spike_counts: Field | None = None
    spike_unit: Field | None = None
    spike_times_end: Field | None = None
    unit_name: Field | None = None
    head_direction: Field | None = None

    @model_validator(mode="after")
    def _one_way_to_tell_cells_apart(self) -> Self:
        if self.spike_unit is not None and self.spike_times_end is not None:
            raise ValueError("give 'spike_unit' or 'spike_times_end', not both")
        if self.spike_unit is not None and self.unit_name is not None:
            raise ValueError("'unit_name' has no effect with 'spike_unit', which names the cells")
        if (self.spike_times is None) == (self.spike_counts is None):
            raise ValueError("give either 'spike_times' or 'spike_counts'")
        apart = self.spike_counts is not None or (self.spike_times and self.spike_times.pattern is not None)
        if apart and (self.spike_unit is not None or self.spike_times_end is not None):
            raise ValueError(
                "'spike_unit' and 'spike_times_end' have no effect: the cells are told apart already"
            )
        if (
            self.spike_times is not None
            and self.spike_times.pattern is not None
            and self.unit_name is not None
        ):
            raise ValueError("'unit_name' has no effect with a 'pattern', by which the arrays name the cells")
        return self

    @model_validator(mode="after")
    def _nothing_unread(self) -> Self:
        fields = given_fields(self)
        scaled = ("times", "positions", "spike_times", "head_direction")
        refuse_unread(fields, scaled=scaled, ordered=("positions", "spike_counts"))
        if elsewhere := [name for name, field in fields.items() if field.file is not None]:
            raise ValueError(f"'file' has no effect on {elsewhere}: every file is a session with all fields")
        return self


class SessionOptions(SpatialOptions):
    """Options of the card, in addition to those of `SpatialOptions`.

    Attributes
    ----------
    fields : SessionFields
    """

    fields: SessionFields


def sessions(card: DatasetCard, settings: Settings) -> SpatialDataset:
    """The data set that a card describes: each file a session."""
    options = read_options(card, SessionOptions)

    def readers() -> list[partial[list[TrackedSession]]]:
        return [partial(_read, path, options) for path in folder_files(card, ENDINGS, settings)]

    return SpatialDataset(card, readers, options)


def _read(path: Path, options: SessionOptions) -> list[TrackedSession]:
    fields = options.fields
    direction = fields.head_direction
    times = np.ravel(numbers(fields.times, path))
    spikes = _spikes(fields, path, times)
    if not spikes:
        raise RefusedSessionError(
            f"The session '{path.stem}'", got="no cells in its spikes", needed="of one cell or more"
        )
    session = tracked_session(
        path.stem,
        _animal(fields.animal, path),
        times_s=times,
        positions_m=_positions(fields.positions, path),
        arena_m=options.arena_m,
        corner_m=options.corner_m,
        spikes_s={f"{path.stem}_{name}": times for name, times in spikes.items()},
        head_direction=None if direction is None else np.ravel(numbers(direction, path)),
        limits=options.limits,
    )
    return [session]


def _animal(field: Field, path: Path) -> str:
    subject = f"The field 'animal' of {path}"
    names = list(dict.fromkeys(texts(read_field(field, path))))
    if len(names) > 1:
        raise InvalidDataError(subject, got=f"{names[:5]}", needed="one animal a session")
    hint = "Name it in each file, or for all of them as 'value' of the field."
    return named_animal(names[0] if names else None, subject, hint=hint)


def _positions(field: Field, path: Path) -> Array:
    return arranged(numbers(field, path), field, ("time", "xy"), f"The field 'positions' of {path}")


def _spikes(fields: SessionFields, path: Path, positions_s: Array) -> dict[str, Array]:
    """Spike times by cell."""
    if fields.spike_counts is not None:
        return _counted(fields, fields.spike_counts, path, positions_s)
    return {} if fields.spike_times is None else _timed(fields, fields.spike_times, path)


def _timed(fields: SessionFields, field: Field, path: Path) -> dict[str, Array]:
    if field.pattern is not None:
        return {name.replace("/", "-"): np.ravel(times) for name, times in read_matching(field, path).items()}
    raw = read_field(field, path)
    if raw.dtype == object:
        cells = [np.ravel(one).astype(np.float64) * field.scale for one in raw.ravel()]
        return dict(zip(_names(fields, path, len(cells)), cells, strict=True))
    times = np.ravel(numbers(field, path))
    if fields.spike_unit is not None:
        return _by_unit(path, times, np.asarray(texts(read_field(fields.spike_unit, path))))
    if fields.spike_times_end is not None:
        ends = np.ravel(numbers(fields.spike_times_end, path)).astype(int)
        _check_ends(path, ends, len(times))
        return dict(zip(_names(fields, path, len(ends)), np.split(times, ends[:-1]), strict=True))
    return dict(zip(_names(fields, path, 1), [times], strict=True))


def _counted(fields: SessionFields, field: Field, path: Path, positions_s: Array) -> dict[str, Array]:
    """Spikes of which only the step is known, at the time of the position that stands for it."""
    subject = f"The field 'spike_counts' of {path}"
    counts = arranged(numbers(field, path), field, ("time", "unit"), subject)
    if len(counts) != len(positions_s):
        raise InvalidDataError(
            subject,
            got=f"{len(counts)} steps",
            needed=f"one a position, {len(positions_s)}",
            hint="Name the order of its axes, 'axes: [time, unit]' or [unit, time].",
        )
    if not (counts == np.round(counts)).all() or (counts < 0).any() or (counts > _MOST_SPIKES).any():
        raise InvalidDataError(
            subject, got="values that are no numbers of spikes", needed="of whole numbers from 0"
        )
    spikes = [np.repeat(positions_s, column.astype(int)) for column in counts.T]
    return dict(zip(_names(fields, path, len(spikes)), spikes, strict=True))


def _by_unit(path: Path, times: Array, units: npt.NDArray[Any]) -> dict[str, Array]:
    if len(units) != len(times):
        raise InvalidDataError(
            f"The field 'spike_unit' of {path}",
            got=f"{len(units)} values",
            needed=f"one a spike, {len(times)}",
        )
    return {str(unit): times[units == unit] for unit in dict.fromkeys(units.tolist())}


def _names(fields: SessionFields, path: Path, n: int) -> list[str]:
    if fields.unit_name is None:
        return [str(number) for number in range(n)]
    names = texts(read_field(fields.unit_name, path))
    if len(names) != n or len(set(names)) != n:
        raise InvalidDataError(
            f"The field 'unit_name' of {path}", got=f"{names[:5]}", needed=f"{n} distinct names"
        )
    return names


def _check_ends(path: Path, ends: npt.NDArray[np.int_], n: int) -> None:
    if not len(ends) or (np.diff(ends) < 0).any() or ends[0] < 0 or ends[-1] != n:
        raise InvalidDataError(
            f"The field 'spike_times_end' of {path}",
            got=f"ends {ends[:5].tolist()} ... {ends[-1:].tolist()}",
            needed=f"rising to the number of spikes, {n}",
        )
