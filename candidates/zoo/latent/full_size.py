"""The published sizes: large frozen encoders from the extra `timm`, with the published dynamics over them.

Nothing of them ships. :func:`~.published.write_candidate` makes a candidate's folder of one of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from ....core.extras import imported
from ....core.stimuli import FrameClip
from ...frame_preparation import CLIP_COLOURS, IMAGENET_COLOURS, Preparation, prepared_frames
from ...torch_adapter import TorchCandidate
from ...weights import load_into
from .candidate import predicted_layers
from .network import check_known, make_dynamics

__all__ = [
    "BACKBONES",
    "PHYSION_HZ",
    "Backbone",
    "FullSizeNetwork",
    "FullSizePredictor",
    "make_backbone",
    "prepared",
]

N_UNITS = 1024
PHYSION_HZ = 5.0  # every sixth frame of 30 per second, on which the published dynamics learned

_CROP = 224


@dataclass(frozen=True)
class Backbone:
    """An image network of timm and its preprocessing of frames.

    Parameters
    ----------
    timm_name : str
        Architecture and weights in timm; without weights where `published` is true.
    n_latents : int
        Length of its output.
    short_side : int
        Pixels to which a frame's shorter side is resized before the central 224 x 224 are cut out.
    mode : {"bilinear", "bicubic"}
        Interpolation of the resizing.
    scale : tuple of two tuples of float
        Mean and standard deviation of the colours, in [0, 1].
    options : mapping
        Options for ``timm.create_model``.
    published : bool
        Whether the weights come from the checkpoint of its own authors, not from timm.
    """

    timm_name: str
    n_latents: int
    short_side: int = 256
    mode: str = "bicubic"
    scale: tuple[tuple[float, ...], tuple[float, ...]] = IMAGENET_COLOURS
    options: tuple[tuple[str, Any], ...] = (("num_classes", 0),)
    published: bool = False


# Latents as published: class token of vision transformers, image embedding of CLIP, averages of ResNets, and
# of VGG16 the second fully connected layer before its rectification.
BACKBONES: Mapping[str, Backbone] = {
    "dinov2": Backbone(
        "vit_giant_patch14_dinov2.lvd142m", 1536, options=(("num_classes", 0), ("img_size", _CROP))
    ),
    "dino": Backbone("vit_small_patch16_224.dino", 384),
    "deit": Backbone("deit_base_patch16_224.fb_in1k", 768),
    "clip": Backbone(
        "vit_base_patch32_clip_224.openai", 512, short_side=_CROP, scale=CLIP_COLOURS, options=()
    ),
    "resnet50": Backbone("resnet50.tv_in1k", 2048, mode="bilinear"),
    "vgg16": Backbone("vgg16_bn.tv_in1k", 4096, mode="bilinear"),
    "r3m": Backbone("resnet50", 2048, mode="bilinear", published=True),
    "vc1": Backbone("vit_large_patch16_224", 1024, published=True),
}


def make_backbone(name: str, *, pretrained: bool) -> nn.Module:
    """An image network (n, 3, 224, 224) -> (n, n_latents).

    Parameters
    ----------
    name : str
        One of :data:`BACKBONES`.
    pretrained : bool
        Whether it has timm's weights, which timm fetches, and not weights as drawn.

    Raises
    ------
    MissingPartError
        If the extra `timm` is not installed, or does not work with the installed torch.
    """
    check_known("encoder", name, tuple(BACKBONES))
    backbone = BACKBONES[name]
    timm = imported("timm", extra="timm")
    network: nn.Module = timm.create_model(
        backbone.timm_name, pretrained=pretrained and not backbone.published, **dict(backbone.options)
    )
    if name == "vgg16":
        network.pre_logits.act2 = nn.Identity()  # type: ignore[union-attr]
    return network.eval()


def prepared(clip: FrameClip, backbone: Backbone) -> torch.Tensor:
    """Frames (n_frames, 3, 224, 224) as a backbone wants them: resized, cut, in its units."""
    mean, deviation = backbone.scale
    wanted = Preparation(_CROP, _CROP, backbone.short_side, backbone.mode, mean, deviation)
    return prepared_frames(clip, wanted)


class FullSizeNetwork(nn.Module):
    """A backbone and the dynamics over its latents.

    Parameters
    ----------
    backbone : torch.nn.Module
        Frames to latents.
    dynamics : {"lstm", "ctrnn", "none"}
        Kind of predictor.
    n_latents, n_units : int
        Sizes of the latent and of the recurrent layer.
    """

    def __init__(self, backbone: nn.Module, dynamics: str, n_latents: int, n_units: int = N_UNITS) -> None:
        super().__init__()
        self.encoder = backbone
        self.dynamics = make_dynamics(dynamics, n_latents, n_units)


class FullSizePredictor:
    """A published encoder with dynamics, rolled out from the end of a clip's context.

    Parameters
    ----------
    weights : mapping of str to tensor
        State of encoder and dynamics.
    encoder : str
        One of :data:`BACKBONES`.
    dynamics : {"lstm", "ctrnn", "none"}
        Kind of dynamics.
    step_hz : float
        Steps per second that the dynamics learned.
    device : str, default="cpu"
        Device it runs on.

    Raises
    ------
    MissingPartError
        If the extra `timm` is not installed.
    InvalidDataError
        If the weights are of another architecture.
    """

    def __init__(
        self,
        *,
        weights: Mapping[str, torch.Tensor],
        encoder: str,
        dynamics: str,
        step_hz: float = PHYSION_HZ,
        device: str = "cpu",
    ) -> None:
        backbone = make_backbone(encoder, pretrained=False)
        network = FullSizeNetwork(backbone, dynamics, BACKBONES[encoder].n_latents)
        load_into(network, weights, subject=f"The weights of encoder '{encoder}' with dynamics '{dynamics}'")
        self._dynamics, self._step_hz, self._device = network.dynamics.to(device).eval(), step_hz, device
        self._encoder = TorchCandidate(
            nn.Sequential(network.encoder),
            {"encoder": "0"},
            preprocess=lambda clip: prepared(clip, BACKBONES[encoder]),
            device=device,
            batch_frames=32,
        )

    def activations(self, stimulus: FrameClip) -> dict[str, npt.NDArray[np.float32]]:
        """``encoder``: the latent of each frame; ``dynamics``: the same in the context, then the predicted."""
        latents = self._encoder.activations(stimulus)["encoder"]
        with torch.inference_mode():
            seen = torch.as_tensor(latents).to(self._device)
            layers = predicted_layers(seen, stimulus, self._dynamics, step_hz=self._step_hz)
        return {"encoder": latents, **{name: values.cpu().numpy() for name, values in layers.items()}}
