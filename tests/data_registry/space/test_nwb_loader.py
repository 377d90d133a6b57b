"""Anyone's NWB files through a card alone, with no code."""

import datetime

import numpy as np
import pynwb
import pytest
import space_files as written
import yaml
from hypothesis import given
from hypothesis import strategies as st

from innerscore.core.errors import InvalidCardError, InvalidDataError
from innerscore.core.labelled import coordinate
from innerscore.data_registry import load_dataset
from innerscore.data_registry.readers.nwb_series import in_metres
from innerscore.data_registry.space.head_direction import head_direction_tuning

CARD = {
    "identifier": "Somebody2024",
    "title": "Somebody's rat in a box",
    "description": "One rat in a box of 1 m, as somebody published it.",
    "licence": "CC0",
    "citation": "@misc{somebody}",
    "url": "https://example.org/somebody",
    "entry": "innerscore.data_registry.nwb:nwb_dataset",
    "simulated": False,
    "species": "Rattus norvegicus",
    "regions": ["MEC"],
    "folder": "somebody2024",
    "options": {"arena_m": [1.0, 1.0], "maps": {"smoothing_m": 0.05}},
}
LIGHT = {"position": "SpatialSeriesLED1"}
BY_FILE = {"animal": "file"}
REST_S = 300.0


def load(settings, tmp_path, **options):
    cards = tmp_path / "cards"
    cards.mkdir(exist_ok=True)
    card = CARD | {"options": CARD["options"] | options}
    (cards / "dataset.yaml").write_text(yaml.safe_dump(card))
    return load_dataset("Somebody2024", settings.model_copy(update={"plugins": (cards,)}))


def put(settings, file, name="a.nwb"):
    return written.write_nwb(settings.data_dir / "somebody2024" / name, file)


def other_lab(good="good"):
    """In cm without a conversion, at a rate instead of times, degrees, rest before and after, units by quality."""
    file = pynwb.NWBFile(
        session_description="Rest, open field, rest.",
        identifier="x",
        session_start_time=datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC),
    )
    module = file.create_processing_module(name="behavior", description="Behaviour.")
    rest = np.full((int(REST_S * written.RATE), 2), 50.0)
    track = np.concatenate([rest, written.PATHS[0] * 100, rest])
    position = pynwb.behavior.Position(name="Position")
    position.create_spatial_series(name="xy", data=track, rate=written.RATE, unit="cm", starting_time=0.0)
    compass = pynwb.behavior.CompassDirection(name="Compass")
    angle = np.full(len(track), 190.0)
    compass.create_spatial_series(
        name="yaw", data=angle, rate=written.RATE, unit="degrees", starting_time=0.0
    )
    module.add(position)
    module.add(compass)
    file.add_epoch_column(name="task", description="What the rat did.")
    end = REST_S + written.TIMES[-1]
    for start, stop, task in ((0.0, REST_S, "rest"), (REST_S, end, "foraging"), (end, end + REST_S, "rest")):
        file.add_epoch(start_time=start, stop_time=stop, task=task)
    file.add_unit_column(name="quality", description="Quality.")
    for cell, times in written.spikes(0).items():
        sleeping = np.linspace(1, REST_S - 1, 5000)
        quality = good if cell.startswith("t2") else "mua"
        file.add_unit(spike_times=np.concatenate([sleeping, times + REST_S]), quality=quality)
    return file


def test_a_dandiset_is_read_by_a_card_alone(settings, tmp_path):
    put(settings, written.nwb_file(0), "sub-a/a.nwb")
    put(settings, written.nwb_file(2), "sub-b/b.nwb")
    data = load(settings, tmp_path, **LIGHT, unit_name="unit_name", labels={"layer": "histology"})
    maps = data.recording("MEC")
    assert maps.shape == (800, 6)
    assert set(coordinate(maps, "animal")) == {"11084", "10704"}
    assert set(coordinate(maps, "layer")) == {"MEC LII", "unknown"}
    assert len(data.stimuli()) == 2


