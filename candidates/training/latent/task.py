"""The tasks: an encoder that learns across time or from labels, and dynamics over a frozen one."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping

import torch
from torch import nn

from ....core.cards import CandidateCard, read_card
from ....core.errors import InvalidArgumentError, MissingPartError
from ....core.identity import PACKAGE_ROOT
from ....tasks.bouncing_shapes import N_SHAPES, N_TEXTURES
from ...weights import load_into, read_weights
from ...zoo.latent.network import WINDOW, Encoder, LatentNetwork, make_dynamics, rolled_out
from ..drawn import DrawnTask, initial_weights
from ..pictures import scaled
from ..recipe import Task
from .corpus import Batch, Corpus, draw_batch

__all__ = [
    "AHEAD",
    "DynamicsTask",
    "SelfSupervisedTask",
    "ahead_error",
    "contrast_across_time",
    "load_encoder",
    "one_ahead_error",
    "shipped_tensors",
    "task_of",
]

AHEAD = 10  # steps after the context at which predictors are compared with the last latent repeated

_TEMPERATURE = 0.1
_PAIR_SPACING = 3  # frames between the pairs of a clip
_FRAMES_AT_A_TIME = 128
_SCALING_SPACING = 5
_TRAINED = PACKAGE_ROOT / "candidates" / "zoo" / "trained"


def contrast_across_time(now: torch.Tensor, soon: torch.Tensor) -> torch.Tensor:
    """InfoNCE between frames near in time, against frames of the same clip and against those of all clips.

    Parameters
    ----------
    now, soon : tensor of shape (n_clips, n_pairs, n_latents)
        Latents of frames and of those one step later.

    Returns
    -------
    loss : scalar
        Mean of two cross-entropies, in nats: to find a frame's successor among the successors of its own clip,
        and among those of the whole batch, by cosine over a temperature of 0.1 (van den Oord et al. 2018; the
        negatives within a clip as in the time-contrastive networks of Sermanet et al. 2018).
    """
    now, soon = nn.functional.normalize(now, dim=-1), nn.functional.normalize(soon, dim=-1)
    within = now @ soon.transpose(1, 2) / _TEMPERATURE
    among = now.flatten(0, 1) @ soon.flatten(0, 1).T / _TEMPERATURE
    return (_found(within.flatten(0, 1), now.shape[1]) + _found(among, len(among))) / 2


def _found(likeness: torch.Tensor, n: int) -> torch.Tensor:
    """Cross-entropy of rows (m, n), of which row i has its partner at i modulo n."""
    partner = torch.arange(len(likeness), device=likeness.device) % n
    return nn.functional.cross_entropy(likeness, partner)


def one_ahead_error(dynamics: nn.Module, latents: torch.Tensor) -> torch.Tensor:
    """Mean squared error of the latent after each window of WINDOW ones of (n_clips, n_frames, n_latents)."""
    windows = latents.unfold(1, WINDOW + 1, 1).flatten(0, 1).transpose(1, 2)
    return nn.functional.mse_loss(dynamics(windows[:, :-1]), windows[:, -1])


def ahead_error(dynamics: nn.Module, latents: torch.Tensor) -> torch.Tensor:
    """Mean squared error AHEAD steps after each window of WINDOW ones, rolled out open loop."""
    windows = latents[:, :-AHEAD].unfold(1, WINDOW, 1).flatten(0, 1).transpose(1, 2)
    true = latents[:, WINDOW + AHEAD - 1 :].flatten(0, 1)
    return nn.functional.mse_loss(rolled_out(dynamics, windows, AHEAD)[:, -1], true)


class _CorpusTask(DrawnTask[Batch]):
    """The common base of all tasks: a network with ``dynamics``, and clips of BouncingShapes."""

    _corpus: Corpus

    def losses(self) -> Mapping[str, float]:
        """The loss on clips used for nothing else, and further numbers on the network."""
        test = tuple(self._held_out("test", self._corpus.n_test))
        return {"test_loss": self._mean(self.loss, test), **self._reported(test)}

    @abstractmethod
    def _reported(self, test: tuple[Batch, ...]) -> Mapping[str, float]:
        """Further numbers on the network, from the test clips."""

    def _drawn(self, part: str, index: int, n: int) -> Batch:
        return draw_batch(self._seed, part, index, n, self._corpus.n_frames, self._device)


class SelfSupervisedTask(_CorpusTask):
    """An encoder that learns to tell a frame's successor from other frames, without labels."""

    def loss(self, batch: Batch) -> torch.Tensor:
        """The contrast between frames and their successors, in pairs spread over each clip."""
        return contrast_across_time(*self._pairs(batch))

    def _pairs(self, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        starts = torch.arange(0, batch.frames.shape[1] - 1, _PAIR_SPACING)
        used = torch.stack([starts, starts + 1], dim=1).flatten()
        latents = self.module.encoder(scaled(batch.frames[:, used]))
        return latents[:, 0::2], latents[:, 1::2]

    def _reported(self, test: tuple[Batch, ...]) -> Mapping[str, float]:
        def found(batch: Batch) -> torch.Tensor:
            now, soon = self._pairs(batch)
            likeness = nn.functional.normalize(now, dim=-1) @ nn.functional.normalize(soon, dim=-1).mT
            return _share(likeness.argmax(dim=2) == torch.arange(now.shape[1], device=now.device))

        return {"share_of_successors_found": self._mean(found, test)}


class StaticTask(_CorpusTask):
    """An encoder that learns shape and texture of the main object from single frames."""

    def loss(self, batch: Batch) -> torch.Tensor:
        """Cross-entropies of shape and of texture, in nats, added, from the last frame of each clip."""
        shape, texture = self._answers(batch)
        entropy = nn.functional.cross_entropy
        return entropy(shape, batch.label // N_TEXTURES) + entropy(texture, batch.label % N_TEXTURES)

    def _answers(self, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        encoder = self.module.encoder
        if encoder.readout is None:
            raise InvalidArgumentError("The 'encoder'", got="one without a readout", needed="'static'")
        answers = encoder.readout(encoder(scaled(batch.frames[:, -1])))
        return answers[:, :N_SHAPES], answers[:, N_SHAPES:]

    def _reported(self, test: tuple[Batch, ...]) -> Mapping[str, float]:
        def shape(batch: Batch) -> torch.Tensor:
            return _share(self._answers(batch)[0].argmax(dim=1) == batch.label // N_TEXTURES)

        def texture(batch: Batch) -> torch.Tensor:
            return _share(self._answers(batch)[1].argmax(dim=1) == batch.label % N_TEXTURES)

        return {
            "share_of_shapes_right": self._mean(shape, test),
            "share_of_textures_right": self._mean(texture, test),
        }


class DynamicsTask(_CorpusTask):
    """Dynamics that learn the latent after WINDOW ones, over an encoder that does not change."""

    def loss(self, batch: Batch) -> torch.Tensor:
        """Mean squared error one step ahead; a latent's variance over the corpus is about 1."""
        return one_ahead_error(self.module.dynamics, self._latents(batch))

    def _latents(self, batch: Batch) -> torch.Tensor:
        """Latents (n_clips, n_frames, n_latents) by the encoder as it is, without gradient."""
        self.module.encoder.eval()
        with torch.no_grad():
            parts = torch.split(batch.frames.flatten(0, 1), _FRAMES_AT_A_TIME)
            latents = torch.cat([self.module.encoder(scaled(part)) for part in parts])
        return latents.view(*batch.frames.shape[:2], -1)

    def _reported(self, test: tuple[Batch, ...]) -> Mapping[str, float]:
        repeating = make_dynamics("none", 1, 1)

        def ahead(dynamics: nn.Module) -> float:
            return self._mean(lambda batch: ahead_error(dynamics, self._latents(batch)), test)

        return {
            f"error_{AHEAD}_ahead": ahead(self.module.dynamics),
            f"last_repeated_{AHEAD}_ahead": ahead(repeating),
        }


def task_of(encoder: str, dynamics: str, *, corpus: Corpus, seed: int, device: str) -> Task:
    """The task by which a predictor is trained: its encoder where it has no dynamics, else its dynamics.

    Dynamics use the shipped encoder of their kind, whatever their own seed; a random encoder is drawn from it.

    Raises
    ------
    MissingPartError
        If the encoder is not there.
    """
    with initial_weights(seed, "latent"):
        network = LatentNetwork(encoder, dynamics)
    if dynamics != "none" and encoder != "random":
        _load_encoder(network, encoder)
    else:
        _scale(network.encoder, corpus, seed)
    if dynamics != "none":
        network.encoder.requires_grad_(requires_grad=False)
    encoder_tasks = {"selfsup": SelfSupervisedTask, "static": StaticTask}
    kind = encoder_tasks.get(encoder, DynamicsTask) if dynamics == "none" else DynamicsTask
    return kind(network, corpus=corpus, seed=seed, device=device)


def _share(right: torch.Tensor) -> torch.Tensor:
    return right.float().mean()


def _scale(encoder: Encoder, corpus: Corpus, seed: int) -> None:
    """Bring the latents of an encoder that never learned to mean 0 and variance 1, too."""
    batch = draw_batch(seed, "scaling", 0, corpus.n_batch, corpus.n_frames, "cpu")
    momentum, encoder.scaling.momentum = encoder.scaling.momentum, 1.0
    encoder.train()
    with torch.no_grad():
        encoder(scaled(batch.frames.flatten(0, 1)[::_SCALING_SPACING]))
    encoder.scaling.momentum = momentum


def shipped_tensors(name: str) -> Mapping[str, torch.Tensor]:
    """The weights of a candidate that was trained here and ships.

    Parameters
    ----------
    name : str
        Name of the candidate.

    Raises
    ------
    MissingPartError
        If it is not there.
    """
    path = _TRAINED / name / "candidate.yaml"
    card = read_card(path, CandidateCard) if path.is_file() else None
    if card is None or card.weights is None:
        raise MissingPartError(
            f"The encoder {name}", got="no card at its place", needed=f"trained and in {path.parent}"
        )
    return read_weights(path.parent / card.weights.file, sha256=card.weights.sha256)


def _load_encoder(network: LatentNetwork, encoder: str) -> None:
    """Take over the shipped encoder of a kind."""
    load_encoder(network, shipped_tensors(f"latent-{encoder}-none"))


def load_encoder(network: LatentNetwork, tensors: Mapping[str, torch.Tensor]) -> None:
    """Take over the encoder of a network with whatever dynamics."""
    own = {name.removeprefix("encoder."): tensor for name, tensor in tensors.items()}
    load_into(network.encoder, own, subject="The shipped encoder")
