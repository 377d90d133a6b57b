"""The board in the terminal: an overview by data set, one benchmark in full, and candidates side by side."""

from __future__ import annotations

import math
import string
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.table import Table

from ..core.words import number_of
from .tables import output_width, print_rich

if TYPE_CHECKING:
    from ..leaderboard.board import Board, Cell, Column, Row, Section
    from ..leaderboard.comparison import Line, Pair
    from ..leaderboard.ranking import RankInterval

__all__ = ["print_benchmark", "print_board", "print_comparison"]

_STATE_TEXT = {"failed": "failed", "not applicable": "n/a", "not run": "not run"}
_LEGEND = (
    "Ceiling-normalised score #rank, a range where the tests leave one; ^ above the ceiling; ^? far above a "
    "ceiling of few cells, which is no praise; win rate: the share of the others that one beats, mean over the "
    "benchmarks, but for those in brackets. 'innerscore board --benchmark NAME' shows intervals and ties."
)
_LETTERS_LEGEND = "two candidates that share a letter are not significantly different"
_PADDING = 2  # characters between columns
_MOST_NAME = 40
_CHART = 32
_CHART_FROM = 100  # width from which on there is room for a chart


def print_board(board: Board) -> None:
    """Print the board: a table a data set, cut into several where it is too wide."""
    for section in board.sections:
        for table in _overview(section):
            print_rich(table)
    if board.sections:
        print_rich(_LEGEND)


def _overview(section: Section) -> Iterator[Table]:
    by_dataset: dict[str, list[int]] = {}
    for place, column in enumerate(section.columns):
        by_dataset.setdefault(column.dataset, []).append(place)
    rates = {row.candidate: text for row in section.rows if (text := _win_rate_text(row))}
    parts = [
        (dataset, part)
        for dataset, places in by_dataset.items()
        for part in _parts(section, places, bool(rates))
    ]
    for number, (dataset, part) in enumerate(parts):
        table = _part(section, dataset, part, rates)
        if number == len(parts) - 1:
            table.caption = "; ".join([*_untried(section), *_impossible(section), *_weak_ceilings(section)])
            table.caption_justify = "left"
        yield table


def _parts(section: Section, places: Sequence[int], with_rates: bool) -> Iterator[list[int]]:
    """The columns of a data set in parts that fit beside the names."""
    names = max((len(row.candidate) for row in section.tried), default=0)
    room = output_width() - min(names, _MOST_NAME) - _PADDING - with_rates * (len("0.750 #10-12") + _PADDING)
    part: list[int] = []
    used = 0
    for place in places:
        width = _PADDING + max(map(len, _column_texts(section, place)))
        if part and used + width > room:
            yield part
            part, used = [], 0
        part.append(place)
        used += width
    if part:
        yield part


def _column_texts(section: Section, place: int) -> list[str]:
    column = section.columns[place]
    return [*_heading(section, column), *(_cell_text(row.cells[place]) for row in section.tried)]


def _part(section: Section, dataset: str, part: Sequence[int], rates: dict[str, str]) -> Table:
    simulated = " (SIMULATED data)" if section.simulated else ""
    table = _table(f"{section.system}, {dataset}{simulated}")
    table.add_column("candidate\nceiling", overflow="fold", max_width=_MOST_NAME)
    for place in part:
        table.add_column("\n".join(_heading(section, section.columns[place])), justify="right", no_wrap=True)
    if rates:
        table.add_column("win rate", justify="right", no_wrap=True)
    for row in section.tried:
        cells = [row.cells[place] for place in part]
        if any(cell.state in ("value", "failed") for cell in cells):
            rate = [rates.get(row.candidate, "")] if rates else []
            table.add_row(row.candidate, *map(_cell_text, cells), *rate)
    return table


def _table(title: str) -> Table:
    return Table(
        title=title, title_justify="left", box=None, header_style="bold", pad_edge=False, padding=(0, 1)
    )


def _heading(section: Section, column: Column) -> tuple[str, str]:
    """Name without its data set, and the ceiling."""
    ceiling = section.ceiling(column)
    value = "" if ceiling is None or ceiling.value is None else f"{ceiling.value:.3f}"
    return _column_name(column, column.benchmark.removeprefix(f"{column.dataset}.")), value


