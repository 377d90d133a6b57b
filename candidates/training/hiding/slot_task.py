"""A slot model at its training on HidingShapes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch

from ....core.seeds import child_seed
from ...zoo.video.slot_network import SlotNetwork, energy
from ..video.sequences import Corpus
from .judging import errors_behind
from .videos import N_AHEAD, N_CONTEXT, clips, judged_clips, pictures

__all__ = ["N_STEPS", "HidingSlotTask"]

_WINDOW = 7
_STARTS = (0, 4, 8)  # windows from which slots are rolled out
_HINGE = 1.0
N_STEPS = 20  # that slots are rolled out in training
_JUDGED_AT_A_TIME = 8


@dataclass(frozen=True, eq=False)
class SlotBatch:
    """Clips (n_clips, n_frames, 3, size, size) in [0, 1], and the order of all their windows for the contrast."""

    frames: torch.Tensor
    order: torch.Tensor


class HidingSlotTask:
    """Training of slots to predict slots many steps later, contrasted with other states of the batch.

    Parameters
    ----------
    options : mapping
        Options of the network.
    corpus : Corpus
        Sizes.
    seed : int
        Seed of weights and clips.
    device : str
        Device it runs on.
    """

    def __init__(self, options: dict[str, Any], *, corpus: Corpus, seed: int, device: str) -> None:
        self._corpus, self._seed, self._device = corpus, seed, device
        self._validation = tuple(
            self._batch("validation", index) for index in range(-(-corpus.n_validation // corpus.n_batch))
        )
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(child_seed(seed, "cswm", "weights"))
            self.module = SlotNetwork(**options).to(device)

    def batches(self, epoch: int) -> Iterator[SlotBatch]:
        """Clips drawn for this epoch alone."""
        for k in range(self._corpus.n_batches):
            yield self._batch("training", epoch * self._corpus.n_batches + k)

    def loss(self, batch: SlotBatch) -> torch.Tensor:
        """The hinge loss with the mean energy of all steps rolled out, from three windows of each clip."""
        states = self._states(batch.frames)
        n_steps = states.shape[1] - 1 - _STARTS[-1]
        begun = torch.cat([states[:, start] for start in _STARTS])
        true = torch.cat([states[:, start + 1 : start + 1 + n_steps] for start in _STARTS])
        rolled = self.module.rollout(begun, n_steps).transpose(0, 1)
        ahead = energy(rolled.flatten(0, 1), true.flatten(0, 1)).mean()
        pool = states.flatten(0, 1)
        return ahead + (_HINGE - energy(pool, pool[batch.order])).clamp(min=0).mean()

    def validation_loss(self) -> float:
        """The hinge loss on clips that choose the epoch."""
        with torch.inference_mode():
            return float(torch.stack([self.loss(batch) for batch in self._validation]).mean())

    def losses(self) -> dict[str, float]:
        """Squared errors of slots, from the frame on in which the main object hides; and the loss there."""
        frames = pictures(judged_clips(self._corpus.n_test), self._device)
        first = N_CONTEXT - _WINDOW
        with torch.inference_mode():
            parts = torch.split(frames[:, first:], _JUDGED_AT_A_TIME)
            states = torch.cat([self._states(part.float() / 255) for part in parts])
            rolled = self.module.rollout(states[:, 0], N_AHEAD).transpose(0, 1)
            some = frames[: self._corpus.n_batch, : self._corpus.n_frames].float() / 255
            loss = float(self.loss(SlotBatch(some, self._order("test", 0))))
            return {"test_loss": loss, **errors_behind(rolled, states[:, 1:], states[:, 0])}

    def _states(self, frames: torch.Tensor) -> torch.Tensor:
        """Slots (n_clips, n_windows, n_slots, n_units) of all windows of each clip, in their order."""
        windows = frames.unfold(1, _WINDOW, 1).movedim(-1, 2)
        slots: torch.Tensor = self.module(windows.flatten(0, 1))
        return slots.view(*windows.shape[:2], *slots.shape[1:])

    def _batch(self, part: str, index: int) -> SlotBatch:
        given = clips(self._seed, part, index, self._corpus.n_batch, n_frames=self._corpus.n_frames)
        return SlotBatch(pictures(given, self._device).float() / 255, self._order(part, index))

    def _order(self, part: str, index: int) -> torch.Tensor:
        n_windows = self._corpus.n_frames - _WINDOW + 1
        random = torch.Generator().manual_seed(child_seed(self._seed, "hiding", "order", part, str(index)))
        return torch.randperm(self._corpus.n_batch * n_windows, generator=random).to(self._device)
