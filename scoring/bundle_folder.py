"""A bundle's files unpacked into the cache, under the hash of what they are."""

from __future__ import annotations

import shutil
from pathlib import Path

from ..core.bundles import Bundle, folder_sha256, read_bundle, unpack_bundle
from ..core.errors import InvalidInputError
from ..core.files import exclusive

__all__ = ["bundle_folder", "is_bundle", "unpacked"]


def is_bundle(candidate: str) -> bool:
    """Whether a candidate is given as a bundle."""
    return candidate.lower().endswith(".zip")


def bundle_folder(path: Path, cache_dir: Path) -> Path:
    """The folder with the files of a bundle.

    Raises
    ------
    InvalidInputError
        If the file cannot be read, or the bundle is not as :func:`~innerscore.core.bundles.read_bundle` demands.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InvalidInputError(
            f"The bundle {path}", got=error.strerror or str(error), needed="a file that can be read"
        ) from error
    return unpacked(read_bundle(data, subject=f"The bundle {path}"), cache_dir)


def unpacked(bundle: Bundle, cache_dir: Path) -> Path:
    """The folder with a bundle's files: made if it is not there or not whole."""
    folder = cache_dir / "bundles" / bundle.content_sha256
    with exclusive(folder):
        if not folder.is_dir() or folder_sha256(folder) != bundle.content_sha256:
            part = folder.with_name(f".{folder.name}.part")
            for old in (part, folder):
                shutil.rmtree(old, ignore_errors=True)
            unpack_bundle(bundle, part)
            part.rename(folder)
    return folder
