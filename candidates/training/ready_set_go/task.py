"""The task: trials drawn anew in every epoch, the squared error of the ramp, and the intervals that come of it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import torch

from ....core.seeds import child_seed
from ....tasks.ready_set_go import AFTER_SET_FRAMES, PRIORS, READY_FRAME, interval_frames
from ...zoo.ready_set_go.network import STEP_MS, IntervalNetwork
from ...zoo.ready_set_go.production import produced_ms
from ..drawn import NoisyTask, Sizes, initial_weights
from .trials import Trials, draw_trials, make_trials

__all__ = ["IntervalTask"]

_FAMILY = "rsg-rnn"


class IntervalTask(NoisyTask[Trials]):
    """A network on ready-set-go; see :class:`~innerscore.candidates.training.recipe.Task`.

    Parameters
    ----------
    units : int
        Size of the network.
    cue : bool
        Whether it is told the prior.
    corpus, seed, device : Sizes, int, str
        As for :class:`~innerscore.candidates.training.drawn.NoisyTask`; the seed is that of the weights, too.
    """

    def __init__(self, *, units: int, cue: bool, corpus: Sizes, seed: int, device: str) -> None:
        self._cue = cue
        super().__init__(_FAMILY, corpus=corpus, seed=seed, device=device)
        with initial_weights(seed, _FAMILY):
            self.module = IntervalNetwork(units).to(device)

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

    def _error(self, data: Trials, noise: torch.Generator | None) -> torch.Tensor:
        """Mean squared error of the ramp."""
        output = self.module.ramp(self.module.rates(data.inputs, noise))
        squared = (output - data.target) ** 2 * data.defined
        return squared.sum() / data.defined.sum()

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

    def _epoch(self, epoch: int) -> Iterator[Trials]:
        n_batch, n_updates = self._corpus.n_batch, self._corpus.n_updates
        return (self._drawn(n_batch, "training", str(epoch), str(number)) for number in range(n_updates))

    def _drawn(self, n: int, *name: str) -> Trials:
        seed = child_seed(self._seed, _FAMILY, *name)
        return draw_trials(n, cue=self._cue, seed=seed).to(self._device)
