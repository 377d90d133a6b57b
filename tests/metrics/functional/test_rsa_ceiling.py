"""Noise ceilings against rsatoolbox and by their meaning; the noise-corrected score."""

import numpy as np
import pytest
import torch
from rsatoolbox.inference.noise_ceiling import boot_noise_ceiling
from rsatoolbox.rdm import RDMs

from innerscore.core.errors import InvalidArgumentError
from innerscore.metrics.functional.rsa.compare_rdms import compare_rdms, partial_compare_rdms
from innerscore.metrics.functional.rsa.noise_ceiling import noise_corrected_rsa, rsa_noise_ceiling
from innerscore.metrics.functional.rsa.rdm import rdm

from .rsatoolbox_names import PEER


def _subjects(n=6, n_states=15, noise=1.0, seed=0):
    rng = np.random.default_rng(seed)
    n_pairs = n_states * (n_states - 1) // 2
    return rng.random(n_pairs) + noise * rng.random((n, n_pairs)) * rng.uniform(0.5, 2, (n, 1))


@pytest.mark.parametrize("method", PEER)
@pytest.mark.parametrize("decimals", [1, 9])
@pytest.mark.filterwarnings("ignore:Noise ceiling for tau")
def test_equals_rsatoolbox(method, decimals):
    rdms = np.round(_subjects(), decimals)
    got = rsa_noise_ceiling(rdms, method=method)
    want = boot_noise_ceiling(RDMs(rdms), PEER[method])
    np.testing.assert_allclose((got.lower, got.upper), want, atol=1e-9)


@pytest.mark.parametrize("method", ["pearson", "spearman", "rho-a", "cosine"])
def test_no_model_exceeds_the_upper_bound(method):
    rdms = _subjects()
    upper = rsa_noise_ceiling(rdms, method=method).upper
    rng = np.random.default_rng(1)
    models = rdms.mean(0) + 0.05 * rng.normal(size=(200, rdms.shape[1]))
    models[0] = rdms.mean(0)
    assert compare_rdms(models, rdms, method=method).mean(1).max() <= upper + 1e-12


@pytest.mark.parametrize("method", PEER)
def test_without_noise_both_are_one(method):
    same = np.repeat(_subjects(1), 3, axis=0) * np.array([[1.0], [2.0], [3.0]])
    got = rsa_noise_ceiling(same, method=method)
    assert got.lower == pytest.approx(1, abs=1e-9)
    assert got.upper == pytest.approx(1, abs=1e-9)


def test_torch_and_float32_agree():
    rdms = _subjects()
    got = rsa_noise_ceiling(torch.from_numpy(rdms))
    assert got == rsa_noise_ceiling(rdms)
    assert rsa_noise_ceiling(rdms.astype(np.float32)).lower == pytest.approx(got.lower, abs=1e-6)


def test_refuses_one_rdm_and_constant_ones():
    with pytest.raises(InvalidArgumentError, match="1 RDM"):
        rsa_noise_ceiling(_subjects(1))
    rdms = _subjects()
    rdms[2] = 1
    with pytest.raises(InvalidArgumentError, match="1 of 6 RDMs constant"):
        rsa_noise_ceiling(rdms)
    with pytest.raises(InvalidArgumentError, match="'method'"):
        rsa_noise_ceiling(_subjects(), method="kendall")


def _halves(noise, n_states=30, n_features=40, seed=0):
    """A model's states, and two noisy measurements of a brain that is the model."""
    rng = np.random.default_rng(seed)
    states = rng.normal(size=(n_states, n_features))
    halves = states + noise * rng.normal(size=(2, n_states, n_features))
    return states, halves


def test_published_formula():
    states, halves = _halves(1.0)
    model, brain, first, second = (
        rdm(v, distance="euclidean") for v in (states[:, :5], halves.mean(0), halves[0], halves[1])
    )
    got = noise_corrected_rsa(model, brain, first, second)
    half = np.corrcoef(first, second)[0, 1]
    reliability = 2 * half / (1 + half)
    raw = np.corrcoef(model, brain)[0, 1]
    assert got.raw == pytest.approx(raw, abs=1e-12)
    assert got.reliability == pytest.approx(reliability, abs=1e-12)
    assert got.score == pytest.approx(raw / np.sqrt(reliability), abs=1e-12)


def _mean_score_of_the_true_model(noise):
    scores = []
    for seed in range(40):
        states, halves = _halves(noise, seed=seed)
        vectors = [rdm(v, distance="sqeuclidean") for v in (states, halves.mean(0), *halves)]
        scores.append(noise_corrected_rsa(*vectors).score)
    return np.mean(scores)


def test_the_true_model_scores_one_at_low_noise():
    assert _mean_score_of_the_true_model(0.25) == pytest.approx(1, abs=0.01)


def test_the_published_formula_overcorrects_at_high_noise():
    # As the docstring says: noise squared falls faster than Spearman-Brown assumes.
    assert 1.05 < _mean_score_of_the_true_model(1.0) < 1.2


def test_stacks_of_models_and_nuisance():
    states, halves = _halves(0.5)
    brain, first, second = (rdm(v) for v in (halves.mean(0), *halves))
    models = rdm(np.stack([states, states + halves[0]]))
    held = rdm(np.random.default_rng(3).normal(size=(30, 2)), distance="euclidean")
    got = noise_corrected_rsa(models, brain, first, second, nuisance=held)
    assert got.raw.shape == got.score.shape == (2,)
    np.testing.assert_allclose(got.raw, partial_compare_rdms(models, brain, held)[:, 0], atol=1e-12)
    half = partial_compare_rdms(first, second, held)
    assert got.reliability == pytest.approx(2 * half / (1 + half), abs=1e-12)
    one = noise_corrected_rsa(models[0], brain, first, second, nuisance=held)
    assert one.score == pytest.approx(got.score[0], abs=1e-12)


def test_unreliable_halves_give_nan():
    v = _subjects(1)[0]
    assert np.isnan(noise_corrected_rsa(v, v, v, -v).score)
    assert np.isnan(noise_corrected_rsa(v, v, v, np.ones_like(v)).score)


def test_noise_corrected_refuses_wrong_shapes():
    v = _subjects(2)
    with pytest.raises(InvalidArgumentError, match="'half_1'"):
        noise_corrected_rsa(v[0], v[0], v, v[0])
    with pytest.raises(InvalidArgumentError, match="'half_2'"):
        noise_corrected_rsa(v[0], v[0], v[0], v[0, :-1])
