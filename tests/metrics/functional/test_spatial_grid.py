"""Autocorrelograms, grid scores and lattices: against opexebo, plain definitions and lattices of known shape."""

import warnings

import numpy as np
import opexebo
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter, rotate

from innerscore.core.errors import InvalidArgumentError
from innerscore.metrics.functional import (
    border_score,
    grid_lattice,
    grid_orientation,
    grid_score,
    grid_spacing,
    spatial_autocorrelation,
)

# opexebo 0.7.2 takes arrays of one element for numbers; those tests run in the second environment of `make test`.
needs_opexebo = pytest.mark.skipif(
    np.lib.NumpyVersion(np.__version__) >= "2.4.0", reason="opexebo's grid score does not run with this numpy"
)


def lattice(shape, spacing, degrees, phase, size=(1.0, 1.0)):
    """Rectified sum of three cosines (Solstad, Moser & Einevoll 2006) at bin centres."""
    y, x = ((np.arange(n) + 0.5) * side for n, side in zip(shape, size, strict=True))
    k = 4 * np.pi / np.sqrt(3) / spacing
    waves = [
        np.cos(k * ((x[None] - phase[0]) * np.cos(t) + (y[:, None] - phase[1]) * np.sin(t)))
        for t in np.deg2rad(degrees + np.array([30, 90, 150]))
    ]
    return ((sum(waves) + 1.5) / 4.5) ** 2


def _place(rng, n=40):
    y, x = np.mgrid[:n, :n]
    fields = zip(rng.uniform(0, n, 3), rng.uniform(0, n, 3), rng.uniform(2, 6, 3), strict=True)
    return sum(np.exp(-((x - a) ** 2 + (y - b) ** 2) / (2 * s * s)) for a, b, s in fields)


def _varied(rng, kind, n=40):
    grid = lattice((n, n), rng.uniform(8, 30), rng.uniform(0, 60), rng.uniform(0, n, 2))
    return {
        0: lambda: grid,
        1: lambda: gaussian_filter(rng.poisson(5 * grid).astype(float), 1.5),
        2: lambda: gaussian_filter(rng.normal(size=(n, n)), rng.uniform(1, 3)),
        3: lambda: _place(rng, n),
        4: lambda: rng.random((n, n)) + 2 * (np.arange(n)[:, None] < rng.integers(2, 6)),
    }[kind]()


@pytest.fixture(scope="module")
def varied():
    """200 maps: lattices, noisy ones, smooth noise, place fields, rough border cells."""
    rng = np.random.default_rng(0)
    return np.array([_varied(rng, number % 5) for number in range(200)])


def _plain_autocorrelation(rates, min_overlap=20):
    height, width = rates.shape
    result = np.full((2 * height - 1, 2 * width - 1), np.nan)
    for dy in range(-height + 1, height):
        for dx in range(-width + 1, width):
            a = rates[max(0, -dy) : height - max(0, dy), max(0, -dx) : width - max(0, dx)]
            b = rates[max(0, dy) : height + min(0, dy), max(0, dx) : width + min(0, dx)]
            both = np.isfinite(a) & np.isfinite(b)
            if both.sum() >= min_overlap:
                result[dy + height - 1, dx + width - 1] = np.corrcoef(a[both], b[both])[0, 1]
    return result


@given(seed=st.integers(0, 99), shape=st.sampled_from([(9, 9), (7, 12)]), holes=st.sampled_from([0.0, 0.3]))
@settings(max_examples=15, deadline=None)
def test_autocorrelation_is_pearson_over_visited_pairs(seed, shape, holes):
    rng = np.random.default_rng(seed)
    rates = 50 + rng.random(shape)
    rates[rng.random(shape) < holes] = np.nan
    np.testing.assert_allclose(spatial_autocorrelation(rates), _plain_autocorrelation(rates), atol=1e-8)


def test_autocorrelation_equals_opexebo_on_full_maps(varied):
    want = np.array([opexebo.analysis.autocorrelation(one) for one in varied[:60]])
    got = spatial_autocorrelation(varied[:60], max_lag=0.9)
    np.testing.assert_allclose(np.nan_to_num(got), np.where(np.isnan(got), 0, want), atol=1e-5)


