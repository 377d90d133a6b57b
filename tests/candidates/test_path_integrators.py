"""Path integrators: their walks and targets, what a stimulus becomes, and how well the shipped ones do."""

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from shipped_networks import checked_card
from torch import nn

from innerscore.candidates import load_candidate, registry
from innerscore.candidates.training import find_recipes, train
from innerscore.candidates.training.path_integrators.recipes import recipe_of
from innerscore.candidates.training.path_integrators.task import Corpus
from innerscore.candidates.zoo.navigation import BOX_M, Motion, PlaceCode, draw_walks
from innerscore.candidates.zoo.navigation.place_code import uniform_centres
from innerscore.candidates.zoo.navigation.steps import show, stepped
from innerscore.candidates.zoo.path_integrators import PathIntegrator
from innerscore.candidates.zoo.path_integrators.networks import ARCHITECTURES, build_network, unrolled
from innerscore.core.errors import CandidateError, InvalidArgumentError, InvalidDataError
from innerscore.core.settings import Settings
from innerscore.tasks.self_motion import motion_from_path, ornstein_uhlenbeck_paths

SHIPPED = {
    name: registered
    for name, registered in registry(Settings()).entries().items()
    if name.startswith("path-integrator-")
}
WALKS = draw_walks(400, 50, seed=3)


def test_walks_have_the_published_statistics():
    distance, turn = WALKS.motion.distance, WALKS.motion.turn
    inside = ((WALKS.positions > 0.2) & (WALKS.positions < BOX_M - 0.2)).all(dim=-1)
    free = inside[:, :-1] & inside[:, 1:]
    assert float(distance[:, 1:][free].mean()) == pytest.approx(0.0205, rel=0.03)
    assert float(turn[:, 1:][free].std()) == pytest.approx(np.deg2rad(13.2), rel=0.03)
    previous = distance[:, :-1][free] - distance[:, :-1][free].mean()
    now = distance[:, 1:][free] - distance[:, 1:][free].mean()
    assert abs(float((previous * now).mean() / now.var())) < 0.05
    assert float((WALKS.positions.clamp(0, BOX_M) - WALKS.positions).abs().max()) < 0.07


def test_steps_add_up_and_follow_their_headings():
    motion = WALKS.motion
    along = torch.stack([motion.heading.cos(), motion.heading.sin()], dim=-1) * motion.distance[..., None]
    torch.testing.assert_close(along, motion.displacement, atol=1e-6, rtol=0)
    torch.testing.assert_close(
        WALKS.heading[:, None] + motion.turn.cumsum(dim=1), motion.heading, atol=1e-4, rtol=0
    )
    torch.testing.assert_close(
        WALKS.positions[:, -1], WALKS.start + motion.displacement.sum(dim=1), atol=1e-5, rtol=0
    )


def test_a_walker_that_faces_a_near_wall_runs_along_it():
    walks = draw_walks(20000, 1, seed=1)
    to_right = BOX_M - walks.start[:, 0]
    near = (to_right < 0.03) & (walks.heading.cos() > 0) & ((walks.start[:, 1] - BOX_M / 2).abs() < 1)
    assert near.sum() > 50
    heading = walks.motion.heading[near, 0]
    before = walks.heading[near].sin()
    assert float(heading.cos().abs().mean()) < 0.3
    assert (heading.sin() * before > 0).float().mean() > 0.95
    assert float(walks.motion.distance[near].mean()) == pytest.approx(0.0205 / 4, rel=0.15)


def test_the_seed_decides_on_the_walks():
    assert torch.equal(draw_walks(3, 4, seed=1).positions, draw_walks(3, 4, seed=1).positions)
    assert not torch.equal(draw_walks(3, 4, seed=1).positions, draw_walks(3, 4, seed=2).positions)


