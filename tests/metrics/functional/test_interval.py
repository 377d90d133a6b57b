"""Intervals: quantiles, NaN policy, Student's and the bootstrap's t, two factors, refusals."""

import numpy as np
import pytest
import torch
from rsatoolbox.util.inference_util import extract_variances
from scipy.stats import t as student

from innerscore.core.errors import InvalidArgumentError
from innerscore.metrics.functional.rsa.two_factor import bootstrap_error, two_factor_error
from innerscore.metrics.functional.statistics.interval import (
    Interval,
    bootstrap_t_interval,
    percentile_interval,
    t_interval,
)


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


def test_student_as_in_scipy():
    got = t_interval(0.3, 0.2, degrees=4, level=0.9, unit="animals")
    assert (got.low, got.high) == pytest.approx(student.interval(0.9, 4, loc=0.3, scale=0.2))
    with pytest.raises(InvalidArgumentError, match="'degrees'"):
        t_interval(0.3, 0.2, degrees=0, unit="animals")


def test_bootstrap_t_of_the_t_distribution_is_the_t_interval():
    t = student.ppf((np.arange(20_000) + 0.5) / 20_000, 7)
    got = bootstrap_t_interval(1.0, 0.5, 1.0 + 2.0 * t, np.full(20_000, 2.0), unit="u")
    want = t_interval(1.0, 0.5, degrees=7, unit="u")
    assert (got.low, got.high) == pytest.approx((want.low, want.high), abs=1e-3)


def test_bootstrap_t_drops_resamples_without_spread():
    values, errors = np.array([0.0, 1.0, 3.0, 9.0]), np.array([1.0, 1.0, 1.0, 0.0])
    got = bootstrap_t_interval(1.0, 2.0, values, errors, level=0.5, unit="u")
    assert (got.low, got.high) == (-1.0, 2.0)
    assert bootstrap_t_interval(1.0, 0.0, values, errors, unit="u").low == 1.0
    with pytest.raises(InvalidArgumentError, match="resamples"):
        bootstrap_t_interval(1.0, 1.0, values, errors[:2], unit="u")


def test_two_factors_as_in_rsatoolbox():
    rng = np.random.default_rng(0)
    both, rdms, conditions = (scale * rng.normal(size=(500, 3)) for scale in (2.0, 1.0, 1.5))
    variances = np.stack([np.cov(values.T, ddof=0) for values in (both, rdms, conditions)])
    want, _, _ = extract_variances(variances, nc_included=False, n_rdm=8, n_pattern=30)
    got = two_factor_error(both, rdms, conditions, n_first=8, n_second=30)
    np.testing.assert_allclose(got**2, want, rtol=1e-12)
    np.testing.assert_allclose(bootstrap_error(rdms, n_units=8) ** 2, rdms.var(0) * 8 / 7, rtol=1e-12)
    with pytest.raises(InvalidArgumentError, match="'n_units'"):
        bootstrap_error(rdms, n_units=1)
