"""Candidates' folders of full-size predictors: published checkpoints, or encoders with timm's weights.

Released were R3M and VC-1, each with LSTM and CTRNN dynamics, at huggingface.co/anayebi/mental-sim-models. Which
name is which was read off the published code; the files themselves were not at hand.
"""

from __future__ import annotations

from pathlib import Path

from ...core.bundles import CARD_NAME
from ...core.card_files import write_card
from ...core.cards import CandidateCard, TrainedWeights
from ...core.errors import MissingPartError
from ...core.hashing import sha256_of_file
from ..checkpoints import Rule, read_checkpoint, renamed
from ..training.trainer import WEIGHTS_NAME
from ..weights import load_into, write_weights
from ..zoo.latent.full_size import BACKBONES, N_UNITS, PHYSION_HZ, FullSizeNetwork, make_backbone

__all__ = ["RULES", "write_candidate"]

# From the published names to ours.
RULES: tuple[Rule, ...] = (
    (r"encoder\.r3m\.module\.convnet\.(.+)", r"encoder.\1"),
    (r"encoder\.vc1\.(.+)", r"encoder.\1"),
    (r"dynamics\.lstm\.(.+)", r"dynamics.recurrent.\1"),
    (r"dynamics\.regressor\.(.+)", r"dynamics.readout.\1"),
    (r"dynamics\.ctrnn\.fc_x2ah\.weight", "dynamics.from_input"),
    (r"dynamics\.ctrnn\.fc_x2ah\.bias", "dynamics.bias"),
    (r"dynamics\.ctrnn\.fc_h2ah\.weight", "dynamics.from_units"),
    (r"dynamics\.ctrnn\.fc_h2y\.(.+)", r"dynamics.output.\1"),
    (r"dynamics\.ctrnn\.ah0", "dynamics.start"),
)


def write_candidate(
    folder: Path,
    *,
    encoder: str,
    dynamics: str,
    checkpoint: Path | None = None,
    sha256: str | None = None,
    step_hz: float = PHYSION_HZ,
) -> CandidateCard:
    """Make a candidate's folder, to be scored by its path: weights as safetensors, and the card with their hash.

    The card names the checkpoint by its SHA-256.

    Parameters
    ----------
    folder : pathlib.Path
        Made if it is not there. Nothing is written unless all weights fit.
    encoder : str
        One of :data:`~.full_size.BACKBONES`.
    dynamics : {"lstm", "ctrnn", "none"}
        Kind of dynamics.
    checkpoint : pathlib.Path, optional
        Published weights of encoder and dynamics. Without it, the encoder's come from timm, which fetches them,
        and there are no dynamics.
    sha256 : str, optional
        Expected SHA-256 of the checkpoint.
    step_hz : float, default=5.0
        Steps per second that the dynamics learned.

    Raises
    ------
    MissingPartError
        If the extra `timm`, the checkpoint or the dynamics' weights are missing.
    InvalidDataError, ChecksumError
        If the checkpoint is damaged, holds code, or is of another architecture.
    """
    if checkpoint is None and (dynamics != "none" or BACKBONES[encoder].published):
        raise MissingPartError(
            f"The weights of encoder '{encoder}' with dynamics '{dynamics}'",
            got="no checkpoint",
            needed="given, since timm does not have them",
            hint="Download the published checkpoint and name it.",
        )
    network, source = _network(encoder, dynamics, checkpoint, sha256)
    written = write_weights(folder / WEIGHTS_NAME, network.state_dict())
    weights = TrainedWeights(file=WEIGHTS_NAME, sha256=written, losses={})
    card = _card(encoder, dynamics, step_hz, source, weights)
    write_card(folder / CARD_NAME, card)
    return card


def _network(
    encoder: str, dynamics: str, checkpoint: Path | None, sha256: str | None
) -> tuple[FullSizeNetwork, str]:
    """The network with its weights, and where they are from."""
    subject = f"The checkpoint {checkpoint}"
    tensors = None if checkpoint is None else read_checkpoint(checkpoint, sha256=sha256)
    backbone = make_backbone(encoder, pretrained=checkpoint is None)
    network = FullSizeNetwork(backbone, dynamics, BACKBONES[encoder].n_latents, N_UNITS)
    if checkpoint is None or tensors is None:
        return network, f"timm, {BACKBONES[encoder].timm_name}"
    load_into(network, renamed(tensors, RULES, subject=subject), subject=subject)
    return network, f"{checkpoint.name}, file of SHA-256 {sha256_of_file(checkpoint)}"


def _card(encoder: str, dynamics: str, step_hz: float, source: str, weights: TrainedWeights) -> CandidateCard:
    return CandidateCard(
        identifier=f"full-size-{encoder}-{dynamics}",
        title=f"Full-size latent predictor: encoder {encoder}, dynamics {dynamics}",
        description=(
            f"Predictor of latents of Nayebi et al. (2023) at its published size: encoder {encoder}, dynamics "
            f"{dynamics}; weights from {source}. Clips are cut into interleaved streams of {step_hz:g} frames a "
            "second; the context is seen, then the latents are rolled out open loop with a window of 7. The study "
            "cut its clips otherwise, so its numbers need not come back."
        ),
        authors=("the authors of the weights",),
        licence="that of the weights",
        citation="Nayebi et al. (2023), Neural foundations of mental simulation, NeurIPS 36",
        entry="innerscore.candidates.zoo.latent.full_size:FullSizePredictor",
        accepts=("frames",),
        layers=("encoder", "dynamics"),
        model_class="latent predictor",
        trained_on="as published",
        supervision="as published",
        takes=("device",),
        extra="timm",
        options={"encoder": encoder, "dynamics": dynamics, "step_hz": step_hz},
        weights=weights,
    )
