"""Arrays at the door of a metric: checked, computed in torch, handed back as they came.

Every metric takes numpy arrays or torch tensors (on the CPU or a GPU). One code path serves all: what
comes in is viewed as a torch tensor without a copy, and what goes out is of the caller's kind again.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import torch

from ...core.arrays import plain_array
from ...core.errors import InvalidArgumentError

Array: TypeAlias = npt.NDArray[np.floating[Any]] | torch.Tensor


def as_tensor(name: str, value: object, *, ndim: int | tuple[int, ...], finite: bool = True) -> torch.Tensor:
    """View an argument as a floating torch tensor on its own device, after checking it.

    Parameters
    ----------
    name : str
        The argument's name, for the message.
    value : numpy.ndarray or torch.Tensor
        The argument as the caller gave it; floating dtype.
    ndim : int or tuple of int
        The numbers of dimensions allowed.
    finite : bool, default=True
        Whether NaN, infinity and masked entries are refused; otherwise masked entries are NaN.

    Returns
    -------
    tensor : torch.Tensor
        float32 or float64; shares memory with `value` where that is possible.

    Raises
    ------
    InvalidArgumentError
        If `value` is no array, is empty, is not floating, or has other dimensions, or entries that are masked or
        not finite.
    """
    _check_floating(name, value)
    allowed = (ndim,) if isinstance(ndim, int) else ndim
    shape = tuple(value.shape)  # type: ignore[attr-defined]
    if len(shape) not in allowed:
        needed = " or ".join(f"{n}-dimensional" for n in allowed)
        raise InvalidArgumentError(f"The '{name}' parameter", got=f"shape {shape}", needed=needed)
    if 0 in shape:
        raise InvalidArgumentError(f"The '{name}' parameter", got=f"shape {shape}", needed="non-empty")
    if isinstance(value, torch.Tensor):
        tensor = value
    else:
        plain = plain_array(f"The '{name}' parameter", value, missing_as_nan=not finite)
        tensor = torch.from_numpy(_readable(plain))
    if finite:
        _check_finite(name, tensor)
    return tensor


def as_numbers(name: str, value: object, *, ndim: int | tuple[int, ...]) -> npt.NDArray[np.float64]:
    """Numbers of any kind, a list included, as a checked and finite float64 array of `ndim` dimensions."""
    numbers = plain_array(f"The '{name}' parameter", value, dtype=np.float64)
    return np.asarray(as_tensor(name, numbers, ndim=ndim))


def like(tensor: torch.Tensor, original: object) -> Array:
    """Hand a result back as the caller's kind of array: numpy for numpy, torch for torch."""
    return tensor if isinstance(original, torch.Tensor) else tensor.cpu().numpy()


def check_same_length(names: tuple[str, str], lengths: tuple[int, int], what: str) -> None:
    """Refuse two arguments that do not agree in the number of `what` (samples, pairs, ...)."""
    if lengths[0] != lengths[1]:
        raise InvalidArgumentError(
            f"The '{names[0]}' and '{names[1]}' parameters",
            got=f"{lengths[0]} and {lengths[1]} {what}",
            needed=f"of equal number of {what}",
        )


def _check_floating(name: str, value: object) -> None:
    if not isinstance(value, np.ndarray | torch.Tensor):
        raise InvalidArgumentError(
            f"The '{name}' parameter", got=type(value).__name__, needed="a numpy array or a torch tensor"
        )
    if str(value.dtype).removeprefix("torch.") not in ("float32", "float64"):
        raise InvalidArgumentError(
            f"The '{name}' parameter",
            got=f"dtype {value.dtype}",
            needed="of dtype float32 or float64",
            hint="Convert it on purpose, for instance with .astype('float64').",
        )


def _check_finite(name: str, tensor: torch.Tensor) -> None:
    # The sum is finite if all entries are (barring overflow): one cheap pass before the exact one.
    if not bool(torch.isfinite(tensor.sum())) and not bool(torch.isfinite(tensor).all()):
        bad = int((~torch.isfinite(tensor)).sum())
        raise InvalidArgumentError(
            f"The '{name}' parameter",
            got=f"{bad} NaN or infinite of {tensor.numel()} entries",
            needed="finite",
            hint="Leave out the samples or targets that have such entries.",
        )


def _readable(value: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.floating[Any]]:
    """A native-endian array with positive strides that torch can view; copied only where it must be."""
    array = np.asarray(value, dtype=value.dtype.newbyteorder("="))
    if any(stride < 0 for stride in array.strides) or not array.flags.writeable:
        return array.copy()
    return array
