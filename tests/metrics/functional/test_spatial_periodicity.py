"""Periodicity in two dimensions: lattices of known vectors, and maps that repeat in one direction or in none."""

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from innerscore.core.errors import InvalidArgumentError
from innerscore.metrics.functional import (
    autocorrelation_half_width,
    grid_score,
    smoothed_noise,
    spatial_autocorrelation,
    spatial_periodicity,
    sublattice_index,
)

N = 50


def field_lattice(first, second, phase, width=0.25, n=N):
    """Gaussian fields at all points of the lattice of two vectors (y, x), as wide as a share of the first."""
    y, x = np.mgrid[:n, :n]
    fields = 0.0
    for i in range(-12, 13):
        for k in range(-12, 13):
            at = phase + i * np.asarray(first) + k * np.asarray(second)
            distance = (y - at[0]) ** 2 + (x - at[1]) ** 2
            fields = fields + np.exp(-distance / (2 * (width * np.linalg.norm(first)) ** 2))
    return fields


def vectors(length, ratio, degrees, turn=10.0):
    a, b = np.deg2rad([turn, turn + degrees])
    return length * np.array([np.sin(a), np.cos(a)]), ratio * length * np.array([np.sin(b), np.cos(b)])


def strength(maps):
    return np.asarray(spatial_periodicity(spatial_autocorrelation(maps)).strength)


@pytest.mark.parametrize(
    ("ratio", "degrees"), [(1.0, 60.0), (1.0, 90.0), (1.0, 75.0), (1.3, 70.0), (1.4, 90.0)]
)
@pytest.mark.parametrize("noise", [0.0, 0.5])
def test_vectors_and_angle_of_a_lattice_are_found(ratio, degrees, noise):
    rng = np.random.default_rng(1)
    maps = np.stack(
        [field_lattice(*vectors(13.0, ratio, degrees, turn), rng.uniform(0, N, 2)) for turn in (0, 17, 40)]
    )
    maps = maps + noise * gaussian_filter(rng.standard_normal(maps.shape), (0, 1, 1)) / 0.28 * maps.std()
    found = spatial_periodicity(spatial_autocorrelation(maps), bin_size=0.02)
    np.testing.assert_allclose(found.lengths, 0.02 * 13 * np.array([[1, ratio]] * 3), rtol=0.03)
    np.testing.assert_allclose(found.angle, degrees, atol=3)
    assert (np.asarray(found.strength) > (0.6 if noise == 0 else 0.3)).all()


def test_a_square_lattice_is_periodic_where_the_grid_score_sees_nothing():
    square = field_lattice(*vectors(13.0, 1.0, 90.0), (3.0, 5.0))[None]
    assert grid_score(spatial_autocorrelation(square)).score[0] < 0.2
    assert strength(square)[0] > 0.9


def test_stripes_and_place_fields_do_not_repeat_in_two_directions():
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:N, :N]
    noise = gaussian_filter(rng.standard_normal((12, N, N)), (0, 1, 1))
    stripes = [np.cos(2 * np.pi * (x * np.cos(a) + y * np.sin(a)) / 12) for a in rng.uniform(0, np.pi, 12)]
    places = [np.exp(-((x - a) ** 2 + (y - b) ** 2) / 50) for a, b in rng.uniform(10, 40, (12, 2))]
    assert strength(np.stack(stripes) + 0.3 * noise).max() < 0.35
    assert strength(np.stack(places) + 0.02 * noise).max() < 0.35
    assert strength(np.stack(stripes)).max() < 0.05


def test_lattices_pass_the_99th_percentile_of_noise_as_smooth_and_noise_passes_it_by_chance():
    rng = np.random.default_rng(3)
    lattices = np.stack(
        [
            field_lattice(
                *vectors(rng.uniform(12, 18), 1.0, degrees, rng.uniform(0, 90)), rng.uniform(0, N, 2)
            )
            for degrees in (60, 70, 80, 90) * 3
        ]
    )
    width = autocorrelation_half_width(np.asarray(spatial_autocorrelation(lattices)))
    limit = np.nanpercentile(strength(smoothed_noise(width, (N, N), n_maps=200)), 99)
    assert (strength(lattices) > limit).all()
    assert (strength(smoothed_noise(width, (N, N), n_maps=200, seed=1)) > limit).mean() <= 0.06


def test_noise_is_as_smooth_as_asked():
    for width in (2.0, 5.0):
        noise = smoothed_noise(width, (N, N), n_maps=60)
        found = autocorrelation_half_width(np.asarray(spatial_autocorrelation(noise)))
        assert found == pytest.approx(width, rel=0.12)


def test_the_mean_autocorrelogram_has_the_lattice_that_a_population_shares():
    rng = np.random.default_rng(5)
    maps = np.stack([field_lattice(*vectors(14.0, 1.0, 80.0), rng.uniform(0, N, 2)) for _ in range(6)])
    found = spatial_periodicity(np.asarray(spatial_autocorrelation(maps)).mean(axis=0))
    np.testing.assert_allclose(found.lengths, [[14, 14]], rtol=0.02)
    np.testing.assert_allclose(found.angle, 80, atol=2)


def test_sublattices_of_one_torus_are_told_from_independent_modules():
    shared = np.stack(vectors(20.0, 1.0, 60.0))
    third = np.stack(vectors(20.0 / np.sqrt(3), 1.0, 60.0, turn=40.0))
    own = [
        field_lattice(*pair, (3.0, 4.0), n=60)
        for pair in (shared, third, shared / 2, shared / 1.4, np.stack(vectors(20.0, 1.0, 60.0, turn=30.0)))
    ]
    found = spatial_periodicity(spatial_autocorrelation(np.stack(own)))
    np.testing.assert_array_equal(sublattice_index(found.vectors, shared), [1, 3, 4, np.nan, np.nan])
    assert np.isnan(sublattice_index(np.full((1, 2, 2), np.nan), shared)).all()
    # The same lattice by other vectors.
    other = np.stack([shared[0] + shared[1], shared[1]])[None]
    assert sublattice_index(other, shared).tolist() == [1]


def test_silent_maps_have_no_strength_and_holes_are_allowed():
    whole = field_lattice(*vectors(13.0, 1.0, 90.0), (3.0, 5.0))
    holes = np.where(np.random.default_rng(0).random((N, N)) < 0.2, np.nan, whole)
    found = spatial_periodicity(spatial_autocorrelation(np.stack([np.zeros((N, N)), holes])))
    assert np.isnan(found.strength[0])
    assert found.n_undefined == 1
    assert found.strength[1] > 0.9
    as_torch = spatial_periodicity(spatial_autocorrelation(torch.from_numpy(holes)[None]))
    assert isinstance(as_torch.strength, torch.Tensor)
    # To rounding: a map alone and one of two are summed in different orders on some processors.
    np.testing.assert_allclose(as_torch.vectors[0], found.vectors[1], rtol=1e-12)


def test_what_is_no_autocorrelogram_is_refused():
    with pytest.raises(InvalidArgumentError, match="of odd sides"):
        spatial_periodicity(np.zeros((6, 6)))
    with pytest.raises(InvalidArgumentError, match="positive and finite"):
        smoothed_noise(0.0, (9, 9))
    with pytest.raises(InvalidArgumentError, match="n_cells, height, width"):
        autocorrelation_half_width(np.zeros((9, 9)))
    with pytest.raises(InvalidArgumentError, match="shapes"):
        sublattice_index(np.eye(2), np.eye(2))
    with pytest.raises(InvalidArgumentError, match="tolerance"):
        sublattice_index(np.eye(2)[None], np.eye(2), tolerance=0.5)
