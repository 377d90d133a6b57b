"""The recipes of predictors of video, at a size that a laptop trains in minutes."""

from __future__ import annotations

from typing import Any

from ..recipe import Optimisation, Recipe
from .cards import pixel_card, slot_card
from .pixel_task import PixelTask
from .sequences import Corpus
from .slot_task import SlotTask

__all__ = ["FAMILY", "PIXEL_OPTIONS", "SLOT_OPTIONS", "pixel_recipe", "recipes", "slot_recipe"]

FAMILY = "video-predictors"

# Adam at a constant rate, as all three were published; how long is ours.
_CONSTANT: dict[str, Any] = {"epsilon": 1e-8, "factor": 1.0, "clip_percentile": 100.0}

SLOT_OPTIONS: dict[str, Any] = {
    "size": 64,
    "stages": [[8, 4, 2], [3, 1, 1], [1, 1, 0]],
    "n_maps": 32,
    "n_hidden": 256,
    "n_slots": 6,
    "n_units": 32,
    "n_window": 7,
}
_SLOT_CORPUS = Corpus(n_updates=20, n_batch=4, n_frames=22, n_windows=8, n_validation=16, n_test=64)
_SLOT_OPTIMISATION = Optimisation(rate=5e-4, max_epochs=30, patience=30, **_CONSTANT)

PIXEL_OPTIONS: dict[str, dict[str, Any]] = {
    "svg-lp": {"channels": [8, 16, 32, 64], "convolutions": [1, 1, 1, 1], "n_latent": 128, "n_hidden": 128},
    "fitvid": {
        "blocks": [1, 1, 1, 1],
        "n_channels": 8,
        "expansion": 2,
        "kernel": 3,
        "n_latent": 64,
        "n_hidden": 128,
    },
}
_PIXEL_CORPUS = {
    "svg-lp": Corpus(n_updates=25, n_batch=16, n_frames=12, n_validation=32, n_test=64),
    "fitvid": Corpus(n_updates=20, n_batch=8, n_frames=10, n_validation=32, n_test=64),
}
_PIXEL_OPTIMISATION = {
    "svg-lp": Optimisation(rate=2e-3, max_epochs=15, patience=24, **_CONSTANT),
    "fitvid": Optimisation(rate=1e-3, max_epochs=15, patience=20, **_CONSTANT),
}
_MEMORY_MB = {"cswm": 1300.0, "svg-lp": 1900.0, "fitvid": 2500.0}


def recipes() -> tuple[Recipe, ...]:
    """All of them."""
    return (slot_recipe(), *(pixel_recipe(network) for network in PIXEL_OPTIONS))


def slot_recipe(*, corpus: Corpus = _SLOT_CORPUS, optimisation: Optimisation = _SLOT_OPTIMISATION) -> Recipe:
    """The contrastive structured world model."""

    def task(seed: int, device: str) -> SlotTask:
        return SlotTask(SLOT_OPTIONS, corpus=corpus, seed=seed, device=device)

    return Recipe(
        slot_card(SLOT_OPTIONS, corpus, optimisation), FAMILY, optimisation, _MEMORY_MB["cswm"], task
    )


def pixel_recipe(
    network: str, *, corpus: Corpus | None = None, optimisation: Optimisation | None = None
) -> Recipe:
    """A pixel-wise predictor, ``"svg-lp"`` or ``"fitvid"``."""
    corpus = corpus or _PIXEL_CORPUS[network]
    optimisation = optimisation or _PIXEL_OPTIMISATION[network]
    options = PIXEL_OPTIONS[network]

    def task(seed: int, device: str) -> PixelTask:
        return PixelTask(network, options, corpus=corpus, seed=seed, device=device)

    return Recipe(
        pixel_card(network, options, corpus, optimisation), FAMILY, optimisation, _MEMORY_MB[network], task
    )
