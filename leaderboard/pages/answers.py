"""The answer of a benchmark in a sentence: the best model, how sure that is, and what the floor is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..board import Cell, Column, Section
from .kinds import floor_of, is_control
from .lines import fold
from .telling import Separation, separation

__all__ = ["Answer", "answer_of", "answers"]


@dataclass(frozen=True)
class Floor:
    """The best baseline or untrained network, and whether it is in a tie group with the best model."""

    candidate: str
    cell: Cell
    tied: bool


@dataclass(frozen=True)
class Answer:
    """The best model of a column.

    Parameters
    ----------
    column : Column
    candidate : str
        The best model; controls are none. Of a model with several seeds it is the middle one.
    cell : Cell
        Its result.
    tied : tuple of str
        Models that it is not significantly different from.
    next : str or None
        The second best model; None if there is no other.
    above : tuple of str
        Controls with a higher value.
    floor : Floor or None
    separation : Separation
        How many pairs the column tells apart.
    """

    column: Column
    candidate: str
    cell: Cell
    tied: tuple[str, ...]
    next: str | None
    above: tuple[str, ...]
    floor: Floor | None
    separation: Separation

    @property
    def is_above_floor(self) -> bool:
        """Whether the best model stands above the floor, significantly or not."""
        return self.floor is None or self.cell.value > self.floor.cell.value


def answers(section: Section) -> list[Answer]:
    """One answer for each data set of a section, on the benchmark that answers best.

    That is the one with the largest share of significantly different pairs among those in which a model stands
    above the floor: where a baseline is above all models, no order of models is an answer. Where there is none
    such, it is the one with the largest share.
    """
    by_dataset: dict[str, list[Column]] = {}
    for column in section.columns:
        if column.counted:
            by_dataset.setdefault(column.dataset, []).append(column)
    found = [_best_of(section, some) for some in by_dataset.values()]
    return sorted(filter(None, found), key=lambda one: -one.separation.n_candidates)


def _best_of(section: Section, columns: Sequence[Column]) -> Answer | None:
    """The answer of the column that answers best; None where no model has a value."""
    found = [answer for column in columns if (answer := answer_of(section, column)) is not None]
    return max(found, key=_telling, default=None)


def _telling(answer: Answer) -> tuple[bool, float, int]:
    """A sort key: above the floor, then share of significantly different pairs, then number of candidates."""
    return answer.is_above_floor, answer.separation.share, answer.separation.n_candidates


def answer_of(section: Section, column: Column) -> Answer | None:
    """The answer of a column; None where no model has a value."""
    index = section.columns.index(column)
    models = [line for line in fold(section.rows) if not is_control(line.members[0].model_class)]
    having = sorted(
        (line.middle(index) for line in models if line.cell(index).has_value),
        key=lambda row: -row.cells[index].value,
    )
    if not having:
        return None
    best, *others = having
    cell = best.cells[index]
    controls = [row for row in section.rows if is_control(row.model_class)]
    above = sorted(
        (row for row in controls if row.cells[index].value > cell.value),
        key=lambda row: -row.cells[index].value,
    )
    return Answer(
        column,
        best.candidate,
        cell,
        tuple(row.candidate for row in others if cell.ties_with(row.cells[index])),
        others[0].candidate if others else None,
        tuple(row.candidate for row in above),
        _floor(section, column, cell),
        separation(section, column),
    )


def _floor(section: Section, column: Column, best: Cell) -> Floor | None:
    found = floor_of(section, column)
    return None if found is None else Floor(*found, tied=best.ties_with(found[1]))
