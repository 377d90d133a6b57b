"""Topics: the board's sections by what they are about, each with a page of its own, recorded data first."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from ..board import Board, Section
from .answers import Answer, answers
from .names import slug

__all__ = ["Topic", "topics"]

_OTHER = re.compile(r"[^a-z0-9]+")
_MOST_LETTERS = 60


@dataclass(frozen=True)
class Topic:
    """A system with all that was recorded or simulated of it.

    Parameters
    ----------
    name : str
        The part of its systems' names before the slash, as ``Ready-set-go``.
    slug : str
        Its name in an address.
    sections : tuple of Section
        Its sections, those on recorded data first.
    """

    name: str
    slug: str
    sections: tuple[Section, ...]

    @cached_property
    def answers(self) -> list[Answer]:
        """Answers of its recorded data, or where none was scored, its simulated ones; the surest first."""
        for simulated in (False, True):
            parts = [section for section in self.sections if section.simulated == simulated]
            if found := [answer for section in parts for answer in answers(section)]:
                return sorted(found, key=_surest)
        return []


def topics(board: Board) -> tuple[Topic, ...]:
    """All topics, that with the surest answer on recorded data first."""
    by_name: dict[str, list[Section]] = {}
    for section in board.sections:
        by_name.setdefault(section.topic, []).append(section)
    slugs = _slugs(by_name)
    found = [
        Topic(name, slugs[name], tuple(sorted(sections, key=_recorded_and_large)))
        for name, sections in by_name.items()
    ]
    return tuple(sorted(found, key=_answered))


def _recorded_and_large(section: Section) -> tuple[bool, int]:
    return section.simulated, -len(section.columns)


def _surest(answer: Answer) -> tuple[bool, float]:
    """A sort key: where a baseline is above all models, the order of these answers little."""
    return not answer.is_above_floor, -answer.separation.share


def _answered(topic: Topic) -> tuple[bool, bool, tuple[bool, float]]:
    first = next(iter(topic.answers), None)
    if first is None:
        return True, True, (True, 0.0)
    return False, first.column.simulated, _surest(first)


def _slugs(names: Iterable[str]) -> dict[str, str]:
    """Readable names for addresses; the hash of a name where two would be alike, or nothing is left."""
    found: dict[str, str] = {}
    for name in names:
        readable = _OTHER.sub("-", name.lower()).strip("-")
        is_good = 0 < len(readable) <= _MOST_LETTERS and readable not in found.values()
        found[name] = readable if is_good else slug(f"{name} ")
    return found
