"""Procrustes shape similarity: how small the angle between two systems is at their best rotation."""

from __future__ import annotations

import math

import torch

from .._arrays import Array
from ._centred_gram import as_samples, centred_features, symmetric_gram

__all__ = ["procrustes_similarity"]


def procrustes_similarity(x: Array, y: Array) -> float:
    r"""One minus the angular Procrustes shape distance, in units of a right angle.

    Responses are centred over samples and scaled to unit Frobenius norm; the one is then rotated onto the
    other. With the nuclear norm :math:`|\cdot|_*` (sum of singular values),

    .. math:: \theta = \arccos \frac{|X^T Y|_*}{|X|_F |Y|_F}, \qquad s = 1 - \frac{2}{\pi} \theta

    :math:`\theta` is a metric (Williams et al. 2021, eq. 6); different numbers of features are as if the
    fewer were filled up with zeros.

    The best rotation also fits noise: for independent responses s is well above 0 unless samples far
    outnumber features, so compare values for equal numbers of samples and features only, or with
    a shuffle of the samples. Where that is not possible, `linear_cka` is the unbiased choice. Noise in a
    recording also lowers the similarity of equal systems: the registered metric ``procrustes-shape`` divides
    by the ceiling of split halves.

    Parameters
    ----------
    x, y : array
        As in `linear_cka`; 2 samples are enough.

    Returns
    -------
    similarity : float
        Similarity in [0, 1]; 1 for the same shape (up to the square root of rounding, about 1e-8). Not changed by
        rotation, reflection, a common scale, or a shift of either.

    Raises
    ------
    InvalidArgumentError
        If numbers of samples differ or are below 2, an entry is not finite, or all samples are equal.

    References
    ----------
    Williams, Kunz, Kornblith & Linderman 2021, NeurIPS, "Generalized shape metrics on neural
    representations".

    Examples
    --------
    >>> import numpy as np
    >>> x = np.random.default_rng(0).normal(size=(50, 8))
    >>> round(procrustes_similarity(x, 3 * x[:, ::-1] + 1), 6)
    1.0
    """
    first, second = as_samples(x, y, at_least=2)
    a, b = _compact(first), _compact(second)
    aligned = torch.linalg.svdvals(a.T @ b).sum()
    cosine = float(aligned / (torch.linalg.matrix_norm(a) * torch.linalg.matrix_norm(b)))
    return 1 - 2 / math.pi * math.acos(min(1.0, cosine))


def _compact(x: torch.Tensor) -> torch.Tensor:
    """Centred responses in no more dimensions than samples, float64; what is left out is a rotation."""
    if x.shape[1] <= len(x):
        return centred_features(x)
    values, vectors = torch.linalg.eigh(symmetric_gram(x))
    compact: torch.Tensor = vectors * values.clamp_min(0).sqrt()
    return compact
