"""The registries side by side, for commands that take any name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import benchmarks, candidates, data_registry, metrics
from ..benchmarks import suites
from ..candidates.hub.names import hub_name
from ..candidates.interface import find_candidate
from ..core.errors import UnknownNameError
from ..core.registry import Registered, Registry
from ..core.settings import Settings

__all__ = ["find_anything", "registries"]


def registries(settings: Settings) -> Mapping[str, Registry[Any]]:
    """Each kind's registry, by the plural of its name."""
    return {
        "candidates": candidates.registry(settings),
        "benchmarks": benchmarks.registry(settings),
        "metrics": metrics.registry(settings),
        "datasets": data_registry.registry(settings),
        "suites": suites.registry(settings),
    }


def find_anything(name: str, settings: Settings) -> tuple[str, Registered[Any]]:
    """The kind and the card of a thing of any kind; a network of another library is a candidate.

    Raises
    ------
    UnknownNameError
        If no kind has that name; the closest names of all kinds are suggested.
    """
    if hub_name(name) is not None:
        return "candidate", find_candidate(name, settings)
    suggestions: list[str] = []
    for registry in registries(settings).values():
        try:
            return registry.kind, registry.find(name)
        except UnknownNameError as error:
            suggestions += error.suggestions
    raise UnknownNameError("given", name, suggestions)
