"""Pictures as they were shown: files of a folder or members of a zip, as bytes of height, width and colour."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import numpy.typing as npt

from ...core.errors import InvalidDataError
from .numbered_names import as_counted

__all__ = ["PICTURE_ENDINGS", "read_pictures"]

PICTURE_ENDINGS = (".png", ".jpg", ".jpeg", ".zip")

_ENDINGS = (".png", ".jpg", ".jpeg")
_MOST_PIXELS, _MOST_BYTES, _MOST_PICTURES = 2**24, 2**26, 100_000
_GREY_OR_COLOUR = {"1", "L", "P", "RGB", "YCbCr", "CMYK"}
_ORIENTATION = 0x0112  # of EXIF

# What Pillow and zipfile raise over damaged files.
_DAMAGE = (
    OSError,
    EOFError,
    ValueError,
    TypeError,
    SyntaxError,
    LookupError,
    NotImplementedError,
    RuntimeError,
    MemoryError,
    struct.error,
    zlib.error,
    zipfile.BadZipFile,
)

Picture = npt.NDArray[np.uint8]


def read_pictures(files: Mapping[str, Path], pattern: str, subject: str) -> dict[str, Picture]:
    """Read pictures in the order of their names, in which 2 comes before 10.

    Parameters
    ----------
    files : mapping of str to pathlib.Path
        Files by their paths in the data set's folder.
    pattern : str
        Pattern of these paths, such as ``images/*.png``; a zip stands for the pictures in it.
    subject : str
        Name of the field, for messages.

    Returns
    -------
    pictures : dict of str to array of shape (height, width, 3)
        Colours in bytes by the file's name without its ending; grey pictures have three equal ones.

    Raises
    ------
    InvalidDataError
        If no file matches, two have one name, a file is damaged or too large, or a picture would not be shown as it
        is stored: transparent, of more than 8 bits, or turned by a note of the camera.
    """
    chosen = {name: path for name, path in files.items() if fnmatchcase(name, pattern)}
    if not chosen:
        raise InvalidDataError(
            subject,
            got=f"'{pattern}' and the files {sorted(files)[:5]}",
            needed=f"a pattern of files of {', '.join(PICTURE_ENDINGS)} in the data set's folder",
        )
    pictures: dict[str, Picture] = {}
    for name, body in _bodies(chosen):
        stem = PurePosixPath(name).stem
        if stem in pictures:
            raise InvalidDataError(subject, got=f"two pictures '{stem}'", needed="named apart")
        pictures[stem] = _decoded(name, body)
    return {name: pictures[name] for name in sorted(pictures, key=as_counted)}


def _bodies(files: Mapping[str, Path]) -> Iterator[tuple[str, bytes]]:
    """Names and bytes of all pictures."""
    for name, path in files.items():
        if path.suffix.lower() == ".zip":
            yield from _members(path)
        elif path.stat().st_size > _MOST_BYTES:
            raise _refused(name, f"{path.stat().st_size} bytes", f"of at most {_MOST_BYTES} bytes")
        else:
            yield name, path.read_bytes()


def _members(path: Path) -> Iterator[tuple[str, bytes]]:
    try:
        with zipfile.ZipFile(path) as archive:
            members = [one for one in archive.infolist() if _is_picture(one.filename)]
            if not members or len(members) > _MOST_PICTURES:
                needed = f"1 to {_MOST_PICTURES}, of {', '.join(_ENDINGS)}"
                raise _refused(str(path), f"{len(members)} pictures", needed)
            for member in members:
                if member.file_size > _MOST_BYTES:
                    raise _refused(
                        member.filename, f"{member.file_size} bytes", f"of at most {_MOST_BYTES} bytes"
                    )
                yield member.filename, archive.read(member)
    except _DAMAGE as error:
        raise _refused(str(path), f"damaged ({error})", "a whole zip") from error


def _is_picture(name: str) -> bool:
    """Whether a zip's member is a picture and not what a Mac keeps beside it."""
    path = PurePosixPath(name)
    return path.suffix.lower() in _ENDINGS and not path.name.startswith("._")


def _decoded(name: str, body: bytes) -> Picture:
    from PIL import Image

    try:
        with Image.open(io.BytesIO(body), formats=("PNG", "JPEG")) as image:
            _check_shown_as_stored(name, image)
            return np.asarray(image.convert("RGB"))
    except _DAMAGE as error:
        raise _refused(name, f"damaged ({error})", "a whole PNG or JPEG file") from error


def _check_shown_as_stored(name: str, image: Any) -> None:
    width, height = image.size
    if width * height > _MOST_PIXELS:
        raise _refused(name, f"{width} x {height} pixels", f"of at most {_MOST_PIXELS} pixels")
    if image.mode not in _GREY_OR_COLOUR or "transparency" in image.info:
        raise _refused(name, f"of mode {image.mode}", "opaque, grey or in colour, of 8 bits")
    if image.getexif().get(_ORIENTATION, 1) != 1:
        raise _refused(name, "turned by a note of the camera", "stored as it was shown")


def _refused(name: str, got: str, needed: str) -> InvalidDataError:
    return InvalidDataError(f"The picture {name}", got=got, needed=needed)
