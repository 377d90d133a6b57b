"""Plots with matplotlib show the numbers of the tables that they are given."""

import numpy as np
import pandas as pd
import pytest

from innerscore.core.errors import InvalidArgumentError, MissingExtraError
from innerscore.core.extras import imported
from innerscore.figures import plots

matplotlib = pytest.importorskip("matplotlib", reason="the extra 'plots' is not installed")
matplotlib.use("agg")


def scores(**columns):
    rows = {
        "benchmark": "A.b",
        "benchmark_version": 1,
        "data_sha256": "0" * 64,
        "candidate": ["good", "poor", "control"],
        "simulated": [False, False, True],
        "normalised": [0.8, 0.3, 0.1],
        "normalised_low": [0.7, 0.2, np.nan],
        "normalised_high": [0.9, 0.4, np.nan],
        "ceiling": 0.5,
        "ceiling_low": 0.45,
        "ceiling_high": 0.6,
        "tie_group": [1, 2, 2],
    }
    return pd.DataFrame(rows | columns)


def test_a_board_is_dots_with_intervals_between_floor_and_ceiling():
    axes = plots.dot_plot(scores(), floor="control")
    dots, bars = axes.collections[-1], axes.collections[-2]
    np.testing.assert_allclose(dots.get_offsets(), [[0.1, 0], [0.3, 1], [0.8, 2]])
    ends = [segment[:, 0] for segment in bars.get_segments() if len(segment)]
    np.testing.assert_allclose(ends, [[0.2, 0.4], [0.7, 0.9]], err_msg="the control has no interval")
    assert [line.get_xdata()[0] for line in axes.lines] == [1.0, 0.1]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["control (2)", "poor (2)", "good (1)"]
    band = axes.patches[0]
    np.testing.assert_allclose([band.get_x(), band.get_x() + band.get_width()], [0.9, 1.2])


def test_columns_that_cannot_be_compared_are_not_drawn_as_one():
    with pytest.raises(InvalidArgumentError, match="2 columns"):
        plots.dot_plot(scores(data_sha256=["0" * 64, "1" * 64, "0" * 64]))
    with pytest.raises(InvalidArgumentError, match="floor"):
        plots.dot_plot(scores(), floor="nobody")


def test_single_neurons_are_matched_by_what_identifies_them_and_undefined_ones_counted():
    one = pd.DataFrame({"neuroid_id": ["a", "b", "c"], "normalised": [0.1, 0.5, np.nan], "size": 1})
    other = pd.DataFrame({"neuroid_id": ["c", "b", "a"], "normalised": [0.3, 0.2, 0.9], "size": 2})
    axes = plots.target_histogram(one)
    assert sum(patch.get_height() for patch in axes.patches) == 2
    assert "1 not defined" in axes.get_title()
    assert axes.lines[0].get_xdata()[0] == pytest.approx(0.3)
    points = plots.target_scatter(one, other).collections[0].get_offsets()
    np.testing.assert_allclose(points[:2], [[0.1, 0.9], [0.5, 0.2]])
    with pytest.raises(InvalidArgumentError, match="same targets"):
        plots.target_scatter(one, other.assign(neuroid_id="z"))


def test_rate_maps_are_drawn_with_their_peaks():
    maps = np.stack([np.arange(6.0).reshape(2, 3), np.full((2, 3), np.nan)])
    shown = [axes for axes in plots.rate_maps(maps, ["cell", "never"], columns=4).axes if axes.images]
    assert [axes.get_title() for axes in shown] == ["cell\n5", "never\nno visit"]
    assert shown[0].images[0].origin == "lower"
    with pytest.raises(InvalidArgumentError, match="height"):
        plots.rate_maps(np.zeros((2, 3)))


def test_without_matplotlib_the_extra_is_named():
    with pytest.raises(MissingExtraError, match=r"innerscore\[plots\]"):
        imported("matplotlib_is_not_here", extra="plots")
