"""Trials that a card declares: epochs, numbers of stimuli and repetitions are taken as meant, or refused."""

import numpy as np
import pytest
import xarray as xr

from innerscore.benchmarks.alignment import brain_samples
from innerscore.checking.recordings import left_out_notes
from innerscore.core.cards import DatasetCard
from innerscore.core.errors import InvalidCardError, InvalidDataError
from innerscore.core.labelled import coordinate, labelled_hash
from innerscore.data_registry.declared_sessions import sessions
from innerscore.data_registry.declared_trials import trials
from innerscore.metrics.interface import load_metric

N_STIMULI, N_REPETITIONS, N_NEUROIDS, N_BINS = 6, 2, 3, 12
N = N_STIMULI * N_REPETITIONS  # as many presentations as bins: a transposed mask fits
CARD = {
    "identifier": "MyLab2026",
    "title": "A few neurons under a few clips",
    "description": "A data set that a test made for itself.",
    "licence": "CC-BY-4.0",
    "citation": "@misc{mylab}",
    "entry": "innerscore.data_registry.declared_trials:trials",
    "simulated": False,
    "species": "Macaca mulatta",
    "regions": ["V1"],
    "folder": "mylab2026",
}
FIELDS = {
    "responses": "rates",
    "stimulus": "shown",
    "frames": "frames",
    "region": {"value": "V1"},
    "animal": {"value": "monkey-1"},
    "time_bin_start_ms": "start",
    "time_bin_end_ms": "end",
}


def arrays(n=N):
    rng = np.random.default_rng(0)
    return {
        "rates": rng.uniform(0, 40, (n, N_NEUROIDS, N_BINS)),
        "shown": np.arange(n) % N_STIMULI,
        "frames": rng.integers(0, 256, (N_STIMULI, 36, 4, 4, 3), dtype=np.uint8),
        "start": 50.0 * np.arange(N_BINS),
        "end": 50.0 * np.arange(1, N_BINS + 1),
    }


@pytest.fixture
def recorded(settings):
    """The recording that a card with some options declares of some arrays."""

    def made(content, fields=(), **options):
        folder = settings.data_dir / f"lab{len(list(settings.data_dir.glob('lab*')))}"
        folder.mkdir(parents=True)
        np.savez(folder / "data.npz", **content)
        chosen = {"rate_hz": 60, "degrees_per_pixel": 0.5, "fields": {**FIELDS, **dict(fields)}, **options}
        return trials(DatasetCard(**{**CARD, "folder": folder.name}, options=chosen), settings).recording(
            "V1"
        )

    return made


def epoch(recording):
    return coordinate(recording, "delay")


def test_a_mask_lies_as_its_axes_say(recorded):
    mask = np.random.default_rng(1).random((N, N_BINS)) < 0.5
    as_documented = recorded({**arrays(), "m": mask}, masks={"delay": "m"})
    turned = {"name": "m", "axes": ["time_bin", "presentation"]}
    as_declared = recorded({**arrays(), "m": mask.T}, masks={"delay": turned})
    for recording in (as_documented, as_declared):
        np.testing.assert_array_equal(epoch(recording), mask)


def test_a_mask_over_time_alone_is_the_same_for_all_presentations(recorded):
    late = np.arange(N_BINS) > 4
    found = recorded({**arrays(), "m": late}, masks={"delay": {"name": "m", "axes": ["time_bin"]}})
    np.testing.assert_array_equal(epoch(found), np.tile(late, (N, 1)))


@pytest.mark.parametrize("kind", [bool, np.uint8, float, str])
def test_a_mask_is_of_0_and_1_or_true_and_false(recorded, kind):
    mask = np.random.default_rng(1).random((N, N_BINS)) < 0.5
    found = recorded({**arrays(), "m": mask.astype(kind)}, masks={"delay": "m"})
    np.testing.assert_array_equal(epoch(found), mask)


@pytest.mark.parametrize("wrong", [np.nan, 2.0, 0.5, -1.0])
def test_other_values_of_a_mask_are_refused(recorded, wrong):
    mask = np.ones((N, N_BINS))
    mask[3, 4] = wrong
    with pytest.raises(InvalidDataError, match=r"0 and 1.*got values such as \['"):
        recorded({**arrays(), "m": mask}, masks={"delay": "m"})


