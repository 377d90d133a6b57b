"""Data sets declared on a card alone: what a card or its files leave open is refused, not guessed."""

from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pytest

from innerscore.core.cards import DatasetCard
from innerscore.core.errors import InvalidCardError, InvalidDataError
from innerscore.data_registry.declared_sessions import sessions
from innerscore.data_registry.declared_trials import trials
from innerscore.tasks.self_motion import ornstein_uhlenbeck_paths

RATE = 20.0
PATH = ornstein_uhlenbeck_paths(1, 60.0, rate_hz=RATE, seed=3)[0]
WALK = {"t": np.arange(len(PATH)) / RATE, "xy": PATH, "spikes": np.arange(1.0, 59.0), "rat": np.array("r1")}
WALK_FIELDS = {"times": "t", "positions": "xy", "spike_times": "spikes", "animal": "rat"}
TRIAL_FIELDS = {
    "responses": "rates",
    "stimulus": "shown",
    "frames": "frames",
    "region": {"value": "V1"},
    "animal": "monkey",
    "time_bin_start_ms": "start",
    "time_bin_end_ms": "end",
}
RNG = np.random.default_rng(0)
TRIALS = {
    "rates": RNG.uniform(0, 30, (6, 4, 3)),
    "shown": np.tile([0, 1, 2], 2),
    "frames": RNG.integers(0, 256, (3, 12, 8, 8, 3), dtype=np.uint8),
    "monkey": np.array(["a", "a", "b", "b"]),
    "start": np.array([0.0, 50.0, 100.0]),
    "end": np.array([50.0, 100.0, 150.0]),
}


def card(entry, options):
    return DatasetCard(
        identifier="MyLab2026",
        title="Made here",
        description="A data set that a test made for itself.",
        licence="private",
        citation="@misc{mylab}",
        entry=f"innerscore.data_registry.{entry}",
        simulated=False,
        species="Rattus norvegicus",
        regions=("V1",),
        folder="mylab2026",
        options=options,
    )


def saved(settings, content):
    """Settings with a data folder of its own, for files that differ must not be those locked before."""
    settings.data_dir.mkdir(exist_ok=True)
    data_dir = Path(mkdtemp(dir=settings.data_dir))
    (data_dir / "mylab2026").mkdir()
    np.savez(data_dir / "mylab2026" / "one.npz", **content)
    return settings.model_copy(update={"data_dir": data_dir})


def walks(settings, fields=(), content=(), **options):
    settings = saved(settings, {**WALK, **dict(content)})
    options = {
        "arena_m": [1.0, 1.0],
        "corner_m": [0, 0],
        "fields": {**WALK_FIELDS, **dict(fields)},
        **options,
    }
    return sessions(card("declared_sessions:sessions", options), settings).sessions


def recorded(settings, fields=(), content=(), **options):
    settings = saved(settings, {**TRIALS, **dict(content)})
    options = {"rate_hz": 60, "degrees_per_pixel": 0.5, "fields": {**TRIAL_FIELDS, **dict(fields)}, **options}
    return trials(card("declared_trials:trials", options), settings).recording("V1")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (np.array(""), "'animal' of .*one.npz .*got ''"),
        (np.array("unknown"), "got 'unknown'"),
        (np.array([], dtype=str), "got none"),
        (np.array(["r1", "r2"]), "one animal a session"),
    ],
)
def test_sessions_of_an_animal_without_a_name_or_of_several_are_refused(settings, name, message):
    assert walks(settings)[0].animal == "r1"
    with pytest.raises(InvalidDataError, match=message):
        walks(settings, content={"rat": name})


def test_neuroids_of_an_animal_without_a_name_are_refused(settings):
    assert list(recorded(settings)["animal"].values) == ["a", "a", "b", "b"]
    with pytest.raises(InvalidDataError, match=r"'animal' of 'MyLab2026'.*got 'n/a'"):
        recorded(settings, content={"monkey": np.array(["a", "a", "n/a", "n/a"])})


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"positions": {"name": "xy", "scal": 0.01}}, r"fields\.positions\.scal: .*Did you mean 'scale'"),
        ({"head_directon": "hd"}, r"fields\.head_directon: .*Did you mean 'head_direction'"),
        ({"spike_times": {"name": "spikes", "file": "two.npz"}}, "'file' has no effect on .'spike_times'"),
        ({"animal": {"name": "rat", "scale": 2}}, "'scale' has no effect on 'animal'"),
        ({"times": {"name": "t", "axes": ["time"]}}, "'axes' has no effect on 'times'"),
        ({"spike_unit": "u", "unit_name": "n"}, "'unit_name' has no effect with 'spike_unit'"),
        ({"animal": {"value": "r1", "file": "one.npz"}}, "'file' has no effect on a 'value'"),
    ],
)
def test_keys_of_sessions_that_nothing_reads_are_refused(settings, fields, message):
    with pytest.raises(InvalidCardError, match=message):
        walks(settings, fields)


