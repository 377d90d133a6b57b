"""``innerscore verify``: is everything as it was stored, down to one byte."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .options import JsonOption
from .output import emit_json, say, write

if TYPE_CHECKING:
    from ..leaderboard.verify import Verification

__all__ = ["verify"]


def verify(
    target: Annotated[
        str | None,
        typer.Argument(help="Folder of an export, path or URL of a store; by default the store in use."),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Check every record, every file beside one, and every byte of an export against its hash.

    Nothing is changed. Exit code 6 if anything is not as it was stored.
    """
    from ..core.errors import StoreError
    from ..core.settings import load_settings

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
        write(f"{found.n_records} records and {found.n_files} files: all as they were stored")


def _verified(target: str) -> Verification:
    from ..leaderboard.opening import opened_unchanged, store_url
    from ..leaderboard.verify import verify_store
    from ..leaderboard.verify_export import verify_export

    if "://" not in target and Path(target).is_dir():
        return verify_export(Path(target))
    with opened_unchanged(store_url(target)) as store:
        return verify_store(store)
