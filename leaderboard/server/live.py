"""The site that a server shows: made anew in the background when records come in, pages kept once made.

A reader never waits for a new board: pages of the last one are shown until those of the next are there. The board
is made again at most every few seconds, and more rarely the longer it takes, so that readers keep most of the
processor while somebody writes. A first board that cannot be made, for a locked store or whatever reason,
is tried again, after longer and longer pauses, until it is there.
"""

from __future__ import annotations

import gzip
import json
import logging
import threading
import time
import traceback
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date

from ...core.days import read_day
from ...core.errors import InnerscoreError, StoreError
from ...core.hashing import sha256_of_bytes
from ..pages import BoardContents, Document, Site, take_snapshot
from ..pages.downloads import DOWNLOADS
from ..pages.names import slug
from ..pages.site import BOARDS, FIRST
from ..store import Store

__all__ = ["BoardNotReadyError", "LiveSite", "Ready"]

_SECONDS_BETWEEN = 2.0
_LONGEST_PAUSE = 60.0  # in s, between attempts at the first board
_SHARE = 8  # making boards takes at most one part in so many of the time
_MOST_BYTES = 128 * 2**20
_LEVEL = 9  # packed once, sent often
_AS_OF = "as_of"  # the parameter of a query that asks for the board of a day
_OF_THE_PAST = frozenset(BOARDS) | {f"board.{suffix}" for suffix in DOWNLOADS}
_MOST_PAST = 4
_LOGGER = logging.getLogger("innerscore.server")

Query = Sequence[tuple[str, str]]
_Key = tuple[str, tuple[tuple[str, str], ...]]