def _column_name(column: Column, name: str) -> str:
    """With the text that distinguishes it from another of the same name; in brackets if not in the win rate."""
    full = f"{name}, {column.label}" if column.mark or not column.counted else name
    return full if column.counted else f"({full})"


def _untried(section: Section) -> list[str]:
    """The number of candidates without a result, by the reason."""
    words = {"not applicable": "cannot be asked", "not run": "not run"}
    return [
        f"{number_of(len(names), 'candidate')} {words[state]}" for state, names in section.untried.items()
    ]


def _impossible(section: Section) -> list[str]:
    """Reasons why nobody can be scored in a column, each once."""
    found = [
        (column, cell)
        for row in section.rows
        for column, cell in zip(section.columns, row.cells, strict=True)
    ]
    return list(
        dict.fromkeys(f"{column.benchmark}: {cell.note}" for column, cell in found if cell.impossible)
    )


def _weak_ceilings(section: Section) -> list[str]:
    weak = {column.benchmark: section.weak_ceiling(column) for column in section.columns}
    return [f"{name}: weak ceiling, {cells}" for name, cells in weak.items() if cells]


def _win_rate_text(row: Row) -> str:
    """``0.750 #1-3``: with the ranks that the tests leave open."""
    if math.isnan(row.win_rate) or row.standing is None:
        return ""
    return f"{row.win_rate:.3f}{_rank_text(row.standing)}"


def _rank_text(standing: RankInterval | None) -> str:
    if standing is None:
        return ""
    low, high = standing.rank_low, standing.rank_high
    return f" #{low}" if low == high else f" #{low}-{high}"


def _cell_text(cell: Cell) -> str:
    if not cell.has_value:
        return _STATE_TEXT.get(cell.state, "undefined")
    return f"{cell.value:.3f}{_flag(cell)}{_rank_text(cell.standing)}"


def _flag(cell: Cell) -> str:
    return "^?" if cell.is_no_praise else "^" if cell.above_ceiling else ""


def print_benchmark(section: Section, column: Column) -> None:
    """Print one column in full: ranks, tie groups as letters, scores with their intervals as text and chart."""
    index = section.columns.index(column)
    rows = sorted(
        (row for row in section.rows if row.cells[index].has_value), key=lambda row: -row.cells[index].value
    )
    simulated = " (SIMULATED data)" if column.simulated else ""
    ceiling = section.ceiling(column)
    told = "" if ceiling is None else f", ceiling {ceiling}"
    table = _table(f"{_column_name(column, column.benchmark)}{simulated}{told}")
    table.add_column("rank", justify="right", no_wrap=True)
    table.add_column("ties", no_wrap=True)
    table.add_column("candidate", overflow="fold", max_width=_MOST_NAME)
    table.add_column("share of the ceiling [95 %]", no_wrap=True)
    ends = _ends([row.cells[index] for row in rows])
    has_chart = output_width() >= _CHART_FROM
    if has_chart:
        table.add_column(_scale(ends), no_wrap=True)
    letters = _letters(rows, index)
    for row, ties in zip(rows, letters, strict=True):
        cell = row.cells[index]
        shown = "" if cell.normalised is None else f"{cell.normalised} {_flag(cell)}".rstrip()
        chart = [_chart(cell, ends)] if has_chart else []
        table.add_row(_rank_text(cell.standing).lstrip(" #"), ties, row.candidate, shown, *chart)
    without = {
        state: [row.candidate for row in section.rows if row.cells[index].state == state and row not in rows]
        for state in ("failed", "not applicable", "not run")
    }
    notes = [
        f"{number_of(len(names), 'candidate')} {_STATE_TEXT[state]}"
        for state, names in without.items()
        if names
    ]
    weak = section.weak_ceiling(column)
    table.caption = "; ".join([_LETTERS_LEGEND, *([f"weak ceiling: {weak}"] if weak else []), *notes])
    table.caption_justify = "left"
    print_rich(table)


def _letters(rows: Sequence[Row], index: int) -> list[str]:
    """Tie groups of more than one as letters, ``a`` for the best; empty for who is tied with nobody."""
    groups = [() if (found := row.cells[index].standing) is None else found.tie_groups for row in rows]
    shared = sorted(
        {group for some in groups for group in some if sum(group in other for other in groups) > 1}
    )
    names = {group: _letter(number) for number, group in enumerate(shared)}
    return ["".join(names.get(group, "") for group in some) for some in groups]


