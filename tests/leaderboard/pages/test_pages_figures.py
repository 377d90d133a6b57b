"""Figures as files: well-formed, labelled, with finite places, and moving pictures that play."""

import io
import math
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from innerscore import figures
from innerscore.figures.history import Moment, history
from innerscore.figures.matrix import matrix
from innerscore.figures.svg import Scale, scale_over

NAMESPACE = "{http://www.w3.org/2000/svg}"
HOSTILE = "<script>alert(1)</script>\"'&"
ANY = st.floats(-1e6, 1e6) | st.just(math.nan)


def parsed(figure):
    """The picture as a tree; its title and description are there, no place in it is without a number."""
    text = str(figure.svg)
    root = ET.fromstring(text)
    assert root.find(f"{NAMESPACE}title").text == figure.title
    assert root.find(f"{NAMESPACE}desc").text == figure.description
    assert "nan" not in text.lower().replace("nanometre", "")
    assert "style=" not in text
    assert not list(root.iter(f"{NAMESPACE}script"))
    return root


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(ANY, ANY, ANY), max_size=12))
def test_intervals_and_points_hold_any_values(rows):
    items = [figures.Whisker(f"{HOSTILE}{n}", *row) for n, row in enumerate(rows)]
    parsed(figures.whiskers(items, HOSTILE, "axis", key="k"))
    parsed(figures.whiskers(items, "t", HOSTILE, key="k"))
    values = [row[0] for row in rows]
    parsed(figures.histogram(values, "t", "axis", key="k"))
    points = [figures.Point(HOSTILE, row[0], row[1], "a.html", row[1:], row[:2]) for row in rows]
    parsed(figures.scatter(points, "t", ("x", HOSTILE), key="k"))
    parsed(history([Moment("2026-01-01", *row, False) for row in rows], "t", key="k"))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(ANY, ANY), max_size=12))
def test_a_loss_curve_holds_any_losses(pairs):
    parsed(figures.loss_curve([figures.EpochLoss(*pair) for pair in pairs], HOSTILE, key="k"))


@pytest.mark.parametrize(
    ("losses", "labels"),
    [
        ((200.0, 3.0, 0.2), ["1", "10", "100"]),
        ((2.0, 1.0, 0.5), ["0.5", "1", "1.5", "2"]),
        ((-0.05, -0.1, -0.2), ["−0.2", "−0.15", "−0.1", "−0.05"]),
    ],
)
def test_losses_have_a_logarithmic_axis_where_they_span_a_factor_of_ten(losses, labels):
    root = parsed(figures.loss_curve([figures.EpochLoss(v, v) for v in losses], "t", key="k"))
    written = [one.text for one in root.iter(f"{NAMESPACE}text") if one.get("text-anchor") == "end"]
    assert set(labels) <= set(written)
    # Equal ratios are equal distances on the one, equal differences on the other.
    curve = list(root.iter(f"{NAMESPACE}polyline"))[1].get("points").split()
    first, second, third = (float(point.split(",")[1]) for point in curve)
    ratio = math.log(losses[0] / losses[1]) / math.log(losses[1] / losses[2])
    if losses[0] / losses[-1] < 10:
        ratio = (losses[0] - losses[1]) / (losses[1] - losses[2])
    assert (second - first) / (third - second) == pytest.approx(ratio, rel=0.02)


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=200))
@settings(max_examples=40, deadline=None)
def test_a_histogram_counts_every_value_once(values):
    figure = figures.histogram(values, "t", "axis", key="k")
    assert sum(row[2] for row in figure.rows) == len(values)


@given(st.floats(-1e3, 1e3), st.floats(1e-3, 1e3))
@settings(max_examples=60, deadline=None)
def test_ticks_are_round_and_within_the_scale(low, width):
    scale = Scale(low, low + width, 0, 100)
    ticks = scale.ticks()
    assert 2 <= len(ticks) <= 12
    assert all(low - 1e-6 * width <= tick <= low + width * (1 + 1e-6) for tick in ticks)
    steps = np.diff(ticks)
    assert np.allclose(steps, steps[0])


def test_a_scale_has_room_for_equal_values_and_for_none():
    assert scale_over([2.0, 2.0], 0, 10)(2.0) == pytest.approx(5)
    assert math.isfinite(scale_over([], 0, 10)(0.5))


def test_the_other_figures_are_well_formed():
    panel = figures.LayerPanel(HOSTILE, {HOSTILE: 0.1, "b": math.nan, "c": 0.3}, "c")
    assert len(list(parsed(figures.layer_curves([panel], "t", key="k")).iter(f"{NAMESPACE}circle"))) == 3
    parsed(matrix([[3, 1], [0, 4]], ["a", HOSTILE], "t", ("x", "y"), key="k"))
    parsed(figures.trace({HOSTILE: ([(0.0, 1.0)], [(0.5, 1.0)])}, "t", key="k"))


def test_the_csv_of_a_figure_holds_its_numbers_and_no_formula():
    items = [figures.Whisker("=cmd()", 1 / 3, 0.1, 0.5)]
    text = figures.whiskers(items, "t", "a", key="k").csv()
    assert text.splitlines()[1] == f"'=cmd(),{1 / 3},0.1,0.5"


def test_an_animated_png_plays_the_frames_it_was_given():
    frames = np.random.default_rng(0).integers(0, 256, (6, 12, 9, 3), dtype=np.uint8)
    frames[2] = frames[1]  # nothing moves
    frames[4, 3:] = frames[3, 3:]  # little moves
    png = figures.animated_png(frames, 25.0)
    image = Image.open(io.BytesIO(png))
    assert image.info["loop"] == 0
    played = []
    for number in range(image.n_frames):
        image.seek(number)
        played += [np.asarray(image.convert("RGB"))] * round(image.info["duration"] / 40)
    assert (np.stack(played) == frames).all()
    assert figures.animated_png(frames, 25.0) == png


def test_an_animated_png_of_one_frame_is_still():
    frames = np.random.default_rng(0).integers(0, 256, (1, 12, 9, 3), dtype=np.uint8)
    image = Image.open(io.BytesIO(figures.animated_png(frames, 1.0)))
    assert not image.is_animated
    assert (np.asarray(image.convert("RGB")) == frames[0]).all()


def test_a_walk_is_drawn_where_it_went_and_moves():
    positions = np.asarray([[0.0, 0.0], [1.0, 0.5], [2.0, 1.0]])
    root = ET.fromstring(figures.path_animation(positions, (2.0, 1.0), 4.0, "t"))
    path = root.find(f"{NAMESPACE}path").get("d")
    places = [tuple(map(float, place.strip("ML ").split(","))) for place in path.split(" ")]
    assert places == [(8, 168), (168, 88), (328, 8)]
    assert root.find(f".//{NAMESPACE}animateMotion").get("dur") == "4.0s"