@pytest.mark.parametrize("axes", [None, ["presentation", "bin"], ["presentation", "presentation"]])
def test_a_mask_that_does_not_fit_is_refused_with_its_axes(recorded, axes):
    mask = {"name": "m", **({} if axes is None else {"axes": axes})}
    with pytest.raises(InvalidDataError, match=r"mask 'delay'.*'axes' of the"):
        recorded({**arrays(), "m": np.ones((N_BINS, N + 1))}, masks={"delay": mask})


def test_positions_of_a_session_lie_as_their_axes_say_or_are_refused(settings):
    folder = settings.data_dir / "mylab2026"
    folder.mkdir(parents=True)
    times = np.arange(0, 60, 0.1)
    xy = np.stack([0.5 + 0.4 * np.sin(times), 0.5 + 0.4 * np.cos(times)], axis=1)
    np.savez(folder / "one.npz", t=times, xy=xy.T, spikes=times[::3])

    def positions(axes):
        fields = {
            "times": "t",
            "positions": {"name": "xy", "axes": axes},
            "spike_times": "spikes",
            "animal": {"value": "rat-1"},
        }
        options = {"arena_m": [1.0, 1.0], "corner_m": [0.0, 0.0], "fields": fields}
        dataset = sessions(DatasetCard(**CARD, options=options), settings)
        return dataset.sessions[0].positions_m

    np.testing.assert_allclose(positions(["xy", "time"]), xy)
    with pytest.raises(InvalidDataError, match="'axes' of the field"):
        positions(["x", "time"])


def stimuli(recording):
    return coordinate(recording, "stimulus_id").tolist()


def test_numbers_counted_from_1_are_taken_so_where_the_card_says_so_and_never_guessed(recorded):
    counted = {**arrays(10), "shown": np.arange(10) % (N_STIMULI - 1) + 1}  # the last one was never shown
    with pytest.raises(InvalidDataError, match=r"never shown, is it counted from 1\?.*'stimulus_base: 1'"):
        recorded(counted)
    as_shown = [str(number) for number in counted["shown"] - 1]
    assert stimuli(recorded(counted, stimulus_base=1)) == as_shown
    from_0 = {**counted, "shown": counted["shown"] - 1}
    assert stimuli(recorded(from_0)) == stimuli(recorded(from_0, stimulus_base=0)) == as_shown
    assert stimuli(recorded(counted, stimulus_base=0)) == [str(number) for number in counted["shown"]]


def test_numbers_of_named_stimuli_need_their_base(recorded):
    names = np.array([f"clip-{number}" for number in range(N_STIMULI)])
    named = {**arrays(), "names": names, "shown": np.arange(N) % N_STIMULI + 1}
    fields = {"stimulus_id": "names"}
    with pytest.raises(InvalidDataError, match="'stimulus_base: 1'"):
        recorded(named, fields)
    assert stimuli(recorded(named, fields, stimulus_base=1)) == names[named["shown"] - 1].tolist()
    with pytest.raises(InvalidDataError, match=r"from 0 to 5.*got '6'"):
        recorded(named, fields, stimulus_base=0)
    by_name = {**named, "shown": names[np.arange(N) % N_STIMULI]}
    assert stimuli(recorded(by_name, fields)) == by_name["shown"].tolist()
    with pytest.raises(InvalidDataError, match="got 'clip-0'"):
        recorded(by_name, fields, stimulus_base=1)


def test_numbers_that_are_names_need_no_base(recorded):
    named = {**arrays(), "names": np.arange(N_STIMULI) + 101, "shown": np.arange(N) % N_STIMULI + 101}
    assert stimuli(recorded(named, {"stimulus_id": "names"})) == [str(one) for one in named["shown"]]


def test_a_number_before_the_first_is_refused(recorded):
    with pytest.raises(InvalidDataError, match="got '0'"):
        recorded(arrays(), stimulus_base=1)


def test_a_base_is_0_or_1(recorded):
    with pytest.raises(InvalidCardError, match="stimulus_base"):
        recorded(arrays(), stimulus_base=2)


N_UNEVEN = 24


