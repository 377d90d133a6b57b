"""Learned codes of place: their losses against plain numpy, their form, their training, and what ships."""

import numpy as np
import pytest
import torch
from shipped_networks import checked_card

from innerscore.candidates import load_candidate, registry
from innerscore.candidates.training import Optimisation, find_recipes, train
from innerscore.candidates.training.space_codes.actionable import one_size, positivity, separation
from innerscore.candidates.training.space_codes.recipes import FAMILY, recipe_of
from innerscore.candidates.training.space_codes.remapping import similarity_error
from innerscore.candidates.weights import read_weights
from innerscore.candidates.zoo.actionable_grid import UNIT_M, ActionableGrid, TranslationCode
from innerscore.candidates.zoo.conformal_grid import NODES, ROOM_M, ConformalGrid, ConformalNetwork
from innerscore.candidates.zoo.place_remapping import PlaceNetwork, PlaceRemapping
from innerscore.core.errors import CandidateError, InvalidDataError
from innerscore.core.settings import Settings
from innerscore.tasks.self_motion import motion_from_path

NAMES = [recipe.name for recipe in find_recipes(FAMILY)]
SHORT = Optimisation(rate=0.01, epsilon=1e-8, max_epochs=2, decay_epochs=1)
SPACINGS = (0.4, 0.8)


def walk_along(places, arena_m=(1.0, 1.0)):
    return motion_from_path("along", np.asarray(places, dtype=float), rate_hz=10.0, arena_m=arena_m)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def network():
    torch.manual_seed(0)
    return ConformalNetwork(SPACINGS, 5).double()


def test_the_actionable_losses_are_means_over_pairs_units_and_rooms(rng):
    places, activity = rng.normal(0, 1, (6, 2)), rng.normal(0, 0.4, (6, 3))
    pairs = [
        (1 - np.exp(-((x - y) ** 2).sum() / 0.5)) * np.exp(-((g - h) ** 2).sum() / 0.8)
        for x, g in zip(places, activity, strict=True)
        for y, h in zip(places, activity, strict=True)
    ]
    found = separation(torch.from_numpy(activity), torch.from_numpy(places))
    assert float(found) == pytest.approx(np.mean(pairs))
    rooms = rng.normal(0, 0.4, (2, 6, 3))
    negative = np.mean([max(-value, 0) for value in rooms.ravel()]) * np.sqrt(6)
    assert float(positivity(torch.from_numpy(rooms))) == pytest.approx(negative)
    sizes = [
        (sum(value**2 for value in rooms[room, :, unit]) - 1) ** 2 for room in (0, 1) for unit in range(3)
    ]
    assert float(one_size(torch.from_numpy(rooms))) == pytest.approx(np.mean(sizes))


def test_a_movement_acts_on_the_actionable_code_by_one_matrix_everywhere():
    torch.manual_seed(0)
    code = TranslationCode(9).double()
    places, moved = torch.randn(40, 2).double(), torch.tensor([0.7, -0.3]).double()
    with torch.no_grad():
        before, after = code(places), code(places + moved)
        matrix = torch.linalg.lstsq(before, after).solution
        torch.testing.assert_close(before @ matrix, after)
        other = torch.randn(40, 2).double()
        torch.testing.assert_close(code(other) @ matrix, code(other + moved))
        one = code.coefficients[2, 0] + sum(
            code.coefficients[2, 1 + m] * torch.cos(wave @ places[0])
            + code.coefficients[2, 5 + m] * torch.sin(wave @ places[0])
            for m, wave in enumerate(code.frequencies)
        )
        torch.testing.assert_close(before[0, 2], one)
        candidate = ActionableGrid(weights={k: v.float() for k, v in code.state_dict().items()}, units=9)
        path = [[0.2, 0.3], [0.2, 0.3], [0.5, 0.5]]
        shown = candidate.activations(walk_along(path))["code"]
        at = (torch.tensor(path[1:]).double() - 0.5) / UNIT_M
        np.testing.assert_allclose(shown, code(at).numpy(), atol=1e-5)


