"""Files of tensors: safetensors only, which hold no code, checked before anything of them is used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import nn

from ..core.errors import ChecksumError, InvalidDataError, MissingPartError
from ..core.files import atomic_path
from ..core.hashing import sha256_of_file
from ..core.memory import check_memory

__all__ = ["check_file", "load_into", "read_metadata", "read_weights", "ready", "write_weights"]

Tensors = Mapping[str, torch.Tensor]
Network = TypeVar("Network", bound=nn.Module)


def write_weights(path: Path, tensors: Tensors, *, metadata: Mapping[str, str] | None = None) -> str:
    """Write tensors, wholly or not at all, and return the SHA-256 of the file.

    Parameters
    ----------
    path : pathlib.Path
        The file; one that is there is replaced.
    tensors : mapping of str to tensor
        Tensors on any device.
    metadata : mapping of str to str, optional
        Text kept in the file's header.
    """
    own = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
    with atomic_path(path) as temporary:
        save_file(own, temporary, metadata=None if metadata is None else dict(metadata))
    return sha256_of_file(path)


def read_weights(path: Path, *, sha256: str | None = None) -> dict[str, torch.Tensor]:
    """Read tensors, on the CPU.

    Parameters
    ----------
    path : pathlib.Path
        A safetensors file.
    sha256 : str, optional
        Expected SHA-256 of the file; checked first.

    Raises
    ------
    MissingPartError
        If there is no such file, or not enough memory for it.
    ChecksumError
        If its bytes are others.
    InvalidDataError
        If it is no whole safetensors file, for instance truncated or a pickle.
    """
    check_file("weights", path, sha256)
    with _opened(path) as file:
        return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  (not a mapping)


def read_metadata(path: Path) -> dict[str, str]:
    """The header's own entries of a safetensors file; raises as :func:`read_weights` does."""
    check_file("weights", path, None)
    with _opened(path) as file:
        return dict(file.metadata() or {})


def load_into(module: nn.Module, tensors: Tensors, *, subject: str) -> None:
    """Load tensors into a module, all of them or none.

    Parameters
    ----------
    module : torch.nn.Module
        Changed only if everything fits.
    tensors : mapping of str to tensor
        One for each entry of the module's state.
    subject : str
        Name of the tensors, for the message.

    Raises
    ------
    InvalidDataError
        If names, shapes or types are those of another architecture, or a value is not finite.
    """
    own = {name: _form(tensor) for name, tensor in module.state_dict().items()}
    given = {name: _form(tensor) for name, tensor in tensors.items()}
    wrong = sorted(name for name in own.keys() | given.keys() if own.get(name) != given.get(name))
    if wrong:
        raise InvalidDataError(
            subject,
            got="; ".join(f"'{name}' {given.get(name, 'missing')}" for name in wrong),
            needed="; ".join(f"'{name}' {own.get(name, 'absent')}" for name in wrong),
            hint="These weights are of another architecture.",
        )
    unsound = sorted(name for name, tensor in tensors.items() if not torch.isfinite(tensor).all())
    if unsound:
        raise InvalidDataError(subject, got=f"NaN or infinity in {unsound}", needed="finite")
    module.load_state_dict(dict(tensors))


def ready(module: Network, tensors: Tensors, *, subject: str, device: str) -> Network:
    """The module of a candidate that was trained, with its weights.

    Parameters
    ----------
    module : torch.nn.Module
        The network that the candidate's options describe.
    tensors : mapping of str to tensor
        The network's state: what a card's weights file holds, a candidate's ``weights``.
    subject : str
        Name of the tensors, for the message.
    device : str
        Device it runs on, ``"cpu"`` unless a candidate is told another.

    Returns
    -------
    module : torch.nn.Module
        The same, on the device and no longer training.

    Raises
    ------
    InvalidDataError
        If the tensors are of another architecture, as :func:`load_into` tells.
    """
    load_into(module, tensors, subject=subject)
    return module.to(device).eval()


def check_file(kind: str, path: Path, sha256: str | None) -> None:
    """Refuse a file of tensors before it is opened.

    Parameters
    ----------
    kind : str
        Kind of file, for the message, as in "weights".
    path : pathlib.Path
    sha256 : str or None
        Expected SHA-256 of the file; not checked if None.

    Raises
    ------
    MissingPartError
        If there is no such file, or not enough memory for its tensors and the module that they go into.
    ChecksumError
        If its bytes are others.
    """
    subject = f"The {kind} {path}"
    if not path.is_file():
        raise MissingPartError(subject, got="no such file", needed="there")
    check_memory(f"the {kind} {path}", 2 * path.stat().st_size / 2**20)
    if sha256 is not None and (found := sha256_of_file(path)) != sha256:
        raise ChecksumError(
            subject,
            got=f"SHA-256 {found}",
            needed=f"the bytes that the card names, SHA-256 {sha256}",
            hint="The file was changed or cut off; nothing of it was used. Train or copy it again.",
        )


def _form(tensor: torch.Tensor) -> str:
    return f"{str(tensor.dtype).removeprefix('torch.')} of shape {tuple(tensor.shape)}"


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            yield file
    except (SafetensorError, OSError) as error:
        raise InvalidDataError(
            f"The weights {path}",
            got=str(error),
            needed="a whole safetensors file",
            hint="Pickles and other formats are never opened, since they can hold code.",
        ) from error
