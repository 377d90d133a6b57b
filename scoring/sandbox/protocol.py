"""Replies of a sandbox: frames on a pipe, an npz in each with activations, none of it trusted."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from ...core.activations import Activations, check_activations
from ...core.cards import CandidateCard
from ...core.errors import ActivationError, CandidateError, InvalidDataError
from ...core.stimuli import Stimulus
from ...core.zips import check_directory
from ..array_files import TIMES, Entry, layer_values, open_arrays

__all__ = ["read_activation_reply", "read_frame"]

_HEADER = struct.Struct("!cQ")
_PIECE = 2**20
_DIRECTORY_BYTES = 2**20
_MOST_WORDS = 2000


def read_frame(pipe: IO[bytes], path: Path, card: CandidateCard, *, most_bytes: int) -> str | None:
    """Read one frame's body into a file of ours.

    Returns
    -------
    letter : str or None
        Kind of the frame; None if the pipe ends before the frame does.

    Raises
    ------
    ActivationError
        If it says that it is larger than allowed, or is of no known kind.
    CandidateError
        If it says that the candidate failed.
    """
    header = pipe.read(_HEADER.size)
    if len(header) < _HEADER.size:
        return None
    letter, size = _HEADER.unpack(header)
    if letter not in b"SLAE" or size > most_bytes:
        raise ActivationError(
            f"What candidate '{card.identifier}' returned",
            got=f"{size} bytes",
            needed=f"for each stimulus an npz of at most {most_bytes} bytes",
        )
    with path.open("wb") as file:
        while size and (piece := pipe.read(min(size, _PIECE))):
            size -= file.write(piece)
    if size:
        return None
    if letter == b"E":
        raise _told(path, card)
    return str(letter.decode())


def read_activation_reply(
    path: Path, stimulus: Stimulus, card: CandidateCard, *, most_bytes: int
) -> Activations:
    """The activations of one stimulus, from the file of a frame.

    Raises
    ------
    ActivationError
        If it is no npz of real finite arrays, one for each layer of the card and of this stimulus alone.
    """
    where = f"What candidate '{card.identifier}' returned for stimulus '{stimulus.identifier}'"
    try:
        with path.open("rb") as file:
            check_directory(file, where, most_bytes=_DIRECTORY_BYTES)
        with open_arrays(path) as entries:
            layers = _layers(entries, stimulus, where)
            _check_size(entries, where, most_bytes)
            values = {layer: layer_values(entries, stimulus, layer) for layer in layers}
            return check_activations(values, stimulus, candidate=card.identifier, layers=card.layers)
    except InvalidDataError as error:
        raise ActivationError(where, got=error.got, needed=error.needed, hint=error.hint) from error


def _layers(entries: Mapping[str, Entry], stimulus: Stimulus, where: str) -> list[str]:
    """The layers; whatever is named for another stimulus is refused."""
    names = list(entries)
    own = f"{stimulus.identifier}/"
    foreign = [name for name in names if not name.startswith(own)]
    layers = [name.removeprefix(own) for name in names if not name.endswith(TIMES)]
    lonely = {name.removesuffix(TIMES) for name in names} - {f"{own}{layer}" for layer in layers}
    if foreign or lonely:
        raise ActivationError(
            where,
            got=f"arrays named {sorted([*foreign, *lonely])[:3]}",
            needed="only layers of that stimulus",
        )
    return layers


def _check_size(entries: Mapping[str, Entry], where: str, most_bytes: int) -> None:
    size = sum(entry.held_bytes for entry in entries.values())
    if size > most_bytes:
        raise ActivationError(
            where, got=f"{size} bytes of numbers", needed=f"at most {most_bytes} bytes for a stimulus"
        )


def _told(path: Path, card: CandidateCard) -> CandidateError:
    """The error that the process, or the candidate in its place, wrote; only printable text of it is kept."""
    try:
        words = json.loads(path.read_bytes()[: 8 * _MOST_WORDS])["got"]
    except (ValueError, KeyError, TypeError, RecursionError):
        words = "no reason that could be read"
    text = "".join(one if one.isprintable() else " " for one in str(words)[:_MOST_WORDS])
    return CandidateError(f"Candidate '{card.identifier}'", got=text, needed="able to run in its sandbox")
