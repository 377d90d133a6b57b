"""Gridness, border cells and spatial generalisation on simulated brains whose code is known."""

import io

import numpy as np
import pytest
from labelled_arrays import brain_array, model_array

from innerscore.core.errors import InvalidArgumentError, InvalidDataError
from innerscore.core.settings import Settings
from innerscore.metrics import Metric, load_metric
from innerscore.metrics.generalisation import SpatialPredictivity
from innerscore.metrics.gridness import BorderFraction, Gridness
from innerscore.metrics.maps import bin_grid, isotropic_surrogates, smoothed
from innerscore.metrics.population import kolmogorov_distance

pytestmark = pytest.mark.once

N_BINS, BIN_M = 20, 0.05
_ROW, _COLUMN = np.divmod(np.arange(N_BINS**2), N_BINS)
_X, _Y = (_COLUMN + 0.5) * BIN_M, (_ROW + 0.5) * BIN_M
MODULES = ((0.36, 5.0), (0.51, 22.0))


def grid_code(n, seed):
    """Cells of two modules that all animals share, phases at random; peak 1."""
    rng = np.random.default_rng(seed)
    columns = []
    for number in range(n):
        spacing, degrees = MODULES[number % 2]
        phase, k = (
            rng.uniform(0, 1, 2),
            4 * np.pi / np.sqrt(3) / (spacing * (1 + 0.02 * rng.standard_normal())),
        )
        turns = np.deg2rad(degrees + np.array([30, 90, 150]) + rng.standard_normal())
        waves = sum(np.cos(k * ((_X - phase[0]) * np.cos(t) + (_Y - phase[1]) * np.sin(t))) for t in turns)
        columns.append(((waves + 1.5) / 4.5) ** 2)
    return np.stack(columns, axis=1)


def place_code(n, seed):
    centres = np.random.default_rng(seed).uniform(0, 1, (n, 2))
    return np.exp(-((_X[:, None] - centres[:, 0]) ** 2 + (_Y[:, None] - centres[:, 1]) ** 2) / (2 * 0.1**2))


def border_code(n, seed):
    wall = np.random.default_rng(seed).integers(0, 4, n)
    return np.exp(-(np.stack([_X, 1 - _X, _Y, 1 - _Y], axis=1)[:, wall] ** 2) / (2 * 0.08**2))


def mixed_code(n, seed):
    parts = np.concatenate([grid_code(20, seed), border_code(8, seed), place_code(12, seed)], axis=1)
    return parts @ np.random.default_rng(seed).dirichlet(np.full(40, 0.1), n).T * 2


def brain(codes, seed=0, n_sessions=4, visited=None):
    """Animals' Poisson rate maps: 10 Hz at the peak, 2 s a bin and session."""
    rng = np.random.default_rng(seed)
    rates = 0.3 + 10 * np.concatenate(codes, axis=1)
    trials = rng.poisson(2 * rates, (n_sessions, *rates.shape)) / 2
    keep = np.ones(N_BINS**2, dtype=bool) if visited is None else visited
    animal = np.repeat([f"animal-{k}" for k in range(len(codes))], [code.shape[1] for code in codes])
    bins = {**_places(keep), "bin_x_m": _X[keep], "bin_y_m": _Y[keep]}
    return brain_array(trials[:, keep], bins, animal, region="MEC", bin_size_m=BIN_M)


def model(values, visited=None):
    keep = np.ones(N_BINS**2, dtype=bool) if visited is None else visited
    return model_array(values[keep], _places(keep))


