"""The task: trials drawn anew in every epoch, the squared error of the ramp, and the intervals that come of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from ....core.seeds import child_seed
from ....tasks.ready_set_go import AFTER_SET_FRAMES, PRIORS, READY_FRAME, interval_frames
from ...zoo.ready_set_go.network import STEP_MS, IntervalNetwork
from ...zoo.ready_set_go.production import produced_ms
from .trials import Trials, draw_trials, make_trials

__all__ = ["Corpus", "IntervalTask", "TrialBatch"]

_FAMILY = "rsg-rnn"


@dataclass(frozen=True)
class Corpus:
    """Number of trials in an update, updates in an epoch, and held-out trials."""

    n_batch: int = 64
    n_updates: int = 25
    n_validation: int = 256
    n_test: int = 1000


@dataclass(frozen=True, eq=False)
class TrialBatch:
    """Trials of one update, and the seed of their noise."""

    trials: Trials
    noise_seed: int


class IntervalTask:
    """A network on ready-set-go; see :class:`~innerscore.candidates.training.recipe.Task`.

    Parameters
    ----------
    units : int
        Size of the network.
    cue : bool
        Whether it is told the prior.
    corpus : Corpus
        Sizes.
    seed : int
        Seed of weights, trials and noise.
    device : str
        Device it runs on.
    """

    def __init__(self, *, units: int, cue: bool, corpus: Corpus, seed: int, device: str) -> None:
        self._cue, self._corpus, self._seed, self._device = cue, corpus, seed, device
        self._validation = self._trials(corpus.n_validation, "validation")
        self._test = self._trials(corpus.n_test, "test")
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(child_seed(seed, _FAMILY, "weights"))
            self.module = IntervalNetwork(units).to(device)

    def batches(self, epoch: int) -> Iterator[TrialBatch]:
        """Trials that no other epoch has."""
        for number in range(self._corpus.n_updates):
            place = (str(epoch), str(number))
            trials = self._trials(self._corpus.n_batch, "training", *place)
            yield TrialBatch(trials, child_seed(self._seed, _FAMILY, "noise", *place))

    def loss(self, batch: TrialBatch) -> torch.Tensor:
        """Mean squared error of the ramp, under noise."""
        # Drawn on the CPU, so that noise is the same on every device.
        return self._error(batch.trials, torch.Generator().manual_seed(batch.noise_seed))

    def validation_loss(self) -> float:
        """The error on trials that choose the epoch, without noise in the network."""
        with torch.inference_mode():
            return float(self._error(self._validation, None))

    def losses(self) -> dict[str, float]:
        """The error on other trials; slope and bias of the intervals produced after exact ones."""
        with torch.inference_mode():
            found = {"test_loss": float(self._error(self._test, None))}
            for prior, intervals in PRIORS.items():
                produced = self._produced(prior)
                found[f"{prior}_slope"] = float(np.polyfit(intervals, produced, 1)[0])
                found |= {
                    f"{prior}_{t_s}_bias_ms": float(t_p - t_s)
                    for t_s, t_p in zip(intervals, produced, strict=True)
                }
            return found

    def _error(self, trials: Trials, noise: torch.Generator | None) -> torch.Tensor:
        output = self.module.ramp(self.module.rates(trials.inputs, noise))
        squared = (output - trials.target) ** 2 * trials.defined
        return squared.sum() / trials.defined.sum()

    def _produced(self, prior: str) -> npt.NDArray[np.float64]:
        """The interval produced after each of a prior's, in ms, on the frames of the task's clips."""
        frames = torch.tensor([interval_frames(t_s) for t_s in PRIORS[prior]])
        fore = torch.full_like(frames, READY_FRAME)
        trials = make_trials([prior] * len(frames), frames, frames, fore, cue=self._cue)
        n_steps = int(trials.set_step.max()) + AFTER_SET_FRAMES
        more = n_steps - trials.inputs.shape[1]
        inputs = torch.cat([trials.inputs, trials.inputs[:, -1:].expand(-1, more, -1)], dim=1)
        ramps = self.module.ramp(self.module.rates(inputs.to(self._device))).cpu().numpy()
        since = (np.arange(n_steps) - trials.set_step[:, None].numpy()) * STEP_MS
        since = np.where(since >= 0, since, np.nan)
        until = trials.set_step.numpy() + AFTER_SET_FRAMES
        return np.array([produced_ms(r[:n], s[:n])[-1] for r, s, n in zip(ramps, since, until, strict=True)])

    def _trials(self, n: int, *name: str) -> Trials:
        seed = child_seed(self._seed, _FAMILY, *name)
        return draw_trials(n, cue=self._cue, seed=seed).to(self._device)
