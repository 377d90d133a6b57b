"""Options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

__all__ = [
    "JsonOption",
    "LayersOption",
    "MemoryOption",
    "ScoreMemoryOption",
    "ScoreSecondsOption",
    "SeedOption",
    "TasksOption",
    "TokenOption",
    "UrlOption",
    "WallSecondsOption",
]

JsonOption = Annotated[bool, typer.Option("--json", help="Write the result as JSON to standard output.")]
LayersOption = Annotated[
    str | None,
    typer.Option(
        "--layers",
        help="Layers to read of networks of other libraries, separated by commas; default those of a rule.",
    ),
]
SeedOption = Annotated[int, typer.Option("--seed", min=0, help="Seed of candidates that use random numbers.")]
UrlOption = Annotated[
    str | None,
    typer.Option("--url", help="Address of a served board; default the board of the settings."),
]
TokenOption = Annotated[
    str | None, typer.Option("--token", envvar="INNERSCORE_TOKEN", help="Token for the board at --url.")
]
WallSecondsOption = Annotated[
    float,
    typer.Option(
        "--wall-seconds",
        min=1,
        help="Time limit of a candidate on the stimuli of one benchmark, in seconds.",
    ),
]
MemoryOption = Annotated[
    int, typer.Option("--memory-mb", min=64, help="Memory limit of a candidate's processes, in MiB.")
]
TasksOption = Annotated[
    int, typer.Option("--tasks", min=8, help="Largest number of processes and threads of a candidate.")
]
ScoreSecondsOption = Annotated[
    float,
    typer.Option(
        "--score-seconds", min=1, help="Time limit of scoring activations on one benchmark, in seconds."
    ),
]
ScoreMemoryOption = Annotated[
    int, typer.Option("--score-memory-mb", min=1024, help="Memory limit of the scoring process, in MiB.")
]
