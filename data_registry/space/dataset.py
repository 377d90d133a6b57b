"""A data set made of tracked sessions: the walks as stimuli, rate maps as the recording.

Loaders say how a file becomes sessions; what is the same for all of them is here. The card's ``options`` say what
the files do not, such as the arena's size.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import is_dataclass, replace
from functools import cached_property
from typing import Annotated, Any, TypeAlias, TypeVar, get_args, get_origin, get_type_hints

import numpy as np
import numpy.typing as npt
import xarray as xr
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ...core.cards import DatasetCard
from ...core.display import Displayed
from ...core.errors import InvalidCardError, InvalidDataError, did_you_mean
from ...core.labelled import coordinate
from ...core.stimuli import SelfMotion, StimulusSet
from ..interface import check_region
from .head_direction import direction_recording
from .recordings import MapOptions, MappedSessions, labelled_maps, map_sessions
from .sessions import TrackedSession, TrackingLimits
from .stimuli import session_stimuli
from .tracking_checks import RefusedSessionError

__all__ = ["SessionReader", "SpatialDataset", "SpatialOptions", "read_options"]

Array = npt.NDArray[np.float64]

DIRECTION = "-direction"

SessionReader: TypeAlias = Callable[[], Sequence[TrackedSession]]


class SpatialOptions(BaseModel):
    """Options of a card that apply to any data set of tracked sessions.

    Attributes
    ----------
    arena_m : tuple of float
        Width and height of the arena in m.
    corner_m : tuple of float or None
        Position of its lower left corner in the tracker's coordinates, in m; None if unknown.
    rate_hz : float
        Steps per second of the stimuli.
    leave_out_refused : bool
        Whether a session that cannot be right is left out and counted; otherwise it stops the reading. A damaged
        file always does.
    maps : MapOptions
        Options of the rate maps.
    limits : TrackingLimits
        Tolerances of the tracking.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    arena_m: tuple[float, float]
    corner_m: tuple[float, float] | None = None
    rate_hz: Annotated[float, Field(gt=0)] = 10.0
    leave_out_refused: bool = False
    maps: MapOptions = MapOptions()
    limits: TrackingLimits = TrackingLimits()


_UNKNOWN = ("extra_forbidden", "unexpected_keyword_argument")  # pydantic's words for a key of none

Options = TypeVar("Options", bound=BaseModel)


def read_options(card: DatasetCard, kind: type[Options]) -> Options:
    """Check a card's options.

    Raises
    ------
    InvalidCardError
        If a key is missing, unknown or illegal; all faults are named, and the key that an unknown one resembles.
    """
    try:
        return kind.model_validate(dict(card.options))
    except ValidationError as error:
        details = error.errors()
        asked = [_meant(detail["loc"], kind) for detail in details if detail["type"] in _UNKNOWN]
        raise InvalidCardError(
            f"The options of data set '{card.identifier}'",
            got="; ".join(map(_fault, details)),
            needed="ones that its loader knows",
            hint=" ".join(filter(None, [*asked, f"Its keys are: {', '.join(kind.model_fields)}."])),
        ) from error


def _fault(detail: Any) -> str:
    return f"{'.'.join(map(str, detail['loc'])) or 'options'}: {detail['msg']}"


def _meant(path: Sequence[object], kind: type[BaseModel]) -> str:
    *above, key = path
    return did_you_mean(str(key), _keys(kind, above))


def _keys(kind: Any, path: Sequence[object]) -> list[str]:
    """Keys of the part of some options that a path leads to; of several kinds of a part, those of all."""
    if inner := get_args(kind):
        of_names = isinstance(get_origin(kind), type) and issubclass(get_origin(kind), Mapping)
        return _keys(inner[1], path[1:]) if of_names else [key for one in inner for key in _keys(one, path)]
    if not (isinstance(kind, type) and (is_dataclass(kind) or issubclass(kind, BaseModel))):
        return []
    hints = {key: hint for key, hint in get_type_hints(kind).items() if not key.startswith("model_")}
    return _keys(hints.get(str(path[0])), path[1:]) if path else list(hints)


