"""Short views of what a notebook or a prompt shows: records, benchmarks, data sets and candidates.

A class that derives from :class:`Displayed` says in its ``_summary`` which facts those are; text and HTML are made
of them here and nowhere else. Neither can change a number, so the class, and whatever is named ``_summary``, are
left out of the identity of code (:mod:`~innerscore.core.syntax`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

__all__ = ["Displayed", "Summary", "card_summary"]

_MOST = 300  # characters of a fact
_FACTS = (
    *(
        "simulated",
        "species",
        "system",
        "dataset",
        "region",
        "regions",
        "metric",
        "model_class",
        "trained_on",
    ),
    *("accepts", "layers", "range", "licence"),
)


@dataclass(frozen=True)
class Summary:
    """Facts about a thing, for a reader.

    Parameters
    ----------
    title : str
        One line that names the thing.
    facts : sequence of (str, str)
        Names of facts with the facts, a line each; longer ones are cut.
    """

    title: str
    facts: Sequence[tuple[str, str]]

    @property
    def text(self) -> str:
        """The title, and the facts indented below it.

        Examples
        --------
        >>> print(Summary("candidate pixels, version 1", [("layers", "rgb")]).text)
        candidate pixels, version 1
            layers  rgb
        """
        width = max((len(name) for name, _ in self.facts), default=0)
        return "\n".join([self.title, *(f"    {name:<{width}}  {_cut(fact)}" for name, fact in self.facts)])

    @property
    def html(self) -> str:
        """The same as a small table; whatever stands in it is escaped."""
        left = 'style="text-align:left"'
        rows = "".join(
            f"<tr><th {left}>{escape(name)}</th><td {left}>{escape(_cut(fact))}</td></tr>"
            for name, fact in self.facts
        )
        return f"<div><strong>{escape(self.title)}</strong><table>{rows}</table></div>"


class Displayed:
    """A thing that shows itself by a summary, as text at a prompt and as HTML in a notebook."""

    __slots__ = ()

    def _summary(self) -> Summary:
        """Facts that are shown; those of its card, unless a class says otherwise."""
        return card_summary(self.card)  # type: ignore[attr-defined]

    def __repr__(self) -> str:
        return self._summary().text

    def __str__(self) -> str:
        return self._summary().text

    def _repr_html_(self) -> str:
        return self._summary().html


def card_summary(card: object, further: Sequence[tuple[str, str]] = ()) -> Summary:
    """The summary of a card of any kind: what a reader has to know first.

    Parameters
    ----------
    card : Card
        Card of a candidate, data set, metric or benchmark.
    further : sequence of (str, str)
        Facts that are not on the card, shown below those that are.
    """
    kind = type(card).__name__.removesuffix("Card").lower().replace("dataset", "data set")
    title = f"{kind} {getattr(card, 'identifier', '')}, version {getattr(card, 'version', '')}"
    found = [
        (name, getattr(card, name)) for name in _FACTS if getattr(card, name, None) not in (None, "", ())
    ]
    facts = [
        (name.replace("dataset", "data set").replace("_", " "), _in_words(value)) for name, value in found
    ]
    return Summary(title, [("title", str(getattr(card, "title", ""))), *facts, *further])


def _in_words(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, tuple | list) else str(value)


def _cut(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _MOST else f"{flat[: _MOST - 1]}…"
