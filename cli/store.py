"""``innerscore store``: the state, verification, backup and rollback of the board's store."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .options import JsonOption
from .output import emit_json, say, write

if TYPE_CHECKING:
    from ..leaderboard.verify import Verification

__all__ = ["app"]

app = typer.Typer(help="Check, back up and roll back the store of records.", no_args_is_help=True)


@app.command()
def status(json: JsonOption = False) -> None:
    """Show the place, schema version and size of the store.

    The size is the number of its records.
    """
    from ..core.settings import load_settings
    from ..core.words import number_of
    from ..leaderboard.database import safe_url
    from ..leaderboard.schema import REVISION
    from ..workflows.stored import open_store

    store = open_store(load_settings())
    n_hidden = len(store.hidden())
    content = {"url": safe_url(store.url), "schema": REVISION, "records": store.count, "hidden": n_hidden}
    if json:
        emit_json(content)
    else:
        hidden = f", {n_hidden} hidden" if n_hidden else ""
        records = number_of(store.count, "record")
        write(f"{content['url']}: {records}{hidden}, schema version {REVISION}")


@app.command()
def verify(
    target: Annotated[
        str | None,
        typer.Argument(
            help="Folder of an export, or path or URL of a store; default the store of the settings."
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Check a store or an export against its hashes.

    Every record, every file of a record and every byte of an export is checked. Nothing is changed. Exit code 6 if
    anything is not as it was stored.
    """
    from ..core.errors import StoreError
    from ..core.settings import load_settings
    from ..core.words import number_of

    named = target or load_settings().store
    found = _verified(named)
    if json:
        findings = [{"what": one.what, "got": one.got} for one in found.findings]
        emit_json({"records": found.n_records, "files": found.n_files, "findings": findings})
    for finding in found.findings:
        say(f"error: {finding}")
    if found.findings:
        raise typer.Exit(StoreError.exit_code)
    if not json:
        records, files = number_of(found.n_records, "record"), number_of(found.n_files, "file")
        write(f"{records} and {files}: all as they were stored")


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="SQLite file to write; a file that exists is refused.")],
    json: JsonOption = False,
) -> None:
    """Copy the store into one SQLite file.

    It works for SQLite and PostgreSQL alike, while others write to the store.
    """
    from ..core.settings import load_settings
    from ..core.words import number_of
    from ..leaderboard.backup import back_up
    from ..workflows.stored import open_store

    n_records = back_up(open_store(load_settings()), file)
    if json:
        emit_json({"file": str(file), "records": n_records})
    else:
        write(f"{number_of(n_records, 'record')} copied to {file}")


@app.command()
def rollback(json: JsonOption = False) -> None:
    """Bring the store back to the schema of the version before.

    An older innerscore can then use it. Refused if the store holds records that the older version cannot hold; then
    restore the backup that the migration made.
    """
    from ..core.settings import load_settings
    from ..leaderboard.backup import roll_back_store

    kept = roll_back_store(load_settings().store)
    if json:
        emit_json({"kept": kept})
    else:
        write(f"rolled back; as it was, the store is kept in {kept}")


def _verified(target: str) -> Verification:
    from ..leaderboard.opening import opened_unchanged, store_url
    from ..leaderboard.verify import verify_store
    from ..leaderboard.verify_export import verify_export

    if "://" not in target and Path(target).is_dir():
        return verify_export(Path(target))
    with opened_unchanged(store_url(target)) as store:
        return verify_store(store)
