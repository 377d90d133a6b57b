"""Training on data that are drawn as it goes on: their sizes, and the tasks whatever is drawn."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import torch
from torch import nn

from ...core.seeds import child_seed

__all__ = ["DrawnTask", "Noisy", "NoisyTask", "Sizes", "initial_weights"]

Batch = TypeVar("Batch")
Data = TypeVar("Data")


@contextmanager
def initial_weights(seed: int, name: str) -> Iterator[None]:
    """Give modules that are built within the weights of a seed and a name; all else is drawn as without."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(child_seed(seed, name, "weights"))
        yield


@dataclass(frozen=True)
class Sizes:
    """Sizes of a corpus of clips, trials or walks of which none comes twice.

    Parameters
    ----------
    n_batch, n_updates : int
        Number of them in an update, and of updates in an epoch.
    n_validation, n_test : int
        Number of them that choose the epoch, and of those for the numbers on the card.
    """

    n_batch: int
    n_updates: int
    n_validation: int
    n_test: int


class DrawnTask(ABC, Generic[Batch]):
    """A network, batches that follow from seed and epoch, and others that choose the epoch.

    Parameters
    ----------
    network : torch.nn.Module
        The network to train.
    corpus : Sizes
        Sizes.
    seed : int
        Seed of all that is drawn.
    device : str
        Device it runs on.
    """

    module: Any
    _corpus: Any

    def __init__(self, network: nn.Module, *, corpus: Sizes, seed: int, device: str) -> None:
        self.module = network.to(device)
        self._corpus, self._seed, self._device = corpus, seed, device
        self._validation = tuple(self._held_out("validation", corpus.n_validation))

    def batches(self, epoch: int) -> Iterator[Batch]:
        """Batches that no other epoch has."""
        n_updates, n_batch = self._corpus.n_updates, self._corpus.n_batch
        return (self._drawn("training", epoch * n_updates + update, n_batch) for update in range(n_updates))

    @abstractmethod
    def loss(self, batch: Batch) -> torch.Tensor:
        """The loss of a batch."""

    def validation_loss(self) -> float:
        """The mean loss of the batches that choose the epoch."""
        return self._mean(self.loss, self._validation)

    @abstractmethod
    def _drawn(self, part: str, index: int, n: int) -> Batch:
        """Batch number `index` of a part of the corpus, of `n` things."""

    def _held_out(self, part: str, n: int) -> Iterator[Batch]:
        """Enough batches for `n` things that are not trained on."""
        n_batch = self._corpus.n_batch
        return (self._drawn(part, index, n_batch) for index in range(-(-n // n_batch)))

    def _mean(self, value: Callable[[Batch], torch.Tensor], batches: Iterable[Batch]) -> float:
        with torch.inference_mode():
            return float(torch.stack([value(batch) for batch in batches]).mean())


@dataclass(frozen=True, eq=False)
class Noisy(Generic[Data]):
    """Data of one update, and the seed of the noise under which a network learns from them."""

    data: Data
    noise_seed: int


class NoisyTask(ABC, Generic[Data]):
    """A network that learns under noise and is judged without.

    Parameters
    ----------
    family : str
        Name from which, with the seed, all draws follow.
    corpus : Sizes
        Sizes.
    seed : int
        Seed of data and noise.
    device : str
        Device it runs on.
    """

    _corpus: Any

    def __init__(self, family: str, *, corpus: Sizes, seed: int, device: str) -> None:
        self._family, self._corpus, self._seed, self._device = family, corpus, seed, device
        self._validation = self._drawn(corpus.n_validation, "validation")
        self._test = self._drawn(corpus.n_test, "test")

    def batches(self, epoch: int) -> Iterator[Noisy[Data]]:
        """Data that no other epoch has."""
        for number, data in enumerate(self._epoch(epoch)):
            yield Noisy(data, child_seed(self._seed, self._family, "noise", str(epoch), str(number)))

    def loss(self, batch: Noisy[Data]) -> torch.Tensor:
        """The error under noise."""
        # Drawn on the CPU, so that noise is the same on every device.
        return self._error(batch.data, torch.Generator().manual_seed(batch.noise_seed))

    def validation_loss(self) -> float:
        """The error on the data that choose the epoch, without noise."""
        with torch.inference_mode():
            return float(self._error(self._validation, None))

    @abstractmethod
    def _drawn(self, n: int, *name: str) -> Data:
        """As many trials or walks of a name."""

    @abstractmethod
    def _epoch(self, epoch: int) -> Iterator[Data]:
        """The data of each update of an epoch."""

    @abstractmethod
    def _error(self, data: Data, noise: torch.Generator | None) -> torch.Tensor:
        """The error that training lowers, under noise or, for None, without."""