def test_what_another_lab_calls_things_is_said_in_the_options(settings, tmp_path):
    put(settings, other_lab())
    chosen = {"table": "epochs", "where": {"task": "foraging"}}
    data = load(
        settings,
        tmp_path,
        interval=chosen,
        units_where={"quality": ["good"]},
        labels={"quality": "quality"},
        head_direction="yaw",
        animal="file",
    )
    (session,) = data.sessions
    assert session.animal == "a"
    assert list(session.spikes_s) == ["a_1", "a_2"]
    np.testing.assert_allclose(session.positions_m, written.PATHS[0][: len(session.times_s)], atol=0.02)
    assert session.n_spikes_outside <= 1
    np.testing.assert_allclose(data.stimuli().stimuli[0].head_direction, np.deg2rad(190 - 360), atol=1e-9)
    maps = data.recording("MEC")
    assert set(coordinate(maps, "quality")) == {"good"}
    assert np.nanmax(maps.values) < 40  # the thousands of spikes at rest are not in it


def animals(settings, tmp_path, **options):
    return [session.animal for session in load(settings, tmp_path, **LIGHT, **options).sessions]


def test_animals_that_a_file_does_not_name_are_not_merged(settings, tmp_path):
    put(settings, written.nwb_file(0, subject=None), "R1/a.nwb")
    put(settings, written.nwb_file(1, subject="Unknown"), "R2/b.nwb")
    put(settings, written.nwb_file(2, subject="R2"), "R2/c.nwb")
    with pytest.raises(InvalidDataError, match=r"The subject of .*a\.nwb .*'animal' in the options"):
        animals(settings, tmp_path)
    assert animals(settings, tmp_path, animal="file") == ["a", "b", "R2"]
    assert animals(settings, tmp_path, animal="folder") == ["R1", "R2", "R2"]
    assert animals(settings, tmp_path, animal={"a.nwb": "x", "b.nwb": "y"}) == ["x", "y", "R2"]
    assert animals(settings, tmp_path, animal={"a.nwb": "x", "b.nwb": "y", "c.nwb": "z"}) == ["x", "y", "z"]
    with pytest.raises(InvalidDataError, match=r"The subject of .*b\.nwb .*'Unknown'"):
        animals(settings, tmp_path, animal={"a.nwb": "x"})
    with pytest.raises(InvalidCardError, match=r"animals of \['d\.nwb'\]"):
        animals(settings, tmp_path, animal={"d.nwb": "x"})


def with_intervals(*intervals):
    file = written.nwb_file(0)
    file.add_epoch_column(name="task", description="What the rat did.")
    for start, stop in intervals:
        file.add_epoch(start_time=start, stop_time=stop, task="foraging")
    return file


FORAGING = LIGHT | {"interval": {"table": "epochs", "where": {"task": "foraging"}}}


@pytest.mark.parametrize(
    ("intervals", "message"),
    [
        ([(0.0, 500.0), (400.0, 800.0)], r"rows 0 \(0 to 500 s\) and 1 \(400 to 800 s\), which overlap"),
        ([(400.0, 800.0), (0.0, 850.0)], "rows 1 .* and 0 .*, which overlap"),
        ([(0.0, 500.0), (0.0, 500.0)], "which overlap"),
        ([(0.0, np.nan)], "0 to nan s in row 0"),
        ([(500.0, 100.0)], "with a start and a later stop"),
    ],
)
def test_intervals_that_overlap_or_have_no_end_are_refused_by_their_rows(
    settings, tmp_path, intervals, message
):
    put(settings, with_intervals(*intervals))
    with pytest.raises(InvalidDataError, match=message):
        _ = load(settings, tmp_path, **FORAGING).sessions


def test_intervals_that_touch_count_each_sample_once(settings, tmp_path):
    put(settings, with_intervals((450.0, 1000.0), (0.0, 450.0)))
    parts = load(settings, tmp_path, **FORAGING).sessions
    (whole,) = load(settings, tmp_path, **LIGHT).sessions
    assert sum(len(part.times_s) for part in parts) == len(whole.times_s)


def observed(*intervals):
    """Three units that fire at 5 Hz all along; the first two were recorded in some intervals only."""
    file = written.nwb_file(0, units=False)
    every = np.arange(10.0, written.TIMES[-1], 0.2)
    for spans in intervals:
        inside = np.any([(every >= start) & (every <= end) for start, end in spans], axis=0)
        file.add_unit(spike_times=every[inside], obs_intervals=spans)
    return file


