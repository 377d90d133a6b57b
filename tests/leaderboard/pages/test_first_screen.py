"""The first screen answers: the best model, on whose brain, how sure that is, and what the floor is."""

import re

import numpy as np
import pytest
from board_examples import (
    BoardContents,
    benchmark_card,
    candidate_card,
    contents,
    dataset_card,
    entry,
    record,
)

from innerscore.leaderboard.inserting import Entry
from innerscore.leaderboard.pages import Site, take_snapshot, write_site
from innerscore.leaderboard.pages.answers import answer_of, answers
from innerscore.leaderboard.pages.lines import brackets, fold, in_order
from innerscore.leaderboard.pages.telling import separation
from innerscore.leaderboard.store import Store

REAL = [f"Ant2020.V4-measure-number-{k}" for k in range(11)]
MADE = ["SimulatedAnt.V4-measure-number-0", "SimulatedAnt.V4-measure-number-1"]
ELSEWHERE = "SimulatedBox.MEC-ridge"
NETS = [f"a-recurrent-net-of-a-long-name-seed-{k}" for k in (1, 2, 3)]
VALUES = {"winner": 0.62, **dict(zip(NETS, (0.20, 0.58, 0.55), strict=True)), "third": 0.30, "pixels": 0.25}
SCREENS = {"wide": (1400, 900), "tablet": (800, 900), "phone": (390, 844)}


def entries():
    rng = np.random.default_rng(0)
    for name in (*REAL, *MADE):
        shared = rng.standard_normal(200)
        for candidate, value in {**VALUES, "oracle": 0.9}.items():
            yield entry(candidate, name, value - 0.01 * (name in REAL[1:]), shared, rng)
        yield Entry(record("walker", name, "not applicable"))
    yield entry("walker", ELSEWHERE, 0.5, rng.standard_normal(200), rng)


def board_contents():
    classes = {"pixels": "baseline", "oracle": "control"}
    made = contents(["winner"], [])
    names = [*VALUES, "oracle", "walker"]
    systems = {"Ant2020": "Seeing / V4", "SimulatedAnt": "Seeing / V4", "SimulatedBox": "Space / cortex"}
    benchmarks = [*REAL, *MADE, ELSEWHERE]
    return BoardContents(
        candidates={one: candidate_card(one, model_class=classes.get(one, "model")) for one in names},
        benchmarks={one: benchmark_card(one, systems[(d := one.split(".")[0])], d) for one in benchmarks},
        datasets={one: dataset_card(one) for one in systems},
        metrics=made.metrics,
    )


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    opened = Store(f"sqlite:///{tmp_path_factory.mktemp('first') / 'board.sqlite'}")
    opened.add_all(entries())
    return opened


@pytest.fixture(scope="module")
def snapshot(store):
    return take_snapshot(store, board_contents())


@pytest.fixture(scope="module")
def folder(store, tmp_path_factory):
    made = tmp_path_factory.mktemp("board")
    write_site(store, board_contents(), made)
    return made


@pytest.fixture(scope="module")
def first(folder):
    return f"{folder.as_uri()}/"


@pytest.fixture(scope="module")
def served(folder, serve_folder):
    with serve_folder(folder) as address:
        yield address


