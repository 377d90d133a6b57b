"""Dynamics that learn to go on alone over long times, on latents of HidingShapes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from ....core.seeds import child_seed
from ...zoo.latent.network import rolled_out
from ..drawn import initial_weights
from .judging import errors_behind
from .latents import LatentMaker, pool_of
from .videos import N_AHEAD, N_CONTEXT

__all__ = ["HidingDynamicsTask", "PoolSizes"]

_SHORTEST, _LONGEST = 8, 24  # steps of context in training
_WARM_UP = 3  # steps of the context that nothing has to be predicted after


@dataclass(frozen=True)
class PoolSizes:
    """Numbers of clips to train on, to choose the epoch by, for the numbers on the card, and in an update."""

    n_training: int = 2048
    n_validation: int = 256
    n_test: int = 512
    n_batch: int = 64


@dataclass(frozen=True, eq=False)
class Windowed:
    """Latents (n_clips, n_frames, n_latents), of which the first `n_context` steps are shown."""

    latents: torch.Tensor
    n_context: int


class HidingDynamicsTask:
    """Dynamics over a frozen encoder, trained open loop from contexts of 8 to 24 frames to the clips' end.

    Parameters
    ----------
    maker : LatentMaker
        The encoder.
    dynamics : str
        Kind of dynamics.
    sizes : PoolSizes
        Sizes.
    seed : int
        Seed of the dynamics' weights, and of the order and the contexts of clips; the clips are the same for all.
    device : str
        Device it runs on.
    cache : pathlib.Path
        Folder in which latents are kept.
    """

    def __init__(
        self, maker: LatentMaker, dynamics: str, *, sizes: PoolSizes, seed: int, device: str, cache: Path
    ) -> None:
        parts = {"n_training": sizes.n_training, "n_validation": sizes.n_validation, "n_test": sizes.n_test}
        self._pool, fitted = pool_of(maker, **parts, cache=cache)
        with initial_weights(seed, "latent"):
            self.module: Any = maker.network(dynamics, fitted).to(device)
        self._n_batch, self._seed, self._device = sizes.n_batch, seed, device

    def batches(self, epoch: int) -> Iterator[Windowed]:
        """All clips of the pool in an order of this epoch, each update with a context of its own length."""
        random = torch.Generator().manual_seed(child_seed(self._seed, "hiding", "order", str(epoch)))
        order = torch.randperm(len(self._pool.training), generator=random)
        for chosen in torch.split(order, self._n_batch):
            n_context = int(torch.randint(_SHORTEST, _LONGEST + 1, (), generator=random))
            yield Windowed(self._pool.training[chosen].to(self._device), n_context)

    def loss(self, batch: Windowed) -> torch.Tensor:
        """Mean squared error of all predicted steps, one step ahead in the context and open loop after it."""
        latents, n = batch.latents, batch.n_context
        predicted, _ = self.module.dynamics(latents[:, :n], latents.shape[1] - n)
        return torch.nn.functional.mse_loss(predicted[:, _WARM_UP:], latents[:, 1 + _WARM_UP :])

    def validation_loss(self) -> float:
        """The open-loop error on the clips that choose the epoch."""
        return self._mean_error(self._pool.validation)

    def losses(self) -> Mapping[str, float]:
        """Open-loop errors on clips used for nothing else, from the frame on in which the main object hides."""
        latents = self._pool.test.to(self._device)
        with torch.inference_mode():
            seen, true = latents[:, :N_CONTEXT], latents[:, N_CONTEXT:]
            predicted = rolled_out(self.module.dynamics, seen, N_AHEAD)
        test_loss = self._mean_error(self._pool.test)
        return {"test_loss": test_loss, **errors_behind(predicted, true, seen[:, -1])}

    def _mean_error(self, latents: torch.Tensor) -> float:
        """Mean squared error over all steps after N_CONTEXT ones, open loop."""
        latents = latents.to(self._device)
        with torch.inference_mode():
            predicted = rolled_out(self.module.dynamics, latents[:, :N_CONTEXT], N_AHEAD)
            return float(torch.nn.functional.mse_loss(predicted, latents[:, N_CONTEXT:]))
