"""The module finder on populations of known modules; the study has the full number of draws."""

import numpy as np
import pytest

from innerscore.core.errors import InvalidArgumentError
from innerscore.metrics.functional import find_grid_modules
from innerscore.metrics.functional.spatial import unimodality_p_value

DRAWS = 6


def draw(n_modules, seed, per_module=12):
    """Spacings in ratio 1.42 with 2 % jitter, orientations with 1 degree of jitter, as in SimulatedMEC."""
    rng = np.random.default_rng((seed, n_modules))
    spacing = np.repeat(0.4 * 1.42 ** np.arange(n_modules), per_module)
    orientation = np.repeat(rng.uniform(0, 60, n_modules), per_module)
    n = len(spacing)
    return spacing * (1 + 0.02 * rng.standard_normal(n)), orientation + rng.standard_normal(n)


@pytest.mark.parametrize("n_modules", [1, 2, 3, 4])
def test_number_of_modules_is_found(n_modules):
    found = [find_grid_modules(*draw(n_modules, seed), n_boot=2) for seed in range(DRAWS)]
    assert sum(one.n_modules == n_modules for one in found) >= 0.9 * DRAWS - 1
    right = next(one for one in found if one.n_modules == n_modules)
    np.testing.assert_allclose(right.ratios, 1.42, rtol=0.03)
    assert right.sizes.tolist() == [12] * n_modules
    assert (np.diff(right.labels) >= 0).all()


def test_orientation_is_on_a_circle_of_sixty_degrees():
    spacing, _ = draw(1, 0, 30)
    orientation = (np.random.default_rng(0).standard_normal(30) + 59.5) % 60
    found = find_grid_modules(spacing, orientation, n_boot=2)
    assert found.n_modules == 1
    assert (found.orientations[0] + 30) % 60 == pytest.approx(29.5, abs=1)


def test_unit_of_length_and_order_of_cells_do_not_matter():
    spacing, orientation = draw(3, 1)
    order = np.random.default_rng(0).permutation(len(spacing))
    first = find_grid_modules(spacing, orientation, n_boot=2)
    second = find_grid_modules(100 * spacing[order], orientation[order] + 60, n_boot=2)
    assert first.n_modules == second.n_modules
    np.testing.assert_array_equal(first.labels[order], second.labels)


def test_broad_continuous_spread_is_told_by_the_test_of_one_mode():
    rng = np.random.default_rng(5)
    broad = find_grid_modules(np.exp(rng.uniform(-1, 0, 80)), rng.uniform(0, 60, 80))
    two = find_grid_modules(*draw(2, 0, 30))
    assert broad.unimodal_p > 0.05
    assert two.unimodal_p < 0.01


def test_cells_without_a_lattice_are_left_out_and_counted():
    spacing, orientation = draw(2, 2)
    spacing[[0, 20]] = np.nan
    found = find_grid_modules(spacing, orientation, n_boot=2)
    assert found.n_excluded == 2
    assert found.labels[[0, 20]].tolist() == [-1, -1]
    nothing = find_grid_modules(np.full(5, np.nan), np.full(5, np.nan))
    assert (nothing.n_modules, nothing.n_excluded) == (0, 5)


def test_bad_arguments_are_named():
    with pytest.raises(InvalidArgumentError, match="spacing"):
        find_grid_modules(np.array([0.4, -1.0]), np.array([1.0, 2.0]))
    with pytest.raises(InvalidArgumentError, match="length"):
        find_grid_modules(np.array([0.4]), np.array([1.0, 2.0]))


def test_one_value_or_one_cluster_has_one_mode():
    assert unimodality_p_value(np.ones(10)) == 1.0
    assert unimodality_p_value(np.random.default_rng(0).normal(size=60)) > 0.05
