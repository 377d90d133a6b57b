"""``innerscore serve``: the board and its interface for programs, on this machine unless told otherwise."""

from __future__ import annotations

from typing import Annotated

import typer

from .output import say

__all__ = ["serve"]


def serve(
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port; 0 takes a free one.")] = 8765,
    name: Annotated[
        list[str] | None,
        typer.Option("--name", help="Host name under which it is asked, repeatable; localhost always is."),
    ] = None,
    own: Annotated[
        list[str] | None, typer.Option("--own", help="Candidate to mark as your own, repeatable.")
    ] = None,
) -> None:
    """Serve the board: pages, files and a JSON interface. Reads are open, writes need a token.

    Log lines are JSON on standard error. SIGTERM and Ctrl-C finish what has begun, then exit with 0.
    """
    from ..core.settings import load_settings
    from ..leaderboard.server import (
        TokenFile,
        address_of,
        create_app,
        hosts_of,
        listen,
        log_to_stderr,
        run_server,
    )

    settings = load_settings()
    taken = listen(host, port)
    from .contents import board_contents  # slow; a port that is taken is said before
    from .stored import open_store
    from .submissions import bundle_store
    from .token import tokens_path

    app = create_app(
        open_store(settings),
        board_contents(settings, own or ()),
        TokenFile(tokens_path(settings)),
        bundle_store(settings),
        hosts=hosts_of(host, name or ()),
        logger=log_to_stderr(),
    )
    say(f"the board is at {address_of(taken)}")
    run_server(app, taken)
