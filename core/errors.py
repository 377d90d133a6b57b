"""The errors innerscore raises: one tree, one exit code per kind.

::

    InnerscoreError                    1
    ├── InvalidInputError              3   a card, an array, a file or a bundle is not as it must be
    │   ├── InvalidArgumentError           a function's argument (is a ValueError too)
    │   ├── InvalidCardError               a card's field
    │   ├── InvalidDataError               a data file's content
    │   │   ├── ChecksumError              a file whose bytes are not the published ones
    │   │   └── UnfitRecordingError        a recording that cannot carry a metric, whoever is scored
    │   ├── InvalidRecordError             a result record
    │   └── DuplicateNameError             one name registered at two places
    ├── CandidateError                 4   a candidate failed
    │   ├── ActivationError                its activations are not as the stimulus demands
    │   └── LimitError                     it took more than its sandbox allows
    ├── UnknownNameError               5   no candidate, benchmark, metric or data set of that name
    ├── StoreError                     6   the store is damaged or in conflict
    └── MissingPartError               7   an extra, a system part or a data file is missing
        └── MissingExtraError              an extra, which a candidate may need and others do not

Exit code 2 (wrong usage) belongs to the command line's parser; 0 is success.
"""

from __future__ import annotations

import sysconfig
import traceback
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import ClassVar

__all__ = [
    "ActivationError",
    "CandidateError",
    "ChecksumError",
    "DuplicateNameError",
    "InnerscoreError",
    "InvalidArgumentError",
    "InvalidCardError",
    "InvalidDataError",
    "InvalidInputError",
    "InvalidRecordError",
    "LimitError",
    "MissingExtraError",
    "MissingPartError",
    "StoreError",
    "UnfitRecordingError",
    "UnknownNameError",
    "did_you_mean",
    "foreign_errors",
]


_PACKAGE = Path(__file__).resolve().parents[1]


class InnerscoreError(Exception):
    """Base of every error that innerscore raises on purpose.

    Parameters
    ----------
    subject : str
        Subject of the error: the argument, field, layer or file, named.
    got : object
        Value that was found there.
    needed : str
        Requirement, worded so that "``subject`` must be ``needed``" reads well.
    hint : str, default=""
        Advice on how to correct it, a full sentence.

    Attributes
    ----------
    exit_code : int
        The command line's exit code for this kind of error.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, subject: str, *, got: object, needed: str, hint: str = "") -> None:
        self.subject = subject
        self.got = got
        self.needed = needed
        self.hint = hint
        super().__init__(self._message())

    def _message(self) -> str:
        # What was got may be another library's message, with a full stop of its own.
        got = str(self.got).rstrip().removesuffix(".") if not str(self.got).endswith("...") else self.got
        return f"{self.subject} must be {self.needed}, got {got}. {self.hint}".rstrip()


class InvalidInputError(InnerscoreError):
    """Something given to innerscore is not as it must be."""

    exit_code = 3


class InvalidArgumentError(InvalidInputError, ValueError):
    """An argument of a function is out of its documented range."""


class InvalidCardError(InvalidInputError):
    """A card lacks a key, has one too many, or holds an illegal value."""


class InvalidDataError(InvalidInputError):
    """A data file or labelled array lacks what its data set must have."""


class ChecksumError(InvalidDataError):
    """A file's bytes are not the published ones."""


class UnfitRecordingError(InvalidDataError):
    """A recording cannot carry a metric, such as one of too few cells: no fault of any candidate."""


class InvalidRecordError(InvalidInputError):
    """A result record cannot be read or does not match its own hash."""


class DuplicateNameError(InvalidInputError):
    """One name is registered at two places."""


class CandidateError(InnerscoreError):
    """A candidate raised, or could not be built."""

    exit_code = 4


class ActivationError(CandidateError):
    """A candidate returned activations that its stimulus does not allow."""


class LimitError(CandidateError):
    """A candidate took more time, memory, processes or space than its sandbox allows, and was ended."""


_LISTED_BY = {
    "dandiset": "https://dandiarchive.org/dandiset",
    "timm model": "timm.list_pretrained()",
    "torchvision model": "torchvision.models.list_models()",
    "hf model": "https://huggingface.co/models",
    "packaged model": "docs/submitting.md",
    "study": "innerscore reproduce --help",
    "recipe": "innerscore train",
    "record": "innerscore board --json",
    "submission": "innerscore submission list",
    "token": "innerscore board token list",
}


class UnknownNameError(InnerscoreError):
    """The requested name is not registered.

    Parameters
    ----------
    kind : str
        ``"candidate"``, ``"benchmark"``, ``"metric"``, ``"dataset"``, ``"study"``, ``"recipe"``,
        ``"record"``, ``"submission"``, ``"token"``, ``"dandiset"``, or ``"timm model"`` and so on for networks of
        other libraries.
    name : str
        The requested name.
    suggestions : sequence of str
        The registered names closest to it.
    """

    exit_code = 5

    def __init__(self, kind: str, name: str, suggestions: Sequence[str]) -> None:
        self.kind = kind
        self.name = name
        self.suggestions = tuple(suggestions)
        meant = f"{_question(self.suggestions)} " if self.suggestions else ""
        super().__init__(
            f"The {kind} name",
            got=repr(name),
            needed="a registered one",
            hint=f"{meant}'{_LISTED_BY.get(kind, 'innerscore list')}' shows all names.",
        )


class StoreError(InnerscoreError):
    """The store of results is damaged, or a record is in conflict with it."""

    exit_code = 6


class MissingPartError(InnerscoreError):
    """A needed part is not here: an extra, a system package, a data file, or memory enough."""

    exit_code = 7


class MissingExtraError(MissingPartError):
    """An extra is not installed, or does not work with what is: whatever does without it goes on."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A question that names the known name that an unknown one resembles most, or an empty text.

    It is a sentence, for the `hint` of an error.
    """
    near = get_close_matches(name, list(known), n=1)
    return _question(near) if near else ""


def _question(names: Sequence[str]) -> str:
    return f"Did you mean {' or '.join(map(repr, names))}?"


@contextmanager
def foreign_errors(
    kind: type[InnerscoreError], subject: str, *, needed: str, hint: str = ""
) -> Iterator[None]:
    """Turn what code that is not ours raises into an error that names whose code it was.

    Errors of innerscore pass as they are; the foreign error is the cause of the new one.

    Parameters
    ----------
    kind : type
        The error to raise.
    subject, needed, hint : str
        As for :class:`InnerscoreError`.
    """
    try:
        yield
    except InnerscoreError:
        raise
    except Exception as error:  # foreign code may raise anything
        got = f"{type(error).__name__}: {error}{_place(error)}"
        raise kind(subject, got=got, needed=needed, hint=hint) from error


def _place(error: BaseException) -> str:
    """File and line of the innermost code that is neither innerscore's nor installed, in parentheses."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if Path(frame.filename).is_absolute() and not _installed(frame.filename)]
    return f" ({Path(own[-1].filename).name}, line {own[-1].lineno})" if own else ""


def _installed(file: str) -> bool:
    standard = Path(sysconfig.get_paths()["stdlib"])
    return "site-packages" in Path(file).parts or any(map(Path(file).is_relative_to, (_PACKAGE, standard)))
