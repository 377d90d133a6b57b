"""CSV that a spreadsheet opens without running anything."""

import csv
import io
from pathlib import Path

import pytest

from innerscore import leaderboard
from innerscore.core import csv_text as room
from innerscore.core.csv_text import csv_text, no_formula

BEFORE = (
    "",
    " ",
    "\t",
    "\n",
    "\r",
    "\v",
    "\x00",
    "\N{NO-BREAK SPACE}",
    "\N{ZERO WIDTH SPACE}",
    "\ufeff",
    " \t ",
)


@pytest.mark.parametrize(
    "sign", ["=", "+", "-", "@", "\N{FULLWIDTH EQUALS SIGN}", "\N{FULLWIDTH COMMERCIAL AT}"]
)
def test_a_formula_is_quoted_whatever_stands_before_it(sign):
    for before in BEFORE:
        assert no_formula(f"{before}{sign}cmd()").startswith("'")


def test_what_is_no_formula_stays_as_it_is():
    for value in ("a=b", "plain", "", " text", -1.5, None, True):
        assert no_formula(value) == value


def test_headings_are_quoted_too():
    rows = list(csv.reader(io.StringIO(csv_text(("name", "=cmd()"), [("a", 1)]))))
    assert rows == [["name", "'=cmd()"], ["a", "1"]]


def test_the_page_quotes_by_the_same_rule():
    script = (Path(leaderboard.__file__).parent / "static" / "board.js").read_text()
    assert f"const FORMULA = /^(?:{room._FORMULA.pattern})/;" in script
