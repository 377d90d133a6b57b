"""The percentile interval: quantiles, NaN policy, refusals."""

import numpy as np
import pytest
import torch

from innerscore.core.errors import InvalidArgumentError
from innerscore.metrics.functional.interval import Interval, percentile_interval


def test_ends_are_the_quantiles():
    values = np.random.default_rng(0).normal(size=999)
    got = percentile_interval(values, level=0.9, unit="conditions")
    np.testing.assert_allclose((got.low, got.high), np.quantile(values, [0.05, 0.95]), rtol=1e-12)
    assert (got.level, got.unit) == (0.9, "conditions")


def test_torch_gives_the_same():
    values = np.random.default_rng(0).normal(size=50)
    assert percentile_interval(torch.from_numpy(values), unit="u") == percentile_interval(values, unit="u")


def test_nan_are_dropped_until_they_are_the_majority():
    half = np.array([1.0, 3.0, np.nan, np.nan])
    assert percentile_interval(half, level=0.5, unit="u") == Interval(1.5, 2.5, 0.5, "u")
    most = percentile_interval(np.array([1.0, np.nan, np.nan]), unit="u")
    assert np.isnan(most.low)
    assert np.isnan(most.high)


@pytest.mark.parametrize(
    ("values", "level", "word"),
    [
        (np.ones((2, 2)), 0.9, "'values'"),
        (np.array([]), 0.9, "'values'"),
        (np.array([1, 2]), 0.9, "dtype"),
        (np.array([1.0, np.inf]), 0.9, "infinite"),
        (np.ones(3), 1.0, "'level'"),
    ],
)
def test_bad_input_is_refused_by_name(values, level, word):
    with pytest.raises(InvalidArgumentError, match=word):
        percentile_interval(values, level=level, unit="u")
