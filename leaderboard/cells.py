"""The parts of a board: columns, cells with their four states, rows and sections, as plain frozen values."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from ..core.records import EstimateRecord, ResultRecord, ScoreRecord
from .ranking import ALPHA, Quantity, RankInterval

__all__ = [
    "Board",
    "Bundle",
    "Cell",
    "CellState",
    "Column",
    "ColumnKey",
    "Earlier",
    "PairTests",
    "Row",
    "Section",
]

CellState: TypeAlias = Literal["value", "failed", "not applicable", "not run"]


class ColumnKey(NamedTuple):
    """All that determines a value besides the candidate: records that share it are comparable.

    The hash of the benchmark's card stands for its options, epoch and parameters. The seed is no part of it: it is
    what a candidate draws with. Nor is the code's hash: a change of the code that changes scores raises the
    benchmark's version, and cells tell where a column's records are not of one code.
    """

    benchmark: str
    version: int
    data_sha256: str
    stimuli_sha256: str
    card_sha256: str


@dataclass(frozen=True)
class Column:
    """One benchmark in one version on one state of its data, stimuli and card: scores in a column are comparable.

    Parameters
    ----------
    benchmark : str
        Its name.
    version : int
        Its version.
    data_sha256, stimuli_sha256, card_sha256 : str
        Hashes of the scored data, of the stimuli and of the benchmark's card; empty where nothing was run yet.
    system, title : str
        Text from its card; the name again where the card is not at hand.
    simulated : bool
        Whether its data are simulated.
    region, metric, dataset : str
        Text from its card or its records; empty where neither is at hand.
    mark : str
        Text that distinguishes it from another column of the same benchmark and version, as ``data 1f0c3a``.
    counted : bool
        Whether it is in the win rate of its section: of each benchmark that column is which most candidates have.
    """

    benchmark: str
    version: int
    data_sha256: str
    system: str
    title: str
    simulated: bool
    region: str = ""
    metric: str = ""
    dataset: str = ""
    stimuli_sha256: str = ""
    card_sha256: str = ""
    mark: str = ""
    counted: bool = True

    @property
    def key(self) -> ColumnKey:
        """All that determines a value in it besides the candidate."""
        return ColumnKey(
            self.benchmark, self.version, self.data_sha256, self.stimuli_sha256, self.card_sha256
        )

    @property
    def label(self) -> str:
        """``v1``, or ``v1, data 1f0c3a`` where that does not distinguish it."""
        return f"v{self.version}, {self.mark}" if self.mark else f"v{self.version}"


@dataclass(frozen=True)
class _Ranked:
    """The common base of cells and rows: a standing, if they have a value to compare."""

    @property
    def _standing(self) -> RankInterval | None:
        raise NotImplementedError

    @property
    def rank_low(self) -> int | None:
        """Best rank that the tests leave open; None without a value."""
        return None if self._standing is None else self._standing.rank_low

    @property
    def rank_high(self) -> int | None:
        """Worst rank that the tests leave open; None without a value."""
        return None if self._standing is None else self._standing.rank_high

    @property
    def tie_group(self) -> int | None:
        """Number of the best tie group that it belongs to, from 0; None without a value."""
        return None if self._standing is None else self._standing.tie_group


@dataclass(frozen=True)
class Cell(_Ranked):
    """The result of one candidate on one column.

    Parameters
    ----------
    state : {"value", "failed", "not applicable", "not run"}
    record : ResultRecord or None
        The record shown.
    quantity : {"normalised", "raw", "ceiling"}
        Part of the score that `estimate` is.
    standing : RankInterval or None
        Rank among the column's candidates, by `quantity`; None without a value, and for the ceiling, which is the
        data's and ranks nobody.
    earlier_code : bool
        Whether the column has a newer record that was made by other code.
    """

    state: CellState
    record: ResultRecord | None = None
    quantity: Quantity = "normalised"
    standing: RankInterval | None = None
    earlier_code: bool = False

    @property
    def _standing(self) -> RankInterval | None:
        return self.standing

    @property
    def _score(self) -> ScoreRecord | None:
        return None if self.record is None else self.record.score

    @property
    def estimate(self) -> EstimateRecord | None:
        """The part of the score that the board shows, with its interval."""
        estimate: EstimateRecord | None = None if self._score is None else getattr(self._score, self.quantity)
        return estimate

    @property
    def shown_value(self) -> float:
        """The value of `estimate`; NaN where there is none."""
        return _value_of(self.estimate)

    @property
    def above_ceiling(self) -> bool:
        """Whether the score exceeds its ceiling; such values are flagged, never clipped."""
        return self._score is not None and self._score.above_ceiling

    @property
    def is_no_praise(self) -> bool:
        """Whether the score is far above a ceiling that rests on few cells."""
        return self._score is not None and self._score.is_no_praise

    @property
    def above_text(self) -> str:
        """The mark of a score above its ceiling."""
        return "far above a weak ceiling" if self.is_no_praise else "above ceiling"

    @property
    def impossible(self) -> str:
        """Why nobody can be scored on these data; empty where that is not so."""
        return "" if self.record is None else self.record.reason or ""

    @property
    def normalised(self) -> EstimateRecord | None:
        """The value relative to the ceiling, with its interval."""
        return None if self._score is None else self._score.normalised

    @property
    def value(self) -> float:
        """The normalised value; NaN where there is none."""
        return _value_of(self.normalised)

    @property
    def has_value(self) -> bool:
        """Whether there is a normalised value."""
        return not math.isnan(self.value)

    def ties_with(self, other: Cell) -> bool:
        """Whether both have a standing in their column, and share a tie group."""
        if self.standing is None or other.standing is None:
            return False
        return not set(self.standing.tie_groups).isdisjoint(other.standing.tie_groups)

    @property
    def divided_by(self) -> str:
        """Divisor of the raw value, in words; empty where the record does not say."""
        return "" if self._score is None else self._score.divided_by

    @property
    def note(self) -> str:
        """The state in a few words, with the reason of a failure, or why the data do not allow a score."""
        if self.impossible:
            return f"not possible with these data: {self.impossible}"
        failure = None if self.record is None else self.record.failure
        told = f"failed at {failure.stage}: {failure.reason}" if failure else self.state
        return f"{told} (by earlier code)" if self.earlier_code else told


def _value_of(estimate: EstimateRecord | None) -> float:
    """The value of an estimate; NaN without one."""
    return math.nan if estimate is None or estimate.value is None else estimate.value


class Bundle(NamedTuple):
    """A state of a candidate: the version on its card, and the hash of all its files."""

    version: int
    sha256: str


@dataclass(frozen=True)
class Earlier:
    """An earlier bundle of a row's candidate, with its cells by column, shown or not."""

    bundle: Bundle
    cells: tuple[tuple[Column, Cell], ...]


