"""The noise-corrected score of a fold, and its averages over splits and folds."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import torch

from ._arrays import Array, like


@dataclass(frozen=True, eq=False)
class FoldResult:
    """One fold's quantities, averaged over the splits; each tensor (n_targets,).

    Attributes
    ----------
    alpha, raw : tensor
        Penalty, and r of prediction and trial average.
    corrected, prediction_sb, neural_sb : tensor
        Corrected score and the two reliabilities, means over the splits where each is defined.
    defined : tensor
        Share of the splits that have a corrected score.
    """

    alpha: torch.Tensor
    raw: torch.Tensor
    corrected: torch.Tensor
    prediction_sb: torch.Tensor
    neural_sb: torch.Tensor
    defined: torch.Tensor

    @classmethod
    def of_splits(
        cls, alpha: torch.Tensor, raw: torch.Tensor, prediction_sb: torch.Tensor, neural_sb: torch.Tensor
    ) -> FoldResult:
        """From the reliabilities of each split, (n_targets, n_splits); a negative product has no root."""
        product = prediction_sb * neural_sb
        corrected = raw[:, None] / torch.where(product > 0, product, torch.nan).sqrt()
        return cls(
            alpha=alpha,
            raw=raw,
            corrected=corrected.nanmean(1),
            prediction_sb=prediction_sb.nanmean(1),
            neural_sb=neural_sb.nanmean(1),
            defined=corrected.isfinite().double().mean(1),
        )

    @classmethod
    def joined(cls, pieces: list[FoldResult], targets: list[torch.Tensor]) -> FoldResult:
        """One result from those of disjoint sets of targets."""
        order = torch.cat(targets).argsort()
        columns = {field.name: [getattr(piece, field.name) for piece in pieces] for field in fields(cls)}
        return cls(**{name: torch.cat(values)[order] for name, values in columns.items()})


class HandBack:
    """Results in the dtype of the computation and the caller's kind of array."""

    def __init__(self, dtype: torch.dtype, original: object) -> None:
        self._dtype, self.original = dtype, original

    def __call__(self, values: torch.Tensor) -> Array:
        return like(values.to(self._dtype), self.original)


def fold_averages(results: list[FoldResult], hand_back: HandBack) -> dict[str, Any]:
    """Means over folds; a target without a raw score has no corrected one."""
    stacked = {
        field.name: torch.stack([getattr(r, field.name) for r in results]) for field in fields(FoldResult)
    }
    raw, neural = stacked["raw"].mean(0), stacked["neural_sb"].nanmean(0)
    score = torch.where(raw.isnan(), torch.nan, stacked["corrected"].nanmean(0))
    return {
        "score": hand_back(score),
        "raw": hand_back(raw),
        "prediction_reliability": hand_back(stacked["prediction_sb"].nanmean(0)),
        "neural_reliability": hand_back(neural),
        "ceiling": hand_back(torch.where(neural >= 0, neural, torch.nan).sqrt()),
        "defined": hand_back(stacked["defined"].mean(0)),
        "fold_scores": hand_back(stacked["corrected"]),
        "alpha": hand_back(stacked["alpha"]),
        "n_degenerate": int(score.isnan().sum()),
    }
