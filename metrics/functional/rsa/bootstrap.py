"""Bootstrap of representational similarity over conditions, over RDMs, or both.

A resample of the conditions gives each pair of conditions a weight: how often one was drawn times how often
the other was. All sums that a comparison needs are then products of weights with fixed columns, for all
resamples at once; no RDM is ever rebuilt, and none is ever ranked twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

import numpy.typing as npt
import torch

from ....core.errors import InvalidArgumentError
from .._arrays import Array, like
from .._resample import check_n_resamples
from .._scale import ordinary
from ._rdm_checks import as_rdms, check_method, check_pairs_agree
from ._resample import OwnMoments, Plan, draw_plan, presort, sum_into_cells, weighted_ranks
from .compare_rdms import RDM_COMPARISONS, compare_stacks
from .noise_ceiling import ceiling_bounds, check_several

__all__ = ["bootstrap_paired_rsa", "bootstrap_rsa", "bootstrap_rsa_ceiling"]

_OVER: Final = ("conditions", "rdms", "both")
_BY_MOMENTS: Final = ("pearson", "cosine")
_BY_RANKS: Final = ("spearman", "rho-a")
# Entries of the largest temporary array: 8 MiB in float64, for no more memory than rsatoolbox takes.
_CHUNK = 2**20


def bootstrap_rsa(
    models: Array,
    data: Array,
    *,
    n_boot: int = 1000,
    method: str = "pearson",
    over: str = "conditions",
    groups: npt.ArrayLike | None = None,
    seed: int = 0,
) -> Array:
    r"""Similarity of each model with the data in bootstrap resamples, averaged over data RDMs.

    Conditions are drawn with replacement, :math:`w_i` times condition i; the pair (i, j) then occurs
    :math:`w_i w_j` times, and pairs of a condition with a copy of itself are dropped. Averages, variances and
    ranks are those of the resampled pairs, to rounding the same as if the RDMs were rebuilt. All models and
    all data RDMs see the same resamples, and the same seed draws the same resamples in every call, so that
    models of different calls can be compared resample by resample.

    Parameters
    ----------
    models : array of shape (n_pairs,) or (n_models, n_pairs)
        Condensed RDMs of models.
    data : array of shape (n_pairs,) or (n_rdms, n_pairs)
        Condensed RDMs of measurements, over the same states.
    n_boot : int, default=1000
        Number of resamples.
    method : str, default="pearson"
        Comparison, as in `compare_rdms`. Over conditions, ``"pearson"`` and ``"cosine"`` cost a matrix product,
        ``"spearman"`` and ``"rho-a"`` a running sum per RDM and resample; ``"tau-a"`` is recomputed in each
        resample. The whitened methods need whole RDMs and can be resampled over ``"rdms"`` only.
    over : {"conditions", "rdms", "both"}, default="conditions"
        Units that are drawn with replacement.
    groups : array-like of shape (n_states,), optional
        Condition of each state, where states are more than conditions (condition x time). The states of a
        condition are drawn together; pairs of states within one condition occur :math:`w_i` times, those of
        a condition with a copy of itself are dropped. By default each state is a condition.
        Not used with ``over="rdms"``.
    seed : int, default=0
        Seed of the draws.

    Returns
    -------
    similarity : array of shape (n_boot, n_models)
        Similarity in [-1, 1], float64; NaN in a resample where it is not defined (all dissimilarities are equal).

    Raises
    ------
    InvalidArgumentError
        If shapes disagree, entries are not finite, names are unknown, there is one RDM only to resample, or
        fewer than three conditions.

    References
    ----------
    Nili et al. 2014, PLoS Comput. Biol. 10:e1003553; Schütt et al. 2023, eLife 12:e82566.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> data = rng.random((3, 45))
    >>> bootstrap_rsa(data.mean(0), data, n_boot=5, over="both").shape
    (5, 1)
    """
    _check_request(n_boot, method, over)
    first, second = as_rdms("models", models), as_rdms("data", data)
    check_pairs_agree(("models", "data"), first, second)
    plan = draw_plan(second, n_boot=n_boot, over=over, groups=groups, seed=seed)
    out = first.new_empty((n_boot, len(first)), dtype=torch.float64)
    for resamples, with_pool in _with_pool(first, second, plan, method, over):
        out[resamples] = with_pool / len(second)
    return like(out.clamp_(-1, 1), models)


def bootstrap_paired_rsa(
    first: Array,
    second: Array,
    *,
    n_boot: int = 1000,
    method: str = "pearson",
    groups: npt.ArrayLike | None = None,
    seed: int = 0,
) -> Array:
    """Similarity of each RDM with its own partner, in the resamples of `bootstrap_rsa` of the same seed.

    For split halves, of which there are many and each is compared with one other: the weights of a resample are
    made once for all pairs of RDMs.

    Parameters
    ----------
    first, second : array of shape (n_rdms, n_pairs)
        Condensed RDMs; row k of `first` is compared with row k of `second`.
    n_boot, method, groups, seed
        As in `bootstrap_rsa`. ``"pearson"`` and ``"cosine"`` cost one matrix product for all rows; the other
        methods go row by row.

    Returns
    -------
    similarity : array of shape (n_boot, n_rdms)
        Similarity in [-1, 1], float64; NaN in a resample where it is not defined.

    Raises
    ------
    InvalidArgumentError
        As `bootstrap_rsa`, or if there are more RDMs on one side.

    References
    ----------
    Nili et al. 2014, PLoS Comput. Biol. 10:e1003553.

    Examples
    --------
    >>> import numpy as np
    >>> halves = np.random.default_rng(0).random((2, 4, 45))
    >>> bootstrap_paired_rsa(*halves, n_boot=5).shape
    (5, 4)
    """
    _check_request(n_boot, method, "conditions")
    one, other = as_rdms("first", first), as_rdms("second", second)
    check_pairs_agree(("first", "second"), one, other)
    if len(one) != len(other):
        raise InvalidArgumentError(
            "The 'second' parameter", got=f"{len(other)} RDMs", needed=f"as many as in 'first', {len(one)}"
        )
    plan = draw_plan(other[:1], n_boot=n_boot, over="conditions", groups=groups, seed=seed)
    if method in _BY_MOMENTS:
        parts = list(_partners_by_moments(one, other, plan, centre=method == "pearson"))
        return like(torch.cat(parts).clamp_(-1, 1), first)
    columns = [
        torch.cat([part for _, part in _with_pool(a[None], b[None], plan, method, "conditions")])
        for a, b in zip(one, other, strict=True)
    ]
    return like(torch.cat(columns, dim=1).clamp_(-1, 1), first)


def bootstrap_rsa_ceiling(
    data: Array,
    *,
    n_boot: int = 1000,
    method: str = "pearson",
    over: str = "conditions",
    groups: npt.ArrayLike | None = None,
    seed: int = 0,
) -> Array:
    """Noise ceilings in the resamples of `bootstrap_rsa` of the same seed.

    An RDM that was drawn several times counts as often in the mean, and all of its copies are left out of
    the pool that it is compared with for the lower bound.

    Parameters
    ----------
    data : array of shape (n_rdms, n_pairs)
        Condensed RDMs of measurements, n_rdms >= 2.
    n_boot, method, over, groups, seed
        As in `bootstrap_rsa`. ``"pearson"`` and ``"cosine"`` cost matrix products; the rank methods rebuild
        each resample, since the ranks of an average of ranks cannot be had without sorting it.

    Returns
    -------
    ceilings : array of shape (n_boot, 2)
        Lower and upper bound, float64; NaN where not defined, such as the lower bound in a resample of one
        RDM only.

    Raises
    ------
    InvalidArgumentError
        As `bootstrap_rsa` and `rsa_noise_ceiling`.

    References
    ----------
    Nili et al. 2014, PLoS Comput. Biol. 10:e1003553.

    Examples
    --------
    >>> import numpy as np
    >>> bootstrap_rsa_ceiling(np.random.default_rng(0).random((4, 45)), n_boot=3).shape
    (3, 2)
    """
    _check_request(n_boot, method, over)
    stack = as_rdms("data", data)
    check_several(stack)
    plan = draw_plan(stack, n_boot=n_boot, over=over, groups=groups, seed=seed)
    if method in _BY_MOMENTS:
        parts = [
            _bounds_from_pool(with_pool, plan.rdm_counts[resamples])
            for resamples, with_pool in _with_pool(stack, stack, plan, method, over)
        ]
        return like(torch.cat(parts), data)
    rows = [_rebuilt_bounds(stack, plan, number, method, over) for number in range(n_boot)]
    return like(torch.stack(rows), data)


def _with_pool(
    models: torch.Tensor, data: torch.Tensor, plan: Plan, method: str, over: str
) -> Iterator[tuple[slice, torch.Tensor]]:
    """Yield slices of the resamples and, in them, the sum of each model's similarities with all drawn RDMs.

    For a correlation that sum is an inner product with one pool of the standardised RDMs, whatever their
    number: sum_d v_d <z_m, z_d> = <z_m, sum_d v_d z_d>.
    """
    if over == "rdms":
        yield slice(None), _sum_over_drawn(compare_stacks(models, data, method), plan.rdm_counts[:, None])
    elif method in _BY_RANKS:
        yield from _by_ranks(models, data, plan, method)
    elif method not in _BY_MOMENTS:
        yield from _by_rebuilding(models, data, plan, method)
    elif plan.one_state_a_condition():
        yield from _by_pool(models, data, plan, centre=method == "pearson")
    else:
        yield from _by_cells(models, data, plan, centre=method == "pearson")


def _by_pool(
    models: torch.Tensor, data: torch.Tensor, plan: Plan, *, centre: bool
) -> Iterator[tuple[slice, torch.Tensor]]:
    """Weighted correlations (or cosines) with the pool, which is formed anew in each resample."""
    values = torch.cat([_standardised(models, centre), _standardised(data, centre)])
    columns = torch.cat([torch.ones_like(values[:1]), values, values.square()]).T
    n_models = len(models)
    for resamples in _slices(len(plan.rdm_counts), 2 * values.shape[1]):
        weights = plan.weights_by_pair(resamples)
        own = OwnMoments.of(weights.T @ columns, centre)
        shares = _shares_of_lengths(plan.rdm_counts[resamples], own.lengths[:, n_models:])
        offset = (shares * own.means[:, n_models:]).sum(1)
        pool = (values[n_models:].T @ shares.T).sub_(offset).mul_(weights)
        products = pool.T @ values[:n_models].T - own.means[:, :n_models] * pool.sum(0)[:, None]
        yield resamples, products / own.lengths[:, :n_models]


def _by_cells(
    models: torch.Tensor, data: torch.Tensor, plan: Plan, *, centre: bool
) -> Iterator[tuple[slice, torch.Tensor]]:
    """The same where conditions hold many states: sums over pairs of conditions, made once, are weighted."""
    first, second = _standardised(models, centre), _standardised(data, centre)
    left, right, cell = plan.cells()
    fixed = sum_into_cells(lambda pairs: _own_columns(first, second, pairs), cell, len(left))
    products = [sum_into_cells(_product_columns(model, second), cell, len(left)) for model in first]
    n_models = len(models)
    for resamples in _slices(len(plan.rdm_counts), len(left)):
        weights = plan.pair_weights(resamples, left, right)
        own = OwnMoments.of(weights @ fixed, centre)
        cross = torch.stack([weights @ product for product in products], dim=1)
        means = own.means[:, :n_models, None] * own.means[:, None, n_models:] * own.total[:, :, None]
        similarity = (cross - means) / (own.lengths[:, :n_models, None] * own.lengths[:, None, n_models:])
        yield resamples, _sum_over_drawn(similarity, plan.rdm_counts[resamples][:, None])


def _partners_by_moments(
    first: torch.Tensor, second: torch.Tensor, plan: Plan, *, centre: bool
) -> Iterator[torch.Tensor]:
    """Weighted correlations (or cosines) of each RDM with its partner, in slices of the resamples."""
    one, other = _standardised(first, centre), _standardised(second, centre)
    n_rdms, columns = len(one), partial(_partner_columns, one, other)
    for sums in _by_one_pair(plan, columns) if plan.one_state_a_condition() else _by_cell(plan, columns):
        own = OwnMoments.of(sums[:, :-n_rdms], centre)
        cross = sums[:, -n_rdms:] - own.means[:, :n_rdms] * own.means[:, n_rdms:] * own.total
        yield cross / (own.lengths[:, :n_rdms] * own.lengths[:, n_rdms:])


def _by_one_pair(plan: Plan, columns: Callable[[slice], torch.Tensor]) -> Iterator[torch.Tensor]:
    """Weighted sums of columns where each pair of states has a weight of its own, in slices of the resamples."""
    fixed = columns(slice(None))
    for resamples in _slices(len(plan.rdm_counts), len(fixed)):
        yield plan.weights_by_pair(resamples).T @ fixed


def _by_cell(plan: Plan, columns: Callable[[slice], torch.Tensor]) -> Iterator[torch.Tensor]:
    """The same where the pairs of states of a pair of conditions share one."""
    left, right, cell = plan.cells()
    fixed = sum_into_cells(columns, cell, len(left))
    for resamples in _slices(len(plan.rdm_counts), len(left)):
        yield plan.pair_weights(resamples, left, right) @ fixed


def _partner_columns(first: torch.Tensor, second: torch.Tensor, pairs: slice) -> torch.Tensor:
    """Columns for each pair: those of all RDMs, and the products of each RDM with its partner."""
    return torch.cat([_own_columns(first, second, pairs), (first[:, pairs] * second[:, pairs]).T], dim=1)


def _standardised(rdms: torch.Tensor, centre: bool) -> torch.Tensor:
    """Scaled to a mean square of 1, for the sake of rounding only; the result does not depend on it."""
    values = ordinary(rdms.double(), dim=1)
    if centre:
        values = values - values.mean(1, keepdim=True)
    size = values.square().mean(1, keepdim=True).sqrt()
    return values / torch.where(size > 0, size, 1)


def _own_columns(models: torch.Tensor, data: torch.Tensor, pairs: slice) -> torch.Tensor:
    """Columns for each pair: 1, and the values and squares of all RDMs."""
    values = torch.cat([models[:, pairs], data[:, pairs]])
    return torch.cat([torch.ones_like(values[:1]), values, values.square()]).T


def _product_columns(model: torch.Tensor, data: torch.Tensor) -> Callable[[slice], torch.Tensor]:
    """Columns for each pair: the products of one model with all data RDMs."""
    return lambda pairs: (data[:, pairs] * model[pairs]).T


def _by_ranks(
    models: torch.Tensor, data: torch.Tensor, plan: Plan, method: str
) -> Iterator[tuple[slice, torch.Tensor]]:
    """Spearman's correlation (or rho-a) of weighted midranks with the pool of weighted midranks."""
    presorted = presort(torch.cat([models, data]))
    n_models = len(models)
    for resamples in _slices(len(plan.rdm_counts), 2 * (n_models + len(data)) * models.shape[1]):
        weights = plan.pair_weights(resamples, plan.left, plan.right)
        ranks = weighted_ranks(presorted, weights).mul_(weights.sqrt()[:, None])
        lengths = _rank_lengths(ranks, weights, method)
        shares = _shares_of_lengths(plan.rdm_counts[resamples], lengths[:, n_models:])
        pool = shares[:, None] @ ranks[:, n_models:]
        yield resamples, (ranks[:, :n_models] @ pool.transpose(1, 2))[:, :, 0] / lengths[:, :n_models]