def uneven(seed=0):
    """Static pictures, each shown 6 to 10 times, in no order."""
    rng = np.random.default_rng(seed)
    times = rng.integers(6, 11, N_UNEVEN)
    times[:2] = 6, 10
    shown = rng.permutation(np.repeat(np.arange(N_UNEVEN), times))
    signal = rng.uniform(0, 40, (N_UNEVEN, 8))
    rates = np.abs(signal[shown] + rng.normal(0, 5, (len(shown), 8)))
    frames = rng.integers(0, 256, (N_UNEVEN, 1, 4, 4, 3), dtype=np.uint8)
    return {"rates": rates, "shown": shown, "frames": frames, "signal": signal}, times


STATIC = {"time_bin_start_ms": None, "time_bin_end_ms": None}


def cut_by_hand(content, n):
    """The first `n` presentations of each stimulus that has as many."""
    shown = content["shown"]
    rows = np.concatenate(
        [np.flatnonzero(shown == one)[:n] for one in range(N_UNEVEN) if sum(shown == one) >= n]
    )
    return {**content, "rates": content["rates"][np.sort(rows)], "shown": shown[np.sort(rows)]}


def test_unequal_repetitions_are_refused_with_the_option_that_takes_them(recorded):
    content, _ = uneven()
    with pytest.raises(InvalidDataError, match=r"of 24 stimuli, 6 to 10 of each.*'repetitions: smallest'"):
        recorded(content, STATIC)


@pytest.mark.parametrize("wanted", ["smallest", 6, 8])
def test_the_first_repetitions_are_those_of_data_cut_by_hand(recorded, wanted):
    content, times = uneven()
    n = 6 if wanted == "smallest" else wanted
    found = recorded(content, STATIC, repetitions=wanted)
    by_hand = recorded(cut_by_hand(content, n), STATIC, stimulus_base=0)
    assert labelled_hash(found) == labelled_hash(by_hand)
    fewer = np.flatnonzero(times < n)
    assert found.attrs["n_presentations_left_out"] == times.sum() - n * (N_UNEVEN - len(fewer))
    assert found.attrs["n_stimuli_left_out"] == len(fewer)
    if len(fewer):
        first = {times[one]: one for one in content["shown"][::-1] if one in fewer}
        assert found.attrs["stimuli_left_out"] == "; ".join(
            f"{sum(times == count)} with {count} of 8 repetitions, such as {first[count]}" for count in (6, 7)
        )
        notes = left_out_notes(found)
        assert notes[0] == f"{found.attrs['n_presentations_left_out']} presentations left out"
        assert any(note.startswith("stimuli left out: ") for note in notes)


def test_ridge_on_unequal_repetitions_is_ridge_on_those_kept(recorded, settings):
    content, _ = uneven()
    samples = [
        brain_samples(recording, epoch=None, needed="by neuroid")
        for recording in (
            recorded(content, STATIC, repetitions="smallest"),
            recorded(cut_by_hand(content, 6), STATIC),
        )
    ]
    names = coordinate(samples[0], "stimulus_id").astype(int)
    model = xr.DataArray(
        content["signal"][names] @ np.random.default_rng(2).normal(size=(8, 5)),
        dims=["presentation", "neuroid"],
        coords={"condition": ("presentation", coordinate(samples[0], "condition"))},
    )
    scores = [load_metric("ridge", settings, n_outer=4)(model, one) for one in samples]
    assert 0.2 < scores[0].raw.value < scores[0].ceiling.value
    assert scores[0].raw == scores[1].raw
    assert scores[0].ceiling == scores[1].ceiling
    assert samples[0].attrs["n_presentations_left_out"] > 0


def test_presentations_of_which_nothing_was_recorded_do_not_count(recorded):
    """As in files that are filled up with NaN to equally many repetitions."""
    content, times = uneven()
    missing = [(one, number) for one, n in enumerate(times) for number in range(n, 10)]
    filled = {
        **content,
        "rates": np.concatenate([content["rates"], np.full((len(missing), 8), np.nan)]),
        "shown": np.concatenate([content["shown"], [one for one, _ in missing]]),
    }
    found = recorded(filled, STATIC, repetitions="smallest")
    assert labelled_hash(found) == labelled_hash(recorded(content, STATIC, repetitions="smallest"))
    assert found.attrs["n_presentations_left_out"] == times.sum() - 6 * N_UNEVEN


