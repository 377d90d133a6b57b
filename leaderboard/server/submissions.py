"""Submissions over HTTP: for programs below ``/api/v1``, and for people a form and a page, which need no script.

The form asks for the token itself. No cookie stands for it, so a page elsewhere has nothing of its reader's to send
along; a form that comes from elsewhere is refused all the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, HTTPException, Path, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel
from starlette.datastructures import FormData, UploadFile
from starlette.responses import HTMLResponse, RedirectResponse

from ...core.errors import InnerscoreError, InvalidDataError
from ...core.records import ResultRecord
from ..pages.content import PageContent
from ..pages.contents import BoardContents
from ..pages.names import slug
from ..pages.render import render
from ..placement import Place, places_on
from ..queue import BundleStore, Queue, Quotas, Submission, SubmissionResult, receive, results_of
from ..store import Store
from .authorisation import holder_of, token_needed
from .live import LiveSite
from .statuses import status_of
from .tokens import TokenFile, TokenInfo
from .uploads import Uploads, form_described, form_with_token

__all__ = ["SubmissionService", "submission_pages", "submission_router"]

_MOST_FIELDS = 500
_MOST_FIELD_BYTES = 4096
Identifier = Annotated[str, Path(pattern=r"^s-[0-9a-f]{16}$")]


class EventAnswer(BaseModel):
    """Something that happened to a submission."""

    at: str
    state: str
    note: str
    record_sha256: str


class PlaceAnswer(BaseModel):
    """Ranks that the board's tests leave open, and those that are not significantly different."""

    rank_low: int
    rank_high: int
    n_compared: int
    tested: bool
    tie_group: int
    tied_with: list[str]


class ResultAnswer(BaseModel):
    """A result on one benchmark; `place` is null without a score, and until the board is made anew."""

    benchmark: str
    record_sha256: str
    status: Literal["value", "failed", "not applicable"]
    normalised: float | None
    normalised_low: float | None
    normalised_high: float | None
    place: PlaceAnswer | None


class SubmissionAnswer(BaseModel):
    """The present state of a submission; `reason_code`, `reason` and `hint` are empty unless it failed.

    `page` is the address of the candidate's page, from the board's own address on.
    """

    identifier: str
    state: Literal["received", "checking", "queued", "running", "scored", "failed", "withdrawn"]
    stage: str
    candidate: str
    content_sha256: str
    zip_sha256: str
    benchmarks: list[str]
    reason_code: str
    reason: str
    hint: str
    log: str
    created: str
    changed: str
    events: list[EventAnswer]
    results: list[ResultAnswer]
    page: str


@dataclass(frozen=True)
class SubmissionService:
    """The service that takes in submissions.

    Parameters
    ----------
    queue, bundles, tokens : Queue, BundleStore, TokenFile
        Queue, bundles and tokens of the board.
    store, live : Store, LiveSite
        Store of the records, and the board as it is shown.
    contents : BoardContents
        Benchmarks that may be asked for, and candidates whose names are taken.
    quotas : Quotas
        Most that one owner of tokens may have.
    uploads : Uploads
        Uploads that are going on.
    """

    queue: Queue
    bundles: BundleStore
    tokens: TokenFile
    store: Store
    live: LiveSite
    contents: BoardContents
    quotas: Quotas
    uploads: Uploads

    async def take(self, form: FormData, facts: TokenInfo) -> Submission:
        """Take the bundle of a form."""
        part = form.get("bundle")
        if not isinstance(part, UploadFile):
            raise InvalidDataError("The part 'bundle'", got="nothing", needed="a zip as a file")
        data = await part.read()
        benchmarks = [str(name) for name in form.getlist("benchmarks") if name]
        return await run_in_threadpool(
            lambda: receive(
                data,
                benchmarks,
                self.queue,
                self.bundles,
                known=self.contents.benchmarks,
                reserved=self.contents.candidates,
                submitter=facts.owner,
                quotas=self.quotas,
            )
        )

    def answer(self, found: Submission) -> SubmissionAnswer:
        """A submission with what happened to it, and what came of it."""
        results = [one.to_json() for one in self.results(found)]
        known = {**self.queue.as_dict(found), "results": results, "page": page_of(found.candidate)}
        return SubmissionAnswer.model_validate(known)

    def results(self, found: Submission) -> list[SubmissionResult]:
        """Results of a submission, with their places on the board that is shown, if there is one yet."""
        return results_of(self.queue.events(found.identifier), self.store, self._places)

    def _places(self, records: Sequence[ResultRecord]) -> Mapping[str, Place]:
        if not self.live.ready:
            return {}
        return places_on(self.live.site.snapshot.board, {one.record_sha256 for one in records})


