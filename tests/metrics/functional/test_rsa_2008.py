"""RSA on the real RDMs of Kriegeskorte et al. 2008: monkey and human IT, four people in two sessions."""

import numpy as np
import pytest
import scipy.io
from missing_parts import skip_or_fail
from rsatoolbox.inference.noise_ceiling import boot_noise_ceiling
from rsatoolbox.rdm import RDMs, compare
from scipy.spatial.distance import squareform

from innerscore.metrics.functional.rsa.bootstrap import bootstrap_rsa
from innerscore.metrics.functional.rsa.compare_rdms import compare_rdms
from innerscore.metrics.functional.rsa.noise_ceiling import noise_corrected_rsa, rsa_noise_ceiling

from .rsatoolbox_names import PEER


def _content(mirror, name):
    path = mirror / "kriegeskorte2008" / name
    if not path.exists():
        skip_or_fail(f"{path} is missing: set INNERSCORE_MIRROR to the folder that holds kriegeskorte2008/")
    return scipy.io.loadmat(path)


def _condensed(value):
    value = np.squeeze(np.asarray(value, dtype=float))
    return value if value.ndim == 1 else squareform(value, checks=False)


@pytest.fixture(scope="module")
def species(mirror):
    """Monkey and human IT."""
    content = _content(mirror, "Kriegeskorte_Neuron2008_supplementalData.mat")
    return [_condensed(entry["RDM"]) for entry in content["RDMs_mIT_hIT_fig1"][0]]


@pytest.fixture(scope="module")
def people(mirror):
    """Human IT, (4 people, 2 sessions, 4186 pairs)."""
    content = _content(mirror, "92_brainRDMs.mat")
    return np.array([[_condensed(session["RDM"]) for session in person] for person in content["RDMs"][0]])


def test_monkey_and_human_it(species):
    monkey, human = species
    assert monkey.shape == human.shape == (4186,)
    assert compare_rdms(monkey, human) == pytest.approx(0.4912, abs=5e-5)
    assert compare_rdms(monkey, human, method="spearman") == pytest.approx(0.4389, abs=5e-5)


@pytest.mark.parametrize("method", PEER)
def test_equals_rsatoolbox(species, people, method):
    models, data = np.array(species), people[:, 0]
    want = compare(RDMs(models), RDMs(data), PEER[method])
    np.testing.assert_allclose(compare_rdms(models, data, method=method), want, atol=1e-9)


@pytest.mark.parametrize("method", PEER)
@pytest.mark.filterwarnings("ignore:Noise ceiling for tau")
def test_ceiling_equals_rsatoolbox(people, method):
    data = people.mean(1)
    ceiling = rsa_noise_ceiling(data, method=method)
    np.testing.assert_allclose(
        (ceiling.lower, ceiling.upper), boot_noise_ceiling(RDMs(data), PEER[method]), atol=1e-9
    )
    assert 0 < ceiling.lower < ceiling.upper < 1


def test_monkeys_score_against_one_person(species, people):
    person = people[0]
    result = noise_corrected_rsa(species[0], person.mean(0), person[0], person[1])
    half = np.corrcoef(person)[0, 1]
    assert result.reliability == pytest.approx(2 * half / (1 + half), abs=1e-12)
    assert result.score == pytest.approx(result.raw / np.sqrt(result.reliability), abs=1e-12)
    assert result.raw < result.score < 1


def test_bootstrap_surrounds_the_observed_value(species, people):
    data = people.mean(1)
    observed = compare_rdms(species[0], data).mean()
    for method in ("pearson", "spearman"):
        values = bootstrap_rsa(species[0], data, n_boot=200, method=method)
        assert np.isfinite(values).all()
        assert np.quantile(values, 0.025) < observed < np.quantile(values, 0.975)
