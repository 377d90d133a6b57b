r"""The four losses over all pairs of states of a batch (Schaeffer, Khona et al. 2023).

With :math:`g` a state, :math:`x` where it was reached, and pairs ordered, none of a state with itself:

.. math::

    L_{sep} &= \langle e^{-|g - g'|^2 / 2 \sigma_g^2} \rangle_{|x - x'| > \sigma_x}, \qquad
    L_{inv} = \langle |g - g'|^2 \rangle_{|x - x'| < \sigma_x}, \\
    L_{cap} &= -|\langle g \rangle|^2, \qquad
    L_{iso} = \mathrm{Var}_{0 < |v_t| < \sigma_x} (|g_t - g_{t-1}| / |v_t|).

Averages are over pairs or steps; whether the published code sums instead is not known to us.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.utils.checkpoint import checkpoint

__all__ = ["Objective", "PairTerms", "capacity", "conformal_isometry", "pair_terms"]


@dataclass(frozen=True)
class Objective:
    """Scales and weights. Those of `isometry` are not given; 1 is ours, the others are as published.

    Attributes
    ----------
    sigma_x : float
        In m: nearer states are to be alike, others apart.
    sigma_g : float
        Distance of states at which they count as apart.
    separation, invariance, capacity, isometry : float
        Weights.
    """

    sigma_x: float = 0.05
    sigma_g: float = 0.4
    separation: float = 1.0
    invariance: float = 0.1
    capacity: float = 0.5
    isometry: float = 1.0


@dataclass(frozen=True, eq=False)
class PairTerms:
    """Separation and invariance, each a scalar with gradient."""

    separation: torch.Tensor
    invariance: torch.Tensor


def pair_terms(
    states: torch.Tensor, positions: torch.Tensor, objective: Objective, *, block: int = 1024
) -> PairTerms:
    """Separation and invariance over all pairs of states.

    Parameters
    ----------
    states : tensor of shape (n_states, n_units)
    positions : tensor of shape (n_states, 2)
        In m.
    objective : Objective
    block : int
        Rows of the matrix of pairs at a time. More than one block are computed again for the gradient, so
        that memory grows with ``block * n_states``.

    Returns
    -------
    terms : PairTerms
        0 where there is no such pair.
    """
    parts = []
    for start in range(0, len(states), block):
        arguments = (states, positions, start, min(start + block, len(states)), objective)
        parts.append(
            _block_sums(*arguments)
            if len(states) <= block
            else checkpoint(_block_sums, *arguments, use_reentrant=False)
        )
    apart, n_apart, near, n_near = torch.stack(parts).sum(dim=0)
    return PairTerms(apart / n_apart.clamp(min=1), near / n_near.clamp(min=1))


def capacity(states: torch.Tensor) -> torch.Tensor:
    """Minus the squared norm of the mean of states (n_states, n_units)."""
    return -states.mean(dim=0).square().sum()


def conformal_isometry(
    states: torch.Tensor, displacement: torch.Tensor, objective: Objective
) -> torch.Tensor:
    """Variance of neural over spatial distance, over the steps shorter than sigma_x.

    Parameters
    ----------
    states : tensor of shape (n_paths, n_steps + 1, n_units)
        The start first.
    displacement : tensor of shape (n_paths, n_steps, 2)
        In m.
    objective : Objective

    Returns
    -------
    variance : scalar tensor
        In 1 / m^2; 0 where no step is short enough.
    """
    length = displacement.norm(dim=-1)
    short = (length > 0) & (length < objective.sigma_x)
    if not short.any():
        return states.new_zeros(())
    moved = torch.linalg.vector_norm(states.diff(dim=1)[short], dim=-1)
    variance: torch.Tensor = (moved / length[short]).var(correction=0)
    return variance


def _block_sums(
    states: torch.Tensor, positions: torch.Tensor, start: int, stop: int, objective: Objective
) -> torch.Tensor:
    """Sum and number of separation, and of invariance, over pairs of rows start..stop with all states, (4,)."""
    rows = slice(start, stop)
    across = (positions[rows, None] - positions).square().sum(dim=-1)
    norms = states.square().sum(dim=-1)
    between = (norms[rows, None] + norms - 2 * states[rows] @ states.T).clamp(min=0)
    near = across < objective.sigma_x**2
    near[torch.arange(stop - start), torch.arange(start, stop)] = False
    apart = across > objective.sigma_x**2
    alike = torch.exp(between / (-2 * objective.sigma_g**2))
    sums = (torch.where(apart, alike, 0).sum(), apart.sum(), torch.where(near, between, 0).sum(), near.sum())
    return torch.stack([one.to(states.dtype) for one in sums])
