"""Training: the same result however often it is interrupted, and nothing but sound weights let in."""

import copy
import json
import os
import pickle
import subprocess
import sys
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from hypothesis import given
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from typer.testing import CliRunner

from innerscore.candidates import load_candidate
from innerscore.candidates.interface import bundle_sha256, find_candidate
from innerscore.candidates.loss_curve import read_curve
from innerscore.candidates.training import Optimisation, find_recipes, finished_training, recipes, train
from innerscore.candidates.training.history import Epoch, clip_norm, is_over, kept_epoch, next_rate
from innerscore.candidates.training.task_rnn.recipes import OPTIMISATION, recipe_of
from innerscore.candidates.training.task_rnn.task import Corpus
from innerscore.cli.app import app
from innerscore.core.errors import (
    CandidateError,
    ChecksumError,
    InvalidDataError,
    MissingPartError,
    UnknownNameError,
)
from innerscore.core.hashing import sha256_of_file
from innerscore.tasks.mental_pong import sample_conditions
from innerscore.tasks.pong_frames import render_trial

SMALL = Corpus(n_components=16, n_training=24, n_validation=8, n_test=8, n_batch=8)
LSTM = recipe_of(
    "sim-mov", "lstm", 10, "pixel_pca", corpus=SMALL, optimisation=replace(OPTIMISATION, max_epochs=5)
)


@lru_cache
def built(seed):
    return LSTM.task(seed, "cpu")


