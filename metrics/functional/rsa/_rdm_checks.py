"""Checks that all functions on condensed RDMs share."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from ....core.errors import InvalidArgumentError
from .._arrays import Array, as_tensor, check_same_length

__all__ = ["as_rdms", "check_method", "n_states_of", "pair_states"]


def as_rdms(name: str, value: Array) -> torch.Tensor:
    """A stack of condensed RDMs, (k, n_pairs); one vector makes a stack of one, a square RDM is refused."""
    vectors = as_tensor(name, value, ndim=(1, 2)).detach()
    vectors = vectors if vectors.ndim == 2 else vectors[None]
    if vectors.shape[1] < 2:
        raise InvalidArgumentError(
            f"The '{name}' parameter", got=f"{vectors.shape[1]} pairs", needed="of at least 2 pairs"
        )
    if _is_square_rdm(vectors):
        raise InvalidArgumentError(
            f"The '{name}' parameter",
            got=f"one square RDM of {len(vectors)} states",
            needed="condensed: a vector of pairs, or a row of pairs for each RDM",
            hint="Give the upper triangle, as scipy.spatial.distance.squareform does.",
        )
    return vectors


def _is_square_rdm(rows: torch.Tensor) -> bool:
    """Whether what was given as a stack of RDMs is one with both of its triangles."""
    if len(rows) != rows.shape[1] or not bool(rows.any()):
        return False
    rounding = 1e-6 * float(rows.abs().amax())
    on_diagonal = float(rows.diagonal().abs().amax())
    return on_diagonal <= rounding and float((rows - rows.T).abs().amax()) <= rounding


def check_pairs_agree(names: tuple[str, str], a: torch.Tensor, b: torch.Tensor) -> None:
    """Refuse two stacks of RDMs over different numbers of pairs."""
    check_same_length(names, (a.shape[-1], b.shape[-1]), "pairs")


def check_method(method: str, allowed: Sequence[str]) -> None:
    """Refuse a comparison method that is not among those allowed."""
    if method not in allowed:
        raise InvalidArgumentError(
            "The 'method' parameter", got=repr(method), needed=f"one of {', '.join(allowed)}"
        )


def n_states_of(name: str, n_pairs: int) -> int:
    """Number of states from the number of their pairs."""
    n_states = int((1 + (1 + 8 * n_pairs) ** 0.5) / 2 + 0.5)
    if n_states * (n_states - 1) // 2 != n_pairs:
        raise InvalidArgumentError(
            f"The '{name}' parameter",
            got=f"{n_pairs} pairs",
            needed="of n (n - 1) / 2 pairs for a whole number n of states",
        )
    return n_states


def pair_states(n_states: int, device: torch.device) -> torch.Tensor:
    """The two states of each pair, (2, n_pairs), in scipy's order."""
    return torch.triu_indices(n_states, n_states, 1, device=device)
