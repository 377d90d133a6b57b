"""The store of the settings, and the board as it is stored, with everything that is registered."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.errors import InvalidInputError
from ..core.settings import Settings
from ..core.sqlite_urls import sqlite_url
from ..leaderboard.hiding import Hiding
from ..leaderboard.inserting import without_values
from ..leaderboard.store import Entry, Store

if TYPE_CHECKING:
    from ..core.cards import CandidateCard
    from ..core.records import ResultRecord
    from ..leaderboard.board import Board, Quantity

__all__ = ["open_store", "shareable_store", "stored_board", "stored_suite"]

_LOGGER = logging.getLogger("innerscore.store")


def open_store(settings: Settings) -> Store:
    """Open the store of the settings; a warning is logged if it had to be migrated."""
    store = Store(settings.store)
    if store.migrated_from is not None:
        _LOGGER.warning(
            "the store was migrated to this version; as it was, it is kept in %s", store.migrated_from
        )
    return store


@contextmanager
def shareable_store(
    store: Store, withheld: Collection[str], without: Collection[str] = frozenset()
) -> Iterator[Store]:
    """The store, or a copy without anything of withheld data sets, which goes again.

    Parameters
    ----------
    store : Store
    withheld : collection of str
        Names of data sets of which nothing is shared.
    without : collection of str
        Names of data sets of which scores are shared without values of single neuroids.
    """
    if not withheld and not without:
        yield store
        return

    def passing(entries: Iterator[Entry]) -> Iterator[Entry]:
        for one in entries:
            dataset = one.record.inputs.data.dataset
            if dataset not in withheld:
                yield without_values(one) if dataset in without else one

    hidden = [one for one in store.hidden() if _dataset_of(store, one) not in withheld]

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "shareable.sqlite"
        copy = Store(sqlite_url(path))
        try:
            copy.add_all(passing(store.entries()), hidden)
            yield copy
        finally:
            copy.close()


def _dataset_of(store: Store, hiding: Hiding) -> str:
    """Data set of a hidden record; empty where the record is not here and nobody knows."""
    record = store.record(hiding.record_sha256, with_hidden=True)
    return "" if record is None else record.inputs.data.dataset


def stored_suite(store: Store, suite: str, settings: Settings) -> Board:
    """Arrange the records of a suite's benchmarks as one section.

    Raises
    ------
    UnknownNameError
        If no suite has that name.
    InvalidInputError
        If none of its benchmarks has a record.
    """
    from .. import benchmarks
    from ..benchmarks import suites
    from ..leaderboard.suites import suite_board

    card = suites.registry(settings).find(suite).card
    records = store.latest()
    cards = {name: entry.card for name, entry in benchmarks.registry(settings).entries().items()}
    board = suite_board(card, records, _candidate_cards(store, records, settings), cards, store.resamples)
    if not board.sections:
        raise InvalidInputError(
            f"The suite {card.label}",
            got="no record of any of its benchmarks",
            needed="scored on one at least",
            hint=f"Run 'innerscore score CANDIDATE --suite {suite}' first.",
        )
    return board


def _candidate_cards(
    store: Store, records: Sequence[ResultRecord], settings: Settings
) -> dict[str, CandidateCard]:
    """Cards that came with records, and those of registered candidates before them."""
    from .. import candidates

    registered = {name: entry.card for name, entry in candidates.registry(settings).entries().items()}
    return {**store.cards(records), **registered}


def stored_board(
    store: Store,
    settings: Settings,
    quantity: Quantity = "normalised",
    withheld: Collection[str] = frozenset(),
) -> Board:
    """Arrange a store's records with the registered candidates, and benchmarks but on withheld data sets."""
    # Whoever only opens the store need not wait for these and what they import.
    from .. import benchmarks
    from ..leaderboard.board import make_board

    records = store.latest()
    return make_board(
        records,
        _candidate_cards(store, records, settings),
        {
            name: entry.card
            for name, entry in benchmarks.registry(settings).entries().items()
            if entry.card.dataset not in withheld
        },
        resamples=store.resamples,
        quantity=quantity,
    )
