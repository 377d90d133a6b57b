"""The choice of a ridge penalty per target, without a fit to any inner training set.

Ridge is a linear smoother y_hat = H y, and the residuals of rows I, when they are left out of the fit, are
(I - H)_II^-1 (y - y_hat)_I: the block form of the leave-one-out formula (Allen 1974, PRESS; Golub, Heath &
Wahba 1979, eq. 1.3). With the decomposition of `_ridge` and g = a / (s + a),
I - H = R + U diag(g) U',  R = I - 11'/n - UU'.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.linalg
import torch

from ._correlation import centred, is_constant
from ._ridge import Spectrum
from ._shrinkage import Band, combined_products, n_profiles, shrinkage_bands
from ._splits import portions

__all__ = ["choose_alphas", "inner_scores"]

_BYTES_AT_ONCE = 96 * 2**20
# The filters of all penalties are met to this part of their height. An error in the filter enters r squared.
_FILTER_TOLERANCE = {torch.float32: 3e-3, torch.float64: 1e-9}
# Inner scores closer than this are a tie, which the strongest penalty wins.
_TIE = 1e-6


@dataclass(frozen=True, eq=False)
class Interpolation:
    """Predictions for all penalties as combinations of those for a few: p(a) = sum_j weights[a, j] p(a_j).

    As functions of s, the filters s / (s + a) of a whole grid of penalties span very few dimensions.
    """

    nodes: npt.NDArray[np.int64]
    weights: npt.NDArray[np.float64]


def choose_alphas(
    spectrum: Spectrum,
    y: torch.Tensor,
    projected: torch.Tensor,
    alphas: npt.NDArray[np.float64],
    inner: list[torch.Tensor] | None,
) -> torch.Tensor:
    """The penalty of each target whose predictions of the rows left out correlate best with them.

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
        The rows that each inner fold holds out, or None to leave out single samples.

    Returns
    -------
    alpha : tensor of shape (n_targets,)
        The strongest penalty whose score is within 1e-6 of the best. The score is Pearson r within an inner
        fold averaged over the inner folds (leave-one-out: r over all samples).
    """
    grid = torch.from_numpy(alphas).to(y.device)
    if len(alphas) == 1:
        return grid.to(y.dtype).expand(y.shape[1])
    scores = inner_scores(spectrum, y, projected, alphas, inner).nan_to_num(nan=-2.0)
    tied = scores >= scores.amax(0) - _TIE
    last = len(alphas) - 1 - tied.flip(0).int().argmax(0)
    return grid[last].to(y.dtype)


def inner_scores(
    spectrum: Spectrum,
    y: torch.Tensor,
    projected: torch.Tensor,
    alphas: npt.NDArray[np.float64],
    inner: list[torch.Tensor] | None,
) -> torch.Tensor:
    """Score of each penalty for each target, (n_alphas, n_targets), float64; see `choose_alphas`."""
    felt = np.maximum(alphas, spectrum.smallest_penalty)
    plan = _interpolation(spectrum, felt)
    bands = shrinkage_bands(spectrum.values, felt[plan.nodes].tolist())
    if inner is None:
        return _scores_of_rows(spectrum, y, projected, _leave_out_singly(spectrum, bands), plan)
    # One fold after the other: the inverses of one fold are in memory at a time.
    per_fold = [
        _scores_of_rows(spectrum, y, projected, _leave_out_together(spectrum, rows, bands), plan)
        for rows in inner
    ]
    return torch.stack(per_fold).nanmean(0)


def _interpolation(spectrum: Spectrum, alphas: npt.NDArray[np.float64]) -> Interpolation:
    """Pick the penalties to evaluate by a pivoted QR of the filters (an interpolative decomposition)."""
    if not len(spectrum.values):
        return Interpolation(np.arange(1), np.ones((len(alphas), 1)))
    weakest, strongest = float(spectrum.values[0]), float(spectrum.values[-1])
    # The inner training sets are parts of this one: their spectra end somewhat lower, not higher.
    s = np.geomspace(max(spectrum.smallest_penalty, 0.1 * weakest), strongest, 400)
    filters = s[:, None] / (s[:, None] + alphas)
    filters /= filters.max(0)
    _, triangle, pivots = scipy.linalg.qr(filters, mode="economic", pivoting=True)
    size = np.abs(np.diag(triangle))
    rank = int((size > _FILTER_TOLERANCE[spectrum.values.dtype] * size[0]).sum())
    nodes = np.sort(pivots[:rank])
    weights = np.linalg.lstsq(filters[:, nodes], filters, rcond=None)[0]
    return Interpolation(nodes, _unnormalised(weights, s, alphas, nodes))


def _unnormalised(
    weights: npt.NDArray[np.float64],
    s: npt.NDArray[np.float64],
    alphas: npt.NDArray[np.float64],
    nodes: npt.NDArray[np.int64],
) -> npt.NDArray[np.float64]:
    # Correlation does not see the scale of a penalty's predictions, only the balance of the nodes matters.
    peak = (s[:, None] / (s[:, None] + alphas)).max(0)
    return np.asarray(weights.T / peak[nodes])


@dataclass(frozen=True, eq=False)
class _LeftOut:
    """Rows that are left out of the fit, and per penalty what their residuals need.

    `bands` hold g = a / (s + a); `inverses` the inverse of (I - H)_II, a matrix if the rows are left out
    together, a column of reciprocals if one by one.
    """

    rows: torch.Tensor
    bands: list[Band]
    inverses: list[torch.Tensor]


def _leave_out_together(spectrum: Spectrum, rows: torch.Tensor, bands: list[Band]) -> _LeftOut:
    left, n_train = spectrum.left[rows], len(spectrum.left)
    blocks = combined_products(left, bands, left.T)
    if not _is_complete(spectrum):
        blocks += torch.eye(len(rows), dtype=left.dtype, device=left.device) - left @ left.T - 1 / n_train
    return _LeftOut(rows, bands, [_inverse(block) for block in blocks])


def _leave_out_singly(spectrum: Spectrum, bands: list[Band]) -> _LeftOut:
    left, n_train = spectrum.left, len(spectrum.left)
    squared = left.square()
    base = 0.0 if _is_complete(spectrum) else 1 - 1 / n_train - squared.sum(1)
    ones = left.new_ones(left.shape[1], 1)
    tiny = torch.finfo(left.dtype).tiny
    inverses = [
        (base + summed[:, 0]).clamp(min=tiny).reciprocal()[:, None]
        for summed in combined_products(squared, bands, ones)
    ]
    return _LeftOut(torch.arange(n_train, device=left.device), bands, inverses)


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
    spectrum: Spectrum, y: torch.Tensor, projected: torch.Tensor, part: _LeftOut, plan: Interpolation
) -> torch.Tensor:
    """Scores of all penalties on the rows left out, (n_alphas, n_targets), some targets at a time."""
    y_rows, left = y[part.rows], spectrum.left[part.rows]
    held = len(part.inverses) + n_profiles(part.bands)
    at_once = max(64, _BYTES_AT_ONCE // (y.element_size() * len(y_rows) * held))
    scores = []
    for some in portions(y.shape[1], at_once):
        y_some, projected_some = y_rows[:, some], projected[:, some]
        base = None if _is_complete(spectrum) else y_some - left @ projected_some
        predictions = _left_out_predictions(left, y_some, projected_some, base, part)
        scores.append(_scores(y_some, predictions, plan))
    return torch.cat(scores, dim=1)


def _left_out_predictions(
    left: torch.Tensor, y: torch.Tensor, projected: torch.Tensor, base: torch.Tensor | None, part: _LeftOut
) -> torch.Tensor:
    """Predictions of the rows left out, (n_nodes, n_rows, n_targets); `base` is R y, None for zero."""
    residuals = combined_products(left, part.bands, projected)
    for residual, inverse in zip(residuals, part.inverses, strict=True):
        if base is not None:
            residual.add_(base)
        solved = inverse * residual if inverse.shape[1] == 1 else inverse @ residual
        torch.sub(y, solved, out=residual)
    return residuals


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
