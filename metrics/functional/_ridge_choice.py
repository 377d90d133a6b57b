"""The choice of a ridge penalty per target, without a fit to any inner training set.

Ridge is a linear smoother y_hat = H y, and the predictions of rows I, when they are left out of the fit, are
(I - H)_II^-1 H_I,-I y_-I: the block form of the leave-one-out formula (Allen 1974, PRESS; Golub, Heath &
Wahba 1979, eq. 1.3). With the decomposition of `_ridge`, f = s / (s + a), g = 1 - f = a / (s + a), and responses
about the mean of the rows that are kept (r does not see a constant),

    H_I,-I y_-I = U_I diag(f) c,  c = U_-I' y_-I,   I - H = R + U diag(g) U',  R = I - 11'/n - UU'.

A strong penalty leaves of f little; it comes out to full relative accuracy, as no residual is taken from a
response. Where U spans all responses (R = 0), U_I c = 0, and a weak penalty's product is -U_I diag(g) c.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import scipy.linalg
import torch

from ._correlation import centred, is_constant
from ._ridge import Spectrum
from ._shrinkage import Band, bands_of, combined_products, n_profiles, shrinkage_bands
from ._splits import portions

__all__ = ["Choice", "best_penalties", "inner_scores"]

_BYTES_AT_ONCE = 96 * 2**20
# The filters of all penalties are met to this part of their height. An error in the filter enters r squared.
_FILTER_TOLERANCE = {torch.float32: 1e-3, torch.float64: 1e-9}
# Inner scores closer than this are a tie, which the strongest penalty wins.
_TIE = 1e-6


@dataclass(frozen=True, eq=False)
class Choice:
    """The penalties chosen, (n_targets,).

    Attributes
    ----------
    index : tensor of int
        Where in the ascending grid.
    at_grid_end : tensor of bool
        Whether it is the weakest or strongest, and the inner score still rises towards that end.
    """

    index: torch.Tensor
    at_grid_end: torch.Tensor


@dataclass(frozen=True, eq=False)
class Interpolation:
    """Predictions for all penalties as combinations of those for a few: p(a) = sum_j weights[a, j] p(a_j).

    As functions of s, the filters s / (s + a) of a whole grid of penalties span very few dimensions. Each
    penalty's filter and predictions are in units of its `peak`, the largest filter: r does not see a scale.
    """

    nodes: npt.NDArray[np.int64]
    weights: npt.NDArray[np.float64]
    peaks: npt.NDArray[np.float64]


def best_penalties(scores: torch.Tensor) -> Choice:
    """For each target the strongest penalty whose score is within 1e-6 of the best.

    Parameters
    ----------
    scores : tensor of shape (n_alphas, n_targets)
        Ascending in the penalty; NaN where undefined.
    """
    known = scores.nan_to_num(nan=-2.0)
    tied = known >= known.amax(0) - _TIE
    last = len(scores) - 1
    index = last - tied.flip(0).int().argmax(0)
    rises_to_the_strongest = (index == last) & ~tied[last - 1]
    return Choice(index, (index == 0) | rises_to_the_strongest)


def inner_scores(
    spectrum: Spectrum,
    y: torch.Tensor,
    projected: torch.Tensor,
    alphas: npt.NDArray[np.float64],
    inner: list[torch.Tensor] | None,
) -> torch.Tensor:
    """Score of each penalty for each target: Pearson r within an inner fold averaged over the inner folds.

    Parameters
    ----------
    spectrum : Spectrum
    y : tensor of shape (n_train, n_targets)
        Training responses, centred.
    projected : tensor of shape (rank, n_targets)
        U'y.
    alphas : array of shape (n_alphas,)
        Ascending.
    inner : list of tensors of int, or None
        The rows that each inner fold holds out, or None to leave out single samples (r over all samples then).

    Returns
    -------
    scores : tensor of shape (n_alphas, n_targets), float64
    """
    felt = np.clip(alphas, spectrum.smallest_penalty, spectrum.largest_penalty)
    plan = _interpolation(spectrum, felt)
    nodes = felt[plan.nodes]
    shrunk = shrinkage_bands(spectrum.values, nodes.tolist())
    kept = bands_of(_kept(spectrum, nodes) / plan.peaks[plan.nodes], spectrum.values)
    if inner is None:
        return _scores_left_out_singly(spectrum, y, projected, shrunk, kept, plan)
    # One fold after the other: the inverses of one fold are in memory at a time.
    per_fold = [
        _scores_of_rows(spectrum, y, projected, _leave_out_together(spectrum, rows, shrunk), kept, plan)
        for rows in inner
    ]
    return torch.stack(per_fold).nanmean(0)


def _kept(spectrum: Spectrum, alphas: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Diagonals f, or f - 1 where that is the smaller and makes no difference, (rank, n_alphas)."""
    s = spectrum.values.double().cpu().numpy()[:, None]
    kept, shrunk = s / (s + alphas), alphas / (s + alphas)
    if not _is_complete(spectrum):
        return np.asarray(kept)
    return np.where(shrunk.max(0, initial=0) < kept.max(0, initial=0), -shrunk, kept)