@pytest.mark.parametrize("surround", [False, True])
def test_place_codes_are_the_published_formula(surround):
    code = PlaceCode(uniform_centres(30, BOX_M, seed=1).double(), width_m=0.12, surround=surround)
    places = np.random.default_rng(0).uniform(0, BOX_M, (5, 2))
    centres = code.centres.numpy()
    for place, found in zip(places, code(torch.from_numpy(places)).numpy(), strict=True):
        squared = [(place[0] - x) ** 2 + (place[1] - y) ** 2 for x, y in centres]

        def softmax(variance, squared=squared):
            weights = [np.exp(-(one - min(squared)) / (2 * variance)) for one in squared]
            return np.array(weights) / sum(weights)

        expected = softmax(0.12**2)
        if surround:
            expected = expected - softmax(2 * 0.12**2)
            expected = expected + abs(expected.min())
            expected = expected / expected.sum()
        np.testing.assert_allclose(found, expected, atol=1e-9)


def test_a_place_is_decoded_from_the_three_most_active_cells():
    code = PlaceCode(
        torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [9.0, 9.0]]), width_m=1, surround=False
    )
    assert code.decoded(torch.tensor([0.3, 0.2, 0.25, 0.1])).tolist() == pytest.approx([1 / 3, 1 / 3])


class Counter(nn.Module):
    """A model that knows where it began, what it was told in whole steps and how often."""

    def begin(self, start, heading):
        return (torch.cat([start, torch.zeros_like(start[:, :1])], dim=1),)

    def step(self, state, motion: Motion):
        return (torch.cat([state[0][:, :2] + motion.displacement, state[0][:, 2:] + 1], dim=1),)

    def layers(self, state):
        return {"place": state[0][:, :2], "steps": state[0][:, 2:]}


@pytest.mark.parametrize("rate_hz", [2.0, 10.0, 7.0, 50.0])
def test_a_walk_at_any_rate_becomes_steps_of_the_model(rate_hz):
    paths = ornstein_uhlenbeck_paths(2, 6.0, rate_hz=rate_hz, seed=2)
    walks = [
        motion_from_path(f"w{k}", path[: len(path) - k], rate_hz=rate_hz, arena_m=(1.0, 1.0))
        for k, path in enumerate(paths)
    ]
    for walk, found in zip(walks, show(Counter(), walks, 0.2, "cpu"), strict=True):
        np.testing.assert_allclose(found["place"], walk.positions, atol=1e-6)
        ends = np.arange(1, walk.n_steps + 1) / rate_hz
        np.testing.assert_array_equal(found["steps"][:, 0], np.ceil(ends / 0.2 - 1e-9))


def test_no_state_knows_what_is_still_to_come():
    path = ornstein_uhlenbeck_paths(1, 4.0, rate_hz=7.0, seed=2)[0]
    other = np.concatenate([path[:15], path[:13]])
    pair = [
        motion_from_path(name, one, rate_hz=7.0, arena_m=(1.0, 1.0))
        for name, one in (("a", path), ("b", other))
    ]
    torch.manual_seed(0)
    network = build_network("lstm", 8).double()
    a, b = show(network, pair, 0.2, "cpu")
    np.testing.assert_allclose(a["hidden"][:14], b["hidden"][:14], atol=1e-6)
    assert np.abs(a["hidden"][14:] - b["hidden"][14:]).max() > 1e-3


def test_turns_are_between_successive_headings_and_kept_where_nothing_moves():
    path = np.array([[0, 0], [0.1, 0], [0.1, 0.1], [0.1, 0.1], [0, 0.1]]) + 0.5
    walk = stepped(motion_from_path("w", path, rate_hz=5.0, arena_m=(1.0, 1.0)), 0.2)
    assert walk.heading == pytest.approx(0)
    np.testing.assert_allclose(walk.whole.turn, np.deg2rad([0, 90, 0]), atol=1e-9)
    np.testing.assert_allclose(walk.last.turn, np.deg2rad([0, 90, 0, 90]), atol=1e-9)
    still = stepped(motion_from_path("s", np.full((4, 2), 0.5), rate_hz=5.0, arena_m=(1.0, 1.0)), 0.2)
    assert not still.whole.turn.any()
    assert not still.last.turn.any()


