"""The shared contract of all candidates, and what single ones must do."""

import itertools
import re
from pathlib import Path

import hypothesis
import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from missing_parts import skip_or_fail
from torch import nn

from innerscore.candidates import TorchCandidate, load_candidate, registry
from innerscore.candidates.interface import accepts, bundle_sha256, find_candidate
from innerscore.checking.candidates import probes_of
from innerscore.core.errors import (
    ActivationError,
    CandidateError,
    InvalidArgumentError,
    InvalidInputError,
    MissingExtraError,
)
from innerscore.core.extras import check_extra
from innerscore.core.settings import Settings
from innerscore.core.stimuli import FrameClip, StimulusSet
from innerscore.tasks.mental_pong import ball_state, sample_conditions
from innerscore.tasks.pong_frames import frame_times_ms, render_trial
from innerscore.tasks.ready_set_go import stimulus_set
from innerscore.tasks.self_motion import motion_from_path, ornstein_uhlenbeck_paths

NAMES = list(registry(Settings()).entries())
CONDITIONS = sample_conditions(6, n_bounce=3, seed=4)
CLIPS = tuple(render_trial(condition) for condition in CONDITIONS)
PATHS = ornstein_uhlenbeck_paths(2, 20.0, rate_hz=10.0, seed=1)
WALKS = tuple(
    motion_from_path(f"w{k}", PATHS[k][: 150 + 10 * k], rate_hz=10.0, arena_m=(1.0, 1.0)) for k in (0, 1)
)
INTERVALS = stimulus_set()
STILL = FrameClip(
    "still", np.random.default_rng(0).integers(0, 255, (1, 40, 30, 3), dtype=np.uint8), 1.0, 0.1
)

CODE = """
from pathlib import Path

import numpy as np

class Model:
    def activations(self, stimulus):
        return {"a": %s}
"""
CARD = """
identifier: example
title: Example
description: A candidate that a test made for itself.
authors: [tests]
licence: MIT
citation: '@misc{tests}'
entry: candidate.py:Model
accepts: [frames]
layers: [a]
model_class: example
"""


def make(folder, value="np.ones((stimulus.n_steps, 2))", code=None):
    folder.mkdir()
    (folder / "candidate.yaml").write_text(CARD)
    (folder / "candidate.py").write_text(code or CODE % value)
    return str(folder)


def as_set(stimuli, **facts):
    names = [one.identifier for one in stimuli]
    return StimulusSet("shown", tuple(stimuli), pd.DataFrame({"stimulus_id": names, **facts}))


SETS = (as_set(CLIPS[:2], final_y_deg=0.0), as_set(WALKS), INTERVALS)


def built(name, settings, **options):
    """A candidate; where its extra is not installed the test is skipped, and under CI it fails."""
    extra = find_candidate(name, settings).card.extra
    try:
        if extra is not None:
            check_extra(extra)
    except MissingExtraError as error:
        skip_or_fail(str(error))
    return load_candidate(name, settings, **options)


def stimuli_for(card):
    return next(shown for shown in SETS if accepts(card, shown)).stimuli[:2]


@pytest.mark.parametrize("name", NAMES)
def test_every_candidate_gives_what_its_card_says(name, settings):
    candidate = built(name, settings)
    stimuli = stimuli_for(candidate.card)
    for stimulus, layers in zip(stimuli, candidate.activations(stimuli), strict=True):
        assert tuple(layers) == candidate.card.layers
        for values in layers.values():
            assert len(values.values) == stimulus.n_steps


@pytest.mark.parametrize("name", NAMES)
def test_every_candidate_repeats_bit_for_bit_under_its_seed(name, settings):
    card = find_candidate(name, settings).card
    first, second = (built(name, settings, seed=3).activations(stimuli_for(card)) for _ in range(2))
    other = built(name, settings, seed=4).activations(stimuli_for(card))
    for layer in card.layers:
        np.testing.assert_array_equal(first[0][layer].values, second[0][layer].values)
        assert np.array_equal(first[0][layer].values, other[0][layer].values) != card.seeded


