"""The cards of the predictors of video: what was published, what is ours, and what the numbers are."""

from __future__ import annotations

from typing import Any

from ....core.cards import CandidateCard, TrainedWeights
from ....tasks.bouncing_shapes import RATE_HZ
from ..recipe import OWN_CARD, Optimisation
from .sequences import Corpus

__all__ = ["pixel_card", "published_card", "slot_card"]

_ROOM = "innerscore.candidates.zoo.video"


def slot_card(options: dict[str, Any], corpus: Corpus, optimisation: Optimisation) -> CandidateCard:
    """The card of the slot model."""
    ahead = corpus.n_ahead
    layers = f"""
        Layer encoder has the slots of the true frames, in the future too; dynamics those of the context and then
        z + T(z). Losses are on {corpus.n_test} further clips: test_loss the hinge loss; found_{ahead}_ahead the
        share of clips whose slots, rolled out {ahead} frames, are nearer to the true slots then than to those of
        any earlier window of the clip (by chance 1 in {ahead + 1}); energy_{ahead}_ahead the H between slots rolled
        out and true ones; by_last, the same for slots that stay as they are."""
    batch = f"""
        An update sees {corpus.n_windows} windows of each of {corpus.n_batch} clips, so that some negatives are of
        the same clip; with one window a clip, as published, the slots learned the wall, which tells clips apart,
        and almost nothing that moves."""
    return CandidateCard(
        identifier="cswm",
        title="Contrastive structured world model trained on BouncingShapes",
        description=_joined(_SLOTS, batch, _length(corpus, optimisation), _SHOWN, _SLOTS_SHOWN, layers),
        citation=_cited(_SLOTS_PAPER, _STUDY),
        entry=f"{_ROOM}:SlotModel",
        layers=("encoder", "dynamics"),
        model_class="object-slot predictor",
        supervision="none (the next state, contrastively)",
        options={"step_hz": RATE_HZ, **options},
        **_COMMON,
    )


def pixel_card(
    network: str, options: dict[str, Any], corpus: Corpus, optimisation: Optimisation
) -> CandidateCard:
    """The card of a pixel-wise predictor."""
    title, paper, description = _PIXELS[network]
    ahead = corpus.n_ahead
    layers = f"""
        One noise a step, from the run's seed and the clip, serves all streams. Layer encoder has the latents of the
        true frames of the context and then of the predicted frames, dynamics the latents above, decoder the frames,
        averaged to 16 x 16. Losses are on {corpus.n_test} further clips: test_loss the objective on
        {corpus.n_frames} frames; squared_error_{ahead}_ahead that of the frame predicted {ahead} frames after
        {corpus.n_context} frames of context; by_last, that of the last frame of the context, if it stayed."""
    return CandidateCard(
        identifier=network,
        title=title,
        description=_joined(description, _length(corpus, optimisation), _SHOWN, layers),
        citation=_cited(paper, _STUDY),
        entry=f"{_ROOM}:PixelModel",
        layers=("encoder", "dynamics", "decoder"),
        model_class="pixel-wise predictor",
        supervision="none (the next frame)",
        options={"network": network, "step_hz": RATE_HZ, **options},
        **{**_COMMON, "takes": ("seed", "device")},
    )


def published_card(
    name: str, file: str, sha256: str, entry: str, options: dict[str, Any], weights: TrainedWeights
) -> CandidateCard:
    """The card of a checkpoint of the study, at its full size."""
    pixels = entry == "PixelModel"
    description = f"""
        The published checkpoint {file} of Nayebi et al. (2023), trained on Physion, file of SHA-256
        {sha256}, at its full size. Clips are cut into interleaved streams of {options["step_hz"]:g}
        frames a second, as in its training, of which 7 or more are context; before its first frame the
        scene stood still. From the last step of the context (for Mental-Pong the last before the ball's
        centre reaches the occluder) each stream is rolled out. The study cut its clips otherwise and
        stretched what came out over the frames, so its numbers need not come back."""
    return CandidateCard(
        identifier=name,
        title=f"Published checkpoint {file}",
        description=_joined(description),
        citation=_joined(_STUDY),
        entry=f"{_ROOM}:{entry}",
        layers=("encoder", "dynamics", "decoder") if pixels else ("encoder", "dynamics"),
        model_class="pixel-wise predictor" if pixels else "object-slot predictor",
        supervision="none",
        options=options,
        weights=weights,
        **{
            **_COMMON,
            "takes": ("seed", "device") if pixels else ("device",),
            "trained_on": "Physion, dynamics_training, all scenarios",
            "licence": "not stated upstream",
        },
    )


def _joined(*parts: str) -> str:
    return " ".join(" ".join(parts).split())


def _cited(*entries: str) -> str:
    return "\n".join(_joined(entry) for entry in entries)


