"""Options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

__all__ = ["JsonOption", "LayersOption", "SeedOption", "TokenOption", "UrlOption"]

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
