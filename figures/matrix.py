"""Numbers in a square: counts of who was taken for whom, and correlations of all pairs."""

from __future__ import annotations

import math
from collections.abc import Sequence

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
    most = max((count for row in counts for count in row), default=0) or 1
    cells = [
        _cell(str(count), count / most, row, column, names)
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
    svg = _square(cells, names, below, title, description, key=key, headings=names)
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
    numbers = [str(place + 1) for place in range(len(names))]
    numbered = [f"{name}  {number}" for name, number in zip(names, numbers, strict=True)]
    pairs = [(row, column) for row in range(len(names)) for column in range(row)]
    known = [(row, column) for row, column in pairs if not math.isnan(values[row][column])]
    cells = [
        element(
            "a",
            _cell(
                _two_digits(values[row][column]), values[row][column], row, column, numbered, is_numbered=True
            ),
            href=links[row][column],
            aria_label=f"{names[row]} and {names[column]}: {values[row][column]:.2f}",
        )
        for row, column in known
    ]
    description = (
        "Pearson correlation over the candidates with a score on both; blank where fewer than three have."
    )
    rows = [(names[row], names[column], values[row][column], sizes[row][column]) for row, column in known]
    svg = _square(cells, numbered, "", title, description, key=key, headings=numbers)
    return Figure(title, description, svg, ("first", "second", "r", "n_candidates"), rows)


def _two_digits(value: float) -> str:
    """``.83``, ``-.2`` without its nought, ``1`` where it rounds to that."""
    short = f"{value:.2f}".replace("0.", ".")
    return short.replace("1.00", "1").replace("-.00", "0").replace("-", "\N{MINUS SIGN}")


def _square(
    cells: Sequence[Markup],
    names: Sequence[str],
    below: str,
    title: str,
    description: str,
    *,
    key: str,
    headings: Sequence[str],
) -> Markup:
    """The square with its cells: names at the left; above it names again, turned, or numbers."""
    is_numbered = headings is not names
    left, top = _margins(names, is_numbered=is_numbered)
    side = len(names) * _CELL
    parts = [element("rect", x=left, y=top, width=side, height=side, fill="none", stroke="#8a94a6")]
    for place, name in enumerate(names):
        middle = (place + 0.5) * _CELL
        parts.append(text(left - 8, top + middle + 4, name, text_anchor="end", class_="label name"))
        if is_numbered:
            heading = text(left + middle, top - 6, headings[place], text_anchor="middle", class_="label name")
        else:
            turn = f"translate({left + middle + 4:g} {top - 8:g}) rotate(-55)"
            heading = text(0, 0, headings[place], transform=turn, class_="label name")
        parts.append(heading)
    parts += cells
    if below:
        parts.append(text(left, top + side + 20, below))
    width = left + side + 2 if is_numbered else max(_NARROWEST, 1.6 * left + side)
    return document(
        width,
        top + side + (34 if below else 10),
        title,
        description,
        parts,
        key=key,
        role="group" if is_numbered else "img",
    )


def _margins(names: Sequence[str], *, is_numbered: bool = False) -> tuple[float, float]:
    """Room at the left and above, in pixels."""
    if is_numbered:
        return 16 + _LETTER * max(map(len, names), default=0), 20.0
    left = max(_LEAST, 16 + _LETTER * max(map(len, names), default=0))
    return left, 0.85 * left


def _cell(
    label: str, share: float, row: int, column: int, names: Sequence[str], *, is_numbered: bool = False
) -> Markup:
    """A cell that is the darker the larger a share of 1, or of -1, is."""
    left, top = _margins(names, is_numbered=is_numbered)
    x, y = left + column * _CELL, top + row * _CELL
    box = element(
        "rect", x=x + 1, y=y + 1, width=_CELL - 2, height=_CELL - 2, rx=3, fill=_MOST if share >= 0 else _LESS,
        fill_opacity=0.06 + 0.6 * abs(share), class_="box" if share >= 0 else "box less",
    )  # fmt: skip
    return element(
        "g", box, text(x + _CELL / 2, y + _CELL / 2 + 4, label, text_anchor="middle", class_="label name")
    )
