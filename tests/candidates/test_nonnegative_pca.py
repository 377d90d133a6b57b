"""Non-negative PCA: optimal under its constraint, and hexagonal far beyond what smooth noise is."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

from innerscore.candidates.zoo.nonnegative_pca import (
    ROOM_M,
    NonnegativePCA,
    activity_maps,
    nonnegative_components,
    place_field,
)
from innerscore.core.errors import CandidateError
from innerscore.metrics.functional import grid_score, spatial_autocorrelation
from innerscore.tasks.self_motion import motion_from_path


@pytest.fixture(scope="module")
def candidate():
    return NonnegativePCA(5)


def gridness(maps):
    return np.asarray(grid_score(spatial_autocorrelation(maps)).score)


def dense_cells():
    """Place cells (cell, place), each the field moved to its centre."""
    field = place_field()
    return np.stack([np.roll(field, (i, j), axis=(0, 1)).ravel() for i in range(40) for j in range(40)])


def half_width(maps):
    """Lag in bins at which the mean circular autocorrelation of maps falls to one half."""
    power = np.abs(np.fft.fft2(maps - maps.mean(axis=(1, 2), keepdims=True))) ** 2
    correlation = np.fft.ifft2(power.mean(axis=0)).real[0]
    return np.interp(-0.5, -correlation[:10] / correlation[0], np.arange(10))


def test_maps_are_sums_of_place_cells(candidate):
    weights = np.random.default_rng(0).random((2, 40, 40))
    expected = weights.reshape(2, -1) @ dense_cells()
    np.testing.assert_allclose(activity_maps(weights).reshape(2, -1), expected, atol=1e-12)
    assert place_field().sum() == pytest.approx(0, abs=1e-12)


@settings(max_examples=3, deadline=None)
@given(st.integers(0, 1000))
def test_components_fulfil_the_conditions_of_an_optimum_under_the_constraint(seed):
    # Karush-Kuhn-Tucker: C w = variance x w where w > 0, and C w <= 0 where w = 0.
    weights = nonnegative_components(np.random.default_rng(seed).random((2, 40, 40))).reshape(2, -1)
    cells = dense_cells()
    gradient = weights @ cells @ cells.T
    variance = (gradient * weights).sum(axis=1, keepdims=True)
    active = weights > 1e-4
    np.testing.assert_allclose(np.linalg.norm(weights, axis=1), 1)
    assert (weights >= 0).all()
    assert np.abs((gradient - variance * weights)[active]).max() < 1e-3 * np.abs(gradient).max()
    assert gradient[~active].max() < 1e-3 * np.abs(gradient).max()


def test_all_are_hexagonal_beyond_noise_of_the_same_correlation_length(candidate):
    rng = np.random.default_rng(1)
    noise = np.stack([gaussian_filter(one, 1.9, mode="wrap") for one in rng.standard_normal((300, 40, 40))])
    untrained = activity_maps(rng.random((300, 40, 40)))
    assert half_width(noise) == pytest.approx(half_width(candidate.maps), rel=0.1)
    null = [np.nanpercentile(gridness(maps), 99) for maps in (noise, untrained)]
    assert gridness(candidate.maps).min() > 1.05 > 1.2 * max(null)


def test_without_the_constraint_they_are_not(candidate):
    covariance = np.abs(np.fft.rfft2(place_field())) ** 2
    weights = np.random.default_rng(2).standard_normal((24, 40, 40))
    for _ in range(300):
        weights = np.fft.irfft2(np.fft.rfft2(weights) * covariance, s=(40, 40))
        weights /= np.linalg.norm(weights, axis=(1, 2), keepdims=True)
    assert np.median(gridness(activity_maps(weights))) < 0.3 < gridness(candidate.maps).min()


def test_activity_is_the_map_at_the_position_and_larger_boxes_are_refused(candidate):
    centre = (np.array([[3, 7], [4, 7], [4, 8]]) + 0.5) * ROOM_M / 40
    walk = motion_from_path("w", centre, rate_hz=10.0, arena_m=(ROOM_M, ROOM_M))
    bins = np.round(walk.positions * 40 / ROOM_M - 0.5).astype(int)
    np.testing.assert_allclose(
        candidate.activations(walk)["components"], candidate.maps[:, bins[:, 0], bins[:, 1]].T, atol=1e-9
    )
    larger = motion_from_path("w", centre, rate_hz=10.0, arena_m=(2.2, 2.2))
    with pytest.raises(CandidateError, match=r"at most 2\.0 m"):
        candidate.activations(larger)