@pytest.mark.parametrize("name", NAMES)
def test_one_by_one_or_together_is_the_same(name, settings):
    candidate = built(name, settings)
    stimuli = stimuli_for(candidate.card)
    together = candidate.activations(stimuli)
    alone = [candidate.activations([stimulus])[0] for stimulus in stimuli]
    for layer in candidate.card.layers:
        for a, b in zip(together, alone, strict=True):
            np.testing.assert_allclose(a[layer].values, b[layer].values, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", [name for name in NAMES if not find_candidate(name, Settings()).card.needs])
def test_every_viewer_takes_a_still_image(name, settings):
    candidate = built(name, settings)
    images = as_set([STILL])
    assert accepts(candidate.card, images) == ("frames" in candidate.card.accepts)
    if accepts(candidate.card, images):
        assert candidate.activations([STILL])


def test_a_control_that_lives_on_motion_does_not_take_still_images(settings):
    images = as_set([STILL])
    assert not accepts(find_candidate("ball-simulated", settings).card, images)


def test_a_candidate_is_not_applicable_where_the_stimuli_lack_what_its_card_needs(settings):
    card = find_candidate("ball-visible", settings).card
    clips, with_ball = as_set(CLIPS), as_set(CLIPS, final_y_deg=0.0)
    assert (accepts(card, clips), accepts(card, with_ball)) == (False, True)
    assert accepts(find_candidate("pixels", settings).card, clips)
    assert probes_of(card, "frames", {"clips": clips}) is None
    assert probes_of(card, "frames", {"clips": clips, "ball": with_ball}).stimuli == tuple(CLIPS[:2])


def test_the_simulated_ball_is_the_true_one_under_the_occluder_too(settings):
    activations = load_candidate("ball-simulated", settings).activations(CLIPS)
    for condition, clip, layers in zip(CONDITIONS, CLIPS, activations, strict=True):
        truth = ball_state(condition, frame_times_ms(condition))
        found = layers["kinematics"].values
        assert np.hypot(found[:, 0] - truth.x, found[:, 1] - truth.y).max() < 0.6
        assert (
            np.hypot(found[: clip.context_frames - 9, 0] - truth.x[: clip.context_frames - 9], 0).max() < 0.05
        )


def test_the_visible_ball_freezes_under_the_occluder(settings):
    for clip, layers in zip(CLIPS, load_candidate("ball-visible", settings).activations(CLIPS), strict=True):
        hidden = layers["kinematics"].values[clip.context_frames :]
        np.testing.assert_array_equal(hidden, np.broadcast_to(hidden[0], hidden.shape))
        assert hidden[0, 0] < 5.0


def test_the_ball_controls_refuse_a_clip_without_a_ball(settings):
    black = FrameClip("black", np.zeros((10, 64, 64, 3), np.uint8), 60.0, 0.3)
    with pytest.raises(CandidateError, match="ball on a dark ground"):
        load_candidate("ball-simulated", settings).activations([black])


def test_gabor_energy_prefers_its_orientation_and_ignores_phase(settings):
    x = np.meshgrid(np.arange(64), np.arange(64))[0]

    def grating(phase, along):
        wave = 127.5 + 127 * np.cos(2 * np.pi * along / 4 + phase)
        return FrameClip("g", np.repeat(wave.astype(np.uint8)[None, ..., None], 3, axis=3), 1.0, 0.1)

    candidate = load_candidate("gabor-energy", settings)
    energies = [
        candidate.activations([grating(p, x)])[0]["energy"].values.reshape(3, 4, 8, 8) for p in (0.0, 1.5)
    ]
    fine = energies[0][0, :, 2:6, 2:6].mean(axis=(1, 2))
    assert fine[0] > 10 * fine[2]
    np.testing.assert_allclose(energies[0][0, 0, 2:6, 2:6], energies[1][0, 0, 2:6, 2:6], rtol=0.03)


def test_grid_code_repeats_over_the_lattice(settings):
    offsets = [[0, 0], [0, 0], [0.4, 0.0], [0.2, 0.4 * np.sqrt(3) / 2], [0.2, 0.0]]
    path = np.array([0.3, 0.3]) + np.array(offsets)
    walk = motion_from_path("lattice", path, rate_hz=10.0, arena_m=(1.0, 1.0))
    finest = load_candidate("grid-code", settings).activations([walk])[0]["grid"].values[:, :9]
    np.testing.assert_allclose(finest[1], finest[0], atol=1e-5)
    np.testing.assert_allclose(finest[2], finest[0], atol=1e-5)
    assert np.abs(finest[3] - finest[0]).max() > 0.1


def test_a_torch_module_is_read_at_named_layers():
    net = nn.Sequential(nn.Conv2d(3, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(2 * 62 * 62, 5))
    candidate = TorchCandidate(net, {"relu": "1", "out": "3"}, batch_frames=7)
    found = candidate.activations(CLIPS[0])
    with torch.no_grad():
        frames = torch.tensor(CLIPS[0].frames).permute(0, 3, 1, 2).float() / 255
        expected = net(frames).numpy()
    np.testing.assert_allclose(found["out"], expected, atol=1e-5)
    assert found["relu"].shape == (CLIPS[0].n_steps, 2 * 62 * 62)
    assert not any(module._forward_hooks for module in net.modules())


def test_a_layer_that_the_module_lacks_is_refused():
    with pytest.raises(InvalidArgumentError, match="nothing"):
        TorchCandidate(nn.Sequential(nn.ReLU()), ["nothing"])


def clip_of(n_steps):
    frames = np.random.default_rng(0).integers(0, 256, (n_steps, 64, 64, 3), dtype=np.uint8)
    return FrameClip("many", frames, 20.0, 0.1)


class AddsInPlace(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm, self.rest = nn.BatchNorm2d(3), nn.Flatten()

    def forward(self, frames):
        normed = self.norm(frames)
        normed += 1
        return self.rest(normed)


@pytest.mark.parametrize(
    ("net", "layer"),
    [
        (nn.Sequential(nn.Conv2d(3, 2, 3), nn.ReLU(inplace=True)), "0"),
        (nn.Sequential(nn.Identity(), nn.Hardtanh(inplace=True), nn.Flatten()), "0"),
        (AddsInPlace(), "norm"),
    ],
)
def test_an_operation_in_place_does_not_change_the_layer_before_it(net, layer):
    found = TorchCandidate(net, [layer]).activations(CLIPS[0])[layer]
    with torch.inference_mode():
        frames = torch.tensor(CLIPS[0].frames).permute(0, 3, 1, 2).float() / 255
        expected = net.get_submodule(layer)(frames).flatten(1).numpy()
    np.testing.assert_array_equal(found, expected)


class Odd(nn.Module):
    """Layers of which none gives one real tensor once."""

    def __init__(self):
        super().__init__()
        self.twice, self.never, self.words, self.waves = nn.Tanh(), nn.ReLU(), Words(), Waves()

    def forward(self, frames):
        self.words(self.twice(self.twice(frames)))
        return self.waves(frames)


class Words(nn.Module):
    def forward(self, frames):
        return "nothing", frames


class Waves(nn.Module):
    def forward(self, frames):
        return torch.fft.fft(frames)


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        ("twice", "2 times"),
        ("never", "0 times"),
        ("never@0", "0 times"),
        ("words", "str"),
        ("waves", "complex64"),
    ],
)
def test_a_layer_whose_output_is_not_clear_is_refused(layer, message):
    with pytest.raises(ActivationError, match=message) as raised:
        TorchCandidate(Odd(), [layer]).activations(CLIPS[0])
    assert f"'{layer}'" in str(raised.value)


def test_a_call_of_a_layer_that_runs_twice_can_be_named():
    found = TorchCandidate(Odd(), {"first": "twice@0", "second": "twice@1"}).activations(CLIPS[0])
    np.testing.assert_allclose(found["second"], np.tanh(found["first"]), rtol=1e-5)
    for name in ("twice@", "twice@-1", "thrice@0"):
        with pytest.raises(InvalidArgumentError, match="names of the module's layers"):
            TorchCandidate(Odd(), [name])


class Memory(nn.Module):
    """A recurrent layer over what it takes for time: the frames of a batch, or those of a clip."""

    def __init__(self):
        super().__init__()
        self.rnn, self.state = nn.GRU(3, 4, batch_first=True), nn.Identity()

    def forward(self, frames):
        return self.state(self.rnn(frames.mean((-2, -1)))[0])


def test_memory_that_batches_would_cut_is_refused_and_a_whole_clip_keeps_it():
    clip, net = clip_of(40), Memory()
    with pytest.raises(ActivationError, match="memory of earlier frames"):
        TorchCandidate(net, ["state"], batch_frames=16).activations(clip)
    found = TorchCandidate(net, ["state"], whole_clip=True, batch_frames=16).activations(clip)["state"]
    with torch.inference_mode():
        expected = net(torch.tensor(clip.frames).permute(0, 3, 1, 2).float()[None] / 255)[0].numpy()
    np.testing.assert_array_equal(found, expected)
    still = TorchCandidate(nn.Sequential(nn.Conv2d(3, 2, 9), nn.ReLU()), ["1"], batch_frames=16)
    assert still.activations(clip)["1"].shape == (40, 2 * 56 * 56)


class Recurrent(nn.Module):
    """Layers in every arrangement of clips and steps that a module of clips can have."""

    def __init__(self):
        super().__init__()
        self.frames = nn.Sequential(nn.Conv2d(3, 2, 9, stride=8), nn.ReLU(inplace=True))
        self.outputs, self.time_first = nn.LSTM(98, 4, batch_first=True), nn.GRU(4, 3)
        self.cell, self.step = nn.LSTMCell(3, 5), nn.Identity()

    def forward(self, clips):
        features = self.frames(clips.flatten(0, 1)).flatten(1).unflatten(0, clips.shape[:2])
        steps, _ = self.time_first(self.outputs(features)[0].transpose(0, 1))
        state = (torch.zeros(len(clips), 5), torch.zeros(len(clips), 5))
        for step in steps:
            state = self.cell(step, state)
            self.step(state[1])
        return state[0]


def recurrent(batch_frames=256):
    torch.manual_seed(0)
    layers = ["frames", "outputs", "time_first", "cell", "step"]
    return TorchCandidate(Recurrent(), layers, whole_clip=True, batch_frames=batch_frames)


def drawn_clips(lengths):
    rng = np.random.default_rng(1)
    return [
        FrameClip(f"c{k}", rng.integers(0, 256, (n, 64, 64, 3), dtype=np.uint8), 20.0, 0.1)
        for k, n in enumerate(lengths)
    ]


def test_each_layer_of_a_recurrent_module_is_its_states_over_the_steps():
    (clip,) = drawn_clips([6])
    found, net = recurrent().activations(clip), recurrent()._module
    with torch.inference_mode():
        frames = torch.tensor(clip.frames).permute(0, 3, 1, 2).float() / 255
        features = net.frames(frames)
        outputs = net.outputs(features.flatten(1)[None])[0]
        hidden = net.time_first(outputs[0])[0]
        state, states = None, []
        for step in hidden:
            state = net.cell(step[None], state)
            states.append(torch.cat(state))
    h, c = torch.stack(states).unbind(1)
    expected = {
        "frames": features.flatten(1),
        "outputs": outputs[0],
        "time_first": hidden,
        "cell": h,
        "step": c,
    }
    for layer, values in expected.items():
        np.testing.assert_allclose(found[layer], values, atol=1e-6)


@hypothesis.settings(max_examples=25, deadline=None)
@given(
    lengths=st.lists(st.integers(1, 6), min_size=1, max_size=6),
    batch_frames=st.integers(1, 20),
    cuts=st.sets(st.integers(1, 5)),
)
# The last batch of a group is smaller than the others, and has as many clips as steps.
@example(lengths=[1, 1, 2, 2], batch_frames=6, cuts=set())
def test_states_are_the_same_one_by_one_in_batches_and_in_chunks(lengths, batch_frames, cuts):
    clips = drawn_clips(lengths)
    alone = [recurrent().activations(clip) for clip in clips]
    edges = [0, *sorted(cut for cut in cuts if cut < len(clips)), len(clips)]
    candidate = recurrent(batch_frames)
    chunks = [candidate.activations_batch(clips[a:b]) for a, b in itertools.pairwise(edges)]
    for one, other in zip(alone, itertools.chain(*chunks), strict=True):
        for layer in one:
            np.testing.assert_allclose(one[layer], other[layer], rtol=1e-4, atol=1e-5)


class MixesClips(nn.Module):
    """A mistake: what a clip gives depends on the others of its batch."""

    def forward(self, clips):
        return clips.mean((-2, -1)) - clips.mean((0, -2, -1))


def test_clips_that_a_module_would_mix_are_shown_one_by_one():
    clips = drawn_clips([5, 5, 5])
    candidate = TorchCandidate(nn.Sequential(MixesClips()), ["0"], whole_clip=True)
    for values in candidate.activations_batch(clips):
        np.testing.assert_allclose(values["0"], 0, atol=1e-6)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("np.full((stimulus.n_steps, 2), np.nan)", "NaN or infinite"),
        ("np.ones((stimulus.n_steps + 1, 2))", "time steps"),
        ("1 / 0", "ZeroDivisionError"),
    ],
)
def test_a_candidate_that_fails_is_named(tmp_path, settings, value, message):
    candidate = load_candidate(make(tmp_path / "mine", value), settings)
    with pytest.raises(CandidateError, match=message) as caught:
        candidate.activations(CLIPS[:1])
    assert "'example'" in str(caught.value)
    assert caught.value.exit_code == 4


