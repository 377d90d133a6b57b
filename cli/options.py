"""Options that several commands share."""

from __future__ import annotations

from typing import Annotated, Any

import typer

__all__ = [
    "BenchmarksOption",
    "CandidatesOption",
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
    "repeated",
]


def repeated(what: str, *names: str, default: str | None = None, metavar: str | None = None) -> Any:
    """An option that may be given several times.

    Parameters
    ----------
    what : str
        Description of one value, without the full stop.
    *names : str
        Names of the option.
    default : str, optional
        Description of the values that are taken where none is given.
    metavar : str, optional
        Name of a value in the help text.
    """
    otherwise = "" if default is None else f"; default {default}"
    return typer.Option(*names, metavar=metavar, help=f"{what}; may be repeated{otherwise}.")


BenchmarksOption = Annotated[
    list[str] | None, repeated("Benchmark by name", "--benchmark", "-b", default="all")
]
CandidatesOption = Annotated[
    list[str] | None, repeated("Candidate by name or folder", "--candidate", "-c", default="all")
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
