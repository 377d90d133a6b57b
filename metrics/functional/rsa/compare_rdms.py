"""Similarity of two representational geometries: comparisons of their RDMs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import torch

from ....core.errors import InvalidArgumentError
from .._arrays import Array, like
from .._scale import ordinary
from ._rank import (
    DenseRanks,
    count_inversions,
    count_tied,
    count_within_runs,
    each_row,
    midranks,
    stable_order,
)
from ._rdm_checks import as_rdms, check_method, check_pairs_agree, n_states_of, pair_states

__all__ = ["RDM_COMPARISONS", "compare_rdms", "partial_compare_rdms"]

# Runs of ties up to this length are looked through pair by pair; with longer ones a further sort is faster.
_SHORT_RUN: Final = 12

#: The comparison methods that `compare_rdms` knows.
RDM_COMPARISONS: Final = (
    "pearson",
    "spearman",
    "rho-a",
    "tau-a",
    "cosine",
    "whitened-pearson",
    "whitened-cosine",
)


def compare_rdms(a: Array, b: Array, *, method: str = "pearson") -> float | Array:
    r"""Similarity of every RDM in one stack with every RDM in another.

    ================  ==================================================================  ===========
    method            similarity of dissimilarities a and b                               rsatoolbox
    ================  ==================================================================  ===========
    pearson           correlation                                                         corr
    spearman          correlation of midranks                                             spearman
    rho-a             :math:`12 \sum \tilde a \tilde b / (n^3 - n)`, centred midranks;    rho-a
                      the expected Spearman under random breaking of ties
    tau-a             (concordant - discordant pairs of pairs) / all of them              tau-a
    cosine            :math:`a \cdot b / (|a| |b|)`                                       cosine
    whitened-cosine   :math:`a^T V^{-1} b / \sqrt{a^T V^{-1} a \; b^T V^{-1} b}`          cosine_cov
    whitened-pearson  the same after taking each RDM's mean away                          corr_cov
    ================  ==================================================================  ===========

    V is the covariance of the estimates of squared distances under equal, independent pattern noise and no
    true difference. :math:`a^T V^{-1} b` is proportional to the inner product of the doubly centred
    matrices, so that V is never formed.

    Parameters
    ----------
    a : array of shape (n_pairs,) or (n_a, n_pairs)
        Condensed RDMs, pairs in scipy's order.
    b : array of shape (n_pairs,) or (n_b, n_pairs)
        Condensed RDMs over the same states as `a`.
    method : str, default="pearson"
        One of :data:`RDM_COMPARISONS`.

    Returns
    -------
    similarity : float or array of shape (n_a, n_b)
        Similarity in [-1, 1]; a float if both are vectors, float64 otherwise. Where a correlation or a cosine is
        not defined (an RDM is constant; for the cosine, all zero) it is NaN, never 0.

    Raises
    ------
    InvalidArgumentError
        If the numbers of pairs differ, an entry is not finite, an RDM is square, the method is unknown, or a
        whitened method is asked for vectors that are not whole RDMs.

    References
    ----------
    Nili et al. 2014, PLoS Comput. Biol. 10:e1003553 (tau-a); Schütt et al. 2023, eLife 12:e82566 (rho-a);
    Diedrichsen et al. 2021, Neurons Behav. Data Anal. Theory 5(3), eq. 15-17 (whitening).

    Examples
    --------
    >>> import numpy as np
    >>> compare_rdms(np.array([1.0, 2.0, 4.0]), np.array([1.0, 3.0, 9.0]), method="tau-a")
    1.0
    """
    check_method(method, RDM_COMPARISONS)
    first, second = as_rdms("a", a), as_rdms("b", b)
    check_pairs_agree(("a", "b"), first, second)
    similarity = compare_stacks(first, second, method)
    return float(similarity) if a.ndim == b.ndim == 1 else like(similarity, a)


def partial_compare_rdms(a: Array, b: Array, nuisance: Array, *, method: str = "pearson") -> float | Array:
    """Correlation of RDMs once nuisance RDMs are regressed out of *both* (with an intercept).

    For one nuisance RDM z it is the partial correlation
    ``(r_ab - r_az r_bz) / sqrt((1 - r_az^2)(1 - r_bz^2))``. For ``"spearman"`` all RDMs are ranked first.

    The code released with Rajalingham et al. 2025 (jazlab) regresses the other way, the nuisance on the RDM
    (``LinearRegression().fit(X, Z)`` with X the RDM and Z the nuisance): its "partial" columns are no partial
    correlations and are not equal to these.

    Parameters
    ----------
    a : array of shape (n_pairs,) or (n_a, n_pairs)
        Condensed RDMs.
    b : array of shape (n_pairs,) or (n_b, n_pairs)
        Condensed RDMs over the same states as `a`.
    nuisance : array of shape (n_pairs,) or (n_nuisance, n_pairs)
        RDMs to control for, such as distances between positions or between times.
    method : {"pearson", "spearman"}, default="pearson"
        The correlation.

    Returns
    -------
    similarity : float or array of shape (n_a, n_b)
        Correlation in [-1, 1]; NaN where the nuisance explains an RDM wholly (residual below 1e-6 of its spread).

    Raises
    ------
    InvalidArgumentError
        If the numbers of pairs differ, an entry is not finite, the method is unknown, or there are no more
        pairs than nuisance RDMs and the intercept.

    References
    ----------
    Partial correlation: Anderson 2003, An Introduction to Multivariate Statistical Analysis, sect. 2.5.

    Examples
    --------
    >>> import numpy as np
    >>> a, z = np.array([1.0, 2.0, 4.0, 3.0]), np.array([1.0, 0.0, 1.0, 0.0])
    >>> round(partial_compare_rdms(a, a + 5 * z, z), 6)
    1.0
    """
    check_method(method, ("pearson", "spearman"))
    first, second, held = as_rdms("a", a), as_rdms("b", b), as_rdms("nuisance", nuisance)
    check_pairs_agree(("a", "b"), first, second)
    check_pairs_agree(("a", "nuisance"), first, held)
    residuals = residuals_from(held, method)
    similarity = _cosines(residuals(first), residuals(second))
    return float(similarity) if a.ndim == b.ndim == 1 else like(similarity, a)


def compare_stacks(a: torch.Tensor, b: torch.Tensor, method: str) -> torch.Tensor:
    """Similarities (n_a, n_b) in float64 of two checked stacks; each RDM is ranked once."""
    if method == "tau-a":
        return _tau_a(a, b)
    if method.startswith("whitened"):
        return _whitened(a, b, method)
    prepare = _PREPARED[method]
    if method == "rho-a":
        return prepare(a) @ prepare(b).T * (12 / (a.shape[1] ** 3 - a.shape[1]))
    return _cosines(prepare(a), prepare(b))


def residuals_from(nuisance: torch.Tensor, method: str) -> Callable[[torch.Tensor], torch.Tensor]:
    """A function that takes nuisance RDMs and the mean out of a stack (out of its ranks, for Spearman)."""
    prepare = _PREPARED[method]
    basis = _row_basis(prepare(nuisance))

    def residuals(rdms: torch.Tensor) -> torch.Tensor:
        centred = prepare(rdms)
        rest = centred - (centred @ basis.T) @ basis
        explained = torch.linalg.vector_norm(rest, dim=1) <= 1e-6 * torch.linalg.vector_norm(centred, dim=1)
        rest[explained] = 0
        return rest

    return residuals


def _row_basis(rows: torch.Tensor) -> torch.Tensor:
    """Orthonormal rows that span the given ones; repeated or constant nuisance RDMs add none."""
    if rows.shape[1] <= len(rows) + 1:
        raise InvalidArgumentError(
            "The 'nuisance' parameter",
            got=f"{len(rows)} RDMs of {rows.shape[1]} pairs",
            needed="of fewer RDMs than pairs less one",
        )
    scaled = rows / torch.linalg.vector_norm(rows, dim=1, keepdim=True).clamp_min(
        torch.finfo(rows.dtype).tiny
    )
    _, sizes, basis = torch.linalg.svd(scaled, full_matrices=False)
    spanning: torch.Tensor = basis[sizes > 1e-10]
    return spanning


def _as_double(rdms: torch.Tensor) -> torch.Tensor:
    return ordinary(rdms.double(), dim=1)


def _centred(rdms: torch.Tensor) -> torch.Tensor:
    """Deviations from each RDM's mean; exact zeros for an RDM that is constant up to rounding."""
    values = _as_double(rdms)
    centred = values - values.mean(dim=1, keepdim=True)
    constant = (rdms == rdms[:, :1]).all(dim=1)
    centred[constant] = 0
    return centred


