"""A host on this machine that serves what a test puts there: whole, in ranges, cut off, endless or elsewhere."""

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field


@dataclass
class Page:
    """An answer.

    `cuts` are the numbers of bytes after which the connection ends, one for each time that it is asked; then it is
    given whole. `ranges` says whether parts are given; an `etag` of "" is none.
    """

    body: bytes = b""
    status: int = 200
    kind: str = "application/octet-stream"
    headers: dict[str, str] = field(default_factory=dict)
    etag: str = '"first"'
    ranges: bool = True
    cuts: list[int] = field(default_factory=list)
    endless: bool = False


@dataclass
class Host:
    """Pages by path, and the paths and ranges that were asked for."""

    root: str
    pages: dict[str, Page] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)

    def address(self, path: str) -> str:
        return self.root + path

    def add(self, path: str, page: Page) -> str:
        self.pages[path] = page
        return self.address(path)


@contextmanager
def running_host() -> Iterator[Host]:
    """A host that answers until the block ends."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        server.host = Host(f"http://127.0.0.1:{server.server_port}")
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server.host
        server.shutdown()


class _Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        host = self.server.host
        host.asked.append((self.path, self.headers.get("Range", "")))
        page = host.pages.get(self.path, Page(status=404))
        if page.endless:
            self._write_without_end(page)
        elif (start := self._start(page)) is None:
            self._head(416, page, 0)
        else:
            self._write_from(start, page)

    def _write_from(self, start, page):
        body = page.body[start:]
        extra = {"Content-Range": f"bytes {start}-{len(page.body) - 1}/{len(page.body)}"} if start else {}
        self._head(206 if start else page.status, page, len(body), extra)
        with suppress(OSError):
            self.wfile.write(body[: page.cuts.pop(0)] if page.cuts else body)

    def _start(self, page):
        """First byte that is given; None beyond the end."""
        if not page.ranges or page.status != 200 or "Range" not in self.headers:
            return 0
        if self.headers.get("If-Range", page.etag) != page.etag:
            return 0
        start = int(self.headers["Range"].removeprefix("bytes=").removesuffix("-"))
        return start if start < len(page.body) else None

    def _head(self, status, page, length, extra=None):
        self.send_response(status)
        tag = {"ETag": page.etag} if page.etag else {}
        sent = {
            "Content-Type": page.kind,
            "Content-Length": str(length),
            **tag,
            **page.headers,
            **(extra or {}),
        }
        for name, value in sent.items():
            self.send_header(name, value)
        self.end_headers()

    def _write_without_end(self, page):
        self.send_response(200)
        self.send_header("Content-Type", page.kind)
        self.end_headers()
        with suppress(OSError):
            while True:
                self.wfile.write(page.body)
