"""BouncingShapes: physics that keeps energy, shapes that are where they are said to be, the same by seed."""

import zlib
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from innerscore.core.errors import InvalidArgumentError
from innerscore.tasks.bouncing_discs import Discs, energy, fly
from innerscore.tasks.bouncing_shapes import MAX_OBJECTS, N_LABELS, bouncing_shapes
from innerscore.tasks.sprites import SHAPES, TEXTURES, Placement, draw, make_sprites, waves

ROOT = Path(__file__).resolve().parents[2]


def boxes(seed, n=20, n_discs=3, gravity=0.0):
    rng = np.random.default_rng(seed)
    column = (np.arange(n_discs) + 0.5) / n_discs
    position = np.stack([np.broadcast_to(column, (n, n_discs)), rng.uniform(0.2, 0.8, (n, n_discs))], axis=-1)
    return Discs(
        position,
        rng.normal(0, 0.6, position.shape),
        rng.uniform(0.03, 0.15, (n, n_discs)),
        np.full(n, gravity),
    )


@given(st.integers(0, 10_000))
def test_without_gravity_energy_stays_and_nothing_leaves_the_box(seed):
    begun = boxes(seed)
    ended = fly(begun, 3.0, n_substeps=60)
    np.testing.assert_allclose(energy(ended), energy(begun), rtol=1e-10)
    edge = ended.radius[..., None]
    assert ((ended.position >= edge) & (ended.position <= 1 - edge)).all()
    assert np.abs(ended.velocity - begun.velocity).max() > 0.1


def test_under_gravity_energy_stays_up_to_the_length_of_a_step():
    begun = boxes(1, gravity=1.0)
    errors = [np.abs(energy(fly(begun, 2.0, n_substeps=n)) / energy(begun) - 1).mean() for n in (200, 2000)]
    assert errors[0] < 0.02
    assert errors[1] < errors[0] / 4


def test_free_fall_is_a_parabola():
    disc = Discs(np.array([[[0.3, 0.8]]]), np.array([[[0.1, 0.2]]]), np.array([[0.05]]), np.array([1.5]))
    ended = fly(disc, 0.5, n_substeps=7)
    np.testing.assert_allclose(ended.position[0, 0], [0.35, 0.8 + 0.2 * 0.5 - 1.5 * 0.5**2 / 2])
    np.testing.assert_allclose(ended.velocity[0, 0], [0.1, 0.2 - 0.75])


@given(st.floats(0.03, 0.1), st.floats(0.03, 0.1), st.floats(0.1, 1.0))
def test_a_head_on_collision_is_the_textbooks(small, large, speed):
    discs = Discs(
        np.array([[[0.4, 0.5], [0.62, 0.5]]]),
        np.array([[[speed, 0.0], [0.0, 0.0]]]),
        np.array([[small, large]]),
        np.zeros(1),
    )
    met = fly(discs, (0.22 - small - large + 0.01) / speed, n_substeps=50)
    a, b = small**2, large**2
    expected = [[speed * (a - b) / (a + b), 0], [speed * 2 * a / (a + b), 0]]
    np.testing.assert_allclose(met.velocity[0], expected, atol=1e-12)


def test_an_absent_disc_stays_absent_and_touches_nobody():
    begun = boxes(2)
    lone = replace(begun, position=begun.position.copy())
    lone.position[:, 1:] = np.nan
    ended = fly(lone, 1.0, n_substeps=20)
    assert np.isnan(ended.position[:, 1:]).all()
    assert np.isfinite(ended.position[:, 0]).all()
    speed = np.abs(ended.velocity[:, 0])
    np.testing.assert_allclose(speed, np.abs(begun.velocity[:, 0]))


def drawn(shape, radius, x, y, angle=0.0, texture="plain", size=48):
    colours = np.array([[[200.0] * 3, [100.0] * 3]])
    numbers = np.array([SHAPES.index(shape)]), np.array([TEXTURES.index(texture)])
    sprites = make_sprites(*numbers, colours, np.array([radius]), np.random.default_rng(0))
    planes = np.zeros((3, 1, size, size), dtype=np.uint8)
    place = (np.array([value], dtype=np.float32) for value in (x, y, angle))
    draw(planes, sprites, Placement(np.array([0]), np.array([0]), *place))
    return planes[0, 0].astype(float)


@given(st.floats(2, 9), st.floats(20, 28), st.floats(20, 28), st.floats(0, 6))
def test_a_disc_has_its_place_and_area_between_pixels(radius, x, y, angle):
    plane = drawn("disc", radius, x, y, angle)
    centre = np.arange(48) + 0.5
    assert plane.sum(axis=0) @ centre / plane.sum() == pytest.approx(x, abs=0.25)
    assert plane.sum(axis=1) @ centre / plane.sum() == pytest.approx(y, abs=0.25)
    assert plane.sum() / 200 == pytest.approx(np.pi * radius**2, rel=0.12)
    assert plane[0].max() == plane[:, -1].max() == 0


