"""``innerscore store``: where the board's records are kept; backup, migration and the way back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .options import JsonOption
from .output import emit_json, write

__all__ = ["app"]

app = typer.Typer(
    help="The store of records: status, backup, and rolling a migration back.", no_args_is_help=True
)


@app.command()
def status(json: JsonOption = False) -> None:
    """Show where the store is, its schema version and how many records it holds."""
    from ..core.settings import load_settings
    from ..leaderboard.database import safe_url
    from ..leaderboard.schema import REVISION
    from .stored import open_store

    store = open_store(load_settings())
    content = {"url": safe_url(store.url), "schema": REVISION, "records": store.count}
    if json:
        emit_json(content)
    else:
        write(f"{content['records']} records, schema version {REVISION}, at {content['url']}")


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="SQLite file to write; one that is there is refused.")],
    json: JsonOption = False,
) -> None:
    """Copy the store into one SQLite file, whichever database it is on; others may go on writing."""
    from ..core.settings import load_settings
    from ..leaderboard.backup import back_up
    from .stored import open_store

    n_records = back_up(open_store(load_settings()), file)
    if json:
        emit_json({"file": str(file), "records": n_records})
    else:
        write(f"{n_records} records copied to {file}")


@app.command()
def rollback(json: JsonOption = False) -> None:
    """Bring the store back to the schema of the version before, for an older innerscore to use.

    Refused if the store holds what the older version cannot; then restore the backup made by the migration.
    """
    from ..core.settings import load_settings
    from ..leaderboard.backup import roll_back_store

    kept = roll_back_store(load_settings().store)
    if json:
        emit_json({"kept": kept})
    else:
        write(f"rolled back; as it was, the store is kept in {kept}")
