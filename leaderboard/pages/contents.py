"""Contents of pages besides the records, as plain values: the leaderboard itself never looks into a registry."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from ...core.cards import BenchmarkCard, CandidateCard, DatasetCard, MetricCard, SuiteCard
from ...core.claims_report import ClaimsReport
from ...figures import Figure

__all__ = ["BoardContents", "Clip"]

ClipType: TypeAlias = Literal["image/apng", "image/svg+xml"]


@dataclass(frozen=True, eq=False)
class Clip:
    """A benchmark's stimuli, as a picture that plays.

    Parameters
    ----------
    media_type : {"image/apng", "image/svg+xml"}
    moving, still : bytes
        The picture that plays, and a still one, shown where the reader asked for less motion.
    description : str
        Description of what it shows, in a sentence.
    """

    media_type: ClipType
    moving: bytes
    still: bytes
    description: str

    @property
    def suffix(self) -> str:
        """The suffix of the files' names."""
        return ".png" if self.media_type == "image/apng" else ".svg"


def _no_clip(_: str) -> Clip | None:
    return None


def _no_figure(_: str) -> Figure | None:
    return None


@dataclass(frozen=True)
class BoardContents:
    """Cards by name, and what else the caller knows.

    Parameters
    ----------
    candidates, benchmarks, datasets, metrics, suites : mapping of str to card
        Cards of what is registered.
    own : frozenset of str
        Candidates to be marked as the reader's own.
    clip : callable
        Gives the clip of a benchmark's stimuli by the benchmark's name, or None; may be slow and is asked once.
    gallery : callable
        Gives the rate maps of a data set over space as a figure, or None; may be slow and is asked once.
    losses : callable
        Gives the loss curve of a candidate's training as a figure, or None where there was none.
    trust : mapping or None
        The report of ``innerscore recovery``, as JSON.
    game : mapping or None
        Mental-Pong to be played, as JSON: rules, trials, benchmarks that score them, published errors.
    claims : ClaimsReport or None
        Published claims with what is seen of them.
    """

    candidates: Mapping[str, CandidateCard] = field(default_factory=dict)
    benchmarks: Mapping[str, BenchmarkCard] = field(default_factory=dict)
    datasets: Mapping[str, DatasetCard] = field(default_factory=dict)
    metrics: Mapping[str, MetricCard] = field(default_factory=dict)
    suites: Mapping[str, SuiteCard] = field(default_factory=dict)
    own: frozenset[str] = frozenset()
    clip: Callable[[str], Clip | None] = _no_clip
    gallery: Callable[[str], Figure | None] = _no_figure
    losses: Callable[[str], Figure | None] = _no_figure
    trust: Mapping[str, Any] | None = None
    game: Mapping[str, Any] | None = None
    claims: ClaimsReport | None = None