def test_the_line_of_the_candidates_own_code_is_told(tmp_path, settings):
    candidate = load_candidate(make(tmp_path / "mine", "np.linalg.inv(np.zeros((2, 2)))"), settings)
    line = (CODE % "").splitlines().index(next(x for x in (CODE % "").splitlines() if "return" in x)) + 1
    with pytest.raises(CandidateError, match=rf"Singular matrix \(candidate\.py, line {line}\)"):
        candidate.activations(CLIPS[:1])


@pytest.mark.parametrize(
    ("code", "advice"),
    [("import nobody_has_this", "workers have only the packages"), ("from net import f", "from .net import")],
)
def test_a_module_that_is_not_there_is_told_with_what_to_do(tmp_path, settings, code, advice):
    folder = make(tmp_path / "mine", code=f"{code}\n{CODE % 'None'}")
    (Path(folder) / "net.py").write_text("f = 1\n")
    with pytest.raises(CandidateError, match=re.escape(advice)):
        load_candidate(folder, settings)


def test_a_batch_with_a_wrong_number_of_results_is_refused(tmp_path, settings):
    code = CODE % "None" + "    def activations_batch(self, stimuli):\n        return []\n"
    candidate = load_candidate(make(tmp_path / "mine", code=code), settings)
    with pytest.raises(CandidateError, match="each of the 2 stimuli"):
        candidate.activations(CLIPS[:2])


