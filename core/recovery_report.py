"""The form of a validity report, as ``innerscore recovery`` writes it and the trust page reads it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from .errors import InvalidInputError

__all__ = [
    "Calibration",
    "Control",
    "LeftOut",
    "MoreData",
    "Nuisance",
    "Recovery",
    "RecoveryReport",
    "UntoldPair",
    "read_report",
]


class _Model(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class UntoldPair(_Model):
    """A generating candidate and another one that was not always behind it and significantly different from it.

    Attributes
    ----------
    generating, other : str
    apart : float
        Share of draws in which the two were significantly different by the board's tests.
    ahead : float
        Share of draws in which the other one had the higher score.
    difference, error : float
        Mean over draws of the difference (positive where the generating one is ahead) and of its standard error.
    factor : float or None
        Multiple of the data (neurons and conditions together) at which the mean difference would be significant, if
        errors fall with the root of the data; None where the other is ahead on average: more data do not help.
    """

    generating: str
    other: str
    apart: float
    ahead: float
    difference: float
    error: float
    factor: float | None = None


class Recovery(_Model):
    """Model recovery on brains simulated from each candidate in turn: counts of the candidates ranked first.

    Attributes
    ----------
    benchmark : str
    reliability : float
        Reliability of the simulated neurons.
    draws : int
        Simulated brains a generating candidate.
    candidates : tuple of str
    first : tuple of tuple of int
        Row: the generating candidate; column: number of draws in which that candidate was first.
    alone : tuple of int
        Number of draws in which the generating candidate was alone in the best tie group.
    in_front : tuple of int
        Number of draws in which it was in the best tie group, alone or with others; empty if that was not counted.
    unscored : tuple of int
        Draws from each in which the metric gave no candidate a score, so that none was first.
    measured_reliability : float or None
        Split-half reliability, averaged over draws.
    neurons, repetitions, samples : int or None
        Numbers of them in a simulated brain.
    layer : float or None
        Share of draws in which the generating layer was the one committed to, over candidates of several layers.
    pairs : tuple of UntoldPair
    command, code : str
        Command and hash of the code that made it, where a report is of several commands.
    """

    benchmark: str
    reliability: float
    draws: int
    candidates: tuple[str, ...]
    first: tuple[tuple[int, ...], ...]
    alone: tuple[int, ...] = ()
    in_front: tuple[int, ...] = ()
    unscored: tuple[int, ...] = ()
    measured_reliability: float | None = None
    neurons: int | None = None
    repetitions: int | None = None
    samples: int | None = None
    layer: float | None = None
    pairs: tuple[UntoldPair, ...] = ()
    command: str = ""
    code: str = ""

    @model_validator(mode="after")
    def _square(self) -> Recovery:
        n = len(self.candidates)
        if len(self.first) != n or any(len(row) != n for row in self.first):
            raise ValueError(f"'first' needs {n} rows and columns, one for each candidate")
        for name in ("alone", "in_front", "unscored"):
            if getattr(self, name) and len(getattr(self, name)) != n:
                raise ValueError(f"'{name}' needs {n} numbers, one for each candidate")
        return self

    @property
    def share_first(self) -> float:
        """Share of draws in which the generating candidate was first, over all of them."""
        return self._share(row[place] for place, row in enumerate(self.first))

    @property
    def share_alone(self) -> float:
        """Share of draws in which it was alone in the best tie group."""
        return self._share(self.alone)

    @property
    def share_in_front(self) -> float | None:
        """Share of draws in which it was in the best tie group; None if that was not counted."""
        return self._share(self.in_front) if self.in_front else None

    def _share(self, counts: Iterable[int]) -> float:
        return sum(counts) / max(self.draws * len(self.candidates), 1)

    @property
    def missed(self) -> tuple[str, ...]:
        """Candidates that were first in fewer than 95 % of the draws made from them, with how often they were."""
        return tuple(
            f"{name} {row[place]}/{self.draws}"
            for place, (name, row) in enumerate(zip(self.candidates, self.first, strict=True))
            if row[place] < 0.95 * self.draws
        )


class MoreData(_Model):
    """Recovery from more data of a generating candidate that was not recovered often enough."""

    benchmark: str
    generating: str
    reliability: float
    data: str
    draws: int
    first: int
    alone: int


class Calibration(_Model):
    """Share of intervals of a nominal level that covered the score that unlimited data would give.

    Attributes
    ----------
    benchmark : str
    level, covered : float
    n : int
        Intervals: draws times generating candidates times scored candidates.
    reliability : float or None
    below, above : float or None
        Shares of intervals that lie below that score, and above it.
    bias : float or None
        Mean of score less that score.
    covered_mean : float or None
        Share of intervals that covered the mean score over draws of the same kind: their width, without the bias.
    conditions : str
        Whether each brain had conditions of its own ("drawn anew"), or all had the same ones.
    """

    benchmark: str
    level: float
    covered: float
    n: int
    reliability: float | None = None
    below: float | None = None
    above: float | None = None
    bias: float | None = None
    covered_mean: float | None = None
    conditions: str = ""


class Control(_Model):
    """A control's score, to compare with the models': shuffled time, shuffled conditions, an untrained network.

    Attributes
    ----------
    kind : str
        ``"model"``, ``"shuffled"``, or the class of a control.
    """

    benchmark: str
    control: str
    value: float
    low: float | None = None
    high: float | None = None
    kind: str = ""


class Nuisance(_Model):
    """Score of a simple variable alone.

    Attributes
    ----------
    share : float
        Its score over that of the best candidate.
    value : float or None
        Its own ceiling-normalised score.
    best : str
        Name of the best candidate.
    """

    benchmark: str
    variable: str
    share: float
    value: float | None = None
    best: str = ""


class LeftOut(_Model):
    """A benchmark that a study leaves out, and the reason."""

    name: str
    why: str


class RecoveryReport(_Model):
    """The report of ``innerscore recovery``, as far as a page shows it; further keys are passed over.

    Attributes
    ----------
    study : str
        The study: one's own, or the one that is shipped.
    created, command, code : str
        Time, command, and hash of the code that made the numbers.
    settings : mapping of str to str
        Settings that were smaller than on the board, and by how much.
    """

    study: str = ""
    created: str = ""
    command: str = ""
    code: str = ""
    settings: Mapping[str, str] = {}
    recovery: tuple[Recovery, ...] = ()
    more_data: tuple[MoreData, ...] = ()
    calibration: tuple[Calibration, ...] = ()
    controls: tuple[Control, ...] = ()
    nuisance: tuple[Nuisance, ...] = ()
    left_out: tuple[LeftOut, ...] = ()

    @property
    def benchmarks(self) -> tuple[str, ...]:
        """Names of the benchmarks that it has draws of."""
        return tuple(dict.fromkeys(one.benchmark for one in self.recovery))

    def beside(self, older: RecoveryReport | None) -> RecoveryReport:
        """This report with the parts of an older one on other benchmarks, and the commands of both.

        Benchmarks that the older one left out are kept in the list where this one does not mention them.
        """
        kept = set() if older is None else set(older.benchmarks) - set(self.benchmarks)
        if older is None or not kept:
            return self
        own = {one.name for one in self.left_out} | set(self.benchmarks)
        left_out = [
            *(one for one in self.left_out if one.name not in kept),
            *(one for one in older.left_out if one.name not in own),
        ]
        rows = {
            name: tuple(
                sorted(
                    (*getattr(self, name), *(row for row in getattr(older, name) if row.benchmark in kept)),
                    key=lambda row: row.benchmark,
                )
            )
            for name in ("recovery", "more_data", "calibration", "controls", "nuisance")
        }
        made = {
            name: "\n".join(
                dict.fromkeys(
                    [
                        *(getattr(one, name) for one in older.recovery if one.benchmark in kept),
                        getattr(self, name),
                    ]
                )
            )
            for name in ("command", "code")
        }
        return self.model_copy(update={**rows, **made, "left_out": tuple(left_out)})


def read_report(content: Mapping[str, Any]) -> RecoveryReport:
    """Check a report.

    Raises
    ------
    InvalidInputError
        If a part of it is not of the form above.
    """
    try:
        return RecoveryReport.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        raise InvalidInputError(
            f"The validity report's '{'.'.join(map(str, first['loc']))}'",
            got=repr(first["input"])[:80],
            needed="as 'innerscore recovery --json' writes it",
            hint=first["msg"],
        ) from error
