"""A recipe for each of the four networks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ....core.cards import CandidateCard
from ...zoo.path_integrators.networks import ARCHITECTURES, LAYERS
from ..recipe import OWN_CARD, Optimisation, Recipe
from .task import Corpus, PathTask

__all__ = ["FAMILY", "UNITS", "recipe_of", "recipes"]

FAMILY = "path-integrator"
UNITS = {"relu-rnn": 128, "ugrnn": 128, "lstm": 128, "leaky-rnn": 128}

# Rates are ours: networks this small and trainings this short need larger ones than published (1e-4, 1e-4, 1e-5).
_RATES = {"relu-rnn": 0.001, "ugrnn": 0.003, "lstm": 0.003, "leaky-rnn": 0.003}
_EPOCHS = {"relu-rnn": 100, "ugrnn": 30, "lstm": 25, "leaky-rnn": 50}
_PATIENCE = 25
_CORPUS = Corpus(n_batch=100, n_updates=40, n_validation=1000, n_test=2000)

_ENTRY = "innerscore.candidates.zoo.path_integrators:PathIntegrator"


@dataclass(frozen=True)
class _Told:
    """The texts of a card on an architecture."""

    title: str
    summary: str
    choices: str
    supervision: str
    citation: str


_TOLD = {
    "relu-rnn": _Told(
        "ReLU network that predicts place cells from velocity (Sorscher 2019)",
        "A recurrent network of 128 ReLU units without biases learned to predict 512 "
        "difference-of-Gaussians place cells (0.12 m) from velocity (Sorscher, Mel, Ganguli & Ocko 2019).",
        "As published: network, targets, loss, decay of the recurrent weights, 20 steps. Changed here: 128 "
        "units (4096), batches of 100 (200), Adam at 1e-3 (1e-4), 4000 updates at most (100,000), recurrent "
        "weights from the identity, small input weights, the place code times 512 as input to the start "
        "state; with the usual beginning nothing was learned in 400 updates of 200.",
        "place cells (cross-entropy)",
        "@inproceedings{sorscher2019unified, title={A unified theory for the origin of grid cells through "
        "the lens of pattern formation}, author={Sorscher, Ben and Mel, Gabriel and Ganguli, Surya and "
        "Ocko, Samuel}, booktitle={NeurIPS}, year={2019}}",
    ),
    "ugrnn": _Told(
        "Update-gate network that predicts place cells from velocity (Nayebi 2021)",
        "An update-gate network of 128 units below a dense ReLU layer of 256 learned to predict 512 "
        "difference-of-Gaussians place cells (0.12 m) from velocity (Nayebi et al. 2021).",
        "As published: cell, dense layer (their layer g, first on this card), targets, 20 steps, and the "
        "decay that falls on the gates' biases. Changed here: 128 and 256 units (4096 each), batches of "
        "100 (200), Adam at 3e-3 (1e-4), 1200 updates at most (100,000), the place code times 512 as "
        "input to the start state.",
        "place cells (cross-entropy)",
        "@inproceedings{nayebi2021explaining, title={Explaining heterogeneity in medial entorhinal cortex "
        "with task-driven neural networks}, author={Nayebi, Aran and Attinger, Alexander and Campbell, "
        "Malcolm and others}, booktitle={NeurIPS}, year={2021}}",
    ),
    "lstm": _Told(
        "LSTM that predicts place and head direction from speed and turns (Banino 2018)",
        "An LSTM of 128 units, told speed and turns alone, learned to predict 256 place cells and 12 "
        "head-direction cells through a linear bottleneck of 256 units with dropout 0.5 (Banino et al. "
        "2018).",
        "As published: network, head-direction cells, losses, dropout, start state. Changed here: place "
        "cells of 0.1 m (0.01), for with the published ones the three most active are arbitrary; 20 steps "
        "(100), batches of 100 (10), Adam at 3e-3 (RMSProp at 1e-5 with gradients clipped to 1e-5), 1000 "
        "updates at most (1,000,000), forget gates open at first. Head direction is the direction of "
        "movement, whatever a stimulus says of the head.",
        "place and head-direction cells (cross-entropy)",
        "@article{banino2018vector, title={Vector-based navigation using grid-like representations in "
        "artificial agents}, author={Banino, Andrea and Barry, Caswell and Uria, Benigno and others}, "
        "journal={Nature}, volume={557}, pages={429--433}, year={2018}}",
    ),
    "leaky-rnn": _Told(
        "Leaky tanh network that says where it is, with costly activity (Cueva & Wei 2018)",
        "A network of 128 tanh units in continuous time learned to say its position by a linear readout, "
        "from speed and direction of movement, under noise and a cost of activity (Cueva & Wei 2018).",
        "As published: equation, Euler step of a tenth of tau, inputs, kinds of cost. Chosen here: "
        "direction as cosine and sine, noise of SD 0.01 a step, weights 1e-3 of both costs (neither was in "
        "our sources), 128 units (100), 20 steps (500), a start anywhere and a start state linear in it, "
        "batches of 100 (500), Adam at 3e-3 (Hessian-free), 2000 updates at most.",
        "position (squared error, m^2)",
        "@inproceedings{cueva2018emergence, title={Emergence of grid-like representations by training "
        "recurrent neural networks to perform spatial localization}, author={Cueva, Christopher J and Wei, "
        "Xue-Xin}, booktitle={ICLR}, year={2018}}",
    ),
}
_WALKS = (
    "Walks are drawn anew in every update, with the statistics of the published generator (2.05 cm and 13.2 "
    "deg a step, 2.2 m box); a step stands for 0.2 s, as that is what a rat does in that time. Of a "
    "stimulus it hears the start and then, every 0.2 s, the displacement; between, a step cut short is made "
    "from the last whole one. The arena lies in the corner of the box. Errors are distances between true "
    "place and that of the three most active predicted place cells, or the readout, on 2000 other walks "
    "(500 of 100 steps); who stays at the start is wrong by 36 cm after 20 steps. Untrained: before "
    "training."
)
_MEMORY_MB = 1100.0


def recipes() -> tuple[Recipe, ...]:
    """All four recipes."""
    return tuple(recipe_of(architecture, UNITS[architecture]) for architecture in ARCHITECTURES)


def recipe_of(
    architecture: str,
    units: int,
    *,
    corpus: Corpus = _CORPUS,
    max_epochs: int | None = None,
) -> Recipe:
    """The recipe of an architecture, on request with a corpus of another size."""
    options: dict[str, Any] = {"architecture": architecture, "units": units}

    def task(seed: int, device: str) -> PathTask:
        return PathTask(**options, corpus=corpus, seed=seed, device=device)

    plan = Optimisation(
        rate=_RATES[architecture],
        epsilon=1e-8,
        max_epochs=_EPOCHS[architecture] if max_epochs is None else max_epochs,
        patience=_PATIENCE,
    )
    return Recipe(_card(options), FAMILY, plan, _MEMORY_MB, task)


def _card(options: dict[str, Any]) -> CandidateCard:
    architecture = options["architecture"]
    told = _TOLD[architecture]
    return CandidateCard(
        identifier=f"{FAMILY}-{architecture}",
        title=told.title,
        description=f"{told.summary} {told.choices} {_WALKS}",
        citation=told.citation,
        entry=_ENTRY,
        accepts=("self_motion",),
        layers=LAYERS[architecture],
        model_class="path integrator",
        trained_on="walks through a box of 2.2 x 2.2 m, drawn here",
        supervision=told.supervision,
        options=options,
        **OWN_CARD,
    )