def state_of(network, n=3):
    return network.begin(WALKS.start[:n], WALKS.heading[:n])


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_layers_are_those_of_the_card_for_any_leading_shape(architecture):
    torch.manual_seed(0)
    network, card = build_network(architecture, 16), recipe_of(architecture, 16).card
    with torch.no_grad():
        states = unrolled(network, WALKS[:3])
        layers = network.layers(states)
        last = network.layers(tuple(part[:, -1] for part in states))
        assert network.positions(states).shape == (3, WALKS.n_steps, 2)
    assert tuple(layers) == card.layers
    for name, values in layers.items():
        torch.testing.assert_close(values[:, -1], last[name])


def test_the_relu_network_is_the_published_one():
    torch.manual_seed(0)
    network = build_network("relu-rnn", 6)
    h = network.encoder.weight @ (512 * network.place(WALKS.start[:1])[0])
    with torch.no_grad():
        for k in range(2):
            velocity = WALKS.motion.displacement[0, k] / 0.02
            h = torch.relu(network.recurrent.weight @ h + network.inputs.weight @ velocity)
        found = unrolled(network, WALKS[:1])[0][0, 1]
    torch.testing.assert_close(found, h)
    assert not any("bias" in name for name in network.state_dict())


def test_the_gated_network_is_the_published_one():
    torch.manual_seed(0)
    network = build_network("ugrnn", 5)
    with torch.no_grad():
        (h,) = state_of(network, 1)
        motion = WALKS[:1].motion[:, 0]
        seen = torch.cat([network.inputs(motion.displacement / 0.02), h], dim=1)
        both = seen @ network.gates.weight.T + network.gates.bias
        gate = 1 / (1 + torch.exp(-(both[:, :5] + 1)))
        expected = gate * h + (1 - gate) * both[:, 5:].clamp(min=0)
        torch.testing.assert_close(network.step((h,), motion)[0], expected)


def test_the_leaky_network_takes_a_tenth_of_a_time_constant():
    torch.manual_seed(0)
    network = build_network("leaky-rnn", 5)
    with torch.no_grad():
        (x,) = state_of(network, 1)
        motion = WALKS[:1].motion[:, 0]
        speed = motion.displacement.norm(dim=1, keepdim=True) / 0.02
        heard = torch.cat([speed, motion.heading.cos()[:, None], motion.heading.sin()[:, None]], dim=1)
        change = -x + torch.tanh(x) @ network.recurrent.weight.T + network.inputs(heard)
        torch.testing.assert_close(network.step((x,), motion)[0], x + change / 10)


def test_the_bottleneck_network_hears_speed_and_turns_alone():
    torch.manual_seed(0)
    network = build_network("lstm", 8)
    motion, state = WALKS[:3].motion[:, 0], state_of(network)
    angle = torch.tensor(0.7)
    turned = torch.stack([torch.stack([angle.cos(), -angle.sin()]), torch.stack([angle.sin(), angle.cos()])])
    other = Motion(motion.displacement @ turned.T, motion.heading + angle, motion.turn)
    with torch.no_grad():
        torch.testing.assert_close(network.step(state, motion), network.step(state, other), atol=1e-5, rtol=0)


def test_dropout_leaves_half_of_the_bottleneck_and_the_seed_decides():
    torch.manual_seed(0)
    network = build_network("lstm", 8)
    with torch.no_grad():
        found = [network.loss(WALKS, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2)]
        kept = torch.nn.functional.dropout(network.bottleneck(unrolled(network, WALKS)[0]), 0.5)
        reference = network.to_place(kept).log_softmax(dim=-1).mean()
        own = network.to_place(network.bottleneck(unrolled(network, WALKS)[0])).log_softmax(dim=-1).mean()
    assert found[0] == found[1] != found[2]
    assert found[0] != network.loss(WALKS, None)
    assert reference < own


