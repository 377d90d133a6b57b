"""Recipes: the complete objective and its ablations, at laptop size and at the published one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from ....core.cards import CandidateCard
from ..recipe import Optimisation, Recipe
from .losses import Objective
from .task import Batches, SICTask

__all__ = ["ABLATIONS", "SIZES", "Size", "recipe_of", "recipes"]

_ENTRY = "innerscore.candidates.zoo.sic:SelfSupervisedSpace"
_NARROW_SIGMA_G = 0.1


@dataclass(frozen=True)
class Size:
    """A network, its batches and how long it is trained.

    Attributes
    ----------
    units, mlp_units : int
        Number of recurrent units, and of units in each hidden layer of the perceptron.
    objective : Objective
    batches : Batches
    optimisation : Optimisation
    choices : str
        Text for the card.
    """

    units: int
    mlp_units: int
    objective: Objective
    batches: Batches
    optimisation: Optimisation
    choices: str


SIZES: Mapping[str, Size] = {
    "small": Size(
        units=64,
        mlp_units=32,
        objective=Objective(invariance=2.0),
        batches=Batches(n_paths=8, n_steps=20),
        optimisation=Optimisation(rate=0.001, epsilon=1e-8, max_epochs=60, patience=30),
        choices=(
            "Laptop size: 64 units (128), perceptron of 32 (256 in a reproduction), 8 paths of 20 steps (130 "
            "of 60), one sequence an update (2), Adam at 1e-3 (AdamW at 2e-5), 6,000 updates at most "
            "(2,000,000), and weight 2 of invariance (0.1): with 0.1 states of one place were as unlike as "
            "any others after 1,600 updates. The published size is trained on a GPU by innerscore train "
            "sic-full --device cuda."
        ),
    ),
    "full": Size(
        units=128,
        mlp_units=256,
        objective=Objective(),
        batches=Batches(n_paths=130, n_steps=60, n_sequences=2, n_updates=1000, n_held_out=4),
        optimisation=Optimisation(
            rate=2e-5, epsilon=1e-8, factor=0.5, window=10, max_epochs=2000, patience=200
        ),
        choices=(
            "Published size: 128 units, 130 paths of 60 steps, gradients of 2 sequences averaged, rate "
            "2e-5, 2,000,000 updates at most. The rate follows the loss of epochs by the rule of our loop, "
            "and gradients are clipped to the 95th percentile of the last epochs' norms (0.1). Perceptron "
            "of 256 as in a reproduction. Meant for a GPU: innerscore train sic-full --device cuda."
        ),
    ),
}

# What each leaves out or changes, in the title and in the description.
ABLATIONS: Mapping[str, tuple[str, str]] = {
    "": ("complete", "The complete objective."),
    "no-capacity": ("without capacity", "An ablation: the weight of capacity is 0. Published: one module."),
    "no-permutation": (
        "without permutations",
        "An ablation: every path makes steps of its own. Published: no spatial tuning.",
    ),
    "narrow": (
        "with small sigma_g",
        "An ablation: sigma_g is 0.1 (0.4), the value ours. Published: fields like those of place cells.",
    ),
}

_LOSSES = (
    "Learned from velocity alone that states of one place be alike whichever path led there (invariance), "
    "states of places more than 5 cm apart be unlike (separation), the code keep to a small region "
    "(capacity), and equal distances be equal in the code (conformal isometry); Schaeffer, Khona et al. "
    "2023."
)
_CHOICES = (
    "As published: network, steps uniform in +-0.15 m, permutations, losses, sigma_x 0.05 m, weights 1, 0.1 "
    "and 0.5. Not given and chosen here: weight 1 of isometry, averages over pairs (not sums), start state "
    "trained, no weight decay, W close to the identity at first."
)
_SHOWN = (
    "Of a stimulus it makes a step each second, for in that time a rat goes 0.1 m, as in training; between, "
    "a step cut short is made from the last whole one. It comes to a walk's start in ten equal steps from "
    "(0.5, 0.5) m. Losses are on sequences used for nothing else. In a box of 1.5 m, 400 other walks as "
    "long as in training: path_invariance is 1 - distance of codes within 5 cm over that of codes 20 to 40 "
    "cm apart; median_grid_score is of the expanding circle, noise_grid_score_95 the 95th percentile of "
    "smoothed noise of the same correlation length, share_of_units_above_noise that of the units above it "
    "and above 0 (noise: 0.05 at most); grid_modules are theirs by BIC (0: fewer than 8 such units). "
    "Untrained: before training."
)
_CITATION = (
    "@inproceedings{schaeffer2023self, title={Self-supervised learning of representations for space "
    "generates multi-modular grid cells}, author={Schaeffer, Rylan and Khona, Mikail and Ma, Tzuhsuan and "
    "Eyzaguirre, Crist{\\'o}bal and Koyejo, Sanmi and Fiete, Ila Rani}, booktitle={NeurIPS}, year={2023}}"
)
_MEMORY_MB = {"small": 800.0, "full": 5000.0}


def recipes() -> tuple[Recipe, ...]:
    """The complete objective and its three ablations, in both sizes."""
    return tuple(recipe_of(name, ablation) for name, ablation in product(SIZES, ABLATIONS))


def recipe_of(name: str, ablation: str = "", *, size: Size | None = None) -> Recipe:
    """A recipe of the set, or one of another size under its name."""
    size = SIZES[name] if size is None else size
    objective, batches = _ablated(ablation, size)
    options: dict[str, Any] = {"units": size.units, "mlp_units": size.mlp_units}

    def task(seed: int, device: str) -> SICTask:
        return SICTask(**options, objective=objective, batches=batches, seed=seed, device=device)

    return Recipe(
        _card(name, ablation, size, options), f"sic-{name}-size", size.optimisation, _MEMORY_MB[name], task
    )


def _ablated(ablation: str, size: Size) -> tuple[Objective, Batches]:
    changed: dict[str, float] = {
        "no-capacity": {"capacity": 0.0},
        "narrow": {"sigma_g": _NARROW_SIGMA_G},
    }.get(ablation, {})
    permuted = ablation != "no-permutation"
    return replace(size.objective, **changed), replace(size.batches, permuted=permuted)


def _card(name: str, ablation: str, size: Size, options: dict[str, Any]) -> CandidateCard:
    title, about = ABLATIONS[ablation]
    return CandidateCard(
        identifier="-".join(part for part in ("sic", name, ablation) if part),
        title=f"Self-supervised code of space, {title} ({name} size, Schaeffer 2023)",
        description=f"{_LOSSES} {about} {_CHOICES} {size.choices} {_SHOWN}",
        authors=("innerscore maintainers",),
        licence="MIT",
        citation=_CITATION,
        entry=_ENTRY,
        accepts=("self_motion",),
        layers=("code",),
        model_class="self-supervised space code",
        trained_on="random steps in the open plane, drawn here",
        supervision="none (separation, invariance, capacity, conformal isometry)",
        takes=("device",),
        options=options,
    )
