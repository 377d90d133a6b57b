"""Names of the last version's commands and options, taken for one release as what they are called now."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from typer.core import TyperGroup

from .output import say

__all__ = ["CurrentNames", "Renamed", "renamed"]

_NOTE = "{old} is called '{new}' now; the old name goes with the next release."


@dataclass(frozen=True)
class Renamed:
    """A command line in today's names.

    Parameters
    ----------
    arguments : tuple of str
        What follows ``innerscore``.
    notes : tuple of str
        One sentence for each old name that was used; empty if there was none.
    """

    arguments: tuple[str, ...]
    notes: tuple[str, ...] = ()


def renamed(arguments: Sequence[str]) -> Renamed:
    """Put today's names for those of the last version.

    Parameters
    ----------
    arguments : sequence of str
        What follows ``innerscore`` on the command line.

    Returns
    -------
    Renamed
        The same arguments and no notes, if no name in them is an old one.
    """
    command = _with_current_command(tuple(arguments))
    options = _with_current_options(command.arguments)
    return Renamed(options.arguments, (*command.notes, *options.notes))


class CurrentNames(TyperGroup):
    """The group of all commands: it understands old names, and says on standard error what they are now."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # a Context of click, which typer hides
        """Parse the command line in today's names."""
        current = renamed(args)
        for note in current.notes:
            say(note)
        return super().parse_args(ctx, list(current.arguments))


def _with_current_command(arguments: tuple[str, ...]) -> Renamed:
    if not arguments or arguments[0] not in _COMMANDS:
        return Renamed(arguments)
    old, *further = arguments
    words, rest = _COMMANDS[old](further)
    note = _NOTE.format(old=f"innerscore {old}", new=" ".join(("innerscore", *words)))
    return Renamed((*words, *rest), (note,))


def _with_current_options(arguments: tuple[str, ...]) -> Renamed:
    for words, options in _OPTIONS.items():
        if arguments[: len(words)] == words:
            replaced = tuple(_current_option(argument, options) for argument in arguments)
            used = [(old, new) for old, new in options.items() if _is_used(old, arguments)]
            return Renamed(replaced, tuple(_NOTE.format(old=old, new=new) for old, new in used))
    return Renamed(arguments)


def _current_option(argument: str, options: Mapping[str, str]) -> str:
    name, equals, value = argument.partition("=")
    return f"{options.get(name, name)}{equals}{value}"


def _is_used(option: str, arguments: Sequence[str]) -> bool:
    return any(argument.partition("=")[0] == option for argument in arguments)


_Words = tuple[str, ...]


def _now(*words: str) -> Callable[[Sequence[str]], tuple[_Words, _Words]]:
    """A command that takes the arguments of the old one."""
    return lambda further: (words, tuple(further))


def _submission(further: Sequence[str]) -> tuple[_Words, _Words]:
    """``status [ID] [--withdraw]`` was three commands; looking up needs no token, but one was taken."""
    parser = argparse.ArgumentParser("innerscore status", add_help=False, allow_abbrev=False)
    parser.add_argument("identifier", nargs="?")
    parser.add_argument("--withdraw", action="store_true")
    parser.add_argument("--url")
    parser.add_argument("--token")
    given, rest = parser.parse_known_args(further)
    url = () if given.url is None else ("--url", given.url)
    if given.identifier is None:
        unfit = ("--withdraw",) if given.withdraw else ()
        return ("submission", "list"), (*unfit, *url, *rest)
    token = ("--token", given.token) if given.withdraw and given.token is not None else ()
    word = "withdraw" if given.withdraw else "show"
    return ("submission", word), (given.identifier, *url, *token, *rest)


_COMMANDS: Mapping[str, Callable[[Sequence[str]], tuple[_Words, _Words]]] = {
    "export": _now("board", "export"),
    "import": _now("board", "import"),
    "serve": _now("board", "serve"),
    "status": _submission,
    "stimuli": _now("export-stimuli"),
    "token": _now("board", "token"),
    "validate": _now("recovery"),
    "verify": _now("store", "verify"),
}

_OPTIONS: Mapping[_Words, Mapping[str, str]] = {
    ("board", "export"): {"--own": "--highlight"},
    ("board", "serve"): {"--own": "--highlight"},
    ("recovery",): {"--fresh": "--resample-conditions"},
}
