"""The recipes of predictors that learn on HidingShapes, each until its validation loss no longer falls."""

from __future__ import annotations

from typing import Any

from ....core.settings import load_settings
from ...zoo.latent.carried import CARRIED
from ..latent.corpus import Corpus as EncoderCorpus
from ..latent.recipes import imagenet_encoder
from ..recipe import Optimisation, Recipe
from ..video.recipes import PIXEL_OPTIONS, SLOT_OPTIONS
from ..video.sequences import Corpus
from .cards import encoder_card, latent_card, pixel_card, slot_card
from .dynamics_task import HidingDynamicsTask, PoolSizes
from .encoder_task import HidingEncoderTask
from .latents import LatentMaker, encoded_latents, own_latents
from .pixel_task import HidingPixelTask
from .slot_task import N_STEPS, HidingSlotTask

__all__ = ["FAMILY", "dynamics_recipe", "encoder_recipe", "pixel_recipe", "recipes", "slot_recipe"]

FAMILY = "hiding"

_ENCODER_CORPUS = EncoderCorpus(n_batch=16, n_updates=25, n_validation=128, n_test=256, n_frames=25)
_ENCODER_PLAN = Optimisation(rate=2e-3, epsilon=1e-8, max_epochs=80, patience=15)
_POOL = PoolSizes()
_DYNAMICS_PLAN = Optimisation(rate=2e-3, epsilon=1e-8, max_epochs=60, patience=8)
# Adam, as both were published; how long is ours.
_ADAM: dict[str, Any] = {"epsilon": 1e-8, "clip_percentile": 100.0}
_SLOT_CORPUS = Corpus(n_updates=25, n_batch=8, n_frames=35, n_validation=64, n_test=128, n_judged=8)
_SLOT_PLAN = Optimisation(rate=5e-4, factor=1.0, max_epochs=80, patience=10, **_ADAM)
_PIXEL_CORPUS = Corpus(
    n_updates=25, n_batch=6, n_frames=36, n_context=12, n_validation=48, n_test=128, n_judged=6
)
# The rate falls with the loss (published: constant), which at a constant one moves up and down by a quarter.
_PIXEL_PLAN = Optimisation(rate=1e-3, factor=0.9, max_epochs=300, patience=20, **_ADAM)
_PIXEL_OPTIONS = {**PIXEL_OPTIONS["svg-lp"], "beta": 1e-2, "open_loop": True}
_ENCODERS = ("selfsup", "imagenet")


def recipes() -> tuple[Recipe, ...]:
    """All recipes, the encoder before the dynamics that use it."""
    dynamics = (dynamics_recipe(encoder) for encoder in _ENCODERS)
    return (encoder_recipe(), *dynamics, dynamics_recipe("imagenet", "none"), slot_recipe(), pixel_recipe())


def encoder_recipe(
    *, corpus: EncoderCorpus = _ENCODER_CORPUS, optimisation: Optimisation = _ENCODER_PLAN
) -> Recipe:
    """The encoder of frames, whose last latent is repeated."""

    def task(seed: int, device: str) -> HidingEncoderTask:
        return HidingEncoderTask(corpus=corpus, seed=seed, device=device)

    return Recipe(encoder_card(), FAMILY, optimisation, 850.0, task)


def dynamics_recipe(
    encoder: str,
    dynamics: str = CARRIED,
    *,
    sizes: PoolSizes = _POOL,
    optimisation: Optimisation | None = None,
) -> Recipe:
    """Dynamics over the shipped encoder ``"selfsup"``, or over ``"imagenet"``.

    Latents are kept in the cache, so that other seeds do not look at frames again.
    """
    plan = optimisation or (Optimisation(max_epochs=0) if dynamics == "none" else _DYNAMICS_PLAN)

    def task(seed: int, device: str) -> HidingDynamicsTask:
        cache = load_settings().cache_dir / "latents"
        maker = _latent_maker(encoder, device)
        return HidingDynamicsTask(maker, dynamics, sizes=sizes, seed=seed, device=device, cache=cache)

    return Recipe(latent_card(encoder, _told(encoder, dynamics)), FAMILY, plan, 1300.0, task)


def slot_recipe(*, corpus: Corpus = _SLOT_CORPUS, optimisation: Optimisation = _SLOT_PLAN) -> Recipe:
    """The contrastive structured world model."""

    def task(seed: int, device: str) -> HidingSlotTask:
        return HidingSlotTask(SLOT_OPTIONS, corpus=corpus, seed=seed, device=device)

    return Recipe(slot_card(SLOT_OPTIONS, n_steps=N_STEPS), FAMILY, optimisation, 1300.0, task)


def pixel_recipe(*, corpus: Corpus = _PIXEL_CORPUS, optimisation: Optimisation = _PIXEL_PLAN) -> Recipe:
    """The predictor of pixels."""

    def task(seed: int, device: str) -> HidingPixelTask:
        return HidingPixelTask("svg-lp", _PIXEL_OPTIONS, corpus=corpus, seed=seed, device=device)

    card = pixel_card(_PIXEL_OPTIONS, n_frames=corpus.n_frames, n_context=corpus.n_context)
    return Recipe(card, FAMILY, optimisation, 1900.0, task)


def _latent_maker(encoder: str, device: str) -> LatentMaker:
    if encoder == "imagenet":
        return encoded_latents(imagenet_encoder(), device)
    return own_latents(encoder_card().identifier, device)


def _told(encoder: str, dynamics: str) -> dict[str, Any]:
    """What the card has of an encoder."""
    if encoder == "selfsup":
        return {
            "title": "self-supervised across time",
            "words": f"is that of {encoder_card().identifier}, trained on HidingShapes without labels",
            "entry": "innerscore.candidates.zoo.latent:LatentPredictor",
            "supervision": "contrast across time",
            "without": "nothing",
            "options": {"encoder": "selfsup", "dynamics": dynamics},
        }
    given = imagenet_encoder()
    return {
        "title": "trained on ImageNet's labels",
        "words": f"{given.words}. Latents are its 64 first principal components, fitted on HidingShapes",
        "entry": "innerscore.candidates.zoo.latent.encoded:EncodedPredictor",
        "supervision": given.supervision,
        "without": "components of its features",
        "options": {"encoder": dict(given.options), "dynamics": dynamics},
        "citation": f"; {given.citation}",
        "fields": {
            "authors": ("innerscore maintainers", "the authors of the encoder's weights"),
            "extra": given.extra,
            "trained_on": f"{given.trained_on}; HidingShapes, drawn here",
        },
    }
