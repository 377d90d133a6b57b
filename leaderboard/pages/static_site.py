"""The whole site as files: it works from a folder, and below any path of any web server."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import combinations, pairwise
from pathlib import Path

from .cached_records import CachedRecords
from .content import PageContent
from .contents import BoardContents
from .names import slug
from .render import STATIC, render
from .site import Site, joined
from .snapshot import Records, Snapshot, take_snapshot

__all__ = ["write_site"]

_MOST_COMPARISONS = 150
_MOST_SCATTERS = 1000
_MOST_TOGETHER = 4


def write_site(
    source: Records, contents: BoardContents, folder: Path, *, progress: Callable[[int], None] | None = None
) -> int:
    """Write every page with its figures into a folder.

    Comparisons are written for all sets of two, then three, then four candidates as long as there are not too
    many of them, and for neighbours in the order in any case; scatters for all pairs of benchmarks, or within
    each system where there are too many; histories where a cell has more than one record.

    Parameters
    ----------
    source : Records
        The store.
    contents : BoardContents
    folder : pathlib.Path
        There already; the records and the board's own tables are written by others.
    progress : callable, optional
        Called with the number of pages written so far.

    Returns
    -------
    n_pages : int
    """
    site = Site(take_snapshot(source, contents), CachedRecords(source))
    written = 0
    for path in _paths(site):
        content = site.content(path)
        if content is not None:
            _write_page(content, path, folder)
            written += 1
            if progress is not None:
                progress(written)
    _write_files(site, folder)
    return written


def _paths(site: Site) -> Iterator[str]:
    yield from site.paths()
    yield from (f"compare/{names}.html" for names in comparisons(site.snapshot))
    yield from (f"scatter/{names}.html" for names in scatters(site.snapshot))
    yield from (f"cells/{cell}.html" for cell in _histories(site))


def comparisons(snapshot: Snapshot) -> list[str]:
    """Sets of candidates to compare, as addresses have them."""
    tried = [[row.candidate for row in section.tried] for section in snapshot.board.sections]
    found = dict.fromkeys(joined(map(slug, pair)) for names in snapshot.chains for pair in pairwise(names))
    for size in range(2, _MOST_TOGETHER + 1):
        more = dict.fromkeys(
            joined(map(slug, some)) for names in tried for some in _some(names, size, _MOST_COMPARISONS)
        )
        if len(found | more) > _MOST_COMPARISONS:
            break
        found |= more
    return list(found)


def scatters(snapshot: Snapshot) -> list[str]:
    """Pairs of benchmarks, as addresses have them."""
    every = list(snapshot.columns)
    if len(every) * (len(every) - 1) // 2 <= _MOST_SCATTERS:
        return [joined(map(slug, pair)) for pair in combinations(every, 2)]
    within = (
        pair
        for section in snapshot.board.sections
        for pair in combinations(dict.fromkeys(column.benchmark for column in section.columns), 2)
    )
    return list(dict.fromkeys(joined(map(slug, pair)) for pair in within))[:_MOST_SCATTERS]


def _some(names: Iterable[str], size: int, most: int) -> Iterator[tuple[str, ...]]:
    """Sets of that size, one more than `most` at most: enough to see that there are too many."""
    return (some for _, some in zip(range(most + 1), combinations(names, size), strict=False))


def _histories(site: Site) -> list[str]:
    """Cells with more than one record."""
    counts = Counter((row["candidate"], row["benchmark"]) for row in site.source.raw_records())
    return [f"{slug(name)}/{slug(benchmark)}" for (name, benchmark), n in counts.items() if n > 1]


def _write_page(content: PageContent, path: str, folder: Path) -> None:
    _write(folder / path, render(content, path, live=False))
    for key, figure in content.figures.items():
        place = folder / "figures" / path.removesuffix(".html") / key
        _write(place.with_name(f"{key}.svg"), str(figure.svg).encode("utf-8", "replace"))
        _write(place.with_name(f"{key}.csv"), figure.csv().encode("utf-8", "replace"))


def _write_files(site: Site, folder: Path) -> None:
    known = {"compare": comparisons(site.snapshot), "scatter": scatters(site.snapshot)}
    _write(folder / "data" / "known.js", f"window.innerscoreKnown = {json.dumps(known)};\n".encode())
    for path in sorted(STATIC.iterdir()):
        _write(folder / "static" / path.name, path.read_bytes())
    for name in ("board.bib", "data/board.js", "data/pong.js"):
        document = site.document(name)
        if document is not None:
            _write(folder / name, document.body)
    for benchmark, clip in site.clips.items():
        if clip is not None:
            for which, body in (("moving", clip.moving), ("still", clip.still)):
                _write(folder / "clips" / f"{slug(benchmark)}.{which}{clip.suffix}", body)


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