def test_the_similarity_error_is_a_mean_over_pairs_of_places_in_contexts(rng):
    places, contexts, rates = rng.uniform(0, 1, (5, 2)), rng.uniform(-1, 1, 5), rng.random((5, 4))
    errors = []
    for i in range(5):
        for j in range(5):
            apart = ((places[i] - places[j]) ** 2).sum() + (contexts[i] - contexts[j]) ** 2
            alike = np.exp(-((rates[i] - rates[j]) ** 2).sum())
            errors.append((0.2 + 0.8 * np.exp(-apart / 0.08) - alike) ** 2)
    found = similarity_error(*(torch.from_numpy(part) for part in (rates, places, contexts)))
    assert float(found) == pytest.approx(np.mean(errors))


def plain_code(network, place, block):
    """Code of one block at a place, interpolated by hand."""
    table = np.maximum(network.table.detach().numpy(), 0)[:, block].reshape(NODES, NODES, -1)
    at = np.array(place) / ROOM_M * (NODES - 1)
    (x, y), (a, b) = at.astype(int), at % 1
    mixed = (1 - a) * ((1 - b) * table[x, y] + b * table[x, y + 1]) + a * (
        (1 - b) * table[x + 1, y] + b * table[x + 1, y + 1]
    )
    return mixed / np.linalg.norm(mixed)


def plain_move(network, code, block, step):
    generators = network.generators.detach().numpy()[:, block]
    generator = generators[0] * step[0] + generators[1] * step[1]
    moved = np.maximum(code + generator @ code + generator @ generator @ code / 2, 0)
    return moved / np.linalg.norm(moved)


def test_the_conformal_code_is_a_table_and_its_movement_the_second_order_of_a_group(network):
    places = torch.tensor([[0.31, 1.22], [0.9, 0.05]]).double()
    step = torch.tensor([[0.02, -0.01], [0.0, 0.03]]).double()
    with torch.no_grad():
        code, at_own = network.code(places), network.code(places[:, None].expand(2, 2, 2))
        moved = network.moved(code, step)
    torch.testing.assert_close(code, at_own)
    for n in range(2):
        for block in range(2):
            plain = plain_code(network, places[n].numpy(), block)
            np.testing.assert_allclose(code[n, block].numpy(), plain)
            np.testing.assert_allclose(
                moved[n, block].numpy(), plain_move(network, plain, block, step[n].numpy())
            )


def test_the_conformal_losses_are_those_of_plain_loops():
    recipe = recipe_of("conformal-grid")
    task = recipe.task(0, "cpu")
    network = task.module.double()
    draw = torch.Generator().manual_seed(5)
    start = ROOM_M * torch.rand(50, 2, generator=draw)
    steps = 0.02 * torch.randn(50, 6, 2, generator=draw)
    errors = []
    for begun, walk in zip(start.numpy(), steps.numpy(), strict=True):
        place = begun.copy()
        codes = [plain_code(network, place, block) for block in range(3)]
        for step in walk:
            place += step
            if not ((place >= 0) & (place <= ROOM_M)).all():
                break
            codes = [plain_move(network, code, block, step) for block, code in enumerate(codes)]
            there = [plain_code(network, place, block) for block in range(3)]
            errors.append(np.mean([((a - b) ** 2).sum() for a, b in zip(codes, there, strict=True)]))
    found = task.transformation(torch.Generator().manual_seed(5))
    assert found.item() == pytest.approx(np.mean(errors), rel=1e-3)
    exact = {
        name: getattr(task, name)(torch.Generator().manual_seed(1)).item() for name in ("fields", "isometry")
    }
    with torch.no_grad():
        network.place.zero_()
        network.table.copy_(torch.ones_like(network.table))
    constant = {name: getattr(task, name)(torch.Generator().manual_seed(1)).item() for name in exact}
    # A code that is the same everywhere is apart from isometry by the mean square of 1.25 times a root of uniform.
    assert constant["isometry"] == pytest.approx(1.25**2 / 2, rel=0.05)
    # Nothing predicted: the mean square of a field of 0.1 m over the room, pi s^2 / area, but for the walls.
    assert constant["fields"] == pytest.approx(np.pi * 0.01 / ROOM_M**2, rel=0.1)
    assert exact["fields"] > constant["fields"]


