"""Decoding task variables from states: least squares on half of the conditions, tested on the other half.

Neurons and models are read out in the same way, on the same splits, so that their errors can be laid side by
side (Rajalingham, Sohn & Jazayeri 2025).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from scipy.linalg import eigh

from ....core.arrays import plain_array
from ....core.errors import InvalidArgumentError
from .._arrays import Array, as_tensor, check_same_length, like
from .._correlation import centred
from .._splits import Ints, check_integer, condition_codes, n_conditions
from ..mapping._condition_sums import correlation_from_sums, indicator, sums_by_condition

__all__ = [
    "Decoding",
    "consecutive_splits",
    "decode",
    "principal_components",
    "random_splits",
]

Splits = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Decoding:
    """Held-out predictions of one read-out, fitted anew on each split of the conditions.

    Attributes
    ----------
    prediction : array of shape (n_splits, n_samples, n_targets)
        NaN at the samples of conditions that the split was fitted on.
    baseline : array of shape (n_splits, n_targets)
        The mean of the targets over the samples that the split was fitted on: what chance predicts.
    held_out : bool array of shape (n_splits, n_samples)
        Whether the split held out a sample.
    """

    prediction: Array
    baseline: Array
    held_out: Splits

    def r(self, y: Array, samples: Splits | None = None) -> Array:
        """Pearson r of prediction and truth over the held-out samples of each split.

        Parameters
        ----------
        y : array of shape (n_samples, n_targets)
            The truth.
        samples : bool array of shape (n_samples,), optional
            Samples to look at, such as an epoch; all by default.

        Returns
        -------
        r : array of shape (n_splits, n_targets)
            0 where the prediction does not vary, NaN where the truth does not.
        """
        truth, tested = as_tensor("y", y, ndim=2).double(), self.tested(samples)
        together = torch.zeros(len(truth), dtype=torch.int64)
        return like(correlation_from_sums(split_sums(self, truth, together, tested), flat_first=0.0)[:, 0], y)

    def mae(self, y: Array, samples: Splits | None = None) -> Array:
        """Mean absolute error, in the unit of `y`; arguments and shapes as in `r`."""
        return like(_mean(self.errors(y), self.tested(samples)), y)

    def chance_mae(self, y: Array, samples: Splits | None = None) -> Array:
        """Mean absolute error of predicting the `baseline`; arguments and shapes as in `r`."""
        return like(_mean(self.chance_errors(y), self.tested(samples)), y)

    def errors(self, y: Array) -> torch.Tensor:
        """Absolute errors, (n_splits, n_samples, n_targets), NaN where not held out."""
        truth = as_tensor("y", y, ndim=2).double()
        return (torch.as_tensor(self.prediction, device=truth.device).double() - truth).abs()

    def chance_errors(self, y: Array) -> torch.Tensor:
        """Absolute errors of predicting the `baseline`, shaped as `errors`."""
        truth = as_tensor("y", y, ndim=2).double()
        return (torch.as_tensor(self.baseline, device=truth.device).double()[:, None] - truth).abs()

    def tested(self, samples: Splits | None = None) -> Splits:
        """The samples that count in each split, bool (n_splits, n_samples): held out, and among `samples`."""
        if samples is None:
            return self.held_out
        chosen: Splits = plain_array("The 'samples' parameter", samples, dtype=bool)
        return self.held_out & chosen


def decode(x: Array, y: Array, held_out: Splits, *, fitted: Splits | None = None) -> Decoding:
    r"""Read targets out of states by ordinary least squares with intercept, once for each split.

    .. math:: \hat y = \bar y + (x - \bar x) W, \quad W = \arg\min \lVert Y_{train} - X_{train} W \rVert^2

    Parameters
    ----------
    x : array of shape (n_samples, n_features)
        States, fewer features than training samples of every split; see `principal_components`.
    y : array of shape (n_samples, n_targets)
        Decoded variables, such as ball x and y in deg.
    held_out : bool array of shape (n_splits, n_samples)
        Samples that each split holds out, from `random_splits` or `consecutive_splits`.
    fitted : bool array of shape (n_samples,), optional
        Samples that a read-out may be fitted on, where not held out; all by default.

    Returns
    -------
    decoding : Decoding

    Raises
    ------
    InvalidArgumentError
        If shapes disagree, or a split has no more training samples than features.

    References
    ----------
    Rajalingham, Sohn & Jazayeri 2025, Nat. Commun. 16 (100 splits, half of the conditions).
    """
    states, targets = as_tensor("x", x, ndim=2), as_tensor("y", y, ndim=2)
    check_same_length(("x", "y"), (len(states), len(targets)), "samples")
    splits = _checked_splits(held_out, len(states))
    allowed = np.ones(len(states), dtype=bool)
    if fitted is not None:
        allowed = plain_array("The 'fitted' parameter", fitted, dtype=bool)
    axes, predictions, baselines = _orthonormal(states.double()), [], []
    for split in splits:
        train = torch.from_numpy(np.flatnonzero(allowed & ~split)).to(states.device)
        _check_enough(len(train), states.shape[1])
        prediction, baseline = _read_out(axes, targets.double(), train)
        prediction[torch.from_numpy(~split).to(states.device)] = torch.nan
        predictions.append(prediction)
        baselines.append(baseline)
    return Decoding(like(torch.stack(predictions), y), like(torch.stack(baselines), y), splits)


def principal_components(x: Array, n_components: int = 50) -> Array:
    """Project states on their first principal components, so that a least-squares read-out is well posed.

    Fitted on all samples without regard to any target, as the published decoder does with its 50 factors.

    Parameters
    ----------
    x : array of shape (n_samples, n_features)
        States; returned as they are, centred, if they have no more than `n_components` features.
    n_components : int, default=50
        Number of components to keep.

    Returns
    -------
    scores : array of shape (n_samples, min(n_components, n_features, rank))
        Centred, in order of decreasing variance.
    """
    check_integer("n_components", n_components, least=1)
    states = centred(as_tensor("x", x, ndim=2).double())
    if states.shape[1] <= n_components:
        return like(states, x)
    if len(states) < states.shape[1]:
        values, vectors = _largest(states @ states.mT, n_components)
        return like(vectors * values.sqrt(), x)
    return like(states @ _largest(states.mT @ states, n_components)[1], x)


def random_splits(
    groups: npt.ArrayLike, *, n_splits: int = 100, train_share: float = 0.5, seed: int = 0
) -> Splits:
    """Hold out random conditions, whole.

    Parameters
    ----------
    groups : array of shape (n_samples,)
        The condition of each sample.
    n_splits : int, default=100
        Number of splits.
    train_share : float, default=0.5
        Share of conditions to fit on, rounded down; at least one is fitted on and one held out.
    seed : int, default=0
        Seed of the draws.

    Returns
    -------
    held_out : bool array of shape (n_splits, n_samples)
    """
    check_integer("n_splits", n_splits, least=1)
    codes = _codes(groups)
    n_train = _n_train(n_conditions(codes), train_share)
    rng = np.random.default_rng(seed)
    orders = np.stack([rng.permutation(n_conditions(codes)) for _ in range(n_splits)])
    held = np.ones_like(orders, dtype=bool)
    np.put_along_axis(held, orders[:, :n_train], False, axis=1)
    return np.asarray(held[:, codes])


def consecutive_splits(groups: npt.ArrayLike, *, n_splits: int = 2) -> Splits:
    """Hold out runs of consecutive conditions in turn, in the order in which they first appear.

    Parameters
    ----------
    groups : array of shape (n_samples,)
        The condition of each sample.
    n_splits : int, default=2
        Number of runs; the first ones are longer by one where the conditions do not divide evenly.

    Returns
    -------
    held_out : bool array of shape (n_splits, n_samples)
    """
    check_integer("n_splits", n_splits, least=2)
    codes = _codes(groups)
    order = codes[np.sort(np.unique(codes, return_index=True)[1])]
    fold_of = np.empty(len(order), dtype=np.int64)
    for fold, run in enumerate(np.array_split(order, n_splits)):
        fold_of[run] = fold
    return np.asarray(fold_of[codes][None] == np.arange(n_splits)[:, None])


def _codes(groups: npt.ArrayLike) -> Ints:
    return condition_codes(groups, len(np.asarray(groups)))


def _n_train(n: int, share: float) -> int:
    if not 0 < share < 1 or n < 2:
        raise InvalidArgumentError(
            "The 'train_share' parameter",
            got=f"{share} of {n} conditions",
            needed="in (0, 1), of two conditions or more",
        )
    return min(max(int(n * share), 1), n - 1)


def _checked_splits(held_out: Splits, n_samples: int) -> Splits:
    splits = plain_array("The 'held_out' parameter", held_out)
    if splits.dtype != bool or splits.ndim != 2 or splits.shape[1] != n_samples:
        raise InvalidArgumentError(
            "The 'held_out' parameter",
            got=f"{splits.dtype} of shape {splits.shape}",
            needed=f"bool of shape (n_splits, {n_samples})",
        )
    return splits


def _check_enough(n_train: int, n_features: int) -> None:
    if n_train <= n_features + 1:
        raise InvalidArgumentError(
            "The 'x' parameter",
            got=f"{n_features} features for {n_train} training samples",
            needed="fewer features than training samples",
            hint="Reduce them with principal_components first.",
        )


def _orthonormal(x: torch.Tensor) -> torch.Tensor:
    """The same span in orthonormal columns: the read-outs' normal equations are then well conditioned."""
    left, values, _ = torch.linalg.svd(centred(x), full_matrices=False)
    axes: torch.Tensor = left[:, values > values[0] * max(x.shape) * torch.finfo(x.dtype).eps]
    return axes


