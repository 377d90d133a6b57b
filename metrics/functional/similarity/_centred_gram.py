"""Inner products between samples, or between features, of responses centred over samples."""

from __future__ import annotations

import torch

from ....core.errors import InvalidArgumentError
from .._arrays import Array, as_tensor, check_same_length
from .._scale import ordinary

__all__ = [
    "as_samples",
    "band_groups",
    "centred_features",
    "gram_bands",
    "inner_product_without_diagonal",
    "squared_lengths",
    "symmetric_gram",
]

_BAND_ROWS = 256
_FEATURES_AT_ONCE = 512


def as_samples(x: Array, y: Array, *, at_least: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Two checked sets of responses to the same samples, brought to an ordinary size."""
    first, second = as_tensor("x", x, ndim=2).detach(), as_tensor("y", y, ndim=2).detach()
    check_same_length(("x", "y"), (len(first), len(second)), "samples")
    if len(first) < at_least:
        raise InvalidArgumentError(
            "The 'x' and 'y' parameters",
            got=f"{len(first)} samples",
            needed=f"of at least {at_least} samples",
        )
    for name, value in (("x", first), ("y", second)):
        _check_varies(name, value)
    # The metrics of whole representations do not depend on the unit of either.
    return ordinary(first, dim=(0, 1)), ordinary(second, dim=(0, 1))


def _check_varies(name: str, x: torch.Tensor) -> None:
    # Row by row: as a rule the second already differs, and a whole comparison would take a quarter of x.
    if not any(bool((row != x[0]).any()) for row in x[1:]):
        raise InvalidArgumentError(
            f"The '{name}' parameter",
            got=f"constant over all {len(x)} samples",
            needed="a response that varies over samples",
        )


def band_groups(n_samples: int) -> list[list[int]]:
    """First rows of bands, in a few groups of bands that together hold an eighth of a Gram matrix each."""
    groups: list[list[int]] = [[]]
    held = 0
    for start in range(0, n_samples, _BAND_ROWS):
        size = min(_BAND_ROWS, n_samples - start) * (n_samples - start)
        if groups[-1] and held + size > n_samples**2 // 8:
            groups.append([])
            held = 0
        groups[-1].append(start)
        held += size
    return groups


def gram_bands(x: torch.Tensor, starts: list[int]) -> list[torch.Tensor]:
    """Bands ``K[start:stop, start:]`` of the centred Gram matrix, K = X X^T, from some features at a time."""
    bands = [x.new_zeros((min(_BAND_ROWS, len(x) - start), len(x) - start)) for start in starts]
    for first in range(0, x.shape[1], _FEATURES_AT_ONCE):
        chunk = _centred(x[:, first : first + _FEATURES_AT_ONCE])[starts[0] :]
        for start, band in zip(starts, bands, strict=True):
            rows = chunk[start - starts[0] :]
            band.addmm_(rows[:_BAND_ROWS], rows.T)
    return bands


def _centred(x: torch.Tensor) -> torch.Tensor:
    centred = x - x.mean(dim=0)
    # Once more, since the mean of features of large mean and small spread is rounded.
    return centred.sub_(centred.mean(dim=0))


def centred_features(x: torch.Tensor) -> torch.Tensor:
    """Responses centred over samples, float64."""
    return _centred(x.double())


def squared_lengths(bands: list[torch.Tensor]) -> torch.Tensor:
    """The diagonal of a Gram matrix, float64."""
    return torch.cat([band.diagonal().double() for band in bands])


def inner_product_without_diagonal(a: list[torch.Tensor], b: list[torch.Tensor]) -> torch.Tensor:
    """Sum over i != j of A_ij B_ij of two Gram matrices, in float64."""
    total = torch.zeros((), dtype=torch.float64, device=a[0].device)
    for first, second in zip(a, b, strict=True):
        total += 2 * (first.double() * second).triu_(1).sum()
    return total


def symmetric_gram(x: torch.Tensor) -> torch.Tensor:
    """The whole centred Gram matrix, float64."""
    gram = torch.zeros(len(x), len(x), dtype=torch.float64, device=x.device)
    for starts in band_groups(len(x)):
        for start, band in zip(starts, gram_bands(x, starts), strict=True):
            gram[start : start + len(band), start:] = band
    return gram.triu() + gram.triu(1).T
