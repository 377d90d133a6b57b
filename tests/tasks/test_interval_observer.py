import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from innerscore.core.errors import InvalidArgumentError
from innerscore.tasks.interval_observer import bls_estimate, mean_bls_estimate

SHORT, LONG = (480.0, 800.0), (800.0, 1200.0)


def plain_estimate(measured, prior, w_m):
    """The posterior mean by adaptive integration."""

    def joint(interval, power):
        return interval**power * norm.pdf(measured, interval, w_m * interval)

    near = [min(max(measured, prior[0]), prior[1])]
    first, norm_of = (quad(joint, *prior, args=(k,), points=near, limit=200)[0] for k in (1, 0))
    return first / norm_of


@pytest.mark.parametrize("prior", [SHORT, LONG])
@pytest.mark.parametrize("w_m", [0.03, 0.05, 0.2])
def test_the_estimate_is_the_posterior_mean(prior, w_m):
    measured = np.linspace(0.9 * prior[0], 1.1 * prior[1], 9)
    expected = [plain_estimate(one, prior, w_m) for one in measured]
    np.testing.assert_allclose(bls_estimate(measured, prior, w_m=w_m), expected, atol=1e-4)


@pytest.mark.parametrize("prior", [SHORT, LONG])
def test_the_mean_estimate_is_that_of_many_measurements(prior):
    intervals = np.linspace(*prior, 5)
    noise = np.random.default_rng(0).standard_normal((20_000, 1))
    drawn = bls_estimate(intervals * (1 + 0.05 * noise), prior, w_m=0.05).mean(axis=0)
    np.testing.assert_allclose(mean_bls_estimate(intervals, prior, w_m=0.05), drawn, atol=1.0)


def test_estimates_regress_to_the_mean_and_more_so_for_long_intervals():
    slopes = []
    for low, high in (SHORT, LONG):
        intervals = np.linspace(low, high, 5)
        estimate = mean_bls_estimate(intervals, (low, high), w_m=0.05)
        slopes.append(np.polyfit(intervals, estimate, 1)[0])
    assert 0.75 < slopes[1] < slopes[0] < 0.95


def test_far_from_the_prior_it_is_the_prior_s_edge():
    np.testing.assert_allclose(bls_estimate([300.0, 1e5], SHORT, w_m=0.05), SHORT, atol=6)
    assert np.isfinite(bls_estimate([-1e4, 1e9], SHORT, w_m=0.01)).all()


@pytest.mark.parametrize("prior", [(800.0, 480.0), (0.0, 480.0), (480.0, 480.0), (480.0, np.inf)])
def test_a_prior_that_is_no_range_is_refused(prior):
    with pytest.raises(InvalidArgumentError, match="prior_ms"):
        bls_estimate([500], prior, w_m=0.05)


@pytest.mark.parametrize("w_m", [0.0, -0.05, np.nan])
def test_a_measurement_without_noise_is_refused(w_m):
    with pytest.raises(InvalidArgumentError, match="w_m"):
        mean_bls_estimate([500], SHORT, w_m=w_m)
