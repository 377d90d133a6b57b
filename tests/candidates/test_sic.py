"""SIC: its losses against loops over pairs, its network and sequences, its metrics, and what ships."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter
from shipped_networks import checked_card
from torch.autograd import gradcheck

from innerscore.candidates import load_candidate, registry
from innerscore.candidates.training import Optimisation, train
from innerscore.candidates.training.sic.gridness import population_gridness, population_lattice, unit_maps
from innerscore.candidates.training.sic.losses import (
    Objective,
    capacity,
    conformal_isometry,
    pair_terms,
)
from innerscore.candidates.training.sic.recipes import ABLATIONS, SIZES, Size, recipe_of, recipes
from innerscore.candidates.training.sic.task import Batches, Box, path_invariance
from innerscore.candidates.zoo.navigation.walks import Motion
from innerscore.candidates.zoo.sic import SelfSupervisedSpace
from innerscore.candidates.zoo.sic.balanced_walk import balanced_walk, paths_of_each_step
from innerscore.candidates.zoo.sic.network import ORIGIN_M, SICNetwork
from innerscore.candidates.zoo.sic.sequences import MOST_STEP_M, draw_sequences, walks_in_box
from innerscore.core.errors import InvalidDataError
from innerscore.core.settings import Settings
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
)
def test_separation_and_invariance_are_means_over_pairs(seed, sigma_x, sigma_g):
    states, displacement = batch(seed)
    flat, positions = states[:, 1:].flatten(0, 1).requires_grad_(), displacement.cumsum(dim=1).flatten(0, 1)
    objective = Objective(sigma_x=sigma_x, sigma_g=sigma_g)
    found = pair_terms(flat, positions, objective)
    expected = by_loop(flat.detach().numpy(), positions.numpy(), objective)
    assert (found.separation.item(), found.invariance.item()) == pytest.approx(expected, abs=1e-9)
    gradient = torch.autograd.grad(found.separation + 0.1 * found.invariance, flat)[0]
    assert torch.isfinite(gradient).all()


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
def test_isometry_is_the_variance_over_short_steps_relative_to_the_mean(seed):
    states, displacement = batch(seed)
    displacement[2, 0] = torch.tensor([0.001, 0.002])
    ratios, of_longer = [], []
    for path, steps in zip(states.numpy(), displacement.numpy(), strict=True):
        for before, after, step in zip(path[:-1], path[1:], steps, strict=True):
            length = np.sqrt((step**2).sum())
            if 0 < length < 0.05:
                ratios.append(np.sqrt(((after - before) ** 2).sum()) / length)
                of_longer += [ratios[-1]] if length > 0.005 else []
    assert len(ratios) > len(of_longer) >= 2
    plain = Objective(relative_isometry=False)
    assert float(conformal_isometry(states, displacement, plain)) == pytest.approx(np.var(ratios))
    relative = np.var(of_longer) / np.mean(of_longer) ** 2
    assert float(conformal_isometry(states, displacement, Objective())) == pytest.approx(relative)
    # A code twice as sharp is as isometric.
    assert float(conformal_isometry(2 * states, displacement, Objective())) == pytest.approx(relative)
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


def test_orders_of_as_many_paths_as_steps_share_their_steps_evenly_and_differ():
    order = draw_sequences(10, 5, permuted=True, seed=3).order
    assert (order.sort(dim=1).values == torch.arange(5)).all()
    assert all((torch.bincount(at_once, minlength=5) == 2).all() for at_once in order.T)
    paths = paths_of_each_step(order, 5)
    for time, step in np.ndindex(5, 5):
        assert (order[paths[time, step], time] == step).all()
    assert paths_of_each_step(draw_sequences(6, 4, permuted=True, seed=3).order, 4) is None
    assert paths_of_each_step(torch.tensor([[0, 1], [0, 1]]), 2) is None
    firsts = torch.stack([draw_sequences(5, 5, permuted=True, seed=seed).order[0] for seed in range(200)])
    # Each path's order is as random as any: every step comes first in a fifth of the draws.
    assert (torch.bincount(firsts[:, 0]) / 200 - 0.2).abs().max() < 0.1


def test_a_balanced_walk_is_the_same_as_step_by_step_and_so_is_its_gradient():
    torch.manual_seed(0)
    sequences = draw_sequences(8, 4, permuted=True, seed=1)
    paths = paths_of_each_step(sequences.order, 4)
    matrices = (torch.eye(5) + 0.3 * torch.randn(4, 5, 5)).double().requires_grad_()
    start = torch.rand(8, 5).double().requires_grad_()
    found = balanced_walk(matrices, start, paths)
    for path in range(8):
        state = start[path]
        for time, step in enumerate(sequences.order[path]):
            state = torch.relu(matrices[step] @ state)
            state = state / state.norm()
            torch.testing.assert_close(found[path, time + 1], state)
    assert gradcheck(lambda *tensors: balanced_walk(*tensors, paths), (matrices, start))
    empty = balanced_walk(-matrices.abs(), start, paths)
    empty.sum().backward()
    assert not empty[:, 1:].any()
    assert torch.isfinite(matrices.grad).all()


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
    assert path_invariance(exact, places, bin_m=0.05) > 0.85
    assert path_invariance(rng.standard_normal((300, 5)), places, bin_m=0.05) < 0.1
    assert path_invariance(np.ones((300, 5)), places, bin_m=0.05) == 0


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
    found = population_gridness(noise, bin_m=0.05, seed=0)
    assert found.share_above_noise_99 <= found.share_above_noise < 0.13
    slopes = np.stack([np.cos(angle) * x + np.sin(angle) * y for angle in rng.uniform(0, 6, 20)])
    assert population_gridness(slopes, bin_m=0.05, seed=0).share_above_noise == 0


def test_a_square_population_is_periodic_with_the_angle_of_a_square():
    rng = np.random.default_rng(0)
    y, x = np.mgrid[0:40, 0:40] * 2 * np.pi / 12
    squares = np.stack([np.cos(x - a) + np.cos(y - b) for a, b in rng.uniform(0, 6, (10, 2))])
    places = np.exp(
        -((np.mgrid[0:40, 0:40] - rng.uniform(9, 30, (10, 2))[..., None, None]) ** 2).sum(axis=1) / 40
    )
    found = population_lattice(np.concatenate([squares, places]), bin_m=0.05, seed=0)
    assert found.share_above_noise_99 == pytest.approx(0.5, abs=0.1)
    assert found.lengths == pytest.approx((0.6, 0.6), rel=0.03)
    assert found.angle == pytest.approx(90, abs=2)
    assert population_gridness(squares, bin_m=0.05, seed=0).share_above_noise == 0


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
    memory_mb=100.0,
    box=Box(n_walks=20, n_steps=5),
)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    return train(recipe_of("small", size=SMALL), tmp_path_factory.mktemp("sic"), seed=2)


def of_loss(code, objective, sequences):
    """The weighted loss of a hand-made code of place on sequences, by the task's own functions."""
    start = torch.zeros(len(sequences.order), 1, 2)
    positions = torch.cat([start, sequences.positions], dim=1).numpy() - 0.6
    states = torch.from_numpy(code(positions)).float()
    states = states / states.norm(dim=-1, keepdim=True)
    flat = states[:, 1:].flatten(0, 1)
    pairs = pair_terms(flat, sequences.positions.flatten(0, 1), objective)
    terms = {
        "separation": pairs.separation,
        "invariance": pairs.invariance,
        "capacity": capacity(flat),
        "isometry": conformal_isometry(states, sequences.displacement, objective),
    }
    return float(sum(getattr(objective, name) * value for name, value in terms.items()))


