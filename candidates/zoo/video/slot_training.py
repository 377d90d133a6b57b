"""A slot model at its training; see :class:`~innerscore.candidates.training.recipe.Task`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch

from ....core.seeds import child_seed
from .sequences import Batch, Corpus, held_out, training_batches
from .slot_network import SlotNetwork, energy, hinge_loss

__all__ = ["SlotTask"]


class SlotTask:
    """Slots that foretell the slots one step later, told from those of other clips.

    Parameters
    ----------
    options : mapping
        Of the network.
    corpus : Corpus
        Sizes.
    seed : int
        Of weights and clips.
    device : str
        Where it runs.
    """

    def __init__(self, options: dict[str, Any], *, corpus: Corpus, seed: int, device: str) -> None:
        self._corpus, self._seed, self._device = corpus, seed, device
        given: dict[str, Any] = {"seed": seed, "device": device}
        self._validation = held_out("validation", corpus.n_validation, corpus.n_frames, 0, **given)
        self._test = held_out("test", corpus.n_test, corpus.n_context + corpus.n_ahead, 0, **given)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(child_seed(seed, "cswm", "weights"))
            self.module = SlotNetwork(**options).to(device)

    def batches(self, epoch: int) -> Iterator[Batch]:
        """Clips drawn for this epoch alone."""
        return training_batches(self._corpus, epoch, 0, seed=self._seed, device=self._device)

    def loss(self, batch: Batch) -> torch.Tensor:
        """The hinge loss of a batch's first window and the window one frame later."""
        n = self._corpus.n_context
        slots = self.module(batch.frames[:, :n])
        following = self.module(batch.frames[:, 1 : n + 1])
        return hinge_loss(slots, self.module.change(slots), following, batch.order)

    def validation_loss(self) -> float:
        """The hinge loss on clips that choose the epoch."""
        with torch.inference_mode():
            return float(self.loss(self._validation))

    def losses(self) -> dict[str, float]:
        """The hinge loss on other clips, and how often the slots some frames ahead are found among theirs."""
        n, ahead = self._corpus.n_context, self._corpus.n_ahead
        frames = self._test.frames
        with torch.inference_mode():
            begun, ended = self.module(frames[:, :n]), self.module(frames[:, ahead : n + ahead])
            return {
                "test_loss": float(self.loss(self._test)),
                f"found_{ahead}_ahead": _found(self.module.rollout(begun, ahead)[-1], ended),
                f"found_{ahead}_ahead_by_last": _found(begun, ended),
            }


def _found(guesses: torch.Tensor, states: torch.Tensor) -> float:
    """Share of guesses that are nearer to their own state than to any other one (hits at rank 1)."""
    distances = torch.stack([energy(guess[None].expand_as(states), states) for guess in guesses])
    return float((distances.argmin(dim=1) == torch.arange(len(states), device=states.device)).float().mean())
