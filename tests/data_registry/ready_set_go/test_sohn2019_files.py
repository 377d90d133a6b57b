"""Files of the structure of Sohn et al. 2019 give the trials and spikes that the test put there, or are refused."""

import interval_files as written
import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d

from innerscore.benchmarks.alignment import brain_samples
from innerscore.core.errors import ChecksumError, InvalidArgumentError, InvalidDataError, UnfitRecordingError
from innerscore.core.labelled import coordinate, labelled_hash
from innerscore.data_registry.ready_set_go.rates import half_of_each_trial

REGIONS = {
    "DMFC-measurement": "measurement",
    "DMFC-production": "production",
    "DMFC-production-scaled": "production_scaled",
}


@pytest.fixture(scope="module")
def columns():
    return written.trials()


def put(settings, columns, **changes):
    session = {**written.session_content(columns), **changes}
    return written.put(settings, session, written.behaviour_content(columns))


def kept(settings):
    roots = (settings.cache_dir, settings.data_dir)
    named = {f"{name}" for name in written.NAMES}
    return [path for root in roots for path in root.rglob("*") if path.is_file() and path.name not in named]


def test_trials_and_spikes_are_those_that_were_written(settings, columns):
    (session,) = put(settings, columns).sessions
    assert (session.identifier, session.animal, session.single) == ("161210", "H", {"1001"})
    good = columns["kind"] == "good"
    np.testing.assert_array_equal(session.trials["valid"], good)
    np.testing.assert_array_equal(session.trials["condition"], columns["condition"])
    for name in ("ready", "set", "go"):
        np.testing.assert_array_equal(session.trials.loc[good, f"{name}_s"], columns[name][good])
    for unit, samples in written.spikes(columns).items():
        np.testing.assert_array_equal(session.spikes_s[str(unit)], samples / written.SAMPLES_PER_S)


def plain_rates(spikes, starts, until, n_bins):
    """Mean rate of each bin of 20 ms over the trials that have it, smoothed by a Gaussian of 2 bins."""
    means = []
    for k in range(n_bins):
        inside = [
            ((spikes >= start + 0.02 * k) & (spikes < start + 0.02 * (k + 1))).sum() / 0.02
            for start, end in zip(starts, until, strict=True)
            if start + 0.02 * (k + 1) <= end + 1e-6
        ]
        means.append(np.mean(inside))
    weights = gaussian_filter1d(np.eye(n_bins), 2, axis=1, mode="constant", truncate=n_bins)
    return weights @ means / weights.sum(axis=1)


def test_a_bin_of_measurement_is_the_mean_of_the_trials_whose_set_is_later(settings, columns):
    data = put(settings, columns)
    rates = data.recording("DMFC-measurement")
    assert rates.shape == (16, 2, 60)
    assert list(coordinate(rates, "neuroid_id")) == ["161210_1001", "161210_1002"]
    for unit_place, unit in enumerate(data.units):
        half = half_of_each_trial(unit, data.seed)
        for row in (0, 7, 8, 15):
            context, k = coordinate(rates, "context")[row], coordinate(rates, "repetition")[row]
            chosen = unit.trials[(unit.trials["context"] == context) & (half == k)]
            n_bins = int(rates["measurement"].values[row].sum())
            assert n_bins == coordinate(rates, "t_s_ms")[row] / 20
            until = chosen["ready_s"] + chosen["t_s_ms"] / 1000
            expected = plain_rates(unit.spikes_s, chosen["ready_s"], until, n_bins)
            found = rates.values[row, unit_place]
            np.testing.assert_allclose(found[:n_bins], expected, rtol=1e-5, atol=1e-4)
            assert np.isnan(found[n_bins:]).all()