def _interpolation(spectrum: Spectrum, alphas: npt.NDArray[np.float64]) -> Interpolation:
    """Pick the penalties to evaluate by a pivoted QR of the filters (an interpolative decomposition)."""
    if not len(spectrum.values):
        return Interpolation(np.arange(1), np.ones((len(alphas), 1)), np.ones(len(alphas)))
    weakest, strongest = float(spectrum.values[0]), float(spectrum.values[-1])
    # The inner training sets are parts of this one: their spectra end somewhat lower, not higher.
    s = np.geomspace(max(spectrum.smallest_penalty, 0.1 * weakest), strongest, 400)
    filters = s[:, None] / (s[:, None] + alphas)
    peaks = filters.max(0)
    filters /= peaks
    _, triangle, pivots = scipy.linalg.qr(filters, mode="economic", pivoting=True)
    size = np.abs(np.diag(triangle))
    rank = int((size > _FILTER_TOLERANCE[spectrum.values.dtype] * size[0]).sum())
    nodes = np.sort(pivots[:rank]).astype(np.int64)
    weights = np.linalg.lstsq(filters[:, nodes], filters, rcond=None)[0]
    return Interpolation(nodes, np.asarray(weights.T), peaks)


@dataclass(frozen=True, eq=False)
class _LeftOut:
    """Rows that are left out of the fit together, and for each penalty the inverse of (I - H)_II."""

    rows: torch.Tensor
    inverses: list[torch.Tensor]


def _leave_out_together(spectrum: Spectrum, rows: torch.Tensor, shrunk: list[Band]) -> _LeftOut:
    left, n_train = spectrum.left[rows], len(spectrum.left)
    blocks = combined_products(left, shrunk, left.T)
    if not _is_complete(spectrum):
        blocks += torch.eye(len(rows), dtype=left.dtype, device=left.device) - left @ left.T - 1 / n_train
    return _LeftOut(rows, [_inverse(block) for block in blocks])


def _is_complete(spectrum: Spectrum) -> bool:
    """Whether U spans all centred responses, so that R = I - 11'/n - UU' is zero."""
    return spectrum.left.shape[1] == len(spectrum.left) - 1


def _inverse(block: torch.Tensor) -> torch.Tensor:
    """Inverse of a positive definite block, in float64; rounding may have cost it its definiteness."""
    rounding = 4 * torch.finfo(block.dtype).eps
    exact = block.double()
    diagonal = exact.diagonal()
    diagonal += rounding * diagonal.max()
    factor, failed = torch.linalg.cholesky_ex(exact)
    if int(failed) == 0:
        # By a triangular solve: LAPACK's inverse from the factor takes several times as long.
        eye = torch.eye(len(exact), dtype=exact.dtype, device=exact.device)
        root = torch.linalg.solve_triangular(factor, eye, upper=False)
        inverted: torch.Tensor = root.T @ root
        return inverted.to(block.dtype)
    # Rows that the fit reproduces exactly (fewer distinct feature vectors than rows) leave nothing to invert.
    values, vectors = torch.linalg.eigh(exact)
    values.clamp_(min=rounding * max(float(values[-1]), rounding))
    inverse: torch.Tensor = (vectors / values) @ vectors.T
    return inverse.to(block.dtype)


