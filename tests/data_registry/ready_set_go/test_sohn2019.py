"""On the real files of Sohn et al. 2019: counts are exact, reliability and behaviour are as measured elsewhere."""

import re
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import innerscore
from innerscore.benchmarks.alignment import brain_samples
from innerscore.core.hashing import sha256_of_file
from innerscore.core.labelled import coordinate, labelled_hash
from innerscore.core.settings import Settings
from innerscore.data_registry import load_dataset
from innerscore.data_registry.ready_set_go.intervals import (
    interval_statistics,
    observer_bias,
    regression_slopes,
)
from innerscore.data_registry.ready_set_go.rates import smoothed
from innerscore.data_registry.ready_set_go.sessions import recorded_trials, valid_trials
from innerscore.data_registry.sharing import scores_alone
from innerscore.tasks.ready_set_go import PRIORS, conditions

SESSIONS = ("161210", "161219", "161220", "170512")
N_SPLITS = 6


@pytest.fixture(scope="module")
def data(mirror, tmp_path_factory):
    folder = tmp_path_factory.mktemp("sohn2019")
    return load_dataset(
        "Sohn2019",
        Settings(data_dir=folder / "data", cache_dir=folder / "cache", mirror=mirror, offline=True),
    )


@pytest.fixture(scope="module")
def reliability(data):
    """Split-half reliability of every unit in every split by session and epoch, Spearman-Brown.

    Counts are taken and halves drawn here, plainly; of the package are smoothing and the choice of trials.
    """
    pooled = valid_trials(data.sessions)
    lengths = {
        name: int(max(one.min(), one.mean() - 2 * one.std(ddof=0)) / 0.02)
        for name, one in pooled.groupby("condition")["produced_s"]
    }
    usable = {unit.name for unit in data.units}
    found = {}
    for session in data.sessions:
        trials = session.trials[session.trials["valid"]]
        units = {f"{session.identifier}_{unit}": spikes for unit, spikes in session.spikes_s.items()}
        table = pd.DataFrame({name: reliabilities(one, trials, lengths) for name, one in units.items()}).T
        found[session.identifier] = {"all": table, "usable": table[table.index.isin(usable)]}
    return found


def reliabilities(spikes, trials, lengths):
    there = recorded_trials(spikes, trials["ready_s"].to_numpy(), trials["go_s"].to_numpy())
    trials = trials[there]
    counted = {
        event: np.diff(
            np.searchsorted(spikes, trials[f"{event}_s"].to_numpy()[:, None] + np.arange(61) * 0.02)
        )
        for event in ("ready", "set")
    }
    splits = [split(counted, trials, lengths, np.random.default_rng(seed)) for seed in range(N_SPLITS)]
    return {(name, seed): value for seed, one in enumerate(splits) for name, value in one.items()}


