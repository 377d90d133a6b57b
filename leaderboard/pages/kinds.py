"""Kinds of candidates: models, and what is scored beside them to know what a score is worth."""

from __future__ import annotations

from ..board import Cell, Column, Section

__all__ = ["floor_of", "is_control"]

_CONTROLS = frozenset({"shuffled", "control", "baseline", "untrained network"})
_FLOORS = frozenset({"baseline", "untrained network"})


def is_control(model_class: str) -> bool:
    """Whether a class of candidates is no model of anything: controls, baselines and untrained networks."""
    return model_class in _CONTROLS


def floor_of(section: Section, column: Column) -> tuple[str, Cell] | None:
    """The best baseline or untrained network of a column, which a score has to exceed; None if it is chance, 0."""
    index = section.columns.index(column)
    floors = [
        (row.candidate, row.cells[index])
        for row in section.rows
        if row.model_class in _FLOORS and row.cells[index].value > 0
    ]
    return max(floors, key=lambda one: (one[1].value, one[0]), default=None)
