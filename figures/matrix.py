"""Counts in a square, dark where there are many: who was taken for whom."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from .figure import Figure
from .svg import document, element, text

__all__ = ["matrix"]

_CELL, _LETTER, _LEAST, _NARROWEST = 34.0, 6.6, 90.0, 420.0  # pixels


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
    left = max(_LEAST, 16 + _LETTER * max(map(len, names), default=0))
    top, side = 0.85 * left, len(names) * _CELL
    parts = [element("rect", x=left, y=top, width=side, height=side, fill="none", stroke="#8a94a6")]
    for place, name in enumerate(names):
        middle = (place + 0.5) * _CELL
        parts.append(text(left - 8, top + middle + 4, name, text_anchor="end", class_="label name"))
        turn = f"translate({left + middle + 4:g} {top - 8:g}) rotate(-55)"
        parts.append(text(0, 0, name, transform=turn, class_="label name"))
    parts += [
        _cell(count, most, left + column * _CELL, top + row * _CELL)
        for row, line in enumerate(counts)
        for column, count in enumerate(line)
        if count
    ]
    parts.append(text(left, top + side + 20, f"rows: {axes[0]}; columns: {axes[1]}"))
    description = f"Rows: {axes[0]}; columns: {axes[1]}; numbers are counts."
    width = max(_NARROWEST, 1.6 * left + side)
    svg = document(width, top + side + 34, title, description, parts, key=key)
    rows = [
        (names[row], names[column], count)
        for row, line in enumerate(counts)
        for column, count in enumerate(line)
    ]
    return Figure(title, description, svg, (axes[0], axes[1], "count"), rows)


def _cell(count: int, most: int, x: float, y: float) -> Markup:
    box = element(
        "rect", x=x + 1, y=y + 1, width=_CELL - 2, height=_CELL - 2, rx=3, fill="#1f5fae",
        fill_opacity=0.06 + 0.6 * count / most, class_="box",
    )  # fmt: skip
    return element(
        "g", box, text(x + _CELL / 2, y + _CELL / 2 + 4, count, text_anchor="middle", class_="label name")
    )