def split(counted, trials, lengths, rng):
    halves = [{"measurement": [], "contexts": [], "production": []} for _ in range(2)]
    names = trials["condition"].to_numpy(dtype=str)
    own = {name: rng.permutation(np.flatnonzero(names == name)) for name in lengths}
    for k, half in enumerate(halves):
        chosen = {name: rows[k::2] for name, rows in own.items()}
        intervals = {name: int(name.rsplit("-", 1)[1]) // 20 for name in lengths}
        half["measurement"] = [mean(counted["ready"][chosen[name], :n]) for name, n in intervals.items()]
        half["production"] = [mean(counted["set"][chosen[name], :n]) for name, n in lengths.items()]
        for context in sorted({name.rsplit("-", 1)[0] for name in lengths}):
            five = [name for name in lengths if name.startswith(context)]
            rows = [
                np.where(np.arange(60) < intervals[name], counted["ready"][chosen[name]], np.nan)
                for name in five
            ]
            half["contexts"].append(mean(np.concatenate(rows)[:, : max(intervals[name] for name in five)]))
    return {name: spearman_brown(*(np.concatenate(half[name]) for half in halves)) for name in halves[0]}


def mean(counts):
    if not len(counts):
        return np.full(counts.shape[1], np.nan)
    return smoothed(np.nanmean(counts.astype(float), axis=0)[None], np.array([2.0]))[0]


def spearman_brown(a, b):
    known = np.isfinite(a) & np.isfinite(b)
    r = np.corrcoef(a[known], b[known])[0, 1]
    return 2 * r / (1 + r)


def test_the_card_pins_the_files_at_a_fixed_commit(mirror):
    card = load_dataset("Sohn2019", Settings(mirror=mirror, offline=True)).card
    for file in card.files:
        path = mirror / "sohn2019" / file.name
        assert (file.size, file.sha256) == (path.stat().st_size, sha256_of_file(path))
        assert re.search(
            r"raw\.githubusercontent\.com/hansem/RSG2prior/[0-9a-f]{40}/data/\S+\.mat$", file.url
        )
        assert file.url.endswith(f"/{file.name}")


def test_trials_and_units_are_those_counted_elsewhere(data):
    found = []
    for session in data.sessions:
        trials = session.trials
        count = trials.loc[trials["valid"], "condition"].value_counts()
        found.append(
            (
                (session.identifier, session.animal, len(session.spikes_s), len(session.single)),
                (
                    len(trials),
                    trials["completed"].sum(),
                    (trials["completed"] & (trials["outlier"] == 1)).sum(),
                ),
                (trials["valid"].sum(), len(count), count.min(), count.median(), count.max()),
                sum(unit.session == session.identifier for unit in data.units),
            )
        )
    assert found == [
        (("161210", "H", 14, 3), (1546, 920, 48), (872, 40, 11, 22, 33), 12),
        (("161219", "H", 29, 8), (1591, 1325, 44), (1281, 40, 24, 31, 46), 25),
        (("161220", "H", 40, 12), (1791, 1597, 53), (1544, 40, 20, 39, 57), 26),
        (("170512", "G", 20, 1), (3228, 2356, 185), (2171, 40, 40, 53, 79), 12),
    ]


def test_units_are_there_for_as_many_trials_as_counted_elsewhere(data):
    shares = []
    for session in data.sessions:
        valid = session.trials[session.trials["valid"]]
        start, end = valid["ready_s"].to_numpy(), valid["go_s"].to_numpy()
        shares.append(np.mean([recorded_trials(one, start, end).mean() for one in session.spikes_s.values()]))
    np.testing.assert_allclose(shares, [0.95, 0.86, 0.66, 0.73], atol=0.006)


def test_spikes_are_in_order_and_none_is_lost(data):
    assert sum(len(one) for session in data.sessions for one in session.spikes_s.values()) == (
        393_468 + 931_200 + 967_874 + 345_418
    )
    for session in data.sessions:
        assert all((np.diff(one) >= 0).all() for one in session.spikes_s.values())


def test_the_produced_interval_ends_at_the_target_and_go_when_fixation_is_left(data):
    trials = valid_trials(data.sessions)
    late = trials["t_p_ms"] - 1000 * trials["produced_s"]
    assert late.median() == pytest.approx(18, abs=1)
    on_screen = 1000 * (trials["set_s"] - trials["ready_s"]) - trials["t_s_ms"]
    assert on_screen.abs().max() < 24


@pytest.mark.once
@pytest.mark.parametrize(
    ("epoch", "expected"),
    [
        ("measurement", (0.76, 0.69, 0.55, 0.49)),
        ("contexts", (0.92, 0.90, 0.86, 0.82)),
        ("production", (0.72, 0.76, 0.68, 0.53)),
    ],
)
def test_units_are_as_reliable_as_measured_elsewhere(reliability, epoch, expected):
    """Medians over units, means over splits."""
    units = "usable" if epoch == "contexts" else "all"
    found = [reliability[name][units][epoch].median().mean() for name in SESSIONS]
    np.testing.assert_allclose(found, expected, atol=0.02)


@pytest.mark.parametrize(
    ("region", "shape", "ceiling"),
    [
        ("DMFC-measurement", (2, 400, 75), 0.94),
        ("DMFC-production", (2, 1230, 75), 0.85),
        ("DMFC-production-scaled", (2, 800, 75), 0.86),
    ],
)
def test_the_epochs_have_every_sample_in_every_unit_and_the_ceiling_measured_elsewhere(
    data, region, shape, ceiling
):
    epoch = region.removeprefix("DMFC-").replace("-", "_")
    samples = brain_samples(data.recording(region), epoch=epoch)
    assert samples.shape == shape
    assert np.isfinite(samples.values).all()
    assert samples.attrs["n_samples_left_out"] == 0
    animals, counts = np.unique(coordinate(samples, "animal"), return_counts=True)
    assert dict(zip(animals.tolist(), counts.tolist(), strict=True)) == {"G": 12, "H": 63}
    roots = [np.sqrt(max(spearman_brown(*samples.values[:, :, k]), 0)) for k in range(75)]
    assert np.median(roots) == pytest.approx(ceiling, abs=0.02)


def test_lengths_of_production_are_those_measured_elsewhere(data):
    bins = data.recording("DMFC-production")
    short = coordinate(bins, "prior") == "short"
    n_bins = bins["production"].values.sum(axis=1)
    assert (n_bins[short].min(), n_bins[short].max()) == (18, 31)
    assert (n_bins[~short].min(), n_bins[~short].max()) == (30, 44)


@pytest.mark.once
def test_read_twice_it_is_the_same(data, mirror, settings):
    again = load_dataset("Sohn2019", settings.model_copy(update={"mirror": mirror}))
    for region in ("DMFC-measurement", "interval-G"):
        assert labelled_hash(again.recording(region)) == labelled_hash(data.recording(region))


BEHAVIOUR = {
    "H": SimpleNamespace(
        trials=32_839,
        slopes={"short": 0.915, "long": 0.706},
        bias=[31, 9, 6, 16, -6, 30, 9, -9, -38, -95],
        explained=0.86,
        missed=(10, 16),
    ),
    "G": SimpleNamespace(
        trials=40_317,
        slopes={"short": 0.911, "long": 0.732},
        bias=[17, -4, -7, -1, -20, 16, -11, -21, -48, -100],
        explained=0.91,
        missed=(9, 13),
    ),
}


@pytest.mark.parametrize("animal", BEHAVIOUR)
def test_intervals_regress_to_the_mean_as_measured_elsewhere(data, animal):
    behaviour, expected = data.behaviour(animal), BEHAVIOUR[animal]
    assert len(behaviour.trials) == expected.trials
    assert regression_slopes(behaviour.valid) == pytest.approx(expected.slopes, abs=0.0006)
    order = [(prior, t_s) for prior, intervals in PRIORS.items() for t_s in intervals]
    bias = interval_statistics(behaviour.valid)["bias_ms"].reindex(order)
    np.testing.assert_allclose(bias, expected.bias, atol=0.6)
    left = observer_bias(behaviour.fit) - bias
    assert 1 - (left**2).sum() / (bias**2).sum() == pytest.approx(expected.explained, abs=0.005)
    missed = [np.sqrt((left[prior] ** 2).mean()) for prior in PRIORS]
    np.testing.assert_allclose(missed, expected.missed, atol=0.5)


def test_the_monkeys_err_alike_by_interval_and_not_by_effector_and_direction(data):
    valid = {animal: data.behaviour(animal).valid for animal in BEHAVIOUR}
    by_interval, by_condition = (
        [interval_statistics(trials, by)["bias_ms"] for trials in valid.values()]
        for by in (("prior", "t_s_ms"), ("condition",))
    )
    assert np.corrcoef(*by_interval)[0, 1] == pytest.approx(0.997, abs=0.001)
    assert np.corrcoef(*by_condition)[0, 1] == pytest.approx(0.79, abs=0.01)


def test_labelled_intervals_are_the_valid_trials_of_all_sessions(data):
    intervals = data.recording("interval-H")
    valid = data.behaviour("H").valid
    np.testing.assert_array_equal(intervals.values[:, 0], valid["t_p_ms"])
    assert set(coordinate(intervals, "condition")) == {one.identifier for one in conditions()}
    assert len(np.unique(coordinate(intervals, "session"))) == 17


def test_scores_alone_may_leave(settings):
    assert "Sohn2019" in scores_alone(settings)


def test_its_stimuli_are_the_clips_of_the_task(mirrored):
    stimuli = innerscore.data_registry.load_dataset("Sohn2019", mirrored).stimuli()
    assert list(stimuli.table["stimulus_id"]) == [one.identifier for one in conditions()]
    assert "t_p_ms" not in stimuli.table
