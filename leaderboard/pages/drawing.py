"""Figures of what strangers sent: what cannot be drawn says so in its place, and breaks no page."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec

import numpy as np

from ...figures import Figure
from ...figures.svg import document, text

__all__ = ["drawn", "fault_of", "undrawable"]

P = ParamSpec("P")
_FAULT = ("fault",)


def drawn(make: Callable[P, Figure], *arguments: P.args, **options: P.kwargs) -> Figure:
    """The figure that a function makes, or one that says that it cannot be drawn.

    Parameters
    ----------
    make : callable
        Function of the values, the title and further arguments, among them `key`.
    *arguments, **options
        Its arguments.
    """
    try:
        with np.errstate(all="ignore"):
            return make(*arguments, **options)
    except Exception as error:  # numbers and texts of strangers, in arithmetic of many kinds
        return undrawable(str(arguments[1]), f"{type(error).__name__}: {error}", key=str(options["key"]))


def undrawable(title: str, fault: str, *, key: str) -> Figure:
    """A figure in place of one that cannot be drawn; its only number is why."""
    description = "It cannot be drawn: what was stored is not of the form, or its numbers are too large."
    svg = document(420.0, 40.0, title, description, [text(8.0, 24.0, "cannot be drawn")], key=key)
    return Figure(title, description, svg, _FAULT, [(fault[:500],)])


def fault_of(figure: Figure) -> str:
    """Why a figure could not be drawn; empty if it was."""
    return str(figure.rows[0][0]) if figure.columns == _FAULT else ""
