"""``innerscore board token``: the tokens that allow writing to a board that is served."""

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

app = typer.Typer(help="Create, list and revoke tokens for writing to a served board.", no_args_is_help=True)


def tokens_path(settings: Settings) -> Path:
    """The file of the tokens' hashes: beside the store, never in it."""
    return settings.data_dir / "tokens.sqlite"


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="Name of the token: its holder or its purpose.")],
    days: Annotated[
        float | None, typer.Option("--days", help="Days until the token expires; by default it never does.")
    ] = None,
    scope: Annotated[
        list[str] | None,
        typer.Option(
            "--scope",
            help="Scope of the token, records:write or submissions:write; may be repeated; default both.",
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Create a token and print it once.

    Give strangers tokens of the scope submissions:write only.
    """
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
    """List all tokens.

    Identifiers, names, scopes and dates are shown, never the tokens themselves.
    """
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
    identifier: Annotated[
        str, typer.Argument(help="Identifier of the token, as printed by 'innerscore board token list'.")
    ],
    json: JsonOption = False,
) -> None:
    """Revoke a token at once."""
    facts = _tokens().revoke(identifier)
    if json:
        emit_json(asdict(facts))
    else:
        write(f"revoked {facts.identifier} ({facts.name})")


def _tokens() -> TokenFile:
    from ..core.settings import load_settings
    from ..leaderboard.server import TokenFile

    return TokenFile(tokens_path(load_settings()))
