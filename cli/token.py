"""``innerscore token``: who may write to a board that is served."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, cast

import typer

from .options import JsonOption
from .output import emit_json, say, write

if TYPE_CHECKING:
    from pathlib import Path

    from ..core.settings import Settings
    from ..leaderboard.server import TokenFile
    from ..leaderboard.server.tokens import Scope

__all__ = ["app", "tokens_path"]

app = typer.Typer(help="Tokens for writing to a served board.", no_args_is_help=True)


def tokens_path(settings: Settings) -> Path:
    """Where the tokens' hashes are kept: beside the store, never in it."""
    return settings.data_dir / "tokens.sqlite"


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="Whose it is, or what it is for.")],
    days: Annotated[
        float | None, typer.Option("--days", help="Days until it expires; never, if not given.")
    ] = None,
    scope: Annotated[
        list[str] | None,
        typer.Option(
            "--scope", help="records:write or submissions:write, repeatable; both, if none is given."
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Make a token and show it, this once; a stranger's should be for submissions only."""
    from ..leaderboard.server.tokens import SCOPES

    scopes = cast("tuple[Scope, ...]", tuple(scope)) if scope else SCOPES  # checked where it is made
    issued = _tokens().create(name, scopes, days=days)
    if json:
        emit_json({**asdict(issued.facts), "token": issued.secret})
        return
    write(issued.secret)
    say("Keep it; it is not shown again. Send it as 'Authorization: Bearer TOKEN'.")


@app.command("list")
def list_tokens(json: JsonOption = False) -> None:
    """Show all tokens: identifiers and names, never the tokens themselves."""
    from .tables import print_table

    known = _tokens().all()
    if json:
        emit_json({"tokens": [asdict(facts) for facts in known]})
        return
    rows: list[tuple[str, ...]] = [
        (
            one.identifier,
            one.name,
            " ".join(one.scopes),
            one.created,
            one.expires or "never",
            one.revoked or "no",
        )
        for one in known
    ]
    print_table(rows, ("id", "name", "scopes", "created", "expires", "revoked"))


@app.command()
def revoke(
    identifier: Annotated[str, typer.Argument(help="Its id, as 'innerscore token list' shows.")],
    json: JsonOption = False,
) -> None:
    """Put a token out of force at once."""
    facts = _tokens().revoke(identifier)
    if json:
        emit_json(asdict(facts))
    else:
        write(f"revoked {facts.identifier} ({facts.name})")


def _tokens() -> TokenFile:
    from ..core.settings import load_settings
    from ..leaderboard.server import TokenFile

    return TokenFile(tokens_path(load_settings()))
