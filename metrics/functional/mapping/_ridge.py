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
from typing import TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt
import torch

from .._correlation import centred
from .._scale import from_first, unit_of
from .._splits import portions

Penalty = TypeVar("Penalty", float, torch.Tensor, npt.NDArray[np.float64])
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
        Weaker penalties than this cannot be distinguished in the dtype, and act as it does.
    """

    left: torch.Tensor
    values: torch.Tensor
    held_out: torch.Tensor
    smallest_penalty: float

    @property
    def largest_penalty(self) -> float:
        """Stronger ones act as this does: it leaves of a response less than its rounding."""
        return max(float(self.values[-1:].sum()) / torch.finfo(self.values.dtype).eps, self.smallest_penalty)


@dataclass(frozen=True, eq=False)
class _Scaled:
    """Features that were multiplied by `unit`, and what that makes of penalties."""

    unit: float

    def penalty_here(self, alpha: Penalty) -> Penalty:
        """A penalty on the features given, for these."""
        return alpha * self.unit * self.unit

    def penalty_given(self, alpha: Penalty) -> Penalty:
        """A penalty on these, for the features given."""
        return alpha / self.unit / self.unit


@dataclass(frozen=True, eq=False)
class FeatureRows(_Scaled):
    """Features that are no more than the training samples, (n_samples, n_features), less the first sample."""

    rows: torch.Tensor

    def sum_of_squares(self, train: torch.Tensor) -> float:
        """Sum of squares of the centred training samples: the sum of eigenvalues that penalties are added to."""
        return float(centred(self.rows[train]).double().square().sum())

    def decompose(self, train: torch.Tensor, test: torch.Tensor) -> Spectrum:
        """Decompose a training set through the products of its features."""
        mean, about_mean, products = self._products(train)
        removed = torch.finfo(mean.dtype).eps * len(train) * float(mean.square().sum())
        values, right, noise = _eigen(products, len(train) - 1, removed)
        left = (about_mean @ right).div_(values.sqrt())
        return Spectrum(left, values, (self.rows[test] - mean) @ right, noise)

    def factors(
        self, train: torch.Tensor, test: torch.Tensor, alpha: float
    ) -> tuple[torch.Tensor, ...] | None:
        """As `map_factors` for one penalty, both of them and without a decomposition.

        None if the penalty is too weak for a Cholesky factor in the dtype; take `decompose` then.
        """
        mean, about_mean, products = self._products(train)
        factor = _penalised_factor(products, alpha)
        if factor is None:
            return None
        return torch.cholesky_solve((self.rows[test] - mean).T, factor).T, about_mean.T

    def _products(self, train: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Training mean, rows about it, and the products of these (their lower triangle)."""
        rows = self.rows[train]
        mean = rows.mean(0)
        about_mean = rows.sub_(mean)
        n_features = rows.shape[1]
        return mean, about_mean, _add_lower_products(rows.new_zeros(n_features, n_features), about_mean.T)


@dataclass(frozen=True, eq=False)
class SampleProducts(_Scaled):
    """Features that are more than the training samples: inner products of all samples about their mean."""

    products: torch.Tensor

    def sum_of_squares(self, train: torch.Tensor) -> float:
        """As of `FeatureRows`."""
        block = self.products[train][:, train].double()
        return max(0.0, float(block.diagonal().sum() - block.sum() / len(block)))

    def decompose(self, train: torch.Tensor, test: torch.Tensor) -> Spectrum:
        """Decompose a training set through the products of its samples."""
        kernel, cross, removed = self._centred_blocks(train, test)
        values, left, noise = _eigen(kernel, len(train) - 1, removed)
        return Spectrum(left, values, (cross @ left).div_(values.sqrt()), noise)

    def factors(
        self, train: torch.Tensor, test: torch.Tensor, alpha: float
    ) -> tuple[torch.Tensor, ...] | None:
        """As of `FeatureRows`, but the hat matrix."""
        kernel, cross, _ = self._centred_blocks(train, test)
        factor = _penalised_factor(kernel, alpha)
        return None if factor is None else (torch.cholesky_solve(cross.T, factor).T,)

    def _centred_blocks(
        self, train: torch.Tensor, test: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, float]:
        """Inner products about the training mean, among training rows and of held-out with these.

        Last the squared length of that mean, once for each training row.
        """
        kernel, cross = self.products[train][:, train], self.products[test][:, train]
        column_mean = kernel.mean(0)
        removed = len(kernel) * float(column_mean.mean())
        cross = cross - cross.mean(1, keepdim=True) - (column_mean - column_mean.mean())
        return kernel.sub_(column_mean).sub_(kernel.mean(1, keepdim=True)), cross, removed


