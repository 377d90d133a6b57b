"""The noise-corrected score of a fold, and its averages over splits and folds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from ._arrays import Array, like


@dataclass(frozen=True, eq=False)
class FoldResult:
    """One fold's quantities: (n_targets,) and, per split, (n_targets, n_splits)."""

    alpha: torch.Tensor
    raw: torch.Tensor
    prediction_sb: torch.Tensor
    neural_sb: torch.Tensor

    @property
    def corrected(self) -> torch.Tensor:
        """The formula, per target and split; the root of a negative product is NaN."""
        product = self.prediction_sb * self.neural_sb
        return self.raw[:, None] / torch.where(product > 0, product, torch.nan).sqrt()


class HandBack:
    """Results in the dtype of the computation and the caller's kind of array."""

    def __init__(self, dtype: torch.dtype, original: object) -> None:
        self._dtype, self.original = dtype, original

    def __call__(self, values: torch.Tensor) -> Array:
        return like(values.to(self._dtype), self.original)


def fold_averages(results: list[FoldResult], hand_back: HandBack) -> dict[str, Any]:
    """Means over splits, then over folds; a target without a raw score has no corrected one."""
    raw = torch.stack([result.raw for result in results]).mean(0)
    corrected = torch.stack([result.corrected for result in results])
    fold_scores = corrected.nanmean(2)
    score = torch.where(raw.isnan(), torch.nan, fold_scores.nanmean(0))
    neural = torch.stack([result.neural_sb.nanmean(1) for result in results]).nanmean(0)
    predicted = torch.stack([result.prediction_sb.nanmean(1) for result in results]).nanmean(0)
    return {
        "score": hand_back(score),
        "raw": hand_back(raw),
        "prediction_reliability": hand_back(predicted),
        "neural_reliability": hand_back(neural),
        "ceiling": hand_back(torch.where(neural >= 0, neural, torch.nan).sqrt()),
        "defined": hand_back(corrected.isfinite().double().mean((0, 2))),
        "fold_scores": hand_back(fold_scores),
        "alpha": hand_back(torch.stack([result.alpha for result in results])),
        "n_degenerate": int(score.isnan().sum()),
    }
