"""Ridge regression for many targets and many penalties from one decomposition per training set.

With the centred training features X = U S^(1/2) V' (n_train, n_features), the ridge prediction of held-out
rows is  mean(y) + Z diag(sqrt(s) / (s + a)) U'y  with Z = X_test V (Hoerl & Kennard 1970). U, s and Z come
from the smaller of the two Gram matrices and serve every penalty and every target.

The penalty is chosen without fitting the inner training sets. Ridge is a linear smoother y_hat = H y, and
the residuals of rows I, when they are left out of the fit, are (I - H)_II^-1 (y - y_hat)_I: the block form of
the leave-one-out formula (Allen 1974, PRESS; Golub, Heath & Wahba 1979, eq. 1.3). With
g = a / (s + a),  I - H = R + U diag(g) U',  R = I - 11'/n - UU'.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.linalg
import torch

from ...core.errors import InvalidArgumentError
from ._correlation import centred
from ._splits import portions

_FEATURES_AT_ONCE = 4096
_ROW_BLOCKS = 8
_BYTES_AT_ONCE = 96 * 2**20
# The filters of all penalties are met to this part of their height. An error in the filter enters r squared.
_FILTER_TOLERANCE = {torch.float32: 3e-3, torch.float64: 1e-9}
# Inner scores closer than this are a tie, which the strongest penalty wins.
_TIE = 1e-6


@dataclass(frozen=True, eq=False)
class Spectrum:
    """Decomposition of one centred training set, with the held-out rows in the same basis.

    Attributes
    ----------
    left : tensor of shape (n_train, rank)
        Left singular vectors U.
    values : tensor of shape (rank,)
        Squared singular values s.
    held_out : tensor of shape (n_test, rank)
        Held-out features, less the training mean, times the right singular vectors: Z.
    smallest_penalty : float
        Weaker penalties than this cannot be told apart in the dtype, and act as it does.
    """

    left: torch.Tensor
    values: torch.Tensor
    held_out: torch.Tensor
    smallest_penalty: float


@dataclass(frozen=True, eq=False)
class Interpolation:
    """Predictions for all penalties as combinations of those for a few: p(a) = sum_j weights[a, j] p(a_j).

    As functions of s, the filters s / (s + a) of a whole grid of penalties span very few dimensions.
    """

    nodes: npt.NDArray[np.int64]
    weights: npt.NDArray[np.float64]


def published_alphas() -> npt.NDArray[np.float64]:
    """The 24 penalties of Nayebi et al. 2023: 15 from 1e-9 to 1e5 and 9 from 5e-4 to 5e4."""
    return np.union1d(np.geomspace(1e-9, 1e5, 15), 5 * np.geomspace(1e-4, 1e4, 9))


def check_alphas(alphas: object) -> npt.NDArray[np.float64]:
    """The penalties to choose from, sorted; the published ones for None."""
    if alphas is None:
        return published_alphas()
    grid = np.unique(np.atleast_1d(np.asarray(alphas, dtype=np.float64)))
    if grid.ndim != 1 or grid.size == 0 or not np.isfinite(grid).all() or grid[0] <= 0:
        raise InvalidArgumentError("The 'alphas' parameter", got=repr(alphas), needed="finite and above 0")
    return grid


def sample_gram(x: torch.Tensor, n_train: int) -> torch.Tensor | None:
    """Inner products of the samples about their mean, (n_samples, n_samples); None if features are fewer.

    Features are taken in portions (a whole centred copy is never made) and only the lower triangle is
    multiplied out.
    """
    if x.shape[1] <= n_train:
        return None
    gram = x.new_zeros(len(x), len(x))
    edges = np.linspace(0, len(x), _ROW_BLOCKS + 1).astype(int).tolist()
    for features in portions(x.shape[1], _FEATURES_AT_ONCE):
        about_mean = centred(x[:, features])
        for start, stop in itertools.pairwise(edges):
            gram[start:stop, :stop].addmm_(about_mean[start:stop], about_mean[:stop].T)
    return gram.tril_().add_(gram.tril(-1).T)


def decompose(
    x: torch.Tensor, gram: torch.Tensor | None, train: torch.Tensor, test: torch.Tensor
) -> Spectrum:
    """Decompose a training set through the smaller of its Gram matrices (see `sample_gram`)."""
    if gram is None:
        return _decompose_features(x[train], x[test])
    return _decompose_samples(gram[train][:, train], gram[test][:, train])


def predict(
    spectrum: Spectrum, projected: torch.Tensor, mean: torch.Tensor, alpha: torch.Tensor
) -> torch.Tensor:
    """Ridge predictions of the held-out rows, each target with its own penalty.

    Parameters
    ----------
    spectrum : Spectrum
    projected : tensor of shape (rank, n_targets)
        U'y.
    mean : tensor of shape (n_targets,)
        Training means of the targets.
    alpha : tensor of shape (n_targets,)

    Returns
    -------
    prediction : tensor of shape (n_test, n_targets)
    """
    filters = spectrum.values.sqrt()[:, None] / (spectrum.values[:, None] + _felt(spectrum, alpha))
    return torch.addmm(mean, spectrum.held_out, filters.mul_(projected))


def hat_predictions(spectrum: Spectrum, alpha: float, y: torch.Tensor) -> torch.Tensor:
    """Held-out predictions (less the mean) for training responses `y` (n_train, n_columns) at one penalty.

    With many columns the hat matrix is formed first, with few the columns are projected first.
    """
    values = spectrum.values
    filtered = spectrum.held_out * (values.sqrt() / (values + max(alpha, spectrum.smallest_penalty)))
    product: torch.Tensor = torch.linalg.multi_dot([filtered, spectrum.left.T, y])
    return product


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
    nodes = felt[plan.nodes].tolist()
    if inner is None:
        return _scores_of_rows(spectrum, y, projected, _leave_out_singly(spectrum, nodes), plan)
    # One fold after the other: the inverses of one fold are in memory at a time.
    per_fold = [
        _scores_of_rows(spectrum, y, projected, _leave_out_together(spectrum, rows, nodes), plan)
        for rows in inner
    ]
    return torch.stack(per_fold).nanmean(0)


def _felt(spectrum: Spectrum, alpha: torch.Tensor) -> torch.Tensor:
    return alpha.clamp(min=spectrum.smallest_penalty)


def _decompose_features(x_train: torch.Tensor, x_test: torch.Tensor) -> Spectrum:
    mean = x_train.mean(0)
    about_mean = x_train - mean
    values, right, noise = _eigen(about_mean.T @ about_mean, len(x_train) - 1)
    left = (about_mean @ right).div_(values.sqrt())
    return Spectrum(left, values, (x_test - mean) @ right, noise)


def _decompose_samples(gram: torch.Tensor, cross: torch.Tensor) -> Spectrum:
    # Centring by the training mean, done on the inner products.
    column_mean = gram.mean(0)
    cross_centred = cross - cross.mean(1, keepdim=True) - (column_mean - column_mean.mean())
    gram_centred = gram.sub_(column_mean).sub_(gram.mean(1, keepdim=True))
    values, left, noise = _eigen(gram_centred, len(gram) - 1)
    return Spectrum(left, values, (cross_centred @ left).div_(values.sqrt()), noise)


def _eigen(symmetric: torch.Tensor, most: int) -> tuple[torch.Tensor, torch.Tensor, float]:
    """Eigenvalues above rounding (at most `most`), their vectors, and the size of the rounding."""
    values, vectors = torch.linalg.eigh(symmetric)
    noise = 8 * torch.finfo(values.dtype).eps * float(values[-1].clamp(min=0))
    rank = min(int((values > noise).sum()), most)
    first = len(values) - rank
    tiny = torch.finfo(values.dtype).tiny
    return values[first:].contiguous(), vectors[:, first:].contiguous(), max(noise, tiny)


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

    `shrinkage` holds g = a / (s + a); `inverses` the inverse of (I - H)_II, a matrix if the rows are left out
    together, a column of reciprocals if one by one.
    """

    rows: torch.Tensor
    shrinkage: list[torch.Tensor]
    inverses: list[torch.Tensor]