def places_of(width):
    centres = np.stack(np.meshgrid(*[np.linspace(-2, 1, 8)] * 2), axis=-1).reshape(-1, 2)
    return lambda at: np.exp(-((at[..., None, :] - centres) ** 2).sum(-1) / (2 * width**2)) + 1e-6


def lattices_of(periods, n_units=64):
    """Hexagonal lattices of known periods, their phases drawn over the cell."""
    rng = np.random.default_rng(0)
    units = [(period, rng.uniform(0, 1, 2) * period) for period in np.resize(periods, n_units)]

    def code(at):
        waves = [
            sum(
                np.cos(4 * np.pi / np.sqrt(3) / period * ((at - phase) @ (np.cos(a), np.sin(a))))
                for a in np.deg2rad([0, 60, 120])
            )
            for period, phase in units
        ]
        return np.maximum(np.stack(waves, axis=-1), 0) + 1e-6

    return code


def test_lattices_have_the_lower_loss_and_under_the_first_weights_wide_places_have():
    sequences = draw_sequences(40, 20, permuted=True, seed=0)
    first = SIZES["small"].objective
    places, sharp = places_of(0.4), places_of(0.2)
    modules = lattices_of([0.6, 0.84, 1.2])
    loss = {
        (name, kind): of_loss(code, objective, sequences)
        for name, code in (("places", places), ("sharp", sharp), ("modules", modules))
        for kind, objective in (("new", Objective()), ("first", first))
    }
    assert loss["modules", "new"] < loss["places", "new"] - 0.02
    assert loss["modules", "new"] < loss["sharp", "new"] - 0.02
    assert loss["places", "first"] < loss["modules", "first"] - 0.1


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
    without = {"no-capacity": {"capacity": 0.0}, "no-isometry": {"isometry": 0.0}}
    for ablation in ABLATIONS:
        weights = {"separation": 1.0, "invariance": 0.2, "capacity": 0.5, "isometry": 0.5}
        weights |= without.get(ablation, {})
        task = recipe_of("small", ablation, size=SMALL).task(0, "cpu")
        found = task.losses()
        total = sum(weight * found[f"test_{name}"] for name, weight in weights.items())
        assert found["test_loss"] == pytest.approx(total, rel=1e-4)


