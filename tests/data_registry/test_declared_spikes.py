"""Trials out of spike times and a table of events: the counts are those of counting by hand."""

import numpy as np
import pytest

from innerscore.core.errors import InvalidCardError, InvalidDataError

from . import test_declared as base

RNG = np.random.default_rng(0)
EVENTS = np.sort(RNG.uniform(1, 50, 6)).round(3)
CELLS = {f"t{k}": np.sort(RNG.uniform(0, 55, 400 + 50 * k)) for k in range(3)}
FLAT = {
    "spikes": np.concatenate(list(CELLS.values())),
    "unit": np.repeat(list(CELLS), list(map(len, CELLS.values()))),
    "on": EVENTS,
    "rat": np.array(["r"] * 3),
}
FIELDS = {
    **dict.fromkeys(("responses", "time_bin_start_ms", "time_bin_end_ms")),
    "spike_times": "spikes",
    "spike_unit": "unit",
    "event_times": "on",
    "animal": "rat",
}
WINDOW = {"window_ms": [-50, 150], "bin_ms": 50}


def recorded(settings, fields=(), content=(), **options):
    fields = {**FIELDS, **dict(fields)}
    return base.recorded(settings, fields, {**FLAT, **dict(content)}, **{**WINDOW, **options})


def by_hand(start_s, end_s):
    """Counts of axes presentation and neuroid."""
    return np.array(
        [
            [sum(event + start_s <= t < event + end_s for t in times) for times in CELLS.values()]
            for event in EVENTS
        ]
    )


def test_counts_about_events_are_those_of_counting_by_hand(settings):
    found = recorded(settings, units="counts")
    assert found.dims == ("presentation", "neuroid", "time_bin")
    for k, start in enumerate((-0.05, 0.0, 0.05, 0.1)):
        np.testing.assert_array_equal(found.values[:, :, k], by_hand(start, start + 0.05))
    assert found["time_bin_start_ms"].values.tolist() == [-50, 0, 50, 100]
    assert found["neuroid_id"].values.tolist() == list(CELLS)
    np.testing.assert_allclose(recorded(settings).values, found.values / 0.05, rtol=1e-6)


def test_without_bins_a_presentation_has_one_response_in_hz(settings):
    found = recorded(settings, bin_ms=None, window_ms=[30, 130])
    assert found.dims == ("presentation", "neuroid")
    np.testing.assert_allclose(found.values, by_hand(0.03, 0.13) / 0.1, rtol=1e-6)


def test_cells_may_be_arrays_of_their_own_and_times_in_samples(settings):
    apart = {f"cell_{name}": times * 30_000 for name, times in CELLS.items()}
    fields = {"spike_times": {"pattern": "cell_*", "scale": 1 / 30_000}, "spike_unit": None}
    plain, found = recorded(settings, units="counts"), recorded(settings, fields, apart, units="counts")
    np.testing.assert_array_equal(found.values, plain.values)
    assert found["neuroid_id"].values.tolist() == list(apart)


@pytest.mark.parametrize(
    ("fields", "options", "message"),
    [
        ({"responses": "rates"}, {}, "either 'responses' or 'spike_times'"),
        ({"event_times": None}, {}, "need each other"),
        ({"neuroid_id": "names"}, {}, r"\['neuroid_id'\] have no effect"),
        ({}, {"window_ms": None}, "'window_ms' and spikes need each other"),
        ({}, {"window_ms": [100, 100]}, "end after its begin"),
        ({}, {"window_ms": [0, 120]}, "whole number of bins"),
        ({}, {"units": "mV"}, "Hz or counts"),
        ({"spike_times": {"pattern": "t*"}}, {}, "have no effect with a 'pattern'"),
    ],
)
def test_what_does_not_go_together_is_refused(settings, fields, options, message):
    with pytest.raises(InvalidCardError, match=message):
        recorded(settings, fields, **options)


def test_events_that_did_not_happen_and_other_numbers_of_them_are_refused(settings):
    missing = {"on": np.where(np.arange(6) == 2, np.nan, EVENTS)}
    with pytest.raises(InvalidDataError, match="1 values that are not finite"):
        recorded(settings, content=missing)
    with pytest.raises(InvalidDataError, match="one for each of the 5"):
        recorded(settings, content={"on": EVENTS[:5]})
