"""SIC: its losses against loops over pairs, its network and sequences, its metrics, and what ships."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

from innerscore.candidates import load_candidate, registry
from innerscore.candidates.training import Optimisation, find_recipes, train
from innerscore.candidates.training.sic.gridness import (
    half_width,
    noise_threshold,
    population_gridness,
    unit_maps,
)
from innerscore.candidates.training.sic.losses import (
    Objective,
    capacity,
    conformal_isometry,
    pair_terms,
)
from innerscore.candidates.training.sic.recipes import ABLATIONS, SIZES, Size, recipe_of, recipes
from innerscore.candidates.training.sic.task import Batches, path_invariance
from innerscore.candidates.zoo.navigation.walks import Motion
from innerscore.candidates.zoo.sic import SelfSupervisedSpace
from innerscore.candidates.zoo.sic.network import ORIGIN_M, SICNetwork
from innerscore.candidates.zoo.sic.sequences import MOST_STEP_M, draw_sequences, walks_in_box
from innerscore.core.errors import InvalidDataError
from innerscore.core.settings import Settings
from innerscore.metrics.functional.spatial import spatial_autocorrelation
from innerscore.tasks.self_motion import motion_from_path

SHIPPED = {
    name: registered for name, registered in registry(Settings()).entries().items() if name.startswith("sic-")
}


def batch(seed, n_paths=3, n_steps=5, n_units=4):
    """States on the sphere, one of them empty, positions and displacements of a small batch."""
    generator = torch.Generator().manual_seed(seed)
    states = torch.rand(n_paths, n_steps + 1, n_units, generator=generator, dtype=torch.float64)
    states = torch.nn.functional.normalize(torch.relu(states - 0.3), dim=-1)
    states[0, 1] = 0
    displacement = 0.15 * (2 * torch.rand(n_paths, n_steps, 2, generator=generator, dtype=torch.float64) - 1)
    displacement[0, 0] = 0
    displacement[1, :2] = 0.02
    return states, displacement


def by_loop(states, positions, objective):
    apart, near = [], []
    for i, (g, x) in enumerate(zip(states, positions, strict=True)):
        for j, (h, y) in enumerate(zip(states, positions, strict=True)):
            between, across = sum((g - h) ** 2), np.sqrt(sum((x - y) ** 2))
            if across > objective.sigma_x:
                apart.append(np.exp(-between / (2 * objective.sigma_g**2)))
            elif across < objective.sigma_x and i != j:
                near.append(between)
    return np.mean(apart) if apart else 0.0, np.mean(near) if near else 0.0


@hypothesis_settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 2**31),
    sigma_x=st.sampled_from([0.01, 0.05, 0.2, 10.0]),
    sigma_g=st.floats(0.05, 2),
    block=st.sampled_from([1, 4, 7, 15, 100]),
)
def test_separation_and_invariance_are_means_over_pairs_whatever_the_blocks(seed, sigma_x, sigma_g, block):
    states, displacement = batch(seed)
    flat, positions = states[:, 1:].flatten(0, 1).requires_grad_(), displacement.cumsum(dim=1).flatten(0, 1)
    objective = Objective(sigma_x=sigma_x, sigma_g=sigma_g)
    found = pair_terms(flat, positions, objective, block=block)
    expected = by_loop(flat.detach().numpy(), positions.numpy(), objective)
    assert (found.separation.item(), found.invariance.item()) == pytest.approx(expected, abs=1e-9)
    whole = pair_terms(flat, positions, objective)
    gradients = [
        torch.autograd.grad(terms.separation + 0.1 * terms.invariance, flat)[0] for terms in (found, whole)
    ]
    torch.testing.assert_close(*gradients)
    assert torch.isfinite(gradients[0]).all()


@hypothesis_settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**31))
def test_capacity_is_what_pairs_say_for_states_of_length_one(seed):
    states = batch(seed)[0].flatten(0, 1)
    states = states[states.any(dim=1)]
    mean = [sum(column) / len(states) for column in states.T.tolist()]
    assert float(capacity(states)) == pytest.approx(-sum(value**2 for value in mean))
    between = np.mean([float((g - h).square().sum()) for g in states for h in states])
    assert float(capacity(states)) == pytest.approx(between / 2 - 1)


@hypothesis_settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**31))
def test_isometry_is_the_variance_over_short_steps_that_move(seed):
    states, displacement = batch(seed)
    ratios = []
    for path, steps in zip(states.numpy(), displacement.numpy(), strict=True):
        for before, after, step in zip(path[:-1], path[1:], steps, strict=True):
            length = np.sqrt((step**2).sum())
            if 0 < length < 0.05:
                ratios.append(np.sqrt(((after - before) ** 2).sum()) / length)
    assert len(ratios) >= 2
    assert float(conformal_isometry(states, displacement, Objective())) == pytest.approx(np.var(ratios))
    assert float(conformal_isometry(states, displacement * 0, Objective())) == 0


def test_all_losses_have_gradients_where_states_are_empty_or_the_same():
    states = torch.zeros(2, 4, 3)
    states[1] = torch.tensor([1.0, 0, 0])
    states.requires_grad_()
    displacement = torch.full((2, 3, 2), 0.02)
    pairs = pair_terms(states[:, 1:].flatten(0, 1), displacement.cumsum(dim=1).flatten(0, 1), Objective())
    total = pairs.separation + pairs.invariance + capacity(states.flatten(0, 1))
    (total + conformal_isometry(states, displacement, Objective())).backward()
    assert torch.isfinite(states.grad).all()


def test_permuted_paths_make_the_same_steps_and_end_together():
    sequences = draw_sequences(6, 9, permuted=True, seed=1)
    assert len(sequences.steps) == 9
    assert (sequences.order.sort(dim=1).values == torch.arange(9)).all()
    assert len({tuple(order.tolist()) for order in sequences.order}) == 6
    ends = sequences.positions[:, -1]
    torch.testing.assert_close(ends, ends[:1].expand_as(ends), atol=1e-6, rtol=0)
    free = draw_sequences(6, 9, permuted=False, seed=1)
    assert len(free.steps) == 54
    assert float((free.positions[:, -1] - free.positions[0, -1]).norm(dim=1)[1:].min()) > 1e-3
    assert sequences.steps.abs().max() <= MOST_STEP_M


def test_steps_are_as_long_as_published():
    length = draw_sequences(200, 60, permuted=False, seed=2)
    assert float(length.displacement.norm(dim=-1).mean()) == pytest.approx(0.115, abs=0.002)
    assert float(length.positions[:, -1].square().sum(dim=-1).mean().sqrt()) == pytest.approx(0.95, rel=0.1)
    assert float((length.displacement.norm(dim=-1) < 0.05).float().mean()) == pytest.approx(0.087, abs=0.01)


def test_walks_in_a_box_stay_there():
    walks = walks_in_box(30, 40, half_side_m=0.3, seed=1)
    assert walks.positions.abs().max() <= 0.3 + 1e-6
    assert walks.positions.abs().max() > 0.25


def test_a_state_is_the_rectified_and_normed_product():
    torch.manual_seed(0)
    network, sequences = SICNetwork(5, 4).double(), draw_sequences(2, 3, permuted=True, seed=1)
    with torch.no_grad():
        found = network(type(sequences)(sequences.steps.double(), sequences.order))
        for path in range(2):
            state = torch.relu(network.start) / torch.relu(network.start).norm()
            torch.testing.assert_close(found[path, 0], state)
            for step, number in enumerate(sequences.order[path]):
                hidden = torch.relu(network.first(sequences.steps[number].double() / 0.15))
                matrix = network.third(torch.relu(network.second(hidden))).reshape(5, 5)
                state = torch.relu(matrix @ state)
                state = state / state.norm()
                torch.testing.assert_close(found[path, step + 1], state)


def test_empty_states_stay_empty():
    network = SICNetwork(4, 3)
    still = Motion(torch.full((2, 2), 0.1), torch.zeros(2), torch.zeros(2))
    with torch.no_grad():
        assert not network.step((torch.zeros(2, 4),), still)[0].any()


def test_a_candidate_comes_to_a_walks_start_by_the_same_code(settings):
    torch.manual_seed(0)
    network = SICNetwork(6, 4).double()
    start = torch.tensor([[0.2, 0.9]], dtype=torch.float64)
    displacement = (start - torch.tensor(ORIGIN_M, dtype=torch.float64)) / 10
    step = Motion(displacement, torch.zeros(1), torch.zeros(1))
    with torch.no_grad():
        state = network.begin(torch.tensor([ORIGIN_M], dtype=torch.float64), torch.zeros(1))
        torch.testing.assert_close(state[0].norm(dim=1), torch.ones(1, dtype=torch.float64))
        state = (torch.relu(network.start)[None] / torch.relu(network.start).norm(),)
        for _ in range(10):
            state = network.step(state, step)
        torch.testing.assert_close(network.begin(start, torch.zeros(1))[0], state[0])


def test_path_invariance_is_1_for_a_code_of_place_and_0_for_noise_and_for_one_code():
    rng = np.random.default_rng(0)
    places = rng.uniform(0, 0.6, (300, 2))
    exact = np.floor(places / 0.001) * 0.001
    assert path_invariance(exact, places) > 0.85
    assert path_invariance(rng.standard_normal((300, 5)), places) < 0.1
    assert path_invariance(np.ones((300, 5)), places) == 0


def test_gridness_knows_lattices_from_noise_of_their_correlation_length():
    rng = np.random.default_rng(0)
    y, x = np.mgrid[0:30, 0:30] * 0.05
    lattices = []
    for spacing in (0.4, 0.6):
        for phase in rng.uniform(0, 1, (10, 2)):
            waves = [
                np.cos(
                    4
                    * np.pi
                    / (np.sqrt(3) * spacing)
                    * ((x - phase[0]) * np.cos(a) + (y - phase[1]) * np.sin(a))
                )
                for a in np.deg2rad([0, 60, 120])
            ]
            lattices.append(sum(waves))
    found = population_gridness(np.stack(lattices), bin_m=0.05, seed=0)
    assert found.share_above_noise > 0.9
    assert found.n_modules == 2
    noise = np.stack([gaussian_filter(one, 2.0, mode="wrap") for one in rng.standard_normal((100, 30, 30))])
    width = half_width(np.asarray(spatial_autocorrelation(noise)))
    assert width == pytest.approx(4 * np.sqrt(np.log(2)), rel=0.15)
    assert population_gridness(noise, bin_m=0.05, seed=0).share_above_noise < 0.13
    slopes = np.stack([np.cos(angle) * x + np.sin(angle) * y for angle in rng.uniform(0, 6, 20)])
    assert population_gridness(slopes, bin_m=0.05, seed=0).share_above_noise == 0
    assert noise_threshold(width, (30, 30), seed=1) == pytest.approx(
        noise_threshold(width, (30, 30), seed=2), abs=0.2
    )


def test_maps_are_means_over_bins():
    places = np.array([[0.01, 0.01], [0.02, 0.03], [0.07, 0.01]])
    maps = unit_maps(np.array([[1.0], [3.0], [5.0]]), places, box_m=0.1, bin_m=0.05)
    np.testing.assert_array_equal(maps, [[[2, 5], [np.nan, np.nan]]])


SMALL = Size(
    units=6,
    mlp_units=4,
    objective=Objective(),
    batches=Batches(n_paths=3, n_steps=5, n_updates=2, n_held_out=2),
    optimisation=Optimisation(rate=0.01, epsilon=1e-8, max_epochs=3, patience=3),
    choices="Tiny, for tests.",
)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    return train(recipe_of("small", size=SMALL), tmp_path_factory.mktemp("sic"), seed=2)


def test_training_resumes_to_the_same_bytes(trained, tmp_path):
    def stop(done, of):
        raise KeyboardInterrupt

    recipe = recipe_of("small", size=SMALL)
    with pytest.raises(KeyboardInterrupt):
        train(recipe, tmp_path, seed=2, report=stop, checkpoint_seconds=0)
    again = train(recipe, tmp_path, seed=2)
    assert again.card.weights.sha256 == trained.card.weights.sha256
    assert (again.folder / "losses.csv").read_bytes() == (trained.folder / "losses.csv").read_bytes()


def test_the_loss_is_the_weighted_sum_of_its_parts():
    weights = {"separation": 1.0, "invariance": 0.1, "capacity": 0.5, "isometry": 1.0}
    for ablation in ABLATIONS:
        task = recipe_of("small", ablation, size=SMALL).task(0, "cpu")
        found = task.losses()
        if ablation == "no-capacity":
            weights["capacity"] = 0.0
        else:
            weights["capacity"] = 0.5
        total = sum(weight * found[f"test_{name}"] for name, weight in weights.items())
        assert found["test_loss"] == pytest.approx(total, rel=1e-4)


def test_ablations_change_one_thing_each():
    tasks = {name: recipe_of("small", name, size=SMALL).task(0, "cpu") for name in ABLATIONS}
    (complete, bare, free, narrow) = (next(iter(task.batches(0)))[0] for task in tasks.values())
    assert torch.equal(complete.steps, bare.steps)
    assert torch.equal(complete.steps, narrow.steps)
    assert len(free.steps) == 15 > len(complete.steps)
    wide, small = (tasks[name].losses()["test_separation"] for name in ("", "narrow"))
    assert small < wide


def test_weights_of_another_size_are_refused(trained, settings):
    weights = SICNetwork(6, 5).state_dict()
    with pytest.raises(InvalidDataError, match="another architecture"):
        SelfSupervisedSpace(weights=weights, units=6, mlp_units=4)
    path = np.random.default_rng(0).uniform(0, 1, (8, 2))
    walk = motion_from_path("w", path, rate_hz=10.0, arena_m=(1.0, 1.0))
    (layers,) = load_candidate(str(trained.folder), settings).activations([walk])
    assert layers["code"].values.shape == (7, 6)


def test_recipes_stand_in_both_sizes():
    names = [recipe.name for recipe in recipes()]
    assert len(set(names)) == 8
    assert {"sic-small", "sic-full", "sic-small-no-permutation", "sic-full-narrow"} <= set(names)
    assert SIZES["full"].batches.n_paths * SIZES["full"].batches.n_steps == 7800


@pytest.mark.parametrize("name", list(SHIPPED))
def test_a_shipped_network_beats_its_untrained_twin_and_was_trained_by_its_recipe(name):
    card, path = SHIPPED[name].card, SHIPPED[name].path
    (recipe,) = find_recipes(name)
    assert card.model_copy(update={"weights": None, "training": None}) == recipe.card
    assert card.training == f"innerscore train {name} --seed 0 --device cpu"
    assert (path.parent / card.weights.file).stat().st_size < 5e6
    assert card.weights.losses["test_loss"] < card.weights.losses["untrained_test_loss"]


def test_the_complete_objective_and_its_ablations_ship():
    assert sorted(SHIPPED) == sorted(recipe.name for recipe in recipes() if recipe.family == "sic-small-size")
