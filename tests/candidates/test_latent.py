"""Latent predictors: losses against loops, dynamics against their equations, and nothing seen after the context."""

import itertools

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from innerscore.candidates import load_candidate, registry
from innerscore.candidates.training import Optimisation, train
from innerscore.candidates.training.latent import task as training
from innerscore.candidates.training.latent.corpus import Corpus, draw_batch
from innerscore.candidates.training.latent.recipes import recipe_of
from innerscore.candidates.training.latent.task import (
    AHEAD,
    ahead_error,
    contrast_across_time,
    one_ahead_error,
)
from innerscore.candidates.training.pictures import scaled
from innerscore.candidates.zoo.latent import LatentPredictor
from innerscore.candidates.zoo.latent.network import (
    DYNAMICS,
    ENCODERS,
    N_LATENTS,
    WINDOW,
    LatentNetwork,
    make_dynamics,
    rolled_out,
)
from innerscore.core.errors import InvalidArgumentError, InvalidDataError, MissingPartError
from innerscore.core.settings import Settings
from innerscore.core.stimuli import FrameClip
from innerscore.tasks.mental_pong import sample_conditions
from innerscore.tasks.pong_frames import render_trial

SMALL = Corpus(n_batch=2, n_updates=2, n_validation=2, n_test=2, n_frames=18)
PLAN = Optimisation(rate=2e-3, epsilon=1e-8, max_epochs=2)
# Those that learned on clips in which objects hide are in test_hiding_training.py.
SHIPPED = {
    name: entry
    for name, entry in registry(Settings()).entries().items()
    if name.startswith("latent-") and not name.endswith("-hiding")
}
CLIP = render_trial(sample_conditions(1, n_bounce=1, seed=5)[0])


def drawn(encoder="random", dynamics="lstm"):
    """A network that does something, also where it starts by repeating."""
    torch.manual_seed(0)
    network = LatentNetwork(encoder, dynamics).eval()
    for parameter in network.dynamics.parameters():
        parameter.data += 0.02 * torch.randn_like(parameter)
    return network


def candidate(dynamics):
    weights = drawn(dynamics=dynamics).state_dict()
    return LatentPredictor(weights=weights, encoder="random", dynamics=dynamics)


def test_the_contrast_is_the_cross_entropy_of_the_successor_in_a_loop():
    torch.manual_seed(1)
    now, soon = torch.randn(2, 3, 4, 5)

    def likeness(a, b):
        return float(torch.cosine_similarity(now[a], soon[b], dim=0)) / 0.1

    pairs = list(itertools.product(range(3), range(4)))
    losses = []
    for own in pairs:
        for others in ([pair for pair in pairs if pair[0] == own[0]], pairs):
            total = sum(np.exp(likeness(own, other)) for other in others)
            losses.append(np.log(total) - likeness(own, own))
    assert float(contrast_across_time(now, soon)) == pytest.approx(np.mean(losses), rel=1e-5)


class Extrapolating(nn.Module):
    """A straight line through the last two latents."""

    def forward(self, window):
        return 2 * window[:, -1] - window[:, -2]


def test_errors_are_those_of_a_loop_over_windows():
    torch.manual_seed(2)
    latents, dynamics = torch.randn(2, 20, 3), Extrapolating()
    one = [(latents[:, t] - 2 * latents[:, t - 1] + latents[:, t - 2]) ** 2 for t in range(WINDOW, 20)]
    assert float(one_ahead_error(dynamics, latents)) == pytest.approx(
        float(torch.stack(one).mean()), rel=1e-5
    )
    far = [
        (latents[:, t + AHEAD] - latents[:, t] - AHEAD * (latents[:, t] - latents[:, t - 1])) ** 2
        for t in range(WINDOW - 1, 20 - AHEAD)
    ]
    assert float(ahead_error(dynamics, latents)) == pytest.approx(float(torch.stack(far).mean()), rel=1e-4)


def test_a_rollout_goes_on_from_its_own_predictions():
    line = torch.arange(9.0)[None, :, None] * torch.tensor([1.0, -2.0])
    ahead = rolled_out(Extrapolating(), line, 4)
    torch.testing.assert_close(ahead, torch.arange(9.0, 13.0)[None, :, None] * torch.tensor([1.0, -2.0]))
    assert rolled_out(Extrapolating(), line, 0).shape == (1, 0, 2)