@dataclass(frozen=True)
class Row(_Ranked):
    """One bundle's cells, in the order of the section's columns: no cell is of another one.

    Parameters
    ----------
    candidate, title, model_class : str
        Its name, and what its card says.
    cells : tuple of Cell
    counted : tuple of int
        Places of the columns that are in the win rate.
    bundle : Bundle or None
        The newest of the candidate's; None if there is no record.
    earlier : tuple of Earlier
        Its earlier ones, newest first.
    win_rate : float
        Mean over the counted columns of the share of the others that it beats, in [0, 1]; NaN unless it has a value
        in every one of them, and if it is the only one that has.
    standing : RankInterval or None
        Rank by the win rate, among the rows that have one.
    """

    candidate: str
    title: str
    model_class: str
    cells: tuple[Cell, ...]
    counted: tuple[int, ...]
    bundle: Bundle | None = None
    earlier: tuple[Earlier, ...] = ()
    win_rate: float = math.nan
    standing: RankInterval | None = None

    @property
    def _standing(self) -> RankInterval | None:
        return self.standing

    @property
    def coverage(self) -> int:
        """Number of counted cells with a value."""
        return sum(self.cells[place].has_value for place in self.counted)

    @property
    def is_full(self) -> bool:
        """Whether it has a value in every counted column."""
        return 0 < len(self.counted) == self.coverage

    @property
    def was_tried(self) -> bool:
        """Whether a cell has a value or a failure."""
        return any(cell.state in ("value", "failed") for cell in self.cells)


