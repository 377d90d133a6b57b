"""Plots have names, intervals and a finding in words; none is cut on a phone."""

import re
import shutil
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from board_examples import BoardContents, benchmark_names, contents, entry
from scipy import stats

from innerscore.figures import Point, scatter
from innerscore.leaderboard.pages import Site, take_snapshot
from innerscore.leaderboard.pages.render import STATIC
from innerscore.leaderboard.store import Store
from innerscore.studies.model_recovery.shipped import shipped_report

FIRST = benchmark_names(8)[0]
TEXT = "{http://www.w3.org/2000/svg}text"
NAMES = [f"model-{k}" for k in range(8)]
BENCHMARKS = benchmark_names(2)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Eight models on two recorded benchmarks, with the shipped study of recovery."""
    store = Store(f"sqlite:///{tmp_path_factory.mktemp('plots') / 'board.sqlite'}")
    rng = np.random.default_rng(3)
    for name in BENCHMARKS:
        shared = rng.standard_normal(200)
        store.add_all(
            [entry(who, name, 0.1 * k + 0.1 * rng.normal(), shared, rng) for k, who in enumerate(NAMES)]
        )
    made = contents(NAMES, BENCHMARKS)
    known = BoardContents(
        made.candidates, made.benchmarks, made.datasets, made.metrics, trust=shipped_report()
    )
    return Site(take_snapshot(store, known), store, live=True)


def test_scatter_starts_with_a_pair_and_says_r_with_its_interval(site):
    content = site.content("scatter.html")
    found = content.values["correlation"]
    points = content.values["points"]
    assert len(points) == len(NAMES)
    expected = stats.pearsonr([one.x for one in points], [one.y for one in points])
    interval = expected.confidence_interval(0.95)
    assert (found.r, found.low, found.high) == pytest.approx((expected.statistic, *interval))
    said = site.document("scatter.html").body.decode()
    assert f"r = <strong>{found.r:.3f}</strong> <small>[{found.low:.3f}, {found.high:.3f}]" in said.replace(
        "−", "-"
    )


def test_all_pairs_are_correlated_and_lead_to_their_scatter(site):
    figure = next(iter(site.content("correlations.html").figures.values()))
    pair = site.content("scatter.html").values["correlation"]
    assert [(row[2], row[3]) for row in figure.rows] == [(pytest.approx(pair.r), len(NAMES))]
    link = re.search(r'<a href="(scatter/[^"]+)"', str(figure.svg))[1]
    assert site.content(link) is not None
    assert len(ET.fromstring(str(figure.svg)).findall(f".//{TEXT}")) == 2 * len(BENCHMARKS) + 1


def test_points_are_named_where_no_name_covers_another_or_a_dot():
    rng = np.random.default_rng(0)
    points = [Point(f"candidate-{k}", *rng.random(2), "a.html") for k in range(30)]
    root = ET.fromstring(str(scatter(points, "t", ("x", "y"), key="k", side=560.0).svg))
    labels = [one for one in root.iter(TEXT) if (one.text or "").startswith("candidate-")]
    assert len(labels) > 20
    boxes = [_box(one) for one in labels]
    dots = [(float(c.get("cx")), float(c.get("cy"))) for c in root.iter() if c.tag.endswith("circle")]
    for n, (left, top, right, bottom) in enumerate(boxes):
        assert not [b for b in boxes[:n] if left < b[2] and b[0] < right and top < b[3] and b[1] < bottom]
        assert not [(x, y) for x, y in dots if left < x < right and top < y < bottom]


def _box(label):
    """Where a label is, of letters as wide as they are at least."""
    width, x, y = 5.5 * len(label.text), float(label.get("x")), float(label.get("y"))
    start = {"start": x, "end": x - width, "middle": x - width / 2}[label.get("text-anchor")]
    return start, y - 9, start + width, y + 2


def test_compare_takes_many_and_starts_with_the_two_best(site):
    first = site.content("compare.html").values
    best = site.snapshot.topics["seeing"].answers[0]
    assert first["names"] == (best.candidate, best.next)
    few = site.content(f"compare/{'+'.join(NAMES[:4])}.html").values["lines"]
    assert {len(line.pairs) for line in few} == {4 * 3 // 2}
    for line in site.content(f"compare/{'+'.join(NAMES)}.html").values["lines"]:
        best = max(zip(NAMES, line.cells, strict=True), key=lambda one: one[1].value)[0]
        assert [(pair.first, pair.second) for pair in line.pairs] == [
            (best, who) for who in NAMES if who != best
        ]
    asked = site.content("compare.html", [("candidate", "model-1"), ("candidate", "model-5")])
    assert asked.values["names"] == ("model-1", "model-5")


def test_trust_answers_in_a_sentence_with_a_chart_before_any_table(site):
    said = re.sub(r"<[^>]+>", "", site.document("trust.html").body.decode())
    studied = shipped_report()["recovery"]
    brains = sum(one["draws"] * len(one["candidates"]) for one in studied)
    benchmarks = {one["benchmark"] for one in studied}
    missed = {
        one["benchmark"]
        for one in studied
        if one["reliability"] >= 0.6 and sum(one["in_front"]) < one["draws"] * len(one["candidates"])
    }
    assert f"Of {brains:,} brains" in said
    assert f"every draw on {len(benchmarks) - len(missed)} of {len(benchmarks)} benchmarks" in said


def test_trust_is_short_until_its_numbers_are_opened(site, tmp_path, open_page):
    (tmp_path / "trust.html").write_bytes(site.document("trust.html").body)
    shutil.copytree(STATIC, tmp_path / "static")
    page = open_page(f"{tmp_path.as_uri()}/trust.html", viewport={"width": 1400, "height": 900})
    assert page.evaluate("document.documentElement.scrollHeight") < 3000
    assert page.locator("details.more[open]").count() == 0


def test_a_benchmark_names_everybody_in_its_plot_and_says_what_it_tells_apart(
    open_page, live_url, serious_faults
):
    page = open_page(f"{live_url}benchmarks/{FIRST}.html", viewport={"width": 390, "height": 844})
    rows = page.locator("table.system").first.locator("tbody th a").all_inner_texts()
    assert rows[:4] == ["ada", "bo", "cy", "dee"] or set(rows) > {"ada", "bo", "cy", "dee"}
    assert page.locator("table.system").first.locator("td.s svg.bar").count() == len(rows)
    right = "e => e.getBoundingClientRect().right"
    assert max(one.evaluate(right) for one in page.locator("svg.bar:visible").all()) <= 390
    assert re.search(
        r"\d+ of 10 pairs of candidates are significantly different", page.locator("main").inner_text()
    )
    assert serious_faults(page) == []


def test_a_mark_says_its_name_and_interval_when_touched(open_page, live_url):
    page = open_page(f"{live_url}scatter.html")
    assert page.locator("#tip").is_hidden()
    page.locator("svg.figure circle").first.hover()
    assert re.fullmatch(r"\S+: −?-?\d\.\d+ \[.*\]; .*\]", page.locator("#tip").inner_text())
