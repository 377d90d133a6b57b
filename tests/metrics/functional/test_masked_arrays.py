"""A mask stands for values that are not there: no function computes with the numbers that lie under it."""

from inspect import isfunction

import numpy as np
import pytest

from innerscore.core.errors import InvalidArgumentError
from innerscore.metrics import functional

from .every_function import CALLS, GROUPS, X, Y

# Single numbers, and counts, instead of arrays.
_NO_ARRAYS = {"t_interval"}
ARGUMENTS = [(name, argument) for name, call in CALLS.items() for argument in call.arrays]


def test_the_table_has_every_public_function():
    public = {name for name in functional.__all__ if isfunction(getattr(functional, name))}
    assert public - _NO_ARRAYS == {name.partition("-")[0] for name in CALLS} - {"Decoding"}


@pytest.mark.parametrize(("name", "argument"), ARGUMENTS)
def test_masked_entries_are_refused_or_taken_as_nan(name, argument):
    call = CALLS[name]
    values = np.array(call.arrays[argument])
    mask = np.zeros(values.shape, dtype=bool)
    mask.flat[values.size // 2] = True
    masked = np.ma.MaskedArray(values, mask)
    got = call.answer(**{argument: masked})
    if isinstance(got, str):
        assert "masked" in got
        return
    want = call(**{argument: np.where(mask, np.nan, values.astype(np.float64))})
    assert got.keys() == want.keys()
    for part, value in want.items():
        np.testing.assert_array_equal(got[part], value)


@pytest.mark.parametrize(("name", "argument"), ARGUMENTS)
def test_a_masked_array_without_masked_entries_is_plain(name, argument):
    call = CALLS[name]
    got, want = call(**{argument: np.ma.MaskedArray(np.array(call.arrays[argument]))}), call()
    for part, value in want.items():
        np.testing.assert_array_equal(got[part], value)


def test_a_list_of_masked_arrays_keeps_its_masks():
    halves = [np.ma.masked_greater(Y[:12, 0], 1.0), Y[12:24, 0]]
    with pytest.raises(InvalidArgumentError, match="masked"):
        functional.behavioural_consistency([halves, halves], Y[:12, 1])


def test_nan_is_refused_without_the_advice_to_mask():
    with pytest.raises(InvalidArgumentError, match="NaN") as caught:
        functional.ridge_predictivity(np.where(X > 2, np.nan, X), Y, GROUPS)
    assert "mask" not in str(caught.value)