class BoardNotReadyError(StoreError):
    """There is no board to show yet; it is tried again."""


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
    first_pause_s : float
        Time in s from a failed attempt at the first board to the next one. Each further pause is twice as long as
        the one before, up to a minute.
    """

    def __init__(self, store: Store, contents: BoardContents, *, first_pause_s: float = 1.0) -> None:
        self._store = store
        self._contents = contents
        self._pause_s = first_pause_s
        self._edition: _Edition | None = None
        self._before: _Edition | None = None
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="board")
        self._clips = ThreadPoolExecutor(1, thread_name_prefix="clips")
        self._first = threading.Event()
        self._stopped = threading.Event()
        self._fault: Exception | None = None
        self._busy = False
        self._not_before = 0.0
        self._looked = 0.0
        self._lock = threading.Lock()
        self._renewing: set[_Key] = set()
        self._past_sites: dict[tuple[tuple[int, int], date], Site] = {}
        self._past_lock = threading.Lock()

    @property
    def ready(self) -> bool:
        """Whether there is a board to show."""
        return self._edition is not None

    @property
    def pause_s(self) -> float:
        """Longest time in s until the first board is tried again."""
        return self._pause_s

    def start(self) -> Future[None]:
        """Begin to make the first board, in the background, and try again until it is there.

        Returns
        -------
        Future
            It is done when there is a board to show, or after `stop`.
        """
        self._busy = True
        return self._worker.submit(_logged, self._make_first)

    def stop(self) -> None:
        """Make no further board; waits for what is being made."""
        self._stopped.set()
        self._worker.shutdown(wait=True, cancel_futures=True)
        self._clips.shutdown(wait=True, cancel_futures=True)

    @property
    def site(self) -> Site:
        """The newest site that is ready; waits for the first attempt at one.

        Raises
        ------
        BoardNotReadyError
            If no attempt has succeeded yet. It says why the last one failed, unless that was unforeseen.
        """
        self._first.wait()
        if self._edition is None:
            reason = f": {self._fault}" if isinstance(self._fault, InnerscoreError) else ""
            raise BoardNotReadyError(
                "The board", got=f"no board yet{reason}", needed="made first", hint="It is tried again."
            ) from self._fault
        return self._edition.site

    def page(self, path: str, query: Query) -> Ready | None:
        """The document at an address, or None; from the last edition while the page is made anew."""
        key = (path, tuple(sorted(query)))
        found = self.cached(path, query)
        if found is not None:
            return found
        present = self.site
        day = next((value for name, value in query if name == _AS_OF), None)
        if day is None or path not in _OF_THE_PAST:
            document = present.document(path, query)
        else:
            rest = [one for one in query if one[0] != _AS_OF]
            document = self.past(read_day(day)).document(path, rest)
        if document is None:
            return None
        ready = _ready(document)
        self._keep(present, key, ready)
        return ready

    def past(self, day: date) -> Site:
        """The site as it was at the end of a day; one is made at a time, and few are kept."""
        edition = self.site.snapshot.edition
        with self._past_lock:
            if (found := self._past_sites.get((edition, day))) is None:
                source = self._store.as_of(day)
                found = Site(take_snapshot(source, self._contents), source, live=True)
                while len(self._past_sites) >= _MOST_PAST:
                    self._past_sites.pop(next(iter(self._past_sites)))
                self._past_sites[edition, day] = found
            return found

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
        self._worker.submit(_logged, self._render, edition, key)

    def _render(self, edition: _Edition, key: _Key) -> None:
        try:
            document = edition.site.document(*key)
            if document is not None:
                edition.pages.put(key, _ready(document))
        finally:
            with self._lock:
                self._renewing.discard(key)

    def _keep(self, present: Site, key: _Key, ready: Ready) -> None:
        edition = self._edition
        if edition is not None and edition.site is present:
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
        self._worker.submit(_logged, self._make_if_new)

    def _make_first(self) -> None:
        """Make the first board, however often that takes, and then ask for the clips, which may take long."""
        while (error := self._attempt()) is not None:
            _log_failure("board not made", error, again_in_s=self._pause_s)
            if self._stopped.wait(self._pause_s):
                return
            self._pause_s = min(2 * self._pause_s, _LONGEST_PAUSE)
        self._clips.submit(_logged, self._load_clips)

    def _make_if_new(self) -> None:
        error = self._attempt()
        if error is not None:
            _log_failure("board not made", error)

    def _attempt(self) -> Exception | None:
        """Make the board if there is something new; the error where that fails."""
        edition = self._edition
        try:
            if edition is None or self._store.edition != edition.site.snapshot.edition:
                self._make()
        except Exception as error:
            self._fault = error
            return error
        finally:
            self._busy = False
            self._first.set()
        return None

    def _make(self) -> None:
        start = time.monotonic()
        last = self._edition
        snapshot = take_snapshot(self._store, self._contents)
        site = Site(snapshot, self._store, live=True, clips=last.site.clips if last else {})
        edition = _Edition(site, _Cache())
        for path in (FIRST, *BOARDS):
            self._render(edition, (path, ()))
        # Pages of the last edition stand in for those of this one, but not where they show what is hidden now.
        is_alike = last is not None and last.site.snapshot.hidden == snapshot.hidden
        self._before, self._edition = last if is_alike else None, edition
        taken = time.monotonic() - start
        self._not_before = time.monotonic() + max(_SECONDS_BETWEEN, _SHARE * taken)

    def _load_clips(self) -> None:
        """Ask for the clips, and make the pages that show them again."""
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
    return Ready(document.media_type, document.body, packed, sha256_of_bytes(document.body))


def _size(ready: Ready) -> int:
    return len(ready.body) + len(ready.packed)


def _logged(work: Callable[..., None], *arguments: object) -> None:
    """Do work for which nobody waits: an error that would vanish with its future goes to the log."""
    try:
        work(*arguments)
    except Exception as error:
        _log_failure("work in the background failed", error, work=work.__name__)


def _log_failure(event: str, error: Exception, **more: object) -> None:
    """Log one line of JSON, with the traceback of an error that was not foreseen."""
    entry = {"event": event, "error": str(error), **more}
    if not isinstance(error, InnerscoreError):
        entry |= {"error": repr(error), "traceback": "".join(traceback.format_exception(error))}
    _LOGGER.error(json.dumps(entry))
