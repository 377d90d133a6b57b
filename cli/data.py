"""``innerscore data``: locate, fetch, accept, add and remove the files of data sets."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .options import JsonOption, repeated
from .output import emit_json, say, write

if TYPE_CHECKING:
    from ..checking import Added
    from ..core.cards import DataFile, DatasetCard
    from ..core.settings import Settings
    from ..data_registry.files.sources import Offer

__all__ = ["app"]

app = typer.Typer(help="Locate, fetch, accept, add and remove data sets.", no_args_is_help=True)

NameArgument = Annotated[str, typer.Argument(help="Name of a data set.")]


@app.command("status")
def status(
    verify: Annotated[
        bool, typer.Option("--verify", help="Hash locked files as well, even if they look unchanged.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Show where the files of all data sets are.

    Also whether their bytes are right, and how that is known. Pinned means that the card has the hash. Locked means
    that the hash was recorded at the first use on this machine. Unknown means that the publisher gives no hash and
    the file was not used yet. Benchmarks that nobody can be scored on with the recordings that are here, such as of
    too few cells, are named with what is needed and what is there.
    """
    from ..checking import impossible_benchmarks
    from ..core.settings import load_settings
    from ..data_registry import registry
    from .tables import print_table

    settings = load_settings()
    cards = [entry.card for entry in registry(settings).entries().values()]
    rows = [row for card in cards for row in _file_rows(card, settings, verify=verify)]
    impossible = impossible_benchmarks(settings)
    if json:
        folders = {"data_dir": str(settings.data_dir), "mirror": str(settings.mirror or "")}
        emit_json({**folders, "files": rows, "impossible": impossible})
        return
    print_table(
        [tuple(map(str, row.values())) for row in rows], ("data set", "file", "state", "checksum", "where")
    )
    for name, reason in impossible.items():
        write(f"{name}: not possible with these data. {reason}")
    write(f"data folder {settings.data_dir}, mirror folder {settings.mirror or 'none (INNERSCORE_MIRROR)'}")