SMALL = Corpus(n_batch=20, n_updates=3, n_validation=20, n_test=20)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_training_resumes_to_the_same_bytes_and_gives_a_candidate(architecture, tmp_path, settings):
    recipe = recipe_of(architecture, 8, corpus=SMALL, max_epochs=3)
    whole = train(recipe, tmp_path / "whole", seed=2)

    def stop(done, of):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(recipe, tmp_path / "again", seed=2, report=stop, checkpoint_seconds=0)
    again = train(recipe, tmp_path / "again", seed=2)
    assert again.card.weights.sha256 == whole.card.weights.sha256
    assert (again.folder / "losses.csv").read_bytes() == (whole.folder / "losses.csv").read_bytes()
    walk = motion_from_path(
        "w", ornstein_uhlenbeck_paths(1, 2.0, rate_hz=10.0, seed=2)[0], rate_hz=10.0, arena_m=(1.0, 1.0)
    )
    (layers,) = load_candidate(str(whole.folder), settings).activations([walk])
    assert tuple(layers) == recipe.card.layers


def test_no_two_epochs_have_the_same_walks():
    task = recipe_of("leaky-rnn", 8, corpus=SMALL).task(0, "cpu")
    first, again, second = (next(iter(task.batches(epoch))) for epoch in (0, 0, 1))
    assert torch.equal(first.data.positions, again.data.positions)
    assert not torch.equal(first.data.positions, second.data.positions)
    assert first.noise_seed == again.noise_seed != second.noise_seed


def test_weights_of_another_architecture_and_arenas_larger_than_the_room_are_refused():
    state = build_network("ugrnn", 8).state_dict()
    entry = find_recipes("path-integrator-ugrnn")[0].card.entry
    assert entry.endswith(":PathIntegrator")
    with pytest.raises(InvalidDataError, match="another architecture"):
        PathIntegrator(weights=state, architecture="relu-rnn", units=8)
    with pytest.raises(InvalidArgumentError, match="'architecture'"):
        PathIntegrator(weights=state, architecture="gru", units=8)
    candidate = PathIntegrator(weights=state, architecture="ugrnn", units=8)
    path = np.full((4, 2), 0.5)
    assert candidate.activations(motion_from_path("w", path, rate_hz=5.0, arena_m=(2.2, 2.2)))
    with pytest.raises(CandidateError, match=r"at most 2\.2 m"):
        candidate.activations(motion_from_path("w", path, rate_hz=5.0, arena_m=(1.0, 2.3)))


def test_a_network_may_be_begun_anew_at_the_true_place():
    torch.manual_seed(0)
    weights = build_network("leaky-rnn", 8).state_dict()
    path = ornstein_uhlenbeck_paths(1, 2.0, rate_hz=5.0, seed=2)[0]
    whole = motion_from_path("w", path, rate_hz=5.0, arena_m=(1.0, 1.0))
    rest = motion_from_path("r", path[4:], rate_hz=5.0, arena_m=(1.0, 1.0))
    options = {"weights": weights, "architecture": "leaky-rnn", "units": 8}
    free, anew = PathIntegrator(**options), PathIntegrator(**options, restart_s=0.8)
    np.testing.assert_array_equal(free.activations(whole)["rates"][:4], anew.activations(whole)["rates"][:4])
    np.testing.assert_allclose(
        free.activations(rest)["rates"][:4], anew.activations(whole)["rates"][4:8], atol=1e-6
    )
    with pytest.raises(InvalidArgumentError, match="'restart_s'"):
        PathIntegrator(**options, restart_s=0.3)


@pytest.mark.parametrize("name", list(SHIPPED))
def test_a_shipped_network_integrates_other_walks_and_was_trained_by_its_recipe(name):
    card, path = checked_card(name), SHIPPED[name].path
    found = card.weights.losses
    assert found["test_loss"] < found["untrained_test_loss"]
    assert found["error_after_20_steps_cm"] < 10 < found["untrained_error_after_20_steps_cm"]
    network = build_network(**card.options)
    network.load_state_dict(load_file(path.parent / card.weights.file))
    walks = draw_walks(500, 20, seed=777)
    with torch.no_grad():
        said = network.eval().positions(tuple(part[:, -1] for part in unrolled(network, walks)))
    error = float(100 * (said - walks.positions[:, -1]).norm(dim=1).mean())
    assert error == pytest.approx(found["error_after_20_steps_cm"], rel=0.15)


def test_four_networks_ship():
    assert sorted(SHIPPED) == [f"path-integrator-{name}" for name in sorted(ARCHITECTURES)]