def _read_out(x: torch.Tensor, y: torch.Tensor, train: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Predictions at all samples of the map fitted on `train`, and the mean target there."""
    mean, baseline = x[train].mean(0), y[train].mean(0)
    seen = x[train] - mean
    # Directions that do not vary over the training samples get no weight.
    inverse = torch.linalg.pinv(seen.mT @ seen, rtol=1e-10, hermitian=True)
    return torch.addmm(baseline, x - mean, inverse @ (seen.mT @ (y[train] - baseline))), baseline


def _largest(products: torch.Tensor, n: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The `n` largest eigenvalues that are more than rounding, largest first, and their vectors as columns."""
    size = len(products)
    found = eigh(products.cpu().numpy(), subset_by_index=[max(size - n, 0), size - 1])
    values, vectors = (torch.from_numpy(each.copy()).to(products.device).flip(-1) for each in found)
    kept = values > values[0] * size * torch.finfo(values.dtype).eps
    return values[kept], vectors[:, kept]


def _mean(errors: torch.Tensor, tested: Splits) -> torch.Tensor:
    """Mean over the tested samples of each split: (n_splits, n_targets)."""
    weight = torch.from_numpy(tested).to(errors.device)[..., None]
    return torch.where(weight, errors, 0.0).sum(dim=1) / weight.sum(dim=1)


def split_sums(decoding: Decoding, y: torch.Tensor, codes: torch.Tensor, tested: Splits) -> torch.Tensor:
    """The sums that r needs, of the tested samples, by split and condition: (split, condition, 6, target)."""
    membership = indicator(codes.to(y.device), int(codes.max()) + 1)
    prediction = torch.as_tensor(decoding.prediction, device=y.device).double()
    weights = torch.from_numpy(tested).to(y.device).double()
    truth = centred(y)
    by_split = [
        sums_by_condition(torch.where(weight[:, None] > 0, p, 0.0), truth, membership * weight)
        for p, weight in zip(prediction, weights, strict=True)
    ]
    return torch.stack(by_split)
