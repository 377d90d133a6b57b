"""Models of space by other hypotheses, each against a plain implementation of what it claims."""

from itertools import pairwise

import numpy as np
import pytest

from innerscore.candidates import load_candidate
from innerscore.candidates.zoo import attractor_grid, successor_representation
from innerscore.core.errors import CandidateError
from innerscore.tasks.self_motion import motion_from_path


def walk_along(places, rate_hz=10.0, arena_m=(1.0, 1.0)):
    return motion_from_path("along", np.asarray(places), rate_hz=rate_hz, arena_m=arena_m)


@pytest.fixture(scope="module")
def sheet():
    return attractor_grid.make_sheet()


@pytest.fixture(scope="module")
def pattern(sheet):
    return attractor_grid.settled_pattern(sheet)


def bump(sheet, rates):
    """Place of the bump on the sheet, by the peak of the pattern's first three waves, over a fine net of places."""
    waves = np.array([[1, 0], [0, 1], [-1, 1]]) @ np.linalg.inv(sheet.periods).T * 2 * np.pi
    net = np.stack(np.meshgrid(np.arange(0, 16, 0.05), np.arange(0, 14, 0.05)), axis=-1).reshape(-1, 2)
    phases = np.exp(1j * net @ waves.T) * (rates @ np.exp(-1j * sheet.places @ waves.T))
    return net[phases.real.sum(axis=1).argmax()]


def apart(sheet, first, second):
    """Shortest way from one place of the sheet to another."""
    images = [np.array(n) @ sheet.periods for n in np.ndindex(5, 5)]
    ways = [second - first + image - 2 * sheet.periods.sum(axis=0) for image in images]
    return min(ways, key=np.linalg.norm)


def test_an_attractors_step_is_the_published_equation(sheet):
    rng = np.random.default_rng(0)
    rates, drive = rng.random((1, len(sheet.places))), 1 + 0.1 * rng.standard_normal((1, len(sheet.places)))
    beta = 3 / (13 * 16 / 19.02) ** 2
    received = drive[0].copy()
    for i in rng.choice(len(sheet.places), 3, replace=False):
        for j, (place, direction) in enumerate(zip(sheet.places, sheet.directions, strict=True)):
            for a in range(-3, 4):
                for b in range(-3, 4):
                    image = a * np.array([16.0, 0.0]) + b * np.array([8.0, 14.0])
                    squared = ((sheet.places[i] - place - 2 * direction + image) ** 2).sum()
                    weight = (19.02 / 16) ** 2 * (np.exp(-1.1 * beta * squared) - np.exp(-beta * squared))
                    received[i] += weight * rates[0, j]
        expected = rates[0, i] + (max(received[i], 0) - rates[0, i]) / 8
        assert attractor_grid.advanced(sheet, rates, drive, 0.005)[0, i] == pytest.approx(expected, rel=1e-9)
    assert [
        int((sheet.directions == one).all(axis=1).sum()) for one in ((1, 0), (-1, 0), (0, 1), (0, -1))
    ] == [56] * 4


def test_a_pattern_forms_and_is_moved_over_the_torus(sheet, pattern):
    assert pattern.max() > 0.3
    assert (pattern < 0.01).mean() > 0.5
    moved, there = attractor_grid.moved_pattern(sheet, pattern, np.array([[3.3, -2.1], [0.0, 0.0]]))
    np.testing.assert_allclose(there, pattern, atol=1e-12)
    way = apart(sheet, bump(sheet, pattern), bump(sheet, moved))
    np.testing.assert_allclose(way, (3.3, -2.1), atol=0.1)


@pytest.mark.parametrize("angle", [0.3, 2.0, 4.4])
def test_bumps_flow_with_the_velocity_as_fast_as_measured(sheet, pattern, angle):
    drive = 0.06 * np.array([np.cos(angle), np.sin(angle)])
    rates, places = pattern[None], []
    for step in range(280):
        rates = attractor_grid.advanced(sheet, rates, 1 + (sheet.directions @ drive)[None], 0.005)
        if step >= 80 and step % 20 == 19:
            places.append(bump(sheet, rates[0]))
    ways = sum(apart(sheet, *pair) for pair in pairwise(places))
    np.testing.assert_allclose(
        ways / 0.9, attractor_grid.FLOW * drive, atol=0.05 * 0.06 * attractor_grid.FLOW
    )


def test_an_attractor_repeats_after_its_period_and_is_told_where_it_starts(settings):
    candidate = load_candidate("attractor-grid", settings)
    line = np.stack([np.linspace(0.1, 0.9, 41), np.full(41, 0.3)], axis=1)  # 2 cm in 0.1 s
    (layers,) = candidate.activations([walk_along(line)])
    first = layers["grid"].values[:, :56]  # 0.4 m, 0 degrees
    after_a_period = np.corrcoef(first[4], first[24])[0, 1]
    after_a_half = np.corrcoef(first[4], first[14])[0, 1]
    assert (after_a_period > 0.9, after_a_half < 0.3) == (True, True)
    (again,) = candidate.activations([walk_along(line[20:])])
    other = again["grid"].values[:, :56]
    assert np.corrcoef(first[24], other[4])[0, 1] > 0.9


def plain_transitions(n_x, n_y):
    chances = np.zeros((n_x, n_y, n_x, n_y))
    for x, y in np.ndindex(n_x, n_y):
        for to_x, to_y in ((x + 1, y), (x - 1, y), (x, y + 1), (x, y - 1)):
            inside = 0 <= to_x < n_x and 0 <= to_y < n_y
            chances[(x, y, *((to_x, to_y) if inside else (x, y)))] += 0.25
    return chances.reshape(n_x * n_y, -1)


@pytest.mark.parametrize("shape", [(6, 5), (4, 4)])
def test_the_successor_representation_is_the_inverse_and_has_its_eigenvectors(shape):
    chances = plain_transitions(*shape)
    visits = np.linalg.inv(np.eye(len(chances)) - successor_representation.GAMMA * chances)
    found = successor_representation.successor_maps(shape).reshape(len(chances), -1)
    np.testing.assert_allclose(found, visits.T, atol=1e-12)
    maps = successor_representation.eigenmaps(shape, 9).reshape(9, -1)
    np.testing.assert_allclose(np.linalg.norm(maps, axis=1), 1.0)
    values = np.linalg.norm(maps @ visits.T, axis=1)
    np.testing.assert_allclose(maps @ visits.T, values[:, None] * maps, atol=1e-12)
    np.testing.assert_allclose(values, np.sort(np.linalg.eigvals(visits).real)[::-1][1:10])


def test_places_of_the_successor_representation_are_those_of_the_room_in_every_arena(settings):
    candidate = load_candidate("successor-representation", settings)
    place = np.array([[0.325, 0.525], [0.325, 0.525], [0.325, 0.525]])
    small, large = (
        candidate.activations([walk_along(place, arena_m=(side, side))])[0] for side in (1.0, 1.5)
    )
    for layers in (small, large):
        peak = layers["place"].values[0].argmax()
        assert np.unravel_index(peak, (40, 40)) == (6, 10)
        assert layers["grid"].values.min() >= 0
    assert not small["place"].values.reshape(-1, 40, 40)[:, 20:].any()
    with pytest.raises(CandidateError, match="at most 2"):
        candidate.activations([walk_along(place, arena_m=(2.5, 1.0))])