NO_INNER_SCROLL = """() => [...document.querySelectorAll('body *')].filter(e => {
    const style = getComputedStyle(e);
    const scrolls = (how, size, room) => ['auto', 'scroll'].includes(how) && size > room + 1;
    return scrolls(style.overflowX, e.scrollWidth, e.clientWidth)
        || scrolls(style.overflowY, e.scrollHeight, e.clientHeight);
}).map(e => e.outerHTML.slice(0, 80))"""
CUT = """() => [...document.querySelectorAll('main *')].filter(e => {
    const box = e.getBoundingClientRect();
    if (!box.width || e.closest('svg, .hidden, [hidden]') || getComputedStyle(e).display === 'inline') return false;
    return box.right > innerWidth + 1 || box.left < -1 || e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0;
}).map(e => e.outerHTML.slice(0, 120))"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("screen", SCREENS)
def test_the_best_real_model_is_in_sight_and_nothing_scrolls_or_is_cut(
    open_page, served, serious_faults, screen, scheme
):
    width, height = SCREENS[screen]
    page = open_page(f"{served}index.html", viewport={"width": width, "height": height}, color_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(NO_INNER_SCROLL) == []
    assert page.evaluate(CUT) == []
    answer = page.locator(".answer.first")
    box = answer.bounding_box()
    assert box["y"] >= 0
    assert box["y"] + box["height"] <= height
    said = " ".join(answer.inner_text().lower().split())
    assert re.search(
        r"^real in macaque v4, winner is the best model, at 0\.620 \[0\.\d+, 0\.\d+\] of the ceiling", said
    )
    assert re.search(r"rank \d(–\d)? of 7", said)
    assert (
        "the floor, the best baseline or untrained network, is 0.250 (pixels): significantly lower." in said
    )
    row = page.locator("table.system tbody", has_text="winner").first
    assert row.bounding_box()["y"] < height or screen == "phone"
    assert serious_faults(page) == []


def test_real_comes_before_simulated_and_only_who_can_be_asked_is_listed(open_page, first):
    page = open_page(f"{first}index.html", java_script_enabled=False)
    tags = page.locator(".panel h2 span").all_text_contents()
    assert tags == ["real", "simulated"]
    assert page.locator("table.system", has_text="walker").count() == 0
    page.locator(".tabs a", has_text="Space").click()
    assert page.url.endswith("systems/space.html")
    assert page.locator("table.system tbody th").all_inner_texts() == ["walker"]
    page.locator(".tabs a", has_text="Seeing").click()
    assert page.url.endswith("index.html")


def test_seeds_are_one_line_and_open_without_scripts(open_page, first):
    page = open_page(f"{first}index.html", java_script_enabled=False)
    panel = page.locator(".panel").first
    net = panel.locator("tbody", has=page.locator(".seeds"))
    shown = panel.locator("tbody tr:visible").count()
    assert "0.550" in net.locator("tr").first.inner_text()
    assert "seeds 0.200 to 0.580" in net.locator("tr").first.inner_text()
    assert net.locator(".member:visible").count() == 0
    net.locator(".seeds input").check()
    assert sorted(net.locator(".member:visible th").all_inner_texts()) == NETS
    assert panel.locator("tbody tr:visible").count() == shown + 3


def test_controls_are_told_apart_and_can_be_put_away(open_page, first):
    page = open_page(f"{first}index.html", java_script_enabled=False)
    panel = page.locator(".panel").first
    heads = panel.locator("tbody.control th").all_inner_texts()
    assert sorted(head.split()[0] for head in heads) == ["oracle", "pixels"]
    panel.locator(".controls-shown").uncheck()
    assert panel.locator("tbody.control:visible").count() == 0


def test_another_column_is_sorted_by_and_takes_the_brackets_with_it(open_page, first):
    page = open_page(f"{first}index.html", viewport={"width": 390, "height": 844})
    panel = page.locator(".panel").first
    assert panel.locator("td:visible").count() == panel.locator("tr:visible td.s").count()
    panel.locator("select").select_option(label="measure-number-7")
    sorted_by = panel.locator('th[aria-sort="descending"]')
    assert sorted_by.count() == 1
    assert "number-7" in sorted_by.inner_text()
    values = [float(one) for one in panel.locator("tr:not(.member) td.s > b").all_inner_texts()]
    assert values == sorted(values, reverse=True)
    assert panel.locator("u:visible").count() == panel.locator("tr:not(.member) td.s u").count()


def test_an_address_of_the_whole_table_from_before_still_leads_there(open_page, first, snapshot, store):
    page = open_page(f"{first}index.html?q=third")
    page.wait_for_url("**/table.html?q=third")
    assert page.locator("#board tbody tr:visible").count() == 1
    live = Site(snapshot, store, live=True)
    assert live.content("index.html", [("q", "third")]).template == "board.html"
    assert live.content("index.html").template == "system.html"


def test_the_answer_is_of_models_and_its_floor_of_what_was_never_trained(snapshot):
    section = snapshot.board.sections[0]
    found = answer_of(section, section.columns[0])
    assert (found.candidate, found.above) == ("winner", ("oracle",))
    assert found.floor.candidate == "pixels"
    tied = {name for group in section.tie_groups(section.columns[0]) if "winner" in group for name in group}
    assert set(found.tied) == tied - {"winner", "oracle", "pixels", *NETS} | (tied & {NETS[2]})


def test_a_benchmark_that_a_baseline_leads_answers_only_where_there_is_no_other(tmp_path):
    led, answering = "Ant2020.V4-led", "Ant2020.V4-answering"
    values = {
        led: {"model": 0.6, "other": 0.3, "pixels": 0.9},
        answering: {"model": 0.5, "other": 0.48, "pixels": 0.47},
    }
    rng = np.random.default_rng(0)
    store = Store(f"sqlite:///{tmp_path / 'board.sqlite'}")
    for name, some in values.items():
        shared = rng.standard_normal(200)
        store.add_all([entry(who, name, value, shared, rng) for who, value in some.items()])
    classes = {"pixels": "baseline"}
    cards = {who: candidate_card(who, model_class=classes.get(who, "model")) for who in values[led]}
    names = {name: benchmark_card(name, "Seeing / V4", "Ant2020") for name in values}
    known = BoardContents(candidates=cards, benchmarks=names, datasets={"Ant2020": dataset_card("Ant2020")})
    (section,) = take_snapshot(store, known).board.sections
    shares = {column.benchmark: separation(section, column).share for column in section.columns}
    assert shares[led] > shares[answering]
    assert [answer.column.benchmark for answer in answers(section)] == [answering]


def test_a_bracket_runs_over_the_lines_of_its_tie_group(snapshot):
    section = snapshot.board.sections[0]
    ordered = in_order(fold(section.tried), 0)
    found = brackets(ordered, 0)
    for line, marks in zip(ordered, found, strict=True):
        standing = line.cell(0).standing
        alone = sum(
            sum(group in other.cell(0).standing.tie_groups for other in ordered) < 2
            for group in standing.tie_groups
        )
        assert len(marks) == len(standing.tie_groups) - alone
    for lane in {mark.lane for marks in found for mark in marks}:
        ends = [(m.first, m.last) for marks in found for m in marks if m.lane == lane]
        assert sum(first for first, _ in ends) == sum(last for _, last in ends)


def test_the_first_page_weighs_less_than_the_whole_table(snapshot, store):
    site = Site(snapshot, store)
    assert len(site.document("index.html").body) < 1.5 * len(site.document("table.html").body)
