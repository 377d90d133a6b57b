"""The interface for programs: typed, described by OpenAPI, paged, with ETags; writing needs a token."""

from __future__ import annotations

import json
from datetime import date
from typing import Annotated, Any, Literal

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel
from starlette.datastructures import UploadFile

from ...core.cards import BenchmarkCard, CandidateCard, DatasetCard
from ...core.errors import InvalidDataError
from ...core.hashing import sha256_of_bytes
from ...core.records import ResultRecord
from ..board import Quantity
from ..drawable import check_drawable
from ..incoming_records import read_entry
from ..inserting import Entry, told_by
from ..store import Store
from .authorisation import token_needed
from .live import LiveSite
from .reading import read_page, shown_record
from .tokens import TokenFile, TokenInfo
from .uploads import FILE, Uploads, form_described

__all__ = ["ERRORS", "api_router"]

_MOST = 1000
Limit = Annotated[int, Query(ge=1, le=_MOST, description="Most items in an answer.")]
After = Annotated[int, Query(ge=0, le=2**63 - 1, description="Where the page before ended.")]
Hash = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]
Name = Annotated[str | None, Query(max_length=200, pattern=r"^[^\x00]*$")]

Day = Annotated[
    date | None, Query(description="Day (UTC) at whose end the board was so; default the present one.")
]


class Cell(BaseModel):
    """One cell of the board; null where something does not apply."""

    system: str
    candidate: str
    candidate_version: int | None
    bundle_sha256: str | None
    model_class: str
    win_rate: float | None
    benchmark: str
    benchmark_version: int
    benchmark_card_sha256: str | None
    data_sha256: str | None
    stimuli_sha256: str | None
    in_win_rate: bool
    simulated: bool
    state: Literal["value", "failed", "not applicable", "not run"]
    normalised: float | None
    normalised_low: float | None
    normalised_high: float | None
    raw: float | None
    raw_low: float | None
    raw_high: float | None
    ceiling: float | None
    ceiling_low: float | None
    ceiling_high: float | None
    rank_low: int | None
    rank_high: int | None
    tie_group: int | None
    record_sha256: str | None
    note: str


class CellPage(BaseModel):
    """Some cells; `next` is the `after` of the next page, null on the last."""

    cells: list[Cell]
    next: int | None


class RecordsPage(BaseModel):
    """Some records; `next` is the `after` of the next page, null on the last."""

    records: list[ResultRecord]
    next: int | None


class Added(BaseModel):
    """The result of sending a record."""

    record_sha256: str
    added: bool


class Problem(BaseModel):
    """Why a request was refused."""

    error: dict[str, Any]


ERRORS: dict[int | str, dict[str, Any]] = {
    code: {"model": Problem} for code in (400, 401, 409, 413, 422, 429, 503)
}


def api_router(
    store: Store, live: LiveSite, tokens: TokenFile, engine: sa.Engine, uploads: Uploads
) -> APIRouter:
    """The routes below ``/api/v1``."""
    router = APIRouter(prefix="/api/v1", responses={"4XX": {"model": Problem}})
    _add_reads(router, store, live, engine)
    _add_cards(router, live)
    _add_writes(router, store, tokens, uploads)
    return router


def _add_reads(router: APIRouter, store: Store, live: LiveSite, engine: sa.Engine) -> None:
    @router.get("/board", response_model=CellPage, summary="Cells of the board")
    def board(
        request: Request,
        quantity: Quantity = "normalised",
        candidate: Name = None,
        benchmark: Name = None,
        as_of: Day = None,
        after: After = 0,
        limit: Limit = 200,
    ) -> Response:
        site = live.site if as_of is None else live.past(as_of)
        wanted = {"candidate": candidate, "benchmark": benchmark}
        chosen = {name: value for name, value in wanted.items() if value is not None}
        rows = [
            row
            for row in site.tables[quantity].flat
            if all(row[name] == value for name, value in chosen.items())
        ]
        upto = after + limit
        content = {"cells": rows[after:upto], "next": upto if upto < len(rows) else None}
        return _answer(request, json.dumps(content, allow_nan=False).encode())

    @router.get("/records", response_model=RecordsPage, summary="Records in the order of adding")
    def records(
        request: Request, candidate: Name = None, benchmark: Name = None, after: After = 0, limit: Limit = 100
    ) -> Response:
        page = read_page(
            engine, store.url, candidate=candidate, benchmark=benchmark, after=after, limit=limit
        )
        end = json.dumps(page.after).encode()
        return _answer(request, b'{"records":[' + b",".join(page.bodies) + b'],"next":' + end + b"}")

    @router.get("/records/{record_sha256}", response_model=ResultRecord, summary="One record, byte for byte")
    def record(request: Request, record_sha256: Hash) -> Response:
        return _answer(request, shown_record(store, record_sha256).to_json())


def _add_cards(router: APIRouter, live: LiveSite) -> None:
    @router.get("/candidates", summary="Cards of candidates")
    def candidates() -> list[CandidateCard]:
        return list(live.site.snapshot.contents.candidates.values())

    @router.get("/benchmarks", summary="Cards of benchmarks")
    def benchmarks() -> list[BenchmarkCard]:
        return list(live.site.snapshot.contents.benchmarks.values())

    @router.get("/datasets", summary="Cards of data sets")
    def datasets() -> list[DatasetCard]:
        return list(live.site.snapshot.contents.datasets.values())


def _add_writes(router: APIRouter, store: Store, tokens: TokenFile, uploads: Uploads) -> None:
    holder = Depends(token_needed(tokens, "records:write"))

    @router.post(
        "/records",
        response_model=Added,
        status_code=201,
        responses=ERRORS | {200: {"model": Added, "description": "It was here already."}},
        summary="Add a record with its files",
        openapi_extra=form_described("record", "files", FILE),
    )
    async def add(request: Request, response: Response, facts: TokenInfo = holder) -> Added:
        """Send the record's canonical JSON as ``record`` and each file that it names as ``files``.

        The checks are those of ``innerscore board import``, and its pages are drawn once. It is shown as told and
        not computed here, takes no place of what the board computed, and corrects only what the same owner sent.
        """
        with uploads.of(facts.owner):
            async with request.form(max_files=32, max_fields=4) as form:
                body = await _bytes_of(form.get("record"))
                bodies = [await _bytes_of(one) for one in form.getlist("files")]
        entry = await run_in_threadpool(_told_entry, body, bodies, facts)
        added = await run_in_threadpool(store.add_told, entry)
        response.status_code = 201 if added else 200
        return Added(record_sha256=entry.record.record_sha256, added=added)


def _told_entry(body: bytes, bodies: list[bytes], facts: TokenInfo) -> Entry:
    """A record that somebody sent, held to everything that can be checked of it."""
    files = {sha256_of_bytes(one): one for one in bodies}
    entry = read_entry(body, files, origin=told_by(facts.owner))
    check_drawable(entry)
    return entry


async def _bytes_of(part: UploadFile | str | None) -> bytes:
    if part is None:
        raise InvalidDataError("The part 'record'", got="nothing", needed="the record's JSON")
    return part.encode() if isinstance(part, str) else await part.read()


def _answer(request: Request, body: bytes) -> Response:
    """JSON with an ETag; 304 if the client has it."""
    etag = f'"{sha256_of_bytes(body)}"'
    headers = {"ETag": etag, "Cache-Control": "no-cache"}
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)