def plain_loss(network, drawn, objective):
    """The loss of a batch by loops over paths, steps and pairs, with numpy alone."""
    layers = [(layer.weight.double().numpy(), layer.bias.double().numpy()) for layer in network.children()]
    steps = drawn.sequences.steps.double().numpy()
    hidden = steps / 0.045
    for weight, bias in layers[:2]:
        hidden = np.maximum(hidden @ weight.T + bias, 0)
    matrices = (hidden @ layers[2][0].T + layers[2][1]).reshape(len(steps), 6, 6)
    begun = np.maximum(network.start.double().numpy(), 0)
    states, places, ratios = [], [], []
    for order in drawn.sequences.order.numpy():
        state, place = begun / np.linalg.norm(begun), np.zeros(2)
        for step in order:
            before, state = state, np.maximum(matrices[step] @ state, 0)
            state, place = state / np.linalg.norm(state), place + steps[step]
            length = np.linalg.norm(steps[step])
            if objective.sigma_x / 10 < length < objective.sigma_x:
                ratios.append(np.linalg.norm(state - before) / length)
            states.append(state)
            places.append(place)
    states, places = np.stack(states), np.stack(places)
    separation, invariance = by_loop(states[drawn.paired], places[drawn.paired], objective)
    return (
        separation
        + 0.2 * invariance
        - 0.5 * np.sum(states.mean(axis=0) ** 2)
        + 0.5 * np.var(ratios) / np.mean(ratios) ** 2
    )


def test_the_loss_over_a_short_run_is_that_of_plain_loops():
    batches = Batches(n_paths=12, n_steps=6, n_updates=3, n_held_out=1, n_pair_states=20, most_step_m=0.045)
    size = replace(SMALL, objective=Objective(sigma_x=0.03), batches=batches)
    task = recipe_of("48", size=size).task(1, "cpu")
    optimiser = torch.optim.Adam(task.module.parameters(), lr=0.01)
    seen = []
    for batch_drawn in task.batches(0):
        (drawn,) = batch_drawn
        assert len(set(drawn.paired.tolist())) == 20
        optimiser.zero_grad()
        loss = task.loss(batch_drawn)
        with torch.no_grad():
            expected = plain_loss(task.module, drawn, size.objective)
        assert loss.item() == pytest.approx(expected, rel=1e-4)
        loss.backward()
        optimiser.step()
        seen.append(loss.item())
    assert len(set(seen)) == 3


def test_a_candidate_of_shorter_steps_makes_more_of_them():
    torch.manual_seed(0)
    network = SICNetwork(6, 4, 0.045).double()
    start = torch.tensor([[0.2, 0.9]], dtype=torch.float64)
    step = (start - torch.tensor(ORIGIN_M, dtype=torch.float64)) / 33
    still = torch.zeros(1)
    with torch.no_grad():
        state = (torch.relu(network.start)[None] / torch.relu(network.start).norm(),)
        for _ in range(33):
            state = network.step(state, Motion(step, still, still))
        torch.testing.assert_close(network.begin(start, still)[0], state[0])
        walk = motion_from_path(
            "w", np.array([[0.2, 0.9], [0.23, 0.9], [0.23, 0.91]]), rate_hz=5.0, arena_m=(1, 1)
        )
        candidate = SelfSupervisedSpace(
            weights={name: value.float() for name, value in network.state_dict().items()},
            units=6,
            mlp_units=4,
            most_step_m=0.045,
            step_s=0.2,
        )
        found = candidate.activations(walk)["code"]
        for moved, code in zip(([0.03, 0.0], [0.0, 0.01]), found, strict=True):
            state = network.step(state, Motion(torch.tensor([moved], dtype=torch.float64), still, still))
            np.testing.assert_allclose(code, state[0][0].numpy(), atol=1e-5)


def test_ablations_change_one_thing_each():
    tasks = {name: recipe_of("small", name, size=SMALL).task(0, "cpu") for name in ABLATIONS}
    steps = {name: next(iter(task.batches(0)))[0].sequences.steps for name, task in tasks.items()}
    assert len(steps.pop("no-permutation")) == 15 > len(steps[""])
    assert all(torch.equal(steps[""], others) for others in steps.values())
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


def test_recipes_stand_in_all_sizes():
    names = [recipe.name for recipe in recipes()]
    assert len(set(names)) == len(SIZES) * len(ABLATIONS)
    assert {"sic-small", "sic-48", "sic-128", "sic-full", "sic-small-no-permutation"} <= set(names)
    assert SIZES["full"].batches.n_paths * SIZES["full"].batches.n_steps == 7800


@pytest.mark.parametrize("name", list(SHIPPED))
def test_a_shipped_network_beats_its_untrained_twin_and_was_trained_by_its_recipe(name):
    losses = checked_card(name).weights.losses
    assert losses["test_loss"] < losses["untrained_test_loss"]


def test_the_complete_objective_and_its_ablations_ship():
    ablations = ("", "-no-capacity", "-no-permutation", "-narrow")
    assert set(SHIPPED) == {"sic-48", "sic-128", *(f"sic-small{ablation}" for ablation in ablations)}
