"""A figure: its picture, and the numbers that it shows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from ..core.csv_text import csv_text

__all__ = ["Figure", "finite"]


@dataclass(frozen=True, eq=False)
class Figure:
    """A picture and its numbers.

    Parameters
    ----------
    title, description : str
        Title and description of the picture; in the picture too, for screen readers.
    svg : Markup
        The picture.
    columns : tuple of str
        Names of the columns of `rows`.
    rows : sequence of tuple
        The numbers shown, unrounded.
    panels : sequence of Markup
        The picture in parts that a page sets beside or below each other; none where it is one whole.
    """

    title: str
    description: str
    svg: Markup
    columns: tuple[str, ...]
    rows: Sequence[tuple[object, ...]]
    panels: Sequence[Markup] = ()

    def csv(self) -> str:
        """The numbers as CSV, safe to open in a spreadsheet."""
        return csv_text(self.columns, self.rows)


def finite(value: float) -> float | None:
    """A number as the rows of a figure have it: None where it is not finite."""
    return value if math.isfinite(value) else None
