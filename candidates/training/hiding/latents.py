"""Latents of HidingShapes, made once and kept: whoever trains dynamics again does not look at frames again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from ....core.hashing import canonical_json, sha256_of_array, sha256_of_bytes
from ....core.identity import code_sha256
from ....core.stimuli import FrameClip
from ....tasks.bouncing_shapes import RATE_HZ
from ....tasks.hiding_shapes import HidingClips
from ...weights import read_weights, write_weights
from ...zoo.latent.encoded import EncodedNetwork, feature_reader
from ...zoo.latent.network import LatentNetwork
from ..latent.encoded import Encoder, principal_components
from ..latent.task import load_encoder, shipped_tensors
from ..pictures import pictures, scaled
from .videos import N_FRAMES, clips, judged_clips

__all__ = ["LatentMaker", "Pool", "encoded_latents", "own_latents", "pool_of"]

_CLIPS_AT_A_TIME = 64
_FRAMES_AT_A_TIME = 128
_FITTED_CLIPS, _FITTED_SPACING = 128, 5
_POOL_SEED = 0  # the clips are the same for every seed of a training


@dataclass(frozen=True)
class Pool:
    """Latents of clips.

    Parameters
    ----------
    training, validation, test : tensor of shape (n_clips, n_frames, n_latents)
        To train on; to choose the epoch by; and for nothing else, all with the main object hidden from the same
        frame on.
    """

    training: torch.Tensor
    validation: torch.Tensor
    test: torch.Tensor


@dataclass(frozen=True, eq=False)
class LatentMaker:
    """An encoder that does not change.

    Parameters
    ----------
    network : callable
        ``(dynamics, tensors) -> module``: the network with such dynamics, and the encoder's own tensors in it.
    fitted : callable
        Gives the tensors that are fitted on frames before anything is encoded; empty where nothing is.
    latents : callable
        ``(clips, tensors) -> latents``, of shape (n_clips, n_frames, n_latents).
    key : mapping
        What the latents follow from.
    """

    network: Callable[[str, Mapping[str, torch.Tensor]], torch.nn.Module]
    fitted: Callable[[], dict[str, torch.Tensor]]
    latents: Callable[[HidingClips, Mapping[str, torch.Tensor]], torch.Tensor]
    key: Mapping[str, Any]


def own_latents(name: str, device: str) -> LatentMaker:
    """The encoder of a candidate that was trained here and ships.

    Raises
    ------
    MissingPartError
        If it is not there.
    """
    tensors = shipped_tensors(name)

    def network(dynamics: str, _: Mapping[str, torch.Tensor]) -> LatentNetwork:
        built = LatentNetwork("selfsup", dynamics)
        load_encoder(built, tensors)
        built.encoder.requires_grad_(requires_grad=False)
        return built

    encoder = network("none", {}).encoder.to(device).eval()

    def latents(given: HidingClips, _: Mapping[str, torch.Tensor]) -> torch.Tensor:
        frames = pictures(given.frames, device)
        with torch.inference_mode():
            parts = torch.split(frames.flatten(0, 1), _FRAMES_AT_A_TIME)
            found = torch.cat([encoder(scaled(part)) for part in parts])
        return found.view(*frames.shape[:2], -1).cpu()

    return LatentMaker(network, dict, latents, {"encoder": _hash_of(tensors)})


def encoded_latents(encoder: Encoder, device: str) -> LatentMaker:
    """A network of another library: principal components of its features over HidingShapes."""
    reader = feature_reader(encoder.options, encoder.weights, device=device)

    def features(given: HidingClips) -> torch.Tensor:
        frames = given.frames.reshape(-1, *given.frames.shape[2:])
        return torch.as_tensor(reader.activations(FrameClip("corpus", frames, RATE_HZ, 0.1))["features"])

    def fitted() -> dict[str, torch.Tensor]:
        some = clips(_POOL_SEED, "components", 0, _FITTED_CLIPS)
        thinned = HidingClips(
            some.frames[:, ::_FITTED_SPACING], some.positions, some.n_before, some.hidden, some.gravity
        )
        mean, components = principal_components(features(thinned))
        return {"mean": mean, "components": components}

    def network(dynamics: str, tensors: Mapping[str, torch.Tensor]) -> EncodedNetwork:
        built = EncodedNetwork(len(tensors["mean"]), dynamics)
        built.mean.copy_(tensors["mean"])
        built.components.copy_(tensors["components"])
        return built

    def latents(given: HidingClips, tensors: Mapping[str, torch.Tensor]) -> torch.Tensor:
        found = (features(given) - tensors["mean"]) @ tensors["components"]
        return found.view(*given.frames.shape[:2], -1)

    key = {"encoder": dict(encoder.options), "weights": _hash_of(encoder.weights)}
    return LatentMaker(network, fitted, latents, key)


def pool_of(
    maker: LatentMaker, *, n_training: int, n_validation: int, n_test: int, cache: Path
) -> tuple[Pool, dict[str, torch.Tensor]]:
    """Latents of the three parts of the corpus, and the encoder's fitted tensors, from a cache or made and put
    there.

    Parameters
    ----------
    maker : LatentMaker
        The encoder.
    n_training, n_validation, n_test : int
        Numbers of clips.
    cache : pathlib.Path
        Folder of all pools.
    """
    code = code_sha256([f"{__name__}:pool_of"])
    folder = cache / f"hiding-{sha256_of_bytes(canonical_json([dict(maker.key), N_FRAMES, code]))[:16]}"
    fitted = _kept(folder / "fitted", maker.fitted)

    def part(name: str, n_clips: int) -> torch.Tensor:
        parts = []
        for index, start in enumerate(range(0, n_clips, _CLIPS_AT_A_TIME)):
            n = min(_CLIPS_AT_A_TIME, n_clips - start)
            made = _kept(folder / f"{name}-{index}-{n}", _encoding(maker, fitted, name, index, n))
            parts.append(made["latents"])
        return torch.cat(parts)

    pool = Pool(part("training", n_training), part("validation", n_validation), part("test", n_test))
    return pool, fitted


def _encoding(
    maker: LatentMaker, fitted: Mapping[str, torch.Tensor], name: str, index: int, n: int
) -> Callable[[], dict[str, torch.Tensor]]:
    def made() -> dict[str, torch.Tensor]:
        given = judged_clips(n, index=index) if name == "test" else clips(_POOL_SEED, name, index, n)
        return {"latents": maker.latents(given, fitted)}

    return made


def _kept(path: Path, make: Callable[[], dict[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
    file = path.with_suffix(".safetensors")
    if file.is_file():
        return dict(read_weights(file))
    tensors = make()
    if tensors:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_weights(file, tensors)
    return tensors


def _hash_of(tensors: Mapping[str, torch.Tensor]) -> str:
    return sha256_of_bytes(b"".join(sha256_of_array(tensor.numpy()).encode() for tensor in tensors.values()))
