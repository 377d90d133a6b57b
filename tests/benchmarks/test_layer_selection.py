"""The layer that is scored: chosen on conditions that are not, and the first where nothing can be chosen."""

import math

import pytest

from innerscore.benchmarks.layer_selection import held_out_conditions, select_layer


def test_every_nth_condition_is_held_out_from_the_first_on():
    assert held_out_conditions("abcdefg", 3) == ("a", "d", "g")
    assert held_out_conditions("abcdefg", 0) == ()


@pytest.mark.parametrize(
    ("values", "chosen"),
    [
        ({"a": 0.1, "b": 0.3, "c": 0.2}, "b"),
        ({"a": 0.3, "b": 0.3}, "a"),
        ({"a": math.nan, "b": -0.5}, "b"),
        ({"a": math.nan, "b": math.nan}, "a"),
    ],
)
def test_the_best_layer_is_taken_and_a_tie_goes_to_the_first(values, chosen):
    layer, behind = select_layer(tuple(values), values.__getitem__, can_choose=True)
    assert layer == chosen
    assert list(behind) == list(values)


def test_a_single_layer_and_a_card_that_holds_nothing_out_need_no_value():
    def never(layer):
        raise AssertionError(layer)

    assert select_layer(("a",), never, can_choose=True) == ("a", {})
    assert select_layer(("a", "b"), never, can_choose=False) == ("a", {})