def _leave_out_together(spectrum: Spectrum, rows: torch.Tensor, alphas: list[float]) -> _LeftOut:
    left, n_train = spectrum.left[rows], len(spectrum.left)
    base = left.new_zeros(len(rows), len(rows))
    if not _is_complete(spectrum):
        base = torch.eye(len(rows), dtype=left.dtype, device=left.device) - left @ left.T - 1 / n_train
    shrinkage = [alpha / (spectrum.values + alpha) for alpha in alphas]
    inverses = [_inverse(torch.addmm(base, left * g, left.T)) for g in shrinkage]
    return _LeftOut(rows, shrinkage, inverses)


def _leave_out_singly(spectrum: Spectrum, alphas: list[float]) -> _LeftOut:
    left, n_train = spectrum.left, len(spectrum.left)
    squared = left.square()
    base = 0.0 if _is_complete(spectrum) else 1 - 1 / n_train - squared.sum(1)
    shrinkage = [alpha / (spectrum.values + alpha) for alpha in alphas]
    tiny = torch.finfo(left.dtype).tiny
    inverses = [(base + squared @ g).clamp(min=tiny).reciprocal()[:, None] for g in shrinkage]
    return _LeftOut(torch.arange(n_train, device=left.device), shrinkage, inverses)


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
        return torch.cholesky_inverse(factor).to(block.dtype)
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
    at_once = max(64, _BYTES_AT_ONCE // (y.element_size() * len(y_rows) * len(part.inverses)))
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
    predictions = y.new_empty(len(part.inverses), *y.shape)
    for prediction, shrinkage, inverse in zip(predictions, part.shrinkage, part.inverses, strict=True):
        residual = (left * shrinkage) @ projected
        if base is not None:
            residual += base
        solved = inverse * residual if inverse.shape[1] == 1 else inverse @ residual
        torch.sub(y, solved, out=prediction)
    return predictions


def _scores(y: torch.Tensor, predictions: torch.Tensor, plan: Interpolation) -> torch.Tensor:
    """Pearson r of y with sum_j w_j p_j for all rows of weights, from sums of squares alone.

    Parameters
    ----------
    y : tensor of shape (n_rows, n_targets)
    predictions : tensor of shape (n_nodes, n_rows, n_targets)

    Returns
    -------
    r : tensor of shape (n_alphas, n_targets)
    """
    weights = torch.from_numpy(plan.weights).to(y.device)
    y, predictions = centred(y), predictions.sub_(predictions.mean(1, keepdim=True))
    with_y = torch.stack([(prediction * y).sum(0) for prediction in predictions]).double()
    norm_y = y.double().square().sum(0).sqrt()
    norm = _combined_square_sums(predictions, weights).clamp(min=0).sqrt()
    r = (weights @ with_y) / (norm * norm_y)
    return torch.where((norm > 0) & (norm_y > 0), r, torch.nan)


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
