"""Recorded cells beside the units of a model that are most like them: rate maps above autocorrelograms."""

from __future__ import annotations

from ..core.pictures import MapPair, MapsPicture, PictureMap
from .figure import Figure
from .panels import Panel, in_panels
from .rate_maps import map_image
from .svg import text

__all__ = ["map_pair_panels"]

_SIDE, _GAP, _TOP = 92.0, 6.0, 36.0
_COLUMNS, _MOST_LETTERS = 4, 24


def map_pair_panels(picture: MapsPicture, title: str, *, key: str) -> Figure:
    """A panel a cell: its rate map and autocorrelogram at the left, those of the unit most like it at the right.

    Parameters
    ----------
    picture : MapsPicture
    title, key : str
        As for all figures.
    """
    panels = [_panel(pair) for pair in picture.pairs]
    description = (
        f"The {len(panels)} of {picture.n_cells} recorded cells with the highest grid scores, each beside that one "
        f"of {picture.n_units} units whose map correlates most with its own (r over the whole box, not held out: "
        "the best of many units is somewhat like anything). Above: rate map in bins of "
        f"{100 * picture.bin_m:g} cm, dark to light up to its peak; below: spatial autocorrelogram, -1 to 1, "
        "and the grid score."
    )
    rows = [(p.cell, p.unit, p.r, p.cell_score, p.unit_score, p.cell_map.high) for p in picture.pairs]
    names = ("cell", "unit", "r", "cell_grid_score", "unit_grid_score", "cell_peak_Hz")
    return in_panels(panels, title, description, (names, rows), key=key, columns=_COLUMNS)


def _panel(pair: MapPair) -> Panel:
    right = _SIDE + _GAP
    bottom = _TOP + 2 * _SIDE + _GAP
    parts = [
        text(0.0, 12.0, _shortened(pair.cell), font_size=12, class_="name"),
        text(0.0, 30.0, f"peak {pair.cell_map.high:.2g} Hz", font_size=12),
        text(right, 30.0, f"unit, r {_signed(pair.r)}", font_size=12),
        *(
            map_image(one.values, ends, (left, top), _SIDE)
            for left, maps in (
                (0.0, (pair.cell_map, pair.cell_correlation)),
                (right, (pair.unit_map, pair.unit_correlation)),
            )
            for one, ends, top in (
                (maps[0], _ends(maps[0]), _TOP),
                (maps[1], (-1.0, 1.0), _TOP + _SIDE + _GAP),
            )
        ),
        text(0.0, bottom + 14, _score(pair.cell_score), font_size=12),
        text(right, bottom + 14, _score(pair.unit_score), font_size=12),
    ]
    title = f"Cell {pair.cell} and unit {pair.unit}: r {pair.r:.2f}"
    return Panel(title, 2 * _SIDE + _GAP, bottom + 20, parts, "quarter")


def _ends(one: PictureMap) -> tuple[float, float]:
    """From 0, or the least value where it is negative, to the peak."""
    return min(0.0, one.low), one.high


def _score(score: float | None) -> str:
    return "no grid score" if score is None else f"grid {_signed(score)}"


def _shortened(name: str) -> str:
    return name if len(name) <= _MOST_LETTERS else f"{name[: _MOST_LETTERS - 1]}…"


def _signed(value: float) -> str:
    """Two digits, and a true minus sign."""
    return f"{value:.2f}".replace("-", "−")
