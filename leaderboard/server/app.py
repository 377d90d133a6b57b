"""The application: pages, files of records and the interface, behind the guards."""

from __future__ import annotations

import importlib.metadata
import logging
import math
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException as AnyHTTPException
from starlette.responses import HTMLResponse

from ...core.errors import InnerscoreError, StoreError
from ..database import open_engine
from ..pages import BoardContents
from ..queue import BundleStore, Queue, Quotas
from ..store import Store
from .api import ERRORS, api_router
from .live import BoardNotReadyError, LiveSite, Ready
from .middleware import (
    AccessLog,
    BodyLimit,
    Failures,
    HostCheck,
    RateLimit,
    SecurityHeaders,
    TokenBuckets,
    problem,
)
from .reading import HiddenRecordError, shown_record
from .statuses import status_of
from .submissions import SubmissionService, submission_pages, submission_router
from .tokens import TokenFile
from .uploads import Uploads

__all__ = ["LOOPBACK", "Limits", "create_app", "hosts_of"]

LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
_FILES = {".json": "application/json", ".csv": "text/csv; charset=utf-8"}


@dataclass(frozen=True)
class Limits:
    """Limits on the requests of one client.

    Parameters
    ----------
    reads_per_second, writes_per_second : float
        Steady rate for each address.
    read_burst, write_burst : int
        Number of requests at once after a pause.
    most_bytes : int
        Largest size of one request's body, in bytes.
    uploads : int
        Largest number of uploads at a time, of all owners of tokens; of each there is one.
    """

    reads_per_second: float = 100.0
    read_burst: int = 400
    writes_per_second: float = 5.0
    write_burst: int = 50
    most_bytes: int = 64 * 2**20
    uploads: int = 8


def create_app(
    store: Store,
    contents: BoardContents,
    tokens: TokenFile,
    bundles: BundleStore,
    *,
    limits: Limits | None = None,
    quotas: Quotas | None = None,
    hosts: frozenset[str] = LOOPBACK,
    logger: logging.Logger | None = None,
) -> FastAPI:
    """Put the service together.

    Parameters
    ----------
    store : Store
    contents : BoardContents
        Cards, clips and what else the pages show.
    tokens : TokenFile
        Tokens of those who may write.
    bundles : BundleStore
        Store of the submitted bundles.
    limits : Limits, optional
    quotas : Quotas, optional
        Most that one owner of tokens may have.
    hosts : frozenset of str
        Names under which the server is asked; "*" for any.
    logger : logging.Logger, optional
        Logger of the request lines; default "innerscore.server".
    """
    live = LiveSite(store, contents)
    engine = open_engine(store.url)
    queue = Queue(store.url)
    limits = limits or Limits()
    uploads = Uploads(limits.uploads)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        live.start()
        yield
        await run_in_threadpool(live.stop)
        engine.dispose()
        queue.close()
        store.close()

    app = FastAPI(
        title="innerscore",
        version=importlib.metadata.version("innerscore"),
        description="The board of innerscore. Reads are open; writes need a bearer token.",
        openapi_url="/api/openapi.json",
        docs_url=None,  # its page loads scripts from elsewhere
        redoc_url=None,
        lifespan=lifespan,
        redirect_slashes=False,
    )
    _add_errors(app, live)
    _add_state(app, store, live)
    app.include_router(api_router(store, live, tokens, engine, uploads))
    _add_files(app, store)
    service = SubmissionService(queue, bundles, tokens, store, live, contents, quotas or Quotas(), uploads)
    app.include_router(submission_router(service, ERRORS))
    app.include_router(submission_pages(service))
    _add_pages(app, live)
    _add_guards(app, limits, hosts, logger or logging.getLogger("innerscore.server"))
    return app


def hosts_of(host: str, names: Iterable[str]) -> frozenset[str]:
    """Host names that a server on an address answers to: this machine's, the address itself, and those given."""
    wildcard = host in ("0.0.0.0", "::")  # noqa: S104  (compared, not bound)
    own = () if wildcard else (f"[{host}]" if ":" in host else host,)
    return LOOPBACK | {name.lower() for name in (*own, *names)}


def _add_guards(app: FastAPI, limits: Limits, hosts: frozenset[str], logger: logging.Logger) -> None:
    """The last one added is the first that a request meets."""
    app.add_middleware(BodyLimit, most_bytes=limits.most_bytes)
    app.add_middleware(
        RateLimit,
        reads=TokenBuckets(limits.reads_per_second, limits.read_burst),
        writes=TokenBuckets(limits.writes_per_second, limits.write_burst),
    )
    app.add_middleware(HostCheck, hosts=hosts)
    app.add_middleware(Failures, logger=logger)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(AccessLog, logger=logger)


