"""The board of a suite: its benchmarks in its versions, one win rate over all of them or none."""

import math

import pytest
from board_examples import benchmark_card
from record_examples import make_record

from innerscore.core.cards import SuiteCard
from innerscore.leaderboard.suites import missing_from, suite_board

SUITE = SuiteCard(
    identifier="two",
    title="Two",
    description="Two benchmarks of a test of suites.",
    version=4,
    licence="MIT",
    citation="@misc{a}",
    benchmarks={"Bee.x": 1, "Cat.y": 2},
)
VALUES = {"a": (0.9, 0.2), "b": (0.5, 0.6), "c": (0.1, 0.1)}


def records(*, version=2):
    for name, (first, second) in VALUES.items():
        yield make_record(name, "Bee.x", value=first)
        yield make_record(name, "Cat.y", value=second, version=version)
        yield make_record(name, "Dog.z", value=1 - first)


def card(name):
    return benchmark_card(name, f"System of {name}", name.partition(".")[0])


def arranged(some, known=("Bee.x", "Cat.y", "Dog.z")):
    return suite_board(SUITE, some, {}, {name: card(name) for name in known}, lambda _: {})


def test_one_win_rate_over_the_suite_alone():
    (section,) = arranged(records()).sections
    assert section.system == "two v4"
    assert {column.benchmark for column in section.columns} == {"Bee.x", "Cat.y"}
    rates = {row.candidate: row.win_rate for row in section.rows}
    assert rates == pytest.approx({"a": 0.75, "b": 0.75, "c": 0.0})


@pytest.mark.parametrize("part", ["another version", "not registered here"])
def test_a_part_of_a_suite_has_no_win_rate(part):
    board = arranged(records(version=1)) if part == "another version" else arranged(records(), ["Bee.x"])
    assert missing_from(SUITE, board) == (("Cat.y v2",) if part == "another version" else ())
    assert all(math.isnan(row.win_rate) for section in board.sections for row in section.rows)
    assert all(row.standing is None for section in board.sections for row in section.rows)


def test_without_a_record_there_is_nothing():
    assert arranged([make_record("a", "Dog.z")]).sections == ()