def test_production_ends_before_nearly_all_trials_do(settings, columns):
    data = put(settings, columns)
    rates = data.recording("DMFC-production")
    unit = data.units[1]
    half = half_of_each_trial(unit, data.seed)
    for row in (0, 39, 57):
        name, k = coordinate(rates, "stimulus_id")[row], coordinate(rates, "repetition")[row]
        trials = unit.trials[unit.trials["condition"] == name]
        produced = (trials["go_s"] - trials["set_s"]).to_numpy()
        n_bins = int(max(produced.min(), produced.mean() - 2 * produced.std()) / 0.02)
        assert rates["production"].values[row].sum() == n_bins
        of_half = trials[half[(unit.trials["condition"] == name).to_numpy()] == k]
        expected = plain_rates(unit.spikes_s, of_half["set_s"], of_half["go_s"], n_bins)
        np.testing.assert_allclose(rates.values[row, 1, :n_bins], expected, rtol=1e-5, atol=1e-4)
        assert coordinate(rates, "t_p_ms")[row] == pytest.approx(trials["t_p_ms"].mean())


def test_bins_of_production_are_where_they_are_in_the_clip(settings, columns):
    data = put(settings, columns)
    table = data.stimuli().table.set_index("stimulus_id")
    produced = columns["go"] - columns["set"]
    for region, epoch in REGIONS.items():
        samples = brain_samples(data.recording(region), epoch=epoch)
        names = coordinate(samples, "stimulus_id")
        event = table.loc[names, "ready_ms" if epoch == "measurement" else "set_ms"].to_numpy()
        start, end = (coordinate(samples, f"clip_{edge}_ms") - event for edge in ("start", "end"))
        if epoch == "production_scaled":
            good = columns["kind"] == "good"
            mean = [produced[good & (columns["condition"] == name)].mean() * 1000 for name in names]
            phase = coordinate(samples, "phase")
            np.testing.assert_allclose((start + end) / 2, phase * mean, rtol=1e-9)
        else:
            np.testing.assert_allclose(start, coordinate(samples, "time_bin_start_ms"), atol=1e-9)
            np.testing.assert_allclose(end - start, 20)


def test_parts_of_the_scaled_epoch_are_those_of_each_trial(settings, columns):
    """A unit that fires once in each trial at three quarters of the time to Go has that rate there alone."""
    produced = columns["go"] - columns["set"]
    at = columns["set"] + 0.775 * produced
    fires = np.concatenate(
        [[0.5], at[columns["kind"] == "good"], columns["ready"] + 0.2, columns["ready"][-1:] + 3]
    )
    by_unit = {**written.spikes(columns), 1002: np.round(np.sort(fires) * written.SAMPLES_PER_S)}
    data = put(
        settings,
        columns,
        sp=np.concatenate(list(by_unit.values())).astype(np.uint64),
        idClust=np.repeat([*by_unit], [*map(len, by_unit.values())]),
    )
    rates = data.recording("DMFC-production-scaled")
    assert (rates.values[:, 1].argmax(axis=1) == 15).all()
    total = rates.values[:, 1].mean(axis=1) * coordinate(rates, "t_p_ms") / 1000
    np.testing.assert_allclose(total, 1, rtol=0.15)


def test_halves_are_the_same_whatever_other_units_and_sessions_there_are(settings, columns, tmp_path):
    whole = put(settings, columns)
    content = written.session_content(columns)
    one = content["idClust"][:, 0] == 1001
    other = settings.model_copy(update={"data_dir": tmp_path / "other"})
    alone = put(other, columns, sp=content["sp"][one], idClust=content["idClust"][one])
    np.testing.assert_array_equal(
        whole.recording("DMFC-production").values[:, 0], alone.recording("DMFC-production").values[:, 0]
    )
    assert labelled_hash(put(settings, columns).recording("DMFC-production")) == labelled_hash(
        whole.recording("DMFC-production")
    )


def test_rows_of_events_may_be_in_any_order(settings, columns, tmp_path):
    rows = written.events(columns)
    shuffled = rows[np.random.default_rng(3).permutation(len(rows))]
    other = settings.model_copy(update={"data_dir": tmp_path / "other"})
    a, b = put(settings, columns), put(other, columns, tInfo=shuffled)
    for region in REGIONS:
        assert labelled_hash(a.recording(region)) == labelled_hash(b.recording(region))


