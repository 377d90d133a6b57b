"""A network of another library before its weights are there, and errors on the way to them."""

from __future__ import annotations

import socket
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch

from ...core.errors import InnerscoreError, InvalidDataError, MissingPartError, UnknownNameError
from ...core.registry import closest_names
from ..frame_preparation import Preparation

__all__ = ["Described", "fetch_errors", "is_reachable", "unknown_name"]

# Names of the types that libraries raise where the network is at fault; they share no base.
_OF_THE_NETWORK = (
    *("ConnectError", "ConnectionError", "ConnectTimeout", "ReadTimeout", "LocalEntryNotFoundError"),
    *("OfflineModeIsEnabled", "URLError", "gaierror", "TimeoutError", "timeout"),
)
_NOT_THERE = ("RepositoryNotFoundError", "GatedRepoError", "HFValidationError", "RevisionNotFoundError")


@dataclass(frozen=True, eq=False)
class Described:
    """A network that its library knows.

    Parameters
    ----------
    library : str
        Name and version of the library, or of the package that holds the weights.
    architecture : mapping
        JSON value from which the source's ``network`` builds it again.
    preparation : Preparation
        What it wants of frames.
    n_frames : int
        Frames of the clips that it takes; 0 for a network of single images.
    licence, citation, trained_on, supervision : str
        What the library says of the weights.
    url : str or None
        Address where they are described.
    weights : callable
        Fetches the weights: tensors by name, the network's whole state.
    """

    library: str
    architecture: Mapping[str, Any]
    preparation: Preparation
    weights: Callable[[], Mapping[str, torch.Tensor]]
    n_frames: int = 0
    licence: str = "that of the weights; not stated by the library"
    citation: str = ""
    trained_on: str = "as published"
    supervision: str = "as published"
    url: str | None = None


def unknown_name(source: str, name: str, known: Sequence[str] = ()) -> UnknownNameError:
    """The error over a name that a library does not have."""
    return UnknownNameError(f"{source} model", name, closest_names(name, known))


@contextmanager
def fetch_errors(source: str, name: str, *, offline: bool) -> Iterator[None]:
    """Name what a library raises while it fetches: a name that is not there, no network, other weights.

    Raises
    ------
    UnknownNameError
        If the hub has no such name, or not for everybody.
    MissingPartError
        If it cannot be reached, and the files were not fetched before.
    InvalidDataError
        If the files are damaged or of another architecture.
    """
    try:
        yield
    except InnerscoreError:
        raise
    except Exception as error:  # each library raises kinds of its own
        kinds = [kind.__name__ for cause in _causes(error) for kind in type(cause).__mro__]
        told = str(error).splitlines()[0] if str(error) else type(error).__name__
        if any(kind in _OF_THE_NETWORK for kind in kinds):
            raise MissingPartError(
                f"The files of {source}:{name}",
                got="not fetched before, and the setting 'offline' forbids to fetch them"
                if offline
                else f"not fetched before, and no network: {told}",
                needed="here, or at an address that can be reached",
                hint="Fetch them where there is a network, or name a local folder: see docs/submitting.md.",
            ) from error
        if any(kind in _NOT_THERE for kind in kinds):
            raise unknown_name(source, name) from error
        raise InvalidDataError(
            f"The files of {source}:{name}",
            got=f"{type(error).__name__}: {told}",
            needed="a whole network of the architecture that its name says",
        ) from error


def is_reachable(host: str) -> bool:
    """Whether a host's name can be resolved, or a proxy is set that does so.

    A library would try again for most of a minute otherwise, before it looks at the files that were fetched before.
    """
    if urllib.request.getproxies():
        return True
    try:
        socket.getaddrinfo(host, 443)
    except OSError:
        return False
    return True


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