@app.command("fetch")
def fetch(
    name: NameArgument,
    everything: Annotated[
        bool, typer.Option("--all", help="Fetch optional files and videos as well.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Find or download the files of a data set.

    The files are checked, and converted where the data set needs it.
    """
    from ..core.settings import load_settings
    from ..data_registry import registry

    settings = load_settings()
    card = registry(settings).find(name).card
    paths = _fetch_files(card, settings, everything=everything)
    for step in ("fetch_further", "prepare") if everything else ("prepare",):
        _run_step(name, step, settings)
    if json:
        emit_json({"dataset": name, "files": paths})
        return
    for path in paths:
        write(path)
    if not paths:
        write(f"{name} has no files: {_without_files(card)}")


@app.command("accept")
def accept(
    name: NameArgument,
    file: Annotated[str, typer.Argument(help="Name of one of the files of the data set.")],
    json: JsonOption = False,
) -> None:
    """Accept the present bytes of a locked file.

    Use it after a new release of the data. The old hash is kept beside the new one.
    """
    from ..core.settings import load_settings
    from ..data_registry import registry
    from ..data_registry.files.fetching import accept_file
    from ..data_registry.files.folder import accept_in_folder

    settings = load_settings()
    card = registry(settings).find(name).card
    whole_folder = not card.files and not card.simulated
    entry = (
        accept_in_folder(card, file, settings)
        if whole_folder
        else accept_file(card, _named(card, file), settings)
    )
    if json:
        emit_json({"dataset": name, "file": file, "sha256": entry.sha256, "size": entry.size})
        return
    write(f"{file}: SHA-256 {entry.sha256}, {entry.size} bytes")


@app.command("add")
def add(
    source: Annotated[
        str,
        typer.Argument(
            help="Folder with dataset.yaml and data files, or one data file; a dandiset (dandi:000582), or the "
            "address of a file or a zip."
        ),
    ],
    card: Annotated[
        Path | None,
        typer.Option(
            "--card", help="Card of the data set; default dataset.yaml beside the files, or in the zip."
        ),
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace the data set of your own that has this name.")
    ] = False,
    files: Annotated[
        list[str] | None, repeated("Pattern of the files to fetch, such as 'sub-1/*'", "--files")
    ] = None,
    large: Annotated[bool, typer.Option("--large", help="Fetch even more than 200 MB.")] = False,
    json: JsonOption = False,
) -> None:
    """Add a data set of your own by a card alone.

    The files are NWB, netCDF, npz, npy, MATLAB or HDF5, and pictures; benchmarks whose cards lie beside them
    are added as well. Card and files are checked first, as by 'innerscore check', and a model of noise is
    scored on each benchmark; with a fault nothing is kept (exit code 3). What was read is summed up. The files
    are copied into a folder of the data set, and their checksums are locked. Unless the licence on the card
    allows it, neither the data nor any score on them enters an export.

    A dandiset or an address is fetched first; what would be fetched is said before. A download that broke off
    goes on with the next call. The kept card names each file with its address and hash, so that others get the
    same bytes.
    """
    from ..core.errors import InvalidArgumentError, InvalidInputError
    from ..core.settings import load_settings
    from ..data_registry.files.sources import is_remote

    settings = load_settings()
    if is_remote(source):
        added = _add_remote(source, card, settings, files or [], large=large, replace=replace)
    elif files or large:
        raise InvalidArgumentError(
            "The options --files and --large", got="a folder or a file here", needed="for what is fetched"
        )
    else:
        added = _add_here(Path(source), card, settings, replace=replace)
    if json:
        emit_json({**dataclasses.asdict(added), "folder": str(added.folder or "")})
    else:
        _write_added(added)
    if added.faults:
        raise typer.Exit(InvalidInputError.exit_code)


@app.command("remove")
def remove(name: NameArgument, json: JsonOption = False) -> None:
    """Remove a data set of your own, with its benchmarks.

    It is one that 'innerscore data add' added. Its records stay on the board, and if it was private they stay
    private.
    """
    from ..checking import remove_dataset
    from ..core.settings import load_settings

    folder = remove_dataset(name, load_settings())
    if json:
        emit_json({"dataset": name, "folder": str(folder)})
        return
    write(f"removed {folder}; records of {name} stay on the board")


def _add_here(source: Path, card: Path | None, settings: Settings, *, replace: bool) -> Added:
    from ..checking import add_dataset

    return add_dataset(source, card, settings, replace=replace)


def _add_remote(
    source: str, card: Path | None, settings: Settings, files: list[str], *, large: bool, replace: bool
) -> Added:
    from ..checking import add_remote_dataset
    from .progress import byte_progress

    with byte_progress(source) as progress:
        return add_remote_dataset(
            source,
            card,
            settings,
            patterns=files,
            large=large,
            replace=replace,
            offered=_say_offered,
            progress=progress,
        )


def _say_offered(offer: Offer) -> None:
    from rich.filesize import decimal

    from ..core.words import number_of

    size = "of unknown size" if offer.size is None else decimal(offer.size)
    say(f"{offer.title}: {number_of(len(offer.files), 'file')}, {size}")


def _write_added(added: Added) -> None:
    from ..core.words import number_of

    for fault in added.faults:
        write(f"{fault.file}: {fault.reason}\n  {fault.fix}")
    if added.faults:
        write(f"{number_of(len(added.faults), 'fault')}; nothing was kept")
        return
    kept = "private: it enters no export" if added.private else "its licence lets exports have it"
    write(f"{added.name} is in {added.folder} ({number_of(len(added.files), 'file')}; {kept})")
    for line in added.summary:
        write(line)
    for note in added.notes:
        write(f"note: {note}")
    for name in added.benchmarks:
        write(f"next: innerscore score CANDIDATE --benchmark {name}")


def _fetch_files(card: DatasetCard, settings: Settings, *, everything: bool) -> list[str]:
    """The needed files, fetched, and those of the optional ones that are here or wanted."""
    from ..data_registry.files.fetching import checked_file, local_file
    from .progress import byte_progress

    wanted = [
        file
        for file in card.files
        if everything or not file.optional or local_file(card, file.name, settings)
    ]
    paths = []
    for file in wanted:
        if local_file(card, file.name, settings) is None:
            say(f"fetching {file.name}")
        with byte_progress(file.name) as progress:
            found = checked_file(card, file.name, settings, large=True, progress=progress)
        paths.append(str(found.path))
    return paths


def _run_step(name: str, step: str, settings: Settings) -> None:
    """Let a data set that has such a step do it, and show how far it is: fetching videos, converting files."""
    from ..data_registry import load_dataset
    from ..data_registry.interface import loader_errors
    from .progress import shown_progress

    dataset = load_dataset(name, settings)
    work = getattr(dataset, step, None)
    if work is not None:
        with loader_errors(dataset.card), shown_progress(name) as progress:
            work(progress)


def _named(card: DatasetCard, name: str) -> DataFile:
    from ..core.errors import InvalidArgumentError

    for file in card.files:
        if file.name == name:
            return file
    names = ", ".join(file.name for file in card.files) or "none"
    raise InvalidArgumentError(f"The file of '{card.identifier}'", got=repr(name), needed=f"one of: {names}")


def _file_rows(card: DatasetCard, settings: Settings, *, verify: bool) -> list[dict[str, Any]]:
    from ..data_registry.files.fetching import file_status

    if not card.files:
        return [
            {
                "dataset": card.identifier,
                "file": "-",
                "state": _without_files(card),
                "checksum": "-",
                "where": "",
            }
        ]
    rows = []
    for file in card.files:
        found = file_status(card, file, settings, full=verify)
        where = str(found.path or file.url)
        row = {"dataset": card.identifier, "file": file.name, "state": found.state}
        rows.append({**row, "checksum": found.checksum, "where": where})
    return rows


def _without_files(card: DatasetCard) -> str:
    return "made from a seed" if card.simulated else "read by its loader, which lists no files"
