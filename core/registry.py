"""One registry, four uses: candidates, benchmarks, metrics and data sets, each found by its card.

The card of a candidate is a file ``candidate.yaml`` or ``<name>.candidate.yaml``, and likewise for the other
kinds. Cards are found below three kinds of folder: a room of this package, the packages that announce an
entry point (group ``innerscore.candidates`` and so on, naming an importable package), and the folders that
the setting ``plugins`` lists. Listing reads cards and imports nothing; only :meth:`Registry.load` imports.
"""

from __future__ import annotations

import difflib
import importlib.metadata
import importlib.util
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

from .cards import Card, read_card
from .entries import import_entry
from .errors import DuplicateNameError, UnknownNameError
from .settings import Settings

__all__ = ["Registered", "Registry", "closest_names", "import_entry", "registry_of"]

C = TypeVar("C", bound=Card)


@dataclass(frozen=True)
class Registered(Generic[C]):
    """A card and the file it was read from."""

    card: C
    path: Path


@dataclass(frozen=True)
class Registry(Generic[C]):
    """The registered things of one kind.

    Parameters
    ----------
    kind : str
        ``"candidate"``, ``"benchmark"``, ``"metric"`` or ``"dataset"``, for messages.
    card_type : type
        The card model.
    folders : tuple of pathlib.Path
        Folders whose cards, at any depth, are registered.
    """

    kind: str
    card_type: type[C]
    folders: tuple[Path, ...]

    def entries(self) -> Mapping[str, Registered[C]]:
        """All registered things by name, sorted.

        Raises
        ------
        InvalidCardError
            If a card is not valid.
        DuplicateNameError
            If two cards claim one name; both places are named.
        """
        found: dict[str, Registered[C]] = {}
        for path in self._card_paths():
            card = _card(path, self.card_type)
            if card.identifier in found:
                raise DuplicateNameError(
                    f"The {self.kind} name '{card.identifier}'",
                    got=f"two cards, {found[card.identifier].path} and {path}",
                    needed="registered once",
                    hint="Rename one of them or take its folder out.",
                )
            found[card.identifier] = Registered(card, path)
        return dict(sorted(found.items()))

    def find(self, name: str) -> Registered[C]:
        """The thing of that name.

        Raises
        ------
        UnknownNameError
            If there is none; the closest names are suggested.
        """
        entries = self.entries()
        if name not in entries:
            raise UnknownNameError(self.kind, name, closest_names(name, entries))
        return entries[name]

    def load(self, name: str) -> Any:
        """Import the object that the card's ``entry`` names: a class or a function."""
        registered = self.find(name)
        return import_entry(registered.card.entry, registered.path.parent)  # type: ignore[attr-defined]

    def _card_paths(self) -> Iterable[Path]:
        return dict.fromkeys(
            path.resolve()
            for folder in self.folders
            for path in sorted(folder.rglob(f"*{self.kind}.yaml"))
            if path.name == f"{self.kind}.yaml" or path.name.endswith(f".{self.kind}.yaml")
        )


def _card(path: Path, card_type: type[C]) -> C:
    """A card, read again only if its file has changed: every look-up of a name goes through all cards."""
    try:
        found = path.stat()
    except OSError:
        return read_card(path, card_type)
    look = (found.st_mtime_ns, found.st_size, found.st_ino)
    return cast(C, _card_as_it_looks(path, card_type, look))


@lru_cache(maxsize=4096)
def _card_as_it_looks(path: Path, card_type: type[Card], _look: tuple[int, int, int]) -> Card:
    return read_card(path, card_type)


def registry_of(kind: str, card_type: type[C], room: Path, settings: Settings) -> Registry[C]:
    """The registry of one kind: a room of this package, announced packages, plugin folders and added data sets."""
    announced = _announced_folders(f"innerscore.{kind}s")
    return Registry(kind, card_type, (room, *announced, *settings.plugins, settings.own_datasets))


def _announced_folders(group: str) -> tuple[Path, ...]:
    """Folders of the installed packages that announce themselves under an entry point group."""
    specs = [importlib.util.find_spec(point.module) for point in importlib.metadata.entry_points(group=group)]
    places = [spec.submodule_search_locations or () for spec in specs if spec is not None]
    return tuple(Path(place) for locations in places for place in locations)


def closest_names(name: str, entries: Iterable[str]) -> list[str]:
    """Up to three names that somebody who wrote this one may have meant, closest first."""
    by_lower = {entry.lower(): entry for entry in entries}
    close = difflib.get_close_matches(name.lower(), by_lower, n=3, cutoff=0.5)
    return [by_lower[match] for match in close]
