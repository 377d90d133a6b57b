"""A slot model at its training on HidingShapes."""

from __future__ import annotations

import torch

from ....core.seeds import child_seed
from ...zoo.video.slot_network import energy
from ..pictures import pictures, scaled
from ..video.sequences import Batch
from ..video.slot_task import SlotTask
from .judging import errors_behind
from .videos import N_AHEAD, N_CONTEXT, clips, judged_clips

__all__ = ["N_STEPS", "HidingSlotTask"]

_WINDOW = 7
_STARTS = (0, 4, 8)  # windows from which slots are rolled out
_HINGE = 1.0
N_STEPS = 20  # that slots are rolled out in training
_JUDGED_AT_A_TIME = 8


class HidingSlotTask(SlotTask):
    """Training of slots to predict slots many steps later, contrasted with other states of the batch."""

    def loss(self, batch: Batch) -> torch.Tensor:
        """The hinge loss with the mean energy of all steps rolled out, from three windows of each clip."""
        states = self._states(batch.frames)
        n_steps = states.shape[1] - 1 - _STARTS[-1]
        begun = torch.cat([states[:, start] for start in _STARTS])
        true = torch.cat([states[:, start + 1 : start + 1 + n_steps] for start in _STARTS])
        rolled = self.module.rollout(begun, n_steps).transpose(0, 1)
        ahead = energy(rolled.flatten(0, 1), true.flatten(0, 1)).mean()
        pool = states.flatten(0, 1)
        return ahead + (_HINGE - energy(pool, pool[batch.order])).clamp(min=0).mean()

    def losses(self) -> dict[str, float]:
        """Squared errors of slots, from the frame on in which the main object hides; and the loss there."""
        frames = pictures(judged_clips(self._corpus.n_test).frames, self._device)
        first = N_CONTEXT - _WINDOW
        with torch.inference_mode():
            parts = torch.split(frames[:, first:], _JUDGED_AT_A_TIME)
            states = torch.cat([self._states(scaled(part)) for part in parts])
            rolled = self.module.rollout(states[:, 0], N_AHEAD).transpose(0, 1)
            some = scaled(frames[: self._corpus.n_batch, : self._corpus.n_frames])
            loss = float(self.loss(self._contrasted(some, "test", 0)))
            return {"test_loss": loss, **errors_behind(rolled, states[:, 1:], states[:, 0])}

    def _states(self, frames: torch.Tensor) -> torch.Tensor:
        """Slots (n_clips, n_windows, n_slots, n_units) of all windows of each clip, in their order."""
        windows = frames.unfold(1, _WINDOW, 1).movedim(-1, 2)
        slots: torch.Tensor = self.module(windows.flatten(0, 1))
        return slots.view(*windows.shape[:2], *slots.shape[1:])

    def _drawn(self, part: str, index: int, n: int) -> Batch:
        given = clips(self._seed, part, index, n, n_frames=self._corpus.n_frames)
        return self._contrasted(scaled(pictures(given.frames, self._device)), part, index)

    def _contrasted(self, frames: torch.Tensor, part: str, index: int) -> Batch:
        """Clips with an order of all their windows for the contrast."""
        n_windows = self._corpus.n_frames - _WINDOW + 1
        random = torch.Generator().manual_seed(child_seed(self._seed, "hiding", "order", part, str(index)))
        order = torch.randperm(len(frames) * n_windows, generator=random)
        return Batch(frames, torch.empty(0), order.to(self._device))