Features: TypeAlias = FeatureRows | SampleProducts


def prepared(x: torch.Tensor, n_train: int, *, exact: bool = False) -> Features:
    """Features brought to about 1 by a power of two, for training sets of at least `n_train` samples.

    `exact` computes in float64 what has no more features than that.
    """
    unit = unit_of(x)
    if x.shape[1] > n_train:
        return SampleProducts(float(unit), _sample_products(x, unit))
    rows = from_first(x.double(), unit.double()) if exact else from_first(x, unit)
    return FeatureRows(float(unit), rows)


def _sample_products(x: torch.Tensor, unit: torch.Tensor) -> torch.Tensor:
    """In portions of features (a whole centred copy is never made), the lower triangle alone multiplied out."""
    products = x.new_zeros(len(x), len(x))
    for features in portions(x.shape[1], _FEATURES_AT_ONCE):
        _add_lower_products(products, centred(from_first(x[:, features], unit)))
    return products.tril_().add_(products.tril(-1).T)


def _add_lower_products(gram: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
    """Add the products of all rows, in blocks that cover the lower triangle; what is above is not to be read."""
    edges = np.linspace(0, len(rows), _ROW_BLOCKS + 1).astype(int).tolist()
    for start, stop in itertools.pairwise(edges):
        gram[start:stop, :stop].addmm_(rows[start:stop], rows[:stop].T)
    return gram


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
    return mean + deviations(spectrum, projected, alpha)


def deviations(spectrum: Spectrum, projected: torch.Tensor, alpha: torch.Tensor) -> torch.Tensor:
    """The deviations that `predict` adds to the training means."""
    filters = spectrum.values.sqrt()[:, None] / (spectrum.values[:, None] + _felt(spectrum, alpha))
    return spectrum.held_out @ filters.mul_(projected)


def map_factors(spectrum: Spectrum, alpha: float, n_columns: int) -> tuple[torch.Tensor, ...]:
    """Matrices whose product maps training responses to held-out predictions (less the mean).

    One, the hat matrix (n_test, n_train), if that is the less work for `n_columns` responses; two otherwise.
    """
    values = spectrum.values
    felt = min(max(alpha, spectrum.smallest_penalty), spectrum.largest_penalty)
    filtered = spectrum.held_out * (values.sqrt() / (values + felt))
    return cheaper_factors((filtered, spectrum.left.T), n_columns)


def cheaper_factors(factors: tuple[torch.Tensor, ...], n_columns: int) -> tuple[torch.Tensor, ...]:
    """The same matrices, (n_test, rank) and (rank, n_train), or their product, for that many responses."""
    if len(factors) == 1:
        return factors
    held_out, train = factors
    (n_test, rank), n_train = held_out.shape, train.shape[1]
    by_hat = n_test * n_train * (rank + n_columns)
    return (held_out @ train,) if by_hat <= rank * (n_test + n_train) * n_columns else factors


def _penalised_factor(gram: torch.Tensor, alpha: float) -> torch.Tensor | None:
    """Lower Cholesky factor, from a Gram matrix of which the lower triangle is read."""
    # The Frobenius norm is an upper bound of the largest eigenvalue.
    square = 2 * gram.tril().square().sum() - gram.diagonal().square().sum()
    rounding = torch.finfo(gram.dtype).eps * float(square.sqrt())
    if alpha <= _SAFE_UNITS * rounding:
        return None
    gram.diagonal().add_(min(alpha, float(square.sqrt()) / torch.finfo(gram.dtype).eps))
    factor, failed = torch.linalg.cholesky_ex(gram)
    return None if int(failed) else factor


def _felt(spectrum: Spectrum, alpha: torch.Tensor) -> torch.Tensor:
    return alpha.to(spectrum.values).clamp(spectrum.smallest_penalty, spectrum.largest_penalty)


def _eigen(symmetric: torch.Tensor, most: int, removed: float) -> tuple[torch.Tensor, torch.Tensor, float]:
    """Eigenvalues above rounding (at most `most`), their vectors, and the size of the rounding.

    The lower triangle is read. Rounding is of the largest eigenvalue, or of what centring removed.
    """
    values, vectors = torch.linalg.eigh(symmetric, UPLO="L")
    noise = 8 * torch.finfo(values.dtype).eps * max(float(values[-1]), removed)
    rank = min(int((values > noise).sum()), most)
    first = len(values) - rank
    tiny = torch.finfo(values.dtype).tiny
    return values[first:].contiguous(), vectors[:, first:].contiguous(), max(noise, tiny)