def test_repetitions_are_kept_in_the_order_of_their_numbers(recorded):
    content, _ = uneven()
    latest_first = {**content, "number": -np.arange(len(content["shown"]))}
    found = recorded(latest_first, {**STATIC, "repetition": "number"}, repetitions=6)
    turned = {**content, "rates": content["rates"][::-1], "shown": content["shown"][::-1]}
    by_hand = recorded(turned, STATIC, repetitions=6)
    np.testing.assert_array_equal(found.values, by_hand.values[::-1])


def test_more_repetitions_than_there_are_keep_nothing(recorded):
    content, _ = uneven()
    with pytest.raises(InvalidDataError, match="at most 10 repetitions"):
        recorded(content, STATIC, repetitions=11)
    for wrong in ("largest", 0, 2.5):
        with pytest.raises(InvalidCardError, match="repetitions"):
            recorded(content, STATIC, repetitions=wrong)


def test_rows_of_characters_are_texts(recorded):
    """As netCDF keeps text."""
    names = np.array([f"clip-{number:02d} " for number in range(N_STIMULI)])
    rows = names.astype("S8").view("S1").reshape(N_STIMULI, -1)
    named = {**arrays(), "names": rows, "shown": rows[np.arange(N) % N_STIMULI]}
    found = recorded(named, {"stimulus_id": "names"})
    assert stimuli(found) == [f"clip-{number % N_STIMULI:02d}" for number in range(N)]


def test_single_characters_are_no_texts(recorded):
    characters = np.array(list("area V1"))[None]
    with pytest.raises(InvalidDataError, match=r"7 values.*single characters"):
        recorded({**arrays(), "area": characters}, {"region": "area"})


def test_repetitions_that_are_no_numbers_are_refused(recorded):
    words = np.array(["first", "second"])[np.arange(N) // N_STIMULI]
    with pytest.raises(InvalidDataError, match=r"'repetition'.*whole numbers, got 'first'.*counted"):
        recorded({**arrays(), "words": words}, {"repetition": "words"})


def test_the_array_of_an_npy_file_is_a_field_without_a_name(settings):
    folder = settings.data_dir / "mylab2026"
    folder.mkdir(parents=True)
    content = arrays()
    np.save(folder / "rates.npy", content["rates"])

    def read(responses):
        options = {"rate_hz": 60, "degrees_per_pixel": 0.5, "fields": {**FIELDS, "responses": responses}}
        return trials(DatasetCard(**CARD, options=options), settings).recording("V1")

    with pytest.raises(InvalidDataError, match=r"the files \['rates\.npy'\].*'file: NAME\.npy'"):
        read("rates")
    np.savez(folder / "data.npz", **content)
    np.testing.assert_array_equal(read({"file": "rates.npy"}).values, read("rates").values)
    with pytest.raises(InvalidCardError, match=r"or an \.npy 'file'"):
        read({"name": "rates", "file": "rates.npy"})
    (folder / "half.npy").write_bytes((folder / "rates.npy").read_bytes()[:200])
    with pytest.raises(InvalidDataError, match=r"half\.npy.*damaged"):
        read({"file": "half.npy"})


def test_a_session_without_cells_is_refused_by_its_name(settings):
    folder = settings.data_dir / "mylab2026"
    folder.mkdir(parents=True)
    times = np.arange(0, 60, 0.1)
    xy = np.stack([0.5 + 0.4 * np.sin(times), 0.5 + 0.4 * np.cos(times)], axis=1)
    np.savez(folder / "one.npz", t=times, xy=xy, spikes=np.zeros(0), unit=np.zeros(0))
    fields = {"times": "t", "positions": "xy", "spike_times": "spikes", "spike_unit": "unit"}
    fields["animal"] = {"value": "rat-1"}
    options = {"arena_m": [1.0, 1.0], "corner_m": [0.0, 0.0], "fields": fields}
    with pytest.raises(InvalidDataError, match=r"session 'one'.*no cells"):
        _ = sessions(DatasetCard(**CARD, options=options), settings).sessions
