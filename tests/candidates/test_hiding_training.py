"""Training on clips in which objects hide: open loop, judged in one way for every kind of predictor."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from innerscore.candidates.interface import registry
from innerscore.candidates.loaded import built
from innerscore.candidates.streams import streams_of
from innerscore.candidates.training import find_recipes, train
from innerscore.candidates.training.hiding.dynamics_task import HidingDynamicsTask, PoolSizes
from innerscore.candidates.training.hiding.judging import HORIZONS, errors_behind
from innerscore.candidates.training.hiding.latents import LatentMaker
from innerscore.candidates.training.hiding.recipes import encoder_recipe, pixel_recipe, slot_recipe
from innerscore.candidates.training.hiding.videos import N_AHEAD, N_CONTEXT, judged_clips
from innerscore.candidates.training.latent.corpus import Corpus as EncoderCorpus
from innerscore.candidates.training.recipe import Optimisation
from innerscore.candidates.training.video.sequences import Corpus
from innerscore.candidates.zoo.latent.candidate import predicted_layers
from innerscore.candidates.zoo.latent.carried import CARRIED, CarriedDynamics
from innerscore.candidates.zoo.latent.network import changing_dynamics, rolled_out
from innerscore.candidates.zoo.video.svg_network import SVGNetwork
from innerscore.core.settings import Settings
from innerscore.core.stimuli import FrameClip

ONE_EPOCH = Optimisation(rate=1e-3, epsilon=1e-8, max_epochs=1)
SHORT_ENCODER = EncoderCorpus(n_batch=2, n_updates=1, n_validation=2, n_test=2, n_frames=25)
SHORT = Corpus(n_updates=1, n_batch=2, n_frames=26, n_validation=2, n_test=2)
SMALL = {"channels": [4, 4, 4, 4], "convolutions": [1, 1, 1, 1], "n_latent": 8, "n_hidden": 8}
SHIPPED = {name: one for name, one in registry(Settings()).entries().items() if name.endswith("-hiding")}


@pytest.fixture
def dynamics():
    torch.manual_seed(0)
    made = CarriedDynamics(3, 5)
    torch.nn.init.normal_(made.readout.weight)
    return made


def test_carried_dynamics_begin_by_repeating_the_last_latent():
    context = torch.randn(2, 8, 4)
    rolled = rolled_out(changing_dynamics(CARRIED, 4), context, 6)
    torch.testing.assert_close(rolled, context[:, -1:].expand(-1, 6, -1))


def test_carried_dynamics_go_on_from_their_own_predictions(dynamics):
    context = torch.randn(2, 9, 3)
    predicted, states = dynamics(context, 4)
    assert predicted.shape == (2, 8 + 4, 3)
    assert states.shape == (2, 9 + 4, 5)
    # The same, shown what it predicted: then nothing is left to chance but rounding.
    shown = torch.cat([context, predicted[:, 8:11]], dim=1)
    again, _ = dynamics(shown, 1)
    torch.testing.assert_close(again, predicted)


def test_carried_dynamics_remember_what_left_a_window(dynamics):
    context = torch.randn(1, 20, 3)
    other = context.clone()
    other[:, 0] += 1  # earlier than the 7 latents that other dynamics see
    assert not torch.equal(rolled_out(dynamics, context, 1), rolled_out(dynamics, other, 1))


def test_the_state_is_a_layer_of_its_own_in_the_order_of_the_frames(dynamics):
    clip = FrameClip("clip", np.zeros((30, 4, 4, 3), np.uint8), 24.0, 1.0, 17)
    latents = torch.randn(30, 3)
    with torch.no_grad():
        layers = predicted_layers(latents, clip, dynamics, step_hz=12.0)
    streams = streams_of(clip, step_hz=12.0, min_context=7)
    assert layers["dynamics"].shape == (30, 3)
    assert layers["state"].shape == (30, 5)
    torch.testing.assert_close(layers["dynamics"][:17], latents[:17])
    # The state reads out the change to the stream's next latent, here two frames later.
    expected = layers["dynamics"] + dynamics.readout(layers["state"])
    torch.testing.assert_close(layers["dynamics"][19:], expected[17:28])
    assert streams.frame.shape[1] == 2


def test_errors_behind_the_panel_by_hand():
    true = torch.zeros(2, N_AHEAD, 3)
    true[:, 19] = 2.0
    errors = errors_behind(torch.ones(2, N_AHEAD, 3), true, torch.full((2, 3), 3.0))
    assert [errors[f"error_{h}_behind"] for h in HORIZONS] == [1.0, 1.0, 1.0]
    assert [errors[f"last_repeated_{h}_behind"] for h in HORIZONS] == [9.0, 1.0, 9.0]


def test_clips_that_judge_are_the_same_for_all_and_hide_at_one_frame():
    clips = judged_clips(6)
    assert set(clips.n_before) == {N_CONTEXT}
    np.testing.assert_array_equal(judged_clips(6).frames, clips.frames)
    assert not clips.hidden[:, :N_CONTEXT].any()


def drifting(n_latents=2):
    """An "encoder" of clips whose latents drift at a speed of their own, at a known place of the clip."""

    def network(dynamics, _):
        module = torch.nn.Module()
        module.dynamics = changing_dynamics(dynamics, n_latents)
        return module

    def latents(clips, _):
        speed = torch.as_tensor(clips.positions[:, :1, 0, :] - 0.5).float()
        return speed * torch.arange(clips.frames.shape[1])[None, :, None] * 0.2

    return LatentMaker(network, dict, latents, {"encoder": "drifting"})


def test_dynamics_learn_to_go_on_and_beat_the_last_latent_repeated(tmp_path):
    sizes = PoolSizes(n_training=32, n_validation=8, n_test=8, n_batch=8)
    given = {"sizes": sizes, "seed": 0, "device": "cpu", "cache": tmp_path}
    task = HidingDynamicsTask(drifting(), CARRIED, **given)
    before = task.losses()
    assert before["error_10_behind"] == pytest.approx(before["last_repeated_10_behind"])
    optimiser = torch.optim.Adam(task.module.parameters(), lr=5e-3)
    for epoch in range(6):
        for batch in task.batches(epoch):
            optimiser.zero_grad()
            task.loss(batch).backward()
            optimiser.step()
    after = task.losses()
    for ahead in HORIZONS:
        assert after[f"error_{ahead}_behind"] < 0.6 * after[f"last_repeated_{ahead}_behind"]
    assert after["test_loss"] < before["test_loss"]


def test_latents_are_looked_up_when_another_seed_is_trained(tmp_path):
    asked = []
    maker = drifting()
    counted = replace(maker, latents=lambda clips, fitted: asked.append(1) or maker.latents(clips, fitted))
    sizes = PoolSizes(n_training=8, n_validation=4, n_test=4, n_batch=4)
    one = HidingDynamicsTask(counted, CARRIED, sizes=sizes, seed=0, device="cpu", cache=tmp_path)
    n = len(asked)
    other = HidingDynamicsTask(counted, CARRIED, sizes=sizes, seed=1, device="cpu", cache=tmp_path)
    assert n == len(asked) == 3
    assert one.validation_loss() == other.validation_loss()  # both repeat the last latent, of the same clips
    orders = [next(iter(task.batches(0))).latents for task in (one, other)]
    assert not torch.equal(*orders)


def test_an_svg_network_open_loop_sees_nothing_after_its_context():
    torch.manual_seed(0)
    network = SVGNetwork(**SMALL, open_loop=True).eval()
    frames, noise = torch.rand(8, 2, 3, 64, 64), torch.randn(8, 2, 10)
    with torch.inference_mode():
        whole = network.imagine(frames[:4], noise)
        assert whole.frames.shape == (8, 2, 3, 64, 64)
        # Predicted latents are seen again as they are.
        torch.testing.assert_close(whole.encoder[4:], whole.dynamics[4:])
        loss = network.objective(frames, noise, n_context=4)
        true_frames = network.objective(frames, noise, n_context=8)
    assert float(loss) != float(true_frames)


@pytest.mark.parametrize(
    ("recipe", "told"),
    [
        (encoder_recipe(corpus=SHORT_ENCODER, optimisation=ONE_EPOCH), False),
        (slot_recipe(corpus=replace(SHORT, n_frames=35), optimisation=ONE_EPOCH), True),
        (pixel_recipe(corpus=replace(SHORT, n_context=12), optimisation=ONE_EPOCH), True),
    ],
    ids=["encoder", "slots", "pixels"],
)
def test_a_recipe_trains_and_says_how_well(recipe, told, tmp_path):
    trained = train(recipe, tmp_path / "one", seed=0)
    expected = [f"error_{h}_behind" for h in HORIZONS] if told else ["share_of_successors_found"]
    assert set(expected) <= set(trained.card.weights.losses)
    assert trained.card.weights.steps == 1


@pytest.mark.parametrize("recipe", find_recipes("hiding"), ids=lambda recipe: recipe.name)
def test_what_ships_is_what_its_recipe_says_and_was_trained_by_its_command(recipe):
    card = SHIPPED[recipe.name].card
    said = {"weights": card.weights, "training": f"innerscore train {recipe.name} --seed 0 --device cpu"}
    told = recipe.card.model_copy(update=said)
    assert card.model_dump(mode="json") == told.model_dump(mode="json")
    losses = card.weights.losses
    if card.weights.steps:
        assert losses["test_loss"] < losses["untrained_test_loss"]


def test_shipped_dynamics_beat_the_last_latent_repeated_by_half_on_clips_never_seen():
    shipped = SHIPPED["latent-selfsup-lstm-hiding"]
    candidate = built(shipped.card, shipped.path.parent, seed=0, device="cpu")
    clips = judged_clips(24, part="never drawn elsewhere")
    states = {}
    for n_shown in (None, N_CONTEXT):
        shown = [FrameClip("clip", frames, 12.0, 0.3, n_shown) for frames in clips.frames]
        states[n_shown] = np.stack([candidate.activations(clip)["dynamics"] for clip in shown])
    true, predicted = torch.as_tensor(states[None]), torch.as_tensor(states[N_CONTEXT])
    errors = errors_behind(predicted[:, N_CONTEXT:], true[:, N_CONTEXT:], true[:, N_CONTEXT - 1])
    losses = shipped.card.weights.losses
    for ahead in HORIZONS:
        here, told = (
            one[f"error_{ahead}_behind"] / one[f"last_repeated_{ahead}_behind"] for one in (errors, losses)
        )
        assert here < 0.75
        assert here == pytest.approx(told, abs=0.15)
