"""Ridge in feature space: fits and scores of all inner folds from sums over their samples.

The mean and the products X'X, X'y of a training set add up from those of its parts (Chan, Golub & LeVeque
1983), so that each inner training set costs an eigendecomposition of (n_features, n_features) and no product
over its samples. With X'X = V diag(s) V' of the samples kept, the ridge weights are V w, w = q / (s + a),
q = V'X'y. With d = V'X'y and M = V'X'X V of the samples left out, each about their means, r of prediction and
response there is

    r = sum_k d_k w_k / sqrt(w' M w  y'y) .
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from .._correlation import is_constant
from .._splits import portions

__all__ = ["FeatureFits", "fits_of_folds", "moment_scores"]

_BYTES_AT_ONCE = 32 * 2**20
# Eigenvalues up to this many units of rounding of the largest are rounding.
_UNITS_OF_NOISE = 8


@dataclass(frozen=True, eq=False)
class _Moments:
    """Sizes, means and products about the mean of several sets of samples, float64.

    Attributes
    ----------
    size : tensor of shape (n_sets,)
    x : tensor of shape (n_sets, n_features)
        Means of the features.
    y : tensor of shape (n_sets, n_targets)
        Means of the responses.
    xx : tensor of shape (n_sets, n_features, n_features)
    xy : tensor of shape (n_sets, n_features, n_targets)
    """

    size: torch.Tensor
    x: torch.Tensor
    y: torch.Tensor
    xx: torch.Tensor
    xy: torch.Tensor


@dataclass(frozen=True, eq=False)
class FeatureFits:
    """A training set and its inner folds: moments of the left-out samples, decomposition of the kept ones.

    Attributes
    ----------
    left_out : _Moments
        Moments of each inner fold.
    norms : tensor of shape (n_inner, n_targets)
        Square roots of y'y of each inner fold; NaN where the responses are one value.
    kept : _Moments
        Moments of the samples that each inner fold keeps, and last of the whole training set.
    values, vectors : tensors of shape (n_inner + 1, n_features) and (n_inner + 1, n_features, n_features)
        Eigenvalues s, ascending, and vectors V of `kept.xx`.
    noise : tensor of shape (n_inner + 1,)
        Eigenvalues up to this are rounding.
    """

    left_out: _Moments
    norms: torch.Tensor
    kept: _Moments
    values: torch.Tensor
    vectors: torch.Tensor
    noise: torch.Tensor

    @property
    def sum_of_squares(self) -> float:
        """Sum of squares of the training features about their mean."""
        return float(self.kept.xx[-1].trace())

    def felt(self, alphas: torch.Tensor) -> torch.Tensor:
        """Penalties clipped to the range that the dtype resolves: weaker or stronger ones act alike."""
        largest, weakest = self.values[-1, -1], self.noise[-1]
        return alphas.clamp(weakest, torch.maximum(weakest, largest / torch.finfo(self.values.dtype).eps))

    def deviations(self, x_test: torch.Tensor, alpha: torch.Tensor) -> torch.Tensor:
        """Predictions by the whole training set, less its mean responses, with a penalty per target."""
        vectors, values = self.vectors[-1], self.values[-1]
        felt = self.felt(alpha)
        weights = (
            (vectors.T @ self.kept.xy[-1]).mul_(_gains(values, self.noise[-1], felt)).div_(values[-1] + felt)
        )
        return ((x_test - self.kept.x[-1]) @ vectors) @ weights


def fits_of_folds(x: torch.Tensor, y: torch.Tensor, inner: npt.NDArray[np.int64]) -> FeatureFits:
    """Decompose a training set and what each inner fold keeps of it.

    Parameters
    ----------
    x : tensor of shape (n_train, n_features), float64
    y : tensor of shape (n_train, n_targets)
    inner : array of shape (n_train,)
        The inner fold 0, 1, ... that holds out each sample.
    """
    order = torch.from_numpy(np.argsort(inner, kind="stable")).to(x.device)
    sizes = np.bincount(inner).tolist()
    x_folds, y_folds = torch.split(x[order], sizes), torch.split(y[order], sizes)
    parts = [_of_samples(*pair) for pair in zip(x_folds, y_folds, strict=True)]
    *moments, norms = (torch.stack(one) for one in zip(*parts, strict=True))
    left_out = _Moments(x.new_tensor(sizes), *moments)
    kept = _pooled(left_out)
    values, vectors = torch.linalg.eigh(kept.xx)
    return FeatureFits(left_out, norms, kept, values, vectors, _noise(kept, values[:, -1]))


def _noise(kept: _Moments, largest: torch.Tensor) -> torch.Tensor:
    """Rounding of the largest eigenvalue, or of the means that were taken from the samples."""
    precision = torch.finfo(largest.dtype)
    of_means = precision.eps * kept.size * kept.x.square().sum(1)
    return (_UNITS_OF_NOISE * precision.eps * torch.maximum(largest, of_means)).clamp_(min=precision.tiny)


def moment_scores(fits: FeatureFits, alphas: npt.NDArray[np.float64]) -> torch.Tensor:
    """Pearson r of each penalty and target in an inner fold, averaged over these, (n_alphas, n_targets)."""
    left_out, vectors = fits.left_out, fits.vectors[:-1]
    gains = _gains(fits.values[:-1], fits.noise[:-1], fits.felt(torch.from_numpy(alphas).to(vectors)))
    turned = vectors.mT @ left_out.xx @ vectors
    n_features, n_targets = fits.kept.xy.shape[1:]
    at_once = max(1, _BYTES_AT_ONCE // (8 * len(vectors) * n_features * len(alphas)))
    scores = []
    for some in portions(n_targets, at_once):
        q = vectors.mT @ fits.kept.xy[:-1, :, some]
        d = vectors.mT @ left_out.xy[:, :, some]
        scores.append(_correlations(q, d, turned, gains) / fits.norms[:, None, some])
    return torch.cat(scores, dim=2).nanmean(0)


def _gains(values: torch.Tensor, noise: torch.Tensor, alphas: torch.Tensor) -> torch.Tensor:
    """(the largest s + a) / (s + a), (..., n_features, n_alphas), 0 where s is rounding.

    r does not see the numerator, which keeps numbers near 1 whatever the unit.
    """
    s, largest = values[..., None], values[..., -1:, None]
    return torch.where(s > noise[..., None, None], (largest + alphas) / (s + alphas), 0.0)


def _correlations(
    q: torch.Tensor, d: torch.Tensor, turned: torch.Tensor, gains: torch.Tensor
) -> torch.Tensor:
    """Sum of products with the responses over the norm of the predictions, (n_inner, n_alphas, n_targets)."""
    weights = gains[:, :, :, None] * q[:, :, None, :]
    flat = weights.flatten(2)
    norm = (turned @ flat).mul_(flat).sum(1).view(weights.shape[0], *weights.shape[2:]).clamp_(min=0).sqrt_()
    r = (gains.mT @ (q * d)) / norm
    return torch.where(norm > 0, r, torch.nan)


def _of_samples(x: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """Means, products about them and the norms of the responses."""
    y_exact = y.to(x.dtype)
    x_mean, y_mean = x.mean(0), y_exact.mean(0)
    x_about, y_about = x - x_mean, y_exact - y_mean
    norms = torch.where(is_constant(y), torch.nan, y_about.square().sum(0).sqrt())
    return x_mean, y_mean, x_about.T @ x_about, x_about.T @ y_about, norms


def _pooled(parts: _Moments) -> _Moments:
    """All parts but one, for each; and all. Parts are added and none is subtracted, which would cost digits."""
    n_parts = len(parts.size)
    included = torch.ones(n_parts + 1, n_parts, dtype=parts.x.dtype, device=parts.x.device)
    included[:-1].fill_diagonal_(0)
    sizes = included * parts.size
    size = sizes.sum(1)
    x_mean, y_mean = ((sizes / size[:, None]) @ mean for mean in (parts.x, parts.y))
    x_offset, y_offset = parts.x - x_mean[:, None], parts.y - y_mean[:, None]
    weighted = x_offset.mul(sizes[:, :, None]).mT
    xx = torch.tensordot(included, parts.xx, 1).baddbmm_(weighted, x_offset)
    xy = torch.tensordot(included, parts.xy, 1).baddbmm_(weighted, y_offset)
    return _Moments(size, x_mean, y_mean, xx, xy)
