"""The task: losses over the outputs, trials for training, for choosing the epoch, and for the report."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch

from ....core.seeds import child_seed
from ...zoo.task_rnn.inputs import Components, features_of, fit_components
from ...zoo.task_rnn.network import PongNetwork
from ...zoo.task_rnn.outputs import channel_weights
from ..drawn import initial_weights
from .corpus import Trials, draw_conditions, make_trials, trial_frames

__all__ = ["Corpus", "PongTask", "weighted_error"]


@dataclass(frozen=True)
class Corpus:
    """Number of trials for the components, training, validation and test, and in an update."""

    n_components: int = 512
    n_training: int = 2048
    n_validation: int = 256
    n_test: int = 512
    n_batch: int = 128


def weighted_error(answers: torch.Tensor, trials: Trials, weights: torch.Tensor) -> torch.Tensor:
    """Squared error (deg^2) times weight, averaged over trials, steps and outputs.

    As published, the mean is not divided by the number of steps that have a target.
    """
    return ((answers - trials.targets) ** 2 * trials.defined * weights).mean()


class PongTask:
    """A network on Mental-Pong; see :class:`~innerscore.candidates.training.recipe.Task`.

    Trials come in a fixed order, as published.

    Parameters
    ----------
    loss : str
        One of :data:`~innerscore.candidates.zoo.task_rnn.outputs.LOSSES`.
    cell, units, inputs : str, int, str
        As for the network.
    corpus : Corpus
        Sizes.
    seed : int
        Seed of weights and conditions.
    device : str
        Device it runs on.
    """

    def __init__(
        self, *, loss: str, cell: str, units: int, inputs: str, corpus: Corpus, seed: int, device: str
    ) -> None:
        components = _components(corpus, inputs, seed)
        self._weights = channel_weights(loss).to(device)
        self._training, self._validation, self._test = (
            _trials(n, name, components, inputs, seed).to(device)
            for name, n in (
                ("training", corpus.n_training),
                ("validation", corpus.n_validation),
                ("test", corpus.n_test),
            )
        )
        self._n_batch = corpus.n_batch
        with initial_weights(seed, "task-rnn"):
            self.module = PongNetwork(cell, units, components).to(device)

    def batches(self, epoch: int) -> Iterator[Trials]:  # noqa: ARG002  (the order is fixed)
        """Slices of the training trials."""
        for start in range(0, len(self._training), self._n_batch):
            yield self._training[start : start + self._n_batch]

    def loss(self, batch: Trials) -> torch.Tensor:
        """The weighted error of a batch."""
        return weighted_error(self.module(batch.inputs), batch, self._weights)

    def validation_loss(self) -> float:
        """The weighted error on trials that choose the epoch."""
        with torch.inference_mode():
            return float(self.loss(self._validation))

    def losses(self) -> dict[str, float]:
        """The weighted error and the endpoint's mean absolute error on trials used for nothing else."""
        trials = self._test
        with torch.inference_mode():
            answers = self.module(trials.inputs)
            final = answers[torch.arange(len(trials)), trials.last_step, 6]
            return {
                "test_loss": float(weighted_error(answers, trials, self._weights)),
                "endpoint_error_deg": float((final - trials.final_y).abs().mean()),
            }


def _components(corpus: Corpus, inputs: str, seed: int) -> Components:
    conditions = draw_conditions(corpus.n_components, seed=child_seed(seed, "task-rnn", "components"))
    return fit_components(
        torch.cat([features_of(trial_frames(condition), inputs) for condition in conditions])
    )


def _trials(n: int, name: str, components: Components, inputs: str, seed: int) -> Trials:
    return make_trials(draw_conditions(n, seed=child_seed(seed, "task-rnn", name)), components, inputs)
