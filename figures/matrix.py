"""Numbers in a square: counts of who was taken for whom, and correlations of all pairs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from markupsafe import Markup

from .figure import Figure
from .svg import document, element, text

__all__ = ["correlations", "matrix"]

_CELL, _LETTER, _LEAST, _NARROWEST = 34.0, 6.6, 90.0, 420.0  # pixels
_MOST, _LESS = "#1f5fae", "#b4531f"  # of positive and of negative numbers


def matrix(
    counts: Sequence[Sequence[int]], names: Sequence[str], title: str, axes: tuple[str, str], *, key: str
) -> Figure:
    """Counts by row and column; `axes` names what rows and columns are. Zeros are left blank.

    Parameters
    ----------
    counts : sequence of sequence of int, shape (n, n)
    names : sequence of str, of length n
    title : str
    axes : tuple of str
    key : str
    """
    square = _Square(names, is_numbered=False)
    most = max((count for row in counts for count in row), default=0) or 1
    cells = [
        square.cell(str(count), count / most, row, column)
        for row, line in enumerate(counts)
        for column, count in enumerate(line)
        if count
    ]
    below = f"rows: {axes[0]}; columns: {axes[1]}"
    description = f"Rows: {axes[0]}; columns: {axes[1]}; numbers are counts."
    rows = [
        (names[row], names[column], count)
        for row, line in enumerate(counts)
        for column, count in enumerate(line)
    ]
    svg = square.drawn(cells, below, title, description, key=key)
    return Figure(title, description, svg, (axes[0], axes[1], "count"), rows)


def correlations(
    values: Sequence[Sequence[float]],
    sizes: Sequence[Sequence[int]],
    names: Sequence[str],
    title: str,
    *,
    links: Sequence[Sequence[str]],
    key: str,
) -> Figure:
    """Correlations of all pairs below the diagonal, blue where positive and orange where negative.

    Parameters
    ----------
    values : sequence of sequence of float, shape (n, n)
        Correlations in [-1, 1]; NaN where there is none, which is left blank.
    sizes : sequence of sequence of int, shape (n, n)
        Number of points behind each.
    names : sequence of str, of length n
    title : str
    links : sequence of sequence of str, shape (n, n)
        Address that each cell leads to.
    key : str
    """
    square = _Square(names, is_numbered=True)
    pairs = [(row, column) for row in range(len(names)) for column in range(row)]
    known = [(row, column) for row, column in pairs if not math.isnan(values[row][column])]
    cells = [
        element(
            "a",
            square.cell(_two_digits(values[row][column]), values[row][column], row, column),
            href=links[row][column],
            aria_label=f"{names[row]} and {names[column]}: {values[row][column]:.2f}",
        )
        for row, column in known
    ]
    description = (
        "Pearson correlation over the candidates with a score on both; blank where fewer than three have."
    )
    rows = [(names[row], names[column], values[row][column], sizes[row][column]) for row, column in known]
    svg = square.drawn(cells, "", title, description, key=key)
    return Figure(title, description, svg, ("first", "second", "r", "n_candidates"), rows)


def _two_digits(value: float) -> str:
    """``.83``, ``-.2`` without its nought, ``1`` where it rounds to that."""
    short = f"{value:.2f}".replace("0.", ".")
    return short.replace("1.00", "1").replace("-.00", "0").replace("-", "\N{MINUS SIGN}")


@dataclass(frozen=True)
class _Square:
    """A square with names at the left; above it the names again, turned, or numbers that stand behind the names."""

    names: Sequence[str]
    is_numbered: bool

    @cached_property
    def labels(self) -> list[str]:
        """Texts at the left."""
        if not self.is_numbered:
            return list(self.names)
        return [f"{name}  {number}" for number, name in enumerate(self.names, start=1)]

    @cached_property
    def margins(self) -> tuple[float, float]:
        """Room at the left and above, in pixels."""
        needed = 16 + _LETTER * max(map(len, self.labels), default=0)
        if self.is_numbered:
            return needed, 20.0
        left = max(_LEAST, needed)
        return left, 0.85 * left

    def cell(self, label: str, share: float, row: int, column: int) -> Markup:
        """A cell that is the darker the larger a share of 1, or of -1, is."""
        left, top = self.margins
        x, y = left + column * _CELL, top + row * _CELL
        box = element(
            "rect", x=x + 1, y=y + 1, width=_CELL - 2, height=_CELL - 2, rx=3, fill=_MOST if share >= 0 else _LESS,
            fill_opacity=0.06 + 0.6 * abs(share), class_="box" if share >= 0 else "box less",
        )  # fmt: skip
        return element(
            "g", box, text(x + _CELL / 2, y + _CELL / 2 + 4, label, text_anchor="middle", class_="label name")
        )

    def drawn(self, cells: Sequence[Markup], below: str, title: str, description: str, *, key: str) -> Markup:
        """The square with its cells, and a text below it."""
        left, top = self.margins
        side = len(self.names) * _CELL
        parts = [element("rect", x=left, y=top, width=side, height=side, fill="none", stroke="#8a94a6")]
        for place, label in enumerate(self.labels):
            y = top + (place + 0.5) * _CELL + 4
            parts.append(text(left - 8, y, label, text_anchor="end", class_="label name"))
            parts.append(self._heading(place))
        parts += cells
        if below:
            parts.append(text(left, top + side + 20, below))
        width = left + side + 2 if self.is_numbered else max(_NARROWEST, 1.6 * left + side)
        height = top + side + (34 if below else 10)
        return document(
            width, height, title, description, parts, key=key, role="group" if self.is_numbered else "img"
        )

    def _heading(self, place: int) -> Markup:
        left, top = self.margins
        middle = left + (place + 0.5) * _CELL
        if self.is_numbered:
            return text(middle, top - 6, str(place + 1), text_anchor="middle", class_="label name")
        turn = f"translate({middle + 4:g} {top - 8:g}) rotate(-55)"
        return text(0, 0, self.names[place], transform=turn, class_="label name")
