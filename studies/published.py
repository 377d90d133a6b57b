"""What a study printed: its numbers with their places, read from a card beside this file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field

from ..core.errors import UnknownNameError

__all__ = ["PublishedNumber", "Study", "load_study", "study_names"]

_FOLDER = Path(__file__).parent / "published"


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PublishedNumber(_Model):
    """One printed number.

    Attributes
    ----------
    key : str
        Name of the finding that it belongs to.
    value : float
        As printed.
    spread : float or None
        As printed beside it.
    spread_is : str
        What the spread is, such as "SD of 100 splits".
    source : str
        Where it was printed.
    differs : str or None
        What keeps our number from being the same one on the same data; None if nothing does.
    """

    key: str
    value: float
    spread: float | None = None
    spread_is: str = ""
    source: Annotated[str, Field(min_length=1)]
    differs: str | None = None


class Study(_Model):
    """A study that can be run again.

    Attributes
    ----------
    identifier, title, citation : str
        What it is called, and what to cite.
    recorded, simulated : str
        The data set it is about, and the simulated one of the same structure that stands in without it.
    prefix : mapping of str to str
        How benchmark names of each data set begin.
    benchmarks : tuple of str
        How they go on: every candidate is scored on these.
    further_benchmarks : tuple of str
        Full names of benchmarks on other data that belong to it.
    analyses_neurons : bool
        Whether it has findings on the neurons of the recording themselves.
    together : tuple of pair of str
        Benchmarks of which it asks how scores on one go with scores on the other.
    not_public : tuple of str
        What the study's sources do not say, and what was chosen here.
    numbers : tuple of PublishedNumber
        Printed numbers that findings are laid beside.
    """

    identifier: str
    title: str
    citation: str
    recorded: str
    simulated: str
    prefix: dict[str, str]
    benchmarks: tuple[str, ...]
    further_benchmarks: tuple[str, ...] = ()
    analyses_neurons: bool = False
    together: tuple[tuple[str, str], ...] = ()
    not_public: tuple[str, ...] = ()
    numbers: tuple[PublishedNumber, ...] = ()

    def benchmark_names(self, dataset: str) -> list[str]:
        """Full names of its benchmarks on one of its two data sets, and those on other data."""
        return [f"{self.prefix[dataset]}{name}" for name in self.benchmarks] + list(self.further_benchmarks)

    def printed(self, key: str) -> PublishedNumber | None:
        """The printed number of a finding."""
        return next((number for number in self.numbers if number.key == key), None)


def study_names() -> list[str]:
    """Studies that can be run again."""
    return sorted(path.name.removesuffix(".study.yaml") for path in _FOLDER.glob("*.study.yaml"))


def load_study(name: str) -> Study:
    """Read a study's card.

    Raises
    ------
    UnknownNameError
        If there is no such study.
    """
    if name not in study_names():
        raise UnknownNameError("study", name, study_names())
    return Study.model_validate(yaml.safe_load((_FOLDER / f"{name}.study.yaml").read_text(encoding="utf-8")))