@pytest.mark.parametrize(
    ("fields", "options", "message"),
    [
        ({"responses": {"name": "rates", "axis": []}}, {}, r"responses\.axis: .*Did you mean 'axes'"),
        (
            {},
            {"masks": {"hidden": {"name": "m", "axess": []}}},
            r"masks\.hidden\.axess: .*Did you mean 'axes'",
        ),
        (
            {},
            {"unit": "Hz"},
            r"got unit: Extra inputs are not permitted\. Did you mean 'units'\? Its keys are: ",
        ),
        ({}, {"arena_m": [1, 1]}, "'arena_m' has no effect on these stimuli"),
        ({"start_position": "x"}, {}, "'start_position' has no effect without 'velocity'"),
        ({"stimulus": {"name": "shown", "scale": 2}}, {}, "'scale' has no effect on 'stimulus'"),
        ({"frames": {"name": "frames", "scale": 2}}, {}, "'scale' has no effect on 'frames'"),
        (
            {"time_bin_start_ms": None, "time_bin_end_ms": None},
            {"masks": {"a": "m"}},
            "'masks' have no effect without time bins",
        ),
    ],
)
def test_keys_of_trials_that_nothing_reads_are_refused(settings, fields, options, message):
    with pytest.raises(InvalidCardError, match=message):
        recorded(settings, fields, **options)


def test_axes_of_positions_and_masks_are_read_in_any_order(settings):
    positions = {"name": "yx", "axes": ["xy", "time"]}
    (walk,) = walks(settings, {"positions": positions}, {"yx": PATH.T})
    np.testing.assert_array_equal(walk.positions_m, PATH)
    hidden = RNG.random((6, 3)) < 0.5
    masks = {"hidden": {"name": "m", "axes": ["time_bin", "presentation"]}}
    found = recorded(settings, content={"m": hidden.T}, masks=masks)
    np.testing.assert_array_equal(found["hidden"].values, hidden)


COUNTS = RNG.poisson(1.0, (6, 4, 3)).astype(float)
NO_BINS = {"time_bin_start_ms": None, "time_bin_end_ms": None}


@pytest.mark.parametrize(
    ("rates", "fields", "units", "message"),
    [
        (COUNTS, {}, None, r"bins of 50 ms in which one spike is 20 Hz.*'units: counts'"),
        (COUNTS, {}, "Hz", "They look like counts"),
        (COUNTS, {}, "spikes/s", "They look like counts"),
        (COUNTS[:, :, 0], NO_BINS, None, "may be counts or Hz.*'units: Hz' or 'units: counts'"),
        (TRIALS["rates"], {}, "counts", "not whole.*'units: Hz'"),
        (-COUNTS, {}, "counts", "below 0"),
    ],
)
def test_counts_that_pass_for_rates_and_rates_for_counts_are_refused(settings, rates, fields, units, message):
    with pytest.raises(InvalidDataError, match=message):
        recorded(settings, fields, {"rates": rates}, **({"units": units} if units else {}))


@pytest.mark.parametrize(
    ("rates", "fields", "units", "said"),
    [
        (COUNTS, {}, "counts", "counts"),
        (COUNTS, {"responses": {"name": "rates", "scale": 20}}, None, "Hz"),
        (COUNTS, {}, "rounded Hz", "rounded Hz"),
        (COUNTS[:, :, 0], NO_BINS, "Hz", "Hz"),
        (TRIALS["rates"], {}, "spikes/s", "Hz"),
        (TRIALS["rates"], {}, "mean counts", "mean counts"),
    ],
)
def test_responses_are_in_the_unit_that_the_card_names(settings, rates, fields, units, said):
    found = recorded(settings, fields, {"rates": rates}, **({"units": units} if units else {}))
    assert found.attrs["units"] == said
