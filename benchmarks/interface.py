"""The registry of benchmarks, and the assembly of a benchmark from its card."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from ..core.cards import BenchmarkCard
from ..core.errors import InvalidCardError
from ..core.registry import Registered, Registry, registry_of
from ..core.settings import Settings
from ..data_registry import Dataset, load_dataset
from ..metrics import load_metric
from .benchmark import Benchmark

__all__ = ["load_benchmark", "load_benchmarks", "registry"]


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
    return next(load_benchmarks([name], settings))


def load_benchmarks(names: Iterable[str], settings: Settings) -> Iterator[Benchmark]:
    """Put benchmarks together one after the other, as :func:`load_benchmark` does.

    Neighbours on the same data set share its loader, so that what a loader keeps, such as simulated walks, is made
    once. No more than one loader is held.
    """
    dataset: Dataset | None = None
    known = registry(settings)
    for name in names:
        registered = known.find(name)
        if dataset is None or dataset.card.identifier != registered.card.dataset:
            dataset = load_dataset(registered.card.dataset, settings)
        yield _assembled(registered, dataset, settings)


def _assembled(registered: Registered[BenchmarkCard], dataset: Dataset, settings: Settings) -> Benchmark:
    card = registered.card
    _check_fit(registered, dataset.card.regions, dataset.card.simulated)
    return _kind(card)(card, dataset, load_metric(card.metric, settings, **card.parameters))


def _kind(card: BenchmarkCard) -> type[Benchmark]:
    """Import a kind of benchmark when it is used: reading cards takes no science."""
    if card.alignment == "answer":
        from .behaviour import BehaviouralBenchmark

        return BehaviouralBenchmark
    if card.alignment == "endpoint":
        from .endpoints import EndpointBenchmark

        return EndpointBenchmark
    if card.alignment == "interval":
        from .intervals import IntervalBenchmark

        return IntervalBenchmark
    return Benchmark


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
