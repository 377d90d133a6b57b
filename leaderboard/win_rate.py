"""The mean win rate: the share of the others that a candidate beats in a column, averaged over columns.

Shares of unlike ceilings have no common unit, and one of a low ceiling can be many times 1: the most absurd cell
decides a mean of them. A win rate is bounded in [0, 1], whatever the values are, and a column counts as much as
any other (Liang et al. 2023, Holistic evaluation of language models, TMLR). It depends on who else is there.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ..core.rank_ranges import is_rounding
from ..core.resamples import Resamples
from .ranking import Comparison, Quantity, inflation, pair_variances, sharing

__all__ = ["compare_wins", "mean_win_rates", "win_rates"]

Floats = npt.NDArray[np.float64]

# The least |t| of a gap of values that the error of a gap of win rates is scaled by: with it the sum over many
# columns of two equal candidates' wins has the spread that its error says.
_LEAST_T = 0.9


def win_rates(values: npt.ArrayLike) -> Floats:
    """The share of the others that each candidate beats; a tie within rounding is half a win.

    Parameters
    ----------
    values : array of shape (n_candidates,) or (n_candidates, n_resamples)
        Scores, larger is better; NaN where not defined: such a candidate has no win rate, and counts for nobody's.

    Returns
    -------
    rates : array of the same shape
        In [0, 1]; NaN without a value, and where nobody else has one.
    """
    given = np.asarray(values, dtype=np.float64)
    table = np.ascontiguousarray(np.atleast_2d(given.T))  # a resample a row
    order = np.argsort(table, axis=1)
    ranked = np.take_along_axis(table, order, axis=1)
    parted = ~is_rounding(ranked[:, 1:], ranked[:, :-1])
    edge = np.ones((len(table), 1), dtype=bool)
    places = np.arange(table.shape[1], dtype=np.int32)
    first = np.maximum.accumulate(np.where(np.hstack([edge, parted]), places, 0), axis=1)
    ends = np.where(np.hstack([parted, edge]), places, table.shape[1])
    last = np.minimum.accumulate(ends[:, ::-1], axis=1)[:, ::-1]
    missing = np.isnan(ranked)
    n_others = table.shape[1] - missing.sum(1, keepdims=True) - 1
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = np.where(missing | (n_others < 1), np.nan, (first + last) / (2 * n_others))
    rates = np.empty_like(shares)
    np.put_along_axis(rates, order, shares, axis=1)
    return rates.T.reshape(given.shape)


def mean_win_rates(values: npt.ArrayLike) -> Floats:
    """Mean over columns of the win rates among those candidates that have a value in every column.

    Parameters
    ----------
    values : array of shape (n_candidates, n_columns)
        Scores; NaN where a candidate has none.

    Returns
    -------
    rates : array of shape (n_candidates,)
        NaN without a value in every column, and for the only one that has them.
    """
    table = np.asarray(values, dtype=np.float64)
    if not len(table):
        return np.empty(0)
    full = ~np.isnan(table).any(1)
    rates = np.full(len(table), np.nan)
    if table.shape[1]:
        rates[full] = np.mean([win_rates(column) for column in table[full].T], axis=0)
    return rates


def compare_wins(
    by_value: Comparison, resamples: Sequence[Resamples | None], quantity: Quantity
) -> Comparison:
    r"""Compare candidates on the share of the others that each beats in one column.

    The standard error of the difference of two win rates is that over resamples, in each of which the win rates are
    formed anew. A win rate saturates: the order of two candidates turns in few resamples long before the difference
    of their values is beyond doubt, and over resamples alone equal candidates would be significantly different too
    often. So the error is never taken to be less, relative to the gap, than that of the values themselves:
    :math:`|\Delta w| / \max(|t|, 0.9)`, with t of the values. In a section of one column the test of win rates
    is then never bolder than that of the values.

    Parameters
    ----------
    by_value : Comparison
        The candidates compared on their values in the column.
    resamples : sequence of Resamples or None, of length n
        Resamples of each candidate.
    quantity : {"normalised", "raw", "ceiling"}
        Quantity of the values.
    """
    rates = win_rates(by_value.values)
    gaps = np.abs(rates[:, None] - rates)
    own = gaps / np.maximum(by_value.t_values, _LEAST_T)
    return Comparison(rates, np.maximum(own, _spread(by_value.values, resamples, quantity)), by_value.n_units)


def _spread(values: Floats, resamples: Sequence[Resamples | None], quantity: Quantity) -> Floats:
    """Standard deviation over resamples of each pair's difference of win rates; NaN where a pair shares none."""
    found = np.full((len(values), len(values)), np.nan)
    for members in sharing(resamples):
        shared = [one for index in members if (one := resamples[index]) is not None]
        drawn = np.stack([one.part(quantity) for one in shared])
        # About the value, and as far from it as the score itself varies, which a jackknife's values do not. Who
        # does not share these resamples stands at its value.
        table = np.repeat(values[:, None], drawn.shape[1], axis=1)
        about = drawn - np.nanmean(drawn, axis=1, keepdims=True)
        table[members] += np.sqrt(inflation(shared[0])) * about
        found[np.ix_(members, members)] = np.sqrt(pair_variances(win_rates(table)[members]))
    return found
