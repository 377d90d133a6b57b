"""Hashes of bytes, arrays, folders and canonical JSON: what identities and checks are made of."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt

__all__ = ["canonical_json", "sha256_of_array", "sha256_of_bytes", "sha256_of_file", "sha256_of_files"]


def canonical_json(value: object) -> bytes:
    """Encode a JSON value in the one form that is hashed: sorted keys, no spaces, UTF-8, no NaN.

    Raises
    ------
    ValueError
        If a number is NaN or infinite: JSON has none, write None instead.
    """
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def sha256_of_bytes(data: bytes) -> str:
    """SHA-256 of bytes, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def sha256_of_file(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_of_array(array: npt.NDArray[np.generic]) -> str:
    """SHA-256 of an array's dtype, shape and little-endian values."""
    fixed = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    digest = hashlib.sha256(f"{fixed.dtype.str}{fixed.shape}".encode())
    digest.update(fixed.data if fixed.size else b"")
    return digest.hexdigest()


def sha256_of_files(paths: Iterable[Path], *, root: Path) -> str:
    """SHA-256 over the names (relative to `root`) and bytes of several files, whatever their order."""
    names = sorted((path.relative_to(root).as_posix(), path) for path in paths)
    return sha256_of_bytes(canonical_json([[name, sha256_of_file(path)] for name, path in names]))