def _scores_of_rows(
    spectrum: Spectrum,
    y: torch.Tensor,
    projected: torch.Tensor,
    part: _LeftOut,
    kept: list[Band],
    plan: Interpolation,
) -> torch.Tensor:
    """Scores of all penalties on the rows left out, (n_alphas, n_targets), some targets at a time."""
    y_rows, left, n_train = y[part.rows], spectrum.left[part.rows], len(y)
    scores = []
    for some in _targets_at_once(y_rows, kept, plan):
        y_some = y_rows[:, some]
        mean_of_others = y_some.sum(0) / (len(y_rows) - n_train)
        of_others = torch.addmm(projected[:, some], left.T, y_some - mean_of_others, alpha=-1)
        predictions = combined_products(left, kept, of_others)
        for prediction, inverse in zip(predictions, part.inverses, strict=True):
            prediction.copy_(inverse @ prediction)
        scores.append(_scores(y_some, predictions, plan))
    return torch.cat(scores, dim=1)


def _scores_left_out_singly(
    spectrum: Spectrum,
    y: torch.Tensor,
    projected: torch.Tensor,
    shrunk: list[Band],
    kept: list[Band],
    plan: Interpolation,
) -> torch.Tensor:
    """The same with every row left out alone: what is a matrix above is a number for each row here."""
    left, n_train = spectrum.left, len(y)
    squared = left.square()
    ones = left.new_ones(left.shape[1], 1)
    base = 0.0 if _is_complete(spectrum) else 1 - 1 / n_train - squared.sum(1, keepdim=True)
    tiny = torch.finfo(left.dtype).tiny
    inverses = (combined_products(squared, shrunk, ones) + base).clamp_(min=tiny).reciprocal_()
    with_means = replace(plan, weights=np.column_stack([plan.weights, 1 / plan.peaks]))
    own_weights = combined_products(squared, kept, ones) * (n_train / (n_train - 1))
    scores = []
    for some in _targets_at_once(y, kept, plan):
        predictions = combined_products(left, kept, projected[:, some])
        predictions.addcmul_(own_weights, y[:, some], value=-1).mul_(inverses)
        # The means of the rows kept differ from row to row: they are one more node, the same for all penalties.
        means = y[:, some] / (1 - n_train)
        scores.append(_scores(y[:, some], torch.cat([predictions, means[None]]), with_means))
    return torch.cat(scores, dim=1)


def _targets_at_once(y: torch.Tensor, kept: list[Band], plan: Interpolation) -> Iterator[slice]:
    held = len(plan.nodes) + n_profiles(kept)
    return portions(y.shape[1], max(64, _BYTES_AT_ONCE // (y.element_size() * len(y) * held)))


def _scores(y: torch.Tensor, predictions: torch.Tensor, plan: Interpolation) -> torch.Tensor:
    """Pearson r of y with sum_j w_j p_j for all rows of weights, from sums of squares alone.

    Parameters
    ----------
    y : tensor of shape (n_rows, n_targets)
    predictions : tensor of shape (n_nodes, n_rows, n_targets)

    Returns
    -------
    r : tensor of shape (n_alphas, n_targets)
        NaN where a target has one value only in these rows.
    """
    weights = torch.from_numpy(plan.weights).to(y.device)
    flat = is_constant(y)
    y, predictions = centred(y), predictions.sub_(predictions.mean(1, keepdim=True))
    with_y = torch.stack([(prediction * y).sum(0) for prediction in predictions]).double()
    norm_y = y.double().square().sum(0).sqrt()
    norm = _combined_square_sums(predictions, weights).clamp(min=0).sqrt()
    r = (weights @ with_y) / (norm * norm_y)
    return torch.where((norm > 0) & (norm_y > 0) & ~flat, r, torch.nan)


def _combined_square_sums(predictions: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Sums over rows of (sum_j w_j p_j)^2 for all rows of weights, (n_alphas, n_targets)."""
    total = weights.new_zeros(len(weights), predictions.shape[2])
    for j, prediction in enumerate(predictions):
        # Each pair of nodes once: the pair (j, k > j) counts twice in the square.
        with_later = torch.stack([(prediction * other).sum(0) for other in predictions[j:]]).double()
        pair_weights = weights[:, j, None] * weights[:, j:]
        pair_weights[:, 1:] *= 2
        total += pair_weights @ with_later
    return total