def test_a_shape_turns_with_its_angle():
    flat, upright = drawn("bar", 9, 24, 24), drawn("bar", 9, 24, 24, np.pi / 2)
    assert np.abs(flat.T - upright).mean() < 1
    assert np.ptp(np.flatnonzero(flat.any(axis=0))) > 2 * np.ptp(np.flatnonzero(flat.any(axis=1)))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("texture", TEXTURES)
def test_every_shape_fits_its_disc_and_shows_its_texture(shape, texture):
    plane = drawn(shape, 9, 24, 24, texture=texture)
    row, column = np.nonzero(plane)
    assert np.hypot(row - 23.5, column - 23.5).max() < 10.5
    assert len(row) > 40
    inside = plane[plane >= 99]
    assert texture == "plain" or np.ptp(inside) > 30
    assert texture != "plain" or (inside >= 199).mean() > 0.6


def test_walls_are_smooth_and_within_bounds():
    walls = waves(5, 64, np.random.default_rng(0))
    assert walls.min() >= 0
    assert walls.max() <= 1
    assert np.abs(np.diff(walls, axis=2)).max() < 0.3
    assert np.ptp(walls, axis=(1, 2)).min() > 0.1


@pytest.fixture(scope="module")
def clips():
    return bouncing_shapes(3, 5, 40)


def test_a_batch_follows_from_seed_and_number(clips):
    again = bouncing_shapes(3, 5, 40)
    for name in ("frames", "positions", "label", "camera", "gravity"):
        np.testing.assert_array_equal(getattr(again, name), getattr(clips, name))
    assert not np.array_equal(bouncing_shapes(3, 6, 40).frames, clips.frames)
    assert not np.array_equal(bouncing_shapes(4, 5, 40).frames, clips.frames)


def test_clips_are_as_promised(clips):
    assert clips.frames.shape == (40, 25, 64, 64, 3)
    assert clips.frames.dtype == np.uint8
    assert clips.frames.transpose(0, 1, 4, 2, 3).flags.c_contiguous
    assert clips.positions.shape == (40, 25, MAX_OBJECTS, 2)
    there = np.isfinite(clips.positions).all(axis=-1)
    assert (there == there[:, :1]).all()
    assert set(there[:, 0].sum(axis=1)) == {2, 3, 4}
    assert ((clips.positions[there] > 0) & (clips.positions[there] < 1)).all()
    assert clips.label.min() >= 0
    assert clips.label.max() < N_LABELS
    assert 0.2 < (clips.gravity > 0).mean() < 0.8
    assert 0.2 < (np.ptp(clips.camera, axis=1) > 0).any(axis=1).mean() < 0.8


def test_what_moves_in_the_frames_is_what_is_said_to_move(clips):
    """Pixels that change between frames lie near an object, where the camera is still."""
    radius = 0.14 * 64 + 2
    y, x = np.mgrid[:64, :64] + 0.5
    for clip in np.flatnonzero(np.ptp(clips.camera, axis=1).max(axis=1) == 0):
        changed = np.ptp(clips.frames[clip, :2].astype(int), axis=0).max(axis=-1) > 0
        centres = clips.positions[clip, :2].reshape(-1, 2) * 64
        near = [np.hypot(x - cx, y - (64 - cy)) <= radius for cx, cy in centres if np.isfinite(cx)]
        assert not (changed & ~np.any(near, axis=0)).any()


def test_objects_do_not_pass_through_one_another():
    """Overlap at a frame is at most what a substep of the fastest can bring."""
    positions = bouncing_shapes(0, 0, 200, size=16).positions
    for a, b in combinations(range(MAX_OBJECTS), 2):
        gap = np.linalg.norm(positions[:, :, a] - positions[:, :, b], axis=-1)
        assert np.nanmin(gap) > 0.025


@pytest.mark.parametrize("wrong", [{"n_clips": 0}, {"n_frames": 0}, {"size": 8}])
def test_nothing_is_drawn_of_nothing(wrong):
    with pytest.raises(InvalidArgumentError, match=next(iter(wrong))):
        bouncing_shapes(0, 0, **{"n_clips": 1, **wrong})


def test_the_picture_in_the_docs_shows_this_corpus():
    """Four clips, each third frame; a pixel in a thousand may differ where another processor rounds otherwise."""
    picture = (ROOT / "docs" / "bouncing-shapes.png").read_bytes()
    start = picture.index(b"IDAT") + 4
    length = int.from_bytes(picture[start - 8 : start - 4], "big")
    rows = np.frombuffer(zlib.decompress(picture[start : start + length]), np.uint8).reshape(4 * 64, -1)
    shown = rows[:, 1:].reshape(4, 64, 9, 64, 3).transpose(0, 2, 1, 3, 4)
    frames = bouncing_shapes(1, 0, 4).frames[:, ::3]
    assert (shown != frames).any(axis=-1).mean() < 0.001
