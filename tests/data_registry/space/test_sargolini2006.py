"""Sargolini 2006 in each of the forms in which it is handed out gives the cells that the test put there."""

import builtins
import re
import shutil
import sys

import numpy as np
import pytest
import scipy.io
import space_files as written
from http_host import Page, running_host

from innerscore.benchmarks.alignment import brain_samples
from innerscore.core.errors import ChecksumError, InvalidDataError, MissingPartError
from innerscore.core.hashing import sha256_of_file
from innerscore.core.labelled import coordinate, labelled_hash
from innerscore.data_registry import load_dataset, registry
from innerscore.data_registry.files import fetching

FORMS = {
    "a file a session": written.write_a_file_a_session,
    "a file a cell": written.write_a_file_a_cell,
    "nwb": lambda folder, session: written.write_nwb(
        written.nwb_path(folder, session), written.nwb_file(session)
    ),
}


def put(settings, form, sessions=(0, 1, 2)):
    folder = settings.data_dir / "sargolini2006"
    for session in sessions:
        FORMS[form](folder, session)
    return load_dataset("Sargolini2006", settings)


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_maps_with_fields_where_they_are(settings, form):
    data = put(settings, form)
    maps = data.recording("MEC")
    assert maps.shape == (2 * 400, 9)
    assert list(coordinate(maps, "animal")) == ["10704"] * 3 + ["11084"] * 6
    assert "11084-03020501+02_t2c1" in coordinate(maps, "neuroid_id")
    assert maps.attrs["n_samples_dropped"] == 15
    values = maps.values.reshape(2, 400, 9)
    x, y = (coordinate(maps, f"bin_{axis}_m")[:400] for axis in "xy")
    for cell, name in enumerate(coordinate(maps, "neuroid_id")):
        map_ = np.nan_to_num(values[:, :, cell].mean(axis=0))
        if name.endswith("t2c2"):
            assert (map_ == 0).all()
        else:
            centre = written.CENTRES[name[-4:]]
            assert np.hypot(x[map_.argmax()] - centre[0], y[map_.argmax()] - centre[1]) < 0.12
            known = np.isfinite(values[:, :, cell]).all(axis=0)
            assert np.corrcoef(values[:, known, cell])[0, 1] > 0.7


def test_matlab_and_nwb_give_the_same_numbers(settings, tmp_path):
    hashes = set()
    for form in FORMS:
        where = settings.model_copy(update={"data_dir": tmp_path / form})
        maps = put(where, form).recording("MEC")
        hashes.add(tuple(np.nan_to_num(maps.values, nan=-1).ravel().round(3)))
    assert len(hashes) == 1


def test_walks_have_a_measured_head_direction_where_both_lights_were_seen(settings):
    for form in ("a file a session", "nwb"):
        where = settings.model_copy(update={"data_dir": settings.data_dir / form})
        stimuli = put(where, form).stimuli()
        measured = dict(zip(stimuli.table["session"], stimuli.table["head_direction"], strict=True))
        assert measured["11084-03020501+02"] == "movement"
        assert measured["11084-01030502"] == "measured"
        walk = stimuli.stimuli[list(stimuli.table["session"]).index("11084-01030502")]
        np.testing.assert_allclose(walk.head_direction, 0.7, atol=1e-6)
        assert walk.rate_hz == 10
        assert walk.n_steps == pytest.approx(8995, abs=10)


def test_layers_come_from_the_nwb_files(settings):
    maps = put(settings, "nwb").recording("MEC")
    assert set(coordinate(maps, "layer")) == {"MEC LII", "unknown"}
    assert set(coordinate(maps, "hemisphere")) == {"Left"}


def test_read_twice_it_is_the_same_and_a_changed_file_is_refused(settings):
    data = put(settings, "a file a cell", (0,))
    first = labelled_hash(data.recording("MEC"))
    assert labelled_hash(load_dataset("Sargolini2006", settings).recording("MEC")) == first
    path = next((settings.data_dir / "sargolini2006").glob("*t1c1.mat"))
    scipy.io.savemat(path, {"ts": np.zeros(3)})
    with pytest.raises(ChecksumError, match="SHA-256"):
        load_dataset("Sargolini2006", settings).recording("MEC")


def test_a_session_that_cannot_be_right_is_left_out_and_counted(settings):
    data = put(settings, "a file a session", (0, 2))
    path = settings.data_dir / "sargolini2006" / "10704-06070402_POS.mat"
    track = scipy.io.loadmat(path)
    track["post"][500:] -= 3
    scipy.io.savemat(path, {name: track[name] for name in ("post", "posx", "posy", "posx2", "posy2")})
    maps = data.recording("MEC")
    assert set(coordinate(maps, "animal")) == {"11084"}
    assert maps.attrs["n_sessions_refused"] == maps.attrs["n_sessions_left_out"] == 1
    assert maps.attrs["sessions_left_out"].startswith("10704-06070402: time going backwards")
    assert "time going backwards" in str(data.refused[0])