def _add_errors(app: FastAPI, live: LiveSite) -> None:
    @app.exception_handler(InnerscoreError)
    async def innerscore_error(_: Request, error: InnerscoreError) -> Response:
        return problem(status_of(error), type(error).__name__, str(error))

    @app.exception_handler(BoardNotReadyError)
    async def not_ready(_: Request, error: BoardNotReadyError) -> Response:
        again = {"Retry-After": str(math.ceil(live.pause_s))}
        return problem(503, type(error).__name__, str(error), again)

    @app.exception_handler(HiddenRecordError)
    async def hidden(request: Request, error: HiddenRecordError) -> Response:
        if _wants_page(request) and live.ready:
            return HTMLResponse(live.site.gone(request.url.path.lstrip("/"), error.hiding), 410)
        return problem(410, type(error).__name__, str(error))

    @app.exception_handler(AnyHTTPException)
    async def http_error(request: Request, error: AnyHTTPException) -> Response:
        path = request.url.path.lstrip("/")
        if error.status_code == 404 and _wants_page(request) and live.ready:
            return HTMLResponse(live.site.missing(path), 404)
        return problem(error.status_code, "HTTPError", str(error.detail), error.headers)

    @app.exception_handler(RequestValidationError)
    async def wrong_parameters(_: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        return problem(400, "InvalidParameter", f"{where}: {first['msg']}")


def _wants_page(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "")


def _add_state(app: FastAPI, store: Store, live: LiveSite) -> None:
    @app.get("/health", summary="Whether the process answers")
    async def health() -> dict[str, str]:
        return {"status": "alive"}

    @app.get("/ready", summary="Whether the board is there and the store can be read")
    def ready(response: Response) -> dict[str, Any]:
        state = {"board": live.ready, "store": _is_readable(store)}
        response.status_code = 200 if all(state.values()) else 503
        return {"status": "ready" if all(state.values()) else "not ready", **state}


def _is_readable(store: Store) -> bool:
    try:
        return store.position >= 0
    except InnerscoreError:
        return False


def _add_files(app: FastAPI, store: Store) -> None:
    @app.get("/records/{name}", include_in_schema=False)
    def record_file(name: str) -> Response:
        sha256 = _hash_of(name, ".json")
        return _unchanging(shown_record(store, sha256).to_json(), ".json")

    @app.get("/targets/{name}", include_in_schema=False)
    def targets_file(name: str) -> Response:
        return _unchanging(_attachment(store, _hash_of(name, ".csv")), ".csv")

    @app.get("/files/{name}", include_in_schema=False)
    def other_file(name: str) -> Response:
        return _unchanging(_attachment(store, _hash_of(name, PurePath(name).suffix)), PurePath(name).suffix)


def _hash_of(name: str, suffix: str) -> str:
    """The hash that a file's name is made of."""
    stem = name.removesuffix(suffix)
    if len(stem) != 64 or not set(stem) <= set("0123456789abcdef"):
        raise HTTPException(404, "There is no such file.")
    return stem


def _attachment(store: Store, sha256: str) -> bytes:
    if store.is_hidden_file(sha256):
        raise HTTPException(410, "The file is of a record that is hidden.")
    try:
        return store.attachment(sha256)
    except StoreError as error:
        raise HTTPException(404, "There is no such file.") from error


def _unchanging(body: bytes, suffix: str) -> Response:
    """A file whose name is its hash never changes, but may be hidden. What is not text is only downloaded."""
    headers = {"Cache-Control": "public, max-age=3600"}
    if suffix not in _FILES:
        headers["Content-Disposition"] = "attachment"
    return Response(body, media_type=_FILES.get(suffix, "application/octet-stream"), headers=headers)


def _add_pages(app: FastAPI, live: LiveSite) -> None:
    @app.api_route("/{path:path}", methods=["GET", "HEAD"], include_in_schema=False)
    async def page(request: Request, path: str) -> Response:
        query = request.query_params.multi_items()
        name = path or "index.html"
        found = live.cached(name, query) or await run_in_threadpool(live.page, name, query)
        if found is None:
            raise HTTPException(404, "There is no such page.")
        return _sent(request, found)


def _sent(request: Request, found: Ready) -> Response:
    headers = {"ETag": f'W/"{found.etag}"', "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
    if found.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        return Response(found.packed, media_type=found.media_type, headers=headers)
    return Response(found.body, media_type=found.media_type, headers=headers)