def _letter(number: int) -> str:
    """a, b, .. z, a1, b1 .."""
    more, place = divmod(number, len(string.ascii_lowercase))
    return string.ascii_lowercase[place] + (str(more) if more else "")


def _ends(cells: Sequence[Cell]) -> tuple[float, float]:
    """The values at the ends of a chart: 0 and 1, or as far as intervals reach, at most from -1 to 2."""
    found = [end for cell in cells for end in _interval(cell)]
    return max(min([0.0, *found]), -1.0), min(max([1.0, *found]), 2.0)


def _interval(cell: Cell) -> tuple[float, float]:
    """Ends of a cell's interval; its value twice where it has none."""
    estimate = cell.normalised
    if estimate is None or estimate.low is None or estimate.high is None:
        return cell.value, cell.value
    return estimate.low, estimate.high


def _scale(ends: tuple[float, float]) -> str:
    left, right = f"{ends[0]:.2g}", f"{ends[1]:.2g}"
    return f"{left}{right:>{_CHART - len(left)}}"


def _chart(cell: Cell, ends: tuple[float, float]) -> str:
    """``---o---`` where the interval and the value are, ``:`` at the ceiling."""
    low, high = _interval(cell)
    marks = [" "] * _CHART
    marks[_mark(1.0, ends)] = ":"
    marks[_mark(low, ends) : _mark(high, ends) + 1] = "-" * (_mark(high, ends) - _mark(low, ends) + 1)
    marks[_mark(cell.value, ends)] = "o"
    return "".join(marks)


def _mark(value: float, ends: tuple[float, float]) -> int:
    share = (value - ends[0]) / (ends[1] - ends[0])
    return round(min(max(share, 0.0), 1.0) * (_CHART - 1))


def print_comparison(names: Sequence[str], lines: Sequence[Line], alpha: float) -> None:
    """Print candidates side by side: a table a pair, with the board's tests."""
    for pair in dict.fromkeys((one.first, one.second) for line in lines for one in line.pairs):
        some = [(line, one) for line in lines for one in line.pairs if (one.first, one.second) == pair]
        shown = [(line, one) for line, one in some if one.difference is not None]
        table = _table(f"{pair[0]} less {pair[1]}")
        table.add_column("benchmark", overflow="fold")
        for name in pair:
            table.add_column(name, justify="right", overflow="fold", max_width=_MOST_NAME // 2)
        table.add_column("difference [95 %]", justify="right", no_wrap=True)
        table.add_column("p", justify="right", no_wrap=True)
        table.add_column("higher", overflow="fold")
        for line, one in shown:
            table.add_row(*_comparison_row(names, line, one, alpha))
        table.caption = _tally(shown, pair, alpha)
        table.caption_justify = "left"
        print_rich(table)


def _comparison_row(names: Sequence[str], line: Line, pair: Pair, alpha: float) -> tuple[str, ...]:
    column = line.column
    name = f"{_column_name(column, column.benchmark)}{' (simulated)' if column.simulated else ''}"
    values = [f"{line.cells[names.index(one)].value:.3f}" for one in (pair.first, pair.second)]
    d = pair.difference
    shown = "" if d is None else f"{d.value:+.3f} [{d.low:+.3f}, {d.high:+.3f}]"
    p = "< 0.001" if pair.p_value < 0.001 else f"{pair.p_value:.2g}"
    return name, *values, shown, p, _higher(pair, alpha) or "not different"


def _higher(pair: Pair, alpha: float) -> str:
    """The candidate of the pair that is significantly higher; empty where none is."""
    if pair.difference is None or pair.p_value > alpha:
        return ""
    return pair.first if pair.difference.value > 0 else pair.second


def _tally(shown: Sequence[tuple[Line, Pair]], names: tuple[str, str], alpha: float) -> str:
    """Numbers of benchmarks on which each is significantly higher, on recorded and on simulated data."""
    told = []
    for simulated, kind in ((False, "recorded"), (True, "simulated")):
        higher = [_higher(pair, alpha) for line, pair in shown if line.column.simulated == simulated]
        if higher:
            counts = ", ".join(f"{name} higher on {higher.count(name)}" for name in names)
            told.append(f"{kind} data: {counts}, not significantly different on {higher.count('')}")
    if not told:
        return "no benchmark where they share resamples"
    return "; ".join(
        [*told, f"p is corrected by Holm over all pairs of the board's column (alpha {alpha:g})"]
    )
