"""Every page in Chromium: live, from a folder, and below a sub-path."""

import csv
import io
import json
import re
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from board_examples import benchmark_names

FIRST, _, THIRD = benchmark_names(8)[:3]
PAGES = (
    "table.html",
    "index.html",
    "systems/moving.html",
    "raw.html",
    "benchmarks.html",
    "recordings.html",
    "claims.html",
    "trust.html",
    "correlations.html",
    "glossary.html",
    "suites.html",
    "play.html",
    "data.html",
    "candidates/ada.html",
    "candidates/fay.html",
    f"benchmarks/{FIRST}.html",
    "datasets/Ant2020.html",
    "compare/ada+bo.html",
    f"scatter/{'+'.join(sorted((FIRST, THIRD)))}.html",
    f"cells/bo/{THIRD}.html",
)


def shown_names(page):
    return page.eval_on_selector_all(
        "#board tbody tr",
        "rows => rows.filter(r => !r.hidden).map(r => r.cells[0].querySelector('a').textContent)",
    )


def column(page, label):
    """Place of the heading that says this."""
    heads = page.eval_on_selector_all(
        "#board thead th", "heads => heads.map(h => h.querySelector('.sort').textContent)"
    )
    return heads.index(label)


def values(page, place):
    """What the shown rows say in a column."""
    return page.eval_on_selector_all(
        "#board tbody tr",
        f"rows => rows.filter(r => !r.hidden).map(r => r.cells[{place}].textContent.trim())",
    )


def first_numbers(texts):
    found = [re.match(r"−?\d+\.\d+", text) for text in texts]
    return [float(match.group().replace("−", "-")) for match in found if match]


def test_columns_are_collapsed_and_open_level_by_level(open_page, two_ways):
    page = open_page(two_ways + "table.html")
    visible = "heads => heads.filter(h => getComputedStyle(h).display !== 'none').length"
    top = "heads => heads.filter(h => !h.dataset.parents).length"
    closed = page.eval_on_selector_all("#board thead th", top)
    assert page.eval_on_selector_all("#board thead th", visible) == closed == 5
    place = column(page, "Seeing")
    assert (
        page.locator("#board thead th").nth(place).locator(".opens").get_attribute("aria-expanded") == "false"
    )
    page.locator("#board thead th").nth(place).locator(".opens").click()
    assert page.eval_on_selector_all("#board thead th", visible) > closed
    assert (
        page.locator("#board thead th").nth(place).locator(".opens").get_attribute("aria-expanded") == "true"
    )
    page.click("#open-all")
    assert page.eval_on_selector_all("#board thead th", visible) == page.locator("#board thead th").count()


def test_sorting_orders_by_value_keeps_what_has_none_last_and_says_so(open_page, two_ways):
    page = open_page(two_ways + "table.html")
    page.click("#open-all")
    place = column(page, FIRST)
    head = page.locator("#board thead th").nth(place)
    for direction, sign in (("descending", -1), ("ascending", 1)):
        head.locator(".sort").click()
        assert head.get_attribute("aria-sort") == direction
        texts = values(page, place)
        numbers = first_numbers(texts)
        assert numbers == sorted(numbers, key=lambda value, sign=sign: sign * value)
        assert len(numbers) == 5
        assert not first_numbers(texts[5:])
    assert page.locator('#board th[aria-sort="ascending"], #board th[aria-sort="descending"]').count() == 1


def test_a_tall_board_shows_what_is_in_sight_first_and_loses_no_row(tall_board, open_page):
    page = open_page(tall_board + "table.html")
    names = sorted(name.split("\n")[0] for name in shown_names(page))
    page.click("#open-all")
    rows_at_once = page.evaluate(
        """() => {
          document.querySelector('#board thead th .sort').click();
          const table = document.querySelector('#board');
          return [table.tBodies[0].rows.length, table.ariaBusy];
        }"""
    )
    assert 0 < rows_at_once[0] < len(names)
    assert rows_at_once[1] == "true"
    page.wait_for_selector("#board[aria-busy=false]")
    assert [name.split("\n")[0] for name in shown_names(page)] == names
    page.emulate_media(media="print")
    page.evaluate(
        "document.querySelector('#board thead th .sort').click(); dispatchEvent(new Event('beforeprint'))"
    )
    assert [name.split("\n")[0] for name in shown_names(page)] == names[::-1]