def page_of(candidate: str) -> str:
    """Address of a candidate's page, from the board's own address on."""
    return f"candidates/{slug(candidate)}.html"


def submission_router(service: SubmissionService, errors: dict[int | str, dict[str, Any]]) -> APIRouter:
    """The routes below ``/api/v1`` for programs."""
    router = APIRouter(prefix="/api/v1")
    holder = Depends(token_needed(service.tokens, "submissions:write"))
    answers: dict[int | str, dict[str, Any]] = {
        code: errors[code] for code in (400, 401, 413, 422, 429) if code in errors
    }

    @router.post(
        "/submissions",
        response_model=SubmissionAnswer,
        status_code=201,
        responses=answers,
        summary="Submit a candidate's bundle",
        openapi_extra=form_described("bundle", "benchmarks", {"type": "string"}),
    )
    async def submit(request: Request, facts: TokenInfo = holder) -> SubmissionAnswer:
        """Send the zip as ``bundle`` and each benchmark's name as ``benchmarks``; without names, all.

        The same bundle on the same benchmarks is one submission, however often it is sent.
        """
        with service.uploads.of(facts.owner):
            async with request.form(
                max_files=1, max_fields=_MOST_FIELDS, max_part_size=_MOST_FIELD_BYTES
            ) as form:
                found = await service.take(form, facts)
        return await run_in_threadpool(service.answer, found)

    @router.get("/submissions/{identifier}", response_model=SubmissionAnswer, summary="One submission")
    def one(identifier: Identifier) -> SubmissionAnswer:
        return service.answer(service.queue.get(identifier))

    @router.post(
        "/submissions/{identifier}/withdraw",
        response_model=SubmissionAnswer,
        responses=answers,
        summary="Take a submission of one's own back",
    )
    def withdraw(identifier: Identifier, facts: TokenInfo = holder) -> SubmissionAnswer:
        return service.answer(service.queue.withdraw(identifier, submitter=facts.owner))

    @router.post(
        "/submissions/{identifier}/retire",
        response_model=SubmissionAnswer,
        responses=answers,
        summary="Take the failures of a submission of one's own off the board",
    )
    def retire(identifier: Identifier, facts: TokenInfo = holder) -> SubmissionAnswer:
        """Failed records become hidden ones; scores stay."""
        return service.answer(service.queue.retire(identifier, submitter=facts.owner))

    return router


def submission_pages(service: SubmissionService) -> APIRouter:
    """The form, and a page for each submission."""
    router = APIRouter(include_in_schema=False)

    @router.get("/submit.html")
    def form() -> Response:
        return _form(service, "", 200)

    @router.post("/submit.html")
    async def submit(request: Request) -> Response:
        if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return _form(service, "The form has to be sent from this page.", 403)
        try:
            found = await _taken(service, request)
        except (InnerscoreError, HTTPException) as error:
            status = error.status_code if isinstance(error, HTTPException) else status_of(error)
            words = error.detail if isinstance(error, HTTPException) else str(error)
            return _form(service, str(words), status)
        return RedirectResponse(f"submissions/{found.identifier}.html", 303)

    @router.get("/submissions/{identifier}.html")
    def page(identifier: Identifier) -> Response:
        found = service.queue.get(identifier)
        values = {
            "submission": found,
            "events": service.queue.events(identifier),
            "results": service.results(found),
            "page_of_it": page_of(found.candidate),
        }
        return _page(
            PageContent("submission.html", found.candidate, values), f"submissions/{identifier}.html", 200
        )

    return router


async def _taken(service: SubmissionService, request: Request) -> Submission:
    """Take what the form of the page sends, whose token is looked at before its file is."""
    holder: list[TokenInfo] = []
    with ExitStack() as upload:

        def admit(secret: str) -> None:
            holder.append(holder_of(service.tokens, secret, "submissions:write", request))
            upload.enter_context(service.uploads.of(holder[0].owner))

        async with form_with_token(request, admit, max_fields=_MOST_FIELDS) as form:
            return await service.take(form, holder[0])


def _form(service: SubmissionService, fault: str, status: int) -> Response:
    values = {"benchmarks": sorted(service.contents.benchmarks), "fault": fault}
    return _page(PageContent("submit.html", "Submit", values), "submit.html", status)


def _page(content: PageContent, path: str, status: int) -> Response:
    return HTMLResponse(render(content, path, live=True), status, {"Cache-Control": "no-store"})