def keep_out_of_a_corner(folder, name="10704-06070402"):
    """The rat never enters the upper right quarter of the box: what it did there, it does on the left."""
    path = folder / f"{name}_POS.mat"
    track = {key: value for key, value in scipy.io.loadmat(path).items() if not key.startswith("__")}
    x, y = track["posx"], track["posy"]
    middle = (np.nanmin(x) + np.nanmax(x)) / 2
    corner = (x > middle) & (y > (np.nanmin(y) + np.nanmax(y)) / 2)
    scipy.io.savemat(path, {**track, "posx": np.where(corner, 2 * middle - x, x)})


def test_a_session_that_covers_too_little_is_left_out_of_the_stimuli_too_and_named(settings):
    """Otherwise models are shown walks on which no cell was recorded, and two sets of walks share one recording."""
    data = put(settings, "a file a session", (0, 2))
    keep_out_of_a_corner(settings.data_dir / "sargolini2006")
    maps, tuning = data.recording("MEC"), data.recording("MEC-direction")
    assert set(data.stimuli().table["session"]) == set(coordinate(maps, "session"))
    assert "10704-06070402" in {session.identifier for session in data.sessions}
    assert set(coordinate(tuning, "animal")) == {"11084"}
    for samples in (maps, tuning, brain_samples(maps, epoch=None)):
        assert samples.attrs["n_sessions_left_out"] == 1
        assert samples.attrs["sessions_left_out"].startswith("10704-06070402: a part of it covers ")


def test_a_single_session_has_walks_in_every_bin_of_its_maps(mirrored, settings):
    """Smoothed rates reach into bins that the rat was never in; a model has no state there."""
    folder = settings.data_dir / "sargolini2006"
    folder.mkdir(parents=True)
    for path in (mirrored.mirror / "sargolini2006").glob("10073*.mat"):
        shutil.copy(path, folder)
    data = load_dataset("Sargolini2006", settings)
    maps = data.recording("MEC")
    samples = brain_samples(maps, epoch=None)
    steps = np.concatenate([walk.positions for walk in data.stimuli()])
    visited = set(map(tuple, np.minimum((steps / 0.05).astype(int), 19)))
    places = [(coordinate(samples, f"bin_{axis}_m") / 0.05).astype(int) for axis in "xy"]
    assert set(zip(*(column.tolist() for column in places), strict=True)) <= visited
    assert 0 < maps.attrs["n_bins_left_out"] < 10


def test_nwb_files_are_read_alone_and_the_matlab_files_beside_them_are_named(settings):
    """The same sessions in two forms would be counted twice, or one form left out in silence."""
    put(settings, "a file a session", (0, 2))
    maps = put(settings, "nwb", (0, 1)).recording("MEC")
    assert set(coordinate(maps, "session")) == {"11084-01030502", "11084-03020501+02"}
    assert maps.attrs["n_sessions_left_out"] == 2
    assert maps.attrs["sessions_left_out"] == (
        "10704-06070402: MATLAB files beside NWB files; 11084-01030502: MATLAB files beside NWB files"
    )


def test_the_card_pins_each_released_file_at_an_address_of_its_own(mirrored):
    card = load_dataset("Sargolini2006", mirrored).card
    released = sorted((mirrored.mirror / "sargolini2006").glob("*.mat"))
    assert sorted(file.name for file in card.files) == [path.name for path in released]
    for file, path in zip(sorted(card.files, key=lambda file: file.name), released, strict=True):
        assert (file.size, file.sha256) == (path.stat().st_size, sha256_of_file(path))
        assert re.search(r"raw\.githubusercontent\.com/\S+/[0-9a-f]{40}/data/(sargolini/)?\d+-", file.url)
        assert file.url.endswith(file.name)


def test_where_no_file_is_here_those_on_the_card_are_downloaded(mirrored, settings, monkeypatch):
    download, online = fetching.download, settings.model_copy(update={"offline": False})
    with running_host() as host:

        def from_here(url, *rest):
            path = mirrored.mirror / "sargolini2006" / url.rsplit("/", 1)[1]
            download(host.add(f"/{path.name}", Page(path.read_bytes())), *rest)

        monkeypatch.setattr(fetching, "download", from_here)
        fetched, here = (load_dataset("Sargolini2006", one).recording("MEC") for one in (online, mirrored))
    assert len(host.asked) == len(registry(settings).find("Sargolini2006").card.files)
    assert labelled_hash(fetched) == labelled_hash(here)
    assert list(coordinate(here, "animal")) == ["10073"] * 8 + ["11207", "11343"]


