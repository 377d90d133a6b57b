"""``innerscore list``: list the registered names, from cards alone."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from .options import JsonOption
from .output import emit_json

__all__ = ["list_names"]


class Kind(StrEnum):
    """Kinds of registered names."""

    candidates = "candidates"
    benchmarks = "benchmarks"
    metrics = "metrics"
    datasets = "datasets"
    suites = "suites"


def list_names(
    kind: Annotated[Kind | None, typer.Argument(help="Kind of names to list; default all.")] = None,
    json: JsonOption = False,
) -> None:
    """List candidates, benchmarks, metrics, data sets and suites."""
    from ..core.settings import load_settings
    from ..workflows.registries import registries
    from .tables import print_table

    chosen = {
        name: registry.entries()
        for name, registry in registries(load_settings()).items()
        if kind is None or name == kind.value
    }
    if json:
        emit_json(
            {
                name: [entry.card.model_dump(mode="json") for entry in entries.values()]
                for name, entries in chosen.items()
            }
        )
        return
    for name, entries in chosen.items():
        print_table([(key, entry.card.title) for key, entry in entries.items()], (name, ""))
