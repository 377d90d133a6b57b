"""The target of a check: a folder with a card, or a registered name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..core.cards import BenchmarkCard, CandidateCard, Card, DatasetCard
from ..core.errors import InvalidInputError, UnknownNameError
from ..core.registry import Registry
from ..core.settings import Settings
from .faults import Fault

__all__ = ["CARD_TYPES", "Target", "find_target", "name_faults"]

CARD_TYPES: Mapping[str, type[Card]] = {
    "candidate": CandidateCard,
    "dataset": DatasetCard,
    "benchmark": BenchmarkCard,
}


@dataclass(frozen=True)
class Target:
    """A thing to check.

    Parameters
    ----------
    kind : {"candidate", "dataset", "benchmark"}
        Kind of the target.
    path : pathlib.Path
        Path of its card.
    """

    kind: str
    path: Path


def find_target(name: str, settings: Settings) -> Target:
    """Find the card of a folder or of a registered name, reading as little as possible.

    Raises
    ------
    InvalidInputError
        If a folder has no card, or cards of more than one thing.
    UnknownNameError
        If it is no folder and nothing is registered under that name.
    """
    if Path(name).is_dir():
        return _in_folder(Path(name))
    suggestions: list[str] = []
    for kind in CARD_TYPES:
        try:
            return Target(kind, _registry(kind, settings).find(name).path)
        except UnknownNameError as error:
            suggestions += error.suggestions
    raise UnknownNameError("given", name, suggestions)


def name_faults(target: Target, identifier: str, settings: Settings) -> list[Fault]:
    """A name that something else of the same kind is registered under."""
    registered = _registry(target.kind, settings).entries().get(identifier)
    if registered is None or registered.path == target.path:
        return []
    reason = f"key 'identifier': '{identifier}' is the name of {registered.path}, too"
    own = settings.own_datasets.resolve() / identifier.partition(".")[0]
    fix = "Choose another name, or replace the one that you added: 'innerscore data add --replace'."
    return [Fault(str(target.path), reason, fix if registered.path.parent == own else "Choose another name.")]


def _in_folder(folder: Path) -> Target:
    found = [
        Target(kind, path.resolve())
        for kind in CARD_TYPES
        for path in sorted(folder.glob(f"*{kind}.yaml"))
        if path.name == f"{kind}.yaml" or path.name.endswith(f".{kind}.yaml")
    ]
    if len(found) != 1:
        raise InvalidInputError(
            f"The folder {folder}",
            got=f"{len(found)} cards",
            needed="one with one card: candidate.yaml, dataset.yaml or NAME.benchmark.yaml",
            hint="'innerscore init' writes such folders.",
        )
    return found[0]


def _registry(kind: str, settings: Settings) -> Registry[Card]:
    from .. import benchmarks, candidates, data_registry

    rooms = {"candidate": candidates, "dataset": data_registry, "benchmark": benchmarks}
    registry: Registry[Card] = rooms[kind].registry(settings)
    return registry