def test_a_released_file_with_other_bytes_is_refused_at_its_first_use(mirrored, settings):
    folder = settings.data_dir / "sargolini2006"
    folder.mkdir(parents=True)
    for path in (mirrored.mirror / "sargolini2006").glob("*.mat"):
        shutil.copy(path, folder)
    changed = folder / "11207-21060503_t8c1.mat"
    changed.chmod(0o644)
    changed.write_bytes(changed.read_bytes() + b"0")
    with pytest.raises(ChecksumError, match="11207-21060503_t8c1"):
        load_dataset("Sargolini2006", settings).recording("MEC")


def test_one_light_and_two_are_read_as_they_were_tracked(mirrored):
    sessions = {one.identifier: one for one in load_dataset("Sargolini2006", mirrored).sessions}
    assert {name: (len(one.spikes_s), one.head_direction is None) for name, one in sessions.items()} == {
        "10073-17010302": (8, True),
        "11207-21060503": (1, False),
        "11343-08120502": (1, False),
    }


def test_a_data_set_in_which_all_are_kept_names_none(settings):
    maps = put(settings, "a file a session", (0,)).recording("MEC")
    assert maps.attrs["n_sessions_left_out"] == 0
    assert "sessions_left_out" not in maps.attrs


def test_a_damaged_file_is_never_left_out(settings):
    data = put(settings, "a file a session", (0, 2))
    path = settings.data_dir / "sargolini2006" / "10704-06070402_T1C1.mat"
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(InvalidDataError, match="damaged"):
        data.recording("MEC")


def damaged(change):
    def write(folder):
        written.write_a_file_a_session(folder, 0)
        change(folder)

    return write


def resave(folder, name, **content):
    scipy.io.savemat(folder / name, content)


ONES = np.ones((5, 1))
BAD = {
    "names such as": lambda folder: (folder.mkdir(parents=True), resave(folder, "my_rat.mat", t=ONES)),
    "a track without cells": lambda folder: (
        folder.mkdir(parents=True),
        resave(folder, "1-1_POS.mat", post=ONES, posx=ONES, posy=ONES),
    ),
    "no spike times": damaged(lambda folder: resave(folder, "11084-01030502_T1C1.mat", spikes=ONES)),
    "no \\['t', 'x1', 'y1'\\]": damaged(lambda folder: (folder / "11084-01030502_POS.mat").unlink()),
    "another track": lambda folder: (
        written.write_a_file_a_cell(folder, 0),
        resave(folder, "11084-01030502_t2c1.mat", ts=ONES, t=ONES),
    ),
    "damaged": damaged(lambda folder: (folder / "11084-01030502_T1C1.mat").write_bytes(b"MATLAB 5.0")),
    "5 times, 4 x": damaged(
        lambda folder: resave(folder, "11084-01030502_POS.mat", post=ONES, posx=ONES[1:], posy=ONES)
    ),
    "look like centimetres": damaged(
        lambda folder: resave(
            folder,
            "11084-01030502_POS.mat",
            post=written.column(written.TIMES),
            posx=written.column(written.in_cm(0)[:, 0] * 100),
            posy=written.column(written.in_cm(0)[:, 1] * 100),
        )
    ),
    "spikes outside the tracked time": damaged(
        lambda folder: resave(folder, "11084-01030502_T1C1.mat", cellTS=ONES * 1e6 + np.arange(2000))
    ),
}


@pytest.mark.parametrize("message", BAD)
def test_files_that_are_not_as_released_are_refused_and_named(settings, message):
    BAD[message](settings.data_dir / "sargolini2006")
    with pytest.raises(InvalidDataError, match=message):
        load_dataset("Sargolini2006", settings).recording("MEC")


def test_without_files_or_pynwb_the_missing_part_is_named(settings, monkeypatch):
    with pytest.raises(MissingPartError, match=r"activation-patterns/e739050\S+/10073-17010302_POS.mat"):
        load_dataset("Sargolini2006", settings).stimuli()
    data = put(settings, "nwb", (0,))
    real = builtins.__import__

    def without_pynwb(name, *arguments, **named):
        if name.startswith("pynwb"):
            raise ModuleNotFoundError(name)
        return real(name, *arguments, **named)

    for name in [name for name in sys.modules if name.split(".")[0] == "pynwb"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(builtins, "__import__", without_pynwb)
    with pytest.raises(MissingPartError, match=r"innerscore\[nwb\]"):
        data.stimuli()
