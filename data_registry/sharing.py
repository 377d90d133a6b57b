"""Selection of what may leave in an export: what licence and card of a data set allow.

A card may say it: ``sharing: everything``, ``scores`` (with their intervals and citations, and nothing of a single
neuroid) or ``nothing``. Without that, data sets that come with this package or with an installed one are public,
and those of one's own, added by ``innerscore data add`` or lying in a plugin folder, are private unless their
card's ``licence`` is one of the SPDX identifiers below. Licences without derivatives are not among them: a score is
derived. A data set of which no card is at hand is private: nobody knows its licence.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable

from ..core.cards import DatasetCard
from ..core.errors import InvalidDataError
from ..core.files import exclusive, write_bytes
from ..core.settings import Settings
from .interface import registry

__all__ = ["may_leave", "note_private", "scores_alone", "withheld_datasets"]

_OPEN = re.compile(
    r"CC0-1\.0|PDDL-1\.0|ODC-By-1\.0|ODbL-1\.0|CC-BY(-NC)?(-SA)?-\d\.\d|MIT|Apache-2\.0|BSD-[23]-Clause"
)
_NOTED = "private-datasets.json"


def may_leave(card: DatasetCard) -> bool:
    """Whether scores on one's own data may be passed on: as the card says, or else its licence."""
    if card.sharing is not None:
        return card.sharing != "nothing"
    return _OPEN.fullmatch(card.licence.strip()) is not None


def scores_alone(settings: Settings) -> frozenset[str]:
    """Names of the data sets of which scores may leave, and no value of a single neuroid."""
    entries = registry(settings).entries()
    return frozenset(name for name, entry in entries.items() if entry.card.sharing == "scores")


def withheld_datasets(settings: Settings, recorded: Collection[str] = ()) -> frozenset[str]:
    """Names of the data sets of which nothing may leave.

    Parameters
    ----------
    settings : Settings
    recorded : collection of str
        Names of the data sets that records rest on. One whose card is gone, with its folder or with the plugin
        folder of another day, is withheld; a card with an open licence frees it.
    """
    homes = tuple(folder.resolve() for folder in (*settings.plugins, settings.own_datasets))
    registered = registry(settings).entries()
    own = {
        name: entry.card
        for name, entry in registered.items()
        if any(entry.path.is_relative_to(home) for home in homes)
    }
    private = {name for name, entry in registered.items() if entry.card.sharing == "nothing"}
    private |= {name for name, card in own.items() if not may_leave(card)}
    gone = (_noted(settings) - own.keys()) | (set(recorded) - registered.keys())
    return frozenset(private | gone)


def note_private(card: DatasetCard, settings: Settings) -> None:
    """Keep in mind that a data set is private, for when its card is gone and its records are not."""
    path = settings.data_dir / _NOTED
    with exclusive(path):
        write_bytes(path, _as_json(_noted(settings) | {card.identifier}))


def _noted(settings: Settings) -> set[str]:
    path = settings.data_dir / _NOTED
    try:
        return set(json.loads(path.read_bytes()))
    except FileNotFoundError:
        return set()
    except (OSError, ValueError) as error:
        raise InvalidDataError(
            f"The list of private data sets {path}", got=str(error), needed="readable as innerscore wrote it"
        ) from error


def _as_json(names: Iterable[str]) -> bytes:
    return json.dumps(sorted(names), indent=1).encode()
