"""Sums per condition that give a correlation over any resample of the conditions, by weights.

Pearson r needs the count, sums, squares and products of two columns only. Those add up over conditions, so
the r of a bootstrap resample is a weighted sum of rows: all resamples are one matrix product.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from .._arrays import Array, as_tensor, check_same_length, like
from .._correlation import centred
from .._splits import condition_codes


@dataclass(frozen=True, eq=False)
class ConditionSums:
    """Sums per condition of held-out quantities.

    Attributes
    ----------
    values : array of shape (n_pairs, n_conditions, 6, n_targets)
        Count for each pair (a, b), and the sums of a, b, a^2, b^2, a b. The first pair is prediction and
        response; then, per split, the two half predictions; then, per split, the two half responses. Sums of
        `half_response_sums` have the last of these alone.
    folds : array of int, shape (n_conditions,)
        The outer fold that held out each condition.
    """

    values: Array
    folds: Array

    @property
    def of_responses(self) -> ConditionSums:
        """Sums of the half responses alone, from sums that include predictions."""
        n_splits = (len(self.values) - 1) // 2
        return ConditionSums(self.values[1 + n_splits :], self.folds)


def condition_sums(a: object, b: object, groups: object) -> Array:
    """Count and sums of a, b, a^2, b^2 and a b over the samples of each condition.

    Parameters
    ----------
    a, b : array of shape (n_samples, n_targets)
        Such as held-out predictions and responses.
    groups : array of shape (n_samples,)
        The condition of each sample.

    Returns
    -------
    sums : array of shape (n_conditions, 6, n_targets)
        float64, about the mean of each column over all samples; conditions in the sorted order of labels.

    Raises
    ------
    InvalidArgumentError
        If the arguments do not agree in shape, or are not finite.

    Examples
    --------
    >>> import numpy as np
    >>> a = np.array([[0.0], [2.0], [1.0], [1.0]])
    >>> condition_sums(a, a, np.array(["u", "u", "v", "v"]))[:, :, 0]
    array([[2., 0., 0., 2., 2., 2.],
           [2., 0., 0., 0., 0., 0.]])
    """
    first, second = as_tensor("a", a, ndim=2), as_tensor("b", b, ndim=2)
    check_same_length(("a", "b"), (len(first), len(second)), "samples")
    check_same_length(("a", "b"), (first.shape[1], second.shape[1]), "targets")
    codes = torch.from_numpy(condition_codes(groups, len(first))).to(first.device)
    membership = indicator(codes, int(codes.max()) + 1)
    return like(sums_by_condition(first, second, membership), a)


def indicator(codes: torch.Tensor, n_codes: int) -> torch.Tensor:
    """One row per condition, 1 at its samples, (n_conditions, n_samples), float64."""
    return torch.nn.functional.one_hot(codes, n_codes).T.double()


def sums_by_condition(a: torch.Tensor, b: torch.Tensor, membership: torch.Tensor) -> torch.Tensor:
    """See `condition_sums`; `a` and `b` may have leading dimensions: (..., n_samples, n_targets).

    A sample that is NaN in `a` or `b` was not recorded, and adds nothing to its target's sums.
    """
    a, b = a.double(), b.double()
    present = a.isfinite() & b.isfinite()
    a, b = (_centred_over(present, columns) for columns in (a, b))
    terms = (present.double(), a, b, a * a, b * b, a * b)
    return torch.stack([membership @ term for term in terms], dim=-2)


def _centred_over(present: torch.Tensor, columns: torch.Tensor) -> torch.Tensor:
    """Less the mean over the samples that are there; 0 at the others."""
    if bool(present.all()):
        return centred(columns)
    kept = torch.where(present, columns, 0.0)
    mean = kept.sum(-2, keepdim=True) / present.sum(-2, keepdim=True).clamp(min=1)
    return torch.where(present, columns - mean, 0.0)


def correlation_from_sums(sums: torch.Tensor, *, flat_first: float = torch.nan) -> torch.Tensor:
    """Pearson r from the six sums; NaN where the second column does not vary.

    Parameters
    ----------
    sums : tensor of shape (..., 6, n_targets)
    flat_first : float
        Value of r where the first column does not vary and the second does: 0 if the first is a prediction.

    Returns
    -------
    r : tensor of shape (..., n_targets)
    """
    count, a, b, aa, bb, ab = _of_ordinary_size(sums.unbind(-2))
    count = count.clamp(min=1)
    spread_a, spread_b = aa - a * a / count, bb - b * b / count
    # Cancellation leaves rounding of the squares behind in columns that do not vary, or not together.
    flat_a, flat_b = spread_a <= 1e-12 * aa, spread_b <= 1e-12 * bb
    together = ab - a * b / count
    together = torch.where(together.abs() > 1e-14 * (aa * bb).sqrt(), together, 0.0)
    r = together / (spread_a.clamp(min=0) * spread_b.clamp(min=0)).sqrt()
    r = torch.where(flat_a, flat_first, r.clamp(-1.0, 1.0))
    return torch.where(flat_b, torch.nan, r)


def _of_ordinary_size(sums: Sequence[torch.Tensor]) -> tuple[torch.Tensor, ...]:
    """The sums of columns divided by powers of two: r does not depend on the unit of either."""
    count, a, b, aa, bb, ab = sums
    if _is_ordinary(aa) and _is_ordinary(bb):  # nearly always; no bit of r depends on powers of two
        return count, a, b, aa, bb, ab
    half_a, half_b = (-(torch.frexp(squares).exponent // 2) for squares in (aa, bb))
    of_a, of_b = torch.ldexp(torch.ones_like(a), half_a), torch.ldexp(torch.ones_like(b), half_b)
    return count, a * of_a, b * of_b, aa * of_a * of_a, bb * of_b * of_b, ab * of_a * of_b


def _is_ordinary(squares: torch.Tensor) -> bool:
    """Whether the product of any two of these can be told from 0 and infinity, where they are not 0 themselves."""
    if squares.numel() == 0:
        return True
    smallest, largest = torch.where(squares == 0, 1.0, squares).aminmax()
    return bool((smallest > 1e-100) & (largest < 1e100))
