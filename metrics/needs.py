"""Least recording that a metric can be computed on, and a recording held against it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from ..core.errors import UnfitRecordingError
from ..core.labelled import coordinate
from ..core.records import WEAK_CEILING
from ..core.words import number_of
from .samples import sample_groups

__all__ = ["FEW_CELLS", "Needs", "ceiling_facts", "cells_of_animals", "check_needs", "enough_cells"]

#: A ceiling that rests on fewer cells is said to be weak.
FEW_CELLS = 20

_TRUTHS = {"m"}  # positions and the like: true values, whose ceiling is known


@dataclass(frozen=True)
class Needs:
    """Least recording that a metric can be computed on.

    Attributes
    ----------
    cells : int
        Neuroids of an animal; animals of fewer do not count.
    cells_of_one_animal : int
        Neuroids where one animal alone counts, as where it is compared with itself by halves.
    cells_in_all : int
        Neuroids of all animals together, where they are pooled.
    animals : int
        Animals, or subjects of dissimilarities.
    conditions : int
        Conditions that are scored.
    repetitions : int
        Repetitions, or answers to a condition; conditions of fewer answers do not count.
    counted : tuple of str
        Coordinates whose combinations are counted as `conditions`, where other things are held out.
    """

    cells: int = 1
    cells_of_one_animal: int = 1
    cells_in_all: int = 1
    animals: int = 1
    conditions: int = 2
    repetitions: int = 1
    counted: tuple[str, ...] = ("condition",)

    def __str__(self) -> str:
        parts = [_number_counted(self.conditions, self.counted)]
        if self.repetitions > 1:
            parts.append(f"{self.repetitions} repetitions")
        if self.cells_in_all > 1:
            parts.append(f"{self.cells_in_all} cells in all")
        if self.cells_of_one_animal > self.cells:
            parts.append(f"{self.cells} cells in each of two animals or {self.cells_of_one_animal} in one")
        elif self.animals > 1:
            parts.append(f"{self.animals} animals")
        return ", ".join(parts)


def check_needs(needs: Needs, brain: xr.DataArray, *, subject: str = "The recording") -> None:
    """Check that samples of a recording, or dissimilarities, carry a metric.

    Raises
    ------
    UnfitRecordingError
        If they do not, with what is there and what is needed.
    """
    if _is_enough(needs, brain):
        return
    raise UnfitRecordingError(
        subject,
        got=_described(brain, needs.counted),
        needed=f"of at least {needs}",
        hint="Animals of fewer cells are left out. Add sessions, take fewer folds, or another metric.",
    )


def cells_of_animals(brain: xr.DataArray) -> dict[str, int]:
    """Number of neuroids of each animal; of dissimilarities, of measurements of each subject."""
    names = coordinate(brain, "subject" if "pair" in brain.dims else "animal").astype(str)
    return {str(name): int((names == name).sum()) for name in dict.fromkeys(names)}


def enough_cells(needs: Needs, cells: Mapping[str, int]) -> tuple[str, ...]:
    """The animals that count: those with enough cells. None where they are too few."""
    enough = tuple(name for name, n in cells.items() if n >= needs.cells)
    alone = len(enough) == 1 and cells[enough[0]] < needs.cells_of_one_animal
    return () if alone or len(enough) < needs.animals else enough


def ceiling_facts(needs: Needs, targets: pd.DataFrame, brain: xr.DataArray) -> dict[str, str | int]:
    """Number of cells and animals that a ceiling rests on, with a note where they are few.

    Parameters
    ----------
    needs : Needs
        What the metric needs, by which animals count.
    targets : pandas.DataFrame
        The score's targets: cells, if it has their names.
    brain : DataArray
        The scored samples.
    """
    if "neuroid" not in brain.dims or brain.attrs.get("units") in _TRUTHS:
        return {}
    cells = cells_of_animals(brain)
    if "neuroid_id" in targets:
        counted = {str(name): int(n) for name, n in targets["animal"].value_counts().items()}
    else:
        counted = {name: cells[name] for name in enough_cells(needs, cells)}
    n_cells, n_animals = sum(counted.values()), len(counted)
    facts: dict[str, str | int] = {"n_ceiling_cells": n_cells, "n_ceiling_animals": n_animals}
    if n_cells >= FEW_CELLS:
        return facts
    resting = f"{number_of(n_cells, 'cell')} of {number_of(n_animals, 'animal')}"
    return {**facts, WEAK_CEILING: f"{resting}, fewer than {FEW_CELLS} cells"}


def _is_enough(needs: Needs, brain: xr.DataArray) -> bool:
    if "pair" in brain.dims:
        return len(cells_of_animals(brain)) >= needs.animals
    conditions, repetitions = _sampled(brain, needs.counted)
    repeated = sum(n >= needs.repetitions for n in repetitions)
    if min(conditions, repeated) < needs.conditions:
        return False
    if "neuroid" not in brain.dims:
        return True
    cells = cells_of_animals(brain)
    return bool(enough_cells(needs, cells)) and sum(cells.values()) >= needs.cells_in_all


def _number_counted(n: int, counted: tuple[str, ...]) -> str:
    """Such as ``6 conditions``, or ``4 groups of effector x direction``."""
    if counted == ("condition",):
        return number_of(n, "condition")
    kind = " x ".join(counted)
    return number_of(n, f"group of {kind}", f"groups of {kind}")


def _sampled(brain: xr.DataArray, counted: tuple[str, ...]) -> tuple[int, list[int]]:
    """Number of conditions, and how often each was repeated."""
    names, counts = np.unique(sample_groups(brain, counted), return_counts=True)
    if "repetition" in brain.dims:
        return len(names), [brain.sizes["repetition"]] * len(names)
    return len(names), counts.tolist()


def _described(brain: xr.DataArray, counted: tuple[str, ...]) -> str:
    """Animals with their cells, conditions and repetitions."""
    if "pair" in brain.dims:
        return number_of(len(cells_of_animals(brain)), "subject")
    conditions, repetitions = _sampled(brain, counted)
    parts = [_number_counted(conditions, counted), f"up to {number_of(max(repetitions), 'repetition')}"]
    if "neuroid" not in brain.dims:
        return ", ".join(parts)
    cells = cells_of_animals(brain)
    listed = ", ".join(f"{number_of(n, 'cell')} of {name}" for name, n in cells.items())
    return f"{number_of(len(cells), 'animal')} ({listed}), {', '.join(parts)}"