class SpatialDataset(Displayed):
    """A data set made of tracked sessions.

    Parameters
    ----------
    card : DatasetCard
        Its card.
    readers : callable returning a sequence of SessionReader
        Finds the files when something is asked for first; each reader then reads what belongs together.
    options : SpatialOptions
        Options as given by the card.
    check : callable, optional
        Called with all sessions when they have been read; raises where they are not as the options say.
    set_aside : callable returning a sequence of str, optional
        Names sessions that lie with the files and are not read, each with the reason.
    """

    def __init__(
        self,
        card: DatasetCard,
        readers: Callable[[], Sequence[SessionReader]],
        options: SpatialOptions,
        check: Callable[[Sequence[TrackedSession]], None] | None = None,
        set_aside: Callable[[], Sequence[str]] = tuple,
    ) -> None:
        self.card = card
        self._set_aside = set_aside
        self._readers, self._options, self._check = readers, options, check

    @property
    def sessions(self) -> tuple[TrackedSession, ...]:
        """All sessions, clean."""
        return self._read[0]

    @property
    def refused(self) -> tuple[RefusedSessionError, ...]:
        """Why sessions were left out, where the options allow it."""
        return self._read[1]

    @property
    def left_out(self) -> tuple[str, ...]:
        """Every session that is scored in no region, with the reason: not read, refused, or too little covered."""
        refused = [f"{_plain(error.subject)}: {error.got}" for error in self.refused]
        return (*self._set_aside(), *refused, *self._mapped.left_out)

    def stimuli(self) -> StimulusSet:
        """The walks of the sessions that the recordings are of, and of no others."""
        scored = set(map(id, self._mapped.sessions))
        walked = [session for session in self.sessions if id(session) in scored]
        return session_stimuli(self.card.identifier, walked, rate_hz=self._options.rate_hz)

    def recording(self, region: str) -> xr.DataArray:
        """Rate maps in Hz, or of a region that ends in ``-direction`` rates by head direction.

        See :func:`~.spatial_recordings.labelled_maps` and :func:`~.head_direction.direction_recording`. Both are
        of the sessions that cover the arena; the attributes ``n_sessions_left_out`` and, where there are any,
        ``sessions_left_out`` say how many are not in it, which and why, and ``n_stuck_samples_left_out`` how many
        samples a tracker that lost the animal repeated. Bins that no walk of :meth:`stimuli` has a
        step in are NaN and counted in ``n_bins_left_out``.
        """
        check_region(self.card, region)
        left_out = self.left_out
        if region.endswith(DIRECTION):
            sessions = self._mapped.sessions
            left_out += tuple(
                f"{session.identifier}: no head direction"
                for session in sessions
                if session.head_direction is None
            )
            found = direction_recording(sessions, region)
        else:
            found = labelled_maps(self._mapped, region)
            self._leave_out_unstepped(found)
        if stuck := sum(session.n_samples_stuck for session in self._mapped.sessions):
            found.attrs["n_stuck_samples_left_out"] = stuck
        found.attrs["n_sessions_refused"] = len(self.refused)
        found.attrs["n_sessions_left_out"] = len(left_out)
        if left_out:
            found.attrs["sessions_left_out"] = "; ".join(left_out)
        return found

    def cell_maps(self) -> tuple[list[str], Array]:
        """Each cell's map over its whole sessions, in bins half as wide as the recording's.

        Returns
        -------
        names : list of str
            Names as in the recording's ``neuroid_id``.
        maps : array of shape (n_cells, height, width)
            Maps in Hz, smoothed as the recording's; rows by y from the bottom; NaN where the cell's own animal was
            too short a time, whatever bins other cells lack.
        """
        options = self._options.maps
        finer = replace(options, bin_m=options.bin_m / 2, n_repetitions=1, min_coverage=0.0)
        mapped = map_sessions(self._mapped.sessions, finer)
        maps = [part[0].T.reshape(-1, *mapped.grid.shape) for part in mapped.maps]
        return list(coordinate(labelled_maps(mapped, ""), "neuroid_id").astype(str)), np.concatenate(maps)

    def _leave_out_unstepped(self, maps: xr.DataArray) -> None:
        """Rates are smoothed into bins in which no walk has a step, where a model has no state: NaN for all."""
        grid = self._mapped.grid
        stepped = np.zeros(grid.n_bins, dtype=bool)
        for walk in self.stimuli():
            if isinstance(walk, SelfMotion):
                stepped[grid.index(walk.positions)] = True
        known = np.isfinite(maps.values).any(axis=1).reshape(-1, grid.n_bins).any(axis=0)
        maps.values[np.tile(~stepped, self._options.maps.n_repetitions)] = np.nan
        maps.attrs["n_bins_left_out"] = int((known & ~stepped).sum())

    @cached_property
    def _mapped(self) -> MappedSessions:
        return map_sessions(self.sessions, self._options.maps)

    @cached_property
    def _read(self) -> tuple[tuple[TrackedSession, ...], tuple[RefusedSessionError, ...]]:
        sessions: list[TrackedSession] = []
        refused: list[RefusedSessionError] = []
        for reader in self._readers():
            try:
                sessions += reader()
            except RefusedSessionError as error:
                if not self._options.leave_out_refused:
                    raise
                refused.append(error)
        if not sessions and refused:
            raise refused[0]
        _check_names(self.card, sessions)
        if self._check is not None:
            self._check(sessions)
        return tuple(sessions), tuple(refused)


def _plain(subject: str) -> str:
    """A session's bare name out of an error's subject."""
    return subject.removeprefix("The session '").removesuffix("'")


def _check_names(card: DatasetCard, sessions: Sequence[TrackedSession]) -> None:
    names = [session.identifier for session in sessions]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise InvalidDataError(
            f"The data set '{card.identifier}'",
            got=f"two sessions each of {repeated}",
            needed="with distinct sessions",
            hint="Two files may hold the same session; take one away.",
        )