def test_time_in_which_a_unit_was_not_recorded_does_not_count_for_it(settings, tmp_path):
    put(settings, observed([(0.0, 100.0), (600.0, 620.0)], [(2000.0, 3000.0)], [(0.0, 900.0)]))
    data = load(
        settings, tmp_path, **LIGHT, maps={"n_repetitions": 1, "smoothing_m": 0.05, "min_speed_m_s": 0}
    )
    maps = data.recording("MEC")
    assert list(coordinate(maps, "neuroid_id")) == ["11084-01030502_0", "11084-01030502_2"]
    np.testing.assert_allclose(np.nanmedian(maps.values, axis=0), 5.0, rtol=0.05)
    assert maps.attrs["n_cells_recorded_in_part"] == 1
    assert np.isnan(maps.values[:, 0]).sum() > np.isnan(maps.values[:, 1]).sum()


def test_invalid_times_of_a_file_are_times_in_which_no_unit_was_recorded(settings, tmp_path):
    """Spikes of noise at 50 Hz in them would raise the median from 5 Hz, and silence lower it."""
    whole = (0.0, 900.0)
    file = observed([whole], [(0.0, 500.0)])
    noisy = np.union1d(np.arange(10.0, written.TIMES[-1], 0.2), np.arange(100.0, 300.0, 0.02))
    file.add_unit(spike_times=noisy, obs_intervals=[whole])
    for start, stop in ((150.0, 300.0), (100.0, 200.0)):
        file.add_invalid_time_interval(start_time=start, stop_time=stop)
    put(settings, file)
    maps = {"n_repetitions": 1, "smoothing_m": 0.05, "min_speed_m_s": 0, "min_coverage": 0.1}
    (session,) = (data := load(settings, tmp_path, **LIGHT, maps=maps)).sessions
    np.testing.assert_allclose(np.nanmedian(data.recording("MEC").values, axis=0), 5.0, rtol=0.05)
    times = session.times_s
    inside = (times > 100) & (times < 300)
    for mask in session.observed.values():
        assert not mask[inside].any()
    recorded = next(mask for cell, mask in session.observed.items() if cell.endswith("_1"))
    np.testing.assert_array_equal(recorded, (times <= 500) & ~inside)


def test_units_whose_times_of_recording_make_no_sense_are_refused(settings, tmp_path):
    put(settings, observed([(300.0, 0.0)]))
    with pytest.raises(InvalidDataError, match=r"'obs_intervals' of unit 0 .*a later end"):
        _ = load(settings, tmp_path, **LIGHT).sessions


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"second_led": "SpatialSeriesLED3"}, "'second_led' .*Did you mean 'SpatialSeriesLED"),
        ({"head_direction": "yaw"}, "'head_direction' .*'yaw', which no file has"),
        ({"labels": {"layer": "histolgy"}}, r"'labels\.layer' .*Did you mean 'histology'"),
    ],
)
def test_a_name_that_an_option_gives_and_no_file_has_is_not_overlooked(settings, tmp_path, options, message):
    put(settings, written.nwb_file(0))
    with pytest.raises(InvalidCardError, match=message):
        _ = load(settings, tmp_path, **LIGHT, **options).sessions
    put(settings, written.nwb_file(1), "b.nwb")  # with one light
    assert len(load(settings, tmp_path, **LIGHT, second_led="SpatialSeriesLED2").sessions) == 2


def pixels():
    return written.nwb_file(0, unit="pixels", conversion=1.0)


def test_a_unit_that_is_no_length_needs_a_word_in_the_options(settings, tmp_path):
    put(settings, pixels())
    with pytest.raises(InvalidDataError, match=r"'pixels'.*metres_per_unit"):
        _ = load(settings, tmp_path, **LIGHT).sessions
    (session,) = load(settings, tmp_path, **LIGHT, metres_per_unit=0.01).sessions
    assert session.positions_m.max() <= 1


TURNING = np.cumsum(np.random.default_rng(4).normal(0, 0.1, len(written.TIMES)))  # rad, not folded
FOLDED = np.angle(np.exp(1j * TURNING))


