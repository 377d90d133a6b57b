"""Suites: benchmarks under one name and version, with one mean win rate."""

from __future__ import annotations

from pathlib import Path

from ...core.cards import SuiteCard
from ...core.errors import InvalidCardError
from ...core.registry import Registry, registry_of
from ...core.settings import Settings
from ..interface import registry as benchmark_registry

__all__ = ["benchmarks_of", "registry"]


def registry(settings: Settings) -> Registry[SuiteCard]:
    """The registered suites."""
    return registry_of("suite", SuiteCard, Path(__file__).parent, settings)


def benchmarks_of(name: str, settings: Settings) -> list[str]:
    """The benchmarks of a suite, to be scored.

    Raises
    ------
    UnknownNameError
        If no suite has that name, or no benchmark a name that it lists.
    InvalidCardError
        If a benchmark is registered in another version than the suite names.
    """
    registered = registry(settings).find(name)
    known = benchmark_registry(settings)
    for benchmark, version in registered.card.benchmarks.items():
        if (here := known.find(benchmark).card.version) != version:
            raise InvalidCardError(
                f"The suite {registered.card.label} in {registered.path}",
                got=f"version {version} of {benchmark}, which is here in version {here}",
                needed="the version that is registered",
                hint="Raise the suite's own version when it takes the new one.",
            )
    return list(registered.card.benchmarks)
