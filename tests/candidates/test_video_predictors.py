"""Predictors of video: losses and rollouts against plain loops, and what a candidate may know of the future."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from shipped_networks import checked_card
from torch.distributions import Normal, kl_divergence

from innerscore.candidates import load_candidate, registry
from innerscore.candidates.training import train
from innerscore.candidates.training.video.pixel_task import PixelTask
from innerscore.candidates.training.video.recipes import (
    PIXEL_OPTIONS,
    SLOT_OPTIONS,
    pixel_recipe,
    recipes,
    slot_recipe,
)
from innerscore.candidates.training.video.sequences import Corpus, draw_batch
from innerscore.candidates.zoo.video import PixelModel, SlotModel
from innerscore.candidates.zoo.video.fitvid_network import FitVidNetwork
from innerscore.candidates.zoo.video.pixel_networks import make_pixel_network
from innerscore.candidates.zoo.video.recurrence import divergence
from innerscore.candidates.zoo.video.slot_network import SlotNetwork, hinge_loss
from innerscore.candidates.zoo.video.svg_network import SVGNetwork
from innerscore.core.errors import InvalidArgumentError, InvalidDataError
from innerscore.core.settings import Settings
from innerscore.core.stimuli import FrameClip
from innerscore.tasks.mental_pong import sample_conditions
from innerscore.tasks.pong_frames import render_trial

SMALL_SLOTS = {**SLOT_OPTIONS, "n_hidden": 16, "n_maps": 4, "n_units": 5}
SMALL_SVG = {
    "channels": [4, 4, 4, 4],
    "convolutions": [2, 2, 3, 1],
    "n_latent": 6,
    "n_hidden": 8,
    "n_noise": 3,
}
SMALL_FITVID = {"n_channels": 2, "expansion": 2, "kernel": 3, "n_latent": 6, "n_hidden": 8, "n_noise": 3}
TINY = Corpus(n_updates=1, n_batch=2, n_frames=8, n_validation=2, n_test=2, n_ahead=2)
SHIPPED = {
    name: registered
    for name, registered in registry(Settings()).entries().items()
    if name in {recipe.name for recipe in recipes()}
}
CLIP = render_trial(sample_conditions(2, n_bounce=1, seed=5)[1])


def seeded(build, **options):
    torch.manual_seed(1)
    network = build(**options).eval()
    for module in network.modules():
        # What normalisation has learned is not its beginning.
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.2)
            module.running_var.uniform_(0.5, 2)
    return network


def shown(frames, context):
    return FrameClip("shown", frames, CLIP.rate_hz, CLIP.degrees_per_pixel, context)


@given(st.integers(0, 1000), st.integers(1, 6), st.integers(1, 4))
@settings(max_examples=15, deadline=None)
def test_the_hinge_loss_is_the_sum_over_clips_and_slots(seed, n_clips, n_slots):
    torch.manual_seed(seed)
    slots, change, following = 0.4 * torch.randn(3, n_clips, n_slots, 3, dtype=torch.float64)
    order = torch.randperm(n_clips)

    def distance(one, other):
        squares = [
            sum((a - b) ** 2 for a, b in zip(u, v, strict=True)) for u, v in zip(one, other, strict=True)
        ]
        return 2 * sum(squares) / n_slots

    expected = 0.0
    for k in range(n_clips):
        expected += distance((slots[k] + change[k]).tolist(), following[k].tolist()) / n_clips
        expected += max(0.0, 1 - distance(slots[k].tolist(), slots[order[k]].tolist())) / n_clips
    assert float(hinge_loss(slots, change, following, order)) == pytest.approx(expected)


@given(st.permutations(range(6)))
@settings(max_examples=10, deadline=None)
def test_slots_in_another_order_change_in_that_order(order):
    network = seeded(SlotNetwork, **SMALL_SLOTS)
    slots = torch.randn(3, 6, 5)
    with torch.no_grad():
        changed = network.change(slots)
        torch.testing.assert_close(network.change(slots[:, order]), changed[:, order])
        # Each slot receives from all others and not from itself.
        other = slots.clone()
        other[:, order[0]] += 1
        assert (network.change(other) - changed).abs().amax(dim=(0, 2)).min() > 1e-6
        torch.testing.assert_close(
            network.rollout(slots, 2)[1], slots + changed + network.change(slots + changed)
        )


def test_the_divergence_is_that_of_torch():
    torch.manual_seed(0)
    one, other = torch.randn(2, 2, 4, 3, 5)
    expected = kl_divergence(Normal(one[0], (one[1] / 2).exp()), Normal(other[0], (other[1] / 2).exp()))
    assert float(divergence(tuple(one), tuple(other))) == pytest.approx(float(expected.sum() / 3), rel=1e-5)


def step(lstm, x, states):
    """One step of a stack of LSTM layers by cells, on the embedded input."""
    for layer in range(lstm.num_layers):
        cell = torch.nn.LSTMCell(lstm.hidden_size, lstm.hidden_size)
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        cell.load_state_dict({name: getattr(lstm, f"{name}_l{layer}") for name in names})
        states[layer] = cell(x, states[layer])
        x = states[layer][0]
    return x


def gaussian(part, x, states):
    hidden = step(part.recurrence.lstm, part.recurrence.embed(x), states)
    return part.mean(hidden), part.log_variance(hidden)


def sample(of, noise):
    return of[0] + noise * (of[1] / 2).exp()


def none_yet():
    return {0: None, 1: None}


@torch.no_grad()
def svg_by_steps(network, frames, noise, n_context):
    """Published order of events: predict from the frame before; true frames in the context, own ones after."""
    prior_states, posterior_states, states = none_yet(), none_yet(), none_yet()
    seen, latents, dynamics, drawn = frames[0], [], [], [frames[0]]
    for t in range(1, len(noise)):
        latent, skips = network.encoder(seen)
        latents.append(latent)
        prior = gaussian(network.prior, latent, prior_states)
        if t < n_context:
            z = sample(gaussian(network.posterior, network.encoder(frames[t])[0], posterior_states), noise[t])
        else:
            z = sample(prior, noise[t])
        hidden = network.predictor.embed(torch.cat([latent, z], dim=1))
        ahead = network.output(step(network.predictor.lstm, hidden, states))
        seen = frames[t] if t < n_context else network.decoder(ahead, skips)
        dynamics.append(ahead)
        drawn.append(seen)
    latents.append(network.encoder(seen)[0])
    dynamics = [*latents[:n_context], *dynamics[n_context - 1 :]]
    return torch.stack(latents), torch.stack(dynamics), torch.stack(drawn)


@torch.no_grad()
def fitvid_by_steps(network, frames, noise, n_context):
    """Published order of events, with the first frame once more before the clip."""
    prior_states, states = none_yet(), none_yet()
    skips = network.encoder(frames[n_context - 1])[1]
    seen = [frames[0], *frames[:n_context]]
    latents, dynamics, drawn = [], [], []
    for t in range(len(noise)):
        latent = network.encoder(seen[t] if t <= n_context else drawn[t - 1])[0]
        z = sample(gaussian(network.prior, latent, prior_states), noise[t])
        ahead = torch.sigmoid(gaussian(network.predictor, torch.cat([latent, z], dim=1), states)[0])
        dynamics.append(ahead)
        drawn.append(network.decoder(ahead, skips))
        latents.append(network.encoder(frames[t] if t < n_context else drawn[t])[0])
    return torch.stack(latents), torch.stack(dynamics), torch.stack(drawn)


@pytest.mark.parametrize(
    ("build", "options", "by_steps"),
    [(SVGNetwork, SMALL_SVG, svg_by_steps), (FitVidNetwork, SMALL_FITVID, fitvid_by_steps)],
)
@pytest.mark.parametrize("n_context", [1, 3])
def test_what_is_imagined_is_what_comes_of_single_steps(build, options, by_steps, n_context):
    network = seeded(build, **options)
    frames, noise = torch.rand(3, 2, 3, 64, 64), torch.randn(6, 2, 3)
    with torch.no_grad():
        found = network.imagine(frames[:n_context], noise)
    for part, expected in zip(
        (found.encoder, found.dynamics, found.frames),
        by_steps(network, frames, noise, n_context),
        strict=True,
    ):
        torch.testing.assert_close(part, expected, atol=1e-5, rtol=1e-4)


@torch.no_grad()
def objective_by_steps(network, frames, noise, *, last):
    """Squared error of each step and the divergence, from the true frames."""
    prior_states, posterior_states, states = none_yet(), none_yet(), none_yet()
    errors, divergences = [], 0.0
    for t in range(1, len(frames)):
        latent, skips = network.encoder(frames[t - 1])
        posterior = gaussian(network.posterior, network.encoder(frames[t])[0], posterior_states)
        prior = gaussian(network.prior, latent, prior_states)
        seen = torch.cat([latent, sample(posterior, noise[t])], dim=1)
        if last is None:
            hidden = step(network.predictor.lstm, network.predictor.embed(seen), states)
            drawn = network.decoder(network.output(hidden), skips)
        else:
            ahead = gaussian(network.predictor, seen, states)[0].sigmoid()
            drawn = network.decoder(ahead, network.encoder(frames[last])[1])
        errors.append(float(((drawn - frames[t]) ** 2).mean()))
        each = kl_divergence(*(Normal(mean, (log / 2).exp()) for mean, log in (posterior, prior)))
        divergences += float(each.sum()) / frames.shape[1]
    return errors, divergences


@torch.no_grad()
def test_the_objectives_are_the_published_ones():
    frames, noise = torch.rand(5, 2, 3, 64, 64), torch.randn(5, 2, 3)
    svg, fitvid = seeded(SVGNetwork, **SMALL_SVG), seeded(FitVidNetwork, **SMALL_FITVID)
    errors, apart = objective_by_steps(svg, frames, noise, last=None)
    assert float(svg.objective(frames, noise, n_context=2)) == pytest.approx(
        sum(errors) + 1e-4 * apart, rel=1e-4
    )
    errors, apart = objective_by_steps(fitvid, frames, noise, last=1)
    expected = np.mean(errors) + 1e-4 * apart
    assert float(fitvid.objective(frames, noise, n_context=2)) == pytest.approx(expected, rel=1e-4)


def test_as_written_the_recurrent_state_reaches_nothing():
    inputs = torch.randn(4, 1, 6)
    for as_written in (False, True):
        prior = seeded(FitVidNetwork, **SMALL_FITVID, as_written=as_written).prior
        with torch.no_grad():
            (mean, _), _ = prior(inputs)
            (alone, _), _ = prior(inputs[-1:])
        assert torch.allclose(mean[-1], alone[0]) == as_written


def training_batches(epoch, *, seed):
    return PixelTask("svg-lp", SMALL_SVG, corpus=TINY, seed=seed, device="cpu").batches(epoch)


def test_batches_follow_from_seed_and_epoch_and_parts_differ():
    one, again = (next(training_batches(2, seed=4)) for _ in range(2))
    for name in ("frames", "noise", "order"):
        torch.testing.assert_close(getattr(one, name), getattr(again, name), atol=0, rtol=0)
    others = [
        next(training_batches(3, seed=4)),
        next(training_batches(2, seed=5)),
        draw_batch(replace(TINY, n_ahead=1), "test", 0, 2, 3, seed=4, device="cpu"),
    ]
    for other in others:
        assert not torch.equal(one.frames, other.frames)
        assert not torch.equal(one.noise, other.noise)
    assert one.frames.shape == (2, 8, 3, 64, 64)
    assert 0.05 < float(one.frames.mean()) < 0.95


def models():
    yield SlotModel(weights=seeded(SlotNetwork, **SMALL_SLOTS).state_dict(), step_hz=12.0, **SMALL_SLOTS)
    for name, options in (("svg-lp", SMALL_SVG), ("fitvid", SMALL_FITVID)):
        weights = seeded(make_pixel_network, network=name, **options).state_dict()
        yield PixelModel(weights=weights, network=name, step_hz=12.0, **options)


def test_nothing_is_known_of_frames_after_the_context_but_by_the_encoder_of_slots():
    context = CLIP.context_frames
    frames = CLIP.frames.copy()
    frames[context:] = 255 - frames[context:]
    # The noise follows from the clip; here only what is seen shall differ.
    for model in models():
        one = model.activations(CLIP)
        if isinstance(model, PixelModel):
            same = model._noise(CLIP, 99)
            model._noise = lambda clip, n_steps, same=same: same[:n_steps]
            one = model.activations(CLIP)
        other = model.activations(shown(frames, context))
        for layer in one:
            assert np.array_equal(one[layer], other[layer]) == (
                isinstance(model, PixelModel) or layer == "dynamics"
            )


def test_in_the_context_each_model_is_as_the_study_defines_it():
    context = CLIP.context_frames
    slots, svg, _ = (model.activations(CLIP) for model in models())
    np.testing.assert_array_equal(slots["encoder"][:context], slots["dynamics"][:context])
    assert not np.allclose(slots["encoder"][context:], slots["dynamics"][context:])
    np.testing.assert_array_equal(svg["encoder"][:context], svg["dynamics"][:context])
    assert not np.allclose(svg["encoder"][context:], svg["dynamics"][context:])
    pixels = CLIP.frames[:context].reshape(context, 16, 4, 16, 4, 3).mean(axis=(2, 4)) / 255
    np.testing.assert_allclose(
        svg["decoder"][:context], pixels.transpose(0, 3, 1, 2).reshape(context, -1), atol=1e-5
    )


def test_a_window_holds_frames_a_step_apart_and_stands_still_before_the_clip():
    model = next(models())
    frames = np.random.default_rng(0).integers(0, 255, (40, 64, 64, 3), dtype=np.uint8)
    found = model.activations(shown(frames, None))["encoder"]
    for t in (0, 12, 39):
        window = torch.tensor(frames[[max(0, t - 5 * lag) for lag in range(6, -1, -1)]])
        with torch.no_grad():
            expected = model._network(window.permute(0, 3, 1, 2)[None].float() / 255)
        np.testing.assert_allclose(found[t], expected.flatten().numpy(), atol=1e-5)


def test_weights_of_another_architecture_and_unknown_parts_are_refused():
    weights = seeded(SVGNetwork, **SMALL_SVG).state_dict()
    with pytest.raises(InvalidDataError, match="another architecture"):
        PixelModel(weights=weights, network="svg-lp", step_hz=12.0, **{**SMALL_SVG, "n_hidden": 9})
    with pytest.raises(InvalidArgumentError, match="'network'"):
        make_pixel_network("svg", **SMALL_SVG)
    with pytest.raises(InvalidArgumentError, match="'activation'"):
        SlotNetwork(**{**SMALL_SLOTS, "activation": "tanh"})


def interrupt(done, of):
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    "make", [slot_recipe, *(lambda n=n, **o: pixel_recipe(n, **o) for n in PIXEL_OPTIONS)]
)
def test_a_training_can_be_interrupted_and_scored(make, tmp_path, settings):
    recipe = make(corpus=TINY)
    recipe = replace(recipe, optimisation=replace(recipe.optimisation, max_epochs=1))
    first = train(recipe, tmp_path / "first", seed=3)
    with pytest.raises(KeyboardInterrupt):
        train(recipe, tmp_path / "again", seed=3, report=interrupt, checkpoint_seconds=0)
    again = train(recipe, tmp_path / "again", seed=3)
    assert first.card.weights.sha256 == again.card.weights.sha256
    activations = load_candidate(str(first.folder), settings).activations([CLIP])[0]
    assert tuple(activations) == recipe.card.layers


@pytest.mark.parametrize("name", list(SHIPPED))
def test_a_shipped_model_is_its_recipes_and_beats_itself_untrained(name):
    losses = checked_card(name).weights.losses
    assert losses["test_loss"] < losses["untrained_test_loss"] / 2
    # The slots' energies have no common unit.
    if "squared_error_10_ahead" in losses:
        assert losses["squared_error_10_ahead"] < losses["untrained_squared_error_10_ahead"] / 2