@needs_opexebo
def test_expanding_circle_agrees_with_opexebo(varied):
    maps = np.array([opexebo.analysis.autocorrelation(one) for one in varied])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        want = np.array([opexebo.analysis.grid_score(one)[0] for one in maps])
    got = grid_score(maps).score
    assert np.isfinite(want).all()
    assert np.abs(got - want).max() < 0.02
    assert want.max() - want.min() > 1.5  # the maps are varied


@needs_opexebo
def test_the_whole_way_from_a_map_is_opexebos_with_its_rim_left_out_and_not_without(varied):
    """The rim that opexebo leaves out changes scores of noise by tenths."""
    noise = varied[2:150:5]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sides = [opexebo.analysis.autocorrelation(one) for one in noise]
        want = np.array([opexebo.analysis.grid_score(one)[0] for one in sides])
    as_theirs, default = (grid_score(spatial_autocorrelation(noise, max_lag=lag)).score for lag in (0.9, 1.0))
    np.testing.assert_allclose(as_theirs, want, atol=1e-6)
    assert np.abs(default - want).max() > 0.05


def _plain_ring_score(sac, inner, outer):
    n = (len(sac) + 1) / 2
    y, x = np.mgrid[: len(sac), : len(sac)] - (len(sac) - 1) / 2
    distance = np.hypot(x, y)
    ring = (distance > inner * n) & (distance <= outer * n)
    mean = sac[ring].mean()
    variance = ((sac[ring] - mean) ** 2).mean() + 1e-5
    c = {
        angle: ((sac[ring] - mean) * (rotate(sac, angle, reshape=False)[ring] - mean)).mean() / variance
        for angle in (30, 45, 60, 90, 120, 135, 150)
    }
    sixty = (c[60] + c[120]) / 2 - (c[30] + c[90] + c[150]) / 3
    return sixty, c[90] - (c[45] + c[135]) / 2


def test_ring_score_equals_its_plain_definition(varied):
    maps = spatial_autocorrelation(gaussian_filter(varied[::8], (0, 1, 1))[:, ::2, ::2], min_overlap=2)
    maps = np.nan_to_num(maps)
    got = grid_score(maps, method="ring-mask")
    rings = [(0.2, outer) for outer in np.linspace(0.4, 1.0, 10)]
    want = np.array([np.max([_plain_ring_score(one, *ring) for ring in rings], axis=0) for one in maps])
    np.testing.assert_allclose(got.score, want[:, 0], atol=1e-6)
    np.testing.assert_allclose(got.square_score, want[:, 1], atol=1e-6)


def test_the_published_ring_scorer_has_every_overlap_from_two_bins_up():
    """Of noise; by default shifts with fewer than 20 pairs are left out, which it does not do."""
    rng = np.random.default_rng(4)
    noise = np.array([gaussian_filter(rng.normal(size=(16, 16)), 1.0) for _ in range(12)])
    published = [np.nan_to_num(_plain_autocorrelation(one, min_overlap=2)) for one in noise]
    rings = [(0.2, outer) for outer in np.linspace(0.4, 1.0, 10)]
    want = np.array([max(_plain_ring_score(one, *ring)[0] for ring in rings) for one in published])
    every, default = (
        grid_score(np.nan_to_num(spatial_autocorrelation(noise, min_overlap=n)), method="ring-mask").score
        for n in (2, 20)
    )
    np.testing.assert_allclose(every, want, atol=1e-6)
    assert np.abs(default - want).max() > 0.02


@pytest.mark.parametrize("noisy", [False, True])
@pytest.mark.parametrize(
    ("shape", "size"), [((40, 40), (1.0, 1.0)), ((60, 30), (1.0, 1.0)), ((30, 80), (2.0, 1.0))]
)
def test_lattice_is_recovered(shape, size, noisy):
    rng = np.random.default_rng(3)
    box = min(n * side for n, side in zip(shape, size, strict=True))
    spacing, degrees = rng.uniform(0.22, 0.5, 40) * box, rng.uniform(0, 60, 40)
    maps = np.array(
        [lattice(shape, s, d, rng.uniform(0, s, 2), size) for s, d in zip(spacing, degrees, strict=True)]
    )
    if noisy:
        maps = gaussian_filter(rng.poisson(10 * maps).astype(float), (0, 1 / size[0], 1 / size[1]))
    found = grid_lattice(spatial_autocorrelation(maps), bin_size=size)
    assert found.n_undefined == 0
    assert np.abs(found.spacing / spacing - 1).max() < 0.02
    assert np.abs((found.orientation - degrees + 30) % 60 - 30).max() < 2
    assert (found.ellipticity < 1.06).all()
    assert (grid_score(spatial_autocorrelation(maps), bin_size=size).score > 0.8).all()


