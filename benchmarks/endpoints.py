"""Benchmarks of endpoints: where a model would put the paddle, against where an animal put it.

A candidate that plays has a layer named ``endpoint`` of one unit, whose last step is the paddle's height in deg. A
table of heights (:class:`~innerscore.benchmarks.answer_table.AnswerTable`) needs neither model nor stimuli.
Of any other candidate the endpoint is read out of its last state, by ridge regression on the true endpoints of
other conditions: what it knows of the end when the ball arrives. The layer is the one whose held-out endpoints
are nearest to the ball's, so that the animal, which is scored against, has no part in the choice.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import KFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ..core.activations import Activations
from ..core.errors import ActivationError
from ..core.labelled import coordinate
from ..core.scores import Score
from ..tasks.mental_pong import HALF_ARENA_DEG
from .answer_table import AnswerTable
from .answers import AnswerBenchmark
from .layer_selection import select_layer

__all__ = ["ENDPOINT_LAYER", "EndpointBenchmark"]

ENDPOINT_LAYER = "endpoint"
_FOLDS = 10
_PENALTIES = np.logspace(-6, 6, 13)

Floats = npt.NDArray[np.float64]


class EndpointBenchmark(AnswerBenchmark):
    """An animal's endpoints, a presentation a trial, and a metric of how alike errors are."""

    answer_layer = ENDPOINT_LAYER
    table = AnswerTable(
        "endpoint_deg",
        -HALF_ARENA_DEG,
        HALF_ARENA_DEG,
        f"a height in deg, within {HALF_ARENA_DEG:g} of the centre",
    )

    def _score(self, activations: Mapping[str, Activations], layers: tuple[str, ...]) -> Score:
        """The score of the layer whose endpoints have the smallest error."""
        endpoints = {layer: self._endpoints(activations, layer) for layer in layers}
        # Values of layers are better when higher: errors are negated.
        layer, values = select_layer(
            layers, lambda name: -float(np.abs(endpoints[name] - self._targets).mean()), can_choose=True
        )
        return self._score_answers(endpoints[layer], layer, values)

    def _endpoints(self, activations: Mapping[str, Activations], layer: str) -> Floats:
        """The endpoint in deg of each scored condition."""
        last = np.stack([activations[name][layer].values[-1] for name in self.scored_conditions])
        states = np.ascontiguousarray(last, dtype=np.float64)
        if layer != ENDPOINT_LAYER:
            return self._read_out(states)
        if states.shape[1] != 1:
            raise ActivationError(
                f"The layer '{ENDPOINT_LAYER}'",
                got=f"{states.shape[1]} units",
                needed="one unit, the paddle's height in deg",
            )
        return states[:, 0]

    def _read_out(self, states: Floats) -> Floats:
        """Held-out predictions of the true endpoint, ten folds of conditions.

        The penalty is the one of the smallest squared error: chosen by correlation, as for neurons, endpoints
        could be shrunk at no cost.
        """
        readout = make_pipeline(StandardScaler(), RidgeCV(_PENALTIES))
        folds = KFold(_FOLDS, shuffle=True, random_state=0)
        return np.asarray(cross_val_predict(readout, states, self._targets, cv=folds), dtype=np.float64)

    @cached_property
    def _targets(self) -> Floats:
        """The true endpoint in deg of each scored condition."""
        target = coordinate(self._samples, "target_y_deg").astype(np.float64)
        by_name = dict(zip(coordinate(self._samples, "condition").astype(str), target, strict=True))
        return np.array([by_name[name] for name in self.scored_conditions])