def _centred_ranks(rdms: torch.Tensor) -> torch.Tensor:
    # The mean of midranks is (n + 1) / 2 exactly, whatever the ties.
    return torch.stack(each_row(midranks, rdms)).sub_((rdms.shape[1] + 1) / 2)


_PREPARED: Final[dict[str, Callable[[torch.Tensor], torch.Tensor]]] = {
    "pearson": _centred,
    "spearman": _centred_ranks,
    "rho-a": _centred_ranks,
    "cosine": _as_double,
}


def _cosines(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Cosines of all rows with all rows; NaN for a row of length 0."""
    lengths = torch.linalg.vector_norm(a, dim=1)[:, None] * torch.linalg.vector_norm(b, dim=1)
    return torch.clamp(a @ b.T / lengths, -1, 1)


def _whitened(a: torch.Tensor, b: torch.Tensor, method: str) -> torch.Tensor:
    prepare = _centred if method == "whitened-pearson" else _as_double
    n_states = n_states_of("a", a.shape[1])
    first, second = prepare(a), prepare(b)
    sums_a, sums_b = _row_sums(first, n_states), _row_sums(second, n_states)
    inner = _doubly_centred_inner(first, second, sums_a, sums_b)
    length_a = _doubly_centred_squares(first, sums_a)
    length_b = _doubly_centred_squares(second, sums_b)
    return torch.clamp(inner / (length_a[:, None] * length_b).sqrt(), -1, 1)


def _row_sums(rdms: torch.Tensor, n_states: int) -> torch.Tensor:
    """Sum of each state's dissimilarities, (k, n_states)."""
    left, right = pair_states(n_states, rdms.device)
    sums = rdms.new_zeros((len(rdms), n_states))
    return sums.index_add_(1, left, rdms).index_add_(1, right, rdms)


def _doubly_centred_inner(
    a: torch.Tensor, b: torch.Tensor, sums_a: torch.Tensor, sums_b: torch.Tensor
) -> torch.Tensor:
    """Inner products of the doubly centred matrices: tr(A H B H), H = I - 11^T / n."""
    n_states = sums_a.shape[1]
    total_a, total_b = sums_a.sum(1), sums_b.sum(1)
    return 2 * a @ b.T - 2 / n_states * sums_a @ sums_b.T + total_a[:, None] * total_b / n_states**2


def _doubly_centred_squares(a: torch.Tensor, sums: torch.Tensor) -> torch.Tensor:
    n_states = sums.shape[1]
    rows = sums.square().sum(1)
    return 2 * a.square().sum(1) - 2 / n_states * rows + sums.sum(1).square() / n_states**2


def _tau_a(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    ranks = each_row(DenseRanks.of, a, b)
    values = [[_tau_a_of_ranks(x, y) for y in ranks[len(a) :]] for x in ranks[: len(a)]]
    return torch.tensor(values, dtype=torch.float64, device=a.device)


def _tau_a_of_ranks(a: DenseRanks, b: DenseRanks) -> float:
    """Kendall's tau-a by Knight's method: sort by a, then count inversions of b; ties put right."""
    if a.n_tied and (not b.n_tied or b.longest_run < a.longest_run):
        a, b = b, a
    falling, tied_in_both = _inversions(a, b)
    n_all = len(a.order) * (len(a.order) - 1) // 2
    untied = n_all - a.n_tied - b.n_tied + tied_in_both
    return (untied - 2 * falling) / n_all


def _inversions(a: DenseRanks, b: DenseRanks) -> tuple[int, int]:
    """Pairs in which b falls while a rises, and pairs tied in both."""
    if a.longest_run > _SHORT_RUN:
        order = b.order.index_select(0, stable_order(a.ranks.index_select(0, b.order)))
        sorted_b = b.ranks.index_select(0, order)
        both = count_tied(a.ranks.index_select(0, order), sorted_b) if b.n_tied else 0
        return count_inversions(sorted_b), both
    sorted_b = b.ranks.index_select(0, a.order)
    if not a.n_tied:
        return count_inversions(sorted_b), 0
    # Within the runs of ties of a, b has not been sorted: what falls there is no inversion.
    falling, equal = count_within_runs(a.ranks.index_select(0, a.order), sorted_b, a.longest_run)
    return count_inversions(sorted_b) - falling, equal
