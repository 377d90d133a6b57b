"""Ridge regression for many targets and many penalties from one decomposition per training set.

With the centred training features X = U S^(1/2) V' (n_train, n_features), the ridge prediction of held-out
rows is  mean(y) + Z diag(sqrt(s) / (s + a)) U'y  with Z = X_test V (Hoerl & Kennard 1970). U, s and Z come
from the smaller of the two Gram matrices and serve every penalty and every target.

For one penalty alone no decomposition is needed: the hat matrix H = X_test (X'X + a)^-1 X' = K_test (K + a)^-1
comes from a Cholesky factor of the smaller of the two.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from ...core.errors import InvalidArgumentError
from ._correlation import centred
from ._splits import portions

_FEATURES_AT_ONCE = 4096
_ROW_BLOCKS = 8
# A penalty below this many units of rounding of the Gram matrix is left to the decomposition.
_SAFE_UNITS = 64


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
    for features in portions(x.shape[1], _FEATURES_AT_ONCE):
        _add_lower_products(gram, centred(x[:, features]))
    return gram.tril_().add_(gram.tril(-1).T)


def _add_lower_products(gram: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
    """Add the products of all rows, in blocks that cover the lower triangle; what is above is not to be read."""
    edges = np.linspace(0, len(rows), _ROW_BLOCKS + 1).astype(int).tolist()
    for start, stop in itertools.pairwise(edges):
        gram[start:stop, :stop].addmm_(rows[start:stop], rows[:stop].T)
    return gram


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


def map_factors(spectrum: Spectrum, alpha: float, n_columns: int) -> tuple[torch.Tensor, ...]:
    """Matrices whose product maps training responses to held-out predictions (less the mean).

    One, the hat matrix (n_test, n_train), if that is the less work for `n_columns` responses; two otherwise.
    """
    values, left = spectrum.values, spectrum.left
    filtered = spectrum.held_out * (values.sqrt() / (values + max(alpha, spectrum.smallest_penalty)))
    (n_test, rank), n_train = filtered.shape, len(left)
    by_hat = n_test * n_train * (rank + n_columns)
    return (filtered @ left.T,) if by_hat <= rank * (n_test + n_train) * n_columns else (filtered, left.T)


def hat_matrix(
    x: torch.Tensor, gram: torch.Tensor | None, train: torch.Tensor, test: torch.Tensor, alpha: float
) -> torch.Tensor | None:
    """From training responses to held-out predictions (less the mean) at one penalty, (n_test, n_train).

    None if the penalty is too weak for a Cholesky factor in the dtype; take `decompose` then.
    """
    if gram is not None:
        kernel, cross = _centred_blocks(gram[train][:, train], gram[test][:, train])
        factor = _penalised_factor(kernel, alpha)
        return None if factor is None else torch.cholesky_solve(cross.T, factor).T
    mean = x[train].mean(0)
    about_mean = x[train].sub_(mean)
    gram = _add_lower_products(x.new_zeros(x.shape[1], x.shape[1]), about_mean.T)
    factor = _penalised_factor(gram, alpha)
    return None if factor is None else torch.cholesky_solve((x[test] - mean).T, factor).T @ about_mean.T


def _penalised_factor(gram: torch.Tensor, alpha: float) -> torch.Tensor | None:
    """Lower Cholesky factor, from a Gram matrix of which the lower triangle is read."""
    # The Frobenius norm is an upper bound of the largest eigenvalue.
    square = 2 * gram.tril().square().sum() - gram.diagonal().square().sum()
    rounding = torch.finfo(gram.dtype).eps * float(square.sqrt())
    if alpha < _SAFE_UNITS * rounding:
        return None
    gram.diagonal().add_(alpha)
    factor, failed = torch.linalg.cholesky_ex(gram)
    return None if int(failed) else factor


def _felt(spectrum: Spectrum, alpha: torch.Tensor) -> torch.Tensor:
    return alpha.clamp(min=spectrum.smallest_penalty)


def _decompose_features(x_train: torch.Tensor, x_test: torch.Tensor) -> Spectrum:
    mean = x_train.mean(0)
    about_mean = x_train - mean
    gram = _add_lower_products(about_mean.new_zeros(x_train.shape[1], x_train.shape[1]), about_mean.T)
    values, right, noise = _eigen(gram, len(x_train) - 1)
    left = (about_mean @ right).div_(values.sqrt())
    return Spectrum(left, values, (x_test - mean) @ right, noise)


def _decompose_samples(gram: torch.Tensor, cross: torch.Tensor) -> Spectrum:
    kernel, cross = _centred_blocks(gram, cross)
    values, left, noise = _eigen(kernel, len(kernel) - 1)
    return Spectrum(left, values, (cross @ left).div_(values.sqrt()), noise)


def _centred_blocks(gram: torch.Tensor, cross: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Inner products about the training mean: among training rows (in place), and of held-out with these."""
    column_mean = gram.mean(0)
    cross_centred = cross - cross.mean(1, keepdim=True) - (column_mean - column_mean.mean())
    gram_centred = gram.sub_(column_mean).sub_(gram.mean(1, keepdim=True))
    return gram_centred, cross_centred


def _eigen(symmetric: torch.Tensor, most: int) -> tuple[torch.Tensor, torch.Tensor, float]:
    """Eigenvalues above rounding (at most `most`), their vectors, and the size of the rounding.

    The lower triangle is read.
    """
    values, vectors = torch.linalg.eigh(symmetric, UPLO="L")
    noise = 8 * torch.finfo(values.dtype).eps * float(values[-1].clamp(min=0))
    rank = min(int((values > noise).sum()), most)
    first = len(values) - rank
    tiny = torch.finfo(values.dtype).tiny
    return values[first:].contiguous(), vectors[:, first:].contiguous(), max(noise, tiny)
