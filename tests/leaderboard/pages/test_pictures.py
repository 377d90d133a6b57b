"""Pictures that records carry: on pages of candidates, comparisons and data sets, moving where asked for."""

import json

import numpy as np
import pytest
from board_examples import BoardContents, benchmark_names, entry, pictures
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from innerscore.core.errors import InvalidDataError
from innerscore.core.pictures import BALL_FILE, TRAJECTORIES_FILE, BallPicture, PictureMap, read_picture
from innerscore.leaderboard.drawable import check_drawable
from innerscore.leaderboard.inserting import without_values
from innerscore.leaderboard.pages import Site, take_snapshot
from innerscore.leaderboard.pages.drawing import fault_of
from innerscore.leaderboard.store import Store

FIRST = benchmark_names(1)[0]


def made(more, name="ada"):
    return entry(name, FIRST, 0.5, np.zeros(5), np.random.default_rng(0), more=more)


def site(tmp_path, *entries):
    store = Store(f"sqlite:///{tmp_path / 'store.sqlite'}")
    store.add_all(list(entries))
    return Site(take_snapshot(store, BoardContents()), store)


@given(hnp.arrays(np.float64, (3, 4), elements=st.floats(-50, 50) | st.just(np.nan)))
def test_a_map_keeps_its_holes_and_its_values_to_a_level(values):
    kept = PictureMap.of(values).values
    assert (np.isnan(kept) == np.isnan(values)).all()
    visited = values[np.isfinite(values)]
    level = np.ptp(visited) / 254 if len(visited) else 0
    assert np.nanmax(np.abs(kept - values), initial=0) <= level / 2 + 1e-2


def test_pictures_count_for_the_record_and_not_for_its_values():
    plain, with_picture = made({}).record, made(pictures()).record
    assert plain.values_sha256 == with_picture.values_sha256
    assert plain.record_sha256 != with_picture.record_sha256
    assert plain.values_sha256 != made({"trace.csv": b"1"}).record.values_sha256


def test_a_picture_is_shown_once_where_two_benchmarks_have_the_same(tmp_path):
    rng, same = np.random.default_rng(0), pictures()
    other = entry("ada", benchmark_names(2)[1], 0.4, np.zeros(5), rng, more=same)
    figures = site(tmp_path, made(same), other).content("candidates/ada.html").figures
    assert [key for key in figures if key.startswith("inside")] == ["inside-0", "inside-1", "inside-2"]
    assert figures["inside-0"].panels
    assert "nan" not in str(figures["inside-0"].svg)


def test_pages_of_data_have_the_neurons_alone_and_those_of_two_candidates_both_beside_each_other(tmp_path):
    pages = site(tmp_path, made(pictures(0)), made(pictures(1), "bo"))
    neurons = pages.content("datasets/Ant2020.html").figures
    assert {row[2] for row in neurons["neurons-0"].rows} == {"ball", "neurons"}
    assert {row[0] for row in neurons["neurons-1"].rows} == {"neurons"}
    lines = dict.fromkeys(row[1:3] for row in neurons["neurons-1"].rows)
    assert list(lines) == [("short", 480), ("short", 800), ("long", 800), ("long", 1200)]
    compared = pages.content("compare/ada+bo.html")
    assert [figure.title for figure in compared.figures.values() if figure.panels] == ["ada", "bo"] * 3


def test_what_stays_where_it_was_computed_is_nowhere_shown(tmp_path):
    pages = site(tmp_path, without_values(made(pictures())), without_values(made(pictures(1), "bo")))
    for path in ("candidates/ada.html", "datasets/Ant2020.html", "compare/ada+bo.html"):
        assert not any(figure.panels for figure in pages.content(path).figures.values())


def spoiled(name, **changes):
    body = json.loads(pictures()[name])
    return {name: json.dumps(body | changes).encode()}


@pytest.mark.parametrize(
    "more",
    [
        {BALL_FILE: b"{"},
        {BALL_FILE: b"[1]"},
        spoiled(BALL_FILE, trials=[]),
        spoiled(BALL_FILE, step_ms=0),
        spoiled(BALL_FILE, half_arena_deg=1e300),
        spoiled(TRAJECTORIES_FILE, lines=[]),
        spoiled(TRAJECTORIES_FILE, epoch="x" * 1000),
    ],
)
def test_what_is_no_picture_says_so_in_its_place_and_is_refused_from_outside(tmp_path, more):
    figures = site(tmp_path, made(more)).content("candidates/ada.html").figures
    assert fault_of(figures["inside-0"])
    with pytest.raises(InvalidDataError):
        check_drawable(made(more))
    with pytest.raises(InvalidDataError):
        read_picture(more.get(BALL_FILE, b""), BallPicture)


def test_points_run_when_asked_and_stand_whole_otherwise(open_page, two_ways):
    page = open_page(two_ways + "candidates/ada.html", reduced_motion="reduce")
    figure = page.locator("figure.panelled").first
    figure.locator(".player").wait_for()
    place = "figure => figure.querySelector('.track.model .runner').getAttribute('cx')"
    end = figure.evaluate(place)
    assert figure.locator("output").text_content() == "1.50 s"
    figure.locator("input").evaluate("one => { one.value = 0; one.dispatchEvent(new Event('input')); }")
    start = figure.evaluate(place)
    assert start != end
    assert figure.locator(".track.model .trail").first.get_attribute("points") == ""
    figure.locator("button").click()
    page.wait_for_function("() => document.querySelector('figure.panelled input').value > 200")
    assert figure.evaluate(place) != start
    figure.locator("button").click()
    assert figure.locator("button").text_content() == "Play"


def test_a_picture_stands_without_scripts(open_page, file_url):
    page = open_page(file_url + "candidates/ada.html", java_script_enabled=False)
    assert page.locator("figure.panelled .panels svg").first.is_visible()
    assert page.locator(".player").count() == 0
