"""Bootstrap of representational similarity over conditions, over RDMs, or both.

A resample of the conditions gives each pair of conditions a weight: how often one was drawn times how often
the other was. All sums that a comparison needs are then products of weights with fixed columns, for all
resamples at once; no RDM is ever rebuilt, and none is ever ranked twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import numpy.typing as npt
import torch

from ...core.errors import InvalidArgumentError
from ._arrays import Array, like
from ._rdm_checks import as_rdms, check_method, check_pairs_agree
from ._resample import check_n_resamples
from ._rsa_resample import Plan, draw_plan, presort, sum_into_cells, weighted_ranks
from .compare_rdms import RDM_COMPARISONS, compare_stacks
from .rsa_ceiling import ceiling_bounds, check_several

__all__ = ["bootstrap_rsa", "bootstrap_rsa_ceiling"]

_OVER: Final = ("conditions", "rdms", "both")
_BY_MOMENTS: Final = ("pearson", "cosine")
_BY_RANKS: Final = ("spearman", "rho-a")
# Entries of the largest temporary array: 16 MiB in float64.
_CHUNK = 2**21


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
        As in `compare_rdms`. Over conditions, ``"pearson"`` and ``"cosine"`` cost a matrix product,
        ``"spearman"`` and ``"rho-a"`` a running sum per RDM and resample; ``"tau-a"`` is recomputed in each
        resample. The whitened methods need whole RDMs and can be resampled over ``"rdms"`` only.
    over : {"conditions", "rdms", "both"}, default="conditions"
        What is drawn with replacement.
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
        In [-1, 1], float64; NaN in a resample where it is not defined (all dissimilarities left are equal).

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
    for resamples, similarity in _similarities(first, second, plan, method, over):
        shares = plan.rdm_counts[resamples] / len(second)
        out[resamples] = _weighted_mean(similarity, shares[:, None])
    return like(out, models)


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
            _pooled_bounds(similarity, plan.rdm_counts[resamples])
            for resamples, similarity in _similarities(stack, stack, plan, method, over)
        ]
        return like(torch.cat(parts), data)
    rows = [_rebuilt_bounds(stack, plan, number, method, over) for number in range(n_boot)]
    return like(torch.stack(rows), data)


def _similarities(
    models: torch.Tensor, data: torch.Tensor, plan: Plan, method: str, over: str
) -> Iterator[tuple[slice, torch.Tensor]]:
    """Yield slices of the resamples with the similarities in them, (n_resamples, n_models, n_rdms)."""
    n_boot = len(plan.rdm_counts)
    if over == "rdms":
        yield slice(0, n_boot), compare_stacks(models, data, method)[None].expand(n_boot, -1, -1)
    elif method in _BY_MOMENTS:
        yield from _by_moments(models, data, plan, centre=method == "pearson")
    elif method in _BY_RANKS:
        yield from _by_ranks(models, data, plan, method)
    else:
        for number in range(n_boot):
            pairs = plan.resampled_pairs(number)
            yield slice(number, number + 1), compare_stacks(models[:, pairs], data[:, pairs], method)[None]


def _by_moments(
    models: torch.Tensor, data: torch.Tensor, plan: Plan, *, centre: bool
) -> Iterator[tuple[slice, torch.Tensor]]:
    """Weighted correlations (or cosines) from sums of products over pairs of conditions."""
    first, second = _standardised(models, centre), _standardised(data, centre)
    left, right, cell = plan.cells()
    fixed = sum_into_cells(lambda pairs: _own_columns(first, second, pairs), cell, len(left))
    products = [sum_into_cells(_product_columns(model, second), cell, len(left)) for model in first]
    for resamples in _slices(len(plan.rdm_counts), len(left)):
        weights = plan.pair_weights(resamples, left, right)
        own = _OwnMoments(weights @ fixed, len(first), centre)
        cross = torch.stack([weights @ product for product in products], dim=1)
        yield resamples, own.normalise(cross)


def _standardised(rdms: torch.Tensor, centre: bool) -> torch.Tensor:
    """Scaled to a mean square of 1, for the sake of rounding only; the result does not depend on it."""
    values = rdms.double()
    if centre:
        values = values - values.mean(1, keepdim=True)
    size = values.square().mean(1, keepdim=True).sqrt()
    return values / torch.where(size > 0, size, 1)


def _own_columns(models: torch.Tensor, data: torch.Tensor, pairs: slice) -> torch.Tensor:
    """Of each pair: 1, and the values and squares of all RDMs."""
    values = torch.cat([models[:, pairs], data[:, pairs]])
    return torch.cat([torch.ones_like(values[:1]), values, values.square()]).T


def _product_columns(model: torch.Tensor, data: torch.Tensor) -> Callable[[slice], torch.Tensor]:
    """Of each pair: the products of one model with all data RDMs."""
    return lambda pairs: (data[:, pairs] * model[pairs]).T


class _OwnMoments:
    """Totals, sums and sums of squares in each resample, as far as one RDM alone decides them."""

    def __init__(self, sums: torch.Tensor, n_models: int, centre: bool) -> None:
        n_rdms = (sums.shape[1] - 1) // 2
        self._total = sums[:, :1]
        self._sums = sums[:, 1 : 1 + n_rdms] * (1.0 if centre else 0.0)
        self._n_models = n_models
        raw = sums[:, 1 + n_rdms :]
        spread = raw - self._sums.square() / self._total
        # A spread that is rounding only belongs to an RDM that is constant in this resample.
        self._lengths = torch.where(spread > 1e-12 * raw, spread, torch.nan).sqrt()

    def normalise(self, products: torch.Tensor) -> torch.Tensor:
        """Correlations from the sums of products (n_resamples, n_models, n_rdms)."""
        n = self._n_models
        means = self._sums[:, :n, None] * self._sums[:, None, n:] / self._total[:, :, None]
        lengths = self._lengths[:, :n, None] * self._lengths[:, None, n:]
        return ((products - means) / lengths).clamp_(-1, 1)


def _by_ranks(
    models: torch.Tensor, data: torch.Tensor, plan: Plan, method: str
) -> Iterator[tuple[slice, torch.Tensor]]:
    """Spearman's correlation (or rho-a) of weighted midranks."""
    presorted = presort(torch.cat([models, data]))
    for resamples in _slices(len(plan.rdm_counts), (len(models) + len(data)) * models.shape[1]):
        weights = plan.pair_weights(resamples, plan.left, plan.right)
        ranks = weighted_ranks(presorted, weights)
        weighted = ranks * weights[:, None]
        cross = weighted[:, : len(models)] @ ranks[:, len(models) :].transpose(1, 2)
        yield resamples, _scaled(cross, (weighted * ranks).sum(2).sqrt(), weights.sum(1), len(models), method)


