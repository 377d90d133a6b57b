r"""The four losses over pairs of states of a batch (Schaeffer, Khona et al. 2023).

With :math:`g` a state, :math:`x` where it was reached, and pairs ordered, none of a state with itself:

.. math::

    L_{sep} &= \langle e^{-|g - g'|^2 / 2 \sigma_g^2} \rangle_{|x - x'| > \sigma_x}, \qquad
    L_{inv} = \langle |g - g'|^2 \rangle_{|x - x'| < \sigma_x}, \\
    L_{cap} &= -|\langle g \rangle|^2, \qquad
    L_{iso} = \mathrm{Var}(r) / \langle r \rangle^2, \quad r = |g_t - g_{t-1}| / |v_t|,
    \quad \sigma_x / 10 < |v_t| < \sigma_x.

Averages are over pairs or steps; whether the published code sums instead is not known to us. Published is the
variance of r alone. In 1 / m^2 it grows with the inverse square of the width of fields, and at weight 1 it
outweighs all the rest: it forbids sharp codes, and with them lattices (``docs/studies/sic-lattices.md``).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

__all__ = ["Objective", "PairTerms", "capacity", "conformal_isometry", "pair_terms"]


@dataclass(frozen=True)
class Objective:
    """Scales and weights. Weights of separation and capacity are as published; the others are ours.

    Attributes
    ----------
    sigma_x : float
        In m: nearer states are to be alike, others apart.
    sigma_g : float
        Distance of states at which they count as apart.
    separation, invariance, capacity, isometry : float
        Weights.
    relative_isometry : bool
        Whether isometry is the variance of the ratios divided by their squared mean, over steps longer than a tenth
        of `sigma_x`: a very short step says more of W(0) than of distances. Otherwise it is the variance, over all
        steps that move.
    """

    sigma_x: float = 0.05
    sigma_g: float = 0.4
    separation: float = 1.0
    invariance: float = 0.2
    capacity: float = 0.5
    isometry: float = 0.5
    relative_isometry: bool = True

    @property
    def shortest_step_m(self) -> float:
        """Length above which a step counts for isometry."""
        return self.sigma_x / 10 if self.relative_isometry else 0.0


@dataclass(frozen=True, eq=False)
class PairTerms:
    """Separation and invariance, each a scalar with gradient."""

    separation: torch.Tensor
    invariance: torch.Tensor


def pair_terms(states: torch.Tensor, positions: torch.Tensor, objective: Objective) -> PairTerms:
    """Separation and invariance over all pairs of states.

    Parameters
    ----------
    states : tensor of shape (n_states, n_units)
    positions : tensor of shape (n_states, 2)
        In m.
    objective : Objective

    Returns
    -------
    terms : PairTerms
        0 where there is no such pair.
    """
    x, y = ((axis[:, None] - axis).square() for axis in positions.T)
    across = x + y
    norms = states.square().sum(dim=-1)
    between = (norms[:, None] + norms - 2 * states @ states.T).clamp(min=0)
    apart = across > objective.sigma_x**2
    near = (across < objective.sigma_x**2).fill_diagonal_(fill_value=False)
    alike = torch.exp(between / (-2 * objective.sigma_g**2))
    return PairTerms(_mean(alike, apart), _mean(between, near))


def capacity(states: torch.Tensor) -> torch.Tensor:
    """Minus the squared norm of the mean of states (n_states, n_units)."""
    return -states.mean(dim=0).square().sum()


def conformal_isometry(
    states: torch.Tensor, displacement: torch.Tensor, objective: Objective
) -> torch.Tensor:
    """Variance of neural over spatial distance, relative to the squared mean, over the steps shorter than sigma_x.

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
        Without unit, or in 1 / m^2 where the objective's isometry is not relative; 0 where no step is short
        enough, and where no state moves.
    """
    length = displacement.norm(dim=-1)
    short = (length > objective.shortest_step_m) & (length < objective.sigma_x)
    if not short.any():
        return states.new_zeros(())
    ratio = torch.linalg.vector_norm(states.diff(dim=1)[short], dim=-1) / length[short]
    variance: torch.Tensor = ratio.var(correction=0)
    if objective.relative_isometry:
        variance = variance / ratio.mean().square().clamp(min=torch.finfo(ratio.dtype).tiny)
    return variance


def _mean(values: torch.Tensor, chosen: torch.Tensor) -> torch.Tensor:
    """Mean of the chosen values; 0 without any."""
    return torch.where(chosen, values, 0).sum() / chosen.sum().to(values.dtype).clamp(min=1)
