"""The site: which pages there are, at which addresses, and how each is made. A server and an export share it.

A page is added as an entry of ``_PAGES``; one of many, such as that of each candidate, in ``Site._named_page``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations
from types import MappingProxyType

from ..board import Quantity
from ..hiding import Hiding
from .benchmark_page import benchmark_page, benchmarks_page, dataset_page
from .board_page import BoardTable, board_values
from .candidate_page import candidate_page
from .claims_page import claims_page
from .compare_page import compare_page
from .content import PageContent
from .contents import Clip
from .correlations_page import correlations_page
from .downloads import DOWNLOADS, board_script, download
from .glossary import TERMS
from .history_page import history_page
from .names import JOINT, slug
from .play_page import game_script, play_page
from .recordings_page import recordings_page
from .render import STATIC, render
from .scatter_page import scatter_page
from .snapshot import QUANTITIES, Records, Snapshot
from .suite_page import suite_page, suites_page
from .system_page import system_page
from .trust_page import trust_page
from .view import View, read_view

__all__ = ["BOARDS", "FIRST", "MOST_COMPARED", "Document", "Site"]

FIRST = "index.html"
BOARDS: dict[str, Quantity] = {"table.html": "normalised", "raw.html": "raw", "ceiling.html": "ceiling"}
MOST_COMPARED = 24
_HTML = "text/html; charset=utf-8"
_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}

Query = Sequence[tuple[str, str]]


@dataclass(frozen=True, eq=False)
class Document:
    """A document at an address."""

    media_type: str
    body: bytes


@dataclass(frozen=True, eq=False)
class Site:
    """All pages of one snapshot.

    Parameters
    ----------
    snapshot : Snapshot
    source : Records
        The store, for what the snapshot does not hold: old records and files.
    live : bool
        Whether a server answers.
    clips : mapping of str to Clip, filled when asked
    """

    snapshot: Snapshot
    source: Records
    live: bool = False
    clips: dict[str, Clip | None] = field(default_factory=dict)

    @cached_property
    def tables(self) -> dict[Quantity, BoardTable]:
        """The board's table in each quantity."""
        return {quantity: BoardTable(self.snapshot, quantity) for quantity in QUANTITIES}

    def document(self, path: str, query: Query = ()) -> Document | None:
        """The document at an address below the site's root; None if there is none."""
        folder, _, name = path.partition("/")
        if folder == "static":
            return _static(name)
        if folder == "figures":
            return self._figure(name)
        if folder == "clips":
            return self._clip(name)
        if path in _SCRIPTS:
            return Document(_TYPES[".js"], _SCRIPTS[path](self.snapshot))
        stem, _, suffix = path.rpartition(".")
        if stem == "board" and suffix in DOWNLOADS:
            return Document(DOWNLOADS[suffix], download(suffix, self.tables["normalised"], read_view(query)))
        content = self.content(path, query)
        return None if content is None else Document(_HTML, render(content, path, live=self.live))

    def missing(self, path: str) -> bytes:
        """The page that says that there is no such page."""
        return render(PageContent("missing.html", "Page not found"), path, live=self.live)

    def gone(self, path: str, hiding: Hiding) -> bytes:
        """The page that says that a record is hidden, and why."""
        return render(PageContent("hidden.html", "Hidden record", {"hiding": hiding}), path, live=self.live)

    def content(self, path: str, query: Query = ()) -> PageContent | None:
        """A page's content; None if there is no such page."""
        if path in BOARDS:
            return self._board(BOARDS[path], read_view(query))
        if path == FIRST:
            return self._first(read_view(query))
        if path == "compare.html" and (asked := [value for name, value in query if name == "candidate"]):
            return self._of_names("compare", joined(dict.fromkeys(asked)))
        if path in _PAGES:
            return self._single(path)
        folder, _, rest = path.removesuffix(".html").partition("/")
        return self._of_names(folder, rest) if path.endswith(".html") else None

    def paths(self) -> Iterator[str]:
        """Addresses of all pages, but for comparisons, scatters and histories, of which there are many."""
        yield from (FIRST, *BOARDS, *_PAGES)
        for folder, names in self._folders.items():
            yield from (f"{folder}/{name}.html" for name in names)

    @property
    def _folders(self) -> dict[str, dict[str, str]]:
        snapshot = self.snapshot
        return {
            "systems": {slug_: slug_ for slug_ in snapshot.topics},
            "candidates": snapshot.candidates,
            "benchmarks": snapshot.benchmarks,
            "datasets": snapshot.datasets,
            "suites": {slug(name): name for name in snapshot.contents.suites},
        }

    def _board(self, quantity: Quantity, view: View) -> PageContent:
        values = board_values(self.tables[quantity], view)
        return PageContent("board.html", "Board", values)

    def _first(self, view: View) -> PageContent:
        """The first topic; for an address from when the whole table was the first page, that table."""
        topic = next(iter(self.snapshot.topics.values()), None)
        if topic is None or view != View():
            return self._board("normalised", view)
        return system_page(topic, self.snapshot)

    def _single(self, path: str) -> PageContent:
        return _PAGES[path](self.snapshot, self.source)

    def _of_names(self, folder: str, rest: str) -> PageContent | None:
        snapshot = self.snapshot
        if folder == "compare":
            names = _names(rest.split(JOINT), snapshot.candidates, 2, MOST_COMPARED)
            return None if names is None else compare_page(names, snapshot, self.source)
        if folder == "scatter":
            pair = _names(rest.split(JOINT), snapshot.benchmarks, 2, 2)
            return None if pair is None else scatter_page((pair[0], pair[1]), snapshot)
        if folder == "cells":
            return self._history(*rest.partition("/")[::2])
        name = self._folders.get(folder, {}).get(rest)
        if name is None:
            return None
        return self._named_page(folder, name)

    def _named_page(self, folder: str, name: str) -> PageContent:
        if folder == "candidates":
            return candidate_page(name, self.snapshot, self.source)
        if folder == "systems":
            return system_page(self.snapshot.topics[name], self.snapshot)
        if folder == "datasets":
            return dataset_page(name, self.snapshot, self.source)
        if folder == "suites":
            return suite_page(self.snapshot.contents.suites[name], self.snapshot, self.source)
        page = benchmark_page(name, self.snapshot, self.source)
        return PageContent(page.template, page.title, {**page.values, "clip": self.clip(name)}, page.figures)

    def _history(self, candidate_slug: str, benchmark_slug: str) -> PageContent | None:
        candidate = self.snapshot.candidates.get(candidate_slug)
        benchmark = self.snapshot.benchmarks.get(benchmark_slug)
        if candidate is None or benchmark is None:
            return None
        return history_page(candidate, benchmark, self.source)

    def clip(self, benchmark: str) -> Clip | None:
        """The clip of a benchmark's stimuli, asked of the caller once; a server asks beforehand."""
        if benchmark not in self.clips and not self.live:
            self.clips[benchmark] = self.snapshot.contents.clip(benchmark)
        return self.clips.get(benchmark)

    def _clip(self, file: str) -> Document | None:
        """``<benchmark>.moving.png`` or ``<benchmark>.still.png``; or both as SVG."""
        stem, _, suffix = file.rpartition(".")
        name, _, which = stem.rpartition(".")
        benchmark = self.snapshot.benchmarks.get(name)
        clip = None if benchmark is None else self.clip(benchmark)
        if clip is None or f".{suffix}" != clip.suffix or which not in ("moving", "still"):
            return None
        return Document(clip.media_type, clip.moving if which == "moving" else clip.still)

    def _figure(self, path: str) -> Document | None:
        page, _, file = path.rpartition("/")
        key, _, suffix = file.rpartition(".")
        content = self.content(f"{page}.html")
        figure = None if content is None else content.figures.get(key)
        if figure is None or suffix not in ("svg", "csv"):
            return None
        if suffix == "csv":
            return Document(DOWNLOADS["csv"], figure.csv().encode())
        return Document(_TYPES[".svg"], str(figure.svg).encode("utf-8", "replace"))


