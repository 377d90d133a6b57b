"""Benchmarks of answers: one number of a candidate for each condition, compared with what subjects answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from ..core.errors import InvalidArgumentError, InvalidDataError
from ..core.scores import Score
from .answer_table import STIMULUS, AnswerTable
from .benchmark import Benchmark

__all__ = ["AnswerBenchmark"]


class AnswerBenchmark(Benchmark):
    """Base of the benchmarks of answers: all conditions are scored, as layers are selected without the subjects.

    Subclasses write how answers are got out of activations, and select the layer.
    """

    #: The layer by which a candidate answers itself.
    answer_layer: ClassVar[str]
    #: Form of the tables of answers that are scored without a model; None if there are none.
    table: ClassVar[AnswerTable | None] = None

    @cached_property
    def scored_conditions(self) -> tuple[str, ...]:
        """All conditions that the subjects answered."""
        return self._conditions

    @cached_property
    def layer_selection_conditions(self) -> tuple[str, ...]:
        """None: the layer is selected without the subjects."""
        return ()

    def score_table(self, table: pd.DataFrame) -> Score:
        """Score a table of answers.

        Parameters
        ----------
        table : pandas.DataFrame
            Table as read by :attr:`table`. Rows of other stimuli are left out.

        Raises
        ------
        InvalidArgumentError
            If the benchmark takes no tables.
        InvalidDataError
            If a stimulus that the subjects answered has no row.
        """
        if self.table is None:
            raise InvalidArgumentError(
                "The benchmark of a table", got=f"'{self.identifier}'", needed="one that takes tables"
            )
        by_name = dict(zip(table[STIMULUS], table[self.table.column], strict=True))
        absent = [name for name in self.scored_conditions if name not in by_name]
        if absent:
            raise InvalidDataError(
                f"The table for benchmark '{self.identifier}'",
                got=f"no row for {absent[:3]} ({len(absent)} of {len(self.scored_conditions)})",
                needed="with a row for every stimulus that the subjects answered",
            )
        return self._score_answers([by_name[name] for name in self.scored_conditions], self.answer_layer, {})

    def _score_answers(
        self,
        answers: Sequence[float] | npt.NDArray[np.float64],
        layer: str,
        layer_scores: Mapping[str, float],
    ) -> Score:
        """Compare the answers to the scored conditions, in their order, with the subjects'."""
        return self.metric(self._as_model(answers, layer), self._samples).with_layer(layer, layer_scores)

    def _as_model(self, answers: Sequence[float] | npt.NDArray[np.float64], layer: str) -> xr.DataArray:
        """The answers as those of a model of one unit, or of a unit for each answer to a condition."""
        names = list(self.scored_conditions)
        values = np.asarray(answers, dtype=np.float64).reshape(len(names), -1)
        units = [self.answer_layer, *(f"{self.answer_layer}-{k}" for k in range(2, values.shape[1] + 1))]
        return xr.DataArray(
            values,
            dims=["presentation", "neuroid"],
            coords={
                "stimulus_id": ("presentation", names),
                "condition": ("presentation", names),
                "neuroid_id": ("neuroid", units),
                "layer": ("neuroid", [layer] * len(units)),
            },
        )

    @cached_property
    def _samples(self) -> xr.DataArray:
        """Answers as they are: conditions have as many as were given."""
        return self._recording(self.card.region)