def test_a_unit_counts_only_while_it_is_there(settings, columns):
    by_unit = written.spikes(columns)
    samples = by_unit[1001]
    first, last = (columns["ready"][k] * written.SAMPLES_PER_S for k in (100, 140))
    gone = samples[(samples < first) | (samples > last)]
    by_unit = {1001: gone, 1002: by_unit[1002]}
    data = put(
        settings,
        columns,
        sp=np.concatenate(list(by_unit.values())).astype(np.uint64),
        idClust=np.repeat([*by_unit], [*map(len, by_unit.values())]),
    )
    assert [unit.name for unit in data.units] == ["161210_1002"]
    assert data.recording("DMFC-production").attrs["n_units_left_out"] == 1


def test_intervals_are_those_of_valid_trials_in_all_sessions(settings, columns):
    data = put(settings, columns)
    intervals = data.recording("interval-H")
    good = columns["kind"] == "good"
    assert intervals.shape == (good.sum() + (14 if good[0] else 0), 1)
    np.testing.assert_array_equal(intervals.values[-good.sum() :, 0], columns["t"][good])
    assert data.behaviour("H").fit.offset_ms == {"short": 10.0, "long": -20.0}


def test_trials_without_set_are_left_out_by_the_column_that_says_so(settings, columns):
    rows = written.events(columns, 14)
    number = int(np.flatnonzero(columns["kind"] == "good")[5]) + 1
    rows[rows[:, 0] == number, 12] = 1
    (session,) = put(settings, columns, tInfo=rows).sessions
    good = columns["kind"] == "good"
    good[number - 1] = False
    np.testing.assert_array_equal(session.trials["valid"], good)


def test_trials_without_set_are_left_out_by_the_behaviour_that_says_so(settings, columns):
    behaviour = written.behaviour_content(columns)
    no_set = np.zeros_like(behaviour["idOut"])
    no_set[14 + int(np.flatnonzero(columns["kind"] == "good")[5])] = 1
    data = written.put(settings, written.session_content(columns), {**behaviour, "idNoSet": no_set})
    assert data.sessions[0].trials["valid"].sum() == (columns["kind"] == "good").sum() - 1


def changed_events(change):
    def content(columns):
        rows = written.events(columns)
        return {"tInfo": change(rows)}

    return content


def twice(rows):
    return np.concatenate([rows, rows[-1:]])


def another_interval(rows):
    rows[-1, 6] += 1
    return rows


def another_stage(rows):
    rows[-1, 1] = 11
    return rows


def a_gap(rows):
    rows[rows[:, 0] > 20, 0] += 1
    return rows


BAD = {
    r"units \[1002\]": lambda columns: {"idSU": np.array([[1001, 1]], dtype=np.uint16)},
    "'idSU' of shape": lambda columns: {"idSU": np.array([[1001], [1002]], dtype=np.uint16)},
    "spikes of .* units": lambda columns: {"sp": written.session_content(columns)["sp"][:-3]},
    r"shape \(\d+, 11\)": changed_events(lambda rows: rows[:, :11]),
    r"shape \(\d+, 13\)": changed_events(lambda rows: np.pad(rows, [(0, 0), (0, 1)])),
    "1 stages twice": changed_events(twice),
    "several values in 1 trials": changed_events(another_interval),
    "numbered from 1 without a gap": changed_events(a_gap),
    r"stages \[1, .* 7, 11\]": changed_events(another_stage),
}


@pytest.mark.parametrize("message", BAD)
def test_a_session_of_another_form_is_refused_and_nothing_is_kept(settings, columns, message):
    data = put(settings, columns, **BAD[message](columns))
    with pytest.raises(InvalidDataError, match=message):
        data.recording("DMFC-measurement")
    assert kept(settings) == []


@pytest.mark.parametrize("name", ["sp", "idClust", "idSU", "tInfo"])
def test_a_session_without_a_variable_is_refused(settings, columns, name):
    content = written.session_content(columns)
    del content[name]
    data = written.put(settings, content, written.behaviour_content(columns))
    with pytest.raises(InvalidDataError, match=rf"no \['{name}'\]"):
        data.recording("DMFC-measurement")


