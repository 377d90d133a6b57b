"""The original MATLAB files, in the two layouts in which they are handed out.

One file a cell: ``<rat>-<session>_t<t>c<c>.mat`` with x1, y1, x2, y2, t, ts. Or a file a session,
``<rat>-<session>_POS.mat`` with posx, posy, posx2, posy2, post, and a file a cell,
``<rat>-<session>_T<t>C<c>.mat`` with cellTS. Positions are in cm; the second light is empty in many sessions.
A session's name may join several by "+".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...core.errors import InvalidDataError
from ..readers.matlab_structs import read_matlab
from ..space.dataset import SpatialOptions
from ..space.sessions import TrackedSession, tracked_session
from ..space.tracking_checks import direction_of_lights

__all__ = ["SessionFiles", "group_sessions", "read_session", "session_names"]

Array = npt.NDArray[np.float64]

_NAME = re.compile(r"^(?P<rat>\d+)-(?P<session>[\d+]+)[^_]*_(?P<what>POS|T\d+C\d+)\.mat$", re.IGNORECASE)
_M_PER_CM = 0.01

# (time, x, y, x of the second light, y of it), and the spike times, in either layout
_A_FILE_A_SESSION = ("post", "posx", "posy", "posx2", "posy2")
_A_FILE_A_CELL = ("t", "x1", "y1", "x2", "y2")
_SPIKES = ("cellTS", "ts")


@dataclass(frozen=True)
class SessionFiles:
    """The files of one session.

    Attributes
    ----------
    rat, session : str
        Names of rat and session as in the files' names.
    position : pathlib.Path
        File with the track: the session's own, or the first cell's.
    cells : mapping of str to pathlib.Path
        File of each cell, such as ``t1c2``.
    """

    rat: str
    session: str
    position: Path
    cells: Mapping[str, Path]


def group_sessions(paths: Sequence[Path]) -> list[SessionFiles]:
    """Bring the files of each session together; EEG files and others are passed by.

    Raises
    ------
    InvalidDataError
        If no file has a name as released, or a session has a track and no cell.
    """
    found = _by_session(paths)
    if not found:
        raise InvalidDataError(
            "The MATLAB files",
            got=f"names such as {paths[0].name}",
            needed="named as released, '11016-31010502_T6C3.mat' beside '11016-31010502_POS.mat'",
        )
    return [_session(rat, session, files) for (rat, session), files in sorted(found.items())]


def session_names(paths: Sequence[Path]) -> list[str]:
    """Names of the sessions that files belong to, as ``10073-17010302``."""
    return [f"{rat}-{session}" for rat, session in sorted(_by_session(paths))]


def read_session(files: SessionFiles, options: SpatialOptions) -> list[TrackedSession]:
    """Read one session.

    Raises
    ------
    InvalidDataError
        If a file is damaged or lacks a variable, or the session is refused.
    """
    track = _track(files.position)
    times, first, second = track
    cells = {f"{files.session}_{cell}": _spikes(path, times) for cell, path in files.cells.items()}
    session = tracked_session(
        f"{files.rat}-{files.session}",
        files.rat,
        times_s=times,
        positions_m=first,
        arena_m=options.arena_m,
        corner_m=options.corner_m,
        spikes_s=cells,
        head_direction=None if second is None else direction_of_lights(times, first, second),
        limits=options.limits,
    )
    return [session]


def _by_session(paths: Sequence[Path]) -> dict[tuple[str, str], dict[str, Path]]:
    """Files by rat and session, then by content."""
    found: dict[tuple[str, str], dict[str, Path]] = {}
    for path in paths:
        match = _NAME.match(path.name)
        if match:
            found.setdefault((match["rat"], match["session"]), {})[match["what"].lower()] = path
    return found


def _session(rat: str, session: str, files: dict[str, Path]) -> SessionFiles:
    cells = {what: path for what, path in files.items() if what != "pos"}
    if not cells:
        raise InvalidDataError(
            f"The session '{rat}-{session}'",
            got="a track without cells",
            needed="with files such as _T1C1.mat",
        )
    return SessionFiles(rat, session, files.get("pos", next(iter(cells.values()))), cells)


def _track(path: Path) -> tuple[Array, Array, Array | None]:
    """Times in s, position in m, and that of the second light where there is one."""
    content = read_matlab(path, [*_A_FILE_A_SESSION, *_A_FILE_A_CELL])
    names = _A_FILE_A_SESSION if "posx" in content else _A_FILE_A_CELL
    missing = [name for name in names[:3] if name not in content]
    if missing:
        raise InvalidDataError(f"The file {path}", got=f"no {missing}", needed=f"with variables {names}")
    times, x, y, *second = (_row(content, name) for name in names)
    if not len(times) == len(x) == len(y):
        raise InvalidDataError(
            f"The file {path}", got=f"{len(times)} times, {len(x)} x, {len(y)} y", needed="of one length"
        )
    with_second = all(len(column) == len(times) for column in second)
    return times, _positions(x, y), _positions(*second) if with_second else None


def _spikes(path: Path, times: Array) -> Array:
    content = read_matlab(path, [*_SPIKES, "t"])
    found = [name for name in _SPIKES if name in content]
    if not found:
        raise InvalidDataError(f"The file {path}", got="no spike times", needed=f"with one of {_SPIKES}")
    if "t" in content and not np.array_equal(_row(content, "t"), times, equal_nan=True):
        raise InvalidDataError(
            f"The file {path}",
            got="another track than the session's first cell",
            needed="of the same session",
        )
    return _row(content, found[0])


def _row(content: Mapping[str, Any], name: str) -> Array:
    """A variable as a row of numbers; empty where it is absent."""
    return np.asarray(content.get(name, []), dtype=float).ravel()


def _positions(x: Array, y: Array) -> Array:
    return np.stack([x, y], axis=1) * _M_PER_CM