def test_facets_and_search_filter_and_the_address_gives_the_same_view_again(open_page, base):
    page = open_page(base + "table.html")
    page.click("details.filters summary")
    page.check('input[name=class][value="linear"]')
    assert set(shown_names(page)) == {"ada", "dee"}
    page.check('input[name=data][value="recorded"]')
    page.click("#open-all")
    shown = "heads => heads.filter(h => getComputedStyle(h).display !== 'none').map(h => h.dataset.key)"
    keys = page.eval_on_selector_all("#board thead th", shown)
    assert not [key for key in keys if "SimulatedDog." in key]
    page.locator("#board thead th").nth(column(page, FIRST)).locator(".sort").click()
    page.locator("#board thead th").nth(column(page, FIRST)).locator(".sort").click()
    address, names = page.url, shown_names(page)
    again = open_page(address)
    assert shown_names(again) == names == ["dee", "ada"]
    assert again.eval_on_selector_all("#board thead th", shown) == keys
    again.fill("input[type=search]", "nobody of that name")
    assert shown_names(again) == []
    assert again.locator("#none").is_visible()
    again.click("#clear")
    assert len(shown_names(again)) == 7


def test_the_view_is_downloaded_with_all_digits(open_page, base, board_store):
    page = open_page(base + "table.html?class=linear&data=recorded")
    page.click("details.download summary")
    files = {}
    for kind in ("csv", "json", "bib", "parquet"):
        with page.expect_download() as waiting:
            page.click(f"a[data-download={kind}]")
        files[kind] = Path(waiting.value.path()).read_bytes()
    rows = list(csv.DictReader(io.StringIO(files["csv"].decode())))
    assert {row["candidate"] for row in rows} == {"ada", "dee"}
    assert {row["simulated"] for row in rows} == {"False"}
    cells = json.loads(files["json"])["cells"]
    assert len(cells) == len(rows)
    known = {one.record_sha256: one for one in board_store.latest()}
    for row, cell in zip(rows, cells, strict=True):
        if cell["record_sha256"]:
            value = known[cell["record_sha256"]].score.normalised.value
            assert float(row["normalised"]) == cell["normalised"] == value
    assert b"{ada}" in files["bib"]
    assert b"{bo}" not in files["bib"]
    table = pq.read_table(io.BytesIO(files["parquet"]))
    assert table.num_rows >= len(rows)


def test_a_formula_in_a_downloaded_view_is_defused(open_page, two_ways):
    page = open_page(two_ways + "table.html")
    page.click("details.download summary")
    with page.expect_download() as waiting:
        page.click("a[data-download=csv]")
    rows = list(csv.DictReader(io.StringIO(Path(waiting.value.path()).read_text())))
    assert rows
    assert not [cell for row in rows for cell in row.values() if cell[:1] in "=+@" and cell]


def test_two_candidates_are_compared_and_one_alone_is_not(open_page, base):
    page = open_page(base + "compare.html")
    assert page.locator("table.differences .bar").count() == 7  # the two best, before anything is asked
    page.click("details.more summary")
    page.evaluate("document.querySelectorAll('#compare input').forEach(box => { box.checked = false; })")
    page.check('#compare input[value="bo"]')
    page.click("#compare button")
    assert page.locator("#compare-note").is_visible()
    page.check('#compare input[value="ada"]')
    page.click("#compare button")
    page.wait_for_url("**/compare/ada+bo.html")
    assert page.locator("table.differences tbody tr").count() == 8
    assert page.locator("figure svg.figure circle").count() > 40
    page.goto(base + "compare.html?candidate=cy&candidate=ada&candidate=dee")
    page.wait_for_url("**/compare/ada+cy+dee.html")
    assert page.locator("table.differences tbody tr").count() == 3 * 8
    assert page.locator("table.compare thead th").count() == 1 + 3


def test_any_two_benchmarks_are_plotted(open_page, two_ways):
    page = open_page(two_ways + "scatter.html")
    page.locator("#scatter select").nth(0).select_option(THIRD)
    page.locator("#scatter select").nth(1).select_option(FIRST)
    page.click("#scatter button")
    page.wait_for_url("**/scatter/*.html")
    assert page.locator("svg.figure a circle").count() == 4
    page.locator("svg.figure a").first.press("Enter")
    page.wait_for_url("**/candidates/*.html")


