"""The layer that is scored: chosen on conditions that are not, and the first where nothing can be chosen."""

import math

import pytest

from innerscore.benchmarks.layer_selection import held_out_conditions, select_layer
from innerscore.core.cards import LayerSelection
from innerscore.core.errors import InvalidDataError


def test_every_nth_condition_is_held_out_from_the_first_on():
    assert held_out_conditions("abcdefg", LayerSelection(every=3)) == ("a", "d", "g")
    assert held_out_conditions("abcdefg", LayerSelection(every=0)) == ()


def test_conditions_are_held_out_by_name_in_the_order_of_the_data():
    assert held_out_conditions("abcdefg", LayerSelection(conditions=("f", "b"))) == ("b", "f")
    with pytest.raises(InvalidDataError, match=r"\['x'\] not recorded"):
        held_out_conditions("abc", LayerSelection(conditions=("a", "x")))


def test_a_card_holds_out_by_name_or_by_number_and_hashes_of_earlier_cards_stay():
    assert LayerSelection(holdout_every=5).model_dump() == {"every": 5}
    named = LayerSelection(conditions=("a",))
    assert named.model_dump() == {"conditions": ("a",)}
    assert named.is_made
    assert not LayerSelection(every=0).is_made
    with pytest.raises(ValueError, match="either by name or by number"):
        LayerSelection(every=3, conditions=("a",))


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
