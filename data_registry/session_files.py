"""The files of sessions: which files hold a session, and which the cells of one, where each cell has a file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from glob import escape
from pathlib import Path

from ..core.errors import InvalidDataError
from .declared_fields import ENDINGS
from .readers.numbered_names import as_counted

__all__ = ["SessionFiles", "cell_files", "named_cells", "session_files"]

_SHOWN = 5


@dataclass(frozen=True)
class SessionFiles:
    """The file of a session, and those of its cells where each has one.

    Parameters
    ----------
    name : str
        Name of the session.
    path : pathlib.Path
        File with the position.
    cells : mapping of str to pathlib.Path
        Files of cells by the name of the cell.
    """

    name: str
    path: Path
    cells: Mapping[str, Path]


def cell_files(files: Mapping[str, Path], pattern: str | None) -> dict[str, Path]:
    """The files of cells, of those of a data set's folder, in the order in which people count.

    Parameters
    ----------
    files : mapping of str to pathlib.Path
        Files by their paths in the data set's folder.
    pattern : str or None
        Pattern of the paths; None where cells have no files of their own.
    """
    found = [name for name in files if pattern is not None and fnmatchcase(name, pattern)]
    return {name: files[name] for name in sorted(found, key=as_counted)}


def named_cells(cells: Mapping[str, Path], session: str = "") -> dict[str, Path]:
    """Files of cells by the names of the files, without the name of the session that they begin with.

    Raises
    ------
    InvalidDataError
        If two have one name.
    """
    stems = [path.stem for path in cells.values()]
    names = [stem.removeprefix(session).lstrip("_-. ") or stem for stem in stems]
    if len(set(names)) != len(names):
        raise InvalidDataError("The files of cells", got=_shown(cells), needed="of names that are distinct")
    return dict(zip(names, cells.values(), strict=True))


def session_files(
    files: Mapping[str, Path], sessions: str | None, cells: str | None, subject: str
) -> list[SessionFiles]:
    """Put the files of a data set's folder together by session.

    Parameters
    ----------
    files : mapping of str to pathlib.Path
        Files by their paths in the data set's folder.
    sessions : str or None
        Pattern with one ``*`` of the files that hold a session; the ``*`` is its name. None where every file but
        those of cells holds one.
    cells : str or None
        Pattern of the files of cells, whose first ``*`` stands for the session's name where `sessions` is given.
    subject : str
        Name of the data set, for messages.

    Raises
    ------
    InvalidDataError
        If no file holds a session, or a cell's file belongs to none of them, or to several.
    """
    of_cells = cell_files(files, cells)
    if cells is not None and not of_cells:
        raise InvalidDataError(
            subject, got=f"files {_shown(files)}", needed=f"with files of cells named as '{cells}'"
        )
    candidates = files if sessions else {name: path for name, path in files.items() if name not in of_cells}
    named = _named_sessions(candidates, sessions)
    if both := [name for name, path in of_cells.items() if path in [path for _, path in named]]:
        raise InvalidDataError(
            subject,
            got=f"files that are named as sessions and as cells, {_shown(both)}",
            needed="with each file named as one of both",
        )
    if not named:
        raise InvalidDataError(
            subject,
            got=f"files {_shown(files)}",
            needed=f"with files of sessions named as '{sessions or '*'}'",
        )
    owned = _cells_by_session(of_cells, [name for name, _ in named], sessions, cells, subject)
    return [
        SessionFiles(name.replace("/", "-"), path, named_cells(own, name))
        for (name, path), own in zip(named, owned, strict=True)
    ]


def _named_sessions(files: Mapping[str, Path], pattern: str | None) -> list[tuple[str, Path]]:
    """Files of sessions with the name of the session."""
    if pattern is None:
        return [(path.stem, path) for path in files.values() if path.suffix.lower() in ENDINGS]
    start, end = pattern.split("*")
    named = [name for name in files if fnmatchcase(name, f"{escape(start)}?*{escape(end)}")]
    return [(name[len(start) : len(name) - len(end)], files[name]) for name in named]


def _cells_by_session(
    cells: Mapping[str, Path], sessions: Sequence[str], named: str | None, pattern: str | None, subject: str
) -> list[dict[str, Path]]:
    """Files of cells of each session."""
    if pattern is None or (named is None and len(sessions) == 1):
        return [dict(cells) for _ in sessions]
    if named is None:
        raise InvalidDataError(
            subject,
            got=f"files of cells beside {len(sessions)} others, {_shown(sessions)}",
            needed="of one session, or with files that are told apart by session",
            hint="Write 'session_files' beside 'fields': its * is the session's name, as the first * in 'files' of "
            "'spike_times' is, such as '*_POS.mat' and '*_T*C*.mat'.",
        )
    owned = [cell_files(cells, pattern.replace("*", escape(name), 1)) for name in sessions]
    if wrong := [name for name in cells if sum(name in one for one in owned) != 1]:
        raise InvalidDataError(
            subject,
            got=f"files of cells of no session or of several, {_shown(wrong)}",
            needed="with each file of a cell named after one session",
        )
    return owned


def _shown(names: Iterable[str]) -> str:
    return f"such as {sorted(names)[:_SHOWN]}"
