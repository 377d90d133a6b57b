"""The benchmarks on Sargolini2006, end to end on files of the released structure whose cells are known.

The files are written here, not recorded: the MATLAB layout of a file a session, two rats with two walks each and
grid, place and border cells of ours in them.
"""

import numpy as np
import pytest
import scipy.io

from innerscore.benchmarks import load_benchmark, registry
from innerscore.candidates import load_candidate
from innerscore.core.errors import MissingPartError
from innerscore.core.settings import Settings
from innerscore.tasks.self_motion import ornstein_uhlenbeck_paths

CARDS = {name: registered.card for name, registered in registry(Settings()).entries().items()}
NAMES = [name for name in CARDS if name.startswith("Sargolini2006.")]
REAL = [name for name in CARDS if name.split(".")[0] in ("Sargolini2006", "Gardner2022")]
RATE_HZ, SECONDS, N_CELLS = 20.0, 1200.0, 16
RATS = ("11084", "11084", "10704", "10704")


def rate(cell, xy, rat):
    """A place cell, or a grid cell of 40 cm, each at a place of its own, up to 20 Hz."""
    rng = np.random.default_rng((cell, rat))
    centre = rng.uniform(0.1, 0.9, 2)
    if cell % 2:
        return 20 * np.exp(-((xy - centre) ** 2).sum(axis=1) / (2 * 0.12**2))
    angles = np.deg2rad([0, 60, 120]) + 0.1 * rat
    waves = 4 * np.pi / (np.sqrt(3) * 0.4) * np.stack([np.cos(angles), np.sin(angles)])
    return 20 * (np.maximum(np.cos((xy - centre) @ waves).sum(axis=1) + 1.5, 0) / 4.5) ** 2


def write_session(folder, number, path):
    times = np.arange(len(path)) / RATE_HZ
    rng = np.random.default_rng(number)
    name = f"{RATS[number]}-0{number + 1}030502"
    centred = (path - 0.5) * 100
    track = {"post": times[:, None], "posx": centred[:, :1], "posy": centred[:, 1:]}
    empty = {"posx2": np.empty((0, 0)), "posy2": np.empty((0, 0))}
    scipy.io.savemat(folder / f"{name}_POS.mat", {**track, **empty})
    for cell in range(N_CELLS):
        spikes = np.repeat(times, rng.poisson(rate(cell, path, number // 2) / RATE_HZ))
        scipy.io.savemat(folder / f"{name}_T{cell // 4 + 1}C{cell % 4 + 1}.mat", {"cellTS": spikes[:, None]})


@pytest.fixture(scope="module")
def with_release(settings_of_module):
    folder = settings_of_module.data_dir / "sargolini2006"
    folder.mkdir(parents=True)
    for number, path in enumerate(ornstein_uhlenbeck_paths(4, SECONDS, rate_hz=RATE_HZ, seed=3)):
        write_session(folder, number, path)
    return settings_of_module


@pytest.mark.parametrize(
    "name", [name for name in NAMES if name.rsplit("-", 1)[1] not in ("border", "gridness", "direction")]
)
def test_a_code_of_place_does_better_than_velocity(name, with_release):
    benchmark = load_benchmark(name, with_release)
    good, poor = (
        benchmark(load_candidate(candidate, with_release)) for candidate in ("place-cells", "velocity")
    )
    assert good.raw.value > poor.raw.value
    assert good.normalised.value > poor.normalised.high
    assert good.normalised.low < good.normalised.value < good.normalised.high


@pytest.mark.once
def test_grid_cells_are_found_in_the_files_and_in_the_grid_code_alone(with_release):
    benchmark = load_benchmark("Sargolini2006.MEC-gridness", with_release)
    grid, place = (
        benchmark(load_candidate(candidate, with_release)) for candidate in ("grid-code", "place-cells")
    )
    assert grid.normalised.value > place.normalised.value


@pytest.mark.parametrize("name", REAL)
def test_recorded_and_simulated_data_are_scored_by_the_same_rules(name):
    twin = CARDS["SimulatedMEC." + name.split(".MEC-")[1]]
    same = ("system", "alignment", "region", "epoch", "metric", "parameters", "commitment")
    assert [getattr(CARDS[name], field) for field in same] == [getattr(twin, field) for field in same]


@pytest.mark.parametrize("name", ["Sargolini2006.MEC-ridge", "Gardner2022.MEC-ridge"])
def test_without_the_files_it_says_what_to_fetch(name, settings):
    with pytest.raises(MissingPartError):
        load_benchmark(name, settings).ceiling  # noqa: B018
