"""Figures of the further files that a record may name: ways of the ball that were read out, and rate maps.

A file ``ball-trace.csv`` has the columns condition, step, x, y, decoded_x, decoded_y (degrees of visual angle).
Files come from the sender of the record: what is not of this form cannot be drawn, which its place says.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Collection, Iterable, Mapping, Sequence

from ...core.records import ResultRecord
from ...figures import Figure, trace
from .attached_maps import LATTICE_FILE, MAP_FILES, read_gallery
from .attached_pictures import record_pictures
from .drawing import drawn, undrawable
from .snapshot import Records

__all__ = ["TRACE_FILE", "attached_figures"]

TRACE_FILE = "ball-trace.csv"
_TRACE_COLUMNS = ("condition", "step", "x", "y", "decoded_x", "decoded_y")
_MOST_CONDITIONS, _MOST_STEPS = 8, 400

_Way = list[tuple[float, float]]


def attached_figures(records: Sequence[ResultRecord], source: Records) -> dict[str, Figure]:
    """Figures, by key, of the records' pictures, traces and rate maps, where they have them."""
    return {
        **record_pictures(records, source),
        **_traces(records, source),
        **_galleries(records, source),
    }


def _galleries(records: Sequence[ResultRecord], source: Records) -> dict[str, Figure]:
    having = _with_files(MAP_FILES, records, source)
    with_lattices = _with_files([LATTICE_FILE], having, source)
    named = [[*MAP_FILES, *([LATTICE_FILE] if one in with_lattices else [])] for one in having]
    pairs = [*zip(having, named, strict=True)]
    files = source.attachments([one.files[name] for one, names in pairs for name in names])
    found = {}
    for number, (record, names) in enumerate(pairs):
        bodies = tuple(files[record.files[name]] for name in names)
        title, key = f"Rate maps and autocorrelograms: {record.inputs.benchmark.identifier}", f"maps-{number}"
        found[key] = drawn(_gallery, bodies, title, key=key)
    return found


def _with_files(
    names: Collection[str], records: Iterable[ResultRecord], source: Records
) -> list[ResultRecord]:
    """The records that have all of these files, here."""
    naming = [one for one in records if set(names) <= set(one.files)]
    withheld = source.withheld(one.files[name] for one in naming for name in names)
    return [one for one in naming if withheld.isdisjoint(one.files[name] for name in names)]


def _gallery(bodies: tuple[bytes, ...], title: str, *, key: str) -> Figure:
    return read_gallery(bodies, title, key=key) or undrawable(title, "not of the form of rate maps", key=key)


def _traces(records: Sequence[ResultRecord], source: Records) -> dict[str, Figure]:
    having = _with_files([TRACE_FILE], records, source)
    files = source.attachments([one.files[TRACE_FILE] for one in having])
    found = {}
    for number, record in enumerate(having):
        title, key = f"The ball's way, decoded: {record.inputs.benchmark.identifier}", f"trace-{number}"
        found[key] = drawn(_trace, files[record.files[TRACE_FILE]], title, key=key)
    return found


def _trace(data: bytes, title: str, *, key: str) -> Figure:
    ways = read_trace(data)
    return trace(ways, title, key=key) if ways else undrawable(title, "not of the form of a trace", key=key)


def read_trace(data: bytes) -> Mapping[str, tuple[_Way, _Way]]:
    """True and decoded way of each condition; empty if the file is not of the form above."""
    ways: dict[str, tuple[_Way, _Way]] = {}
    reader = csv.DictReader(io.StringIO(data.decode("utf-8", "replace")))
    if not set(_TRACE_COLUMNS) <= set(reader.fieldnames or ()):
        return {}
    for row in reader:
        places = _places(row)
        if places is None:
            return {}
        if row["condition"] not in ways and len(ways) == _MOST_CONDITIONS:
            break
        true, decoded = ways.setdefault(row["condition"], ([], []))
        if len(true) < _MOST_STEPS:
            x, y, decoded_x, decoded_y = places
            true.append((x, y))
            decoded.append((decoded_x, decoded_y))
    return ways


def _places(row: Mapping[str, str]) -> tuple[float, ...] | None:
    try:
        places = tuple(float(row[name]) for name in _TRACE_COLUMNS[2:])
    except (TypeError, ValueError):
        return None
    return places if all(map(math.isfinite, places)) else None