def test_the_conformal_candidate_is_told_the_start_and_then_moves(network):
    weights = {name: value.float() for name, value in network.state_dict().items()}
    candidate = ConformalGrid(weights=weights, spacings_m=SPACINGS, block_units=5)
    walk = walk_along([[0.3, 0.4], [0.32, 0.4], [0.32, 0.43]])
    shown = candidate.activations(walk)["code"]
    for block in range(2):
        code = plain_code(network, [0.3, 0.4], block)
        for step, found in zip(([0.02, 0.0], [0.0, 0.03]), shown, strict=True):
            code = plain_move(network, code, block, step)
            np.testing.assert_allclose(found[5 * block : 5 * block + 5], code, atol=1e-4)
    with pytest.raises(CandidateError, match=r"at most 1\.5"):
        candidate.activations(walk_along([[0.3, 0.4], [0.32, 0.4]], arena_m=(1.6, 1.0)))


def test_place_cells_of_two_contexts_are_read_apart():
    torch.manual_seed(0)
    network = PlaceNetwork(4)
    walk = walk_along([[0.3, 0.4], [0.32, 0.4], [0.32, 0.43]])
    for context in (0.0, 0.7):
        candidate = PlaceRemapping(weights=network.state_dict(), units=4, context=context)
        with torch.no_grad():
            expected = network(torch.tensor([[0.32, 0.4], [0.32, 0.43]]), torch.full((2,), context))
        np.testing.assert_allclose(candidate.activations(walk)["place"], expected.numpy(), atol=1e-6)


def test_training_resumes_to_the_same_bytes_and_gives_a_candidate(tmp_path, settings):
    def stop(done, of):
        raise KeyboardInterrupt

    recipe = recipe_of("place-remapping", plan=SHORT)
    whole = train(recipe, tmp_path / "whole", seed=2)
    with pytest.raises(KeyboardInterrupt):
        train(recipe, tmp_path / "cut", seed=2, report=stop, checkpoint_seconds=0)
    again = train(recipe, tmp_path / "cut", seed=2)
    assert again.card.weights.sha256 == whole.card.weights.sha256
    losses = whole.card.weights.losses
    assert losses["test_loss"] < losses["untrained_test_loss"]
    (layers,) = load_candidate(str(whole.folder), settings).activations(
        [walk_along([[0.3, 0.4], [0.32, 0.4]])]
    )
    assert set(layers) == set(recipe.card.layers)


def test_weights_of_another_size_are_refused():
    with pytest.raises(InvalidDataError, match="another architecture"):
        ActionableGrid(weights=TranslationCode(7).state_dict(), units=9)


@pytest.mark.parametrize("name", NAMES)
def test_what_ships_was_trained_by_its_recipe_and_is_better_than_before(name):
    losses = checked_card(name).weights.losses
    assert losses["test_loss"] < losses["untrained_test_loss"]


def unit_correlations(first, second):
    """Correlation over places of each unit that has a map in both."""
    both = np.flatnonzero((first.std(axis=0) > 0.02) & (second.std(axis=0) > 0.02))
    return [np.corrcoef(first[:, unit], second[:, unit])[0, 1] for unit in both]


def test_the_place_cells_that_ship_remap_where_the_context_changes():
    registered = registry(Settings()).entries()["place-remapping"]
    weights = read_weights(registered.path.parent / registered.card.weights.file)
    net = np.stack(np.meshgrid(*[np.arange(0.2, 1.8, 0.1)] * 2), axis=-1).reshape(-1, 2)
    walk = walk_along([net[0], *net], arena_m=(2.0, 2.0))
    maps = {
        context: PlaceRemapping(weights=weights, units=100, context=context).activations(walk)["place"]
        for context in (0.0, 0.05, 0.8)
    }
    near, far = (np.median(unit_correlations(maps[0.0], maps[context])) for context in (0.05, 0.8))
    assert near > 0.9
    assert abs(far) < 0.2
    alike = [np.exp(-((maps[0.0][i] - maps[0.0][j]) ** 2).sum()) for i, j in ((0, 0), (0, 1), (0, 200))]
    assert alike == sorted(alike, reverse=True)
    assert alike[2] == pytest.approx(0.2, abs=0.1)
