"""Devices on which candidates run and are trained."""

from __future__ import annotations

import torch

from ..core.errors import MissingPartError

__all__ = ["check_device"]


def check_device(device: str, *, hint: str) -> None:
    """Refuse a device that is not here.

    Parameters
    ----------
    device : str
        As in ``"cpu"``, ``"cuda"`` or ``"cuda:1"``.
    hint : str
        How to do without it.

    Raises
    ------
    MissingPartError
        If it is a GPU that torch cannot use.
    """
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise MissingPartError(
            f"The device '{device}'", got="no GPU that torch can use", needed="here", hint=hint
        )