def with_angles(angle, unit, times=written.TIMES, conversion=1.0):
    """A cell that fires in one direction only, beside the angles under a label."""
    file = written.nwb_file(0)
    compass = pynwb.behavior.CompassDirection(name="Compass")
    compass.create_spatial_series(
        name="yaw", data=angle, timestamps=times, unit=unit, conversion=conversion, reference_frame="x axis"
    )
    file.processing["behavior"].add(compass)
    tuned = written.TIMES[(np.abs(FOLDED - 1.0) < 0.3) & np.isfinite(written.in_cm(0)).all(axis=1)] + 0.001
    file.add_unit(spike_times=tuned, unit_name="hd", histology="", hemisphere="Left")
    return file


def vector_length(data):
    tuning = head_direction_tuning(data.sessions)
    rate = np.nan_to_num(tuning.rates[-1])
    return abs((rate * np.exp(1j * tuning.centres)).sum()) / rate.sum()


@pytest.mark.parametrize(
    ("angle", "unit", "options"),
    [
        (FOLDED, "radians", {}),
        (FOLDED, " RAD", {}),
        (TURNING, "radians", {}),
        (np.rad2deg(FOLDED), "deg", {}),
        (np.rad2deg(TURNING), "°", {}),
        (np.rad2deg(FOLDED), "meters", {"head_direction_unit": "degrees"}),
        (np.rad2deg(FOLDED), "radians", {"head_direction_unit": "degrees"}),
        (FOLDED, "degrees", {"head_direction_unit": "radians"}),
    ],
)
def test_head_direction_is_read_in_the_unit_that_the_file_or_the_card_names(
    settings, tmp_path, angle, unit, options
):
    put(settings, with_angles(angle, unit))
    data = load(settings, tmp_path, **LIGHT, head_direction="yaw", **options)
    (session,) = data.sessions
    known = np.isfinite(written.in_cm(0)).all(axis=1)
    np.testing.assert_allclose(np.exp(1j * session.head_direction), np.exp(1j * FOLDED[known]), atol=1e-9)
    assert vector_length(data) == pytest.approx(np.sin(0.3) / 0.3, abs=0.03)


@pytest.mark.parametrize(
    ("angle", "unit", "message"),
    [
        (np.rad2deg(FOLDED), "meters", "the unit 'meters'.*head_direction_unit"),
        (np.rad2deg(FOLDED), "Degrees (0 to 360)", "head_direction_unit"),
        (np.rad2deg(FOLDED), "radians", "looks like degrees.*head_direction_unit"),
        (np.rad2deg(TURNING), "radians", "looks like degrees.*head_direction_unit"),
        (FOLDED, "degrees", "radians taken for degrees.*head_direction_unit"),
        (FOLDED / (2 * np.pi), "radians", "like turns.*head_direction_unit"),
        (np.stack([np.cos(FOLDED), np.sin(FOLDED)], axis=1), "radians", "one angle a sample"),
    ],
)
def test_a_unit_of_head_direction_that_is_unknown_or_contradicted_by_the_angles_is_refused(
    settings, tmp_path, angle, unit, message
):
    put(settings, with_angles(angle, unit))
    with pytest.raises(InvalidDataError, match=message):
        _ = load(settings, tmp_path, **LIGHT, head_direction="yaw").sessions


def test_angles_that_were_sampled_at_other_times_than_the_position_are_refused(settings, tmp_path):
    put(settings, with_angles(FOLDED, "radians", times=written.TIMES + 2.0))
    with pytest.raises(InvalidDataError, match="times up to 2 s from those of the position"):
        _ = load(settings, tmp_path, **LIGHT, head_direction="yaw").sessions


