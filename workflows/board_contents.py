"""Contents of the board's pages beside the records: all cards, the stimuli's clips, the model recovery report."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from .. import benchmarks, candidates, data_registry, metrics
from ..benchmarks import suites
from ..candidates.loss_curve import read_curve
from ..core.cards import BenchmarkCard, CandidateCard
from ..core.claims_report import without_datasets
from ..core.errors import InnerscoreError, InvalidInputError
from ..core.registry import Registered, Registry
from ..core.settings import Settings
from ..data_registry.sharing import scores_alone, withheld_datasets
from ..figures import Figure, loss_curve
from ..leaderboard.board import Board
from ..leaderboard.export import export_board
from ..leaderboard.pages import BoardContents, Clip, write_site
from ..leaderboard.store import Store
from ..studies.claims import shipped_claims
from ..studies.galleries import dataset_maps, gallery
from ..studies.model_recovery import shipped_report
from .clips import clip_of
from .game import pong_game
from .stored import shareable_store, stored_board

__all__ = ["board_contents", "export_shareable", "read_trust", "site_writer", "trust_file"]


def board_contents(
    settings: Settings,
    own: Iterable[str] = (),
    *,
    withheld: Collection[str] = frozenset(),
    without: Collection[str] = frozenset(),
) -> BoardContents:
    """Everything that is registered, but withheld data sets and benchmarks on them.

    Parameters
    ----------
    settings : Settings
    own : iterable of str
        Candidates to be marked as the reader's own.
    withheld : collection of str
        Names of data sets.
    without : collection of str
        Names of data sets of which no clip and no map is shown.
    """
    on_shared = {
        name: card
        for name, card in _cards(benchmarks.registry(settings)).items()
        if card.dataset not in withheld
    }
    known = candidates.registry(settings).entries()
    shared = {
        name: card for name, card in _cards(data_registry.registry(settings)).items() if name not in withheld
    }
    return BoardContents(
        candidates={name: entry.card for name, entry in known.items()},
        benchmarks=on_shared,
        datasets=shared,
        metrics=_cards(metrics.registry(settings)),
        suites=_cards(suites.registry(settings)),
        own=frozenset(own),
        clip=_Clips(settings, without),
        gallery=lru_cache(maxsize=None)(partial(_gallery, settings=settings, without=without)),
        losses=partial(_losses, known),
        trust=_shareable_trust(settings, withheld) or shipped_report(),
        game=pong_game(settings),
        claims=None if (claims := shipped_claims()) is None else without_datasets(claims, withheld),
    )


def site_writer(
    store: Store,
    settings: Settings,
    own: Iterable[str] = (),
    *,
    withheld: Collection[str] = frozenset(),
    without: Collection[str] = frozenset(),
) -> Callable[[Path], None]:
    """A function that writes the pages of a store into a folder, for an export."""
    contents = board_contents(settings, own, withheld=withheld, without=without)

    def write(folder: Path) -> None:
        write_site(store, contents, folder)

    return write


def export_shareable(
    store: Store, settings: Settings, folder: Path, own: Iterable[str] = ()
) -> tuple[Board, Path, frozenset[str]]:
    """Write a store's board as files that need no server, without private data sets and what came of them.

    Data sets that records rest on and of which no card is at hand are private. Hidden records are left out,
    too; their hashes and reasons are written.

    Parameters
    ----------
    store : Store
    settings : Settings
    folder : pathlib.Path
        Folder to write; an earlier export in it is replaced as a whole.
    own : iterable of str
        Candidates to be marked as the reader's own.

    Returns
    -------
    board : Board
        The board as it was written.
    page : pathlib.Path
        Its first page.
    left_out : frozenset of str
        Names of the private data sets of which there are records.
    """
    named = {record.inputs.data.dataset for record in store.records(with_hidden=True)}
    withheld, without = withheld_datasets(settings, named), scores_alone(settings)
    with shareable_store(store, withheld, without & named) as shared:
        board = stored_board(shared, settings, withheld=withheld)
        site = site_writer(shared, settings, own, withheld=withheld, without=without)
        page = export_board(board, shared, folder, site=site)
    return board, page, withheld & named


def trust_file(settings: Settings) -> Path:
    """The file of the report of ``innerscore recovery``."""
    return settings.data_dir / "validity.json"


def _shareable_trust(settings: Settings, withheld: Collection[str]) -> dict[str, Any] | None:
    """The validity report made here, unless it tells of a withheld data set."""
    report = read_trust(trust_file(settings))
    text = json.dumps(report)
    return None if any(name in text for name in withheld) else report


def _cards(registry: Registry[Any]) -> dict[str, Any]:
    return {name: entry.card for name, entry in registry.entries().items()}


def read_trust(path: Path) -> dict[str, Any] | None:
    """The content of a validity report, or None if there is no such file."""
    if not path.is_file():
        return None
    try:
        content = json.loads(path.read_bytes())
    except ValueError as error:
        raise InvalidInputError(f"The validity report {path}", got=str(error), needed="JSON") from error
    if not isinstance(content, dict):
        raise InvalidInputError(f"The validity report {path}", got=type(content).__name__, needed="an object")
    return content


def _gallery(dataset: str, *, settings: Settings, without: Collection[str]) -> Figure | None:
    """The rate maps of a data set's cells, or None if they are not to be shown, not here or not over space."""
    if dataset in without:
        return None
    try:
        return gallery(dataset_maps(dataset, settings), f"Rate maps of {dataset}")
    except InnerscoreError:
        return None


def _losses(known: Mapping[str, Registered[CandidateCard]], candidate: str) -> Figure | None:
    """The loss curve of a candidate's training, or None if it is not known or has none that can be read."""
    if candidate not in known:
        return None
    try:
        epochs = read_curve(known[candidate].path.parent)
    except InnerscoreError:
        return None
    return loss_curve(epochs, f"Losses of {candidate}", key="losses") if epochs else None


class _Clips:
    """Clips by benchmark; benchmarks of one data set show the same stimuli, which are asked for once."""

    def __init__(self, settings: Settings, without: Collection[str]) -> None:
        self._settings, self._without = settings, without
        self._of_dataset = lru_cache(maxsize=None)(self._make)

    def __call__(self, benchmark: str) -> Clip | None:
        """The clip, or None if it is not to be shown, or the data are not here."""
        try:
            card: BenchmarkCard = benchmarks.registry(self._settings).find(benchmark).card
            return None if card.dataset in self._without else self._of_dataset(card.dataset)
        except InnerscoreError:
            return None

    def _make(self, dataset: str) -> Clip | None:
        return clip_of(data_registry.load_dataset(dataset, self._settings).stimuli())