def _places(keep):
    blocks = np.array([f"block-{y}-{x}" for y, x in zip(_ROW // 4, _COLUMN // 4, strict=True)])
    names = np.arange(N_BINS**2).astype(str)
    return {"stimulus_id": names[keep], "condition": blocks[keep]}


@pytest.fixture(scope="module")
def grid_brain():
    return brain([grid_code(20, 1), grid_code(20, 2)])


@pytest.fixture(scope="module")
def place_brain():
    return brain([place_code(24, 1), place_code(24, 2)])


@pytest.fixture(scope="module")
def gridness():
    return Gridness(n_null=40, n_boot=40)


def test_a_population_of_the_same_code_is_as_like_as_another_animal(grid_brain, gridness):
    found = gridness(model(grid_code(24, 3)), grid_brain)
    assert found.normalised.low < 1 < found.normalised.high
    assert found.facts["model_n_modules"] == 2
    assert found.facts["brain_n_modules"] == "2; 2"
    assert float(found.facts["model_period_ratios"]) == pytest.approx(0.51 / 0.36, abs=0.05)
    assert found.facts["model_grid_fraction"] > 0.9
    assert found.raw.low <= found.raw.value <= found.raw.high


@pytest.mark.parametrize("code", [place_code, border_code])
def test_other_cells_are_no_grid_cells(grid_brain, gridness, code):
    found = gridness(model(code(24, 3)), grid_brain)
    assert found.facts["model_grid_fraction"] < 0.06
    assert found.normalised.high < 0.5


def test_gridness_is_repeatable_and_draws_the_brain_alike_for_all_models(grid_brain, gridness):
    first = gridness(model(grid_code(20, 3)), grid_brain)
    second = Gridness(n_null=40, n_boot=40)(model(grid_code(20, 3)), grid_brain)
    other = gridness(model(place_code(20, 3)), grid_brain)
    np.testing.assert_array_equal(first.resamples.values, second.resamples.values)
    np.testing.assert_array_equal(first.resamples.part("ceiling"), other.resamples.part("ceiling"))
    assert float(gridness.ceiling(grid_brain)) == pytest.approx(first.ceiling.value)


def test_one_animal_has_its_halves_as_ceiling_and_holes_are_no_rates():
    visited = (_X < 0.8) & ~((_X < 0.4) & (_Y < 0.2))
    alone = brain([grid_code(24, 1)], visited=visited)
    found = Gridness(n_null=20, n_boot=10)(model(grid_code(24, 3), visited), alone)
    assert found.normalised.value > 0.8
    assert len(found.targets) == 10


def test_a_cell_is_measured_on_its_own_map_whatever_bins_others_lack(grid_brain):
    """Bins that another cell lacks used to be taken from all: real cells of .79 and 1.16 showed as .21 and .76."""
    rng = np.random.default_rng(5)
    alone = Gridness(n_null=20)._described_brain(grid_brain)
    holed = grid_brain.copy(deep=True)
    others = np.arange(20, 40)
    for cell in others:
        holed.values[:, rng.random(N_BINS**2) < 0.1, cell] = np.nan
    assert np.isfinite(holed.values).all(axis=(0, 2)).mean() < 0.2
    found = Gridness(n_null=20)._described_brain(holed)
    np.testing.assert_array_equal(found.cells["score"][:20], alone.cells["score"][:20])
    np.testing.assert_allclose(found.cells["score"][20:], alone.cells["score"][20:], atol=0.4)
    np.testing.assert_array_equal(found.noise[:20], alone.noise[:20])


def test_a_bin_that_one_repetition_lacks_is_that_of_the_others(grid_brain):
    holed = grid_brain.copy(deep=True)
    holed.values[0, 37, :] = np.nan
    holed.values[1:, 37, :] = grid_brain.values[:, 37].mean(axis=0)
    found, whole = (Gridness(n_null=20)._described_brain(one) for one in (holed, grid_brain))
    np.testing.assert_allclose(found.cells["score"], whole.cells["score"], atol=1e-6)


def test_maps_that_were_recorded_smooth_are_not_smoothed_again(grid_brain):
    recorded = grid_brain.copy(deep=True)
    grid = bin_grid(grid_brain)
    for trial in recorded.values:
        trial[:] = smoothed(grid.maps(trial), 1.0)[:, grid.row, grid.column].T
    recorded.attrs["smoothing_m"] = BIN_M
    found, once = (Gridness(n_null=20)._described_brain(one) for one in (recorded, grid_brain))
    np.testing.assert_allclose(found.cells["score"], once.cells["score"], atol=1e-9)
    same = Gridness(n_null=20, n_boot=10)(model(grid_code(24, 3)), recorded)
    assert same.normalised.value == pytest.approx(1, abs=0.2)


def test_an_animal_of_few_cells_is_left_out_and_counted():
    """One rat of one cell used to end the benchmark for all."""
    codes = [grid_code(20, 1), grid_code(20, 2)]
    metric = Gridness(n_null=20, n_boot=10)
    with_few = metric(model(grid_code(24, 3)), brain([*codes, grid_code(1, 9)]))
    assert list(with_few.targets["animal"]) == ["animal-0", "animal-1"]
    assert with_few.facts["n_animals_left_out"] == 1
    assert with_few.facts["animals_left_out"] == "animal-2: 1 cell"
    assert with_few.facts["n_neuroids"] == 40
    alone = metric(model(grid_code(24, 3)), brain([grid_code(9, 1), grid_code(3, 2)]))
    assert len(alone.targets) == 10  # one animal is left: its halves


def test_silent_and_constant_units_are_counted_and_lower_the_value(grid_brain, gridness):
    dead = np.concatenate(
        [grid_code(20, 3), np.zeros((N_BINS**2, 10)), np.full((N_BINS**2, 10), 2.0)], axis=1
    )
    found = gridness(model(dead), grid_brain)
    assert found.facts["model_n_undefined_scores"] == 20
    assert found.facts["similarity_scores"] < 0.6


def test_border_cells_are_compared_by_share():
    animals = brain([np.concatenate([border_code(12, k), grid_code(12, k)], axis=1) for k in (1, 2)])
    metric = BorderFraction(n_boot=60)
    same = metric(model(np.concatenate([border_code(20, 5), grid_code(20, 5)], axis=1)), animals)
    none = metric(model(grid_code(40, 5)), animals)
    assert same.facts["model_border_fraction"] == pytest.approx(0.5, abs=0.1)
    assert same.normalised.value > 0.85
    assert none.normalised.high < same.normalised.low
    assert none.facts["similarity_fractions"] == 0.0


def _half_box(model_values, animals, **options):
    metric = SpatialPredictivity(n_boot=30, n_splits=10, n_inner=3, **options)
    return metric(model(model_values), animals)


@pytest.mark.parametrize("held_out", ["halves", "random-bins"])
def test_each_brain_is_predicted_best_by_its_own_code(grid_brain, place_brain, held_out):
    codes = {"grid": grid_code(200, 7), "place": place_code(200, 7)}
    scores = {
        (name, of): _half_box(values, animals, held_out=held_out, n_draws=2).normalised.value
        for name, values in codes.items()
        for of, animals in (("grid", grid_brain), ("place", place_brain))
    }
    assert scores["grid", "grid"] > scores["place", "grid"]
    assert scores["place", "place"] > scores["grid", "place"]


def test_half_a_box_tells_codes_apart_that_random_bins_do_not(grid_brain):
    grid, place = grid_code(200, 7), place_code(200, 7)
    gap = {
        held_out: _half_box(grid, grid_brain, held_out=held_out, n_draws=2).raw.value
        - _half_box(place, grid_brain, held_out=held_out, n_draws=2).raw.value
        for held_out in ("halves", "random-bins")
    }
    assert gap["halves"] > 2 * gap["random-bins"]


def test_other_animals_predict_better_than_any_model():
    """Nayebi et al. (2021): heterogeneous cells are predicted best by other animals', less by ideal codes."""
    animals = [np.concatenate([mixed_code(70, 30 + k), grid_code(10, 40 + k)], axis=1) for k in range(3)]
    target = brain(animals[:1])
    others = np.concatenate(animals[1:], axis=1)
    raw = {
        name: _half_box(values, target, held_out="random-bins", n_draws=3).raw.value
        for name, values in {
            "others": others,
            "grid": grid_code(160, 7),
            "place": place_code(40, 7),
            "position": np.stack([_X, _Y], axis=1),
        }.items()
    }
    assert max(raw, key=raw.get) == "others"


@pytest.mark.parametrize("mapping", ["pls", "one-to-one", "least-squares"])
def test_every_map_generalises(grid_brain, mapping):
    options = {"n_components": 10} if mapping == "pls" else {}
    metric = SpatialPredictivity(mapping=mapping, n_boot=20, n_splits=5, **options)
    found = metric(model(grid_code(60, 7)), grid_brain)
    assert found.raw.value > 0.4
    assert set(found.facts) >= {"raw_left_right", "raw_bottom_top"}
    assert np.isfinite(metric.value(model(grid_code(60, 7)), grid_brain))


def test_surrogates_keep_scale_and_holes_and_lose_symmetry():
    maps = smoothed(bin_grid(brain([grid_code(4, 1)])).maps(grid_code(4, 1)), 1.0)
    maps[0, :3] = np.nan
    surrogates = isotropic_surrogates(maps, 50, np.random.default_rng(0))
    assert np.isnan(surrogates[:, 0, :3]).all()
    ratio = np.nanvar(surrogates, axis=(0, 2, 3)) / np.nanvar(maps, axis=(1, 2))
    np.testing.assert_allclose(ratio, 1, atol=0.35)


def test_kolmogorov_distance_is_that_of_scipy():
    from scipy.stats import ks_2samp

    rng = np.random.default_rng(0)
    a, b = rng.normal(size=30), np.round(rng.normal(0.5, 1, 41), 1)
    assert kolmogorov_distance(a, b) == pytest.approx(ks_2samp(a, b).statistic)
    assert kolmogorov_distance(a, np.empty(0)) == 1.0


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("gridness", {"n_null": 0}),
        ("border-fraction", {"threshold": 2.0}),
        ("spatial-predictivity", {"held_out": "quarters"}),
        ("spatial-predictivity", {"mapping": "magic"}),
        ("spatial-predictivity", {"train_share": 0.0}),
    ],
)
def test_bad_parameters_are_named(name, parameters):
    with pytest.raises(Exception, match=next(iter(parameters))):
        load_metric(name, Settings(), **parameters)


def test_recordings_without_place_or_cells_are_refused(grid_brain):
    placeless = grid_brain.copy()
    placeless.attrs = {}
    with pytest.raises(InvalidDataError, match="bin_size_m"):
        Gridness()(model(grid_code(4, 1)), placeless)
    with pytest.raises(InvalidDataError, match="bins a side"):
        Gridness()(model(grid_code(4, 1), _X < 0.2), brain([grid_code(9, 1)], visited=_X < 0.2))
    with pytest.raises(InvalidDataError, match="3 cells of animal-0, 7 cells of animal-1"):
        Gridness()(model(grid_code(4, 1)), brain([grid_code(3, 1), grid_code(7, 1)]))
    with pytest.raises(InvalidArgumentError, match="smoothing_bins"):
        Gridness(smoothing_bins=-1)


def test_maps_of_the_best_units_are_kept_for_a_picture(grid_brain, gridness):
    found = gridness(model(np.concatenate([grid_code(8, 3), place_code(8, 3)], axis=1)), grid_brain)
    kept = {name: np.load(io.BytesIO(data), allow_pickle=False) for name, data in found.further_files.items()}
    assert kept["rate-maps.npy"].shape == (16, N_BINS, N_BINS)
    assert kept["autocorrelograms.npy"].shape == (16, 39, 39)
    assert (np.diff(kept["grid-scores.npy"].astype(float)) <= 0).all()


def test_a_model_of_two_units_has_two_components(grid_brain):
    pair = model(np.stack([_X, _Y], axis=1))
    for metric in (
        load_metric("pls", Settings(), n_outer=3, n_boot=5, n_splits=2),
        SpatialPredictivity(mapping="pls", n_boot=5, n_splits=2),
    ):
        assert np.isfinite(metric(pair, grid_brain).raw.value)
        assert np.isfinite(metric.value(pair, grid_brain))


@pytest.mark.parametrize("name", ["gridness", "border-fraction", "spatial-predictivity"])
def test_the_contract_of_all_metrics(grid_brain, name):
    options = {"gridness": {"n_null": 10}}.get(name, {})
    metric = load_metric(name, Settings(), n_boot=30, **options)
    good, bad = model(grid_code(16, 3)), model(place_code(16, 3))
    assert isinstance(metric, Metric)
    first, second = (metric(one, grid_brain) for one in (good, bad))
    for part in ("raw", "ceiling", "normalised"):
        width = np.diff(np.nanquantile(first.resamples.part(part), [0.025, 0.975]))[0]
        assert width == pytest.approx(getattr(first, part).high - getattr(first, part).low, rel=1e-3)
    np.testing.assert_allclose(first.resamples.part("ceiling"), second.resamples.part("ceiling"), rtol=1e-4)
    assert float(metric.ceiling(grid_brain)) == pytest.approx(first.ceiling.value, abs=0.05)
    assert metric.value(good, grid_brain) > metric.value(bad, grid_brain)
