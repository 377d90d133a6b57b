"""Rate maps and autocorrelograms of many cells side by side, the best grid cells first."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from markupsafe import Markup

from .figure import Figure
from .panels import Panel, in_panels
from .png import data_uri, indexed_png
from .svg import element, number, text

__all__ = ["map_image", "rate_map_gallery"]

Floats = npt.NDArray[np.float64]

_SIDE, _LABEL = 72.0, 15.0
_ACROSS, _MOST_CELLS, _MOST_PIXELS = 10, 100, 48
_N_COLOURS = 40
_LATTICE_COLUMNS = ("periodicity", "shorter_m", "longer_m", "angle_deg")
_OF_LATTICES = ", and the lattice on which it repeats: its two vectors in m and their angle, 60° if hexagonal"
# From dark blue over green to yellow, lightness rising evenly (anchors of viridis, CC0): told apart in grey, too.
_ANCHORS = np.array(
    [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]], dtype=np.float64
)


def rate_map_gallery(
    maps: Floats,
    autocorrelations: Floats,
    grid_scores: Floats,
    title: str,
    *,
    key: str,
    names: Sequence[str] | None = None,
    unit: str = "Hz",
    lattices: Floats | None = None,
) -> Figure:
    """Draw each cell's rate map above its autocorrelogram, sorted by grid score.

    Parameters
    ----------
    maps : array of shape (n_cells, height, width)
        Rows by y from the bottom; NaN, where not visited, is left blank. Each map has its own scale, 0 (or its
        least value, if negative) to its peak, which is written below.
    autocorrelations : array of shape (n_cells, height, width)
        Drawn from -1 to 1.
    grid_scores : array of shape (n_cells,)
        Cells without one come last.
    title, key : str
        Title and key, as for all figures.
    names : sequence of str, optional
        Names of the cells; by default their numbers.
    unit : str, default="Hz"
        Unit of the maps.
    lattices : array of shape (n_cells, 4), optional
        Periodicity of each cell whatever its lattice (0 to 2), the lengths of the lattice's two vectors in m, the
        shorter first, and the angle between them in degrees, 90 at most; written below grid score and peak.

    Returns
    -------
    figure : Figure
        At most the 100 cells of highest score; the description says how many there are. Its numbers are name,
        grid score and peak of every cell shown, and its lattice.
    """
    order = np.argsort(np.where(np.isfinite(grid_scores), -grid_scores, np.inf), kind="stable")[:_MOST_CELLS]
    labels = [str(index) for index in range(len(maps))] if names is None else list(names)
    rows = [(labels[cell], float(grid_scores[cell]), _peak(maps[cell])) for cell in order]
    found = [None if lattices is None else lattices[cell] for cell in order]
    panels = [
        _cell(row, maps[cell], autocorrelations[cell], unit, lattice)
        for cell, row, lattice in zip(order, rows, found, strict=True)
    ]
    description = _description(len(order), grid_scores, lattices is not None)
    columns = ("cell", "grid_score", f"peak_{unit}", *(() if lattices is None else _LATTICE_COLUMNS))
    told = [
        (*row, *([] if lattice is None else lattice.tolist()))
        for row, lattice in zip(rows, found, strict=True)
    ]
    return in_panels(panels, title, description, (columns, told), key=key, columns=_ACROSS)


def _cell(
    row: tuple[str, float, float], rates: Floats, correlation: Floats, unit: str, lattice: Floats | None
) -> Panel:
    name, score, peak = row
    low = min(0.0, float(np.nanmin(rates))) if np.isfinite(rates).any() else 0.0
    shown = "no grid score" if math.isnan(score) else f"grid score {number(round(score, 2))}"
    said = f"Cell {name}: {shown}, peak {number(float(f'{peak:.3g}'))} {unit}"
    captions = [_caption(score, peak), *([] if lattice is None else [_short(lattice)])]
    told = said if lattice is None else f"{said}, {_lattice(lattice)}"
    lines = [
        text(0.0, 2 * _SIDE + (place + 1) * _LABEL, caption, font_size=10)
        for place, caption in enumerate(captions)
    ]
    part = element(
        "g",
        element("title", told),
        map_image(rates, (low, peak), (0.0, 0.0), _SIDE),
        map_image(correlation, (-1.0, 1.0), (0.0, _SIDE + 2), _SIDE),
        *lines,
    )
    return Panel(told, _SIDE, 2 * _SIDE + len(captions) * _LABEL + 4, [part])


def map_image(values: Floats, ends: tuple[float, float], corner: tuple[float, float], side: float) -> Markup:
    """A map in a square, in its own proportions, row 0 at the bottom.

    Parameters
    ----------
    values : array of shape (height, width)
        NaN is left blank.
    ends : tuple of float
        Values of the darkest and the lightest colour.
    corner : tuple of float
        Left and top of the square, in pixels.
    side : float
        Side of the square in pixels.
    """
    small = _shrunk(values)
    height, width = (side * length / max(values.shape) for length in values.shape)
    return element(
        "image",
        href=data_uri(indexed_png(_levels(small[::-1], *ends), _palette())),
        x=corner[0],
        y=corner[1] + (side - height),
        width=width,
        height=height,
        preserveAspectRatio="none",
        image_rendering="pixelated",
    )


def _levels(values: Floats, low: float, high: float) -> npt.NDArray[np.uint8]:
    """Colours 1 .. n of the palette; 0, transparent, for NaN."""
    share = (values - low) / (high - low) if high > low else np.where(np.isfinite(values), 0.0, np.nan)
    level = 1 + np.clip(np.nan_to_num(share), 0, 1) * (_N_COLOURS - 1)
    return np.where(np.isfinite(share), np.round(level), 0).astype(np.uint8)


def _palette() -> npt.NDArray[np.uint8]:
    at = np.linspace(0, len(_ANCHORS) - 1, _N_COLOURS)
    channels = [np.interp(at, np.arange(len(_ANCHORS)), channel) for channel in _ANCHORS.T]
    colours = np.stack(channels, axis=1)
    return np.vstack([[[255, 255, 255]], colours]).round().astype(np.uint8)


def _shrunk(values: Floats) -> Floats:
    """Means over blocks of bins, where a map has more of them than can be seen."""
    block = math.ceil(max(values.shape) / _MOST_PIXELS)
    if block == 1:
        return values
    filled = np.pad(values, [(0, -side % block) for side in values.shape], constant_values=np.nan)
    blocks = filled.reshape(filled.shape[0] // block, block, filled.shape[1] // block, block)
    known = np.isfinite(blocks)
    total, count = np.where(known, blocks, 0.0).sum((1, 3)), known.sum((1, 3))
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _peak(rates: Floats) -> float:
    return float(np.nanmax(rates)) if np.isfinite(rates).any() else math.nan


def _caption(score: float, peak: float) -> str:
    return f"{'–' if math.isnan(score) else number(round(score, 2))} · {'–' if math.isnan(peak) else f'{peak:.2g}'}"


def _short(lattice: Floats) -> str:
    """The lattice in as few letters as there is room for."""
    _, shorter, longer, angle = lattice.tolist()
    return f"{shorter:.2g} {longer:.2g} {angle:.3g}°" if math.isfinite(angle) else "no lattice"


def _lattice(lattice: Floats) -> str:
    strength, shorter, longer, angle = lattice.tolist()
    if not math.isfinite(angle):
        return "no lattice"
    return f"periodicity {strength:.2g}, lattice of {shorter:.2g} and {longer:.2g} m at {angle:.3g} degrees"


def _description(n_shown: int, scores: Floats, with_lattices: bool) -> str:
    defined = scores[np.isfinite(scores)]
    median = f", median grid score {number(round(float(np.median(defined)), 2))}" if len(defined) else ""
    undefined = len(scores) - len(defined)
    without = f"; {undefined} without a grid score, last" if undefined else ""
    return (
        f"{n_shown} of {len(scores)} cells by falling grid score{median}{without}. Above: rate map, dark to "
        "light; below: spatial autocorrelogram, -1 to 1. Written below each: grid score and peak"
        f"{_OF_LATTICES if with_lattices else ''}."
    )
