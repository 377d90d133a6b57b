"""What a board is made of: columns, cells with their four states, rows and sections, as plain frozen values."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

from ..core.records import EstimateRecord, ResultRecord
from .order import ALPHA, Quantity, Standing

__all__ = ["Board", "Cell", "CellState", "Column", "Row", "Section"]

CellState: TypeAlias = Literal["value", "failed", "not applicable", "not run"]


@dataclass(frozen=True)
class Column:
    """One benchmark in one version on one state of its data: scores in a column are comparable.

    Parameters
    ----------
    benchmark : str
        Its name.
    version : int
        Its version.
    data_sha256 : str
        Hash of the scored data; empty where nothing was run yet.
    system, title : str
        From its card; the name again where the card is not at hand.
    simulated : bool
        Whether its data are simulated.
    region, metric, dataset : str
        From its card or its records; empty where neither is at hand.
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


@dataclass(frozen=True)
class _Ranked:
    """What cells and rows share: a standing, if they have a value to compare."""

    @property
    def _standing(self) -> Standing | None:
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
    """What is known of one candidate on one column.

    Parameters
    ----------
    state : {"value", "failed", "not applicable", "not run"}
    record : ResultRecord or None
        The record shown.
    quantity : {"normalised", "raw", "ceiling"}
        Which part of the score `estimate` is.
    standing : Standing or None
        Among the column's candidates, by `quantity`; None without a value, and for the ceiling, which is the
        data's and ranks nobody.
    """

    state: CellState
    record: ResultRecord | None = None
    quantity: Quantity = "normalised"
    standing: Standing | None = None

    @property
    def _standing(self) -> Standing | None:
        return self.standing

    @property
    def estimate(self) -> EstimateRecord | None:
        """The part of the score that the board shows, with its interval."""
        if self.record is None or self.record.score is None:
            return None
        estimate: EstimateRecord = getattr(self.record.score, self.quantity)
        return estimate

    @property
    def shown(self) -> float:
        """The value of `estimate`; NaN where there is none."""
        estimate = self.estimate
        return math.nan if estimate is None or estimate.value is None else estimate.value

    @property
    def above_ceiling(self) -> bool:
        """Whether the score exceeds its ceiling; such values are flagged, never clipped."""
        return self.record is not None and self.record.score is not None and self.record.score.above_ceiling

    @property
    def normalised(self) -> EstimateRecord | None:
        """The value relative to the ceiling, with its interval."""
        return None if self.record is None or self.record.score is None else self.record.score.normalised

    @property
    def value(self) -> float:
        """The normalised value; NaN where there is none."""
        estimate = self.normalised
        return math.nan if estimate is None or estimate.value is None else estimate.value

    @property
    def note(self) -> str:
        """The state in a few words, with the reason of a failure."""
        failure = None if self.record is None else self.record.failure
        return f"failed at {failure.stage}: {failure.reason}" if failure else self.state


@dataclass(frozen=True)
class Row(_Ranked):
    """One candidate's cells, in the order of the section's columns.

    `standing` is by the mean, among the rows that have one.
    """

    candidate: str
    title: str
    model_class: str
    cells: tuple[Cell, ...]
    standing: Standing | None = None

    @property
    def _standing(self) -> Standing | None:
        return self.standing

    @property
    def coverage(self) -> int:
        """Number of cells with a value."""
        return sum(not math.isnan(cell.value) for cell in self.cells)

    @property
    def was_tried(self) -> bool:
        """Whether a cell has a value or a failure."""
        return any(cell.state in ("value", "failed") for cell in self.cells)

    @property
    def mean(self) -> float:
        """Mean of the normalised values over the section's columns; NaN unless every one has a value.

        Raw values of different measures are on different scales, so they have no mean.
        """
        if self.coverage < len(self.cells) or not self.cells:
            return math.nan
        return sum(cell.value for cell in self.cells) / len(self.cells)


@dataclass(frozen=True)
class Section:
    """The part of the board about one system, on recorded or simulated data; full coverage first, best first."""

    system: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]

    def tie_groups(self, column: Column | None = None) -> tuple[tuple[str, ...], ...]:
        """Names of the candidates of each tie group, best group first: of a column, or by the mean."""
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
        index = self.columns.index(column)
        records = [row.cells[index].record for row in self.rows]
        return next((record.score.ceiling for record in records if record is not None and record.score), None)


@dataclass(frozen=True)
class Board:
    """All sections.

    Parameters
    ----------
    sections : tuple of Section
    quantity : {"normalised", "raw", "ceiling"}
        Which part of the scores is shown and ranked in columns.
    alpha : float
        Up to which Holm-corrected p-value two candidates are told apart.
    """

    sections: tuple[Section, ...]
    quantity: Quantity = "normalised"
    alpha: float = ALPHA
