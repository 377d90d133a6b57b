"""Short vocabularies for filters: free text of cards as a few words, so that a reader can choose among them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping

__all__ = ["OTHER", "vocabulary"]

OTHER = "other"
_MOST = 9
_END = re.compile(r"[:;,(]")


def vocabulary(texts: Iterable[str]) -> Mapping[str, str]:
    """A word for each text: its beginning, up to the first punctuation, or "other" where few begin so.

    The nine most frequent beginnings are kept, of those that more than one text has; all of them if they are few.
    """
    given = list(texts)
    counts = Counter(filter(None, map(_beginning, given)))
    is_short = len(counts) <= _MOST
    kept = {word for word, n in counts.most_common(_MOST) if n > 1 or is_short}
    return {text: _word(_beginning(text), kept) for text in given}


def _word(beginning: str, kept: set[str]) -> str:
    return beginning if beginning in kept or not beginning else OTHER


def _beginning(text: str) -> str:
    return _END.split(text, maxsplit=1)[0].strip()