@pytest.mark.parametrize(
    ("file", "options", "message"),
    [
        (lambda: written.nwb_file(0), {}, "2 position series among.*SpatialSeriesLED1.*'position'"),
        (lambda: written.nwb_file(0), {"position": "xy"}, "0 position series 'xy'"),
        (lambda: written.nwb_file(0, units=False), LIGHT, "with 'spike_times'"),
        (lambda: written.nwb_file(0), LIGHT | {"unit_name": "label"}, "with 'label'"),
        (lambda: written.nwb_file(0), LIGHT | {"unit_name": "hemisphere"}, "repeated names"),
        (lambda: written.nwb_file(0, conversion=1.0), LIGHT, "look like centimetres.*conversion"),
        (lambda: written.nwb_file(0), LIGHT | {"columns": [0, 2]}, r"with columns \(0, 2\)"),
        (lambda: written.nwb_file(0), LIGHT | {"interval": {"table": "naps", "where": {}}}, "with 'naps'"),
        (
            other_lab,
            {"animal": "file", "interval": {"table": "epochs", "where": {"task": "swim"}}},
            "no such row",
        ),
        (
            other_lab,
            BY_FILE | {"interval": {"table": "epochs", "where": {"swims": "yes"}}},
            r"with \['swims'\]",
        ),
    ],
)
def test_what_is_not_in_a_file_is_named(settings, tmp_path, file, options, message):
    path = put(settings, file())
    with pytest.raises(InvalidDataError, match=message) as caught:
        load(settings, tmp_path, **options).recording("MEC")
    assert path.name in str(caught.value) or "session" in str(caught.value)


def test_damaged_files_and_the_same_session_twice_are_refused(settings, tmp_path):
    path = put(settings, written.nwb_file(0), "a.nwb")
    (path.parent / "b.nwb").write_bytes(path.read_bytes())
    with pytest.raises(InvalidDataError, match=r"two sessions each of \['11084-01030502'\]"):
        _ = load(settings, tmp_path, **LIGHT).sessions
    (path.parent / "b.nwb").unlink()
    (path.parent / "c.nwb").write_bytes(path.read_bytes()[:20000])
    with pytest.raises(InvalidDataError, match=r"c\.nwb must be a whole NWB file"):
        _ = load(settings, tmp_path, **LIGHT).sessions


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"arena": [1, 1]}, "arena: Extra inputs.*Did you mean 'arena_m'"),
        ({"unit_names": "cluster"}, "Did you mean 'unit_name'"),
        ({"limits": {"max_gaps": 1.0}}, r"limits\.max_gaps: .*Did you mean 'max_gap_s'"),
        (
            {"interval": {"table": "epochs", "where": {}, "tabel": "x"}},
            r"interval\.tabel.*Did you mean 'table'",
        ),
        ({"arena_m": [1]}, "arena_m"),
        ({"maps": {"bins": 3}}, r"maps\.bins"),
        ({"maps": {"n_repetitions": 0}}, "maps: .*options of rate maps"),
        ({"rate_hz": 0}, "rate_hz"),
    ],
)
def test_options_that_no_loader_knows_are_refused_before_any_file_is_touched(
    settings, tmp_path, options, message
):
    with pytest.raises(InvalidCardError, match=message) as caught:
        load(settings, tmp_path, **options)
    assert "Its keys are: arena_m" in str(caught.value)


class Series:
    name, unit = "s", "cm"

    def __init__(self, conversion, offset):
        self.conversion, self.offset = conversion, offset


@given(st.floats(1e-3, 1e3), st.floats(-10, 10), st.floats(-100, 100))
def test_stored_values_become_metres_by_conversion_offset_and_unit(conversion, offset, value):
    data = np.array([[value, 0.0, -value]])
    found = in_metres("path", Series(conversion, offset), data, (2, 0), None)
    np.testing.assert_allclose(
        found, [[0.01 * (-value * conversion + offset), 0.01 * (value * conversion + offset)]]
    )


def test_units_where_that_no_unit_meets_is_refused_with_what_there_is(settings, tmp_path):
    put(settings, other_lab())
    with pytest.raises(InvalidDataError, match="'units_where' asks") as refused:
        _ = load(settings, tmp_path, units_where={"quality": ["great"]}, animal="file").sessions
    for part in ("'great'", "['good', 'mua']", "a.nwb", "leave_out_refused"):
        assert part in str(refused.value)


def test_a_session_without_a_unit_that_counts_is_left_out_where_that_is_allowed(settings, tmp_path):
    put(settings, other_lab(), "a.nwb")
    put(settings, other_lab(good="mua"), "b.nwb")
    options = {"units_where": {"quality": ["good"]}, "interval": FORAGING["interval"], "animal": "file"}
    data = load(settings, tmp_path, **options, leave_out_refused=True)
    assert [session.animal for session in data.sessions] == ["a"]
    (refused,) = data.refused
    assert "b.nwb" in str(refused)
