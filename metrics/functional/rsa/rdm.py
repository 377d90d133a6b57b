"""Representational dissimilarity matrices: the distance between every two states of a system."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import torch

from ....core.errors import InvalidArgumentError
from .._arrays import Array, as_tensor, like
from .._scale import in_unit_of, ordinary, ordinary_with_exponent
from ._gram import condense, n_pairs_of, upper_bands

__all__ = ["RDM_DISTANCES", "rdm"]

#: The distances that `rdm` knows.
RDM_DISTANCES: Final = ("correlation", "euclidean", "sqeuclidean", "cosine", "mahalanobis", "crossnobis")

# Squared distances below this share of the squared lengths have lost half of their digits to cancellation.
_CANCELLED = 1e-7
_REFINED_PAIRS = 4096


def rdm(x: Array, *, distance: str = "correlation", noise_precision: Array | None = None) -> Array:
    r"""Distances between all pairs of states, condensed in scipy's order of pairs.

    ============  =======================================================  ===================
    distance      between states a and b                                   range
    ============  =======================================================  ===================
    correlation   :math:`1 - r(a, b)`, Pearson over features               [0, 2]
    cosine        :math:`1 - a \cdot b / (|a| |b|)`                        [0, 2]
    euclidean     :math:`|a - b|`                                          >= 0, units of `x`
    sqeuclidean   :math:`|a - b|^2`                                        >= 0, squared units
    mahalanobis   :math:`\sqrt{(a-b)^T P (a-b)}`                           >= 0
    crossnobis    :math:`(a_i-b_i)^T P (a_j-b_j)`, mean over folds i != j  real, 0 for no difference
    ============  =======================================================  ===================

    The first five are those of :func:`scipy.spatial.distance.pdist`. Nothing is divided by the number of
    features: rsatoolbox's 'euclidean', 'mahalanobis' and 'crossnobis' are the *squared* distances divided
    by the number of features, so its 'euclidean' is ``sqeuclidean / n_features`` here.

    Parameters
    ----------
    x : array of shape (n_states, n_features) or (k, n_states, n_features)
        Patterns, or a stack of k sets of patterns. For ``"crossnobis"`` there is one axis more, of
        independent measurements (folds), before the states: (n_folds, n_states, n_features) or
        (k, n_folds, n_states, n_features), n_folds >= 2.
    distance : str, default="correlation"
        One of :data:`RDM_DISTANCES`.
    noise_precision : array of shape (n_features, n_features), optional
        Inverse P of the residual covariance, symmetric positive definite; for ``"mahalanobis"`` and
        ``"crossnobis"`` only. Without it P is the identity.

    Returns
    -------
    dissimilarities : array of shape (n_pairs,) or (k, n_pairs)
        n_pairs = n_states (n_states - 1) / 2, pairs in the order (0, 1), (0, 2), ..., (1, 2), ...; of the
        kind and dtype of `x`. Products are computed in the dtype of `x` for correlation and cosine
        (float32 in: absolute error about 1e-6), in float64 otherwise.

    Raises
    ------
    InvalidArgumentError
        If `x` has fewer than two states, non-finite entries, or states for which the distance is not
        defined: constant over features (correlation) or all zero (cosine). There is no silent NaN. Also if
        distances are beyond the range of the dtype of `x`.

    References
    ----------
    Kriegeskorte, Mur & Bandettini 2008, Front. Syst. Neurosci. 2:4. Crossnobis: Walther et al. 2016,
    NeuroImage 137:188, eq. 5.

    Examples
    --------
    >>> import numpy as np
    >>> rdm(np.array([[0.0, 0.0], [3.0, 4.0], [0.0, 1.0]]), distance="euclidean")
    array([5.        , 1.        , 4.24264069])
    """
    _check_distance(distance, noise_precision)
    n_axes = 3 if distance == "crossnobis" else 2
    states = as_tensor("x", x, ndim=(n_axes, n_axes + 1)).detach()
    _check_counts(states, distance)
    precision = _as_precision(noise_precision, states)
    stack = states if states.ndim > n_axes else states[None]
    out = states.new_empty((len(stack), n_pairs_of(stack.shape[-2])))
    for patterns, row in zip(stack, out, strict=True):
        if distance in _UNITS:
            _write_with_unit(patterns, precision, row, distance)
        else:
            _WRITERS[distance](ordinary(patterns, dim=1), precision, row)
    return like(out if states.ndim > n_axes else out[0], x)


def _write_with_unit(
    x: torch.Tensor, precision: torch.Tensor | None, out: torch.Tensor, distance: str
) -> None:
    """Distances of patterns of ordinary size, in the unit of the patterns as given."""
    scaled, exponent = ordinary_with_exponent(x, dim=tuple(range(x.ndim)))
    _WRITERS[distance](scaled, precision, out)
    if not bool(exponent.any()):
        return
    varied = bool(out.any())
    out.copy_(in_unit_of(out, exponent.flatten(), power=_UNITS[distance]))
    largest = out.abs().amax()
    if bool(largest.isinf()) or (varied and bool(largest < torch.finfo(out.dtype).tiny)):
        raise InvalidArgumentError(
            "The 'x' parameter",
            got=f"values of a size of 2^{int(exponent)}",
            needed=f"of a scale at which {str(out.dtype).removeprefix('torch.')} holds {distance} distances",
            hint="Divide 'x' by its size first, or give it as float64.",
        )


def _write_correlation(x: torch.Tensor, _: torch.Tensor | None, out: torch.Tensor) -> None:
    centred = x - x.mean(dim=1, keepdim=True)
    # Once more, since the mean of states of large mean and small spread is rounded.
    centred -= centred.mean(dim=1, keepdim=True)
    lengths = torch.linalg.vector_norm(centred, dim=1)
    floor = 16 * torch.finfo(x.dtype).eps * torch.linalg.vector_norm(x, dim=1)
    _check_defined(lengths > floor, "correlation", "constant over features")
    _write_one_minus(centred.div_(lengths[:, None]), out)


def _write_cosine(x: torch.Tensor, _: torch.Tensor | None, out: torch.Tensor) -> None:
    lengths = torch.linalg.vector_norm(x, dim=1)
    _check_defined(lengths > 0, "cosine", "zero in every feature")
    _write_one_minus(x / lengths[:, None], out)


def _write_one_minus(units: torch.Tensor, out: torch.Tensor) -> None:
    for start, band in upper_bands(units):
        condense(band.neg_().add_(1).clamp_(0, 2), start, len(units), out)


def _write_sqeuclidean(x: torch.Tensor, _: torch.Tensor | None, out: torch.Tensor) -> None:
    # Distances do not see a common shift; without it less is lost to cancellation.
    centred = x.double() - x.mean(dim=0, dtype=torch.float64)
    squared = centred.square().sum(1)
    kinds: torch.Tensor | None = None
    for start, band in upper_bands(centred):
        scale = squared[start : start + len(band), None] + squared[start:]
        band.mul_(-2).add_(scale)
        spoilt = torch.triu(band <= _CANCELLED * scale, diagonal=1)
        if bool(spoilt.any()):
            kinds = _equal_rows(centred) if kinds is None else kinds
            _refine(band, spoilt, centred, kinds, start)
        condense(band, start, len(x), out)


def _refine(
    band: torch.Tensor, spoilt: torch.Tensor, x: torch.Tensor, kinds: torch.Tensor, start: int
) -> None:
    """Recompute from the differences the squared distances that cancellation has spoilt."""
    equal = kinds[start : start + len(band), None] == kinds[start:]
    band[spoilt & equal] = 0.0
    left, right = torch.nonzero(spoilt & ~equal, as_tuple=True)
    for first in range(0, len(left), _REFINED_PAIRS):
        rows, columns = left[first : first + _REFINED_PAIRS], right[first : first + _REFINED_PAIRS]
        band[rows, columns] = (x[start + rows] - x[start + columns]).square().sum(1)


def _equal_rows(x: torch.Tensor) -> torch.Tensor:
    """A number for each row, the same for rows of the same bits: many states of a model can be one and the same."""
    seen: dict[bytes, int] = {}
    kinds = [seen.setdefault(row.tobytes(), len(seen)) for row in x.detach().cpu().numpy()]
    return torch.tensor(kinds, device=x.device)


def _write_euclidean(x: torch.Tensor, _: torch.Tensor | None, out: torch.Tensor) -> None:
    _write_sqeuclidean(x, None, out)
    out.sqrt_()


def _write_mahalanobis(x: torch.Tensor, precision: torch.Tensor | None, out: torch.Tensor) -> None:
    _write_euclidean(_whiten(x, precision), None, out)


def _write_crossnobis(x: torch.Tensor, precision: torch.Tensor | None, out: torch.Tensor) -> None:
    # The mean over ordered pairs of different folds is that of the sum over folds with itself, less each
    # fold with itself.
    folds = _whiten(x, precision)
    folds = folds - folds.mean(dim=1, keepdim=True)
    total = torch.zeros(out.shape, dtype=torch.float64, device=out.device)
    part = torch.empty_like(total)
    _write_sqeuclidean(folds.sum(0), None, total)
    for fold in folds:
        _write_sqeuclidean(fold, None, part)
        total -= part
    out.copy_(total / (len(folds) * (len(folds) - 1)))


def _whiten(x: torch.Tensor, precision: torch.Tensor | None) -> torch.Tensor:
    """Features in which the noise is white: x L with L L^T the precision."""
    return x.double() if precision is None else x.double() @ torch.linalg.cholesky(precision)


_WRITERS: Final[dict[str, Callable[[torch.Tensor, torch.Tensor | None, torch.Tensor], None]]] = {
    "correlation": _write_correlation,
    "cosine": _write_cosine,
    "euclidean": _write_euclidean,
    "sqeuclidean": _write_sqeuclidean,
    "mahalanobis": _write_mahalanobis,
    "crossnobis": _write_crossnobis,
}


# The power of the unit of `x` in distances that have one.
_UNITS: Final = {"euclidean": 1, "sqeuclidean": 2, "mahalanobis": 1, "crossnobis": 2}


def _check_distance(distance: str, noise_precision: Array | None) -> None:
    if distance not in RDM_DISTANCES:
        raise InvalidArgumentError(
            "The 'distance' parameter", got=repr(distance), needed=f"one of {', '.join(RDM_DISTANCES)}"
        )
    if noise_precision is not None and distance not in ("mahalanobis", "crossnobis"):
        raise InvalidArgumentError(
            "The 'noise_precision' parameter",
            got=f"given with distance {distance!r}",
            needed="given with 'mahalanobis' or 'crossnobis' only",
        )


def _check_counts(x: torch.Tensor, distance: str) -> None:
    if x.shape[-2] < 2:
        raise InvalidArgumentError("The 'x' parameter", got="1 state", needed="of at least 2 states")
    if distance == "correlation" and x.shape[-1] < 2:
        raise InvalidArgumentError("The 'x' parameter", got="1 feature", needed="of at least 2 features")
    if distance == "crossnobis" and x.shape[-3] < 2:
        raise InvalidArgumentError("The 'x' parameter", got="1 fold", needed="of at least 2 folds")


def _as_precision(value: Array | None, x: torch.Tensor) -> torch.Tensor | None:
    if value is None:
        return None
    precision = as_tensor("noise_precision", value, ndim=2).detach().to(x.device, torch.float64)
    wanted = (x.shape[-1], x.shape[-1])
    if tuple(precision.shape) != wanted:
        raise InvalidArgumentError(
            "The 'noise_precision' parameter",
            got=f"shape {tuple(precision.shape)}",
            needed=f"of shape {wanted}",
        )
    symmetric = torch.allclose(precision, precision.T, rtol=1e-5, atol=1e-8 * float(precision.abs().max()))
    if not symmetric or int(torch.linalg.cholesky_ex(precision).info) != 0:
        raise InvalidArgumentError(
            "The 'noise_precision' parameter",
            got="a matrix that is not" if symmetric else "an asymmetric matrix",
            needed="symmetric and positive definite",
            hint="Shrink the residual covariance before inverting it.",
        )
    return precision


def _check_defined(defined: torch.Tensor, distance: str, what: str) -> None:
    if bool(defined.all()):
        return
    bad = torch.nonzero(~defined)[:, 0]
    raise InvalidArgumentError(
        "The 'x' parameter",
        got=f"{len(bad)} of {len(defined)} states {what} (the first is state {int(bad[0])})",
        needed=f"of states whose {distance} distance is defined",
        hint="Leave these states out, or take the euclidean distance.",
    )
