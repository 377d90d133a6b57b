"""Benchmarks of answers: one number of a candidate for each condition, compared with what subjects answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import xarray as xr

from ..core.scores import Score
from .benchmark import Benchmark

__all__ = ["AnswerBenchmark"]


class AnswerBenchmark(Benchmark):
    """Base of the benchmarks of answers: all conditions are scored, as layers are selected without the subjects.

    Subclasses write how answers are got out of activations, and select the layer.
    """

    #: The layer by which a candidate answers itself.
    answer_layer: ClassVar[str]

    @cached_property
    def scored_conditions(self) -> tuple[str, ...]:
        """All conditions that the subjects answered."""
        return self._conditions

    @cached_property
    def layer_selection_conditions(self) -> tuple[str, ...]:
        """None: the layer is selected without the subjects."""
        return ()

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
