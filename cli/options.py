"""Options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

__all__ = ["JsonOption", "SeedOption"]

JsonOption = Annotated[bool, typer.Option("--json", help="Write JSON to standard output.")]
SeedOption = Annotated[int, typer.Option("--seed", min=0, help="Seed of candidates that draw.")]
