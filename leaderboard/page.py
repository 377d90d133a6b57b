"""The board's page: a template, and small pictures of values with their intervals as SVG."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path

import jinja2
from markupsafe import Markup

from ..core.records import EstimateRecord
from .board import Board

__all__ = ["board_page", "interval_svg"]

_WIDTH, _HEIGHT = 120, 16
_LEFT, _RIGHT = -0.2, 1.2  # range of the picture, in shares of the ceiling


def board_page(board: Board) -> str:
    """The page's HTML: one file that asks for nothing else."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("single.html").render(
        board=board,
        interval_svg=interval_svg,
        version=importlib.metadata.version("innerscore"),
    )


def interval_svg(estimate: EstimateRecord, label: str) -> Markup:
    """A bar from low to high with a dot at the value, over a scale from none (0) to the ceiling (1).

    Parameters
    ----------
    estimate : EstimateRecord
        A normalised value.
    label : str
        What the picture says, for those who cannot see it.

    Returns
    -------
    svg : Markup
        Empty where the value is not defined.
    """
    if estimate.value is None:
        return Markup("")
    low = estimate.value if estimate.low is None else estimate.low
    high = estimate.value if estimate.high is None else estimate.high
    middle = _HEIGHT / 2
    # Every part but the label is a number formatted here.
    return Markup(
        '<svg class="interval" viewBox="0 0 {w} {h}" width="{w}" height="{h}" role="img"><title>{label}</title>'
        '<line class="scale" x1="{zero:.1f}" x2="{zero:.1f}" y1="1" y2="{bottom}"/>'
        '<line class="scale" x1="{one:.1f}" x2="{one:.1f}" y1="1" y2="{bottom}"/>'
        '<line class="bar" x1="{low:.1f}" x2="{high:.1f}" y1="{middle}" y2="{middle}"/>'
        '<circle class="dot" cx="{value:.1f}" cy="{middle}" r="3"/></svg>'
    ).format(
        w=_WIDTH,
        h=_HEIGHT,
        label=label,
        zero=_x(0),
        one=_x(1),
        bottom=_HEIGHT - 1,
        low=_x(low),
        high=_x(high),
        middle=middle,
        value=_x(estimate.value),
    )


def _x(value: float) -> float:
    """Horizontal place of a value; what lies outside the picture is put at its edge."""
    return _WIDTH * (min(max(value, _LEFT), _RIGHT) - _LEFT) / (_RIGHT - _LEFT)