def _length(corpus: Corpus, optimisation: Optimisation) -> str:
    return f"""At most {optimisation.max_epochs * corpus.n_updates} updates of {corpus.n_batch} clips of
        {corpus.n_frames} frames that never come twice (published 25 frames); the epoch that does best on
        {corpus.n_validation} other clips is kept; gradients are clipped to the largest mean norm of the epochs
        before (published: not, or to 100)."""


_COMMON: dict[str, Any] = {
    **OWN_CARD,
    "accepts": ("frames",),
    "trained_on": "BouncingShapes: videos of shapes that fly, fall and collide, drawn here",
}

_STUDY = """@inproceedings{nayebi2023, title={Neural foundations of mental simulation: future prediction
    of latent representations on dynamic scenes}, author={Nayebi, Aran and Rajalingham, Rishi and
    Jazayeri, Mehrdad and Yang, Guangyu Robert}, booktitle={NeurIPS}, year={2023}}"""
_SLOTS_PAPER = """@inproceedings{kipf2020, title={Contrastive learning of structured world models},
    author={Kipf, Thomas and van der Pol, Elise and Welling, Max}, booktitle={ICLR}, year={2020}}"""
_SVG_PAPER = """@inproceedings{denton2018, title={Stochastic video generation with a learned prior},
    author={Denton, Emily and Fergus, Rob}, booktitle={ICML}, year={2018}}"""
_FITVID_PAPER = """@article{babaeizadeh2021, title={FitVid: overfitting in pixel-level video prediction},
    author={Babaeizadeh, Mohammad and Saffar, Mohammad Taghi and Nair, Suraj and Levine, Sergey and Finn,
    Chelsea and Erhan, Dumitru}, journal={arXiv:2106.13195}, year={2021}}"""

_SHOWN = f"""Clips are cut into interleaved streams of {RATE_HZ:g} frames a second, so each frame has a
    state made from nothing later than itself, and every step is as long as in training; before its first
    frame the scene stood still. The context are the clip's own context frames (for Mental-Pong all before
    the ball's centre reaches the occluder), from whose last step each stream is rolled out; a clip that
    names none is shown whole."""
_SLOTS_SHOWN = "The published study stretched 7 frames over the whole context instead."
_SLOTS = """Contrastive structured world model (Kipf, van der Pol & Welling 2020; Nayebi et al. 2023): 7
    stacked frames to slot maps to slots, and a graph network that says how slots change in a step; it
    learns to tell the next state from those of other clips. As published: window, layers of slots and
    graph network, hinge loss with sigma 0.5, negatives, rate, 32 windows an update. Smaller here: frames
    of 64 x 64 (published 224), slot maps of 16 x 16 by three convolutions of stride 4, 1, 1, hidden
    layers of 256 (512), 6 slots of 32 (10 of 128)."""
_SVG = """Video generation with a learned prior (SVG-LP; Denton & Fergus 2018; Nayebi et al. 2023): a
    VGG-like encoder and decoder with skip connections from the frame before, LSTMs for the next latent
    and for the noise's prior and posterior. As published: latent of 128, noise of 10, two LSTM layers
    with tanh output, mean squared error summed over steps plus 1e-4 of the divergence, weights at the
    start, rate. Smaller here: frames of 64 x 64 by stages of 8, 16, 32, 64 channels with one convolution
    each (published 64 to 512 with two or three), LSTMs of 128 (256). The encoder's normalisation averages
    over all frames of a batch (published: over a step's). In the context dynamics has the encoder's
    latents and the noise is the posterior's, as published; after it dynamics has the predicted latents
    and the noise is the prior's."""
_FITVID = """Video prediction like FitVid (Babaeizadeh et al. 2021; Nayebi et al. 2023): residual encoder
    and decoder with squeeze and excitation, skip connections from the last frame of the context alone,
    LSTMs for the next latent and for the noise's prior and posterior. As published: noise of 10, two LSTM
    layers, mean squared error plus 1e-4 of the divergence, rate; no augmentation. Smaller here: frames of
    64 x 64 with one block a stage (published two) of 8 to 64 channels (64 to 512), decoder twice as wide
    inside and kernels of 3 (four times, 5), latent of 64 (128), LSTMs of 128 (256). As in the paper, not
    in the study's code: mean and variance are read from the LSTM (there from its input, so that the
    recurrent state reaches nothing), and shortcuts carry a block's input. The noise is the prior's
    throughout, and dynamics the sigmoid of predicted latents in the context too, as published."""
_PIXELS = {
    "svg-lp": (
        "Stochastic video generation with a learned prior, trained on BouncingShapes",
        _SVG_PAPER,
        _SVG,
    ),
    "fitvid": ("FitVid-like predictor trained on BouncingShapes", _FITVID_PAPER, _FITVID),
}