def _data_page(snapshot: Snapshot) -> PageContent:
    values = {"n_records": snapshot.edition[0], "hidden": snapshot.hidden}
    return PageContent("data.html", "Download", values)


_PAGES: Mapping[str, Callable[[Snapshot, Records], PageContent]] = {
    "benchmarks.html": lambda snapshot, _: benchmarks_page(snapshot),
    "recordings.html": lambda snapshot, _: recordings_page(snapshot),
    "compare.html": lambda snapshot, source: compare_page((), snapshot, source),
    "scatter.html": lambda snapshot, _: scatter_page((), snapshot, root=""),
    "correlations.html": lambda snapshot, _: correlations_page(snapshot),
    "suites.html": lambda snapshot, _: suites_page(snapshot),
    "claims.html": lambda snapshot, _: claims_page(snapshot),
    "trust.html": lambda snapshot, _: trust_page(snapshot),
    "glossary.html": lambda *_: PageContent("glossary.html", "Glossary", {"terms": TERMS}),
    "play.html": lambda snapshot, _: play_page(snapshot),
    "data.html": lambda snapshot, _: _data_page(snapshot),
}
_SCRIPTS: Mapping[str, Callable[[Snapshot], bytes]] = MappingProxyType(
    {"data/board.js": board_script, "data/pong.js": game_script}
)


def joined(slugs: Iterable[str]) -> str:
    """Names side by side in an address, in one order whatever the order of asking."""
    return JOINT.join(sorted(slugs))


def pairs_of(names: Iterable[str]) -> Iterator[str]:
    """Addresses' last parts of all pairs."""
    return (joined(map(slug, pair)) for pair in combinations(names, 2))


def _names(slugs: Sequence[str], known: dict[str, str], least: int, most: int) -> tuple[str, ...] | None:
    if not least <= len(slugs) <= most or len(set(slugs)) < len(slugs) or not set(slugs) <= known.keys():
        return None
    return tuple(known[one] for one in slugs)


def _static(name: str) -> Document | None:
    path = STATIC / name
    if "/" in name or path.suffix not in _TYPES or not path.is_file():
        return None
    return Document(_TYPES[path.suffix], path.read_bytes())
