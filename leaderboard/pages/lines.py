"""Lines of the board: one for each model, with its seeds folded into it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ..board import Cell, Row

__all__ = ["Bracket", "Line", "brackets", "fold", "in_order"]

_SEED = re.compile(r"(?P<model>.+?)[-_.]seed[-_]?(?P<seed>\d+)")
_MOST_LANES = 4


@dataclass(frozen=True)
class Line:
    """A model: one row of the board, or the rows of its seeds.

    Parameters
    ----------
    name : str
        The candidate's name, without the seed if there are several.
    members : tuple of Row
        The rows, in the board's order.
    """

    name: str
    members: tuple[Row, ...]

    @property
    def is_folded(self) -> bool:
        """Whether it has several seeds."""
        return len(self.members) > 1

    def middle(self, place: int) -> Row:
        """The member of the middle value in a column, of two the lower: neither the luckiest seed nor a mean."""
        having = [row for row in self.members if row.cells[place].has_value]
        ordered = sorted(having, key=lambda row: -row.cells[place].value)
        return ordered[len(ordered) // 2] if ordered else self.members[0]

    def cell(self, place: int) -> Cell:
        """The cell of the middle member in a column."""
        return self.middle(place).cells[place]

    def ends(self, place: int) -> tuple[float, float] | None:
        """The lowest and the highest value of the members in a column; None where none has one."""
        values = [row.cells[place].value for row in self.members if row.cells[place].has_value]
        return (min(values), max(values)) if values else None


@dataclass(frozen=True)
class Bracket:
    """The part of a tie group's bracket that is at one line: in which lane, and whether it begins or ends there."""

    lane: int
    first: bool
    last: bool


def fold(rows: Sequence[Row]) -> list[Line]:
    """Rows as lines, in the order in which each model comes first.

    Names that differ in their seed alone, as ``net-seed-1`` and ``net-seed-2``, are one model.
    """
    found: dict[str, list[Row]] = {}
    for row in rows:
        match = _SEED.fullmatch(row.candidate)
        found.setdefault(match["model"] if match else row.candidate, []).append(row)
    return [
        Line(name if len(members) > 1 else members[0].candidate, tuple(members))
        for name, members in found.items()
    ]


def in_order(lines: Sequence[Line], place: int) -> list[Line]:
    """Lines by their value in a column, best first; those without one last, as they were."""
    having = [line for line in lines if line.cell(place).has_value]
    rest = [line for line in lines if not line.cell(place).has_value]
    return sorted(having, key=lambda line: -line.cell(place).value) + rest


def brackets(ordered: Sequence[Line], place: int) -> list[tuple[Bracket, ...]]:
    """For each line of a column, best first, the brackets of its tie groups.

    A group of one has none. Groups overlap; each is in the first lane that is free, and left out where none is.
    """
    reach: dict[int, list[int]] = {}
    for position, line in enumerate(ordered):
        standing = line.cell(place).standing
        for group in () if standing is None else standing.tie_groups:
            reach.setdefault(group, []).append(position)
    found: list[list[Bracket]] = [[] for _ in ordered]
    free_from = [0] * _MOST_LANES
    for _, positions in sorted(reach.items()):
        lane = next((n for n, free in enumerate(free_from) if free <= positions[0]), None)
        if len(positions) < 2 or lane is None:
            continue
        free_from[lane] = positions[-1] + 1
        for position in positions:
            found[position].append(Bracket(lane, position == positions[0], position == positions[-1]))
    return [tuple(some) for some in found]
