"""Metrics of ready-set-go on labelled data: the contract of all metrics, and answers that are known.

Cells follow the phase of an interval, which they run through at a pace of their own in each condition; or, where a
clock is asked for, the time.
"""

import numpy as np
import pytest
import xarray as xr
from labelled_arrays import brain_array, model_array

from innerscore.core.errors import InvalidDataError
from innerscore.core.labelled import coordinate
from innerscore.core.settings import Settings
from innerscore.metrics import load_metric
from innerscore.metrics.needs import check_needs

DECODED = ("trajectory-speed", "interval-decoding", "time-scaling")
PRODUCED = ("interval-bias", "interval-variability")
PRIORS = {"short": (480, 560, 640, 720, 800), "long": (800, 900, 1000, 1100, 1200)}
PRODUCED_MS = {
    "short": (510, 570, 645, 735, 795),
    "long": (830, 910, 990, 1060, 1105),
}
N_CELLS, STEP_MS = 20, 40.0
BIAS = {name: np.subtract(PRODUCED_MS[name], PRIORS[name]) for name in PRIORS}


def conditions():
    """Prior, effector, direction, interval shown and produced of all 40 conditions."""
    return [
        (prior, effector, direction, shown, produced)
        for prior, intervals in PRIORS.items()
        for effector in ("eye", "hand")
        for direction in ("right", "left")
        for shown, produced in zip(intervals, PRODUCED_MS[prior], strict=True)
    ]


def production():
    """Coordinates of the samples of production: of each condition, bins until it is nearly over."""
    rows = [(*row, start) for row in conditions() for start in np.arange(0, row[4] - 80, STEP_MS)]
    prior, effector, direction, shown, produced, start = (
        np.array(column) for column in zip(*rows, strict=True)
    )
    context = np.array(["-".join(row[:3]) for row in rows])
    return {
        "stimulus_id": np.array([f"{name}-{t}" for name, t in zip(context, shown, strict=True)]),
        "condition": context,
        "prior": prior,
        "effector": effector,
        "direction": direction,
        "t_s_ms": shown,
        "t_p_ms": produced.astype(float),
        "time_bin_start_ms": start,
    }


def measurement():
    """Those of measurement: of each context, bins until the longest interval."""
    chosen = {name: column[production()["t_s_ms"] == 800] for name, column in production().items()}
    rows = [
        (name, start)
        for name in dict.fromkeys(chosen["condition"].tolist())
        for start in np.arange(0, PRIORS[name.split("-")[0]][-1], STEP_MS)
    ]
    context = np.array([name for name, _ in rows])
    return {
        "stimulus_id": context,
        "condition": context,
        "prior": np.array([name.split("-")[0] for name in context]),
        "time_bin_start_ms": np.array([start for _, start in rows]),
    }


def curve(phase):
    return np.stack([phase, np.sin(2 * phase), np.cos(2.5 * phase), phase**2], axis=1)


def of_phase(samples):
    """States that run through a path at the pace of the produced interval, or of the prior's mean; and the pace."""
    mean = np.where(samples["prior"] == "short", 640.0, 1000.0)
    pace = samples.get("t_p_ms", mean)
    return np.c_[curve((samples["time_bin_start_ms"] + 20) / pace), 500 / pace]


def of_time(samples):
    return curve((samples["time_bin_start_ms"] + 20) / 800)


def assembly(values, samples):
    return model_array(values, {name: samples[name] for name in ("stimulus_id", "condition")})


def brain(samples, states=of_phase, noise=0.15, seed=0):
    rng = np.random.default_rng(seed)
    signal = states(samples)
    signal = signal @ rng.normal(size=(signal.shape[1], N_CELLS))
    return brain_array(signal + noise * rng.normal(size=(2, *signal.shape)), samples, "h" * N_CELLS)


def trials(spread=0.1, n=40, seed=0):
    """An animal's trials: the produced intervals above with noise in proportion to them."""
    rng = np.random.default_rng(seed)
    rows = [row for row in conditions() for _ in range(n)]
    produced = np.array([row[4] for row in rows]) * (1 + spread * rng.normal(size=len(rows)))
    names = ["-".join(map(str, row[:4])) for row in rows]
    coords = {
        "stimulus_id": ("presentation", names),
        "condition": ("presentation", names),
        "prior": ("presentation", [row[0] for row in rows]),
        "t_s_ms": ("presentation", [row[3] for row in rows]),
        "neuroid_id": ("neuroid", ["h-interval"]),
        "animal": ("neuroid", ["h"]),
        "region": ("neuroid", ["interval"]),
    }
    return xr.DataArray(produced[:, None], dims=["presentation", "neuroid"], coords=coords)


