"""The registry of benchmarks, and the assembly of a benchmark from its card."""

from __future__ import annotations

from pathlib import Path

from ..core.cards import BenchmarkCard
from ..core.errors import InvalidCardError
from ..core.registry import Registered, Registry, registry_of
from ..core.settings import Settings
from ..data_registry import load_dataset
from ..metrics import load_metric
from .behaviour import BehaviouralBenchmark
from .benchmark import Benchmark
from .endpoints import EndpointBenchmark

__all__ = ["load_benchmark", "registry"]


def registry(settings: Settings) -> Registry[BenchmarkCard]:
    """The registered benchmarks."""
    return registry_of("benchmark", BenchmarkCard, Path(__file__).parent, settings)


def load_benchmark(name: str, settings: Settings) -> Benchmark:
    """Put a benchmark together from its card; data are read when first needed.

    Raises
    ------
    UnknownNameError
        If no benchmark, or its data set or metric, has that name.
    InvalidCardError
        If the card's parts do not fit each other.
    """
    registered = registry(settings).find(name)
    card = registered.card
    dataset = load_dataset(card.dataset, settings)
    _check_fit(registered, dataset.card.regions, dataset.card.simulated)
    kind = {"answer": BehaviouralBenchmark, "endpoint": EndpointBenchmark}.get(card.alignment, Benchmark)
    return kind(card, dataset, load_metric(card.metric, settings, **card.parameters))


def _check_fit(registered: Registered[BenchmarkCard], regions: tuple[str, ...], simulated: bool) -> None:
    """A benchmark scores a region that its data set has, and its name says whether the data are simulated."""
    card = registered.card
    for key in ("region", "ceiling_region"):
        region = getattr(card, key)
        if region is not None and region not in regions:
            raise InvalidCardError(f"Key '{key}' of {registered.path}", got=region, needed=f"in {regions}")
    if card.identifier.split(".")[0].startswith("Simulated") != simulated:
        raise InvalidCardError(
            f"Key 'identifier' of {registered.path}",
            got=f"{card.identifier} for {'simulated' if simulated else 'recorded'} data",
            needed="beginning with 'Simulated' if, and only if, the data are simulated",
        )
