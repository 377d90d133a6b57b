"""``innerscore init``: write a folder to start from, which works as it is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from .options import JsonOption
from .output import emit_json, write

if TYPE_CHECKING:
    from ..core.settings import Settings
    from ..scaffold import Kind

__all__ = ["init"]


def init(
    folder: Annotated[
        Path,
        typer.Argument(
            help="Folder to write; its last part is the name, such as my-model or MyLab2026.V1-ridge."
        ),
    ],
    torch: Annotated[
        bool, typer.Option("--torch", help="Write a candidate made of a torch module with named layers.")
    ] = False,
    video: Annotated[
        bool, typer.Option("--video", help="Write a candidate made of a torch module of whole clips.")
    ] = False,
    dataset: Annotated[
        bool, typer.Option("--dataset", help="Write a data set: card, loader and test.")
    ] = False,
    images: Annotated[
        bool, typer.Option("--images", help="Write a data set of responses to pictures, by a card alone.")
    ] = False,
    walks: Annotated[
        bool, typer.Option("--walks", help="Write a data set of an animal that walks, by a card alone.")
    ] = False,
    events: Annotated[
        bool,
        typer.Option("--events", help="Write a data set of spikes and a table of trials, by a card alone."),
    ] = False,
    benchmark: Annotated[
        bool,
        typer.Option("--benchmark", help="Write a benchmark on the data set named before the full stop."),
    ] = False,
    board: Annotated[
        bool,
        typer.Option(
            "--board", help="Write a repository that keeps a board, scored and published by its forge."
        ),
    ] = False,
    json: JsonOption = False,
) -> None:
    """Write a folder to start from.

    It holds a candidate, or with an option another kind. Nothing is overwritten, and the folder is written wholly
    or not at all.
    """
    from ..core.settings import load_settings
    from ..scaffold import scaffold_files

    chosen = {"torch": torch, "video": video, "dataset": dataset, "images": images, "walks": walks}
    kind = _kind(**chosen, events=events, benchmark=benchmark, board=board)
    _check_free(folder)
    files = scaffold_files(kind, _facts(kind, folder.name, load_settings()))
    _write_folder(folder, files)
    if json:
        emit_json({"folder": str(folder), "kind": kind, "files": sorted(files)})
        return
    for name in sorted(files):
        write(str(folder / name))
    write(f"next: read {folder / 'README.md'}, then '{_next(kind, folder)}'")


def _next(kind: Kind, folder: Path) -> str:
    from ..scaffold import DECLARED

    if kind == "board":
        return f"git init {folder}"
    return f"innerscore {'data add' if kind in DECLARED else 'check'} {folder}"


def _kind(**options: bool) -> Kind:
    chosen = [cast("Kind", kind) for kind, is_set in options.items() if is_set]
    if len(chosen) > 1:
        raise typer.BadParameter(f"--{chosen[0]} and --{chosen[1]} exclude each other.")
    return chosen[0] if chosen else "candidate"


def _facts(kind: Kind, name: str, settings: Settings) -> dict[str, str]:
    """Check the name and gather what the templates ask for."""
    from importlib.metadata import version

    from .. import benchmarks, candidates, data_registry
    from ..scaffold import (
        DECLARED,
        benchmark_facts,
        board_facts,
        candidate_facts,
        check_name,
        dataset_facts,
        declared_facts,
    )

    if kind == "board":
        return dict(board_facts(name, version("innerscore")))
    if kind == "benchmark":
        check_name(name, benchmarks.registry(settings))
        dataset = data_registry.load_dataset(name.split(".", maxsplit=1)[0], settings)
        return dict(benchmark_facts(name, dataset))
    if kind == "dataset" or kind in DECLARED:
        check_name(name, data_registry.registry(settings))
        return dict(dataset_facts(name) if kind == "dataset" else declared_facts(kind, name))
    check_name(name, candidates.registry(settings))
    return dict(candidate_facts(name))


def _check_free(folder: Path) -> None:
    from ..core.errors import InvalidInputError

    if folder.is_symlink() or folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
        raise InvalidInputError(
            f"The folder {folder}",
            got="something that is there already",
            needed="new or empty",
            hint="Choose another name; nothing was changed.",
        )


def _write_folder(folder: Path, files: dict[str, str]) -> None:
    from ..core.whole_folder import whole_folder

    with whole_folder(folder, replaceable=()) as new:
        for name, text in files.items():
            path = new / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            if text.startswith("#!"):
                path.chmod(0o755)