def test_a_candidate_that_cannot_be_built_is_named(tmp_path, settings):
    folder = make(
        tmp_path / "mine", code="class Model:\n    def __init__(self):\n        raise OSError('no weights')\n"
    )
    with pytest.raises(CandidateError, match="no weights"):
        load_candidate(folder, settings)


@pytest.mark.parametrize("name", ["./nowhere", "some/where"])
def test_a_folder_that_is_not_there_is_no_misspelled_name(name, settings):
    with pytest.raises(InvalidInputError, match="nothing there"):
        load_candidate(name, settings)


def test_a_folder_without_a_card_is_refused(tmp_path, settings):
    with pytest.raises(InvalidInputError, match=r"candidate\.yaml"):
        load_candidate(str(tmp_path), settings)


def test_the_bundle_hash_follows_the_code_and_not_the_cache_of_it(tmp_path, settings):
    folder = make(tmp_path / "mine")
    before = bundle_sha256(find_candidate(folder, settings))
    (tmp_path / "mine" / "__pycache__").mkdir()
    (tmp_path / "mine" / "__pycache__" / "candidate.pyc").write_bytes(b"x")
    (tmp_path / "mine" / ".hidden").write_bytes(b"x")
    assert bundle_sha256(find_candidate(folder, settings)) == before
    (tmp_path / "mine" / "candidate.py").write_text(CODE % "np.zeros((stimulus.n_steps, 2))")
    assert bundle_sha256(find_candidate(folder, settings)) != before


