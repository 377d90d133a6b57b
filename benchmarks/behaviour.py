"""Benchmarks of answers: a candidate judges each stimulus, and is compared with what people judged.

A candidate answers in one of three ways:

- as a table of a probability for each stimulus, which needs neither model nor stimuli
  (:class:`~innerscore.benchmarks.answer_table.AnswerTable`);
- by a layer named ``probability`` of one unit, whose last step is its answer;
- by any other layers, from which the published read-out (:func:`~innerscore.metrics.functional.logistic_readout`)
  learns to answer on stimuli that people did not judge. The layer is the one whose answers held up best there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ..core.activations import Activations
from ..core.errors import ActivationError, MissingPartError
from ..core.labelled import coordinate
from ..core.scores import Score
from ..metrics.functional.decoding.logistic_readout import LogisticReadout, logistic_readout
from .answer_table import AnswerTable
from .answers import AnswerBenchmark
from .layer_selection import select_layer

__all__ = ["ANSWER_LAYER", "BehaviouralBenchmark"]

ANSWER_LAYER = "probability"

_TRAINING, _TESTING = "readout_training", "testing"

Floats = npt.NDArray[np.float64]


class BehaviouralBenchmark(AnswerBenchmark):
    """A data set of judgements and a metric of answers; all judged stimuli are scored.

    The table of the data set's stimuli has columns ``role`` (``testing`` or ``readout_training``) and ``label``.
    """

    answer_layer = ANSWER_LAYER
    table = AnswerTable("probability", 0.0, 1.0, "a probability, 0..1")

    def _score(self, activations: Mapping[str, Activations], layers: tuple[str, ...]) -> Score:
        """The score of own answers, or of those read out of the layer that learns best on other stimuli."""
        if layers == (ANSWER_LAYER,):
            answers = [_answer(name, activations[name]) for name in self._conditions]
            return self._score_answers(answers, ANSWER_LAYER, {})
        readouts = {layer: self._read_out(activations, layer) for layer in layers}
        layer, values = select_layer(
            layers, lambda name: float(readouts[name].fold_accuracy.max()), can_choose=True
        )
        by_name = dict(zip(self._named(_TESTING), readouts[layer].probability, strict=True))
        return self._score_answers([by_name[name] for name in self._conditions], layer, values)

    def _read_out(self, activations: Mapping[str, Activations], layer: str) -> LogisticReadout:
        """Features are a layer's values at all steps, flattened."""
        training, testing = (self._named(role) for role in (_TRAINING, _TESTING))
        if not training:
            raise MissingPartError(
                f"The stimuli on which read-outs for '{self.identifier}' are trained",
                got="none",
                needed="in the data folder or the mirror folder",
                hint="Add them, or score a table of probabilities.",
            )
        labels = self.stimuli.table.set_index("stimulus_id")["label"]
        train, test = (_features(activations, layer, names) for names in (training, testing))
        return logistic_readout(train, labels.loc[training].to_numpy(dtype=bool), test)

    def _named(self, role: str) -> list[str]:
        table = self.stimuli.table
        return list(table.loc[table["role"] == role, "stimulus_id"])

    @cached_property
    def _conditions(self) -> tuple[str, ...]:
        return tuple(map(str, coordinate(self._samples, "stimulus_id")))


def _features(activations: Mapping[str, Activations], layer: str, names: Sequence[str]) -> Floats:
    rows = [np.ravel(activations[name][layer].values) for name in names]
    if len({len(row) for row in rows}) > 1:
        raise ActivationError(
            f"The activations of layer '{layer}'",
            got=f"of {min(map(len, rows))} to {max(map(len, rows))} values",
            needed="of as many steps and units for every stimulus",
        )
    return np.array(rows, dtype=np.float64)


def _answer(name: str, layers: Activations) -> float:
    values = layers[ANSWER_LAYER].values
    if values.shape[1] != 1 or not 0 <= values[-1, 0] <= 1:
        raise ActivationError(
            f"The answer of layer '{ANSWER_LAYER}' to stimulus '{name}'",
            got=f"{values.shape[1]} units, {values[-1, 0]:.3g} at the last step",
            needed="one unit with a probability",
        )
    return float(values[-1, 0])
