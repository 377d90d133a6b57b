"""Recipes: one of each hypothesis."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ....core.cards import CandidateCard
from ...zoo.actionable_grid import TranslationCode
from ...zoo.conformal_grid import ConformalNetwork
from ...zoo.place_remapping import PlaceNetwork
from ..drawn import initial_weights
from ..recipe import Optimisation, Recipe, Task
from .actionable import ActionableTask
from .code_task import CodeTask
from .conformal import ConformalTask
from .remapping import RemappingTask

__all__ = ["FAMILY", "recipe_of", "recipes"]

FAMILY = "space-codes"
_MEMORY_MB = 800.0

_MEASURED = (
    "Losses are of draws used for nothing else. In a box of 1 m in bins of 2.5 cm - median_grid_score is of the "
    "expanding circle, noise_grid_score_95 the 95th percentile of smoothed noise of the same correlation length, "
    "share_of_units_above_noise that of the units above it and above 0, _99 above the 99th; "
    "share_of_units_periodic_95 and _99 are above such noise in the strength of their periodicity, whatever the "
    "lattice, which is described by the mean autocorrelogram of the latter. Untrained - before training. The "
    "study - docs/studies/hypotheses-of-space.md; seed 0 ships, as was decided before."
)

_OPTIONS: Mapping[str, dict[str, Any]] = {
    "actionable-grid": {"units": 64},
    "conformal-grid": {"spacings_m": [0.4, 0.57, 0.81], "block_units": 24},
    "place-remapping": {"units": 100},
}

# Epochs have 200 updates. The last weights are kept.
_PLANS = {
    "actionable-grid": Optimisation(
        rate=0.03, epsilon=1e-8, clip_percentile=100.0, max_epochs=25, decay_epochs=8
    ),
    "conformal-grid": Optimisation(
        rate=0.01, epsilon=1e-8, clip_percentile=100.0, max_epochs=30, decay_epochs=10
    ),
    "place-remapping": Optimisation(
        rate=0.003, epsilon=1e-8, clip_percentile=100.0, max_epochs=30, decay_epochs=10
    ),
}

_CARDS: Mapping[str, dict[str, Any]] = {
    "actionable-grid": {
        "title": "Actionable code of place (Dorrell 2023)",
        "description": (
            "64 neurons as sums of 31 harmonics of place, on which every translation acts by one matrix; their "
            "frequencies and coefficients are learned so that places be apart in the code, activity not "
            "negative and each neuron's size the same in every room (Dorrell, Latham, Behrens & Whittington "
            "2023). As in the published script - the three losses, places of a normal distribution, 150 of "
            "them, 15 other rooms at an SD of 5, sigma squared 0.4 and 0.5 for the distance that matters. "
            "Changed here - fixed weights 10 and 1 of negative activity and size (there they follow the "
            "constraints), 64 neurons (25), new places in every update (every fifth), Adam at 0.03 that falls "
            "to 0 over the last third, 5,000 updates (75,000). Its unit of length was set to 0.15 m afterwards, "
            "so that two periods go into a box of 1 m. It is read at the true position, and integrates a path "
            "without error by its form."
        ),
        "citation": (
            "@inproceedings{dorrell2023actionable, title={Actionable neural representations: grid cells from "
            "minimal constraints}, author={Dorrell, William and Latham, Peter E and Behrens, Timothy E J and "
            "Whittington, James C R}, booktitle={ICLR}, year={2023}}"
        ),
        "entry": "innerscore.candidates.zoo.actionable_grid:ActionableGrid",
        "layers": ("code",),
        "model_class": "normative space code",
        "trained_on": "places, drawn here",
        "supervision": "none (separation, positivity, one size in every room)",
    },
    "conformal-grid": {
        "title": "Conformal isometry of a moved code of place (Xu 2023)",
        "description": (
            "Three blocks of 24 units, each a vector of length 1 that is not negative, as a table over a room "
            "of 1.5 m, and a network that moves it with the velocity (Xu, Gao, Zhang, Wei & Wu 2023). Three "
            "losses - the network is right over up to 6 steps, a movement is as long in the code as in space "
            "times a metric of the block, and a linear readout gives place fields of 0.1 m. The published text "
            "was at hand in part. As there - the vectors, a table on 40 x 40 nodes, the three losses, "
            "rectification. Chosen here - the network, the second order of a matrix exponential of the "
            "movement, rectified and normed (published are several, one of them additive in velocity); metrics "
            "of three spacings, 0.40, 0.57 and 0.81 m, fixed; weights 5, 1 and 5; Adam at 0.01 that falls to 0 "
            "over the last third; 6,000 updates. Of a stimulus it makes a step each 0.1 s from the table's code "
            "at the start. The room's corner is the arena's; maps below are of the table, in the middle of the "
            "room."
        ),
        "citation": (
            "@inproceedings{xu2023conformal, title={Conformal isometry of Lie group representation in recurrent "
            "network of grid cells}, author={Xu, Dehong and Gao, Ruiqi and Zhang, Wen-Hao and Wei, Xue-Xin and "
            "Wu, Ying Nian}, booktitle={NeurReps Workshop, Proceedings of Machine Learning Research}, "
            "volume={197}, pages={370--387}, year={2023}}"
        ),
        "entry": "innerscore.candidates.zoo.conformal_grid:ConformalGrid",
        "layers": ("code",),
        "model_class": "self-supervised space code",
        "trained_on": "places and steps in a room of 1.5 m, drawn here",
        "supervision": "place fields (linear readout), conformal isometry",
    },
    "place-remapping": {
        "title": "Place cells by similarity, which remap with context (Pettersen 2024)",
        "description": (
            "A perceptron of place and a context signal (64, 128, 100 units, rectified) that learned to be as "
            "alike at two places in two contexts as these are near (Pettersen, Rogge & Lepper{\\o}d 2024). The "
            "paper's text was at hand in part - the idea is theirs, and the form of the similarity, its SD of "
            "0.2 m and of 0.2 in context, its least value of 0.2, and the sizes are chosen here; theirs has a "
            "recurrent network, too. Room of 2 x 2 m in whose corner the arena lies, contexts from -1 to 1, "
            "6,000 updates of 256 places, Adam at 0.003 that falls to 0 over the last third. It is read at the "
            "true position in context 0."
        ),
        "citation": (
            "@inproceedings{pettersen2024learning, title={Learning place cell representations and "
            "context-dependent remapping}, author={Pettersen, Markus and Rogge, Frederik and Lepper{\\o}d, "
            "Mikkel Elle}, booktitle={NeurIPS}, year={2024}}"
        ),
        "entry": "innerscore.candidates.zoo.place_remapping:PlaceRemapping",
        "layers": ("place",),
        "model_class": "self-supervised space code",
        "trained_on": "places and contexts, drawn here",
        "supervision": "nearness of places and contexts",
    },
}


def recipes() -> tuple[Recipe, ...]:
    """All of them."""
    return tuple(recipe_of(name) for name in _CARDS)


def recipe_of(name: str, *, plan: Optimisation | None = None) -> Recipe:
    """The recipe of a name, on request with another plan."""
    told = _CARDS[name]
    card = CandidateCard(
        identifier=name,
        authors=("innerscore maintainers",),
        licence="MIT",
        accepts=("self_motion",),
        options=_OPTIONS[name],
        **{**told, "description": f"{told['description']} {_MEASURED}"},
    )
    build = _TASKS[name]

    def task(seed: int, device: str) -> Task:
        with initial_weights(seed, name):
            return build(_OPTIONS[name], name=name, seed=seed, device=device)

    return Recipe(card, FAMILY, _PLANS[name] if plan is None else plan, _MEMORY_MB, task)


def _actionable(options: Mapping[str, Any], **common: Any) -> CodeTask:
    return ActionableTask(TranslationCode(options["units"]), **common)


def _conformal(options: Mapping[str, Any], **common: Any) -> CodeTask:
    return ConformalTask(ConformalNetwork(**options), options["spacings_m"], **common)


def _remapping(options: Mapping[str, Any], **common: Any) -> CodeTask:
    return RemappingTask(PlaceNetwork(options["units"]), **common)


_TASKS: Mapping[str, Callable[..., CodeTask]] = {
    "actionable-grid": _actionable,
    "conformal-grid": _conformal,
    "place-remapping": _remapping,
}
