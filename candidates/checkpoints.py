"""Checkpoints that others published: read without running any code in them, and renamed to our networks.

A file from elsewhere is either safetensors or what ``torch.save`` wrote. The latter is a pickle; torch's own
reader for weights refuses everything in it but tensors and plain values.
"""

from __future__ import annotations

import pickle
import re
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from ..core.errors import InvalidDataError
from .weights import check_file, read_weights

__all__ = ["Rule", "read_checkpoint", "renamed"]

# Pattern of a whole name, and what it becomes; None for a tensor that reaches no output.
Rule = tuple[str, str | Callable[[re.Match[str]], str] | None]


def read_checkpoint(path: Path, *, sha256: str | None = None) -> dict[str, torch.Tensor]:
    """The tensors of a published checkpoint, on the CPU.

    Parameters
    ----------
    path : pathlib.Path
        A safetensors file, or a torch checkpoint: tensors by name, or a mapping with them as ``state_dict``.
        The prefix ``module.`` of a training on several devices is taken off.
    sha256 : str, optional
        Expected SHA-256 of the file; checked first.

    Raises
    ------
    MissingPartError
        If there is no such file, or not enough memory for it.
    ChecksumError
        If its bytes are others.
    InvalidDataError
        If it is damaged, holds anything else than tensors and plain values, or no tensors by name.
    """
    if path.suffix == ".safetensors":
        return read_weights(path, sha256=sha256)
    check_file("checkpoint", path, sha256)
    tensors = _state(_unpickled(path))
    if not tensors or not all(isinstance(tensor, torch.Tensor) for tensor in tensors.values()):
        raise InvalidDataError(
            f"The checkpoint {path}",
            got="no tensors by name",
            needed="a state of a network, or one as 'state_dict'",
        )
    return {str(name).removeprefix("module."): tensor for name, tensor in tensors.items()}


def renamed(
    tensors: Mapping[str, torch.Tensor], rules: Sequence[Rule], *, subject: str
) -> dict[str, torch.Tensor]:
    """Tensors under our names, by the first rule that fits the whole of each name.

    Raises
    ------
    InvalidDataError
        If no rule fits a name, or two names become one.
    """
    found: dict[str, torch.Tensor] = {}
    unknown: list[str] = []
    for name, tensor in tensors.items():
        rule = next((rule for rule in rules if re.fullmatch(rule[0], name)), None)
        new = None if rule is None or rule[1] is None else re.sub(rule[0], rule[1], name)
        if rule is None or new in found:
            unknown.append(name)
        elif new is not None:
            found[new] = tensor
    if unknown:
        raise InvalidDataError(
            subject,
            got=f"unknown names {sorted(unknown)[:5]}, {len(unknown)} in all",
            needed="the names of the published architecture",
            hint="This checkpoint is of another architecture.",
        )
    return found


def _unpickled(path: Path) -> Any:
    try:
        # Zipped checkpoints, torch's default since 1.6, are mapped, so that only what is used is read.
        return torch.load(path, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(path))
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, KeyError, OSError) as error:
        raise InvalidDataError(
            f"The checkpoint {path}",
            got=str(error).splitlines()[0] if str(error) else type(error).__name__,
            needed="a whole torch checkpoint of tensors and plain values",
            hint="Other objects can hold code and are never opened; a file that was cut off is not used either.",
        ) from error


def _state(content: Any) -> Mapping[str, Any]:
    found = content.get("state_dict", content) if isinstance(content, Mapping) else {}
    return found if isinstance(found, Mapping) else {}
