"""Calibration on conditions drawn anew: does an interval allow for other trials of the task than those shown?

A recording cannot be had again on other conditions, a simulated one can. Each experiment is the benchmark on a set
of conditions of its own, with a brain of its own. The score that its interval should cover is the mean over further
sets of what the same candidate has there with many neurons and next to no noise: unlimited conditions, neurons and
trials, for a map that is fitted to as many conditions as the benchmark has.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from ...core.recovery_report import Calibration
from ...core.seeds import child_seed
from ...core.settings import Settings
from .design import Design
from .draws import Draw, DrawFiles, limit, one_draw
from .recovery import calibration_of
from .scenes import PreparedBenchmark, prepare_benchmarks

__all__ = ["fresh_calibration"]

Say = Callable[[str, int, int], None]

_RELIABILITY = 0.6
_FIRST_DRAW = 1000  # numbers that no draw of the recovery has
_FURTHER_SETS = 4


def fresh_calibration(
    scenes: Sequence[PreparedBenchmark],
    files: Mapping[str, DrawFiles],
    n_sets: int,
    design: Design,
    settings: Settings,
    say: Say,
) -> list[Calibration]:
    """Experiments on as many sets of conditions, at reliability 0.6, the generating candidates in turn.

    Parameters
    ----------
    scenes : sequence of PreparedBenchmark
        Benchmarks; used if their data set takes a seed that draws conditions.
    files : mapping of str to DrawFiles
        Files of draws by benchmark; what was done is not done again.
    n_sets : int
    design : Design
    settings : Settings
    say : callable
        Called with what is done, the number done and the number of all.
    """
    usable = [scene for scene in scenes if _draws_conditions(scene)]
    if not n_sets or not usable:
        return []
    for number in range(n_sets + _FURTHER_SETS):
        say("conditions drawn anew", number, n_sets + _FURTHER_SETS)
        _one_set(usable, files, number, number < n_sets, design, settings)
    found = [_calibration(scene, files[scene.name], n_sets) for scene in usable]
    return [one for one in found if one is not None]


def _draws_conditions(scene: PreparedBenchmark) -> bool:
    """Whether the data set's seed draws conditions: those of tasks in time; a box stays the same box."""
    return scene.card.alignment == "time" and "seed" in inspect.signature(type(scene.dataset)).parameters


def _one_set(
    scenes: Sequence[PreparedBenchmark],
    files: Mapping[str, DrawFiles],
    number: int,
    is_experiment: bool,
    design: Design,
    settings: Settings,
) -> None:
    """An experiment, or limits of all generating candidates, on one set, of the benchmarks that lack it."""
    place = ("fresh", f"set-{number:04d}" if is_experiment else f"limits-{number:04d}")
    lacking = [scene for scene in scenes if files[scene.name].known(*place) is None]
    if not lacking:
        return
    sources = dict.fromkeys(one.source for scene in lacking for one in scene.candidates.values())
    made, _ = prepare_benchmarks(
        [scene.name for scene in lacking],
        list(sources),
        design,
        settings,
        _silent,
        data_seed=child_seed(design.seed, "validity", "conditions", str(number)) % 2**32,
    )
    for scene in made:
        names = list(scene.candidates)
        if is_experiment:
            generating = names[number % len(names)]
            draw = one_draw(scene, generating, design, _RELIABILITY, _FIRST_DRAW + number)
            files[scene.name].keep(draw, *place)
        else:
            files[scene.name].keep({name: limit(scene, name, design) for name in names}, *place)


def _calibration(scene: PreparedBenchmark, files: DrawFiles, n_sets: int) -> Calibration | None:
    drawn = [files.known("fresh", f"set-{number:04d}") for number in range(n_sets)]
    limits = [
        files.known("fresh", f"limits-{number:04d}") for number in range(n_sets, n_sets + _FURTHER_SETS)
    ]
    known = [one for one in limits if one is not None]
    by_generating: dict[str, list[Draw]] = {}
    for draw in drawn:
        if draw is not None:
            by_generating.setdefault(draw["generating"], []).append(draw)
    truths = {generating: _mean_limit(known, generating) for generating in by_generating}
    return calibration_of(scene.name, _RELIABILITY, by_generating, truths, conditions="drawn anew")


def _mean_limit(limits: Sequence[Draw], generating: str) -> Draw:
    """Each candidate's mean over the sets; None where one of them has no value."""
    several = [one[generating] for one in limits if generating in one]
    names = set.intersection(*(set(one) for one in several)) if several else set()
    values = {name: [one[name] for one in several] for name in names}
    return {name: None if None in some else float(np.mean(some)) for name, some in sorted(values.items())}


def _silent(stage: str, done: int, of: int) -> None:
    """Show nothing."""
