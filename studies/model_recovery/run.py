"""The study: rounds of draws in turn, each kept as soon as it is there, then what they add up to."""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

from ...core.hashing import canonical_json, sha256_of_bytes
from ...core.identity import code_sha256, entry_of
from ...core.labelled import labelled_hash
from ...core.recovery_report import LeftOut, MoreData, Recovery, RecoveryReport
from .controls import controls, nuisances, own_scores
from .design import Design
from .draws import ONCE, Amount, Draw, DrawFiles, limit, one_draw
from .recovery import ENOUGH, calibration_of, more_data, recovery
from .scenes import PreparedBenchmark

__all__ = ["Study", "run_study"]

Say = Callable[[str, int, int], None]
Drawn = dict[str, list[Draw]]

_OWN = ("brains", "controls", "design", "draws", "fresh", "scenes", "states", "trial")
_TWICE = {"twice the neurons": Amount(neurons=2), "twice the repetitions": Amount(repetitions=2)}
_ASKED_FOR_MORE = 0.6  # reliability at which more data are tried, or the next above


@dataclass(frozen=True, eq=False)
class Study:
    """The parts of a study, and the place of its draws.

    Parameters
    ----------
    design : Design
    scenes : sequence of PreparedBenchmark
    folder : pathlib.Path
        Parent folder: draws are kept in a folder below, whose name follows from all that determines them.
    rounds_until, deadline : float
        Times by `time.monotonic`: the rounds end at the first; unlimited and further data are not tried after the
        second.
    """

    design: Design
    scenes: Sequence[PreparedBenchmark]
    folder: Path
    rounds_until: float = float("inf")
    deadline: float = float("inf")

    @cached_property
    def files(self) -> dict[str, DrawFiles]:
        """The files of each benchmark's draws; by the code as it is when first asked."""
        return {
            scene.name: DrawFiles(self.folder / _identity(self.design, scene) / scene.name)
            for scene in self.scenes
        }


def run_study(study: Study, say: Say, *, further: Mapping[str, str] | None = None) -> RecoveryReport:
    """Do what is left to do of a study, and add it up.

    Parameters
    ----------
    study : Study
    say : callable
        Called with what is done, the number done and the number of all.
    further : mapping of str to str, optional
        Reasons, by name, for what else was left out.

    Returns
    -------
    report : RecoveryReport
        The report without its name, date and command. A benchmark has as many draws as there was time for; one
        without any is among what was left out.
    """
    rounds = _rounds(study, say)
    report = RecoveryReport(settings=_settings(study.design), code=_code_of_all(study.scenes))
    untried = [scene.name for scene in study.scenes if not rounds[scene.name]]
    left_out = dict(further or {}) | dict.fromkeys(untried, "no round of draws was finished in time")
    parts = [report]
    done = [scene for scene in study.scenes if rounds[scene.name]]
    for place, scene in enumerate(done):
        say("limits, controls and more data", place, len(done))
        parts.append(_scene_report(study, scene, rounds[scene.name]))
    lists = ("recovery", "more_data", "calibration", "controls", "nuisance")
    return report.model_copy(
        update={
            **{name: tuple(row for part in parts for row in getattr(part, name)) for name in lists},
            "left_out": tuple(LeftOut(name=name, why=why) for name, why in sorted(left_out.items())),
        }
    )


def _code_of_all(scenes: Sequence[PreparedBenchmark]) -> str:
    """Hash of the code that makes a study's numbers."""
    return sha256_of_bytes(canonical_json({scene.name: _code_of(scene) for scene in scenes}))


def _code_of(scene: PreparedBenchmark) -> str:
    """Hash, by meaning, of the code that makes a benchmark's draws: ours, its metric's and its loader's."""
    room = __name__.rpartition(".")[0]
    parts = (type(scene.metric), type(scene.dataset))
    return code_sha256(
        [*(f"{room}.{name}" for name in _OWN), *map(entry_of, parts), scene.dataset.card.entry]
    )


def _identity(design: Design, scene: PreparedBenchmark) -> str:
    """Hash of all that a scene's draws follow from, except their number and reliabilities."""
    sizes = {name: value for name, value in asdict(design).items() if name not in ("draws", "reliabilities")}
    candidates = {name: one.bundle_sha256 for name, one in sorted(scene.candidates.items())}
    data = labelled_hash(scene.samples)
    card = scene.card.model_dump(mode="json")
    return sha256_of_bytes(canonical_json([_code_of(scene), sizes, candidates, card, data]))[:16]


def _rounds(study: Study, say: Say) -> dict[str, list[dict[float, Drawn]]]:
    """Each benchmark's finished rounds: by reliability and generating candidate, one draw each.

    The benchmark that took least time so far is next, so that a time limit gives all of them the same time.
    """
    done: dict[str, list[dict[float, Drawn]]] = {scene.name: [] for scene in study.scenes}
    waiting = [(0.0, place) for place in range(len(study.scenes))]
    n_rounds = study.design.draws * len(study.scenes)
    while waiting:
        spent, place = heapq.heappop(waiting)
        scene, began = study.scenes[place], time.monotonic()
        rounds = done[scene.name]
        say("draws", sum(map(len, done.values())), n_rounds)
        finished = _round(study, scene, len(rounds))
        if finished is None:
            continue  # of others there may be rounds on disk
        rounds.append(finished)
        if len(rounds) < study.design.draws:
            heapq.heappush(waiting, (spent + time.monotonic() - began, place))
    return done


