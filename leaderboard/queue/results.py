"""Scores of a submission, with their places on the board."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from ...core.records import EstimateRecord, ResultRecord
from ..placement import Place
from ..store import Store
from .submission import Event

__all__ = ["PlacesOf", "SubmissionResult", "results_of"]

PlacesOf: TypeAlias = Callable[[Sequence[ResultRecord]], Mapping[str, Place]]


@dataclass(frozen=True)
class SubmissionResult:
    """The result of a submission on one benchmark.

    Parameters
    ----------
    record : ResultRecord
    place : Place or None
        Place on the board; None without a score, or while the board that is shown was made before the record.
    """

    record: ResultRecord
    place: Place | None

    @property
    def benchmark(self) -> str:
        """Name of the benchmark."""
        return self.record.inputs.benchmark.identifier

    @property
    def normalised(self) -> EstimateRecord | None:
        """The ceiling-normalised score; None where there is none."""
        return None if self.record.score is None else self.record.score.normalised

    def to_json(self) -> dict[str, Any]:
        """The result for programs."""
        score = self.normalised
        return {
            "benchmark": self.benchmark,
            "record_sha256": self.record.record_sha256,
            "status": self.record.status,
            "normalised": None if score is None else score.value,
            "normalised_low": None if score is None else score.low,
            "normalised_high": None if score is None else score.high,
            "place": None if self.place is None else self.place.to_json(),
        }


def results_of(events: Iterable[Event], store: Store, places_of: PlacesOf) -> list[SubmissionResult]:
    """The results of a submission's events, but for hidden records.

    Parameters
    ----------
    events : iterable of Event
    store : Store
    places_of : callable
        Gives the places of records by record hash.
    """
    hashes = dict.fromkeys(event.record_sha256 for event in events if event.record_sha256)
    records = [record for sha256 in hashes if (record := store.record(sha256)) is not None]
    places = places_of(records) if records else {}
    return [SubmissionResult(record, places.get(record.record_sha256)) for record in records]
