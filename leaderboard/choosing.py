"""Parts of a board by the names that people give them."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ..core.errors import InvalidInputError, UnknownNameError
from ..core.registry import closest_names
from .cells import Board, Column, Section

__all__ = ["columns_named", "systems_named"]


def systems_named(board: Board, name: str) -> tuple[Section, ...]:
    """The sections in whose system's name, or in a region of whose columns, a text is found, whatever its case.

    Raises
    ------
    UnknownNameError
        If there is none.
    """
    found = tuple(section for section in board.sections if name.lower() in _words(section).lower())
    if not found:
        raise UnknownNameError("system", name, [section.system for section in board.sections])
    return found


def columns_named(
    board: Board, benchmarks: Sequence[str], registered: Collection[str] = ()
) -> list[tuple[Section, Column]]:
    """The columns of benchmarks with their sections, in the order asked for.

    Raises
    ------
    InvalidInputError
        If a benchmark has none though it is registered.
    UnknownNameError
        If it is not registered either.
    """
    known = [(section, column) for section in board.sections for column in section.columns]
    found = []
    for name in dict.fromkeys(benchmarks):
        columns = [one for one in known if one[1].benchmark == name]
        if not columns and name in registered:
            raise InvalidInputError(
                f"The benchmark {name}",
                got="no score that the board shows",
                needed="scored at least once",
                hint=f"Run 'innerscore score CANDIDATE --benchmark {name}' first.",
            )
        if not columns:
            raise UnknownNameError(
                "benchmark", name, closest_names(name, {column.benchmark for _, column in known})
            )
        found += columns
    return found


def _words(section: Section) -> str:
    return " ".join([section.system, *(column.region for column in section.columns)])