def _rank_lengths(ranks: torch.Tensor, weights: torch.Tensor, method: str) -> torch.Tensor:
    """By what the ranks are divided: their length, or for rho-a the length of untied ranks."""
    if method == "rho-a":
        total = weights.sum(1, keepdim=True)
        return ((total**3 - total) / 12).sqrt().expand(-1, ranks.shape[1])
    lengths = torch.linalg.vector_norm(ranks, dim=2)
    return torch.where(lengths > 0, lengths, torch.nan)


def _by_rebuilding(
    models: torch.Tensor, data: torch.Tensor, plan: Plan, method: str
) -> Iterator[tuple[slice, torch.Tensor]]:
    """Any comparison, from the resampled pairs written out."""
    for number, counts in enumerate(plan.rdm_counts):
        pairs = plan.resampled_pairs(number)
        similarity = compare_stacks(models[:, pairs], data[:, pairs], method)
        yield slice(number, number + 1), _sum_over_drawn(similarity, counts)[None]


def _slices(n_resamples: int, entries_each: int) -> Iterator[slice]:
    step = max(1, _CHUNK // entries_each)
    for start in range(0, n_resamples, step):
        yield slice(start, min(start + step, n_resamples))


def _shares_of_lengths(counts: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
    """counts / lengths; an RDM that was not drawn cannot spoil the pool with a NaN."""
    return torch.where(counts > 0, counts / lengths, 0)


def _sum_over_drawn(similarity: torch.Tensor, counts: torch.Tensor) -> torch.Tensor:
    """Sum over data RDMs, each as often as drawn; one that was not drawn cannot spoil it with a NaN."""
    return torch.where(counts > 0, similarity * counts, 0).sum(-1)


def _bounds_from_pool(with_pool: torch.Tensor, counts: torch.Tensor) -> torch.Tensor:
    """Ceilings from each RDM's similarities summed over the drawn RDMs, its own copies included.

    RDMs z of length 1, drawn v times, have r(z_k, sum_d v_d z_d) = s_k / sqrt(sum_d v_d s_d) with s_k the
    summed similarity of RDM k; without k itself s_k is less by v_k, the sum by 2 v_k s_k - v_k^2.
    """
    square = _sum_over_drawn(with_pool, counts)[:, None]
    rest_square = square - 2 * counts * with_pool + counts.square()
    rest_square = torch.where(counts.sum(1, keepdim=True) > counts, rest_square, torch.nan)
    lower = (with_pool - counts) / rest_square.sqrt()
    shares = counts / counts.sum(1, keepdim=True)
    bounds = [_sum_over_drawn(lower, shares), _sum_over_drawn(with_pool / square.sqrt(), shares)]
    return torch.stack(bounds, dim=1)


def _rebuilt_bounds(rdms: torch.Tensor, plan: Plan, number: int, method: str, over: str) -> torch.Tensor:
    """Ceilings of one resample, from the resampled RDMs."""
    values = rdms if over == "rdms" else rdms[:, plan.resampled_pairs(number)]
    counts = plan.rdm_counts[number]
    drawn = torch.nonzero(counts)[:, 0]
    return ceiling_bounds(values[drawn], method, counts[drawn])


def _check_request(n_boot: int, method: str, over: str) -> None:
    check_n_resamples("n_boot", n_boot)
    check_method(method, RDM_COMPARISONS)
    if over not in _OVER:
        raise InvalidArgumentError(
            "The 'over' parameter", got=repr(over), needed=f"one of {', '.join(_OVER)}"
        )
    if method.startswith("whitened") and over != "rdms":
        raise InvalidArgumentError(
            "The 'method' parameter",
            got=repr(method),
            needed="no whitened one where conditions are resampled",
            hint="Whitening needs whole RDMs: take over='rdms', or another method.",
        )
