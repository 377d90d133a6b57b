"""Candidates for ready-set-go: nothing later is seen, and what each computes is compared with plain references."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from innerscore.candidates import load_candidate, registry
from innerscore.candidates.interface import accepts, find_candidate
from innerscore.candidates.zoo.ready_set_go.network import IntervalNetwork
from innerscore.candidates.zoo.ready_set_go.production import produced_ms
from innerscore.core.errors import CandidateError, InvalidDataError
from innerscore.core.settings import Settings
from innerscore.core.stimuli import FrameClip
from innerscore.tasks.interval_observer import bls_estimate, mean_bls_estimate
from innerscore.tasks.mental_pong import sample_conditions
from innerscore.tasks.pong_frames import render_trial
from innerscore.tasks.ready_set_go import CONTEXTS, PRIORS, conditions, interval_frames, stimulus_set

NAMES = [name for name, entry in registry(Settings()).entries().items() if "set_ms" in entry.card.needs]
TELLS_TIME = [name for name in NAMES if name not in ("rsg-pulse", "rsg-random-rnn", "rsg-look-up-table")]
CONDITIONS = conditions()
INTERVALS = stimulus_set()
CLIPS = dict(zip((one.identifier for one in CONDITIONS), INTERVALS.stimuli, strict=True))
FRAME_MS = 1000 / 60
READY = 18


def shown(name, *identifiers):
    """Layers of a candidate, as a list of dicts of arrays, one a clip."""
    found = load_candidate(name, Settings()).activations([CLIPS[one] for one in identifiers])
    return [{layer: timed.values for layer, timed in layers.items()} for layers in found]


def set_frame(identifier):
    return READY + interval_frames(int(identifier.split("-")[-1]))


def screen_ms(t_s):
    return interval_frames(t_s) * FRAME_MS


def test_the_candidates_are_for_this_task_alone(settings):
    assert len(NAMES) == 9
    for name in NAMES:
        card = find_candidate(name, settings).card
        assert accepts(card, INTERVALS)
        assert not accepts(card, replace(INTERVALS, table=INTERVALS.table[["stimulus_id"]]))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("n_frames", [1, 10, 19, 40, 70, 100])
def test_nothing_later_is_seen(name, n_frames):
    whole = CLIPS["long-hand-left-900"]
    begun = replace(whole, frames=whole.frames[:n_frames], context_frames=None)
    early, late = load_candidate(name, Settings()).activations([begun, whole])
    for layer, timed in early.items():
        same = late[layer].values[:n_frames]  # but for the rounding of sums over another number of frames
        np.testing.assert_allclose(timed.values, same, rtol=1e-4, atol=1e-5, err_msg=layer)


@pytest.mark.parametrize("name", NAMES)
def test_before_set_the_clips_of_a_context_have_the_same_states(name):
    context = CONTEXTS[3]
    ids = [one.identifier for one in CONDITIONS if one.context == context]
    longest = shown(name, ids[-1])[0]
    for identifier, layers in zip(ids[:-1], shown(name, *ids[:-1]), strict=True):
        for layer, values in layers.items():
            n_frames = set_frame(identifier)
            same = longest[layer][:n_frames]
            np.testing.assert_allclose(values[:n_frames], same, rtol=1e-4, atol=1e-5, err_msg=layer)


@pytest.mark.parametrize("name", TELLS_TIME)
def test_time_passes_while_the_screen_stands_still(name):
    identifier = "short-eye-left-560"
    for layer, values in shown(name, identifier)[0].items():
        between = values[READY + 8 : set_frame(identifier)]
        assert layer in ("ramp", "tp") or (np.abs(np.diff(between, axis=0)).max(axis=1) > 0).all()


def test_a_table_has_one_unit_for_each_moment_of_each_context_and_no_other():
    layers = [
        shown("rsg-look-up-table", one)[0]["table"] for one in ("long-hand-left-1000", "short-hand-left-480")
    ]
    for table, identifier in zip(layers, ("long-hand-left-1000", "short-hand-left-480"), strict=True):
        assert not table[:READY].any()
        assert (table[READY : set_frame(identifier)].sum(axis=1) == 1).all()
        np.testing.assert_array_equal(np.flatnonzero(table[READY]) % 30, [0])
        assert (
            np.argmax(table[READY + 9]) - np.argmax(table[READY]) == 3
        )  # frames of 150 ms in steps of 50 ms
    assert not (layers[0].any(axis=0) & layers[1].any(axis=0)).any()


def test_no_time_passes_in_the_pulse():
    identifier = "long-hand-left-1000"
    layers = shown("rsg-pulse", identifier)[0]
    on = np.flatnonzero(layers["flash"][:, 0])
    second = set_frame(identifier)
    assert list(on) == [*range(READY, READY + 6), *range(second, second + 6)]
    context = layers["with_context"][:, 1:]
    np.testing.assert_array_equal(context[0], [0, 0, 0, 0])
    np.testing.assert_array_equal(context[-1], [0, 0, 0, 1])
    np.testing.assert_array_equal(
        shown("rsg-pulse", "short-eye-right-480")[0]["with_context"][0], [0, 1, 1, 1, 0]
    )


def test_the_clock_counts_from_the_last_flash():
    identifier = "long-eye-right-1100"
    layers, second = shown("rsg-clock", identifier)[0], set_frame("long-eye-right-1100")
    frame = np.arange(len(layers["powers"]))
    since = np.where(frame < second, frame - READY, frame - second) * FRAME_MS / 1000
    expected = np.where(frame < READY, 0, since)
    for power in range(5):
        np.testing.assert_allclose(layers["powers"][:, power], expected ** (power + 1), rtol=1e-5)
    centres = np.arange(31) * 0.05
    bumps = np.exp(-((since[:, None] - centres) ** 2) / (2 * 0.05**2))
    bumps[:READY] = 0
    np.testing.assert_allclose(layers["bumps"], bumps, atol=1e-6)
    np.testing.assert_array_equal(layers["with_context"][:, :31], layers["bumps"])


@pytest.mark.parametrize("prior", PRIORS)
def test_the_clock_plays_back_what_was_on_the_screen(prior):
    ids = [f"{prior}-eye-right-{t_s}" for t_s in PRIORS[prior]]
    for t_s, layers in zip(PRIORS[prior], shown("rsg-clock", *ids), strict=True):
        assert layers["tp"][-1, 0] == pytest.approx(screen_ms(t_s))
        assert abs(layers["tp"][-1, 0] - t_s) < 8.4
        assert (layers["tp"][: READY + interval_frames(t_s)] == 0).all()


def test_the_leaky_clock_holds_something_of_ready_after_set():
    identifier = "short-hand-right-640"
    traces, second = shown("rsg-leaky-clock", identifier)[0]["traces"], set_frame("short-hand-right-640")
    taus = 0.05 * 2.0 ** np.arange(8)
    for frame in (0, READY, READY + 7, second - 1, second, second + 30):
        since = [(frame - onset) * FRAME_MS / 1000 for onset in (READY, second) if frame >= onset]
        expected = sum((np.exp(-one / taus) for one in since), start=np.zeros(8))
        np.testing.assert_allclose(traces[frame], expected, rtol=1e-5)


def test_the_scaled_clock_is_the_same_at_the_same_share_of_the_prior_s_mean():
    short = shown("rsg-scaled-clock", "short-eye-right-800")[0]["powers"][:, 0]
    long = shown("rsg-scaled-clock", "long-eye-right-1200")[0]["powers"][:, 0]
    assert short[READY + 48] == pytest.approx(0)  # Set
    assert short[READY + 47] == pytest.approx(47 * FRAME_MS / 640)
    assert long[READY + 60] == pytest.approx(1.0)
    ratio = short[READY + 1 : READY + 48] / long[READY + 1 : READY + 48]
    np.testing.assert_allclose(ratio, 1000 / 640, rtol=1e-5)


@pytest.mark.parametrize("prior", PRIORS)
def test_the_observer_goes_when_its_estimate_has_gone_by(prior):
    intervals = PRIORS[prior]
    bounds = (intervals[0], intervals[-1])
    ids = [f"{prior}-hand-left-{t_s}" for t_s in intervals]
    found = shown("rsg-observer", *ids)
    produced = [layers["tp"][-1, 0] for layers in found]
    expected = mean_bls_estimate([screen_ms(t_s) for t_s in intervals], bounds, w_m=0.05)
    np.testing.assert_allclose(produced, expected, rtol=1e-5)
    for identifier, layers, estimate in zip(ids, found, expected, strict=True):
        ramp = layers["ramp"][set_frame(identifier) :, 0]
        np.testing.assert_allclose(ramp, np.minimum(np.arange(90) * FRAME_MS / estimate, 1), atol=1e-6)


def test_the_observer_regresses_to_the_mean():
    for prior, most in (("short", 0.9), ("long", 0.85)):
        intervals = PRIORS[prior]
        found = shown("rsg-observer", *(f"{prior}-eye-left-{t_s}" for t_s in intervals))
        slope = np.polyfit(intervals, [layers["tp"][-1, 0] for layers in found], 1)[0]
        assert 0.75 < slope < most


def test_while_it_measures_the_observer_has_the_estimate_of_set_now():
    ramp = shown("rsg-observer", "long-eye-right-1200")[0]["ramp"]
    for frame, elapsed in ((0, 800), (READY + 30, 800), (READY + 54, 900), (READY + 71, 71 * FRAME_MS)):
        expected = mean_bls_estimate(elapsed, (800, 1200), w_m=0.05) / 1000
        assert ramp[frame, 1] == pytest.approx(float(expected), rel=1e-5)
    assert (ramp[: READY + 72, 0] == 0).all()


def test_the_population_is_bumps_of_phase_with_gains():
    layers = shown("rsg-observer", "short-eye-left-640")[0]
    population = layers["population"].reshape(-1, 4, 27)
    frame, centres = READY + 20, np.arange(27) * 0.05
    phase = 20 * FRAME_MS / 640
    bumps = np.exp(-((phase - centres) ** 2) / (2 * 0.05**2))
    gains = [1, 1, 0, 1 / layers["ramp"][frame, 1]]
    np.testing.assert_allclose(population[frame], np.outer(gains, bumps), atol=1e-5)
    assert population[-1, 0].argmax() == 20  # phase 1, once the threshold is reached


def test_the_mean_over_noise_is_near_the_estimate_of_the_exact_interval():
    exact = bls_estimate([560, 640, 720], (480, 800), w_m=0.05)
    np.testing.assert_allclose(mean_bls_estimate([560, 640, 720], (480, 800), w_m=0.05), exact, atol=6)


def test_a_ramp_produces_the_time_of_its_crossing():
    since = np.array([np.nan, np.nan, 0.0, 10.0, 20.0, 30.0])
    crossing = produced_ms([0, 0, 0, 0.5, 0.9, 1.3], since)
    np.testing.assert_allclose(crossing, [0, 0, 0, 10, 20, 22.5])
    np.testing.assert_allclose(produced_ms([0, 0, 0, 0.5, 1.0, 0.0], since)[-1], 20)
    np.testing.assert_allclose(produced_ms(np.zeros(6), since), [0, 0, 0, 10, 20, 30])
    np.testing.assert_allclose(produced_ms([2, 2, 0, 0, 0, 2], since)[-1], 25)
    np.testing.assert_allclose(produced_ms([2, 2, 2, 2, 2, 2], since), np.zeros(6))
    np.testing.assert_allclose(produced_ms(np.full(6, np.nan), np.full(6, np.nan)), np.zeros(6))


def test_the_network_is_a_leaky_tanh_network():
    torch.manual_seed(0)
    network = IntervalNetwork(7, 3)
    torch.nn.init.normal_(network.readout.weight)
    torch.nn.init.normal_(network.recurrent.bias)
    inputs = torch.randn(2, 9, 3)
    with torch.inference_mode():
        rates = network.rates(inputs)
        ramp = network.ramp(rates).numpy()
    weights = {name: tensor.numpy() for name, tensor in network.state_dict().items()}
    for trial in range(2):
        state, rate = np.zeros(7), np.zeros(7)
        for step in range(9):
            driven = (
                weights["recurrent.weight"] @ rate + weights["input.weight"] @ inputs[trial, step].numpy()
            )
            state = 0.75 * state + 0.25 * (driven + weights["recurrent.bias"])
            rate = np.tanh(state)
            np.testing.assert_allclose(rates[trial, step].numpy(), rate, atol=1e-5)
            expected = weights["readout.weight"][0] @ rate + weights["readout.bias"][0]
            assert ramp[trial, step] == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("name", ["rsg-rnn", "rsg-rnn-no-prior"])
def test_the_card_of_a_trained_network_says_the_biases_that_its_clips_give(name, settings):
    losses = find_candidate(name, settings).card.weights.losses
    for prior, intervals in PRIORS.items():
        found = shown(name, *(f"{prior}-eye-right-{t_s}" for t_s in intervals))
        produced = np.array([layers["tp"][-1, 0] for layers in found])
        for t_s, t_p in zip(intervals, produced, strict=True):
            assert t_p - t_s == pytest.approx(losses[f"{prior}_{t_s}_bias_ms"], abs=0.5)
        assert np.polyfit(intervals, produced, 1)[0] == pytest.approx(losses[f"{prior}_slope"], abs=0.01)


def test_a_network_without_the_cue_does_not_see_the_prior():
    for layer, values in shown("rsg-rnn-no-prior", "short-eye-right-800")[0].items():
        other = shown("rsg-rnn-no-prior", "long-hand-left-800")[0][layer]
        same = values if layer != "with_context" else values[:, :-4]
        np.testing.assert_allclose(same, other if layer != "with_context" else other[:, :-4], atol=1e-5)


def test_a_network_with_the_cue_says_800_ms_longer_among_long_ones():
    short, long = (
        layers["tp"][-1, 0] for layers in shown("rsg-rnn", "short-eye-right-800", "long-eye-right-800")
    )
    assert long > short + 10


@pytest.mark.parametrize("name", NAMES)
def test_a_clip_of_another_task_is_refused(name):
    pong = render_trial(sample_conditions(1, n_bounce=0, seed=0)[0])
    with pytest.raises(InvalidDataError, match="ready-set-go"):
        load_candidate(name, Settings()).activations([pong])


def test_a_network_takes_one_step_a_frame():
    clip = CLIPS["short-eye-right-480"]
    slow = FrameClip("slow", clip.frames, 30.0, clip.degrees_per_pixel)
    with pytest.raises(CandidateError, match=r"must be 60 Hz.*got 30 Hz"):
        load_candidate("rsg-random-rnn", Settings()).activations([slow])
