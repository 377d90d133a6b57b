"""Noise ceilings and the noise correction of representational similarity.

The metric of published dissimilarities takes its ceiling from here; that of recorded trials from the likeness of
their halves (``metrics/split_half_ceiling.py``).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from ....core.errors import InvalidArgumentError
from .._arrays import Array
from .._scale import ordinary
from ..statistics.reliability import spearman_brown
from ._rank import each_row, midranks
from ._rdm_checks import as_rdms, check_method, check_pairs_agree
from .compare_rdms import RDM_COMPARISONS, compare_rdms, compare_stacks, partial_compare_rdms

__all__ = ["NoiseCorrectedRsa", "RsaCeiling", "noise_corrected_rsa", "rsa_noise_ceiling"]


@dataclass(frozen=True)
class RsaCeiling:
    """Bounds of the score that the true model would get.

    Parameters
    ----------
    lower : float
        Mean similarity of each RDM with the pool of the others.
    upper : float
        Mean similarity of each RDM with the pool of all.
    """

    lower: float
    upper: float


@dataclass(frozen=True)
class NoiseCorrectedRsa:
    """A model's similarity to the brain, raw and corrected for the noise of the recording.

    Parameters
    ----------
    raw : float or array of shape (n_models,)
        Similarity of the model's RDM with that of the average of all trials.
    reliability : float
        Spearman-Brown corrected similarity of the RDMs of the two halves of trials.
    score : float or array of shape (n_models,)
        ``raw / sqrt(reliability)``; NaN where the reliability is not positive. May exceed 1; never clipped.
    """

    raw: float | Array
    reliability: float
    score: float | Array


def rsa_noise_ceiling(rdms: Array, *, method: str = "pearson") -> RsaCeiling:
    """Lower and upper bound on the mean similarity of the true model with several measured RDMs.

    Each RDM is brought to a common scale before RDMs are averaged, as the comparison itself does:

    - pearson, whitened-pearson: mean 0 and standard deviation 1 over pairs;
    - cosine, whitened-cosine: root mean square 1 over pairs;
    - spearman, rho-a, tau-a: midranks.

    The pool is then compared with each RDM by `method`, and the similarities are averaged over RDMs. This is
    rsatoolbox's ``boot_noise_ceiling``. The pool maximises the mean of Pearson, Spearman, rho-a and cosine
    over all RDMs, so no model exceeds the upper bound; for tau-a and the whitened methods that holds only
    nearly.

    Parameters
    ----------
    rdms : array of shape (n_rdms, n_pairs)
        Condensed RDMs of the same states, one per subject, n_rdms >= 2.
    method : str, default="pearson"
        One of :data:`~innerscore.metrics.functional.rsa.compare_rdms.RDM_COMPARISONS`.

    Returns
    -------
    ceiling : RsaCeiling
        Both in [-1, 1].

    Raises
    ------
    InvalidArgumentError
        If there are fewer than two RDMs, one of them is constant, or an entry is not finite.

    References
    ----------
    Nili et al. 2014, PLoS Comput. Biol. 10:e1003553, "Estimating the noise ceiling".

    Examples
    --------
    >>> import numpy as np
    >>> rdms = np.array([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0], [2.0, 4.0, 6.0]])
    >>> round(rsa_noise_ceiling(rdms).lower, 6)
    1.0
    """
    check_method(method, RDM_COMPARISONS)
    stack = as_rdms("rdms", rdms)
    check_several(stack)
    lower, upper = ceiling_bounds(
        stack, method, torch.ones(len(stack), dtype=torch.float64, device=stack.device)
    )
    return RsaCeiling(float(lower), float(upper))


def check_several(rdms: torch.Tensor) -> None:
    """Refuse a stack of fewer than two RDMs, or one that holds a constant RDM."""
    if len(rdms) < 2:
        raise InvalidArgumentError("The 'rdms' parameter", got="1 RDM", needed="of at least 2 RDMs")
    constant = (rdms == rdms[:, :1]).all(dim=1)
    if bool(constant.any()):
        raise InvalidArgumentError(
            "The 'rdms' parameter",
            got=f"{int(constant.sum())} of {len(rdms)} RDMs constant over pairs",
            needed="of RDMs that vary over pairs",
        )


def ceiling_bounds(rdms: torch.Tensor, method: str, counts: torch.Tensor) -> torch.Tensor:
    """Lower and upper bound of a checked stack in which each RDM occurs `counts` times; NaN for one RDM."""
    scaled = commensurate(rdms, method) * counts[:, None]
    total = scaled.sum(0)
    with_all = compare_stacks(total[None], rdms, method)[0]
    with_others = torch.full_like(with_all, torch.nan)
    if len(rdms) > 1:
        rest = [
            compare_stacks((total - own)[None], rdm[None], method)[0, 0]
            for own, rdm in zip(scaled, rdms, strict=True)
        ]
        with_others = torch.stack(rest)
    shares = counts / counts.sum()
    return torch.stack([(with_others * shares).sum(), (with_all * shares).sum()])


def commensurate(rdms: torch.Tensor, method: str) -> torch.Tensor:
    """RDMs on the common scale on which a method averages them, float64."""
    if method in ("spearman", "rho-a", "tau-a"):
        return torch.stack(each_row(midranks, rdms))
    values = ordinary(rdms.double(), dim=1)
    if method in ("pearson", "whitened-pearson"):
        values = values - values.mean(1, keepdim=True)
    return values / values.square().mean(1, keepdim=True).sqrt()


def noise_corrected_rsa(
    model_rdm: Array,
    brain_rdm: Array,
    half_1: Array,
    half_2: Array,
    *,
    method: str = "pearson",
    nuisance: Array | None = None,
) -> NoiseCorrectedRsa:
    r"""Similarity of a model with the brain, divided by the brain's noise ceiling.

    .. math:: \frac{r(d_X, d_M)}{\sqrt{SB(r(d_{X1}, d_{X2})) \; SB(r_{MM})}}, \quad r_{MM} = 1

    with :math:`d_X` from the average of all trials, :math:`d_{X1}, d_{X2}` from the averages of the two
    halves and Spearman-Brown's ``SB(r) = 2r / (1 + r)``. With `nuisance`, it is regressed out of all four
    RDMs (with an intercept) before they are correlated.

    Spearman-Brown's formula holds for averages, but the RDM of averaged trials is no average of RDMs: the
    part of a distance's noise that is quadratic in the trials' noise falls fourfold, not twofold, from half
    to all of the trials. Where that part rules, the score of even the true model exceeds 1 (simulated, 40
    features: 1.00 with noise of a quarter of the signal, 1.12 with noise as large as the signal).

    Parameters
    ----------
    model_rdm : array of shape (n_pairs,) or (n_models, n_pairs)
        Condensed RDMs of models.
    brain_rdm : array of shape (n_pairs,)
        RDM of the average of all trials.
    half_1, half_2 : array of shape (n_pairs,)
        RDMs of the averages of the two halves of the trials.
    method : str, default="pearson"
        Comparison, as in `compare_rdms`; with `nuisance`, ``"pearson"`` or ``"spearman"``.
    nuisance : array of shape (n_pairs,) or (n_nuisance, n_pairs), optional
        RDMs to hold fixed, such as distances between positions of the ball.

    Returns
    -------
    result : NoiseCorrectedRsa
        Floats for one model, arrays over models for a stack.

    Raises
    ------
    InvalidArgumentError
        If shapes disagree, an entry is not finite, or the method is unknown.

    References
    ----------
    Rajalingham, Sohn & Jazayeri 2025, Nat. Commun. (mental Pong; Pearson over Euclidean distances).

    Examples
    --------
    >>> import numpy as np
    >>> brain = np.array([1.0, 2.0, 4.0, 3.0, 5.0, 7.0])
    >>> round(noise_corrected_rsa(2 * brain, brain, brain, brain).score, 6)
    1.0
    """
    for name, value in (("brain_rdm", brain_rdm), ("half_1", half_1), ("half_2", half_2)):
        _check_vector(name, value)
        check_pairs_agree(("model_rdm", name), as_rdms("model_rdm", model_rdm), as_rdms(name, value))
    raw = _similarity(model_rdm, brain_rdm, method, nuisance)
    halves = float(_similarity(half_1, half_2, method, nuisance))
    reliability = spearman_brown(halves)
    scale = reliability**0.5 if reliability > 0 else float("nan")
    return NoiseCorrectedRsa(raw=raw, reliability=reliability, score=raw / scale)


def _similarity(a: Array, b: Array, method: str, nuisance: Array | None) -> float | Array:
    """A float for one RDM `a`, a vector for a stack."""
    if nuisance is None:
        result = compare_rdms(a, b, method=method)
    else:
        result = partial_compare_rdms(a, b, nuisance, method=method)
    return result if isinstance(result, float) else result[:, 0]


def _check_vector(name: str, value: Array) -> None:
    if getattr(value, "ndim", 1) != 1:
        raise InvalidArgumentError(
            f"The '{name}' parameter", got=f"shape {tuple(value.shape)}", needed="1-dimensional"
        )
