"""``innerscore status``: what became of a submission."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from .options import JsonOption, TokenOption, UrlOption
from .output import emit_json, write

__all__ = ["status"]


def status(
    submission: Annotated[
        str | None, typer.Argument(help="Its identifier, as 'innerscore submit' said; all, if none is given.")
    ] = None,
    withdraw: Annotated[
        bool, typer.Option("--withdraw", help="Take it back; what is being run of it is thrown away.")
    ] = False,
    url: UrlOption = None,
    token: TokenOption = None,
    json: JsonOption = False,
) -> None:
    """Show the state of a submission, how far it is, why it failed, and the end of its log.

    States: received, checking, queued, running, scored, failed, withdrawn. Exit code 5 if there is none of that
    identifier.
    """
    if submission is None:
        if withdraw or url is not None:
            raise typer.BadParameter("--withdraw and --url need a submission's identifier.")
        _list(as_json=json)
        return
    if url is None:
        found = _here(submission, withdraw=withdraw)
    else:
        from . import remote

        found = remote.withdraw(url, submission, token) if withdraw else remote.look_up(url, submission)
    if json:
        emit_json(found)
    else:
        _tell(found)


def _list(*, as_json: bool) -> None:
    from ..core.settings import load_settings
    from .submissions import open_queue
    from .tables import print_table

    known = open_queue(load_settings())[0].all()
    if as_json:
        emit_json({"submissions": [one.to_json() for one in known]})
        return
    rows: list[tuple[str, ...]] = [
        (one.identifier, one.candidate, one.state, one.stage, one.created) for one in known
    ]
    print_table(rows, ("id", "candidate", "state", "stage", "received"))


def _here(identifier: str, *, withdraw: bool) -> dict[str, Any]:
    """A submission of the settings' board, in the form of the interface for programs."""
    from ..core.settings import load_settings
    from .submissions import open_queue

    queue, _ = open_queue(load_settings())
    found = queue.withdraw(identifier) if withdraw else queue.get(identifier)
    return queue.as_dict(found)


def _tell(found: dict[str, Any]) -> None:
    write(f"{found['identifier']}: {found['candidate']} is {found['state']} {found['stage']}".rstrip())
    for event in found["events"]:
        write(f"  {event['at']}  {event['state']:10}  {event['note']}")
    if found["reason_code"]:
        write(f"failed ({found['reason_code']}): {found['reason']}\n{found['hint']}")
    if found["log"]:
        write(f"the end of its log:\n{found['log'].rstrip()}")
