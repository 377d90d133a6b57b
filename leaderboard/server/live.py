"""The site that a server shows: made anew in the background when records come in, pages kept once made.

A reader never waits for a new board: pages of the last one are shown until those of the next are there. The board
is made again at most every few seconds, and more rarely the longer it takes, so that readers keep most of the
processor while somebody writes.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from ...core.errors import InnerscoreError, StoreError
from ..pages import BoardContents, Document, Site, take_snapshot
from ..pages.names import slug
from ..pages.site import BOARDS
from ..store import Store

__all__ = ["LiveSite", "Ready"]

_SECONDS_BETWEEN = 2.0
_SHARE = 8  # making boards takes at most one part in so many of the time
_MOST_BYTES = 128 * 2**20
_LEVEL = 9  # packed once, sent often
_LOGGER = logging.getLogger("innerscore.server")

Query = Sequence[tuple[str, str]]
_Key = tuple[str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True, eq=False)
class Ready:
    """A document as it is sent.

    Parameters
    ----------
    media_type : str
    body, packed : bytes
        Content as it is, and compressed by gzip.
    etag : str
        ETag of the content.
    """

    media_type: str
    body: bytes
    packed: bytes
    etag: str


@dataclass(eq=False)
class _Cache:
    """Documents by address, the least asked for dropped first once they are too many bytes."""

    kept: OrderedDict[_Key, Ready] = field(default_factory=OrderedDict)
    size: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, key: _Key) -> Ready | None:
        with self.lock:
            if key in self.kept:
                self.kept.move_to_end(key)
            return self.kept.get(key)

    def put(self, key: _Key, ready: Ready) -> None:
        with self.lock:
            old = self.kept.pop(key, None)
            self.size += _size(ready) - (_size(old) if old else 0)
            self.kept[key] = ready
            while self.size > _MOST_BYTES and len(self.kept) > 1:
                self.size -= _size(self.kept.popitem(last=False)[1])


@dataclass(frozen=True, eq=False)
class _Edition:
    """A site with the pages made of it so far."""

    site: Site
    pages: _Cache


class LiveSite:
    """Pages of a store that grows.

    Parameters
    ----------
    store : Store
    contents : BoardContents
    """

    def __init__(self, store: Store, contents: BoardContents) -> None:
        self._store = store
        self._contents = contents
        self._edition: _Edition | None = None
        self._before: _Edition | None = None
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="board")
        self._clips = ThreadPoolExecutor(1, thread_name_prefix="clips")
        self._first = threading.Event()
        self._stopped = threading.Event()
        self._fault: InnerscoreError | None = None
        self._busy = False
        self._not_before = 0.0
        self._looked = 0.0
        self._lock = threading.Lock()
        self._renewing: set[_Key] = set()

    @property
    def ready(self) -> bool:
        """Whether there is a board to show."""
        return self._edition is not None

    def start(self) -> None:
        """Begin to make the first board, in the background."""
        self._busy = True
        self._worker.submit(self._make_if_new)
        self._clips.submit(self._load_clips)

    def stop(self) -> None:
        """Make no further board; waits for what is being made."""
        self._stopped.set()
        self._worker.shutdown(wait=True, cancel_futures=True)
        self._clips.shutdown(wait=True, cancel_futures=True)

    @property
    def site(self) -> Site:
        """The newest site that is ready; waits for the first.

        Raises
        ------
        StoreError
            If the first could not be made.
        """
        self._first.wait()
        if self._edition is None:
            raise self._fault or StoreError("The board", got="nothing", needed="made")
        return self._edition.site

    def page(self, path: str, query: Query) -> Ready | None:
        """The document at an address, or None; from the last edition while the page is made anew."""
        key = (path, tuple(sorted(query)))
        found = self.cached(path, query)
        if found is not None:
            return found
        site = self.site
        document = site.document(path, query)
        if document is None:
            return None
        ready = _ready(document)
        self._keep(site, key, ready)
        return ready

    def cached(self, path: str, query: Query) -> Ready | None:
        """The page if it is there already: of this edition, or of the last while this one's is made."""
        self._look()
        key = (path, tuple(sorted(query)))
        edition, before = self._edition, self._before
        if edition is None:
            return None
        found = edition.pages.get(key)
        if found is None and before is not None:
            found = before.pages.get(key)
            if found is not None:
                self._renew(edition, key)
        return found

    def _renew(self, edition: _Edition, key: _Key) -> None:
        with self._lock:
            if key in self._renewing:
                return
            self._renewing.add(key)
        self._worker.submit(self._render, edition, key)

    def _render(self, edition: _Edition, key: _Key) -> None:
        try:
            document = edition.site.document(*key)
            if document is not None:
                edition.pages.put(key, _ready(document))
        finally:
            with self._lock:
                self._renewing.discard(key)

    def _keep(self, site: Site, key: _Key, ready: Ready) -> None:
        edition = self._edition
        if edition is not None and edition.site is site:
            edition.pages.put(key, ready)

    def _look(self) -> None:
        """Once a second at most, have somebody ask the store whether there is something new."""
        now = time.monotonic()
        if self._edition is None or now < max(self._not_before, self._looked + 1):
            return
        with self._lock:
            if self._busy or now < self._looked + 1:
                return
            self._looked = now
            self._busy = True
        self._worker.submit(self._make_if_new)

    def _make_if_new(self) -> None:
        edition = self._edition
        try:
            if edition is None or self._store.position != edition.site.snapshot.position:
                self._make()
        except InnerscoreError as error:
            self._fault = error
            _LOGGER.error(json.dumps({"event": "board not made", "error": str(error)}))
        finally:
            self._busy = False
            self._first.set()

    def _make(self) -> None:
        start = time.monotonic()
        last = self._edition
        snapshot = take_snapshot(self._store, self._contents)
        site = Site(snapshot, self._store, live=True, clips=last.site.clips if last else {})
        edition = _Edition(site, _Cache())
        for path in BOARDS:
            self._render(edition, (path, ()))
        self._before, self._edition = last, edition
        taken = time.monotonic() - start
        self._not_before = time.monotonic() + max(_SECONDS_BETWEEN, _SHARE * taken)

    def _load_clips(self) -> None:
        """Ask for the clips, which may take long, once the board is there; then their pages are made again."""
        self._first.wait()
        for name in self._contents.benchmarks:
            edition = self._edition
            if edition is None or self._stopped.is_set():
                return
            clip = self._contents.clip(name)
            edition.site.clips[name] = clip
            if clip is not None:
                self._renew(edition, (f"benchmarks/{slug(name)}.html", ()))


def _ready(document: Document) -> Ready:
    packed = gzip.compress(document.body, _LEVEL, mtime=0)
    etag = hashlib.sha256(document.body).hexdigest()[:32]
    return Ready(document.media_type, document.body, packed, etag)


def _size(ready: Ready) -> int:
    return len(ready.body) + len(ready.packed)