@dataclass(frozen=True, eq=False)
class PairTests:
    """Tests of all pairs of candidates with a value in a column.

    Parameters
    ----------
    names : tuple of str
        The candidates.
    corrected : array of shape (n, n)
        p-values, corrected by Holm over all pairs that can be compared; 1 for those that cannot.
    """

    names: tuple[str, ...]
    corrected: npt.NDArray[np.float64]

    def p_value(self, first: str, second: str) -> float:
        """The corrected p-value of two of them."""
        return float(self.corrected[self.names.index(first), self.names.index(second)])


@dataclass(frozen=True)
class Section:
    """The part of the board about one system, on recorded or simulated data; full coverage first, best first.

    Parameters
    ----------
    system : str
    columns : tuple of Column
    rows : tuple of Row
    tests : tuple of mapping
        The p-values of each column's pairs of candidates, corrected by Holm over all of them; see
        :meth:`p_value`.
    """

    system: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    tests: tuple[PairTests, ...] = ()

    @property
    def simulated(self) -> bool:
        """Whether its data are simulated; those of a section all are, or none."""
        return self.columns[0].simulated

    @property
    def topic(self) -> str:
        """Its system's name up to the slash: sections of one topic are shown together."""
        return self.system.partition(" / ")[0]

    def p_value(self, column: Column, first: str, second: str) -> float:
        """The corrected p-value of two candidates that have a value in a column; 1 if they cannot be compared."""
        return self.tests[self.columns.index(column)].p_value(first, second)

    def tie_groups(self, column: Column | None = None) -> tuple[tuple[str, ...], ...]:
        """Names of the candidates of each tie group, best group first: of a column, or by the win rate."""
        index = None if column is None else self.columns.index(column)
        found: dict[int, list[str]] = {}
        for row in self.rows:
            standing = row.standing if index is None else row.cells[index].standing
            for number in () if standing is None else standing.tie_groups:
                found.setdefault(number, []).append(row.candidate)
        return tuple(tuple(found[number]) for number in sorted(found))

    @property
    def tried(self) -> tuple[Row, ...]:
        """The rows in which something ran."""
        return tuple(row for row in self.rows if row.was_tried)

    @property
    def untried(self) -> dict[str, tuple[str, ...]]:
        """The other candidates' names by state: not applicable to all columns, or not run on some."""
        rest = [row for row in self.rows if not row.was_tried]
        closed = tuple(row.candidate for row in rest if all(c.state == "not applicable" for c in row.cells))
        open_ = tuple(row.candidate for row in rest if row.candidate not in closed)
        return {state: names for state, names in (("not applicable", closed), ("not run", open_)) if names}

    def ceiling(self, column: Column) -> EstimateRecord | None:
        """The ceiling of a column, from the first row that has a score there; None if none has."""
        score = self._first_score(column)
        return None if score is None else score.ceiling

    def weak_ceiling(self, column: Column) -> str:
        """Number of cells that the ceiling of a column rests on, in words, where they are few; else empty."""
        score = self._first_score(column)
        return "" if score is None else score.weak_ceiling

    def _first_score(self, column: Column) -> ScoreRecord | None:
        index = self.columns.index(column)
        records = [row.cells[index].record for row in self.rows]
        return next((record.score for record in records if record is not None and record.score), None)


@dataclass(frozen=True)
class Board:
    """All sections.

    Parameters
    ----------
    sections : tuple of Section
    quantity : {"normalised", "raw", "ceiling"}
        Part of the scores that is shown and ranked in columns.
    alpha : float
        Largest Holm-corrected p-value at which two candidates are significantly different.
    """

    sections: tuple[Section, ...]
    quantity: Quantity = "normalised"
    alpha: float = ALPHA