def _scaled(
    cross: torch.Tensor, lengths: torch.Tensor, total: torch.Tensor, n_models: int, method: str
) -> torch.Tensor:
    if method == "rho-a":
        return cross * (12 / (total**3 - total))[:, None, None]
    lengths = torch.where(lengths > 0, lengths, torch.nan)
    return (cross / (lengths[:, :n_models, None] * lengths[:, None, n_models:])).clamp_(-1, 1)


def _slices(n_resamples: int, entries_each: int) -> Iterator[slice]:
    step = max(1, _CHUNK // entries_each)
    for start in range(0, n_resamples, step):
        yield slice(start, min(start + step, n_resamples))


def _weighted_mean(similarity: torch.Tensor, shares: torch.Tensor) -> torch.Tensor:
    """Mean over data RDMs; an RDM that was not drawn cannot spoil it with a NaN."""
    return torch.where(shares > 0, similarity * shares, 0).sum(-1)


def _pooled_bounds(similarity: torch.Tensor, counts: torch.Tensor) -> torch.Tensor:
    """Ceilings from the similarities C between the RDMs themselves, (n_resamples, 2).

    RDMs of unit length z pooled with weights v have r(z_k, sum_d v_d z_d) = (C v)_k / sqrt(v^T C v).
    """
    with_pool = (similarity @ counts[:, :, None])[:, :, 0]
    square = (with_pool * counts).sum(1, keepdim=True)
    upper = with_pool / square.sqrt()
    rest_square = square - 2 * counts * with_pool + counts.square()
    rest_square = torch.where(counts.sum(1, keepdim=True) > counts, rest_square, torch.nan)
    lower = (with_pool - counts) / rest_square.sqrt()
    shares = counts / counts.sum(1, keepdim=True)
    return torch.stack([_weighted_mean(lower, shares), _weighted_mean(upper, shares)], dim=1)


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
