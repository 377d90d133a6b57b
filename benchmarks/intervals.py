"""Benchmarks of produced intervals: when a model would move after Set, against when an animal moved.

A candidate that produces intervals has a layer named ``tp``, whose last step holds its answer in ms: one unit, or
several that are as many trials. Of any other candidate the answer is read out of its state just before Set, by
ridge regression on the intervals shown in other contexts. The layer is the one whose answers are nearest to these,
so that the animal, which is scored against, has no part in the choice.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..core.activations import Activations
from ..core.errors import ActivationError, InvalidDataError
from ..core.scores import Score
from ..metrics.functional.decoding.held_out_readout import held_out_readout
from .alignment import interpolated
from .answers import AnswerBenchmark
from .layer_selection import select_layer

__all__ = ["INTERVAL_LAYER", "IntervalBenchmark"]

INTERVAL_LAYER = "tp"
_NEEDED = ("set_ms", "t_s_ms", "context")
# Before Set a clock holds what it measured, at Set it may begin anew; candidates have a step in 20 ms.
_BEFORE_SET_MS = 20.0

Floats = npt.NDArray[np.float64]


class IntervalBenchmark(AnswerBenchmark):
    """An animal's produced intervals, a presentation a trial, and a metric of how they depend on those shown.

    The table of the data set's stimuli has ``set_ms``, the time of Set in the clip, the interval shown ``t_s_ms``
    and the ``context``.
    """

    answer_layer = INTERVAL_LAYER

    def _score(self, activations: Mapping[str, Activations], layers: tuple[str, ...]) -> Score:
        """The score of the candidate's own intervals, or of those read out with the smallest error."""
        if INTERVAL_LAYER in layers:
            last = [activations[name][INTERVAL_LAYER].values[-1] for name in self.scored_conditions]
            return self._score_answers(_finite(np.stack(last).astype(np.float64)), INTERVAL_LAYER, {})
        intervals = {layer: self._read_out(self._states(activations, layer)) for layer in layers}
        shown = self._column("t_s_ms").astype(np.float64)
        # Values of layers are better when higher: errors are negated.
        layer, values = select_layer(
            layers, lambda name: -float(np.abs(intervals[name] - shown).mean()), can_choose=True
        )
        return self._score_answers(intervals[layer], layer, values)

    def _states(self, activations: Mapping[str, Activations], layer: str) -> Floats:
        """The state just before Set of each scored condition."""
        before = self._column("set_ms").astype(np.float64) - _BEFORE_SET_MS
        return np.concatenate(
            [
                interpolated(activations[name][layer], np.array([time]))
                for name, time in zip(self.scored_conditions, before, strict=True)
            ]
        )

    def _read_out(self, states: Floats) -> Floats:
        """Intervals in ms read out of states by a map that was fitted in other contexts."""
        contexts = self._column("context").astype(str)
        folds = np.unique(contexts, return_inverse=True)[1].astype(np.int64)
        shown = self._column("t_s_ms").astype(np.float64)
        return np.asarray(held_out_readout(np.ascontiguousarray(states), shown[:, None], contexts, folds))[
            :, 0
        ]

    def _column(self, name: str) -> npt.NDArray[np.generic]:
        """A column of the table of stimuli, in the order of the scored conditions."""
        return np.asarray(self._facts.loc[list(self.scored_conditions), name].to_numpy())

    @cached_property
    def _facts(self) -> pd.DataFrame:
        table = self.stimuli.table
        missing = [name for name in _NEEDED if name not in table]
        if missing:
            raise InvalidDataError(
                "The table of stimuli", got=f"no {missing}", needed=f"with {list(_NEEDED)}"
            )
        return table.set_index("stimulus_id")


def _finite(intervals: Floats) -> Floats:
    if not np.isfinite(intervals).all():
        raise ActivationError(
            f"The layer '{INTERVAL_LAYER}'", got="values that are not finite", needed="intervals in ms"
        )
    return intervals