def answers(of):
    """A model that answers each condition with what a function of it says, one number or several."""
    values = np.array([np.atleast_1d(of(row)) for row in conditions()], dtype=float)
    names = np.array(["-".join(map(str, row[:4])) for row in conditions()])
    return assembly(values, {"stimulus_id": names, "condition": names})


def example(name):
    if name in PRODUCED:
        rng = np.random.default_rng(1)
        return answers(lambda row: row[4] * (1 + 0.08 * rng.normal(size=15))), trials()
    samples = measurement() if name == "time-scaling" else production()
    rng = np.random.default_rng(1)
    states = of_phase(samples)
    return assembly(states + 0.02 * rng.normal(size=states.shape), samples), brain(samples)


@pytest.mark.parametrize("name", [*DECODED, *PRODUCED])
def test_scores_are_the_same_twice_and_hold_the_contract_of_all_metrics(name):
    model, data = example(name)
    metric = load_metric(name, Settings(), n_boot=60)
    check_needs(metric.needs, data)
    first, second = (metric(model, data) for _ in range(2))
    assert first.normalised == second.normalised
    assert first.targets.equals(second.targets)
    assert metric.ceiling(data) == pytest.approx(first.ceiling.value)
    assert metric.value(model, data) == pytest.approx(first.raw.value)
    assert first.normalised.value == pytest.approx(first.raw.value / first.ceiling.value)
    other = metric(model + 0.3 * np.random.default_rng(2).normal(size=model.shape), data)
    np.testing.assert_array_equal(first.resamples.part("ceiling"), other.resamples.part("ceiling"))
    low, high = np.nanquantile(first.resamples.part("raw"), [0.025, 0.975])
    assert (first.raw.low, first.raw.high) == pytest.approx((low, high), rel=1e-5, abs=1e-6)


def test_a_clock_has_no_speeds_and_a_code_of_phase_has_those_of_neurons():
    samples, metric = production(), load_metric("trajectory-speed", Settings(), n_boot=100)
    data = brain(samples)
    clock, phase = (metric(assembly(states(samples), samples), data) for states in (of_time, of_phase))
    assert (clock.raw.value, clock.raw.low, clock.raw.high) == (0.0, 0.0, 0.0)
    np.testing.assert_allclose(clock.targets["raw"], 1.0, atol=1e-12)
    assert phase.normalised.low < 1 < phase.normalised.high + 0.02
    assert phase.facts["gain"] == pytest.approx(1.0, abs=0.15)
    assert clock.facts["n_slopes"] == 32


def test_neurons_own_speeds_and_slopes_are_those_that_scores_compare_with():
    samples = production()
    speed = load_metric("trajectory-speed", Settings(), n_boot=20)
    found = speed.neural_speeds(brain(samples)).set_index("stimulus_id")
    scored = speed(assembly(of_time(samples), samples), brain(samples)).targets.set_index("stimulus_id")
    np.testing.assert_allclose(found["slope"], scored["ceiling"].loc[found.index], rtol=1e-12)
    middle = {"short": 640, "long": 1000}
    assert all(
        reference == f"{context}-{middle[context.split('-')[0]]}"
        for context, reference in found[["condition", "reference"]].itertuples(index=False)
    )
    assert set(found["n_components"]) == {3}
    samples, scaling = measurement(), load_metric("time-scaling", Settings(), n_boot=20)
    facts = scaling(assembly(of_time(samples), samples), brain(samples)).facts
    own = scaling.neural_slopes(brain(samples))
    assert own == pytest.approx(
        {name: facts[f"neural_slope_{name}"] for name in ("short", "long")}, rel=1e-12
    )


def test_the_interval_is_told_within_each_prior_and_knowing_the_prior_is_not_enough():
    samples, metric = production(), load_metric("interval-decoding", Settings(), n_boot=50)
    data = brain(samples)
    knows = metric(assembly(of_phase(samples), samples), data)
    prior = (samples["prior"] == "short").astype(float)
    guesses = metric(assembly(np.c_[of_time(samples), prior], samples), data)
    assert knows.raw.value > 0.95
    assert guesses.raw.value < 0.2
    assert {"r_short", "r_long", "neural_r_short", "neural_r_long"} <= set(knows.facts)
    assert knows.facts["n_splits"] == 4


