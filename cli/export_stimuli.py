"""``innerscore board export-stimuli``: write the stimuli of a benchmark as files, for models that run elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .options import JsonOption
from .output import emit_json, write

__all__ = ["export_stimuli"]


def export_stimuli(
    benchmark: Annotated[str, typer.Argument(help="Name of a benchmark.")],
    folder: Annotated[Path, typer.Argument(help="Folder to write; it must be new or empty.")],
    json: JsonOption = False,
) -> None:
    """Write the stimuli of a benchmark as files.

    The folder gets one .npz file for each stimulus, and index.json, which lists them. 'innerscore score' takes a
    model's activations to these stimuli as one file (.npz or .nc).
    """
    from ..benchmarks import load_benchmark
    from ..core.settings import load_settings
    from ..core.whole_folder import whole_folder
    from ..core.words import number_of
    from ..scoring import stimulus_files

    found = load_benchmark(benchmark, load_settings())
    with whole_folder(folder, replaceable=()) as new:
        for name, content in stimulus_files(found):
            (new / name).write_bytes(content)
    if json:
        emit_json({"benchmark": benchmark, "folder": str(folder), "n_stimuli": len(found.stimuli)})
        return
    stimuli = number_of(len(found.stimuli), "stimulus", "stimuli")
    write(f"{stimuli} of {benchmark} in {folder}, listed in {folder / 'index.json'}")
