"""Training on ready-set-go: what trials ask for, and that a training repeats and teaches."""

import numpy as np
import pytest
import torch

from innerscore.candidates import load_candidate
from innerscore.candidates.training.drawn import Sizes
from innerscore.candidates.training.ready_set_go.recipes import recipe_of, recipes
from innerscore.candidates.training.ready_set_go.task import IntervalTask
from innerscore.candidates.training.ready_set_go.trials import draw_trials, make_trials, ramp_target
from innerscore.candidates.training.recipe import Optimisation
from innerscore.candidates.training.trainer import WEIGHTS_NAME, train
from innerscore.core.settings import Settings
from innerscore.tasks.interval_observer import bls_estimate
from innerscore.tasks.ready_set_go import PRIORS, clip, conditions, events_of

FRAME_MS = 1000 / 60
TINY = Sizes(n_batch=8, n_updates=2, n_validation=8, n_test=8)


def tiny(cue=True, max_epochs=2):
    plan = Optimisation(rate=0.001, epsilon=1e-8, max_epochs=max_epochs)
    return recipe_of(cue=cue, units=6, corpus=TINY, optimisation=plan)


def test_there_is_a_recipe_with_the_prior_and_one_without():
    assert {recipe.name: recipe.card.options["cue"] for recipe in recipes()} == {
        "rsg-rnn": True,
        "rsg-rnn-no-prior": False,
    }


@pytest.mark.parametrize("condition", conditions()[::9], ids=lambda one: one.identifier)
def test_inputs_are_those_that_the_clip_shows(condition):
    events = events_of(clip(condition), step_ms=FRAME_MS)
    frames = torch.tensor([condition.set_frame - 18])
    trial = make_trials([condition.prior], frames, frames, torch.tensor([18]), cue=True)
    n_steps = min(trial.inputs.shape[1], len(events.flash))
    np.testing.assert_array_equal(trial.inputs[0, :n_steps, 0].numpy(), events.flash[:n_steps])
    np.testing.assert_array_equal(trial.inputs[0, :n_steps, 1].numpy(), events.short[:n_steps])
    assert trial.set_step[0] == condition.set_frame


def test_the_ramp_follows_the_true_interval_from_the_flash_that_is_shown():
    trial = make_trials(["long"], torch.tensor([60]), torch.tensor([55]), torch.tensor([10]), cue=True)
    assert trial.set_step[0] == 65
    target, defined = trial.target[0].numpy(), trial.defined[0].numpy()
    assert (target[:66] == 0).all()
    assert target[65 + 60] == pytest.approx(1.0)
    expected = (np.exp(30 / (3.3 * 60)) - 1) / (np.exp(1 / 3.3) - 1)
    assert target[65 + 30] == pytest.approx(expected, rel=1e-5)
    assert len(defined) == 65 + 72 + 1
    assert (defined == 1).all()


def test_the_shorter_trial_of_two_counts_to_its_own_end():
    frames = torch.tensor([30, 60])
    trials = make_trials(["short", "long"], frames, frames, torch.tensor([10, 10]), cue=True)
    assert trials.defined.sum(dim=1).tolist() == [10 + 30 + 36 + 1, 10 + 60 + 72 + 1]


def test_without_the_cue_the_prior_is_not_told():
    assert not draw_trials(50, cue=False, seed=0).inputs[..., 1].any()
    told = draw_trials(50, cue=True, seed=0).inputs[:, 0, 1]
    assert 0 < told.mean() < 1


def test_intervals_scatter_in_proportion_to_themselves():
    trials = draw_trials(4000, cue=True, seed=1)
    flash = trials.inputs[..., 0].numpy()
    ready, second = flash.argmax(axis=1), trials.set_step.numpy()
    # The exponent of the ramp rises by 1 / (3.3 t_s) a step.
    exponents = np.log1p(trials.target.numpy() * np.expm1(1 / 3.3))
    true = np.round(1 / (3.3 * np.diff(exponents, axis=1).max(axis=1)))
    shares = (second - ready) / true - 1
    assert ready.min() == 6
    assert ready.max() == 30
    assert abs(shares.mean()) < 0.003
    assert shares.std() == pytest.approx(0.05, abs=0.004)
    assert set(true.astype(int)) == {29, 34, 38, 43, 48, 54, 60, 66, 72}


@pytest.mark.parametrize("prior", PRIORS)
def test_the_least_error_is_close_to_the_posterior_mean(prior):
    """The mean of the ramps of a uniform prior, weighed by the posterior, crosses 1 where the estimate is."""
    low, high = PRIORS[prior][0], PRIORS[prior][-1]
    intervals = np.linspace(low, high, 801)
    since = np.arange(0.5 * low, 1.5 * high)
    ramps = ramp_target(torch.tensor(since[:, None] / intervals)).numpy()
    for measured in np.linspace(low, high, 5):
        posterior = np.exp(-(((measured - intervals) / (0.05 * intervals)) ** 2) / 2) / intervals
        crossing = np.interp(1.0, ramps @ posterior / posterior.sum(), since)
        assert crossing == pytest.approx(float(bls_estimate(measured, (low, high), w_m=0.05)), abs=4)


def test_a_training_repeats_byte_for_byte_and_another_seed_does_not(tmp_path):
    files = []
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        train(tiny(), tmp_path / name, seed=seed)
        files.append((tmp_path / name / WEIGHTS_NAME).read_bytes())
    assert files[0] == files[1] != files[2]


def test_what_was_trained_is_a_candidate(tmp_path):
    train(tiny(cue=False), tmp_path / "mine")
    candidate = load_candidate(str(tmp_path / "mine"), Settings())
    shown = clip(conditions()[0])
    layers = candidate.activations([shown])[0]
    shapes = {name: timed.values.shape for name, timed in layers.items()}
    n = shown.n_steps
    assert shapes == {"rates": (n, 6), "with_context": (n, 10), "ramp": (n, 1), "tp": (n, 1)}


def test_training_lowers_the_error():
    task = IntervalTask(units=32, cue=True, corpus=Sizes(16, 10, 64, 64), seed=0, device="cpu")
    before = task.validation_loss()
    optimiser = torch.optim.Adam(task.module.parameters(), lr=0.002)
    for batch in task.batches(0):
        optimiser.zero_grad()
        task.loss(batch).backward()
        optimiser.step()
    assert task.validation_loss() < 0.8 * before


def test_losses_name_slope_and_bias_of_every_interval():
    losses = IntervalTask(units=4, cue=True, corpus=TINY, seed=0, device="cpu").losses()
    assert losses["short_480_bias_ms"] == pytest.approx(1500 - FRAME_MS - 480, abs=0.1)  # it never goes
    assert losses["long_slope"] == pytest.approx(0, abs=1e-9)
    assert len(losses) == 1 + 2 + 10
