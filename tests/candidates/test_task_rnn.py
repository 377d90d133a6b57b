"""The task-trained networks: what they see, what they are trained for, and how well the shipped ones do."""

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from sklearn.decomposition import PCA

from innerscore.candidates import load_candidate, registry
from innerscore.candidates.training.task_rnn.corpus import (
    N_STEPS,
    draw_conditions,
    make_trials,
    trial_frames,
)
from innerscore.candidates.training.task_rnn.task import weighted_error
from innerscore.candidates.zoo.task_rnn import TaskRNN
from innerscore.candidates.zoo.task_rnn.inputs import (
    FRAME_SIZE,
    INPUTS,
    N_COMPONENTS,
    Components,
    features_of,
    fit_components,
    step_frames,
)
from innerscore.candidates.zoo.task_rnn.network import PongNetwork
from innerscore.candidates.zoo.task_rnn.outputs import LOSSES, channel_weights
from innerscore.core.errors import InvalidArgumentError
from innerscore.core.settings import Settings
from innerscore.core.stimuli import FrameClip
from innerscore.tasks.mental_pong import STEP_MS, ball_state, sample_conditions
from innerscore.tasks.pong_frames import frame_times_ms, render_trial

CONDITIONS = sample_conditions(8, n_bounce=4, seed=5)
IDENTITY = Components(torch.zeros(1024), torch.eye(1024)[:N_COMPONENTS])
SHIPPED = {
    name: registered
    for name, registered in registry(Settings()).entries().items()
    if name.startswith("task-rnn-")
}


def numbered(n_frames, rate_hz):
    """A clip whose frames are as bright as their number."""
    frames = np.arange(n_frames, dtype=np.uint8)[:, None, None, None] + np.zeros((1, 8, 8, 3), np.uint8)
    return FrameClip("numbered", frames, rate_hz, 1.0)


@pytest.mark.parametrize(
    ("n_frames", "rate_hz", "seen", "of_frame"),
    [
        (11, 60.0, [0, 2, 5, 7, 10], [0, 0, 1, 1, 1, 2, 2, 3, 3, 3, 4]),
        (4, 24.0, [0, 1, 2, 3], [0, 1, 2, 3]),
        (2, 12.0, [0, 0, 1, 1], [1, 3]),
        (1, 1.0, [0] * 24, [23]),
        (1, 1000.0, [0], [0]),
    ],
)
def test_a_step_sees_the_frame_on_the_screen_and_a_frame_has_the_last_step_before_its_end(
    n_frames, rate_hz, seen, of_frame
):
    steps = step_frames(numbered(n_frames, rate_hz))
    assert (steps.frames[:, 0, 0] * 255).round().int().tolist() == seen
    assert steps.of_frame.tolist() == of_frame


def test_training_shows_what_the_stimuli_show():
    # The two sizes sample the disc at other points of a pixel.
    for condition in CONDITIONS[:3]:
        clip = render_trial(condition, rate_hz=1000 / STEP_MS)
        torch.testing.assert_close(step_frames(clip).frames, trial_frames(condition), atol=0.06, rtol=0)


def test_components_are_those_of_scikit_learn_at_one_scale():
    features = torch.cat([features_of(trial_frames(c), "pixel_pca") for c in draw_conditions(30, seed=2)])
    found = fit_components(features)(features).double()
    reference = PCA(N_COMPONENTS, svd_solver="full").fit(features.double().numpy())
    variances = found.var(dim=0, correction=1).numpy()
    np.testing.assert_allclose(
        variances / variances.sum(),
        reference.explained_variance_ / reference.explained_variance_.sum(),
        rtol=1e-3,
    )
    assert found.var(dim=0, correction=0).mean() == pytest.approx(1, rel=1e-3)
    scores = reference.transform(features.double().numpy())[:, :3]
    correlations = np.abs([np.corrcoef(found[:, k], scores[:, k])[0, 1] for k in range(3)])
    np.testing.assert_allclose(correlations, 1, atol=1e-4)


def test_gabor_energy_tells_the_direction_of_motion():
    columns = torch.arange(FRAME_SIZE).float()
    phase = 2 * np.pi * (columns[None] / 4 - torch.arange(24)[:, None] / 8)
    grating = (0.5 + 0.5 * torch.cos(phase))[:, None, :].expand(-1, FRAME_SIZE, -1)

    def directions(frames):
        energy = features_of(frames, "gabor_pca")[-1].reshape(2, 4, 8, 8)[:, 0, 2:6, 2:6].mean(dim=(1, 2))
        return float(energy[0] / energy[1])

    ratio = directions(grating)
    assert max(ratio, 1 / ratio) > 5
    assert directions(grating.flip(0)) == pytest.approx(1 / ratio, rel=0.05)
    assert directions(grating[:1].expand(24, -1, -1)) == pytest.approx(1, rel=1e-4)


def test_targets_are_the_ball_in_the_epoch_of_each_output():
    trials = make_trials(CONDITIONS, IDENTITY, "pixel_pca")
    assert trials.inputs.shape == (8, N_STEPS, N_COMPONENTS)
    for k, condition in enumerate(CONDITIONS):
        times = frame_times_ms(condition, rate_hz=1000 / STEP_MS)
        ball, n = ball_state(condition, times), len(times)
        hidden = times >= condition.occlusion_ms
        defined, targets = trials.defined[k].bool(), trials.targets[k]
        assert int(trials.last_step[k]) == n - 1
        assert not defined[n:].any()
        assert defined[:n, :2].all()
        assert defined[:n, 4].tolist() == defined[:n, 5].tolist() == hidden.tolist()
        assert defined[:n, 2].tolist() == (~hidden).tolist()
        np.testing.assert_allclose(targets[:n, 1], ball.y, atol=1e-5)
        np.testing.assert_allclose(targets[:n, 4][hidden], ball.x[hidden], atol=1e-5)
        assert torch.nonzero(defined[:, 6]).flatten().tolist() == [0, n - 1]
        assert targets[[0, n - 1], 6].tolist() == pytest.approx([0, condition.final_y])
    assert 7 + 30 <= trials.last_step.min() <= trials.last_step.max() < N_STEPS


