"""Trials and neuroids that have the same values: found, and told from those that are equal by chance.

A few neurons with a few spikes each give the same counts again and again. The chance that a value comes again is
taken from the recording itself: it is the share of a neuroid's other trials with that value, or of its other
repetitions of the stimulus, whichever is larger. Neuroids and time bins count as independent.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import poisson

from ..core.hashing import sha256_of_array

__all__ = ["Coincidences", "equal_neuroids", "equal_presentations"]

_IMPROBABLE = 1e-6
_FEWEST_VALUES = 3  # rows of two values or one, as of silence and a lone spike, tell nothing
_MOST_COLUMNS = 4096  # to look at: more would only make the chance smaller
_LARGEST_COUNT = 12  # of the lowest rate of a row
_ROUNDING = 1e-4  # of counts made from rates in single precision

Values = npt.NDArray[np.floating[Any]]
Labels = npt.NDArray[Any]
Ints = npt.NDArray[np.int_]


@dataclass(frozen=True)
class Coincidences:
    """Pairs that are equal beyond chance.

    Attributes
    ----------
    pairs : tuple of tuple of int
        Positions, the least probable first.
    expected : float
        Number of pairs that chance would make equal on values as rare as these.
    """

    pairs: tuple[tuple[int, int], ...] = ()
    expected: float = 0.0


def equal_presentations(values: Values, stimulus: Labels) -> Coincidences:
    """Find presentations that are equal in all neuroids and bins, beyond chance.

    Parameters
    ----------
    values : array of shape (n_presentations, n_neuroids[, n_time_bins])
        NaN where nothing was recorded.
    stimulus : array of shape (n_presentations,)
        Stimulus of each presentation.
    """
    rows = values.reshape(len(values), -1)
    pairs = _equal_rows(rows)
    if not pairs:
        return Coincidences()
    columns = np.linspace(0, rows.shape[1] - 1, min(rows.shape[1], _MOST_COLUMNS)).astype(int)
    kept = _distinct(rows)
    chances = _log_chances(_as_counts(rows[kept])[:, columns], stimulus[kept]).sum(axis=1)
    by_row = dict(zip(kept.tolist(), chances.tolist(), strict=True))
    return _beyond_chance(pairs, [by_row[first] for first, _ in pairs], len(rows))


def equal_neuroids(values: Values, stimulus: Labels) -> Coincidences:
    """Find neuroids that are equal in all presentations and bins, beyond chance; as for presentations."""
    pairs = _equal_rows(np.moveaxis(values, 1, 0).reshape(values.shape[1], -1))
    if not pairs:
        return Coincidences()
    kept = _distinct(values.reshape(len(values), -1))
    counts = _as_counts(values[kept].reshape(len(kept), -1)).reshape(len(kept), values.shape[1], -1)
    chances = [float(_log_chances(counts[:, first], stimulus[kept]).sum()) for first, _ in pairs]
    return _beyond_chance(pairs, chances, values.shape[1])


def _equal_rows(rows: Values) -> list[tuple[int, int]]:
    """Each row that is equal bit by bit to an earlier one, after the first of these."""
    firsts: dict[str, int] = {}
    pairs = []
    for number, row in enumerate(rows):
        if len(np.unique(row[np.isfinite(row)])) < _FEWEST_VALUES:
            continue
        first = firsts.setdefault(sha256_of_array(row), number)
        if first != number:
            pairs.append((first, number))
    return pairs


def _distinct(rows: Values) -> Ints:
    """Positions of the first of each kind of row: a copy is no evidence that its values are common."""
    firsts = {sha256_of_array(row): number for number, row in reversed(list(enumerate(rows)))}
    return np.array(sorted(firsts.values()))


def _as_counts(rows: Values) -> Values:
    """Rows in numbers of spikes, where all their rates are multiples of one.

    The bins of a rate map were visited for times of their own, which all neuroids share: as rates, the values of
    one would tell those of the others.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # rows without a spike
        lowest = np.nanmin(np.where(rows > 0, rows, np.nan), axis=1, keepdims=True)
    counts, left = np.array(rows, dtype=np.float64), np.ones(len(rows), dtype=bool)
    for count in range(1, _LARGEST_COUNT + 1):
        multiples = rows / lowest * count
        whole = np.round(multiples)
        fits = left & (np.isnan(multiples) | (np.abs(multiples - whole) < _ROUNDING)).all(axis=1)
        fits &= np.isfinite(lowest[:, 0])
        counts[fits] = whole[fits]
        left &= ~fits
    return counts


def _log_chances(columns: Values, stimulus: Labels) -> Values:
    """Log of the chance that another trial has the value of this one, of shape (n_trials, n_columns)."""
    return np.stack([np.log(_chances(column, stimulus)) for column in columns.T], axis=1)


def _chances(column: Values, stimulus: Labels) -> Values:
    n = len(column)
    value, n_equal = _groups(column)
    _, n_repetitions = _groups(stimulus)
    _, n_equal_repetitions = _groups(np.stack([_groups(stimulus)[0], value], axis=1))
    unseen = max(float((n_equal > 1).mean()), 1 / n)  # how often a value that came once comes again
    overall = (n_equal - 1 + unseen) / max(n - 1, 1)
    repeated = (n_equal_repetitions - 1) / np.maximum(n_repetitions - 1, 1)
    chance = np.minimum(np.maximum(overall, repeated), 1.0)
    return np.where(np.isnan(column), 1.0, chance)  # where nothing was recorded follows from the session


def _groups(labels: npt.NDArray[Any]) -> tuple[Ints, Ints]:
    """The group of equal labels that each is in, and the size of that group."""
    _, group, sizes = np.unique(labels, axis=0, return_inverse=True, return_counts=True)
    group = group.reshape(-1)
    return group, sizes[group]


def _beyond_chance(
    pairs: Sequence[tuple[int, int]], log_chances: Sequence[float], n_rows: int
) -> Coincidences:
    """The rarest pairs, as many as are together far more than chance makes.

    Of values that have a chance of p or less at most p times the number of all pairs are expected to coincide.
    """
    order = np.argsort(log_chances, kind="stable")
    expected = n_rows * (n_rows - 1) / 2 * np.exp(np.asarray(log_chances)[order])
    improbable = poisson.sf(np.arange(len(order)), expected) < _IMPROBABLE
    if not improbable.any():
        return Coincidences()
    last = int(np.flatnonzero(improbable)[-1])
    return Coincidences(tuple(pairs[k] for k in order[: last + 1]), float(expected[last]))
