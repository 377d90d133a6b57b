"""The judgement behind a panel, the same for every kind of predictor."""

from __future__ import annotations

import torch

__all__ = ["HORIZONS", "errors_behind"]

HORIZONS = (10, 20, 40)  # frames after the last one that was seen


def errors_behind(predicted: torch.Tensor, true: torch.Tensor, last: torch.Tensor) -> dict[str, float]:
    """Squared errors of predicted states, and of the last state seen if it stayed, by the time since it was seen.

    Parameters
    ----------
    predicted, true : tensor of shape (n_clips, n_steps, ...)
        States (latents, slots or frames) from one frame after the context on; 40 steps or more.
    last : tensor of shape (n_clips, ...)
        The state at the end of the context.

    Returns
    -------
    errors : dict of str to float
        ``error_H_behind`` and ``last_repeated_H_behind`` for 10, 20 and 40 frames: means over clips and numbers.
    """
    errors = {}
    for ahead in HORIZONS:
        then = true[:, ahead - 1]
        errors[f"error_{ahead}_behind"] = float(((predicted[:, ahead - 1] - then) ** 2).mean())
        errors[f"last_repeated_{ahead}_behind"] = float(((last - then) ** 2).mean())
    return errors