def _round(study: Study, scene: PreparedBenchmark, number: int) -> dict[float, Drawn] | None:
    """One draw from each candidate at each reliability; None if the time was up before all were there."""
    found: dict[float, Drawn] = {}
    for reliability in scene.reliabilities(study.design):
        found[reliability] = {}
        for name in scene.candidates:
            draw = _drawn(study, scene, name, reliability, number, ONCE, until=study.rounds_until)
            if draw is None:
                return None
            found[reliability][name] = [draw]
    return found


def _drawn(
    study: Study,
    scene: PreparedBenchmark,
    generating: str,
    reliability: float,
    number: int,
    amount: Amount,
    *,
    until: float,
) -> Draw | None:
    """A draw that is there, or made now; None if it is not there and the time is up."""
    files = study.files[scene.name]
    percent = f"reliability-{round(1000 * reliability):04d}"
    place = (str(amount), percent, generating, f"draw-{number:04d}")
    known = files.known(*place)
    if known is not None or time.monotonic() > until:
        return known
    return files.keep(one_draw(scene, generating, study.design, reliability, number, amount), *place)


def _scene_report(
    study: Study, scene: PreparedBenchmark, rounds: Sequence[dict[float, Drawn]]
) -> RecoveryReport:
    files = study.files[scene.name]
    own = files.known("own") or files.keep(own_scores(scene, study.design.seed), "own")
    limits = _limits(study, scene, files)
    drawn = {one: _together(rounds, one) for one in scene.reliabilities(study.design)}
    facts = {
        "neurons": scene.n_neurons(study.design),
        "repetitions": min(scene.samples.sizes["repetition"], study.design.max_repetitions),
        "samples": scene.samples.sizes["presentation"],
    }
    found = tuple(recovery(scene, reliability, draws, facts) for reliability, draws in drawn.items())
    calibrated = [
        calibration_of(scene.name, reliability, draws, limits, conditions="the same")
        for reliability, draws in drawn.items()
    ]
    return RecoveryReport(
        recovery=found,
        more_data=tuple(_more_data(study, scene, found)),
        calibration=tuple(one for one in calibrated if one is not None),
        controls=tuple(controls(scene, own)),
        nuisance=tuple(nuisances(scene, own)),
    )


def _limits(study: Study, scene: PreparedBenchmark, files: DrawFiles) -> dict[str, Draw]:
    """Scores of all with unlimited data, by generating candidate; as many as there is time for."""
    found = {}
    for name in scene.candidates:
        known = files.known("limit", name)
        if known is None and time.monotonic() <= study.deadline:
            known = files.keep(limit(scene, name, study.design), "limit", name)
        if known is not None:
            found[name] = known
    return found


def _together(rounds: Sequence[dict[float, Drawn]], reliability: float) -> Drawn:
    names = rounds[0][reliability]
    return {name: [draw for one in rounds for draw in one[reliability][name]] for name in names}


def _more_data(study: Study, scene: PreparedBenchmark, found: Sequence[Recovery]) -> list[MoreData]:
    """For each candidate that was not found often enough, as many draws with twice the data, time permitting."""
    enough = [one for one in found if one.reliability >= _ASKED_FOR_MORE or study.design.as_recorded]
    if not enough:
        return []
    asked = min(enough, key=lambda one: one.reliability)
    rows = []
    for place, name in enumerate(asked.candidates):
        if asked.first[place][place] >= ENOUGH * asked.draws:
            continue
        for what, amount in _TWICE.items():
            draws: list[Draw] = []
            for number in range(asked.draws):
                draw = _drawn(study, scene, name, asked.reliability, number, amount, until=study.deadline)
                if draw is None:
                    break
                draws.append(draw)
            if draws:
                rows.append(more_data(scene, asked.reliability, name, what, draws))
    return rows


def _settings(design: Design) -> dict[str, str]:
    """The sizes of a study, in words for its reader."""
    return {
        "neurons of a brain": "as recorded, in the recording's animals and with its gaps and median reliability"
        if design.as_recorded
        else f"{design.n_neurons}, half in each of two animals",
        "samples": f"every k-th bin of a condition, at most about {design.max_samples} in all; in space all",
        "repetitions": f"as recorded, at most {design.max_repetitions}; reliability is matched",
        "wide layers": f"first {design.max_units} principal components, or so many units where single units count",
        "a neuron": "sum of 5 units drawn at random, exponential weights, log-normal gain; of one unit for "
        "metrics of populations of cells",
        "metrics": "the benchmarks' own, with 100 or 200 resamples, fewer split halves, 7 penalties chosen on 2 "
        "inner folds, 15 factors, 3 draws of random bins, 19 surrogates of a cell's map",
        "unlimited data": f"{design.limit_neurons} neurons at reliability {design.limit_reliability:g}, on the "
        "same conditions",
        "seed": str(design.seed),
    }
