"""Linear centred kernel alignment: do two systems place the samples alike, up to rotation and scale?"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from .._arrays import Array
from ._centred_gram import (
    as_samples,
    band_groups,
    centred_features,
    gram_bands,
    inner_product_without_diagonal,
    squared_lengths,
)

__all__ = ["linear_cka"]


def linear_cka(x: Array, y: Array, *, debiased: bool = True) -> float:
    r"""Linear centred kernel alignment of two sets of responses to the same samples.

    With the Gram matrices :math:`K = XX^T` and :math:`L = YY^T` of the responses centred over samples,

    .. math:: CKA = \frac{HSIC(K, L)}{\sqrt{HSIC(K, K) \; HSIC(L, L)}}

    Debiased, HSIC is its U-statistic (Song et al. 2012, eq. 5). Up to a factor it is, for centred responses,

    .. math:: \sum_{i \ne j} K_{ij} L_{ij} - \frac{2}{n - 2} \sum_i K_{ii} L_{ii}
              + \frac{tr K \; tr L}{(n - 1)(n - 2)}

    and is 0 in expectation for independent responses, whatever the numbers of features. Biased, it is
    :math:`tr(KL)`, which tends to 1 as features outnumber samples; it is there for comparison with published
    values only.

    Whichever is the smaller is formed: products between samples (n x n) or between features.

    Parameters
    ----------
    x : array of shape (n_samples, n_features)
        Responses of one system, n_samples >= 4.
    y : array of shape (n_samples, n_other_features)
        Responses of the other system to the same samples.
    debiased : bool, default=True
        Whether the debiased estimate of HSIC is used.

    Returns
    -------
    similarity : float
        1 for the same geometry. Biased: in [0, 1]. Debiased: at most about 1, about 0 for independent
        responses and then negative half of the time; NaN where either HSIC with itself is not positive
        (noise of few samples). Not changed by rotation, by a common scale, or by a shift of either.

    Raises
    ------
    InvalidArgumentError
        If numbers of samples differ or are below 4, an entry is not finite, or all samples are equal.

    References
    ----------
    Kornblith et al. 2019, ICML, eq. 3; Song et al. 2012, JMLR 13:1393, eq. 5; Murphy, Zylberberg & Fyshe
    2024, "Correcting biased centered kernel alignment measures in biological and artificial neural networks".

    Examples
    --------
    >>> import numpy as np
    >>> x = np.random.default_rng(0).normal(size=(50, 8))
    >>> round(linear_cka(x, 3 * x[:, ::-1] + 1), 6)
    1.0
    """
    first, second = as_samples(x, y, at_least=4)
    by_features = first.shape[1] + second.shape[1] < len(first)
    products = _from_features(first, second) if by_features else _from_samples(first, second)
    hsic = products.debiased() if debiased else products.biased()
    if not (hsic[1] > 0 and hsic[2] > 0):
        return float("nan")
    return float(hsic[0] / (hsic[1] * hsic[2]).sqrt())


@dataclass(frozen=True)
class _Products:
    """Sums over i != j of K L, K K and L L, and the diagonals of K and L."""

    off_diagonal: torch.Tensor
    diagonal_x: torch.Tensor
    diagonal_y: torch.Tensor

    def _on_diagonal(self) -> torch.Tensor:
        k, m = self.diagonal_x, self.diagonal_y
        return torch.stack([k @ m, k @ k, m @ m])

    def biased(self) -> torch.Tensor:
        """tr(KL), tr(KK), tr(LL)."""
        return self.off_diagonal + self._on_diagonal()

    def debiased(self) -> torch.Tensor:
        """The three U-statistics, up to a common factor. Rows of a centred K sum to 0: K1 - diag = -diag."""
        n = len(self.diagonal_x)
        k, m = self.diagonal_x.sum(), self.diagonal_y.sum()
        traces = torch.stack([k * m, k * k, m * m])
        return self.off_diagonal - 2 / (n - 2) * self._on_diagonal() + traces / ((n - 1) * (n - 2))


def _from_samples(x: torch.Tensor, y: torch.Tensor) -> _Products:
    """Some rows of both Gram matrices at a time, so that neither is ever held whole."""
    off_diagonal = torch.zeros(3, dtype=torch.float64, device=x.device)
    diagonals = []
    for starts in band_groups(len(x)):
        k, m = gram_bands(x, starts), gram_bands(y, starts)
        pairs = ((k, m), (k, k), (m, m))
        off_diagonal += torch.stack([inner_product_without_diagonal(a, b) for a, b in pairs])
        diagonals.append(torch.stack([squared_lengths(k), squared_lengths(m)]))
    return _Products(off_diagonal, *torch.cat(diagonals, dim=1))


def _from_features(x: torch.Tensor, y: torch.Tensor) -> _Products:
    """tr(XX^T YY^T) = |X^T Y|^2, less the diagonal."""
    a, b = centred_features(x), centred_features(y)
    k, m = a.square().sum(1), b.square().sum(1)
    whole = torch.stack([(p.T @ q).square().sum() for p, q in ((a, b), (a, a), (b, b))])
    return _Products(whole - torch.stack([k @ m, k @ k, m @ m]), k, m)