def test_a_missing_row_of_behaviour_is_refused_and_nothing_is_kept(settings, columns):
    content = written.behaviour_content(columns, before=0)
    fewer = {name: value if name == "wFit" else value[:-1] for name, value in content.items()}
    data = written.put(settings, written.session_content(columns), fewer)
    with pytest.raises(InvalidDataError, match=r"of 260 rows.*got 259 rows"):
        data.recording("DMFC-measurement")
    assert kept(settings) == []


def test_behaviour_of_other_trials_is_refused_and_nothing_is_kept(settings, columns):
    """With rows to spare, one that is missing shifts all those before it."""
    content = written.behaviour_content(columns)
    gone = np.arange(len(content["t"])) == 200
    fewer = {name: value if name == "wFit" else value[~gone] for name, value in content.items()}
    data = written.put(settings, written.session_content(columns), fewer)
    with pytest.raises(InvalidDataError, match=r"rows of other trials, first that of trial [12]\."):
        data.recording("DMFC-measurement")
    assert kept(settings) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"T": None}, r"no \['T'\]"),
        ({"wFit": None}, r"no \['wFit'\]"),
        ({"wFit": {"w_m": 0.05}}, "'wFit'.*a struct of numbers"),
        ({"t": np.ones((3, 1))}, "of one length"),
    ],
)
def test_behaviour_of_another_form_is_refused(settings, columns, change, message):
    content = {**written.behaviour_content(columns), **change}
    content = {name: value for name, value in content.items() if value is not None}
    data = written.put(settings, written.session_content(columns), content)
    with pytest.raises(InvalidDataError, match=message):
        data.recording("interval-H")


def test_behaviour_under_an_interval_that_the_task_has_not_is_refused(settings, columns):
    content = written.behaviour_content(columns)
    content["T"][-1] = 777
    content["idOut"][-1] = 0
    content["t"][-1] = 700
    data = written.put(settings, written.session_content(columns), content)
    with pytest.raises(InvalidDataError, match=r"40 conditions.*-777'"):
        data.recording("interval-H")


@pytest.mark.parametrize("name", written.NAMES)
def test_an_altered_byte_is_refused_and_nothing_is_kept(settings, columns, name):
    data = put(settings, columns)
    path = settings.data_dir / "sohn2019" / name
    altered = bytearray(path.read_bytes())
    altered[len(altered) // 2] ^= 1
    path.write_bytes(altered)
    with pytest.raises(ChecksumError, match=rf"{name}.*SHA-256"):
        data.recording("DMFC-measurement")
    assert [path.name for path in kept(settings)] == [
        path.name for path in (settings.data_dir / "sohn2019").glob("*.wrong-*")
    ]


@pytest.mark.parametrize("name", written.NAMES)
def test_a_truncated_file_is_refused_and_nothing_is_kept(settings, columns, name):
    put(settings, columns)
    contents = [(settings.data_dir / "sohn2019" / one).read_bytes() for one in written.NAMES]
    cut = [
        data[: len(data) * 2 // 3] if one == name else data
        for one, data in zip(written.NAMES, contents, strict=True)
    ]
    data = written.put(settings, *cut)
    with pytest.raises(InvalidDataError, match=rf"{name}.*damaged"):
        data.recording("DMFC-measurement")
    assert kept(settings) == []


def test_a_recording_without_a_usable_unit_is_refused(settings):
    data = put(settings, written.trials(n_each=5))
    with pytest.raises(UnfitRecordingError, match=r"6 trials.*no usable unit in 1 sessions"):
        data.recording("DMFC-measurement")


def test_regions_and_animals_that_are_not_there_are_named(settings, columns):
    data = put(settings, columns)
    with pytest.raises(InvalidArgumentError, match="DMFC-measurement"):
        data.recording("DMFC")
    with pytest.raises(InvalidArgumentError, match="'H', 'G'"):
        data.behaviour("K")
