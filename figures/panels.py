"""Figures of several panels: beside each other in one picture as a file, and each by itself on a page.

A page sets the panels in as many columns as it has room for, so that on a narrow screen nothing shrinks or scrolls.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from markupsafe import Markup

from .figure import Figure
from .svg import document, element, text

__all__ = ["Panel", "in_panels"]

_GAP, _HEADING = 16.0, 26.0
_LEAST_WIDTH, _LEAST_HEIGHT = 420.0, 40.0  # for the heading


@dataclass(frozen=True, eq=False)
class Panel:
    """A part of a figure.

    Parameters
    ----------
    title : str
        Title for those who cannot see it.
    width, height : float
        Size in pixels.
    parts : sequence of Markup
        Elements, from (0, 0) at the upper left.
    class_ : str
        Further class of its picture on a page.
    """

    title: str
    width: float
    height: float
    parts: Sequence[Markup]
    class_: str = ""


@dataclass(frozen=True, eq=False)
class _Placed:
    """Where the panels of a picture are: columns, rows, and places of their corners."""

    width: float
    height: float
    corners: Sequence[tuple[float, float]] = field(default_factory=tuple)


def in_panels(
    panels: Sequence[Panel],
    title: str,
    description: str,
    numbers: tuple[tuple[str, ...], Sequence[tuple[object, ...]]],
    *,
    key: str,
    columns: int,
) -> Figure:
    """A figure of panels.

    Parameters
    ----------
    panels : sequence of Panel
        In reading order; one that is wider than a column has a row of its own.
    title, description, key : str
        As for all figures.
    numbers : pair of columns and rows
        Names of the columns of the numbers shown, and the rows.
    columns : int
        Number of columns in the picture as a file.
    """
    placed = _placed(panels, columns)
    inner = [
        element("g", *panel.parts, transform=f"translate({x:g} {y:g})")
        for panel, (x, y) in zip(panels, placed.corners, strict=True)
    ]
    heading = text(0.0, 14.0, title, font_size=14)
    whole = document(placed.width, placed.height, title, description, [heading, *inner], key=f"{key}-whole")
    alone = [_alone(panel, f"{key}-{place}") for place, panel in enumerate(panels)]
    return Figure(title, description, whole, *numbers, panels=alone)


def _alone(panel: Panel, key: str) -> Markup:
    class_ = f"figure {panel.class_}".strip()
    return document(panel.width, panel.height, panel.title, "", panel.parts, key=key, class_=class_)


def _placed(panels: Sequence[Panel], columns: int) -> _Placed:
    cell = panels[0].width if panels else 0.0
    x = row_height = 0.0
    y, corners, width = _HEADING, [], 0.0
    for panel in panels:
        if x > 0 and (x + panel.width > columns * (cell + _GAP) or panel.width > cell):
            x, y, row_height = 0.0, y + row_height + _GAP, 0.0
        corners.append((x, y))
        row_height = max(row_height, panel.height)
        width = max(width, x + panel.width)
        x += panel.width + _GAP
    return _Placed(max(width, _LEAST_WIDTH), max(y + row_height, _LEAST_HEIGHT), corners)