def test_wrong_time_axis_names_candidate_layer_got_and_needed(tmp_path, settings):
    candidate = load_candidate(make(tmp_path / "mine", "np.ones((3, 2))"), settings)
    with pytest.raises(ActivationError) as caught:
        candidate.activations(CLIPS[:1])
    for part in ("'example'", "'a'", "3 time steps", f"{CLIPS[0].n_steps} time steps"):
        assert part in str(caught.value)


def test_a_candidate_gets_what_its_card_takes_of_the_run(tmp_path, settings):
    code = "class Model:\n    def __init__(self, **given):\n        self.given = given\n"
    for takes in ([], ["seed"], ["device", "seed"]):
        folder = make(tmp_path / "-".join(["mine", *takes]), code=code)
        (Path(folder) / "candidate.yaml").write_text(CARD + f"takes: {takes}\n")
        given = load_candidate(folder, settings.model_copy(update={"device": "cuda:1"}), seed=7).model.given
        assert given == {name: {"seed": 7, "device": "cuda:1"}[name] for name in takes}


def walk_in(side_m):
    """A walk to and fro over the whole box, 2 cm a step."""
    axis = np.arange(0.01, side_m, 0.02)
    rows = [np.stack([axis[:: 1 - 2 * (k % 2)], np.full(len(axis), y)], axis=1) for k, y in enumerate(axis)]
    path = np.concatenate(rows)
    return motion_from_path("w", path, rate_hz=10.0, arena_m=(side_m, side_m))


