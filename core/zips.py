"""Checks of zip files from strangers, made before one of them is opened."""

from __future__ import annotations

import struct
from typing import IO

from .errors import InvalidDataError

__all__ = ["check_directory"]

_END = struct.Struct("<4s4H2LH")  # the record at a zip's end: APPNOTE.TXT, 4.3.16
_LOCATOR = 20  # bytes of the locator of zip64's own end record, which would stand right before


def check_directory(file: IO[bytes], subject: str, *, most_bytes: int) -> None:
    """Refuse a zip whose list of members is large, before a reader takes all of it into memory.

    Parameters
    ----------
    file : binary file
        Seekable file; left at its start.
    subject : str
        Name of the zip, for the message.
    most_bytes : int
        Largest size of the list.

    Raises
    ------
    InvalidDataError
        If it is too large, the file is no zip, has a comment at its end, or is of zip64's form, which only files
        beyond 4 GiB or 65,535 members need.
    """
    size = file.seek(0, 2)
    file.seek(max(0, size - _END.size - _LOCATOR))
    tail = file.read()
    file.seek(0)
    signature, *_, directory, _, comment = _END.unpack(tail[-_END.size :].rjust(_END.size, b"\0"))
    if signature != b"PK\5\6" or comment:
        raise InvalidDataError(subject, got="another end", needed="a whole zip without a comment")
    if tail[:4] == b"PK\6\7" or directory > most_bytes:
        raise InvalidDataError(
            subject,
            got="a longer list of members",
            needed=f"a zip whose list takes at most {most_bytes} bytes",
        )
