"""The cards of the predictors that learn on HidingShapes: what is published, what ours, what numbers mean."""

from __future__ import annotations

from typing import Any

from ....core.cards import CandidateCard
from ....tasks.bouncing_shapes import RATE_HZ
from ..recipe import OWN_CARD
from .judging import HORIZONS
from .videos import N_CONTEXT

__all__ = ["encoder_card", "latent_card", "pixel_card", "slot_card"]

_ROOM = "innerscore.candidates.zoo"
_CORPUS = "HidingShapes: videos of shapes that fly behind a panel and come out again, drawn here"

_STUDY = """@inproceedings{nayebi2023, title={Neural foundations of mental simulation: Future prediction of latent
    representations on dynamic scenes}, author={Nayebi, Aran and Rajalingham, Rishi and Jazayeri, Mehrdad and
    Yang, Guangyu Robert}, booktitle={Advances in Neural Information Processing Systems}, volume={36},
    year={2023}}"""
_SLOTS_PAPER = """@inproceedings{kipf2020, title={Contrastive learning of structured world models},
    author={Kipf, Thomas and van der Pol, Elise and Welling, Max}, booktitle={ICLR}, year={2020}}"""
_SVG_PAPER = """@inproceedings{denton2018, title={Stochastic video generation with a learned prior},
    author={Denton, Emily and Fergus, Rob}, booktitle={ICML}, year={2018}}"""

_STEPS = f"""Clips are cut into interleaved streams of {RATE_HZ:g} frames a second, so that each frame has a state
    made from nothing later than itself and every step is as long as in training; before its first frame the scene
    stood still. The clip's context (in Mental-Pong all frames before the ball's centre reaches the occluder) is
    seen, and from its end each stream is rolled out open loop."""
_FAR, _FARTHER, _FARTHEST = HORIZONS
_JUDGED = f"""Errors are mean squared errors on clips used for nothing else, {_FAR}, {_FARTHER} and {_FARTHEST}
    frames after {N_CONTEXT} frames of context that end where the main object's centre goes behind the panel:
    error_{_FAR}_behind and so on of what is predicted, last_repeated_{_FAR}_behind of the last state seen, if it
    stayed; untrained, the same before training."""


def encoder_card() -> CandidateCard:
    """The card of the encoder, which repeats its last latent."""
    description = f"""Control without dynamics: the encoder of latent-selfsup-lstm-hiding, whose last latent is
        repeated. It learned on HidingShapes without labels to tell a frame's successor 1/12 s later from other
        frames of its own clip and of other clips (InfoNCE, cosine over a temperature of 0.1): four convolutions of
        stride 2 to 128 latents of variance 1, from frames of 64 x 64, as latent-selfsup-none, trained longer on
        other videos. {_STEPS} Losses are on clips used for nothing else; test_loss in nats; untrained, the same
    network before."""
    return _card(
        identifier="latent-selfsup-none-hiding",
        title="Latent predictor on HidingShapes: encoder self-supervised across time, no dynamics",
        description=_joined(description),
        citation=_joined(_STUDY),
        entry=f"{_ROOM}.latent:LatentPredictor",
        layers=("encoder", "dynamics"),
        model_class="latent predictor",
        supervision="contrast across time",
        options={"encoder": "selfsup", "dynamics": "none"},
    )


def latent_card(encoder: str, told: dict[str, Any]) -> CandidateCard:
    """The card of dynamics over a frozen encoder.

    Parameters
    ----------
    encoder : {"selfsup", "imagenet"}
        Name of the encoder.
    told : dict
        What the card has of the encoder: ``words``, ``entry``, ``options``, and fields of the card.
    """
    carried = told["options"]["dynamics"] != "none"
    description = f"""Predictor of latents after Nayebi et al. (2023), trained on videos in which objects hide. Its
        frozen encoder {told["words"]}. {_DYNAMICS if carried else _REPEATED} {_STEPS} {_LAYERS if carried else ""}
        {_JUDGED} Latents have variance 1 or about 1.{_TEST_LOSS if carried else ""}"""
    learned = "next latents, open loop" if carried else told["without"]
    kind = "LSTM dynamics that keep their state" if carried else "no dynamics"
    return _card(
        identifier=f"latent-{encoder}-{'lstm' if carried else 'none'}-hiding",
        title=f"Latent predictor on HidingShapes: encoder {told['title']}, {kind}",
        description=_joined(description),
        citation=_joined(_STUDY) + told.get("citation", ""),
        entry=told["entry"],
        layers=("encoder", "dynamics", "state") if carried else ("encoder", "dynamics"),
        model_class="latent predictor",
        supervision=f"{told['supervision']}; {learned}",
        options=told["options"],
        **told.get("fields", {}),
    )


