"""Split halves of trials: correlations of half averages for any number of splits from one Gram matrix.

The average of a half is linear in the trials, so with G the inner products of the centred trials of a target
and u, v the weights of the two halves, r = u'Gv / sqrt(u'Gu v'Gv). The cost of the samples is paid once,
whatever the number of splits.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch

from ._correlation import centred
from ._splits import check_integer, portions

_BYTES_AT_ONCE = 64 * 2**20
# Products that cancel leave their rounding behind: so many eps of the largest trial's sum of squares.
_CANCELLED = 64


@dataclass(frozen=True, eq=False)
class Halves:
    """Weights of the trials in the two half averages of each split; each tensor (n_splits, n_trials)."""

    first: torch.Tensor
    second: torch.Tensor

    def __len__(self) -> int:
        return len(self.first)

    @cached_property
    def products(self) -> torch.Tensor:
        """Weights of a Gram matrix's entries in u'Gv, u'Gu and v'Gv, (n_trials ** 2, 3 n_splits)."""
        pairs = ((self.first, self.second), (self.first, self.first), (self.second, self.second))
        return torch.cat([(u[:, :, None] * v[:, None, :]).flatten(1) for u, v in pairs]).T.contiguous()


def random_halves(n_trials: int, n_splits: int, seed: int, device: torch.device) -> Halves:
    """Random halves: floor(n_trials / 2) trials and the rest."""
    n_splits = check_integer("n_splits", n_splits, least=1)
    rng = np.random.default_rng((check_integer("seed", seed, least=0), 7))
    order = rng.permuted(np.tile(np.arange(n_trials), (n_splits, 1)), axis=1)
    in_first = np.zeros((n_splits, n_trials))
    np.put_along_axis(in_first, order[:, : n_trials // 2], 1.0, axis=1)
    return Halves(_averaging(in_first, device), _averaging(1 - in_first, device))


def fixed_halves(device: torch.device) -> Halves:
    """The one split of two 'trials' that are half averages already."""
    both = torch.eye(2, dtype=torch.float64, device=device)
    return Halves(both[:1], both[1:])


def targets_in_portions(trials: torch.Tensor) -> Iterator[slice]:
    """Slices of the targets of trials (n_trials, n_samples, n_targets), so that float64 copies stay small."""
    return portions(trials.shape[2], max(1, _BYTES_AT_ONCE // (8 * trials[..., 0].numel())))


def trial_gram(trials: torch.Tensor) -> torch.Tensor:
    """Inner products of the trials about their means over samples, per target.

    Parameters
    ----------
    trials : tensor of shape (n_trials, n_samples, n_targets)

    Returns
    -------
    gram : tensor of shape (n_targets, n_trials, n_trials)
    """
    # From its first sample a trial that does not vary is exactly zero, and stays so when it is centred.
    return gram_by_target(centred(trials - trials[:, :1]).permute(2, 0, 1).contiguous())


def gram_by_target(trials: torch.Tensor) -> torch.Tensor:
    """See `trial_gram`; `trials` is (n_targets, n_trials, n_samples), centred over samples."""
    return trials @ trials.mT


def half_correlations(gram: torch.Tensor, halves: Halves) -> torch.Tensor:
    """Pearson r of the two half averages, per target and split; NaN where a half does not vary.

    Parameters
    ----------
    gram : tensor of shape (n_targets, n_trials, n_trials)
        See `trial_gram`.
    halves : Halves

    Returns
    -------
    r : tensor of shape (n_targets, n_splits)
        Exactly 0 where the halves are uncorrelated up to rounding: the sign of rounding means nothing.
    """
    across, of_first, of_second = (gram.double().flatten(1) @ halves.products).chunk(3, dim=1)
    rounding = _CANCELLED * torch.finfo(gram.dtype).eps * gram.diagonal(dim1=1, dim2=2).amax(1, keepdim=True)
    varies = torch.minimum(of_first, of_second) > rounding
    across = torch.where(across.abs() > rounding, across, 0.0)
    r = (across / (of_first * of_second).clamp(min=0).sqrt()).clamp(-1.0, 1.0)
    return torch.where(varies, r, torch.nan)


def corrected_to_full_length(r: torch.Tensor) -> torch.Tensor:
    """Spearman-Brown: 2 r / (1 + r); NaN for r of -1 or less."""
    return torch.where(r > -1, 2 * r / (1 + r), torch.nan)


def _averaging(
    chosen: np.ndarray[tuple[int, ...], np.dtype[np.float64]], device: torch.device
) -> torch.Tensor:
    return torch.from_numpy(chosen / chosen.sum(1, keepdims=True)).to(device)
