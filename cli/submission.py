"""``innerscore submission``: list, show, withdraw, retire and prune what was submitted to a board."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from .options import JsonOption, TokenOption, UrlOption
from .output import emit_json, write

if TYPE_CHECKING:
    from ..workflows.remote_board import Step

__all__ = ["app"]

app = typer.Typer(help="List, show, withdraw and retire submissions to a board.", no_args_is_help=True)

IdentifierArgument = Annotated[
    str,
    typer.Argument(
        metavar="ID",
        help="Identifier of the submission, as printed by 'innerscore submit'.",
        show_default=False,
    ),
]


@app.command("list")
def list_submissions(json: JsonOption = False) -> None:
    """List the last 100 submissions to the board of the settings."""
    from ..core.settings import load_settings
    from ..workflows.board_queue import open_queue
    from .tables import print_table

    known = open_queue(load_settings())[0].all()
    if json:
        emit_json({"submissions": [one.to_json() for one in known]})
        return
    rows: list[tuple[str, ...]] = [
        (one.identifier, one.candidate, one.state, one.stage, one.created) for one in known
    ]
    print_table(rows, ("id", "candidate", "state", "stage", "received"))


@app.command()
def show(identifier: IdentifierArgument, url: UrlOption = None, json: JsonOption = False) -> None:
    """Show the state and progress of a submission, and its scores.

    Also its events, the reason of a failure, and the end of its log. Each score has the rank that the board's tests
    leave open. The states are received, checking, queued, running, scored, failed and withdrawn. Exit code 5 if
    there is no submission of that identifier.
    """
    from ..workflows.remote_board import look_up

    _report(_known_here(identifier) if url is None else look_up(url, identifier), as_json=json, url=url)


def _known_here(identifier: str) -> dict[str, Any]:
    """A submission to the board of the settings, with its results."""
    from ..core.settings import load_settings
    from ..leaderboard.queue import results_of
    from ..workflows.board_queue import open_queue
    from ..workflows.placement import places
    from ..workflows.stored import open_store

    settings = load_settings()
    queue, _ = open_queue(settings)
    store = open_store(settings)
    found = results_of(queue.events(identifier), store, lambda records: places(records, store))
    return queue.as_dict(queue.get(identifier)) | {"results": [one.to_json() for one in found]}


@app.command()
def withdraw(
    identifier: IdentifierArgument,
    url: UrlOption = None,
    token: TokenOption = None,
    json: JsonOption = False,
) -> None:
    """Withdraw a submission that has not ended.

    If it is running, its run is stopped and nothing of it is kept. Exit code 5 if there is no submission of that
    identifier.
    """
    _report(_changed(identifier, "withdraw", url, token), as_json=json)


@app.command()
def retire(
    identifier: IdentifierArgument,
    url: UrlOption = None,
    token: TokenOption = None,
    json: JsonOption = False,
) -> None:
    """Take the failures of a submission off the board.

    They are kept as hidden records, whose addresses say why. Scores stay on the board. Exit code 5 if there is no
    submission of that identifier.
    """
    _report(_changed(identifier, "retire", url, token), as_json=json)


def _changed(identifier: str, step: Step, url: str | None, token: str | None) -> dict[str, Any]:
    """A submission after a step, on the board of the settings or on one that is served elsewhere."""
    from ..core.settings import load_settings
    from ..workflows.board_queue import open_queue
    from ..workflows.remote_board import change

    if url is not None:
        return change(url, identifier, step, token)
    queue, _ = open_queue(load_settings())
    taken = queue.withdraw(identifier) if step == "withdraw" else queue.retire(identifier)
    return queue.as_dict(taken)


@app.command()
def prune(
    days: Annotated[
        float | None,
        typer.Option(
            "--days", min=0, help="Days since they ended; default the setting INNERSCORE_BUNDLE_DAYS, 30."
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Remove the bundles of submissions that failed or were withdrawn.

    Those that ended long enough ago, and whose bundle no other submission needs. The submissions themselves stay,
    with their reasons.
    """
    from ..core.settings import load_settings
    from ..core.words import number_of
    from ..leaderboard.queue import prune as prune_bundles
    from ..workflows.board_queue import open_queue

    settings = load_settings()
    done = prune_bundles(*open_queue(settings), days=settings.bundle_days if days is None else days)
    if json:
        emit_json({"bundles": done.bundles, "n_bytes": done.n_bytes})
    else:
        write(f"removed {number_of(done.bundles, 'bundle')}, {number_of(done.n_bytes, 'byte')}")


def _report(submission: dict[str, Any], *, as_json: bool, url: str | None = None) -> None:
    from .tables import result_text

    if as_json:
        emit_json(submission)
        return
    state = f"{submission['state']} {submission['stage']}".rstrip()
    write(f"{submission['identifier']}: {submission['candidate']} is {state}")
    for event in submission["events"]:
        write(f"  {event['at']}  {event['state']:10}  {event['note']}")
    for result in submission.get("results", ()):
        write(f"  {result_text(result)}")
    if url is not None and submission.get("page"):
        write(f"its page: {url.rstrip('/')}/{submission['page']}")
    if submission["reason_code"]:
        write(f"failed ({submission['reason_code']}): {submission['reason']}\n{submission['hint']}")
    if submission["log"]:
        write(f"the end of its log:\n{submission['log'].rstrip()}")
