"""The noise-corrected score of a fold, and what becomes of it over splits and folds.

A target that the recording cannot carry (it does not vary in some fold, or the halves of its trials do not agree)
has no score, whatever predicts it. Where a map fails on a target that the recording does
carry, the score is 0, the chance value: so all models are scored on the same targets.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Literal, TypeAlias

import torch

from ....core.errors import InvalidArgumentError
from .._arrays import Array, like
from .._halves import corrected_to_full_length

# Correlations of 1 and -1 in as many folds leave less than this of their mean, and not always nought.
_ROUNDING = 1e-6

#: How the parts of the noise correction are put together; see `noise_corrected_predictivity`.
Correction: TypeAlias = Literal["averaged", "published"]


@dataclass(frozen=True, eq=False)
class FoldResult:
    """One fold's quantities, averaged over the splits; each tensor (n_targets,).

    Attributes
    ----------
    alpha, at_grid_end, raw : tensor
        Penalty, whether it is an end of its grid (NaN without a choice), and r of prediction and trial average.
    published : tensor
        The published formula, mean over the splits where it is defined.
    prediction_r, neural_r : tensor
        Half correlations of predictions (0 where a half does not vary) and of responses (NaN there).
    defined : tensor
        Share of the splits in which the published formula is defined.
    """

    alpha: torch.Tensor
    at_grid_end: torch.Tensor
    raw: torch.Tensor
    published: torch.Tensor
    prediction_r: torch.Tensor
    neural_r: torch.Tensor
    defined: torch.Tensor

    @classmethod
    def of_splits(
        cls,
        alpha: torch.Tensor,
        at_grid_end: torch.Tensor,
        raw: torch.Tensor,
        prediction_r: torch.Tensor,
        neural_r: torch.Tensor,
    ) -> FoldResult:
        """From the half correlations of each split, (n_targets, n_splits); a negative product has no root."""
        product = corrected_to_full_length(prediction_r) * corrected_to_full_length(neural_r)
        published = raw[:, None] / torch.where(product > 0, product, torch.nan).sqrt()
        return cls(
            alpha=alpha,
            at_grid_end=at_grid_end,
            raw=raw,
            published=published.nanmean(1),
            prediction_r=prediction_r.nan_to_num(nan=0.0).mean(1),
            neural_r=neural_r.nanmean(1),
            defined=published.isfinite().double().mean(1),
        )

    @classmethod
    def joined(cls, pieces: list[FoldResult], targets: list[torch.Tensor]) -> FoldResult:
        """One result from those of disjoint sets of targets."""
        order = torch.cat(targets).argsort()
        columns = {field.name: [getattr(piece, field.name) for piece in pieces] for field in fields(cls)}
        return cls(**{name: torch.cat(values)[order] for name, values in columns.items()})


class ResultConverter:
    """Results in the dtype of the computation and the caller's kind of array."""

    def __init__(self, dtype: torch.dtype, original: object) -> None:
        self._dtype, self.original = dtype, original

    def __call__(self, values: torch.Tensor) -> Array:
        return like(values.to(self._dtype), self.original)


def check_correction(correction: object) -> Correction:
    """Refuse anything but the two ways of putting the parts together."""
    if correction not in ("averaged", "published"):
        raise InvalidArgumentError(
            "The 'correction' parameter", got=repr(correction), needed="'averaged' or 'published'"
        )
    return correction


def corrected(raw: torch.Tensor, prediction_r: torch.Tensor, neural_r: torch.Tensor) -> torch.Tensor:
    """Raw r over the root of both reliabilities, from half correlations; all of one shape.

    0 where the predictions of two halves do not agree: such a map follows noise alone. NaN where the halves of the
    responses do not.
    """
    of_prediction, of_response = (corrected_to_full_length(r) for r in (prediction_r, neural_r))
    score = raw / (of_prediction * of_response).sqrt()
    score = torch.where(of_prediction > _ROUNDING, score, torch.zeros_like(raw))
    return torch.where((of_response > _ROUNDING) & raw.isfinite(), score, torch.nan)


def fold_averages(
    results: list[FoldResult], hand_back: ResultConverter, correction: Correction
) -> dict[str, Any]:
    """Fields of a noise-corrected score per target, averaged over its folds."""
    stacked = {
        field.name: torch.stack([getattr(r, field.name) for r in results]) for field in fields(FoldResult)
    }
    raw, prediction_r = (stacked[name].mean(0) for name in ("raw", "prediction_r"))
    neural_r = stacked["neural_r"].nanmean(0)  # a half that does not vary in a fold says nothing there
    averaged = corrected(raw, prediction_r, neural_r)
    published = stacked["published"].nanmean(0).nan_to_num(nan=0.0)
    score = averaged if correction == "averaged" else torch.where(averaged.isnan(), torch.nan, published)
    neural = corrected_to_full_length(neural_r)
    return {
        "score": hand_back(score),
        "raw": hand_back(raw),
        "prediction_reliability": hand_back(corrected_to_full_length(prediction_r)),
        "neural_reliability": hand_back(neural),
        "ceiling": hand_back(torch.where(neural >= 0, neural, torch.nan).sqrt()),
        "defined": hand_back(stacked["defined"].mean(0)),
        "fold_scores": hand_back(stacked["published"]),
        "alpha": hand_back(stacked["alpha"]),
        "at_grid_end": float(stacked["at_grid_end"].mean()),
        "n_degenerate": int(score.isnan().sum()),
    }
