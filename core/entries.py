"""Importing what a card's ``entry`` names; separate from the registry, so that a sandbox need not import that."""

from __future__ import annotations

import importlib
import importlib.machinery
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from .errors import InvalidCardError
from .hashing import sha256_of_bytes

__all__ = ["FOLDER_PACKAGE", "import_entry"]

FOLDER_PACKAGE = (
    "_innerscore_folder_"  # of the package that a folder's files are imported into; its hash follows
)


def import_entry(entry: str, folder: Path) -> Any:
    """Import ``module:attribute``, or ``file.py:attribute`` relative to a card's folder.

    Raises
    ------
    InvalidCardError
        If there is no such file, module or attribute. An error inside the imported code is raised as it is.
    """
    where, _, attribute = entry.partition(":")
    module = _import_file(folder, where) if where.endswith(".py") else _import_module(where)
    if not hasattr(module, attribute):
        raise InvalidCardError(
            f"The entry '{entry}' of the card in {folder}",
            got=f"a module without '{attribute}'",
            needed="the name of a class or function in it",
        )
    return getattr(module, attribute)


def _import_module(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not name.startswith(error.name):
            raise
        raise InvalidCardError(
            f"The entry module '{name}'", got="no such module", needed="importable"
        ) from error


def _import_file(folder: Path, file: str) -> ModuleType:
    """Import a file of a folder as part of a package made of the folder, so that ``from .x import`` works."""
    path = folder / file
    if not path.is_file():
        raise InvalidCardError(f"The entry file {path}", got="no such file", needed="a Python file")
    package = f"{FOLDER_PACKAGE}{sha256_of_bytes(str(folder.resolve()).encode())[:16]}"
    if package not in sys.modules:
        spec = importlib.machinery.ModuleSpec(package, loader=None, is_package=True)
        spec.submodule_search_locations = [str(folder)]
        sys.modules[package] = importlib.util.module_from_spec(spec)
    return importlib.import_module(".".join([package, *Path(file).with_suffix("").parts]))
