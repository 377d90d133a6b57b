"""Tables as DataFrames: cards, the scores of a board, the values of single neurons."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from ..core.errors import MissingPartError, UnknownNameError
from ..core.records import ResultRecord
from ..core.settings import Settings
from ..leaderboard.comparison import comparison_rows
from ..leaderboard.tables import board_rows
from ..scoring import kept_targets
from .comparing import compare_stored
from .registries import registries
from .stored import open_store, stored_board

__all__ = ["board_frame", "cards_frame", "comparison_frame", "record_of", "scores_frame", "targets_frame"]

_SCORES = (
    *("candidate", "candidate_version", "bundle_sha256", "benchmark", "benchmark_version", "simulated"),
    *("normalised", "normalised_low", "normalised_high", "rank_low", "rank_high", "tie_group"),
    *("raw", "raw_low", "raw_high", "ceiling", "ceiling_low", "ceiling_high", "above_ceiling"),
    *("win_rate", "layer", "seed", "data_sha256", "record_sha256"),
)
_WHOLE = ("candidate_version", "benchmark_version", "rank_low", "rank_high", "tie_group", "seed")


def cards_frame(kind: str, settings: Settings) -> pd.DataFrame:
    """The registered cards of a kind, a row a name.

    Raises
    ------
    UnknownNameError
        If there is no such kind.
    """
    known = registries(settings)
    if kind not in known:
        raise UnknownNameError("kind of thing", kind, list(known))
    cards: Mapping[str, Any] = {name: entry.card for name, entry in known[kind].entries().items()}
    return pd.DataFrame([card.model_dump() for card in cards.values()], index=pd.Index(cards, name="name"))


def comparison_frame(names: Sequence[str], settings: Settings, benchmarks: Sequence[str]) -> pd.DataFrame:
    """Differences of candidates, a row a benchmark and pair; raises as :func:`.comparing.compare_stored`."""
    return pd.DataFrame(comparison_rows(names, compare_stored(names, settings, benchmarks)))


def board_frame(settings: Settings) -> pd.DataFrame:
    """The board of the settings' store, a row a candidate and benchmark."""
    return pd.DataFrame(board_rows(stored_board(open_store(settings), settings)))


def scores_frame(
    settings: Settings, candidates: Sequence[str] | None = None, benchmarks: Sequence[str] | None = None
) -> pd.DataFrame:
    """The values of the board, best first within each benchmark."""
    board = board_frame(settings).reindex(columns=[*_SCORES, "state"])
    for column, wanted in (("candidate", candidates), ("benchmark", benchmarks)):
        if wanted is not None:
            board = board[board[column].isin(list(wanted))]
    found = board[board["state"] == "value"][list(_SCORES)]
    found = found.astype(dict.fromkeys(_WHOLE, "Int64"))
    order = ["benchmark", "benchmark_version", "data_sha256", "normalised"]
    return found.sort_values(order, ascending=[True, True, True, False], ignore_index=True)


def record_of(sha256: str, settings: Settings) -> ResultRecord:
    """A stored record by its hash.

    Raises
    ------
    UnknownNameError
        If the store has no such record, or hides it.
    """
    record = open_store(settings).record(sha256)
    if record is None:
        raise UnknownNameError("record", sha256, [])
    return record


def targets_frame(record: ResultRecord, settings: Settings) -> pd.DataFrame:
    """The values of a record's targets: of neuroids, or of dissimilarity matrices.

    Raises
    ------
    MissingPartError
        If the record has no score, or its table is neither in the store nor in the cache.
    """
    subject = f"The per-target values of the record {record.record_sha256[:12]}"
    if record.score is None:
        raise MissingPartError(subject, got=f"status '{record.status}'", needed="a record with a score")
    sha256 = record.score.targets_sha256
    table = kept_targets(sha256, settings.cache_dir)
    if table is None and (store := open_store(settings)).record(record.record_sha256) is not None:
        table = store.attachments([sha256]).get(sha256)
    if table is None:
        raise MissingPartError(
            subject,
            got="in neither store nor cache",
            needed="in one of them",
            hint="Score the pair again: innerscore.run(...) stores them with the record.",
        )
    return pd.read_csv(io.BytesIO(table))
