"""A store whose last answers are kept: pages written one after the other ask for the same files again and again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Generic, TypeVar

from ...core.cards import CandidateCard
from ...core.records import ResultRecord
from ...core.resamples import Resamples
from ..hiding import Hiding
from .snapshot import Records

__all__ = ["CachedRecords"]

V = TypeVar("V")
_MOST = 4000


class _Kept(Generic[V]):
    """The values last asked for, by key."""

    def __init__(self) -> None:
        self._values: OrderedDict[str, V | None] = OrderedDict()

    def of(self, keys: Sequence[str], ask: Callable[[list[str]], Mapping[str, V]]) -> dict[str, V]:
        """Values by key, asking for those that are not kept; a key without a value is left out."""
        missing = [key for key in dict.fromkeys(keys) if key not in self._values]
        if missing:
            asked = ask(missing)
            self._values.update((key, asked.get(key)) for key in missing)
        found = {key: value for key in keys if (value := self._values[key]) is not None}
        while len(self._values) > max(_MOST, len(keys)):
            self._values.popitem(last=False)
        return found


class CachedRecords:
    """A source of records that keeps the last few thousand files it gave.

    Parameters
    ----------
    source : Records
        The store; nothing may be asked of it meanwhile that depends on records added later.
    """

    def __init__(self, source: Records) -> None:
        self._source = source
        self._files: _Kept[bytes] = _Kept()
        self._resamples: _Kept[Resamples] = _Kept()

    @property
    def day(self) -> date | None:
        """The source's day."""
        return self._source.day

    @property
    def edition(self) -> tuple[int, int]:
        """The source's edition."""
        return self._source.edition

    def hidden(self) -> list[Hiding]:
        """The source's hidden records."""
        return self._source.hidden()

    def latest(self) -> list[ResultRecord]:
        """The source's latest records."""
        return self._source.latest()

    def records(
        self, *, candidate: str | None = None, benchmark: str | None = None, after: int = 0
    ) -> list[ResultRecord]:
        """The source's records, all or those of a name."""
        return self._source.records(candidate=candidate, benchmark=benchmark, after=after)

    def raw_records(self) -> Iterator[Mapping[str, Any]]:
        """The source's rows, one a record."""
        return self._source.raw_records()

    def attachments(self, hashes: Sequence[str]) -> dict[str, bytes]:
        """Files by their hashes."""
        return self._files.of(list(hashes), self._source.attachments)

    def withheld(self, hashes: Iterable[str]) -> set[str]:
        """Those of the files that did not come with their records to the source."""
        return self._source.withheld(hashes)

    def cards(self, records: Sequence[ResultRecord]) -> dict[str, CandidateCard]:
        """The source's cards of candidates that came with records, by name."""
        return self._source.cards(records)

    def origins(self, records: Sequence[ResultRecord]) -> dict[str, str]:
        """The source's origins of records, by record hash."""
        return self._source.origins(records)

    def resamples(self, records: Sequence[ResultRecord]) -> dict[str, Resamples]:
        """Resamples by record hash."""
        by_hash = {record.record_sha256: record for record in records}
        return self._resamples.of(
            list(by_hash), lambda missing: self._source.resamples([by_hash[key] for key in missing])
        )
