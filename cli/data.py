"""``innerscore data``: where the files of data sets are, and fetching them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from .options import JsonOption
from .output import emit_json, write

if TYPE_CHECKING:
    from ..core.cards import DatasetCard
    from ..core.settings import Settings

__all__ = ["app"]

app = typer.Typer(help="See where data sets are, and fetch them.", no_args_is_help=True)


@app.command("status")
def status(json: JsonOption = False) -> None:
    """Show for each data set whether its files are here and are the published ones."""
    from ..core.settings import load_settings
    from ..data_registry import registry
    from .tables import print_table

    settings = load_settings()
    rows = [
        row for entry in registry(settings).entries().values() for row in _file_rows(entry.card, settings)
    ]
    if json:
        emit_json({"data_dir": str(settings.data_dir), "mirror": str(settings.mirror or ""), "files": rows})
        return
    print_table([tuple(map(str, row.values())) for row in rows], ("data set", "file", "state", "where"))
    write(f"data folder {settings.data_dir}, mirror folder {settings.mirror or 'none (INNERSCORE_MIRROR)'}")


@app.command("fetch")
def fetch(name: Annotated[str, typer.Argument(help="Name of a data set.")], json: JsonOption = False) -> None:
    """Find or download the files of a data set and check them."""
    from ..core.settings import load_settings
    from ..data_registry import registry
    from ..data_registry.files import locate_file

    settings = load_settings()
    card = registry(settings).find(name).card
    paths = [str(locate_file(card, file.name, settings)) for file in card.files]
    if json:
        emit_json({"dataset": name, "files": paths})
        return
    for path in paths:
        write(path)
    if not paths:
        write(f"{name} has no files: it is made from a seed")


def _file_rows(card: DatasetCard, settings: Settings) -> list[dict[str, Any]]:
    from ..core.hashing import sha256_of_file
    from ..data_registry.files import local_file

    if not card.files:
        return [{"dataset": card.identifier, "file": "-", "state": "made from a seed", "where": ""}]
    rows = []
    for file in card.files:
        path = local_file(card, file.name, settings)
        state = "missing" if path is None else "here" if sha256_of_file(path) == file.sha256 else "altered"
        rows.append(
            {"dataset": card.identifier, "file": file.name, "state": state, "where": str(path or file.url)}
        )
    return rows