def slot_card(options: dict[str, Any], *, n_steps: int) -> CandidateCard:
    """The card of the slot model."""
    description = f"""Contrastive structured world model (Kipf, van der Pol & Welling 2020; Nayebi et al. 2023)
        trained on videos in which objects hide: 7 stacked frames to slot maps to slots, and a graph network that
        says how slots change in a step; sizes as cswm. Published, it learns one step ahead; here the hinge loss has
        the mean energy of {n_steps} steps rolled out from three windows of each clip, against all other windows of
        the batch, so that it learns to go on alone. {_STEPS} The window is 7 frames, so what is hidden for longer
        is not in the slots of true frames. Layer encoder has the slots of the true frames, in the future too;
        dynamics those of the context and then z + T(z). {_JUDGED} test_loss is the loss in training."""
    return _card(
        identifier="cswm-hiding",
        title="Contrastive structured world model trained on HidingShapes",
        description=_joined(description),
        citation=_joined(_SLOTS_PAPER) + "\n" + _joined(_STUDY),
        entry=f"{_ROOM}.video:SlotModel",
        layers=("encoder", "dynamics"),
        model_class="object-slot predictor",
        supervision="none (next states, contrastively)",
        options={"step_hz": RATE_HZ, **options},
    )


def pixel_card(options: dict[str, Any], *, n_frames: int, n_context: int) -> CandidateCard:
    """The card of the pixel-wise predictor."""
    description = f"""Video generation with a learned prior (SVG-LP; Denton & Fergus 2018; Nayebi et al. 2023)
        trained on videos in which objects hide; sizes as svg-lp. Published, it learns from true frames one step
        ahead; here it learns open loop, {n_frames} frames of which {n_context} are shown: after these its own
        predicted latent is seen again, and skip connections are those of the last frame shown. The divergence
        weighs {options["beta"]:g} (published 1e-4), so that the noise carries little that the prior does not know.
        {_STEPS} One noise a step, from the run's seed and the clip, serves all streams. Layer encoder has the
        latents of the true frames of the context, then the predicted ones, as has dynamics; decoder the frames,
        averaged to 16 x 16. {_JUDGED} They are of frames in [0, 1], of which most is wall. test_loss is the
    objective in training."""
    return _card(
        identifier="svg-lp-hiding",
        title="Stochastic video generation with a learned prior, trained on HidingShapes",
        description=_joined(description),
        citation=_joined(_SVG_PAPER) + "\n" + _joined(_STUDY),
        entry=f"{_ROOM}.video:PixelModel",
        layers=("encoder", "dynamics", "decoder"),
        model_class="pixel-wise predictor",
        supervision="none (the next frames)",
        options={"network": "svg-lp", "step_hz": RATE_HZ, **options},
        takes=("seed", "device"),
    )


_DYNAMICS = """One layer of LSTM of 256 units sees the latents of the context and then its own predictions, from a
    zero state at the clip's start that is never begun anew; it gives the change of the latent. It learned all steps
    of clips of 56 frames open loop, from contexts of 8 to 24 frames (published: one step ahead, from a window of
    7), so that it has to keep what is hidden until it comes out again."""
_REPEATED = "There are no dynamics: the last latent is repeated."
_LAYERS = """Layer encoder: the latent of each true frame, also of those in which the ball is hidden; dynamics: the
    latents of the context, then the predicted ones; state: the output of the LSTM."""
_TEST_LOSS = " test_loss is the mean over the 40 frames."


def _card(**fields: Any) -> CandidateCard:
    common: dict[str, Any] = {**OWN_CARD, "accepts": ("frames",), "trained_on": _CORPUS}
    return CandidateCard(**{**common, **fields})


def _joined(text: str) -> str:
    return " ".join(text.split())