def test_time_relative_to_the_prior_runs_too_fast_under_the_other_map_and_a_clock_does_not():
    samples, metric = measurement(), load_metric("time-scaling", Settings(), n_boot=50)
    data = brain(samples, noise=0.05)
    clock, scaled = (
        metric(assembly(states(samples)[:, :1], samples), data) for states in (of_time, of_phase)
    )
    assert (clock.facts["slope_short"], clock.facts["slope_long"]) == pytest.approx((1.0, 1.0), abs=1e-3)
    assert clock.raw.value == pytest.approx(0.0, abs=1e-2)
    found = scaled.facts["slope_short"], scaled.facts["slope_long"]
    assert found == pytest.approx((1000 / 640, 640 / 1000), abs=1e-2)


def test_true_intervals_explain_no_bias_and_the_animals_own_all_of_it():
    metric = load_metric("interval-bias", Settings(), n_boot=100)
    truth, own = (metric(answers(of), trials()) for of in (lambda row: row[3], lambda row: row[4]))
    assert truth.raw.value == 0.0
    assert own.normalised.low < 1.01
    assert own.raw.value > 0.95
    bias = np.concatenate([BIAS["short"], BIAS["long"]]).astype(float)
    assert truth.facts["animal_bias_rms_ms"] == pytest.approx(np.sqrt((bias**2).mean()), abs=6)


def test_the_bias_explained_is_the_plain_formula():
    data, model = trials(), answers(lambda row: row[3] + 10)
    frame = data.to_dataframe("t_p").reset_index(drop=True)
    bias = (frame["t_p"] - frame["t_s_ms"]).groupby([frame["prior"], frame["t_s_ms"]]).mean()
    expected = 1 - ((10 - bias) ** 2).sum() / (bias**2).sum()
    found = load_metric("interval-bias", Settings(), n_boot=20)(model, data)
    assert found.raw.value == pytest.approx(expected, abs=1e-12)
    assert found.facts["r"] == 0.0


def test_several_answers_have_a_spread_and_one_has_none():
    data, metric = trials(), load_metric("interval-variability", Settings(), n_boot=50)
    rng = np.random.default_rng(3)
    noisy = metric(answers(lambda row: row[4] * (1 + 0.1 * rng.normal(size=300))), data)
    frame = data.to_dataframe("t_p").reset_index(drop=True)
    spread = frame.groupby(["t_s_ms", "prior"])["t_p"].std()
    np.testing.assert_allclose(noisy.targets["animal_ms"], spread, rtol=1e-9)
    assert noisy.raw.value > 0.97
    assert noisy.facts["animal_sd_slope"] == pytest.approx(0.1, abs=0.02)
    assert metric(answers(lambda row: row[4]), data).raw.value == pytest.approx(0.0, abs=1e-3)


def test_a_stimulus_without_an_answer_is_refused():
    model = answers(lambda row: row[3]).isel(presentation=slice(1, None))
    with pytest.raises(InvalidDataError, match="short-eye-right-480"):
        load_metric("interval-bias", Settings())(model, trials())


def test_states_at_a_step_are_those_that_similarity_compares():
    samples = measurement()
    data = brain(samples)
    whole, thin = (load_metric("rsa", Settings(), n_boot=20, step_ms=step) for step in (None, 200.0))
    model = assembly(of_phase(samples), samples)
    rows = np.flatnonzero(samples["time_bin_start_ms"] % 200 == 0)
    found = thin(model, data)
    assert found.facts["n_states"] == len(rows)
    alone = whole(model.isel(presentation=rows), data.isel(presentation=rows))
    assert found.raw.value == pytest.approx(alone.raw.value)
    assert set(coordinate(model, "condition")) == set(coordinate(data, "condition"))


@pytest.mark.parametrize("name", PRODUCED)
def test_answers_and_trials_may_come_in_any_order(name):
    model, data = example(name)
    metric, rng = load_metric(name, Settings(), n_boot=20), np.random.default_rng(4)
    shuffled = (one.isel(presentation=rng.permutation(one.sizes["presentation"])) for one in (model, data))
    assert metric(*shuffled).raw.value == pytest.approx(metric(model, data).raw.value, abs=1e-12)
