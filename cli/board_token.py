"""``innerscore board token``: the tokens that allow writing to a board that is served."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, cast

import typer

from .options import JsonOption, repeated
from .output import emit_json, say, write

if TYPE_CHECKING:
    from pathlib import Path

    from ..core.settings import Settings
    from ..leaderboard.server import IssuedToken, TokenFile
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
        repeated(
            "Scope of the token, submissions:write or records:write",
            "--scope",
            default="submissions:write",
        ),
    ] = None,
    owner: Annotated[
        str | None,
        typer.Option(
            "--owner", help="Owner of an earlier token, to whom this one belongs, too; default a new one."
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Create a token and print it once.

    Names of candidates belong to the owner of a token. Whoever may write records can tell this board any value,
    which is shown as told: give strangers no such token.
    """
    from ..leaderboard.server.tokens import DEFAULT_SCOPES

    # Scopes are checked where the token is made.
    scopes = cast("tuple[Scope, ...]", tuple(scope)) if scope else DEFAULT_SCOPES
    _say_once(_tokens().create(name, scopes, days=days, owner=owner), as_json=json)


@app.command()
def rotate(
    identifier: Annotated[
        str, typer.Argument(help="Identifier of the token, as printed by 'innerscore board token list'.")
    ],
    days: Annotated[
        float | None,
        typer.Option("--days", help="Days until the new token expires; by default it never does."),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Create a token in the place of another one, which is revoked.

    It has the same name, scopes and owner, so that candidates and submissions stay their owner's.
    """
    _say_once(_tokens().rotate(identifier, days=days), as_json=json)


def _say_once(issued: IssuedToken, *, as_json: bool) -> None:
    if as_json:
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
            one.owner,
            " ".join(one.scopes),
            one.created,
            one.expires or "never",
            one.revoked or "no",
        )
        for one in known
    ]
    print_table(rows, ("id", "name", "owner", "scopes", "created", "expires", "revoked"))


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
