"""The recipes: two encoders that learn and one that does not, each alone and with two kinds of dynamics."""

from __future__ import annotations

from ....core.cards import CandidateCard
from ...zoo.latent.network import DYNAMICS, ENCODERS
from ..recipe import Optimisation, Recipe, Task
from .corpus import Corpus
from .task import task_of

__all__ = ["FAMILY", "recipe_of", "recipes"]

FAMILY = "latent"

_ENTRY = "innerscore.candidates.zoo.latent:LatentPredictor"
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
_MEMORY_MB = 850.0


def recipes() -> tuple[Recipe, ...]:
    """All recipes, encoders before the dynamics that use them."""
    return tuple(recipe_of(encoder, dynamics) for dynamics in reversed(DYNAMICS) for encoder in ENCODERS)


def recipe_of(
    encoder: str, dynamics: str, *, corpus: Corpus | None = None, optimisation: Optimisation | None = None
) -> Recipe:
    """A recipe of the set, or one with another corpus or optimisation."""
    learns = encoder if dynamics == "none" else "dynamics"
    clips = corpus or (_SINGLE_FRAMES if learns == "static" else _SEQUENCES)
    epochs = _EPOCHS.get(learns, _DYNAMICS_EPOCHS)
    patience = 15 if learns == "dynamics" else 24
    # The outputs of the published CTRNN are large, and so are the steps of what reads them.
    rate = 3e-4 if dynamics == "ctrnn" else 2e-3
    plan = optimisation or Optimisation(rate=rate, epsilon=1e-8, max_epochs=epochs, patience=patience)

    def task(seed: int, device: str) -> Task:
        return task_of(encoder, dynamics, corpus=clips, seed=seed, device=device)

    return Recipe(_card(encoder, dynamics), FAMILY, plan, _MEMORY_MB, task)


def _card(encoder: str, dynamics: str) -> CandidateCard:
    numbers = _NUMBERS["encoder" if dynamics == "none" and encoder != "random" else "dynamics"]
    return CandidateCard(
        identifier=f"{FAMILY}-{encoder}-{dynamics}",
        title=f"Latent predictor: encoder {_ENCODER_TITLES[encoder]}, {_DYNAMICS_TITLES[dynamics]}",
        description=(
            f"Predictor of latents after Nayebi et al. (2023). Its frozen encoder {_ENCODER_TEXTS[encoder]}. "
            f"{_DYNAMICS_TEXTS[dynamics]}. {_SHOWN} {_CHOICES} {numbers}"
        ),
        authors=("innerscore maintainers",),
        licence="MIT",
        citation=_CITATION,
        entry=_ENTRY,
        accepts=("frames",),
        layers=("encoder", "dynamics"),
        model_class="latent predictor",
        trained_on="nothing" if (encoder, dynamics) == ("random", "none") else "BouncingShapes, drawn here",
        supervision=_supervision(encoder, dynamics),
        takes=("device",),
        options={"encoder": encoder, "dynamics": dynamics},
    )


def _supervision(encoder: str, dynamics: str) -> str:
    kinds = {
        "selfsup": "contrast across time",
        "static": "shape and texture of the main object",
        "random": "none",
    }
    return kinds[encoder] if dynamics == "none" else f"{kinds[encoder]}; next latent"