def test_random_bumps_are_200_a_square_metre_drawn_by_the_seed():
    settings = Settings()
    states = [
        load_candidate("random-bumps", settings, seed=seed).activations([walk])[0]["bumps"].values
        for seed, walk in ((0, walk_in(1.0)), (0, walk_in(1.0)), (1, walk_in(1.0)), (0, walk_in(2.0)))
    ]
    np.testing.assert_array_equal(states[0], states[1])
    assert not np.array_equal(states[0], states[2])
    assert (states[0].max(axis=0) > 0.99).sum() == pytest.approx(200, abs=10)  # some peak just beyond a wall
    assert states[3].shape[1] == 800
    assert (states[3].max(axis=0) > 0.99).all()
    with pytest.raises(CandidateError, match=r"2\.0 m a side"):
        load_candidate("random-bumps", settings).activations([walk_in(2.5)])


def test_interpolation_is_kernels_of_two_widths_by_the_distance_to_their_centres():
    walk = walk_in(1.0)
    states = load_candidate("interpolation", Settings()).activations([walk])[0]["kernels"].values
    for width, first in ((0.08, 0), (0.16, 625)):
        squared = ((walk.positions - width / 2) ** 2).sum(axis=1)
        expected = np.exp(-squared / (2 * width**2))
        np.testing.assert_allclose(states[:, first], np.where(expected > 1e-3, expected, 0), atol=1e-6)
