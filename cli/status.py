"""``innerscore status``: what became of a submission."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from .options import JsonOption
from .output import emit_json, write

__all__ = ["status"]


def status(
    submission: Annotated[
        str | None, typer.Argument(help="Its identifier, as 'innerscore submit' said; all, if none is given.")
    ] = None,
    withdraw: Annotated[
        bool, typer.Option("--withdraw", help="Take it back; what is being run of it is thrown away.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Show the state of a submission, how far it is, why it failed, and the end of its log.

    States: received, checking, queued, running, scored, failed, withdrawn. Exit code 5 if there is none of that
    identifier.
    """
    from ..core.settings import load_settings
    from .submissions import open_queue
    from .tables import print_table

    queue, _ = open_queue(load_settings())
    if submission is None:
        if withdraw:
            raise typer.BadParameter("--withdraw needs a submission's identifier.")
        known = queue.all()
        if json:
            emit_json({"submissions": [one.to_json() for one in known]})
            return
        rows = [(one.identifier, one.candidate, one.state, one.stage, one.created) for one in known]
        print_table(rows, ("id", "candidate", "state", "stage", "received"))
        return
    found = queue.withdraw(submission) if withdraw else queue.get(submission)
    events = queue.events(submission)
    if json:
        emit_json({**found.to_json(), "events": [asdict(event) for event in events]})
        return
    write(f"{found.identifier}: {found.candidate} is {found.state} {found.stage}".rstrip())
    for event in events:
        write(f"  {event.at}  {event.state:10}  {event.note}")
    if found.reason_code:
        write(f"failed ({found.reason_code}): {found.reason}\n{found.hint}")
    if found.log:
        write(f"the end of its log:\n{found.log.rstrip()}")
