"""Grouped folds: whole conditions are held out together, the same ones for the same seed.

Neighbouring time bins of one condition are nearly copies of each other, so a fold that cut through a
condition would test on what it was fitted on. The folds depend on the set of condition labels and the seed
alone, not on the order of the samples.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from ...core.arrays import plain_array
from ...core.errors import InvalidArgumentError

Ints = npt.NDArray[np.int64]


def condition_codes(groups: object, n_samples: int, *, name: str = "groups") -> Ints:
    """Number the conditions 0, 1, ... in the sorted order of their labels, one number per sample.

    Parameters
    ----------
    groups : array of shape (n_samples,)
        The condition of each sample; integers, strings or any sortable labels.
    n_samples : int
        Required number of samples.
    name : str, default="groups"
        The argument's name, for the message.

    Returns
    -------
    codes : array of shape (n_samples,)

    Raises
    ------
    InvalidArgumentError
        If `groups` has another shape, has missing or masked labels, or cannot be sorted.
    """
    labels = _plain_labels(name, groups)
    if labels.shape != (n_samples,):
        raise InvalidArgumentError(
            f"The '{name}' parameter", got=f"shape {labels.shape}", needed=f"of shape ({n_samples},)"
        )
    _check_no_missing_label(name, labels)
    return _unique_inverse(name, labels)


def n_conditions(codes: Ints) -> int:
    """Number of conditions in the codes."""
    return int(codes.max()) + 1


def outer_folds(codes: Ints, n_folds: int, seed: int) -> Ints:
    """The outer fold in which each sample is held out, shape (n_samples,)."""
    return _grouped_folds("n_outer", codes, n_folds, np.random.default_rng((seed, 0)))


def inner_folds(codes: Ints, n_folds: int, seed: int, outer: int) -> Ints:
    """The inner fold of each training sample of outer fold `outer`; `codes` are those of its training set."""
    present = np.unique(codes, return_inverse=True)[1].astype(np.int64)
    return _grouped_folds("n_inner", present, n_folds, np.random.default_rng((seed, 1 + outer)))


def runs(groups: npt.NDArray[np.str_], n_runs: int) -> npt.NDArray[np.str_]:
    """Labels of the runs of consecutive samples that each group is cut into, of nearly equal length.

    Parameters
    ----------
    groups : array of str, shape (n_samples,)
    n_runs : int
        Runs of each group; a group of fewer samples has a run for each.

    Returns
    -------
    labels : array of str, shape (n_samples,)
    """
    codes = _unique_inverse("groups", groups)
    order = np.argsort(codes, kind="stable")
    size = np.bincount(codes)
    rank = np.empty(len(codes), dtype=np.int64)
    rank[order] = np.arange(len(codes)) - np.repeat(np.cumsum(size) - size, size)
    run = rank * n_runs // size[codes]
    return np.char.add(np.char.add(groups.astype(str), ", run "), run.astype(str))


def given_folds(folds: object, n_samples: int) -> Ints:
    """Check outer folds that are given: 0, 1, ... where a sample is held out, -1 where it is only trained on.

    Raises
    ------
    InvalidArgumentError
        If they are no such integers, a number is left out, or a fold leaves fewer than two samples to train on.
    """
    given = _plain_labels("folds", folds)
    right_kind = given.shape == (n_samples,) and given.dtype.kind == "i"
    counts = np.bincount(given[given >= 0]) if right_kind else np.zeros(0, dtype=int)
    if not len(counts) or given.min() < -1 or counts.min() < 1 or counts.max() > n_samples - 2:
        raise InvalidArgumentError(
            "The 'folds' parameter",
            got=f"{given.dtype} of shape {given.shape}",
            needed=f"{n_samples} integers from -1 (never held out), no fold empty or without a training set",
        )
    return given.astype(np.int64)


def check_integer(name: str, value: object, *, least: int) -> int:
    """Refuse anything that is not an integer of at least `least`."""
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole or int(value) < least:  # type: ignore[call-overload]
        raise InvalidArgumentError(
            f"The '{name}' parameter", got=repr(value), needed=f"an integer of at least {least}"
        )
    return int(value)  # type: ignore[call-overload, no-any-return]


def _grouped_folds(name: str, codes: Ints, n_folds: int, rng: np.random.Generator) -> Ints:
    n_groups = n_conditions(codes)
    if n_groups < n_folds:
        raise InvalidArgumentError(
            f"The '{name}' parameter",
            got=f"{n_folds} folds for {n_groups} conditions",
            needed="at most the number of conditions to split",
            hint="Ask for fewer folds, or give a finer 'groups'.",
        )
    fold_of_condition = rng.permutation(np.arange(n_groups) % n_folds)
    return np.asarray(fold_of_condition[codes], dtype=np.int64)


def _plain_labels(name: str, labels: object) -> npt.NDArray[Any]:
    return plain_array(
        f"The '{name}' parameter", labels.cpu() if isinstance(labels, torch.Tensor) else labels
    )


def _check_no_missing_label(name: str, labels: npt.NDArray[np.generic]) -> None:
    if labels.dtype.kind in "fcmM":
        missing = bool(np.isnat(labels).any() if labels.dtype.kind in "mM" else np.isnan(labels).any())
    else:
        missing = labels.dtype.kind == "O" and any(label is None for label in labels)
    if missing:
        raise InvalidArgumentError(f"The '{name}' parameter", got="missing labels", needed="complete")


def _unique_inverse(name: str, labels: npt.NDArray[np.generic]) -> Ints:
    try:
        return np.asarray(np.unique(labels, return_inverse=True)[1], dtype=np.int64)
    except TypeError as error:
        raise InvalidArgumentError(
            f"The '{name}' parameter", got=str(error), needed="labels of one sortable kind"
        ) from error


def portions(n: int, at_once: int) -> Iterator[slice]:
    """Consecutive slices of at most `at_once` of `n` things."""
    for start in range(0, n, at_once):
        yield slice(start, min(start + at_once, n))
