"""The interface of data sets, and their registry."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol, TypeAlias

import xarray as xr

from ..core.cards import DatasetCard
from ..core.display import Displayed
from ..core.errors import InvalidArgumentError, InvalidDataError, foreign_errors
from ..core.registry import Registry, registry_of
from ..core.settings import Settings
from ..core.stimuli import StimulusSet

__all__ = ["CardDataset", "Dataset", "Progress", "check_region", "load_dataset", "loader_errors", "registry"]

Progress: TypeAlias = Callable[[str, int, int], None]


class Dataset(Protocol):
    """Recordings of one study with the stimuli they were made under.

    A loader is called with its card and the settings, and does no work until a method is called.

    A loader may have two further methods, which ``innerscore data fetch`` calls with a `Progress`, a function of
    (stage, number done, number of all): ``prepare``, if files have to be converted before their first use, and
    ``fetch_further``, if there is more to fetch than the card's files, such as videos.

    Attributes
    ----------
    card : DatasetCard
        Its card.
    """

    card: DatasetCard

    def stimuli(self) -> StimulusSet:
        """Stimuli that the subjects were shown, or their movement, in the form that candidates get."""

    def recording(self, region: str) -> xr.DataArray:
        """The labelled data of one region: a recording or dissimilarities, by trial and subject."""


class CardDataset(Displayed):
    """A data set as every loader is called.

    Parameters
    ----------
    card : DatasetCard
        Its card.
    settings : Settings
        Folders; not used where nothing is stored.
    """

    def __init__(self, card: DatasetCard, settings: Settings) -> None:
        self.card = card
        self._settings = settings


def check_region(card: DatasetCard, region: str) -> None:
    """Refuse a region that a data set does not have.

    Raises
    ------
    InvalidArgumentError
        If the card does not name it.
    """
    if region not in card.regions:
        raise InvalidArgumentError("The 'region' parameter", got=repr(region), needed=f"in {card.regions}")


def registry(settings: Settings) -> Registry[DatasetCard]:
    """The registered data sets."""
    return registry_of("dataset", DatasetCard, Path(__file__).parent, settings)


def load_dataset(name: str, settings: Settings) -> Dataset:
    """Build the loader of a data set by name.

    Raises
    ------
    UnknownNameError
        If no data set has that name.
    InvalidDataError
        If its loader cannot be imported or built.
    """
    datasets = registry(settings)
    registered = datasets.find(name)
    with loader_errors(registered.card):
        loader: Dataset = datasets.load(name)(registered.card, settings)
    return loader


def loader_errors(card: DatasetCard) -> AbstractContextManager[None]:
    """Name the data set whose loader raises an error of its own."""
    subject = f"The loader '{card.entry}' of data set '{card.identifier}'"
    return foreign_errors(InvalidDataError, subject, needed="able to run")