def test_the_continuous_time_network_follows_its_equation():
    torch.manual_seed(0)
    dynamics = make_dynamics("ctrnn", N_LATENTS, 20)
    window = torch.randn(2, WINDOW, N_LATENTS)
    part = {name: tensor.detach().double().numpy() for name, tensor in dynamics.state_dict().items()}
    for inputs, found in zip(window.double().numpy(), dynamics(window).detach().numpy(), strict=True):
        a = part["start"]
        for x in inputs:
            h = np.maximum(np.tanh(a), 0)
            a = a + 0.1 * (-a + part["from_units"] @ h + part["from_input"] @ x + part["bias"])
        y = part["output.weight"] @ np.maximum(np.tanh(a), 0) + part["output.bias"]
        np.testing.assert_allclose(
            found, part["readout.weight"] @ y + part["readout.bias"], rtol=1e-3, atol=1e-3
        )


@pytest.mark.parametrize("dynamics", ["lstm", "ctrnn", "none"])
def test_each_frame_is_predicted_from_its_own_stream(dynamics):
    """At 60 Hz the window of frame t is t - 35, t - 30, ..., t - 5, own predictions from the context's end on."""
    found = candidate(dynamics).activations(CLIP)
    known = list(torch.as_tensor(found["encoder"][: CLIP.context_frames]))
    predict = drawn(dynamics=dynamics).dynamics
    with torch.no_grad():
        for t in range(CLIP.context_frames, CLIP.n_steps):
            window = torch.stack([known[t - 5 * back] for back in range(WINDOW, 0, -1)])
            known.append(predict(window[None])[0])
    np.testing.assert_allclose(found["dynamics"], torch.stack(known).numpy(), rtol=1e-4, atol=1e-4)


def test_nothing_after_the_context_is_seen_by_the_dynamics_and_nothing_later_by_the_encoder():
    frames = CLIP.frames.copy()
    frames[CLIP.context_frames :] = 99
    other = FrameClip("other", frames, CLIP.rate_hz, CLIP.degrees_per_pixel, CLIP.context_frames)
    model = candidate("lstm")
    true, changed = model.activations(CLIP), model.activations(other)
    np.testing.assert_array_equal(true["dynamics"], changed["dynamics"])
    same = np.isclose(true["encoder"], changed["encoder"], atol=1e-5).all(axis=1)
    assert same.tolist() == [t < CLIP.context_frames for t in range(CLIP.n_steps)]


def test_a_short_slow_clip_is_taken_to_have_stood_still_before():
    still = FrameClip("still", CLIP.frames[:1], 1.0, 0.1)
    found = candidate("lstm").activations(still)
    np.testing.assert_array_equal(found["encoder"], found["dynamics"])
    brief = FrameClip("brief", CLIP.frames[:3], 12.0, 0.1, context_frames=1)
    latent = torch.as_tensor(found["encoder"])
    with torch.no_grad():
        expected = drawn().dynamics(latent.expand(1, WINDOW, N_LATENTS))
    np.testing.assert_allclose(candidate("lstm").activations(brief)["dynamics"][1], expected[0], atol=1e-5)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    recipe = recipe_of("random", "lstm", corpus=SMALL, optimisation=PLAN)
    return recipe, train(recipe, tmp_path_factory.mktemp("whole"), seed=2)


def test_training_dynamics_leaves_the_encoder_and_resumes_to_the_same(trained, tmp_path):
    recipe, whole = trained
    before = recipe.task(2, "cpu").module.state_dict()
    after = load_file(whole.folder / "weights.safetensors")
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed == {name for name in before if name.startswith("dynamics.")}

    def stop(done, of):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(recipe, tmp_path, seed=2, report=stop, checkpoint_seconds=0)
    assert train(recipe, tmp_path, seed=2).card.weights.sha256 == whole.card.weights.sha256


@pytest.mark.parametrize(
    ("encoder", "report", "n_batch", "n_frames"),
    [("selfsup", "successors", 8, 18), ("static", "textures", 64, 1)],
)
def test_encoders_learn(encoder, report, n_batch, n_frames, tmp_path):
    corpus = Corpus(n_batch=n_batch, n_updates=4, n_validation=8, n_test=n_batch, n_frames=n_frames)
    # Slowly, since the scaling of latents follows the encoder over tens of updates.
    plan = Optimisation(rate=1e-4, epsilon=1e-8, max_epochs=2)
    losses = train(recipe_of(encoder, "none", corpus=corpus, optimisation=plan), tmp_path).card.weights.losses
    assert losses["test_loss"] < losses["untrained_test_loss"]
    assert any(report in name for name in losses)


