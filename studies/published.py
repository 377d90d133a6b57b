"""The published numbers of a study with their places, read from a card in the folder ``published``."""

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
    """One printed number, or one that other code measured on the same data.

    Attributes
    ----------
    key : str
        Name of the finding that it belongs to.
    value : float
        Value as it stands there.
    spread : float or None
        Spread as printed with it.
    spread_is : str
        Kind of spread, such as "SD of 100 splits".
    source : str
        Place where it was printed.
    measured : bool
        Whether it is no printed number but one that other code measured on the same data, as its source says.
    differs : str or None
        Reason that our number is not the same one on the same data; None if there is none.
    """

    key: str
    value: float
    spread: float | None = None
    spread_is: str = ""
    source: Annotated[str, Field(min_length=1)]
    measured: bool = False
    differs: str | None = None


class Study(_Model):
    """A study that can be run again.

    Attributes
    ----------
    identifier, title, citation : str
        Names of the study, and the works to cite.
    recorded, simulated : str
        The data set it is about, and the simulated one of the same structure that stands in without it.
    prefix : mapping of str to str
        Beginning of the benchmark names of each data set.
    benchmarks : tuple of str
        Remainders of these names: every candidate is scored on these benchmarks.
    further_benchmarks : tuple of str
        Full names of benchmarks on other data that belong to it.
    analysis : str or None
        Name of the analysis of the recordings themselves, one of `innerscore.studies.analyses.ANALYSES`; None if
        there is none.
    together : tuple of pair of str
        Pairs of benchmarks whose scores it correlates.
    not_public : tuple of str
        Facts that the study's sources do not give, with the choices made here.
    numbers : tuple of PublishedNumber
        Printed numbers that findings are compared with.
    """

    identifier: str
    title: str
    citation: str
    recorded: str
    simulated: str
    prefix: dict[str, str]
    benchmarks: tuple[str, ...]
    further_benchmarks: tuple[str, ...] = ()
    analysis: str | None = None
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
