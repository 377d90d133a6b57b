"""Dynamics over a network of another library: its features are computed once, their components fitted once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch

from ....core.cards import CandidateCard
from ....core.errors import InvalidArgumentError
from ....core.hashing import canonical_json, sha256_of_array, sha256_of_bytes
from ....core.identity import code_sha256, entry_of
from ....core.stimuli import FrameClip
from ....tasks.bouncing_shapes import RATE_HZ
from ...hub.names import EXTRAS
from ...weights import read_weights, write_weights
from ...zoo.latent.encoded import N_COMPONENTS, EncodedNetwork, feature_reader
from ..drawn import initial_weights
from .corpus import Batch, Corpus, draw_batch
from .task import DynamicsTask

__all__ = ["EncodedTask", "Encoder", "encoder_of", "principal_components"]

_FITTED_CLIPS, _FITTED_SPACING = 256, 5


@dataclass(frozen=True, eq=False)
class Encoder:
    """A frozen network of another library.

    Parameters
    ----------
    name : str
        Part of the names of candidates that stand on it.
    options : mapping
        Its ``source``, ``architecture``, ``layer`` and ``preparation``.
    words : str
        Description of the network, in a sentence.
    trained_on, supervision, licence, citation : str
        As on its card.
    extra : {"timm", "torchvision", "hf", "imagenet"}
        Extra that it needs.
    weights : mapping of str to tensor
        Its whole state; empty where a package holds it.
    """

    name: str
    options: Mapping[str, Any]
    words: str
    trained_on: str
    supervision: str
    licence: str
    citation: str
    extra: Literal["timm", "torchvision", "hf", "imagenet"]
    weights: Mapping[str, torch.Tensor]


def encoder_of(card: CandidateCard, folder: Path) -> Encoder:
    """The encoder that a network's card describes: its last layer is read.

    Parameters
    ----------
    card : CandidateCard
        Card of a network of another library.
    folder : pathlib.Path
        Its folder, with the weights.

    Raises
    ------
    InvalidArgumentError
        If it takes clips, not single frames, or is no network of another library.
    """
    options = dict(card.options)
    if card.weights is None or "architecture" not in options or options["n_frames"]:
        raise InvalidArgumentError(
            "The encoder",
            got=f"'{card.identifier}', a {card.model_class}",
            needed="a network of single frames",
        )
    layer = list(options["layers"].values())[-1]
    told = {name: options[name] for name in ("source", "architecture", "preparation")}
    return Encoder(
        name=card.identifier,
        options={**told, "layer": layer},
        words=f"is {card.title}, read at '{layer}': weights of SHA-256 {card.weights.sha256}, trained by others",
        trained_on=card.trained_on,
        supervision=card.supervision,
        licence=card.licence,
        citation=card.citation,
        extra=EXTRAS[options["source"]],
        weights=read_weights(folder / card.weights.file, sha256=card.weights.sha256),
    )


def principal_components(features: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and directions that make features principal components of variance 1.

    Parameters
    ----------
    features : tensor of shape (n_frames, n_features)
        Features of more frames than there are components.

    Returns
    -------
    mean : tensor of shape (n_features,)
    components : tensor of shape (n_features, N_COMPONENTS)
        ``(features - mean) @ components`` is uncorrelated, of variance 1, by falling variance before; the largest
        entry of each direction is positive.
    """
    values = features.double().numpy()
    mean = values.mean(axis=0)
    _, spread, directions = np.linalg.svd(values - mean, full_matrices=False)
    kept = directions[:N_COMPONENTS]
    signs = np.sign(kept[np.arange(len(kept)), np.abs(kept).argmax(axis=1)])
    scale = signs * len(values) ** 0.5 / spread[:N_COMPONENTS]
    return torch.tensor(mean).float(), torch.tensor((kept * scale[:, None]).T).float().contiguous()


class EncodedTask(DynamicsTask):
    """Dynamics that learn the latent after WINDOW ones, over a frozen network of another library.

    Parameters
    ----------
    encoder : Encoder
        The network.
    dynamics : {"lstm", "ctrnn", "none"}
        Kind of dynamics.
    corpus : Corpus
        Sizes.
    seed : int
        Seed of the dynamics' weights and of the clips; the components are of clips of their own.
    device : str
        Device it runs on.
    cache : pathlib.Path or None
        Folder in which latents are kept from one training to the next.
    """

    def __init__(
        self, encoder: Encoder, dynamics: str, *, corpus: Corpus, seed: int, device: str, cache: Path | None
    ) -> None:
        self._reader = feature_reader(encoder.options, encoder.weights, device=device)
        self._cache = None if cache is None else cache / _key(encoder, corpus)
        fitted = self._kept("components", lambda: self._fitted(corpus))
        with initial_weights(seed, "latent"):
            network = EncodedNetwork(len(fitted["mean"]), dynamics)
        network.mean.copy_(fitted["mean"])
        network.components.copy_(fitted["components"])
        super().__init__(network, corpus=corpus, seed=seed, device=device)

    def _fitted(self, corpus: Corpus) -> dict[str, torch.Tensor]:
        """The components of frames of clips that nothing else uses, whatever the seed of the training."""
        clips = draw_batch(0, "components", 0, _FITTED_CLIPS, corpus.n_frames, "cpu")
        mean, components = principal_components(
            self._features(clips.frames[:, ::_FITTED_SPACING]).flatten(0, 1)
        )
        return {"mean": mean, "components": components}

    def _features(self, frames: torch.Tensor) -> torch.Tensor:
        """Features (n_clips, n_frames, n_features) of clips (n_clips, n_frames, 3, size, size) of bytes."""
        pictures = frames.flatten(0, 1).permute(0, 2, 3, 1).cpu().numpy()
        values = self._reader.activations(FrameClip("corpus", pictures, RATE_HZ, 0.1))["features"]
        return torch.as_tensor(values).view(*frames.shape[:2], -1)

    def _drawn(self, part: str, index: int, n: int) -> Batch:
        """Latents of clips of the corpus, as computed before if they were."""
        kept = self._kept(f"{self._seed}-{part}-{index}-{n}", lambda: self._encoded(part, index, n))
        return Batch(kept["latents"].to(self._device), kept["label"].to(self._device))

    def _encoded(self, name: str, index: int, n_clips: int) -> dict[str, torch.Tensor]:
        clips = draw_batch(self._seed, name, index, n_clips, self._corpus.n_frames, "cpu")
        features = self._features(clips.frames).to(self._device)
        return {"latents": self.module.latents(features).cpu(), "label": clips.label}

    def _latents(self, batch: Batch) -> torch.Tensor:
        return batch.frames

    def _kept(self, name: str, make: Callable[[], dict[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
        """Tensors from the folder of latents, or made and put there."""
        path = None if self._cache is None else self._cache / f"{name}.safetensors"
        if path is None or not path.is_file():
            tensors = make()
            if path is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
                write_weights(path, tensors)
            return tensors
        return read_weights(path)


def _key(encoder: Encoder, corpus: Corpus) -> str:
    """Name of the folder of an encoder's latents: they follow from it, the clips and our code."""
    made = [dict(encoder.options), corpus.n_frames, code_sha256([entry_of(EncodedTask)])]
    weights = sha256_of_bytes(b"".join(sha256_of_array(t.numpy()).encode() for t in encoder.weights.values()))
    return f"{encoder.name}-{sha256_of_bytes(canonical_json([made, weights]))[:16]}"
