"""Sessions of an animal that walks, declared on a card alone, by which every plain file is one.

The entry is ``innerscore.data_registry.declared_sessions:sessions``. Every npz, netCDF, MATLAB or HDF5 file of
the data set's folder is one session, named after the file, unless each cell has a file of its own; the card's
``options`` say which arrays hold what. NWB files with a units table need less: see :mod:`.nwb`.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt
from pydantic import model_validator

from ..core.cards import DatasetCard
from ..core.errors import InvalidDataError
from ..core.settings import Settings
from .animals import named_animal
from .declared_fields import (
    ARRAY_ENDINGS,
    Field,
    arranged,
    given_fields,
    numbers,
    read_field,
    refuse_unread,
    texts,
)
from .declared_spikes import SpikeFields, cell_names, spikes_by_cell
from .files.folder import folder_files
from .session_files import SessionFiles, session_files
from .space.dataset import SpatialDataset, SpatialOptions, read_options
from .space.sessions import TrackedSession, tracked_session
from .space.tracking_checks import RefusedSessionError

__all__ = ["SessionFields", "SessionOptions", "sessions"]

Array = npt.NDArray[np.float64]

_MOST_SPIKES = 10_000  # in one step: far beyond what cells do, and what memory should be asked for


class SessionFields(SpikeFields):
    """Locations of the fields in each file, in addition to those of `SpikeFields`.

    Attributes
    ----------
    times : Field
        Time of each position, in s.
    positions : Field
        Positions of axes time and xy, in m; `scale` converts other units. Two names are of x and of y.
    animal : Field
        Name of the animal, one value.
    spike_counts : Field or None
        Numbers of spikes of axes time and unit, in the step that each position stands for; in place of
        `spike_times`.
    head_direction : Field or None
        Head direction at each position, in radians.
    """

    times: Field
    positions: Field
    animal: Field
    spike_counts: Field | None = None
    head_direction: Field | None = None

    @model_validator(mode="after")
    def _spikes_once(self) -> Self:
        if (self.spike_times is None) == (self.spike_counts is None):
            raise ValueError("give either 'spike_times' or 'spike_counts'")
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
    session_files : str or None
        Pattern of the files that hold a session, such as ``*_POS.mat``; its one ``*`` is the session's name, as the
        first ``*`` in `files` of `spike_times` is. None where every file is a session but for those of cells, which
        are then of one session.
    """

    fields: SessionFields
    session_files: str | None = None

    @model_validator(mode="after")
    def _one_name_a_session(self) -> Self:
        if self.session_files is not None and self.session_files.count("*") != 1:
            raise ValueError("'session_files' needs one *, for the session's name")
        return self


def sessions(card: DatasetCard, settings: Settings) -> SpatialDataset:
    """The data set that a card describes: each file a session."""
    options = read_options(card, SessionOptions)

    def readers() -> list[partial[list[TrackedSession]]]:
        found = folder_files(card, ARRAY_ENDINGS, settings)
        spikes = options.fields.spike_times
        cells, subject = None if spikes is None else spikes.files, f"The files of '{card.identifier}'"
        return [
            partial(_read, files, options)
            for files in session_files(found, options.session_files, cells, subject)
        ]

    return SpatialDataset(card, readers, options)


def _read(files: SessionFiles, options: SessionOptions) -> list[TrackedSession]:
    fields, path = options.fields, files.path
    direction = fields.head_direction
    times = np.ravel(numbers(fields.times, path))
    spikes = _spikes(fields, files, times)
    if not spikes:
        raise RefusedSessionError(
            f"The session '{files.name}'", got="no cells in its spikes", needed="of one cell or more"
        )
    session = tracked_session(
        files.name,
        _animal(fields.animal, path),
        times_s=times,
        positions_m=_positions(fields.positions, path),
        arena_m=options.arena_m,
        corner_m=options.corner_m,
        spikes_s={f"{files.name}_{name}": times for name, times in spikes.items()},
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


def _spikes(fields: SessionFields, files: SessionFiles, positions_s: Array) -> dict[str, Array]:
    """Spike times by cell."""
    if fields.spike_counts is not None:
        return _counted(fields, fields.spike_counts, files.path, positions_s)
    return spikes_by_cell(fields, lambda _field: files.path, files.cells)


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
    names = cell_names(fields.unit_name, lambda _field: path, len(spikes))
    return dict(zip(names, spikes, strict=True))
