"""Relative speed of trajectories: known speeds, a clock that has one, and the published definition in numpy."""

import numpy as np
import pytest
from sklearn.decomposition import PCA

from innerscore.core.errors import InvalidArgumentError
from innerscore.metrics.functional.trajectories.relative_speed import relative_speeds

LENGTHS = {"a480": 20, "b560": 24, "c640": 28, "d720": 30, "e800": 33}


def curve(phase, n_units=12, seed=0):
    """A curved path in twelve units, run through from phase 0 on."""
    rng = np.random.default_rng(seed)
    basis = np.stack([phase, np.sin(2 * phase), np.cos(3 * phase), phase**2], axis=1)
    return basis @ rng.normal(size=(4, n_units))


def trajectories(pace):
    """States of all conditions, one after the other; `pace` is a function of the condition's length."""
    states = [curve((np.arange(n) + 0.5) * pace(n)) for n in LENGTHS.values()]
    return np.concatenate(states), np.repeat(list(LENGTHS), list(LENGTHS.values()))


def plain(x, names, reference, share=0.75, least=3):
    """The same by scikit-learn's components and loops."""
    whole = PCA().fit(x)
    n = max(least, int(np.searchsorted(np.cumsum(whole.explained_variance_ratio_), share)) + 1)
    scores = whole.transform(x)[:, :n]
    shortest = min((names == name).sum() for name in np.unique(names))
    followed = scores[names == reference][:shortest]
    slopes = []
    for name in np.unique(names):
        own = scores[names == name]
        times = [np.argmin(((own - state) ** 2).sum(axis=1)) + 0.5 for state in followed]
        t = np.arange(shortest) + 0.5
        slopes.append(np.linalg.lstsq(t[:, None], np.array(times), rcond=None)[0][0])
    return np.array(slopes), n


@pytest.mark.parametrize("noise", [0.0, 0.3, 2.0])
def test_it_is_the_published_analysis_in_plain_numpy(noise):
    x, names = trajectories(lambda n: 1 / n)
    x = x + noise * np.random.default_rng(1).normal(size=x.shape)
    found = relative_speeds(x, names, "c640")
    slopes, n = plain(x, names, "c640")
    np.testing.assert_allclose(found.slopes, slopes, atol=1e-12)
    assert found.n_components == n
    assert found.conditions == tuple(LENGTHS)


def test_a_clock_runs_at_one_speed_exactly_however_long_its_conditions_last():
    """Over the whole reference it would not: the last state of a shorter condition is then the nearest."""
    x, names = trajectories(lambda _: 1 / 30)
    np.testing.assert_array_equal(relative_speeds(x, names, "c640").slopes, 1.0)
    reference, short = x[names == "c640"], x[names == "a480"]
    t = np.arange(len(reference)) + 0.5
    nearest = np.argmin(((short[None] - reference[:, None]) ** 2).sum(axis=2), axis=1) + 0.5
    assert t @ nearest / (t @ t) < 0.9


def test_a_code_of_phase_has_the_slopes_of_the_lengths():
    x, names = trajectories(lambda n: 1 / n)
    found = relative_speeds(x, names, "c640")
    np.testing.assert_allclose(found.slopes, np.array(list(LENGTHS.values())) / LENGTHS["c640"], atol=0.03)
    assert found.slopes[2] == 1.0


def test_states_that_never_vary_have_no_speed():
    _, names = trajectories(lambda n: 1 / n)
    found = relative_speeds(np.ones((len(names), 3)), names, "c640")
    assert np.isnan(found.slopes).all()
    assert found.n_components == 0


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"reference": "z"}, "'reference'"),
        ({"share": 0.0}, "'share'"),
        ({"share": 1.5}, "'share'"),
        ({"least_components": 0}, "'least_components'"),
        ({"conditions": ["a480"]}, "'conditions'"),
    ],
)
def test_illegal_arguments_are_refused(changes, said):
    x, names = trajectories(lambda n: 1 / n)
    given = {"x": x, "conditions": names, "reference": "c640"} | changes
    with pytest.raises(InvalidArgumentError, match=said):
        relative_speeds(**given)
