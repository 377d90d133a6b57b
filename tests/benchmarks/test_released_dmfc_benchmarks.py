"""The benchmarks on Rajalingham2025, end to end on a file of the released structure whose units follow the ball.

The file is written here, not recorded: it has the released keys, shapes and pickle format, and 70 units that are
known functions of the ball, so that what every benchmark must find is known.
"""

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from innerscore.benchmarks import load_benchmark, registry
from innerscore.candidates import load_candidate
from innerscore.core.errors import MissingPartError
from innerscore.core.settings import Settings

_PATH = Path(__file__).parent.parent / "data_registry" / "rajalingham2025" / "released_files.py"
NAMES = [name for name in registry(Settings()).entries() if name.startswith("Rajalingham2025.DMFC-")]
N_UNITS = {"perle": 44, "mahler": 26}


@pytest.fixture(scope="module")
def released_files():
    spec = importlib.util.spec_from_file_location("released_files_of_benchmarks", _PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def following_the_ball(content):
    """The released content with occ units that are random functions of position and velocity, and noise."""
    rng = np.random.default_rng(0)
    fields = content["behavioral_responses"]["occ"]
    latent = np.stack([fields[f"ball_pos_{name}_TRUE"] for name in ("x", "y", "dx", "dy")])
    latent /= np.nanstd(latent, axis=(1, 2), keepdims=True)
    n = sum(N_UNITS.values())
    signal = 0.02 * (1 + np.tanh(np.einsum("ul,lct->uct", rng.normal(size=(n, 4)), np.nan_to_num(latent))))
    halves = [signal + rng.normal(0, 0.01, signal.shape) for _ in range(2)]
    for name, array in zip(("", "_sh1", "_sh2"), [sum(halves) / 2, *halves], strict=True):
        array[..., -1] = np.nan
        content[f"neural_responses{name}"]["occ"] = array
        content[f"neural_responses_reliable{name}"]["occ"] = array
        content["neural_idx_global"]["occ"][f"neural_responses{name}"] = np.arange(n)
    content["reliable_neural_idx"]["occ"] = np.arange(n)
    return content


def unit_table(released_files):
    path = [released_files.session_path(animal) for animal, count in N_UNITS.items() for _ in range(count)]
    n = len(path)
    return pd.DataFrame(
        {
            "cluster_idx": np.arange(n),
            "templates": [np.arange(2)] * n,
            "num_stable_trials": 500,
            "task": "pong_hand",
            "AP": 21.5,
            "data_fn": path,
        }
    )


@pytest.fixture(scope="module")
def with_release(released_files, settings_of_module):
    content = following_the_ball(released_files.release("all"))
    content["neural_meta"] = unit_table(released_files)
    path = settings_of_module.data_dir / "rajalingham2025" / "all_hand_dmfc_dataset_50ms.pkl"
    path.parent.mkdir(parents=True)
    path.write_bytes(released_files.old_pickle(content))
    return settings_of_module


@pytest.mark.once
@pytest.mark.parametrize("name", NAMES)
def test_the_simulating_control_does_better_than_pixels_and_stays_near_the_ceiling(name, with_release):
    benchmark = load_benchmark(name, with_release)
    good, poor = (
        benchmark(load_candidate(candidate, with_release)) for candidate in ("ball-simulated", "pixels")
    )
    assert good.raw.value > poor.raw.value
    assert good.normalised.low > poor.normalised.high
    assert good.normalised.low < good.normalised.value < good.normalised.high
    if "partial" not in name:
        assert good.normalised.value > 0.6


@pytest.mark.parametrize("animal", N_UNITS)
def test_one_animal_can_be_scored_alone(animal, with_release):
    benchmark = load_benchmark(f"Rajalingham2025.DMFC-occluded-ridge-{animal}", with_release)
    parts = benchmark(load_candidate("ball-simulated", with_release))
    assert set(parts.targets["animal"]) == {animal}
    assert len(parts.targets) + parts.facts["n_targets_left_out"] == N_UNITS[animal]


@pytest.mark.parametrize("name", NAMES)
def test_both_data_sets_are_scored_by_the_same_rules(name):
    """The real and the simulated benchmark of a pair differ in names and data only."""
    twin = (
        name.replace("Rajalingham2025.DMFC-", "SimulatedDMFC.").removesuffix("-perle").removesuffix("-mahler")
    )
    cards = registry(Settings()).entries()
    real, simulated = cards[name].card, cards[twin].card
    fixed = {"n_splits"} if "rsa" in name else set()  # one pair of halves is published
    assert {k: v for k, v in real.parameters.items() if k not in fixed} == {
        k: v for k, v in simulated.parameters.items() if k not in fixed
    }
    same = ("system", "task", "epoch", "alignment", "metric", "commitment")
    assert [getattr(real, field) for field in same] == [getattr(simulated, field) for field in same]


@pytest.mark.parametrize("animal", ["perle", "mahler"])
def test_an_animals_endpoints_are_scored_where_its_file_is(animal, released_files, settings):
    """The written animals undershoot by a fifth and err at random: nobody shares their pattern."""
    path = settings.data_dir / "rajalingham2025" / f"{animal}_hand_dmfc_dataset_50ms.pkl"
    path.parent.mkdir(parents=True)
    path.write_bytes(released_files.old_pickle(released_files.release(animal)))
    benchmark = load_benchmark(f"Rajalingham2025.endpoint-consistency-{animal}", settings)
    parts = benchmark(load_candidate("ball-simulated", settings))
    assert abs(parts.raw.value) < 0.45
    assert parts.facts["model_endpoint_error_deg"] < 0.5
    simulated = registry(Settings()).entries()["SimulatedDMFC.endpoint-consistency-A"].card
    assert (benchmark.card.metric, benchmark.card.parameters) == (simulated.metric, simulated.parameters)


def test_without_the_files_it_says_what_to_fetch(settings):
    with pytest.raises(MissingPartError, match="all_hand_dmfc_dataset_50ms"):
        load_benchmark(NAMES[0], settings).ceiling  # noqa: B018