def test_the_clip_plays_and_stops(open_page, two_ways):
    page = open_page(two_ways + f"benchmarks/{FIRST}.html")
    picture = page.locator(".clip img")
    assert picture.evaluate("image => image.complete && image.naturalWidth") == 16
    page.click("button.pause")
    assert picture.get_attribute("src").endswith(".still.png")
    still = open_page(two_ways + f"benchmarks/{FIRST}.html", reduced_motion="reduce")
    assert still.locator(".clip img").evaluate("image => image.currentSrc").endswith(".still.png")


def test_the_board_is_used_with_the_keyboard_alone(open_page, two_ways):
    page = open_page(two_ways + "table.html")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('#board .opens')"):
            break
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.getAttribute('aria-expanded')") == "true"
    page.keyboard.press("Shift+Tab")
    assert page.evaluate("document.activeElement.className") == "sort"
    page.keyboard.press("Space")
    assert page.evaluate("document.activeElement.closest('th').getAttribute('aria-sort')") == "descending"
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    assert page.evaluate(outline) != "none"


@pytest.mark.parametrize(
    ("scheme", "paths"),
    [
        ("light", PAGES),
        ("dark", (PAGES[0], PAGES[5], "candidates/ada.html", "candidates/fay.html", "play.html")),
    ],
    ids=["light", "dark"],
)
def test_nothing_serious_for_accessibility_on_any_page(open_page, live_url, serious_faults, scheme, paths):
    page = open_page(live_url + PAGES[0], color_scheme=scheme)
    page.click("#open-all")
    faults = {PAGES[0]: serious_faults(page)}
    for path in paths[1:]:
        page.goto(live_url + path)
        page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
        faults[path] = serious_faults(page)
    assert {path: found for path, found in faults.items() if found} == {}


def test_pages_fit_a_phone(open_page, two_ways):
    page = open_page(two_ways + PAGES[0], viewport={"width": 360, "height": 700})
    for path in PAGES:
        page.goto(two_ways + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path


def test_the_theme_follows_the_system_and_the_button_and_is_kept(open_page, two_ways):
    page = open_page(two_ways + "table.html", color_scheme="dark")
    background = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(background)
    page.click("#theme")
    light = page.evaluate(background)
    assert light != dark
    page.goto(two_ways + "trust.html")
    assert page.evaluate(background) == light


def test_everything_can_be_read_without_scripts(open_page, two_ways):
    page = open_page(two_ways + "table.html", java_script_enabled=False)
    hidden = page.locator("#board th:visible").count()
    assert hidden == page.locator("#board th").count()
    assert page.locator("#theme").is_hidden()


def test_the_server_applies_a_view_without_scripts(open_page, live_url):
    key = f"{FIRST}@1"
    page = open_page(live_url + "table.html", java_script_enabled=False)
    keys = [head.get_attribute("data-key") for head in page.locator("#board thead th").all()]
    key = next(one for one in keys if one.startswith(key))
    page.goto(f"{live_url}table.html?class=linear&sort=%2B{key}")
    rows = page.locator("#board tbody tr:visible th a").all_text_contents()
    assert rows == ["dee", "ada"]


def test_a_hostile_text_stays_text_everywhere(open_page, two_ways):
    page = open_page(two_ways + "table.html")
    hostile = [name for name in shown_names(page) if name.startswith("<img")]
    assert len(hostile) == 1
    links = page.eval_on_selector_all("#board tbody th a", "links => links.map(l => l.href)")
    addresses = [link for link in links if "/name-" in link] + [
        two_ways + "candidates/fay.html",
        two_ways + "benchmarks.html",
    ]
    for address in addresses:
        page.goto(address)
        page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
        assert page.evaluate("window.hacked") is None
        assert page.locator("main img[src=x], main script").count() == 0
    page.goto(two_ways + "benchmarks.html")
    page.locator("a[href*='benchmarks/name-']").first.click()
    assert "<img" in page.locator("h1").text_content()
    assert page.evaluate("window.hacked") is None


def test_printing_shows_the_table_whole(open_page, live_url):
    page = open_page(live_url + "table.html")
    page.emulate_media(media="print")
    assert page.locator("#board th:visible").count() == page.locator("#board th").count()
    assert page.locator("nav").is_hidden()
