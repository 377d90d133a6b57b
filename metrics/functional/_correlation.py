"""Pearson correlation of columns, with the rule for columns that do not vary."""

from __future__ import annotations

import torch

from ._scale import ordinary


def centred(columns: torch.Tensor) -> torch.Tensor:
    """Subtract each column's mean over the samples (the last dimension but one)."""
    return columns - columns.mean(dim=-2, keepdim=True)


def is_constant(columns: torch.Tensor) -> torch.Tensor:
    """Mask of the columns that have one value only, over the samples (the last dimension but one)."""
    return columns.amax(dim=-2) == columns.amin(dim=-2)


def column_correlation(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Pearson r of each column of `a` with the same column of `b`, summed in float64.

    Parameters
    ----------
    a, b : tensor of shape (..., n_samples, n_columns)

    Returns
    -------
    r : tensor of shape (..., n_columns)
        float64 in [-1, 1]; NaN where a column does not vary beyond rounding, exactly 0 where two do not vary
        together beyond it: the sign of rounding means nothing.
    """
    a, b = ordinary(a, dim=-2), ordinary(b, dim=-2)
    da, db = centred(a.double()), centred(b.double())
    product = (da * db).sum(-2)
    norm_a, norm_b = da.square().sum(-2).sqrt(), db.square().sum(-2).sqrt()
    flat = _is_flat(a, norm_a) | _is_flat(b, norm_b)
    r = (product / (norm_a * norm_b)).clamp(-1.0, 1.0)
    r = torch.where(r.abs() > 4 * torch.finfo(a.dtype).eps, r, 0.0)
    return torch.where(flat, torch.nan, r)


def is_flat(columns: torch.Tensor) -> torch.Tensor:
    """Mask of the columns that do not vary over the samples beyond the rounding of their mean."""
    return _is_flat(columns, centred(columns.double()).square().sum(-2).sqrt())


def _is_flat(columns: torch.Tensor, norm: torch.Tensor) -> torch.Tensor:
    # What is left of a constant column after centring is its rounding: about eps times its size.
    rounding = 4 * torch.finfo(columns.dtype).eps * columns.double().square().sum(-2).sqrt()
    return is_constant(columns) | (norm <= rounding)
