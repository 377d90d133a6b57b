"""Trials under stimuli, declared on a card alone: the entry ``innerscore.data_registry.declared_trials:trials``.

The card's ``options`` map the fields of a labelled recording to arrays of the data set's files; nothing is
written in Python.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from ..core.cards import DatasetCard
from ..core.errors import InvalidDataError
from ..core.labelled import recording
from ..core.settings import Settings
from ..core.stimuli import Condition, FrameClip, SelfMotion, Stimulus, StimulusSet
from .animals import named_animal
from .declared_fields import (
    ARRAY_ENDINGS,
    Field,
    arranged,
    file_of,
    numbers,
    read_field,
    text_hint,
    texts,
    truths,
)
from .declared_spikes import counts_after_events, spikes_by_cell
from .declared_trial_options import TrialOptions
from .files.folder import own_files
from .interface import CardDataset, check_region
from .readers.pictures import PICTURE_ENDINGS, read_pictures
from .repetitions import counted, first_repetitions
from .response_units import checked_unit
from .session_files import cell_files, named_cells
from .space.dataset import read_options
from .stimulus_numbers import shown_names

__all__ = ["Trials", "trials"]

_RESPONSES = ("presentation", "neuroid", "time_bin")
_IN_REPETITIONS = ("repetition", "stimulus", "neuroid", "time_bin")
_FRAMES = ("stimulus", "time", "height", "width", "colour")
_MASK = ("presentation", "time_bin")
_VELOCITY = ("stimulus", "time", "xy")

Array = npt.NDArray[Any]
Row: TypeAlias = tuple[tuple[str, float | str], ...]  # variables' names and values, in the order of the card


class Trials(CardDataset):
    """The data set of a card with `TrialOptions`."""

    def __init__(self, card: DatasetCard, settings: Settings, options: TrialOptions) -> None:
        super().__init__(card, settings)
        self._options, self._fields = options, options.fields

    def stimuli(self) -> StimulusSet:
        """As the fields have them."""
        if self._fields.variables:
            return self._conditions()
        made = self._clips() if self._fields.frames else self._walks()
        table = pd.DataFrame({"stimulus_id": [stimulus.identifier for stimulus in made]})
        return StimulusSet(self.card.identifier, tuple(made), table)

    def recording(self, region: str) -> xr.DataArray:
        """The neuroids of a region, by presentations and, where there are any, time bins."""
        check_region(self.card, region)
        values, presentations = self._responses()
        names = self._per("neuroid", "region", values.shape[1])
        chosen = np.flatnonzero(np.asarray(names) == region)
        if not len(chosen):
            raise InvalidDataError(
                f"The region '{region}' of '{self.card.identifier}'",
                got=f"neuroids of {sorted(set(names))}",
                needed="of at least one neuroid",
            )
        in_time = self._time_bins(values.shape[2])
        whole = recording(
            values[:, chosen] if in_time else values[:, chosen, 0],
            presentation=presentations,
            neuroid=self._neuroids(values.shape[1], chosen),
            time_bin=in_time,
            masks=self._masks((len(values), values.shape[2])) if in_time else None,
            attrs={"units": self._units(values, in_time)},
        )
        return first_repetitions(
            whole, self._options.repetitions, f"The recording of '{self.card.identifier}'"
        )

    def _responses(self) -> tuple[Array, dict[str, list[Any]]]:
        """Responses of axes presentation, neuroid and time bin, and what each presentation was."""
        if self._fields.in_repetitions:
            return self._repetitions_in_turn(self._array("responses", _IN_REPETITIONS, numbers))
        spikes = self._fields.spike_times is not None
        values = self._binned_spikes() if spikes else self._array("responses", _RESPONSES, numbers)
        return values, self._presentations(len(values))

    def _repetitions_in_turn(self, values: Array) -> tuple[Array, dict[str, list[Any]]]:
        """Responses of axes repetition and stimulus, one repetition after the other."""
        n_repetitions, n_stimuli, *others = values.shape
        names = self._condition_names or self._stimulus_ids() or _numbered(n_stimuli)
        if len(names) != n_stimuli:
            raise InvalidDataError(
                f"The field 'responses' of '{self.card.identifier}'",
                got=f"{n_stimuli} on the axis 'stimulus'",
                needed=f"one for each of the {len(names)} stimuli",
            )
        shown = names * n_repetitions
        presentations = {"stimulus_id": shown, "condition": shown, "repetition": counted(shown)}
        return values.reshape(-1, *others), presentations

    def _binned_spikes(self) -> Array:
        edges_ms = self._options.bin_edges_ms
        counts = counts_after_events(self._cells, self._vector("event_times"), edges_ms / 1000)
        return counts if self._options.units == "counts" else counts / (np.diff(edges_ms) / 1000)

    @cached_property
    def _cells(self) -> dict[str, Array]:
        """Spike times by cell."""
        cells = spikes_by_cell(self._fields, self._file, named_cells(self._cell_files))
        if not cells:
            raise InvalidDataError(
                f"The spikes of '{self.card.identifier}'", got="no cell", needed="of one cell or more"
            )
        return cells

    def _vector(self, name: str) -> Array:
        """Finite numbers along one axis."""
        field = self._require(name)
        found = np.ravel(numbers(field, self._file(field)))
        self._check_finite(found, name)
        return found

    def _check_finite(self, values: Array, name: str) -> None:
        if not np.isfinite(values).all():
            raise InvalidDataError(
                f"The field '{name}' of '{self.card.identifier}'",
                got=f"{int((~np.isfinite(values)).sum())} values that are not finite",
                needed="of finite numbers",
                hint="Leave out trials that did not take place.",
            )

    def _units(self, values: Array, in_time: Mapping[str, Array] | None) -> str:
        if self._fields.spike_times is not None:
            return self._options.units or "Hz"
        widths = (
            None if in_time is None else (in_time["time_bin_end_ms"] - in_time["time_bin_start_ms"]) / 1000
        )
        return checked_unit(values, widths, self._options.units, f"The responses of '{self.card.identifier}'")

    def _presentations(self, n: int) -> dict[str, list[Any]]:
        shown = self._condition_names or self._shown(n)
        if len(shown) != n:
            raise InvalidDataError(
                f"The field 'variables' of '{self.card.identifier}'",
                got=f"{len(shown)} values",
                needed=f"one for each of the {n} presentations",
            )
        condition = shown if self._fields.condition is None else self._per("presentation", "condition", n)
        if self._fields.repetition is None:
            return {"stimulus_id": shown, "condition": condition, "repetition": counted(shown)}
        repetition = self._whole_numbers("repetition", self._per("presentation", "repetition", n))
        return {"stimulus_id": shown, "condition": condition, "repetition": repetition}

    def _shown(self, n: int) -> list[str]:
        field, base = f"The field 'stimulus' of '{self.card.identifier}'", self._options.stimulus_base
        return shown_names(self._per("presentation", "stimulus", n), self._stimulus_ids(), base, field)

    def _neuroids(self, n: int, chosen: Array) -> dict[str, list[str]]:
        numbered = (
            list(self._cells) if self._fields.spike_times else [f"neuroid-{number}" for number in range(n)]
        )
        names = numbered if self._fields.neuroid_id is None else self._per("neuroid", "neuroid_id", n)
        columns = {
            "neuroid_id": names,
            "animal": self._animals(n),
            "region": self._per("neuroid", "region", n),
        }
        return {name: [values[k] for k in chosen] for name, values in columns.items()}

    def _animals(self, n: int) -> list[str]:
        subject = f"The field 'animal' of '{self.card.identifier}'"
        hint = "Name the animal of each neuroid, or of all as 'value' of the field."
        return [named_animal(name, subject, hint=hint) for name in self._per("neuroid", "animal", n)]

    def _time_bins(self, n: int) -> dict[str, Array] | None:
        if self._options.bin_ms is not None:
            edges_ms = self._options.bin_edges_ms
            return {"time_bin_start_ms": edges_ms[:-1], "time_bin_end_ms": edges_ms[1:]}
        edges = {
            name: field
            for name in ("time_bin_start_ms", "time_bin_end_ms")
            if (field := getattr(self._fields, name)) is not None
        }
        if not edges and n == 1:
            return None
        if len(edges) < 2:
            raise InvalidDataError(
                f"The time bins of '{self.card.identifier}'",
                got=f"{n} bins and the fields {sorted(edges)}",
                needed="with 'time_bin_start_ms' and 'time_bin_end_ms'",
            )
        return {name: np.ravel(numbers(field, self._file(field))) for name, field in edges.items()}

    def _masks(self, shape: tuple[int, int]) -> dict[str, npt.NDArray[np.bool_]]:
        return {name: self._mask(name, field, shape) for name, field in self._options.masks.items()}

    def _mask(self, name: str, field: Field, shape: tuple[int, int]) -> npt.NDArray[np.bool_]:
        """An epoch; without one of its axes it is the same along it."""
        subject = f"The mask '{name}' of '{self.card.identifier}'"
        mask = arranged(truths(field, self._file(field)), field, _MASK, subject)
        if any(size not in (1, whole) for size, whole in zip(mask.shape, shape, strict=True)):
            raise InvalidDataError(
                subject,
                got=f"{mask.shape[0]} presentations and {mask.shape[1]} time bins",
                needed=f"over {shape[0]} presentations and {shape[1]} time bins",
                hint=f"Name the order in which its axes lie, 'axes' of the mask, among {list(_MASK)}.",
            )
        return np.array(np.broadcast_to(mask, shape))

    def _clips(self) -> list[Stimulus]:
        frames = self._pictures() if self._images else _as_bytes(self._array("frames", _FRAMES, read_field))
        if frames.dtype != np.uint8:
            raise InvalidDataError(
                f"The frames of '{self.card.identifier}'", got=f"type {frames.dtype}", needed="bytes (uint8)"
            )
        coloured = np.broadcast_to(frames, (*frames.shape[:4], 3))
        rate_hz, degrees = self._options.rate_hz, float(self._options.degrees_per_pixel or np.nan)
        names = self._stimulus_ids() or _numbered(len(frames))
        return [
            FrameClip(name, np.ascontiguousarray(clip), rate_hz=rate_hz, degrees_per_pixel=degrees)
            for name, clip in zip(names, coloured, strict=True)
        ]

    def _walks(self) -> list[Stimulus]:
        velocity = self._array("velocity", _VELOCITY, numbers)
        starts = self._array("start_position", ("stimulus", "xy"), numbers)
        names = self._stimulus_ids() or _numbered(len(velocity))
        arena = self._options.arena_m or (np.nan, np.nan)
        return [
            SelfMotion(name, walk, rate_hz=self._options.rate_hz, start_position=start, arena_m=arena)
            for name, walk, start in zip(names, velocity, starts, strict=True)
        ]

    def _conditions(self) -> StimulusSet:
        """A stimulus for each combination of the variables' values, which lasts until the end of the last bin."""
        responses, _ = self._responses()
        rate_hz, bins = self._options.rate_hz, self._time_bins(responses.shape[2])
        n_steps = 1 if bins is None else max(1, round(float(bins["time_bin_end_ms"].max()) / 1000 * rate_hz))
        rows = sorted(set(self._condition_rows))
        made = [Condition(_condition_name(row), dict(row), rate_hz, n_steps) for row in rows]
        table = pd.DataFrame([{"stimulus_id": one.identifier, **one.variables} for one in made])
        return StimulusSet(self.card.identifier, tuple(made), table)

    @cached_property
    def _condition_rows(self) -> list[Row]:
        """Values of the variables in each presentation, or of each stimulus; none where the stimuli are others."""
        columns = {name: self._column(name, field) for name, field in self._fields.variables.items()}
        n = max(map(len, columns.values()), default=0)
        if wrong := {name: len(values) for name, values in columns.items() if len(values) not in (1, n)}:
            raise InvalidDataError(
                f"The field 'variables' of '{self.card.identifier}'",
                got=f"{wrong} values, and {n} of others",
                needed="of equally many values, or of one for all",
            )
        whole = [values * n if len(values) == 1 else values for values in columns.values()]
        return [tuple(zip(columns, values, strict=True)) for values in zip(*whole, strict=True)]

    @cached_property
    def _condition_names(self) -> list[str]:
        return [_condition_name(row) for row in self._condition_rows]

    def _column(self, name: str, field: Field) -> list[float | str]:
        """Finite numbers, or texts."""
        values = read_field(field, self._file(field))
        if values.dtype.kind not in "biuf":
            return list(texts(values))
        found = np.ravel(numbers(field, self._file(field)))
        self._check_finite(found, f"variables.{name}")
        return [float(f"{value:.12g}") for value in found]  # without what a scale rounds

    def _stimulus_ids(self) -> list[str] | None:
        """Names of the stimuli; None where they are numbered."""
        field = self._fields.stimulus_id
        if field is None:
            return list(self._images) or None
        return texts(read_field(field, self._file(field)))

    @cached_property
    def _images(self) -> dict[str, npt.NDArray[np.uint8]]:
        """Pictures by name, where the frames are pictures."""
        frames = self._fields.frames
        if frames is None or frames.images is None:
            return {}
        files = own_files(self.card, PICTURE_ENDINGS, self._settings)
        return read_pictures(files, frames.images, f"The field 'frames' of '{self.card.identifier}'")

    def _pictures(self) -> Array:
        """Pictures as clips of one frame, which are of one size."""
        sizes = {picture.shape: name for name, picture in self._images.items()}
        if len(sizes) > 1:
            shown = ", ".join(
                f"{shape[1]} x {shape[0]} ('{name}')" for shape, name in list(sizes.items())[:3]
            )
            raise InvalidDataError(
                f"The pictures of '{self.card.identifier}'", got=f"pixels of {shown}", needed="of one size"
            )
        return np.stack(list(self._images.values()))[:, None]

    def _per(self, axis: str, name: str, n: int) -> list[str]:
        """A field with one value for each of an axis, or one for all."""
        field: Field = self._require(name)
        values = read_field(field, self._file(field))
        found = texts(values)
        found = found * n if len(found) == 1 else found
        if len(found) != n:
            raise InvalidDataError(
                f"The field '{name}' of '{self.card.identifier}'",
                got=f"{len(found)} values",
                needed=f"one for each of the {n} on the axis '{axis}'",
                hint=text_hint(values),
            )
        return found

    def _whole_numbers(self, name: str, found: Sequence[str]) -> list[int]:
        wrong = [one for one in found if not one.removeprefix("-").isdecimal()]
        if wrong:
            raise InvalidDataError(
                f"The field '{name}' of '{self.card.identifier}'",
                got=f"'{wrong[0]}'",
                needed="of whole numbers",
                hint=f"Number them, or leave '{name}' out: then they are counted in the order of presentations.",
            )
        return [int(one) for one in found]

    def _array(self, name: str, axes: Sequence[str], read: Any) -> Array:
        field = self._require(name)
        subject = f"The field '{name}' of '{self.card.identifier}'"
        return arranged(read(field, self._file(field)), field, axes, subject)

    def _require(self, name: str) -> Field:
        field: Field | None = getattr(self._fields, name)
        if field is None:
            raise InvalidDataError(
                f"The fields of '{self.card.identifier}'", got=f"no '{name}'", needed="with it"
            )
        return field

    def _file(self, field: Field) -> Path:
        if field.value is not None:
            return Path()
        others = {name: path for name, path in self._files.items() if name not in self._cell_files}
        return file_of(field, others, f"'{self.card.identifier}'")

    @cached_property
    def _cell_files(self) -> dict[str, Path]:
        """Files of cells, where each has one."""
        spikes = self._fields.spike_times
        return cell_files(self._files, None if spikes is None else spikes.files)

    @cached_property
    def _files(self) -> dict[str, Path]:
        return own_files(self.card, ARRAY_ENDINGS, self._settings)


def trials(card: DatasetCard, settings: Settings) -> Trials:
    """The data set that a card describes."""
    return Trials(card, settings, read_options(card, TrialOptions))


def _as_bytes(frames: Array) -> Array:
    """Frames that MATLAB keeps as doubles, as bytes; those of 0 and 1 alone may be on another scale."""
    whole = frames.dtype.kind == "f" and frames.size and (frames == np.clip(np.round(frames), 0, 255)).all()
    return frames.astype(np.uint8) if whole and frames.max() > 1 else frames


def _condition_name(row: Row) -> str:
    return ",".join(f"{name}={texts(np.asarray(value))[0]}" for name, value in row)


def _numbered(n: int) -> list[str]:
    return [str(number) for number in range(n)]