def test_stretched_lattice_has_its_ellipticity_and_half_a_box_its_spacing():
    grid = lattice((40, 40), 12.0, 7.0, (3.0, 5.0))
    stretched = grid_lattice(spatial_autocorrelation(grid), bin_size=(1.2, 1.0))
    assert stretched.ellipticity[0] == pytest.approx(1.2, abs=0.02)
    half = grid.copy()
    half[:, 20:] = np.nan
    found = spatial_autocorrelation(half)
    assert grid_spacing(found)[0] == pytest.approx(12.0, rel=0.02)
    assert grid_score(found).score[0] > 1.0


def test_turning_a_map_turns_its_orientation_and_keeps_its_score():
    grid = lattice((41, 41), 12.0, 10.0, (2.0, 3.0))
    maps = spatial_autocorrelation(
        np.stack([grid, np.rot90(grid, -1)])
    )  # rows point up: a quarter to the left
    score = grid_score(maps).score
    assert score[0] == pytest.approx(score[1], abs=1e-9)
    orientation = grid_orientation(maps)
    assert (orientation[1] - orientation[0]) % 60 == pytest.approx(30, abs=0.2)


def test_scaling_rates_changes_nothing(varied):
    some = varied[:20]
    first, second = (grid_score(spatial_autocorrelation(1e3 * k * some + k)).score for k in (1e-3, 1.0))
    np.testing.assert_allclose(first, second, atol=1e-6)


def test_not_grids_score_low():
    rng = np.random.default_rng(4)
    place = np.array(
        [
            np.exp(-((np.mgrid[:40, :40] - c[:, None, None]) ** 2).sum(0) / 50)
            for c in rng.uniform(10, 30, (20, 2))
        ]
    )
    border = np.exp(-np.arange(40.0) / 3)[None, :, None] * np.ones((4, 40, 40)) + 0.01 * rng.random(
        (4, 40, 40)
    )
    scores = grid_score(spatial_autocorrelation(np.concatenate([place, border]))).score
    assert np.nanmax(scores) < 0.5


@pytest.mark.parametrize("method", ["expanding-circle", "ring-mask"])
def test_silent_constant_and_unvisited_maps_are_nan_and_counted(method):
    maps = np.stack(
        [
            np.zeros((20, 20)),
            np.full((20, 20), 3.3),
            np.full((20, 20), np.nan),
            lattice((20, 20), 8, 0, (0, 0)),
        ]
    )
    autocorrelation = spatial_autocorrelation(maps)
    assert np.isnan(autocorrelation[:3]).all()
    found = grid_score(autocorrelation, method=method)
    assert found.n_undefined == 3
    assert np.isnan(found.score).tolist() == [True, True, True, False]
    assert grid_lattice(autocorrelation).n_undefined == 3


def test_one_field_has_no_lattice():
    y, x = np.mgrid[:40, :40]
    place = np.exp(-((x - 20) ** 2 + (y - 20) ** 2) / 50)
    found = grid_lattice(spatial_autocorrelation(place))
    assert np.isnan(found.spacing[0])
    assert np.isnan(found.orientation[0])


def test_torch_in_torch_out():
    maps = torch.rand(2, 12, 12)
    autocorrelation = spatial_autocorrelation(maps)
    assert isinstance(grid_score(autocorrelation).score, torch.Tensor)
    assert isinstance(border_score(maps).score, torch.Tensor)


@pytest.mark.parametrize(
    "call",
    [
        lambda: spatial_autocorrelation(np.full((5, 5), np.inf)),
        lambda: spatial_autocorrelation(np.zeros((5, 5)), max_lag=0.0),
        lambda: spatial_autocorrelation(np.zeros((5, 5), dtype=int)),
        lambda: grid_score(np.zeros((6, 6))),
        lambda: grid_score(np.zeros((7, 7)), method="gridness"),
        lambda: grid_score(np.zeros((7, 7)), method="ring-mask", rings=[(0.5, 0.2)]),
        lambda: grid_spacing(np.zeros((7, 7)), bin_size=0.0),
    ],
)
def test_bad_arguments_are_named(call):
    with pytest.raises(InvalidArgumentError):
        call()
