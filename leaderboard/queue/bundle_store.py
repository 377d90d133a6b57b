"""The bundles of submissions as files next to the store, each under the hash of its bytes."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

from ...core.bundles import Bundle, read_bundle
from ...core.errors import InvalidDataError
from ...core.files import write_bytes
from ...core.hashing import sha256_of_bytes

__all__ = ["BundleStore"]


class BundleStore:
    """A folder of bundles.

    Parameters
    ----------
    folder : pathlib.Path
        Made with the first bundle.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, zip_sha256: str) -> Path:
        """Path of a bundle."""
        return self.folder / zip_sha256[:2] / f"{zip_sha256}.zip"

    def keep(self, bundle: Bundle, data: bytes) -> None:
        """Keep a bundle, synced to disk; before its submission is, so that none is without its bundle.

        One that is here counts as new again.
        """
        if sha256_of_bytes(data) != bundle.zip_sha256:
            raise InvalidDataError("The bundle", got="other bytes", needed="those that were checked")
        path = self.path(bundle.zip_sha256)
        if path.is_file():
            os.utime(path)
        else:
            write_bytes(path, data)

    def sizes(self, hashes: Iterable[str]) -> list[int]:
        """Bytes of those bundles that are here."""
        return [path.stat().st_size for path in map(self.path, hashes) if path.is_file()]

    def older_than(self, moment: datetime) -> Iterator[str]:
        """Hashes of the bundles that were last kept before a moment."""
        for path in sorted(self.folder.glob("??/*.zip")):
            if path.stat().st_mtime < moment.timestamp():
                yield path.stem

    def remove(self, zip_sha256: str) -> int:
        """Remove a bundle.

        Returns
        -------
        n_bytes : int
            Its size.
        """
        path = self.path(zip_sha256)
        size = path.stat().st_size
        path.unlink()
        return size

    def read(self, zip_sha256: str) -> Bundle:
        """Read a bundle and check it again.

        Raises
        ------
        InvalidDataError
            If it is not here, was changed, or may not be.
        """
        path = self.path(zip_sha256)
        try:
            data = path.read_bytes()
        except OSError as error:
            raise InvalidDataError(
                f"The bundle {path}", got=error.strerror or str(error), needed="there"
            ) from error
        if sha256_of_bytes(data) != zip_sha256:
            raise InvalidDataError(f"The bundle {path}", got="changed bytes", needed="as it was submitted")
        return read_bundle(data)
