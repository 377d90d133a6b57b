"""Adding draws up: who was first, who are not significantly different, how often intervals cover."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from scipy.special import stdtrit

from ...core.recovery_report import Calibration, MoreData, Recovery, UntoldPair
from ...leaderboard.ranking import ALPHA
from .draws import Draw
from .scenes import PreparedBenchmark

__all__ = ["ENOUGH", "calibration_of", "more_data", "recovery"]

ENOUGH = 0.95
_LEVEL = 0.95
_MANY_DEGREES = 50
_FEWEST_FOR_MEAN = 5


def recovery(
    scene: PreparedBenchmark,
    reliability: float,
    drawn: Mapping[str, Sequence[Draw]],
    facts: Mapping[str, int],
) -> Recovery:
    """Add up the draws of one benchmark and reliability.

    Parameters
    ----------
    scene : PreparedBenchmark
    reliability : float
    drawn : mapping of str to sequence of dict
        Draws by generating candidate, equally many of each.
    facts : mapping of str to int
        ``neurons``, ``repetitions`` and ``samples`` of a brain.
    """
    names = tuple(drawn)
    every = [draw for draws in drawn.values() for draw in draws]
    return Recovery(
        benchmark=scene.name,
        reliability=reliability,
        draws=min(len(draws) for draws in drawn.values()),
        candidates=names,
        first=tuple(tuple(_times_first(draws, name) for name in names) for draws in drawn.values()),
        alone=tuple(sum(_alone(draw) for draw in draws) for draws in drawn.values()),
        in_front=tuple(
            sum(generating in draw["front"] for draw in draws) for generating, draws in drawn.items()
        ),
        unscored=tuple(sum(draw["first"] is None for draw in draws) for draws in drawn.values()),
        measured_reliability=float(np.mean([draw["reliability"] for draw in every])),
        layer=_layer_found(scene, every),
        pairs=tuple(_untold(drawn)),
        neurons=facts["neurons"],
        repetitions=facts["repetitions"],
        samples=facts["samples"],
    )


def more_data(
    scene: PreparedBenchmark, reliability: float, generating: str, data: str, draws: Sequence[Draw]
) -> MoreData:
    """The effect of more data for one generating candidate."""
    return MoreData(
        benchmark=scene.name,
        generating=generating,
        reliability=reliability,
        data=data,
        draws=len(draws),
        first=_times_first(draws, generating),
        alone=sum(_alone(draw) for draw in draws),
    )


def calibration_of(
    benchmark: str,
    reliability: float,
    drawn: Mapping[str, Sequence[Draw]],
    limits: Mapping[str, Draw],
    *,
    conditions: str,
) -> Calibration | None:
    """Coverage of the limit score by intervals, over all candidates scored on all brains; None without any.

    Parameters
    ----------
    benchmark : str
    reliability : float
    drawn : mapping of str to sequence of dict
        Draws by generating candidate.
    limits : mapping of str to dict
        Scores of each candidate with unlimited data, by generating candidate, where known.
    conditions : str
        Whether they were drawn anew for each brain.
    """
    rows = np.array(
        [
            row
            for generating, truths in limits.items()
            for name, truth in truths.items()
            for row in _rows_against(drawn[generating], name, truth)
        ]
    )
    if not len(rows):
        return None
    value, low, high, truth, mean = rows.T
    enough = min(map(len, drawn.values())) >= _FEWEST_FOR_MEAN
    return Calibration(
        conditions=conditions,
        benchmark=benchmark,
        level=_LEVEL,
        reliability=reliability,
        n=len(rows),
        covered=float(((low <= truth) & (truth <= high)).mean()),
        below=float((high < truth).mean()),
        above=float((low > truth).mean()),
        bias=float((value - truth).mean()),
        covered_mean=float(((low <= mean) & (mean <= high)).mean()) if enough else None,
    )


def _times_first(draws: Iterable[Draw], name: str) -> int:
    return sum(draw["first"] == name for draw in draws)


def _alone(draw: Draw) -> bool:
    return bool(draw["front"] == [draw["generating"]])


def _layer_found(scene: PreparedBenchmark, draws: Iterable[Draw]) -> float | None:
    """Share of draws that committed to the generating layer, over generating candidates of several layers."""
    hits = [
        draw["placed"][draw["generating"]]["layer"] == draw["generating_layer"]
        for draw in draws
        if scene.card.layer_selection.is_made and len(scene.candidates[draw["generating"]].states.scored) > 1
    ]
    return float(np.mean(hits)) if hits else None


def _untold(drawn: Mapping[str, Sequence[Draw]]) -> Iterable[UntoldPair]:
    """Pairs that were significantly different, the generating one ahead, in too few draws; the worst first."""
    found = [
        _pair(generating, other, draws, len(drawn))
        for generating, draws in drawn.items()
        for other in drawn
        if other != generating
    ]
    untold = [pair for pair in found if pair is not None and (pair.apart < ENOUGH or pair.ahead > 1 - ENOUGH)]
    return sorted(untold, key=lambda pair: (-pair.ahead, pair.apart))


def _pair(generating: str, other: str, draws: Sequence[Draw], n_candidates: int) -> UntoldPair | None:
    known = [draw["pairs"][other] for draw in draws if other in draw["pairs"]]
    if not known:
        return None
    difference, error, apart = (np.array(column, dtype=float) for column in zip(*known, strict=True))
    mean, spread = float(difference.mean()), float(error.mean())
    return UntoldPair(
        generating=generating,
        other=other,
        apart=float(apart.mean()),
        ahead=float((difference < 0).mean()),
        difference=mean,
        error=spread,
        factor=_data_needed(mean, spread, n_candidates * (n_candidates - 1) // 2),
    )


def _data_needed(difference: float, error: float, n_pairs: int) -> float | None:
    """Factor of the data that brings a difference to the first threshold of Holm's correction over all pairs."""
    if difference <= 0:
        return None
    threshold = float(stdtrit(_MANY_DEGREES, 1 - ALPHA / (2 * n_pairs)))
    return max(1.0, (threshold * error / difference) ** 2)


def _rows_against(
    draws: Sequence[Draw], name: str, truth: float | None
) -> Iterable[tuple[float, float, float, float, float]]:
    """Value, interval, limit and mean over the draws, of draws in which the candidate has all of them."""
    placed = [draw["placed"][name] for draw in draws if name in draw["placed"]]
    whole = [one for one in placed if None not in (one["value"], one["low"], one["high"])]
    if truth is None or not math.isfinite(truth) or not whole:
        return []
    mean = float(np.mean([one["value"] for one in whole]))
    return [(one["value"], one["low"], one["high"], truth, mean) for one in whole]
