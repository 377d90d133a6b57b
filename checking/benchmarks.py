"""Checks of a benchmark: no leak between choosing a layer and scoring it, a ceiling, a score for a trial model."""

from __future__ import annotations

import math
from pathlib import Path

from .. import data_registry
from ..benchmarks import Benchmark, load_benchmarks, registry
from ..core.activations import Activations, check_activations
from ..core.errors import InnerscoreError, MissingPartError, UnfitRecordingError
from ..core.seeds import generator
from ..core.settings import Settings
from ..core.stimuli import Stimulus
from .faults import Fault, fault_of

__all__ = ["check_benchmark", "impossible_benchmarks", "split_faults"]

_LOWEST_CEILING = 0.1
_TRIAL_LAYERS, _TRIAL_UNITS = ("first", "second"), 8


def check_benchmark(benchmark: Benchmark, path: Path) -> list[Fault]:
    """Check a benchmark whose card is valid.

    Parameters
    ----------
    benchmark : Benchmark
        Put together from its card.
    path : pathlib.Path
        The card's file.

    Raises
    ------
    MissingPartError
        If its data are not here.
    """
    try:
        benchmark.check_recording()
        kept, scored = benchmark.layer_selection_conditions, benchmark.scored_conditions
        faults = [*split_faults(kept, scored, path), *_ceiling_faults(float(benchmark.ceiling), path)]
        return faults or _trial_faults(benchmark, path)
    except MissingPartError:
        raise
    except InnerscoreError as error:
        return [fault_of(error, path)]


def impossible_benchmarks(settings: Settings) -> dict[str, str]:
    """Benchmarks of recordings on this machine that cannot carry their metric, with what is there and needed.

    Nothing is downloaded or converted: data sets that are not here, are simulated, or have to be prepared are not
    looked at. Neither is one with another fault, which a check of it tells.
    """
    here = settings.model_copy(update={"offline": True})
    datasets = data_registry.registry(here).entries()
    names = [
        name
        for name, entry in registry(here).entries().items()
        if entry.card.dataset in datasets and not datasets[entry.card.dataset].card.simulated
    ]
    found = {benchmark.identifier: _reason(benchmark) for benchmark in load_benchmarks(names, here)}
    return {name: reason for name, reason in found.items() if reason}


def split_faults(kept: tuple[str, ...], scored: tuple[str, ...], path: Path) -> list[Fault]:
    """Conditions that choose the layer and are scored, too."""
    both = sorted(set(kept) & set(scored))
    if both:
        reason = f"{len(both)} conditions are both held out for layer selection and scored, such as {both[0]}"
        return [Fault(str(path), reason, "Let no condition both choose the layer and be scored.")]
    if not scored:
        fix = "Raise 'layer_selection.holdout_every', or name fewer of its 'conditions'."
        return [Fault(str(path), "no condition is left to be scored", fix)]
    return []


def _ceiling_faults(ceiling: float, path: Path) -> list[Fault]:
    if math.isfinite(ceiling) and ceiling >= _LOWEST_CEILING:
        return []
    reason = f"a ceiling of {ceiling:.3g}: models cannot be ranked under it"
    return [
        Fault(str(path), reason, "Choose another epoch, region or metric, or data with more repetitions.")
    ]


def _trial_faults(benchmark: Benchmark, path: Path) -> list[Fault]:
    """A metric that cannot be computed here for a model of two layers of noise, or has no value for it.

    Too few cells, fewer conditions than folds among those that are scored or those that choose the layer, and a
    region that is not of the card's alignment all end a score, and so end this one.
    """
    score = benchmark.score({stimulus.identifier: _noise(stimulus) for stimulus in benchmark.stimuli})
    if math.isfinite(score.raw.value):
        return []
    reason = "no value for a model of noise: the metric is undefined on these data"
    return [Fault(str(path), reason, "Choose another metric, alignment, epoch or region.")]


def _noise(stimulus: Stimulus) -> Activations:
    rng = generator(0, "trial model", stimulus.identifier)
    values = {layer: rng.standard_normal((stimulus.n_steps, _TRIAL_UNITS)) for layer in _TRIAL_LAYERS}
    return check_activations(values, stimulus, candidate="the trial model", layers=_TRIAL_LAYERS)


def _reason(benchmark: Benchmark) -> str:
    """Why nobody can be scored on a benchmark; empty where that is not known."""
    if hasattr(benchmark.dataset, "prepare"):
        return ""
    try:
        benchmark.check_recording()
    except UnfitRecordingError as error:
        return str(error)
    except InnerscoreError:
        return ""
    return ""
