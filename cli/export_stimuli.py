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
    from ..core.words import number_of
    from ..scoring import write_stimuli

    n_stimuli = write_stimuli(load_benchmark(benchmark, load_settings()), folder)
    if json:
        emit_json({"benchmark": benchmark, "folder": str(folder), "n_stimuli": n_stimuli})
        return
    stimuli = number_of(n_stimuli, "stimulus", "stimuli")
    write(f"{stimuli} of {benchmark} in {folder}, listed in {folder / 'index.json'}")
