"""Two recipes: a network that is told the prior, and one that is not."""

from __future__ import annotations

from typing import Any

from ....core.cards import CandidateCard
from ..drawn import Sizes
from ..recipe import OWN_CARD, Optimisation, Recipe
from .task import IntervalTask

__all__ = ["FAMILY", "OPTIMISATION", "UNITS", "recipe_of", "recipes"]

FAMILY = "rsg-rnn"
UNITS = 128
# The loss of an epoch is noisy, so the published rule (0.95, 5 epochs) hardly ever lowers the rate.
OPTIMISATION = Optimisation(rate=0.0005, epsilon=1e-8, factor=0.85, window=2, max_epochs=60, patience=30)

_ENTRY = "innerscore.candidates.zoo.ready_set_go:IntervalRNN"
_CITATION = (
    "@article{sohn2019bayesian, title={Bayesian computation through cortical latent dynamics}, author={Sohn, "
    "Hansem and Narain, Devika and Meirhaeghe, Nicolas and Jazayeri, Mehrdad}, journal={Neuron}, "
    "volume={103}, pages={934--947}, year={2019}}"
)
_TOLD = {
    True: "told by a constant input whether the prior is the short or the long one",
    False: "never told the prior, so it has one wide prior for all intervals",
}
_CHOICES = (
    "As published (Sohn et al. 2019): tanh units with leak, noise of SD 0.01, a constant input for the prior, "
    "Weber fraction 0.05 of the measurement, the exponential ramp with 3.3 t_s in its exponent. Chosen here: "
    "128 units (200), steps of a frame, 16.7 ms (1), a time constant of 4 frames, the flash as it is on the "
    "screen, 6 frames (a pulse of 20 ms), the prior's cue 1 or 0 (0.3 or 0.4), a ramp that reaches its "
    "threshold at t_s and is asked for up to 1.2 t_s so that the end of a trial does not tell t_s, no scatter "
    "of the produced interval, Adam at 5e-4, 25 updates of 64 trials an epoch, 60 epochs at most. Effector "
    "and direction are no input; the layer with_context has them beside the rates. Trials are drawn anew in "
    "every update; the interval shown is the true one times 1 + 0.05 z, and the ramp asked for follows the "
    "true one, so the least error is close to the posterior mean. On 1000 other trials test_loss is the mean "
    "squared error of the ramp, 1 at its threshold. Slopes and biases are of the intervals produced on the "
    "task's clips, without noise (one that is not produced within 1500 ms counts as 1500)."
)
_MEMORY_MB = 800.0
_CORPUS = Sizes(n_batch=64, n_updates=25, n_validation=256, n_test=1000)


def recipes() -> tuple[Recipe, ...]:
    """Both recipes."""
    return recipe_of(cue=True), recipe_of(cue=False)


def recipe_of(
    *,
    cue: bool,
    units: int = UNITS,
    corpus: Sizes = _CORPUS,
    optimisation: Optimisation = OPTIMISATION,
) -> Recipe:
    """The recipe with or without the prior's cue, on request of another size."""
    options: dict[str, Any] = {"units": units, "cue": cue}

    def task(seed: int, device: str) -> IntervalTask:
        return IntervalTask(**options, corpus=corpus, seed=seed, device=device)

    return Recipe(_card(options), FAMILY, optimisation, _MEMORY_MB, task)


def _card(options: dict[str, Any]) -> CandidateCard:
    cue = options["cue"]
    return CandidateCard(
        identifier=FAMILY if cue else f"{FAMILY}-no-prior",
        title=f"Network trained on ready-set-go, {'told' if cue else 'not told'} the prior",
        description=(
            f"Recurrent network that learned to measure an interval and to ramp to a threshold as long after it, "
            f"{_TOLD[cue]}. {_CHOICES}"
        ),
        citation=_CITATION,
        entry=_ENTRY,
        accepts=("frames",),
        needs=("ready_ms", "set_ms"),
        layers=("rates", "with_context", "ramp", "tp"),
        model_class="task-trained recurrent network",
        trained_on="ready-set-go: intervals of both priors, measured with noise, drawn here",
        supervision="a ramp from Set to the true interval (squared error)",
        options=options,
        **OWN_CARD,
    )