def test_a_random_encoder_alone_is_written_as_it_was_drawn(tmp_path, settings):
    made = train(recipe_of("random", "none", corpus=SMALL), tmp_path)
    assert made.card.weights.steps == 0
    latents = load_candidate(str(tmp_path), settings).activations([CLIP])[0]["encoder"].values
    assert 0.01 < latents.std() < 10
    encoder = recipe_of("random", "lstm", corpus=SMALL).task(0, "cpu").module.encoder.state_dict()
    for name, tensor in load_file(tmp_path / "weights.safetensors").items():
        torch.testing.assert_close(tensor, encoder[name.removeprefix("encoder.")])


def test_dynamics_without_their_encoder_say_what_is_missing(monkeypatch, tmp_path):
    monkeypatch.setattr(training, "_TRAINED", tmp_path)
    with pytest.raises(MissingPartError, match="latent-selfsup-none") as caught:
        recipe_of("selfsup", "lstm").task(0, "cpu")
    assert caught.value.exit_code == 7


@pytest.mark.parametrize("encoder", ["selfsup", "static"])
def test_dynamics_stand_on_the_shipped_encoder_of_their_kind(encoder):
    shipped = SHIPPED[f"latent-{encoder}-none"]
    tensors = load_file(shipped.path.parent / shipped.card.weights.file)
    task = recipe_of(encoder, "lstm", corpus=SMALL).task(0, "cpu")
    for name, tensor in task.module.encoder.state_dict().items():
        assert torch.equal(tensor, tensors[f"encoder.{name}"])


def test_unknown_parts_and_other_weights_are_refused():
    with pytest.raises(InvalidArgumentError, match="'encoder'"):
        LatentNetwork("resnet", "lstm")
    with pytest.raises(InvalidArgumentError, match="'dynamics'"):
        LatentNetwork("static", "gru")
    with pytest.raises(InvalidDataError, match="another architecture"):
        LatentPredictor(weights=drawn().state_dict(), encoder="random", dynamics="ctrnn")


def test_ten_of_them_ship():
    every = {f"latent-{encoder}-{dynamics}" for encoder in ENCODERS for dynamics in DYNAMICS}
    assert set(SHIPPED) == every - {"latent-random-ctrnn"} | {"latent-imagenet-lstm", "latent-imagenet-none"}


@pytest.mark.parametrize("name", SHIPPED)
def test_what_ships_was_trained_by_its_command_and_beats_its_untrained_twin(name):
    card = SHIPPED[name].card
    assert card.training == f"innerscore train {name} --seed 0 --device cpu"
    losses = card.weights.losses
    if name in ("latent-random-none", "latent-imagenet-none"):
        assert card.weights.steps == 0
    else:
        assert losses["test_loss"] < losses["untrained_test_loss"]


@pytest.mark.parametrize("name", [name for name in SHIPPED if name.startswith("latent-selfsup-")])
def test_self_supervised_predictors_beat_the_last_latent_repeated_on_clips_never_seen(name):
    entry = SHIPPED[name]
    network = LatentNetwork(**entry.card.options).eval()
    network.load_state_dict(load_file(entry.path.parent / entry.card.weights.file))
    frames = draw_batch(0, "never drawn elsewhere", 0, 16, 25, "cpu").frames
    with torch.no_grad():
        latents = network.encoder(scaled(frames))
        assert latents.std() == pytest.approx(1, abs=0.2)
        ahead = float(ahead_error(network.dynamics, latents))
        repeated = float(ahead_error(make_dynamics("none", 1, 1), latents))
    assert (ahead < 0.9 * repeated) == (entry.card.options["dynamics"] != "none")
    losses = entry.card.weights.losses
    if "last_repeated_10_ahead" in losses:
        assert repeated == pytest.approx(losses["last_repeated_10_ahead"], rel=0.3)
        assert ahead == pytest.approx(losses["error_10_ahead"], rel=0.3)
