"""Pictures that records carry, drawn: of candidates, of two of them beside each other, and of neurons alone.

A picture is made when a pair is scored (:mod:`innerscore.core.pictures`) and goes with the record as its other
files do: where a data set's terms keep values of single neuroids on the board that computed them, it stays there.
Files come from the sender of the record: what is not of the form says so in its place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any

from ...core.pictures import (
    BALL_FILE,
    MAPS_FILE,
    TRAJECTORIES_FILE,
    BallPicture,
    MapsPicture,
    TrajectoriesPicture,
    read_picture,
)
from ...core.records import ResultRecord
from ...figures import Figure
from ...figures.ball import ball_panels
from ...figures.map_pairs import map_pair_panels
from ...figures.trajectories import trajectory_panels
from .drawing import drawn
from .snapshot import Records, Snapshot

__all__ = ["PICTURES", "neural_pictures", "pictures_beside", "record_pictures"]

#: Names of the files, and what each is a picture of.
PICTURES: Mapping[str, str] = MappingProxyType(
    {
        BALL_FILE: "The ball, read out",
        TRAJECTORIES_FILE: "Trajectories while an interval is produced",
        MAPS_FILE: "Cells, and the units most like them",
    }
)
_NEURAL: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {BALL_FILE: {"shown": ("ball", "neurons")}, TRAJECTORIES_FILE: {"shown": ("neurons",)}}
)
_MOST_COMPARED = 4


def record_pictures(records: Sequence[ResultRecord], source: Records) -> dict[str, Figure]:
    """Figures, by key, of the pictures of some records, each picture once: those on recorded data first."""
    found: dict[str, Figure] = {}
    seen: set[str] = set()
    ordered = sorted(records, key=lambda one: one.inputs.data.simulated)
    for name, kind in PICTURES.items():
        for record, body in _with(name, ordered, source):
            if record.files[name] not in seen:
                seen.add(record.files[name])
                key = f"inside-{len(found)}"
                title = f"{kind}: {record.inputs.benchmark.identifier}{_mark(record)}"
                found[key] = _drawn(name, body, title, key=key)
    return found


def pictures_beside(
    compared: Iterable[tuple[str, Mapping[str, ResultRecord]]], source: Records
) -> tuple[dict[str, list[str]], dict[str, Figure]]:
    """Pictures of the candidates that are compared, of one kind and benchmark beside each other.

    Parameters
    ----------
    compared : iterable of (benchmark, records)
        For each benchmark the candidates' records, by candidate.
    source : Records

    Returns
    -------
    beside : dict of str to list of str
        By heading the keys of the figures that stand beside each other.
    figures : dict of str to Figure
        Figures by key.
    """
    beside: dict[str, list[str]] = {}
    figures: dict[str, Figure] = {}
    seen: set[frozenset[str]] = set()
    for benchmark, by_candidate in compared:
        names = {record.record_sha256: candidate for candidate, record in by_candidate.items()}
        for name, kind in PICTURES.items():
            having = _with(name, by_candidate.values(), source)[:_MOST_COMPARED]
            files = frozenset(record.files[name] for record, _ in having)
            if len(having) < 2 or files in seen:  # two metrics may look at the same layers
                continue
            seen.add(files)
            keys = beside.setdefault(f"{kind}: {benchmark}{_mark(having[0][0])}", [])
            for record, body in having:
                keys.append(key := f"inside-{len(figures)}")
                figures[key] = _drawn(name, body, names[record.record_sha256], key=key)
    return beside, figures


def neural_pictures(dataset: str, snapshot: Snapshot, source: Records) -> dict[str, Figure]:
    """Pictures of a data set's neurons alone, out of any candidate's record on it."""
    records = [
        cell.record
        for section in snapshot.board.sections
        for row in section.rows
        for column, cell in zip(section.columns, row.cells, strict=True)
        if column.dataset == dataset and cell.record is not None
    ]
    found: dict[str, Figure] = {}
    for name, options in _NEURAL.items():
        for record, body in _with(name, records, source)[:1]:
            title = f"{PICTURES[name]}: {record.inputs.data.dataset}{_mark(record)}"
            key = f"neurons-{len(found)}"
            found[key] = _drawn(name, body, title, key=key, **options)
    return found


def _mark(record: ResultRecord) -> str:
    """A picture of simulated neurons says so, wherever it is taken."""
    return " (simulated)" if record.inputs.data.simulated else ""


def _with(name: str, records: Iterable[ResultRecord], source: Records) -> list[tuple[ResultRecord, bytes]]:
    """The records that have a file of this name, here, with its bytes."""
    naming = [one for one in records if name in one.files]
    withheld = source.withheld(one.files[name] for one in naming)
    having = [one for one in naming if one.files[name] not in withheld]
    files = source.attachments([one.files[name] for one in having])
    return [(one, files[one.files[name]]) for one in having]


def _drawn(name: str, body: bytes, title: str, *, key: str, **options: Any) -> Figure:
    return drawn(partial(_DRAWERS[name], **options), body, title, key=key)


def _ball(body: bytes, title: str, *, key: str, **options: Any) -> Figure:
    return ball_panels(read_picture(body, BallPicture), title, key=key, **options)


def _trajectories(body: bytes, title: str, *, key: str, **options: Any) -> Figure:
    return trajectory_panels(read_picture(body, TrajectoriesPicture), title, key=key, **options)


def _maps(body: bytes, title: str, *, key: str) -> Figure:
    return map_pair_panels(read_picture(body, MapsPicture), title, key=key)


_DRAWERS: Mapping[str, Callable[..., Figure]] = MappingProxyType(
    {BALL_FILE: _ball, TRAJECTORIES_FILE: _trajectories, MAPS_FILE: _maps}
)
