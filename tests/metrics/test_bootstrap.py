"""The parameters of bootstraps, which all metrics share, and the scores made of resamples."""

import math

import numpy as np
import pandas as pd
import pytest

from innerscore.core.errors import InvalidArgumentError, InvalidCardError
from innerscore.metrics import load_metric
from innerscore.metrics.bootstrap import Bootstrap, BootstrappedMetric, Resampled

BOOTSTRAPPED = (
    "ball-decoding",
    "endpoint-consistency",
    "gridness",
    "ocp-accuracy",
    "position-error",
    "quadrant-predictivity",
    "ridge",
    "ridge-animals",
    "rsa",
    "rsa-dissimilarities",
    "rsa-factors",
    "simulation-index",
    "spatial-predictivity",
)
WRONG = {"n_boot": (0, 2.5, True), "seed": (-1, "0"), "level": (0, 1, 95)}


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in WRONG.items() for value in values]
)
def test_a_wrong_parameter_is_named(name, value):
    with pytest.raises(InvalidArgumentError, match=f"'{name}' parameter"):
        Bootstrap(**{name: value})


@pytest.mark.parametrize("metric", BOOTSTRAPPED)
def test_a_cards_wrong_parameter_is_refused_before_anything_is_computed(metric, settings):
    for name, values in WRONG.items():
        with pytest.raises(InvalidCardError, match=f"'{name}' parameter"):
            load_metric(metric, settings, **{name: values[0]})
    load_metric(metric, settings, n_boot=7, seed=3, level=0.9)


@pytest.mark.parametrize("metric", BOOTSTRAPPED)
def test_a_parameter_that_a_metric_does_not_have_is_named(metric, settings):
    with pytest.raises(InvalidCardError, match=r"unexpected keyword argument 'n_boots'"):
        load_metric(metric, settings, n_boots=7)


def test_what_is_fixed_as_published_cannot_be_set(settings):
    with pytest.raises(InvalidCardError, match="'distance'"):
        load_metric("rsa-factors", settings, distance="correlation")


def score(raw, ceiling, **parameters):
    class Given(BootstrappedMetric):
        """Resamples as they are given."""

        _about_value = parameters.pop("about_value", False)

    make = Given(**parameters)._score
    return make(raw, ceiling, raw / ceiling, n_units=5, targets=pd.DataFrame(), facts={"n": 1})


def test_each_part_has_the_quantiles_of_its_resamples():
    raw, ceiling = Resampled(0.5, np.linspace(0.0, 1.0, 101)), Resampled(0.8, np.full(101, 0.5))
    found = score(raw, ceiling, level=0.9)
    assert (found.raw.value, found.raw.level, found.raw.unit) == (0.5, 0.9, "conditions")
    assert (found.raw.low, found.raw.high) == pytest.approx((0.05, 0.95))
    assert found.normalised.value == pytest.approx(0.5 / 0.8)
    assert (found.normalised.low, found.normalised.high) == pytest.approx((0.1, 1.9))
    assert found.resamples.n_units == 5
    np.testing.assert_array_equal(found.resamples.part("raw"), raw.draws.astype(np.float32))


def test_an_interval_about_the_value_has_the_width_of_its_resamples_and_leaves_them_as_they_are():
    raw = Resampled(0.9, np.linspace(0.0, 1.0, 101))
    found = score(raw, Resampled(1.0, np.ones(101)), about_value=True, level=0.9)
    assert (found.raw.low, found.raw.high) == pytest.approx((0.45, 1.35))
    np.testing.assert_array_equal(found.resamples.part("raw"), raw.draws.astype(np.float32))


def test_an_interval_holds_a_value_that_all_resamples_lie_below():
    found = score(Resampled(0.9999, np.linspace(0.95, 0.9998, 101)), Resampled(1.0, np.ones(101)))
    assert (found.raw.value, found.raw.high) == (0.9999, 0.9999)
    assert found.raw.low < 0.96


def test_a_few_resamples_far_out_move_no_interval_away_from_its_value():
    draws = np.linspace(0.0, 1.0, 101)
    draws[[3, 70]] = -2e4, 8e4
    found = score(Resampled(0.6, draws), Resampled(1.0, np.ones(101)), about_value=True)
    assert found.normalised.low == pytest.approx(0.6 - 0.475, abs=0.02)
    assert found.normalised.high == pytest.approx(0.6 + 0.475, abs=0.02)


def test_a_ratio_to_a_ceiling_of_nought_is_no_error():
    ratio = Resampled(0.0, np.array([0.0, 1.0])) / Resampled(0.0, np.array([0.0, 2.0]))
    assert math.isnan(ratio.value)
    np.testing.assert_array_equal(ratio.draws, [np.nan, 0.5])
