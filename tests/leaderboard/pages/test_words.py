"""Words of the site: the glossary is the documentation's, and filters offer a few words, not the text of cards."""

from pathlib import Path

import pytest
from board_examples import contents

from innerscore.leaderboard.pages.glossary import TERMS, term
from innerscore.leaderboard.pages.view import RowFacets
from innerscore.leaderboard.pages.vocabulary import vocabulary

GLOSSARY = Path(__file__).parents[3] / "docs" / "glossary.md"


def test_each_term_says_what_the_documentation_says():
    text = " ".join(GLOSSARY.read_text().split())
    for name, says in TERMS.items():
        assert f"**{name.capitalize()}**: {says[0].lower()}{says[1:]}" in text.replace(": The", ": the"), name


@pytest.mark.parametrize("path", ["index.html", "table.html", "candidates/ada.html"])
def test_a_term_is_explained_where_it_is_pointed_at_and_tapped(open_page, live_url, path):
    page = open_page(live_url + path)
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    first = page.locator("a.term").first
    first.hover()
    shown = page.evaluate("getComputedStyle(document.querySelector('a.term'), '::after').content")
    assert shown.strip('"') == first.get_attribute("data-says")
    first.click()
    assert page.locator(":target dd").inner_text() == shown.strip('"')


def test_a_term_of_no_glossary_is_a_fault_of_the_page():
    with pytest.raises(KeyError):
        term("frobnication", "")


def test_filters_have_a_few_words():
    cards = (
        [f"films, set {k}" for k in range(30)]
        + [f"a thing of its own {k}" for k in range(30)]
        + ["", "nothing"]
    )
    words = vocabulary([*cards, "nothing"])
    assert {words[text] for text in cards} == {"films", "other", "", "nothing"}
    assert vocabulary(["one", "two: of two"]) == {"one": "one", "two: of two": "two"}


def test_a_candidate_without_a_card_passes_no_filter():
    names = ("ada", "stranger")
    facets = RowFacets(contents(["ada"], []), names)
    assert facets.of("ada")["class"] == "linear"
    assert set(facets.of("stranger").values()) == {""}


def test_the_head_is_one_line_on_a_phone_and_its_links_are_a_tap_away(open_page, live_url):
    page = open_page(live_url + "index.html", viewport={"width": 390, "height": 844})
    head = page.locator("header.site")
    assert head.bounding_box()["height"] < 54
    link = page.locator("header.site nav a", has_text="Compare")
    assert not link.is_visible()
    page.click("#menu")
    assert link.is_visible()
    page.keyboard.press("Escape")
    assert not link.is_visible()
    wide = open_page(live_url + "index.html", viewport={"width": 1400, "height": 900})
    assert wide.locator("header.site nav a", has_text="Compare").is_visible()
    assert not wide.locator("#menu").is_visible()


def test_the_links_of_the_head_are_there_without_scripts(open_page, live_url):
    page = open_page(
        live_url + "index.html", viewport={"width": 390, "height": 844}, java_script_enabled=False
    )
    assert page.locator("header.site nav a", has_text="Compare").is_visible()