# From the note on the published code: weights on (0, 1 | 2, 3 | 4, 5 | 6), divided by their sum.
@pytest.mark.parametrize(
    ("loss", "published"),
    [
        ("mov", [0, 0, 0, 0, 0, 0, 1]),
        ("vis-mov", [0, 0, 1 / 3, 1 / 3, 0, 0, 1 / 3]),
        ("vis-sim-mov", [0, 0, 0.2, 0.2, 0.2, 0.2, 0.2]),
        ("sim-mov", [1 / 3, 1 / 3, 0, 0, 0, 0, 1 / 3]),
    ],
)
def test_the_loss_is_the_published_sum(loss, published):
    trials = make_trials(CONDITIONS, IDENTITY, "pixel_pca")
    answers = torch.randn(8, N_STEPS, 8, generator=torch.Generator().manual_seed(0))
    expected = 0.0
    for trial in range(8):
        for output, weight in enumerate(published):
            where = trials.defined[trial, :, output].bool()
            errors = (answers - trials.targets)[trial, where, output]
            expected += weight * float((errors**2).sum())
    found = weighted_error(answers, trials, channel_weights(loss))
    assert float(found) == pytest.approx(expected / (8 * N_STEPS * 8), rel=1e-5)


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_states_are_those_of_the_layer(cell):
    torch.manual_seed(0)
    network = PongNetwork(cell, 10, IDENTITY)
    inputs = torch.randn(12, N_COMPONENTS)
    with torch.no_grad():
        outputs, last = network.recurrent(inputs[None])
        states = network.states(inputs)
        torch.testing.assert_close(states["hidden"], outputs[0])
        torch.testing.assert_close(network.readout(states["hidden"]), network(inputs[None])[0])
    assert list(states) == (["hidden"] if cell == "gru" else ["hidden", "cell"])
    if cell == "lstm":
        torch.testing.assert_close(states["cell"][-1], last[1][0, 0])


@pytest.mark.parametrize("inputs", ["pixel_pca", "gabor_pca"])
def test_a_candidate_runs_the_network_on_what_each_step_sees(inputs):
    clip = render_trial(CONDITIONS[0])
    features = features_of(step_frames(clip).frames, inputs)
    torch.manual_seed(0)
    axes = torch.randn(N_COMPONENTS, features.shape[1]) / 30
    network = PongNetwork("lstm", 10, Components(features.mean(dim=0), axes))
    candidate = TaskRNN(weights=network.state_dict(), loss="mov", cell="lstm", units=10, inputs=inputs)
    with torch.no_grad():
        hidden = network.recurrent((features - features.mean(dim=0)) @ axes.T)[0]
    found = candidate.activations(clip)["hidden"]
    of_frame = [int(np.ceil((frame + 1) * 24 / 60 - 1e-9)) - 1 for frame in range(clip.n_steps)]
    np.testing.assert_allclose(found, hidden[of_frame].numpy(), atol=1e-5)


def test_unknown_parts_are_refused():
    with pytest.raises(InvalidArgumentError, match="'loss'"):
        channel_weights("sim")
    with pytest.raises(InvalidArgumentError, match="'inputs'"):
        features_of(torch.zeros(1, FRAME_SIZE, FRAME_SIZE), "pixels")
    with pytest.raises(InvalidArgumentError, match="'cell'"):
        PongNetwork("rnn", 10, IDENTITY)


def test_sixteen_networks_ship():
    options = [registered.card.options for registered in SHIPPED.values()]
    assert {(one["loss"], one["cell"], one["inputs"]) for one in options} == {
        (loss, cell, inputs) for loss in LOSSES for cell in ("gru", "lstm") for inputs in INPUTS
    }


@pytest.fixture(scope="module")
def unseen():
    """Conditions that no network was trained on, and their clips."""
    conditions = sample_conditions(40, n_bounce=20, seed=12345)
    return conditions, [render_trial(condition) for condition in conditions]


@pytest.mark.parametrize("name", list(SHIPPED))
def test_a_shipped_network_knows_where_the_ball_ends_in_clips_of_60_hz(name, settings, unseen):
    card, path = SHIPPED[name].card, SHIPPED[name].path
    assert card.weights.losses["test_loss"] < card.weights.losses["untrained_test_loss"]
    assert card.training == f"innerscore train {name} --seed 0 --device cpu"
    conditions, clips = unseen
    weights = load_file(path.parent / card.weights.file)
    errors = []
    for condition, layers in zip(conditions, load_candidate(name, settings).activations(clips), strict=True):
        last = torch.as_tensor(layers["hidden"].values[-1])
        answer = float(weights["readout.weight"][6] @ last + weights["readout.bias"][6])
        errors.append(abs(answer - condition.final_y))
    assert np.mean(errors) < 2
    assert np.mean(errors) == pytest.approx(card.weights.losses["endpoint_error_deg"], rel=0.75)
