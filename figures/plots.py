"""Plots of scores with matplotlib, which the extra ``plots`` installs; all take tables and give axes.

The board's own pages draw without matplotlib (:mod:`innerscore.figures`); these are for notebooks and papers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ..core.errors import InvalidArgumentError
from ..core.extras import imported

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["dot_plot", "rate_maps", "target_histogram", "target_scatter"]

_MARK, _REFERENCE, _BAND = "#1f5fae", "#8a94a6", "#d9e3f0"
_VALUES = ("raw", "ceiling", "normalised")


def dot_plot(
    scores: pd.DataFrame, benchmark: str | None = None, *, floor: str | None = None, ax: Axes | None = None
) -> Axes:
    """Scores on one benchmark with their intervals, best above, between the floor and the ceiling.

    Parameters
    ----------
    scores : pandas.DataFrame
        Table of :func:`innerscore.scores`.
    benchmark : str, optional
        Benchmark to show, needed where the table has several.
    floor : str, optional
        Candidate whose score is drawn as a line, such as a control. Default: 0, the value of what knows nothing.
    ax : matplotlib.axes.Axes, optional
        Axes to draw into. Default: new ones.

    Returns
    -------
    ax : matplotlib.axes.Axes
        A row a candidate; the ceiling is the line at 1, its interval relative to itself the band around it.

    Raises
    ------
    InvalidArgumentError
        If the table has not exactly one column of the board to show, or no such floor.
    MissingExtraError
        If matplotlib is not installed.
    """
    shown = scores if benchmark is None else scores[scores["benchmark"] == benchmark]
    columns = shown[["benchmark", "benchmark_version", "data_sha256"]].drop_duplicates()
    if len(columns) != 1:
        raise InvalidArgumentError(
            "The 'scores' parameter",
            got=f"{len(columns)} columns of the board",
            needed="scores in one column: name one benchmark, on one state of its data",
        )
    shown = shown.sort_values("normalised", ignore_index=True)
    axes = _axes(ax, height=1.2 + 0.28 * len(shown))
    best = shown.iloc[-1]
    low, high = best["ceiling_low"] / best["ceiling"], best["ceiling_high"] / best["ceiling"]
    if math.isfinite(low) and math.isfinite(high):
        axes.axvspan(low, high, color=_BAND, zorder=0)
    axes.axvline(1.0, color=_REFERENCE, linestyle="--", linewidth=1, label="ceiling")
    axes.axvline(_floor(shown, floor), color=_REFERENCE, linewidth=1, label=floor or "0")
    rows = np.arange(len(shown))
    ends = shown[["normalised_low", "normalised_high"]].to_numpy(dtype=np.float64)
    axes.hlines(rows, ends[:, 0], ends[:, 1], color=_MARK, alpha=0.55, linewidth=2)
    hollow = shown["simulated"].astype(bool).to_numpy()
    axes.scatter(
        shown["normalised"], rows, color=np.where(hollow, "white", _MARK), edgecolors=_MARK, s=30, zorder=3
    )
    axes.set_yticks(
        rows,
        [f"{name} ({group})" for name, group in zip(shown["candidate"], shown["tie_group"], strict=True)],
    )
    axes.set_ylim(-0.6, len(shown) - 0.4)
    axes.set_xlabel("ceiling-normalised score")
    axes.set_title(f"{best['benchmark']}{', simulated' if hollow.all() else ''} (tie group)")
    return axes


def target_histogram(
    targets: pd.DataFrame, value: str = "normalised", *, label: str | None = None, ax: Axes | None = None
) -> Axes:
    """Histogram of the values of single targets, with a line at the median.

    Parameters
    ----------
    targets : pandas.DataFrame
        Table of :func:`innerscore.targets`.
    value : {"normalised", "raw", "ceiling"}, default="normalised"
        Column to show; targets where it is not defined are left out, and counted in the title.
    label : str, optional
        Name in a legend.
    ax : matplotlib.axes.Axes, optional
        Axes to draw into. Default: new ones.
    """
    _check_columns(targets, [value])
    values = targets[value].to_numpy(dtype=np.float64)
    finite = values[np.isfinite(values)]
    axes = _axes(ax)
    axes.hist(finite, bins="fd" if len(finite) > 1 else 1, color=_MARK, alpha=0.7, label=label)
    if len(finite):
        axes.axvline(float(np.median(finite)), color="#b3541e", linestyle="--", linewidth=1)
    axes.set_xlabel(f"{value} value")
    axes.set_ylabel("targets")
    left_out = len(values) - len(finite)
    axes.set_title(f"{len(finite)} targets" + (f", {left_out} not defined" if left_out else ""))
    return axes


def target_scatter(
    one: pd.DataFrame,
    other: pd.DataFrame,
    value: str = "normalised",
    *,
    names: tuple[str, str] = ("one", "other"),
    ax: Axes | None = None,
) -> Axes:
    """The values of the same targets for two candidates against each other.

    Parameters
    ----------
    one, other : pandas.DataFrame
        Tables of :func:`innerscore.targets` of two candidates on one benchmark; they are matched by the columns
        that identify a target.
    value : {"normalised", "raw", "ceiling"}, default="normalised"
        Column to show.
    names : (str, str)
        Names of the two candidates, for the axes.
    ax : matplotlib.axes.Axes, optional
        Axes to draw into. Default: new ones.

    Raises
    ------
    InvalidArgumentError
        If the tables have no target in common.
    """
    _check_columns(one, [value])
    _check_columns(other, [value])
    keys = [name for name in _identifying(one) if name in other]
    both = one.merge(other, on=keys, suffixes=("_one", "_other")) if keys else one.iloc[:0]
    if both.empty:
        raise InvalidArgumentError(
            "The 'other' parameter", got="no target of 'one'", needed="the same targets"
        )
    x, y = both[f"{value}_one"], both[f"{value}_other"]
    axes = _axes(ax, width=4.2, height=4.2)
    axes.scatter(x, y, s=10, color=_MARK, alpha=0.6)
    ends = [float(np.nanmin([x.min(), y.min()])), float(np.nanmax([x.max(), y.max()]))]
    axes.plot(ends, ends, color=_REFERENCE, linestyle="--", linewidth=1)
    axes.set_xlabel(f"{names[0]}, {value}")
    axes.set_ylabel(f"{names[1]}, {value}")
    axes.set_title(f"{len(both)} targets")
    axes.set_aspect("equal")
    return axes


def rate_maps(
    maps: npt.NDArray[np.float64], names: Sequence[str] | None = None, *, columns: int = 6
) -> Figure:
    """Rate maps side by side, each in its own range.

    Parameters
    ----------
    maps : array of shape (cells, height, width)
        Rates by place, NaN where not visited; rows by y from the bottom, as of
        :func:`innerscore.studies.galleries.candidate_maps`.
    names : sequence of str, optional
        A name for each cell. Default: their numbers.
    columns : int, default=6
        Number of maps in a row.

    Returns
    -------
    figure : matplotlib.figure.Figure
        Title of each map: its name and its peak.
    """
    if maps.ndim != 3 or not len(maps):
        raise InvalidArgumentError(
            "The 'maps' parameter", got=f"shape {maps.shape}", needed="(cells, height, width)"
        )
    plt = imported("matplotlib.pyplot", extra="plots")
    labels = [str(index) for index in range(len(maps))] if names is None else list(names)
    across = min(columns, len(maps))
    down = math.ceil(len(maps) / across)
    figure, grid = plt.subplots(down, across, figsize=(1.5 * across, 1.7 * down), squeeze=False)
    for place in grid.flat:
        place.set_axis_off()
    for place, rates, label in zip(grid.flat, maps, labels, strict=False):
        place.imshow(rates, origin="lower", interpolation="nearest")
        peak = f"{np.nanmax(rates):.3g}" if np.isfinite(rates).any() else "no visit"
        place.set_title(f"{label}\n{peak}", fontsize=7)
    plt.close(figure)  # a notebook shows what a cell gives, once
    result: Figure = figure
    return result


def _axes(ax: Axes | None, *, width: float = 5.5, height: float = 3.2) -> Axes:
    if ax is not None:
        return ax
    pyplot = imported("matplotlib.pyplot", extra="plots")
    made: Axes = pyplot.subplots(figsize=(width, height), layout="constrained")[1]
    return made


def _floor(shown: pd.DataFrame, name: str | None) -> float:
    if name is None:
        return 0.0
    found = shown.loc[shown["candidate"] == name, "normalised"]
    if found.empty:
        raise InvalidArgumentError("The 'floor' parameter", got=repr(name), needed="a candidate in 'scores'")
    return float(found.iloc[0])


def _identifying(targets: pd.DataFrame) -> list[str]:
    """The columns that say which target a row is: those before its values."""
    names = list(targets.columns)
    return names[: min(names.index(name) for name in _VALUES if name in names)]


def _check_columns(targets: pd.DataFrame, needed: Sequence[str]) -> None:
    missing = [name for name in needed if name not in targets]
    if missing:
        raise InvalidArgumentError(
            "The 'value' parameter", got=missing[0], needed=f"one of {list(targets.columns)}"
        )