# Its data are made once a seed; each training starts from a copy.
RECIPE = replace(LSTM, task=lambda seed, device: copy.deepcopy(built(seed)))
ONE_THREAD = {"OMP_NUM_THREADS": "1", "INNERSCORE_THREADS": "1"}
CLIPS = [render_trial(condition) for condition in sample_conditions(2, n_bounce=1, seed=9)]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A training that nobody interrupted."""
    return train(RECIPE, tmp_path_factory.mktemp("whole"), seed=3, command="the command")


@pytest.fixture
def copied(whole, tmp_path):
    """A copy of it that a test may damage."""
    folder = tmp_path / "copied"
    folder.mkdir()
    for name in ("candidate.yaml", "weights.safetensors"):
        (folder / name).write_bytes((whole.folder / name).read_bytes())
    return folder


def stopping_at(*epochs):
    def report(done, of):
        if done in epochs:
            raise KeyboardInterrupt

    return report


@pytest.mark.parametrize(("stops", "seconds"), [((2, 4), 0.0), ((3,), 1e9)], ids=["with", "without"])
def test_an_interrupted_training_gives_the_same_bytes_with_and_without_a_checkpoint(
    whole, tmp_path, stops, seconds
):
    for stop in stops:
        with pytest.raises(KeyboardInterrupt):
            train(RECIPE, tmp_path, seed=3, report=stopping_at(stop), checkpoint_seconds=seconds)
        assert (tmp_path / "checkpoint.safetensors").exists() == (seconds == 0)
        assert finished_training(RECIPE, tmp_path, seed=3) is None
    resumed = train(RECIPE, tmp_path, seed=3)
    assert resumed.card.weights.sha256 == whole.card.weights.sha256
    assert resumed.card.weights.losses == whole.card.weights.losses
    for name in ("weights.safetensors", "losses.csv"):
        assert (tmp_path / name).read_bytes() == (whole.folder / name).read_bytes()
    assert not (tmp_path / "checkpoint.safetensors").exists()


def test_a_training_may_be_made_longer_from_its_checkpoint(whole, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        train(shortened(3), tmp_path, seed=3, report=stopping_at(3), checkpoint_seconds=0)
    assert train(RECIPE, tmp_path, seed=3).card.weights.sha256 == whole.card.weights.sha256


def shortened(max_epochs):
    return replace(RECIPE, optimisation=replace(RECIPE.optimisation, max_epochs=max_epochs))


def test_what_was_trained_is_a_candidate_and_the_best_epoch(whole, settings):
    card = find_candidate(str(whole.folder), settings).card
    assert finished_training(RECIPE, whole.folder, seed=3).card == card == whole.card
    assert card.training == "the command"
    assert card.weights.seed == 3
    assert card.weights.sha256 == sha256_of_file(whole.folder / "weights.safetensors")
    activations = load_candidate(str(whole.folder), settings).activations(CLIPS)
    assert [tuple(layers) for layers in activations] == [("hidden", "cell")] * 2
    task = RECIPE.task(3, "cpu")
    task.module.load_state_dict(load_file(whole.folder / "weights.safetensors"))
    curve = np.loadtxt(whole.folder / "losses.csv", delimiter=",", skiprows=1)
    assert task.validation_loss() == curve[:, 2].min()
    drawn = np.asarray([(one.training, one.validation) for one in read_curve(whole.folder)])
    np.testing.assert_array_equal(drawn, curve[:, 1:3])
    assert task.losses()["test_loss"] == pytest.approx(card.weights.losses["test_loss"], rel=1e-4)
    assert card.weights.losses["test_loss"] < card.weights.losses["untrained_test_loss"]


@pytest.mark.parametrize(
    "content", ["epoch,loss\n1,2\n", "epoch,loss,validation_loss,rate\n1,2\n", "\x00", "a\nb,'"]
)
def test_a_loss_curve_of_another_form_is_told(content, tmp_path):
    (tmp_path / "losses.csv").write_text(content)
    with pytest.raises(InvalidDataError, match=r"losses\.csv"):
        read_curve(tmp_path)


def test_a_candidate_without_a_training_has_no_loss_curve(tmp_path):
    assert read_curve(tmp_path) == ()


def test_the_seed_decides(whole, tmp_path):
    other = train(shortened(1), tmp_path, seed=4)
    assert other.card.weights.sha256 != whole.card.weights.sha256
    with pytest.raises(InvalidDataError, match="seed 4"):
        finished_training(RECIPE, tmp_path, seed=3)


def test_a_checkpoint_of_another_training_is_refused_and_kept(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        train(RECIPE, tmp_path, seed=3, report=stopping_at(1), checkpoint_seconds=0)
    before = (tmp_path / "checkpoint.safetensors").read_bytes()
    with pytest.raises(InvalidDataError, match="another seed"):
        train(RECIPE, tmp_path, seed=4)
    other = replace(RECIPE, card=RECIPE.card.model_copy(update={"identifier": "other"}))
    with pytest.raises(InvalidDataError, match="another recipe"):
        train(other, tmp_path, seed=3)
    assert (tmp_path / "checkpoint.safetensors").read_bytes() == before
    (tmp_path / "checkpoint.safetensors").write_bytes(before[:-7])
    with pytest.raises(InvalidDataError, match="whole safetensors file"):
        train(RECIPE, tmp_path, seed=3)


@pytest.mark.parametrize("part", ["module", "best", "optimiser"])
def test_a_checkpoint_of_another_architecture_is_refused(tmp_path, part):
    path = tmp_path / "checkpoint.safetensors"
    with pytest.raises(KeyboardInterrupt):
        train(RECIPE, tmp_path, seed=3, report=stopping_at(1), checkpoint_seconds=0)
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata()
    tensors = load_file(path)
    name = next(name for name, tensor in tensors.items() if name.startswith(part) and tensor.dim() == 2)
    save_file(tensors | {name: tensors[name][1:].clone()}, path, metadata=metadata)
    with pytest.raises(InvalidDataError, match="checkpoint"):
        train(RECIPE, tmp_path, seed=3)
    del tensors[name]
    save_file(tensors, path)
    with pytest.raises(InvalidDataError, match="this version wrote"):
        train(RECIPE, tmp_path, seed=3)


class Malicious:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def pickled(path, marker):
    path.write_bytes(pickle.dumps(Malicious(marker)))


def renamed_hash(folder):
    """Let the card vouch for the bytes that are there, so that the checks behind the hash are reached."""
    card = yaml.safe_load((folder / "candidate.yaml").read_text())
    card["weights"]["sha256"] = sha256_of_file(folder / "weights.safetensors")
    (folder / "candidate.yaml").write_text(yaml.safe_dump(card))


@pytest.mark.parametrize("vouched", [False, True])
@pytest.mark.parametrize("damage", ["truncated", "pickle"])
def test_damaged_weights_and_pickles_are_refused_and_no_code_runs(copied, settings, damage, vouched):
    weights, marker = copied / "weights.safetensors", copied / "code-ran"
    if damage == "pickle":
        pickled(weights, marker)
    else:
        weights.write_bytes(weights.read_bytes()[:-100])
    if vouched:
        renamed_hash(copied)
    error, message = (InvalidDataError, "safetensors") if vouched else (ChecksumError, "SHA-256")
    with pytest.raises(error, match=message) as caught:
        load_candidate(str(copied), settings)
    assert caught.value.exit_code == 3
    assert not marker.exists()


def test_a_pickle_in_place_of_a_checkpoint_is_refused_and_no_code_runs(tmp_path):
    pickled(tmp_path / "checkpoint.safetensors", tmp_path / "code-ran")
    with pytest.raises(InvalidDataError, match="safetensors"):
        train(RECIPE, tmp_path, seed=3)
    assert not (tmp_path / "code-ran").exists()


@pytest.mark.parametrize(
    ("options", "message"), [({"units": 20}, "another architecture"), ({"cell": "gru"}, "recurrent.weight")]
)
def test_weights_of_another_architecture_are_refused(copied, settings, options, message):
    card = yaml.safe_load((copied / "candidate.yaml").read_text())
    card["options"] |= options
    (copied / "candidate.yaml").write_text(yaml.safe_dump(card))
    with pytest.raises(InvalidDataError, match=message):
        load_candidate(str(copied), settings)


def test_weights_that_are_not_finite_or_not_there_are_refused(copied, settings):
    tensors = load_file(copied / "weights.safetensors")
    tensors["readout.bias"][0] = torch.nan
    save_file(tensors, copied / "weights.safetensors")
    renamed_hash(copied)
    with pytest.raises(InvalidDataError, match=r"readout\.bias"):
        load_candidate(str(copied), settings)
    (copied / "weights.safetensors").unlink()
    with pytest.raises(MissingPartError, match="no such file"):
        load_candidate(str(copied), settings)


def test_options_that_the_class_does_not_take_are_the_candidates_failure(copied, settings):
    card = yaml.safe_load((copied / "candidate.yaml").read_text())
    card["options"]["colour"] = "red"
    (copied / "candidate.yaml").write_text(yaml.safe_dump(card))
    with pytest.raises(CandidateError, match="colour"):
        load_candidate(str(copied), settings)


def test_the_bundle_hash_follows_the_weights(copied, settings):
    before = bundle_sha256(find_candidate(str(copied), settings))
    with (copied / "weights.safetensors").open("ab") as file:
        file.write(b"x")
    assert bundle_sha256(find_candidate(str(copied), settings)) != before


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_a_device_that_is_not_there_is_said_before_anything_is_done(tmp_path):
    with pytest.raises(MissingPartError, match="cuda"):
        train(RECIPE, tmp_path / "new", device="cuda")
    assert not (tmp_path / "new").exists()


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_a_restart_that_cannot_begin_keeps_what_was_done(tmp_path):
    folder = tmp_path / RECIPE.name
    with pytest.raises(KeyboardInterrupt):
        train(RECIPE, folder, report=stopping_at(1), checkpoint_seconds=0)
    before = (folder / "checkpoint.safetensors").read_bytes()
    refused = run(RECIPE.name, "--out", tmp_path, "--restart", "--device", "cuda")
    assert isinstance(refused.exception, MissingPartError)
    assert "making data" not in refused.output
    assert (folder / "checkpoint.safetensors").read_bytes() == before


def test_a_restart_begins_anew_whatever_the_checkpoint_is_of(whole, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        train(RECIPE, tmp_path, seed=4, report=stopping_at(1), checkpoint_seconds=0)
    trained = train(RECIPE, tmp_path, seed=3, restart=True)
    assert trained.card.weights.sha256 == whole.card.weights.sha256


def test_too_little_memory_is_said_before_anything_is_done(tmp_path):
    """Under a limit that holds torch, but not the training."""
    limited = ["bash", "-c", 'ulimit -v 2400000 && exec "$@"', "bash"]
    train_it = [sys.executable, "-m", "innerscore", "train", "fitvid", "--out", str(tmp_path / "new")]
    done = subprocess.run(
        [*limited, *train_it], capture_output=True, text=True, check=False, env=os.environ | ONE_THREAD
    )
    assert done.returncode == MissingPartError.exit_code
    assert "error: The memory for training fitvid must be about" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "new").exists()


def test_memory_that_runs_out_is_said_and_the_checkpoint_stays(whole, tmp_path):
    def greedy(seed, device):
        task = copy.deepcopy(built(seed))
        task.validation_loss = lambda: torch.empty(2**50).sum().item()
        return task

    with pytest.raises(KeyboardInterrupt):
        train(RECIPE, tmp_path, seed=3, report=stopping_at(2), checkpoint_seconds=0)
    with pytest.raises(MissingPartError, match=r"memory for training .* goes on from the last checkpoint"):
        train(replace(RECIPE, task=greedy), tmp_path, seed=3)
    assert train(RECIPE, tmp_path, seed=3).card.weights.sha256 == whole.card.weights.sha256


def test_a_diverging_training_stops_and_writes_nothing(tmp_path):
    wild = replace(RECIPE, optimisation=replace(RECIPE.optimisation, rate=1e25))
    with pytest.raises(InvalidDataError, match="diverged"):
        train(wild, tmp_path)
    assert not (tmp_path / "candidate.yaml").exists()


def epochs(losses, validation=None, rate=1.0):
    pairs = zip(losses, validation or losses, strict=True)
    return tuple(Epoch(loss, held_out, rate, norm=k, steps=1) for k, (loss, held_out) in enumerate(pairs))


PLAN = Optimisation(rate=1.0, factor=0.5, window=3, patience=2, max_epochs=10, clip_window=4)


@pytest.mark.parametrize(
    ("losses", "rate"),
    [
        ([], 1.0),
        ([5, 4, 3], 1.0),
        ([5, 4, 3, 2], 2.0),  # three improvements in a row
        ([5, 4, 3, 2, 1], 1.0),  # a fourth alone
        ([5, 4, 3, 2, 1, 0.5, 0.2], 2.0),  # three more
        ([5, 4, 3, 6], 0.5),  # worse than each of the last three
        ([9, 4, 3, 3, 3.5], 1.0),  # worse than some of them
        ([4, 3, 6], 1.0),  # too few to say
    ],
)
def test_the_rate_follows_the_loss(losses, rate):
    assert next_rate(epochs(losses), PLAN) == rate


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_training_ends_with_patience_and_the_best_is_the_first_least(losses):
    history = epochs(losses)
    best = losses.index(min(losses))
    assert kept_epoch(history, PLAN) == best
    assert is_over(history, PLAN) == (len(losses) >= 10 or len(losses) - 1 - best >= 2)


def test_training_ends_when_the_rate_is_too_small():
    assert is_over(epochs([1.0], rate=1e-11), PLAN)


def test_gradients_are_clipped_to_the_percentile_of_the_last_epochs():
    assert clip_norm((), PLAN) == float("inf")
    assert clip_norm(epochs([1.0] * 9), PLAN) == pytest.approx(np.percentile([5, 6, 7, 8], 95))


def test_a_training_of_fixed_length_lets_the_rate_fall_at_its_end_and_keeps_its_last_weights():
    plan = replace(PLAN, max_epochs=6, decay_epochs=3, clip=0.1)
    losses = [1.0, 9.0, 2.0, 3.0, 8.0, 9.0]
    rates = [next_rate(epochs(losses[:n]), plan) for n in range(6)]
    assert rates == pytest.approx([1, 1, 1, 1, 2 / 3, 1 / 3])
    assert [is_over(epochs(losses[:n]), plan) for n in range(7)] == [False] * 6 + [True]
    assert kept_epoch(epochs(losses), plan) == 5
    assert clip_norm((), plan) == clip_norm(epochs(losses), plan) == 0.1


def test_recipes_are_found_by_name_and_by_family():
    assert len(find_recipes("task-rnn")) == 32
    assert {recipe.name for recipe in find_recipes("task-rnn")} <= set(recipes())
    (one,) = find_recipes("task-rnn-sim-mov-gru-20-pixel")
    assert one.card.options == {"loss": "sim-mov", "cell": "gru", "units": 20, "inputs": "pixel_pca"}
    with pytest.raises(UnknownNameError, match="task-rnn") as caught:
        find_recipes("task-rn")
    assert caught.value.exit_code == 5


def run(*arguments):
    return CliRunner().invoke(app, ["train", *map(str, arguments)])


def test_the_command_lists_recipes_and_trusts_only_sound_folders(whole, tmp_path):
    assert json.loads(run("--json").stdout)["recipes"] == list(recipes())
    name = RECIPE.name
    (tmp_path / name).symlink_to(whole.folder)
    found = run(name, "--seed", 3, "--out", tmp_path, "--json")
    assert json.loads(found.stdout)["trained"][0]["weights"]["sha256"] == whole.card.weights.sha256
    refused = run(name, "--seed", 4, "--out", tmp_path)
    assert refused.exception.exit_code == 3
    assert "--restart" in str(refused.exception)
