"""Physion: people's judgements out of the real public tables, and clips out of videos."""

import http.server
import shutil
import threading

import numpy as np
import pandas as pd
import pytest

from innerscore.core.errors import ChecksumError, InvalidArgumentError, InvalidDataError, MissingPartError
from innerscore.core.labelled import coordinate, load_labelled, save_labelled
from innerscore.core.settings import Settings
from innerscore.data_registry import load_dataset
from innerscore.data_registry.bear2021 import loader
from innerscore.data_registry.bear2021.videos import decode_clip
from innerscore.metrics.functional import fraction_reliability
from innerscore.metrics.judgements import PUBLISHED_HALF_SPLIT_R

FRACTIONS = {
    "collide": 0.8065,
    "dominoes": 0.6894,
    "drop": 0.7443,
    "link": 0.6443,
    "roll": 0.8681,
    "support": 0.7633,
    "contain": 0.7630,
    "drape": 0.6794,
}


@pytest.fixture
def dataset(mirrored):
    return load_dataset("Bear2021", mirrored)


def test_fraction_correct_by_scenario_is_the_public_one(dataset):
    found = dataset.table.groupby("scenario")["fraction_correct"].mean()
    assert set(found.index) == set(FRACTIONS)
    for scenario, expected in FRACTIONS.items():
        assert found[scenario] == pytest.approx(expected, abs=1e-4)
    sizes = dataset.table.groupby("scenario").size()
    assert sizes.to_dict() == {**dict.fromkeys(FRACTIONS, 150), "roll": 94}
    assert len(dataset.excluded_games) == 9


def test_who_said_yes_follows_from_who_was_right(dataset):
    recording = dataset.recording("judgement")
    yes, label = recording.values[:, 0], coordinate(recording, "label")
    right = coordinate(recording, "fraction_correct")
    np.testing.assert_allclose(yes[label], right[label])
    np.testing.assert_allclose(yes[~label], 1 - right[~label])
    counts = yes * coordinate(recording, "n_people")
    np.testing.assert_allclose(counts, counts.round(), atol=1e-9)
    assert label.mean() == pytest.approx(0.5, abs=0.02)


def test_binomial_noise_predicts_the_published_agreement_of_halves_of_people(dataset):
    """Independent of the tables: the authors split the single answers, which are not public."""
    for scenario, rows in dataset.table.groupby("scenario"):
        expected = fraction_reliability(rows["p_yes"], rows["n_people"]).split_half
        assert expected == pytest.approx(PUBLISHED_HALF_SPLIT_R[scenario], abs=0.004)


def test_judgements_survive_storage(dataset, tmp_path):
    recording = dataset.recording("judgement")
    save_labelled(recording, tmp_path / "j.nc", "recording")
    back = load_labelled(tmp_path / "j.nc", "recording")
    np.testing.assert_array_equal(coordinate(back, "label"), coordinate(recording, "label"))
    with pytest.raises(InvalidArgumentError, match="'V1'"):
        dataset.recording("V1")


def test_a_missing_video_names_its_public_address(dataset):
    with pytest.raises(MissingPartError, match=r"https://human-physics-benchmarking.*_img\.mp4"):
        dataset.stimuli()


def test_altered_tables_are_refused(tmp_path, mirror):
    shutil.copytree(mirror / "physion", tmp_path / "m" / "physion")
    table = tmp_path / "m" / "physion" / "human_accuracy-drop_pilot-production_2_testing.csv"
    table.chmod(0o644)
    table.write_text(table.read_text().replace("0.9", "0.8", 1))
    settings = Settings(data_dir=tmp_path / "d", mirror=tmp_path / "m", offline=True)
    with pytest.raises(ChecksumError, match="drop_pilot"):
        load_dataset("Bear2021", settings).recording("judgement")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("human_accuracy-drop", "stim_ID,correct\na,1\n", "'c'"),
        ("human_accuracy-drop", "stim_ID,correct,c\na,1.5,9\n", "'correct'"),
        ("human_accuracy-drop", "stim_ID,correct,c\nunheard-of,0.5,9\n", "unheard-of"),
        ("stimulus_names", "stim_ID,scenario,stim_url\n", "'label'"),
    ],
)
def test_tables_that_lack_something_are_named(mirrored, monkeypatch, tmp_path, name, content, message):
    """Behind the check of hashes, as after a new release of the tables."""

    def locate(card, wanted, settings):
        if not wanted.startswith(name):
            return mirrored.mirror / card.folder / wanted
        (tmp_path / wanted).write_text(content)
        return tmp_path / wanted

    monkeypatch.setattr(loader, "locate_file", locate)
    with pytest.raises(InvalidDataError, match=message):
        load_dataset("Bear2021", mirrored).recording("judgement")


def write_video(path, n_frames=150, size=64):
    """A bright column that moves right by a pixel every 6 frames."""
    av = pytest.importorskip("av")
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=30)
        stream.width = stream.height = size
        stream.pix_fmt, stream.bit_rate = "yuv420p", 4_000_000
        for number in range(n_frames):
            frame = np.zeros((size, size, 3), dtype=np.uint8)
            frame[:, number // 6 : number // 6 + 12] = 255
            for packet in stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)


def test_a_video_gives_every_sixth_frame(tmp_path):
    write_video(tmp_path / "v.mp4")
    clip = decode_clip(tmp_path / "v.mp4", "v", size=32)
    assert clip.frames.shape == (25, 32, 32, 3)
    assert (clip.rate_hz, clip.context_frames) == (5.0, 7)
    grey = clip.frames.mean(axis=(1, 3)).astype(float)
    centre = (grey * np.arange(32)).sum(axis=1) / grey.sum(axis=1)
    np.testing.assert_allclose(np.diff(centre), 0.5, atol=0.15)


def test_a_short_or_damaged_video_is_named(tmp_path):
    write_video(tmp_path / "short.mp4", n_frames=20)
    (tmp_path / "bad.mp4").write_bytes(b"no video")
    for name in ("short", "bad"):
        with pytest.raises(InvalidDataError, match=name):
            decode_clip(tmp_path / f"{name}.mp4", name)


class Videos(http.server.BaseHTTPRequestHandler):
    """Serves the name asked for as the file's bytes; one name is not there."""

    def do_GET(self):
        self.send_response(404 if "gone" in self.path else 200)
        self.end_headers()
        self.wfile.write(self.path.encode())

    def log_message(self, *_):
        pass


def test_videos_come_from_their_public_addresses_and_only_those_that_are_not_here(tmp_path, mirror):
    settings = Settings(data_dir=tmp_path / "d", mirror=mirror, offline=False)
    dataset, seen = load_dataset("Bear2021", settings), []
    folder = tmp_path / "d" / "physion" / "videos" / "testing"
    folder.mkdir(parents=True)
    (folder / "b_img.mp4").write_bytes(b"own")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Videos) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        names = ["a", "b", "gone"]
        urls = [f"http://127.0.0.1:{server.server_port}/{name}" for name in names]
        dataset.__dict__["table"] = pd.DataFrame({"stimulus_id": names, "url": urls})
        with pytest.raises(MissingPartError, match="/gone"):
            dataset.fetch_further(lambda *step: seen.append(step))
        server.shutdown()
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        "a_img.mp4": b"/a",
        "b_img.mp4": b"own",
    }
    assert seen == [("videos", 1, 3), ("videos", 2, 3)]


def test_without_a_decoder_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "av", None)
    with pytest.raises(MissingPartError, match=r"innerscore\[video\]"):
        decode_clip(tmp_path / "v.mp4", "v")


def test_videos_of_both_roles_become_stimuli(tmp_path, mirror):
    pytest.importorskip("av")
    for role, name in (
        ("testing", "a"),
        ("testing", "b"),
        ("readout_training", "t1"),
        ("readout_training", "t2"),
    ):
        write_video(tmp_path / "d" / "physion" / "videos" / role / f"{name}_img.mp4")
    (tmp_path / "d" / "physion" / "readout_labels.csv").write_text(
        ",ground truth outcome\nt1,True\nt2,False\n"
    )
    settings = Settings(data_dir=tmp_path / "d", mirror=mirror, offline=True)
    dataset = load_dataset("Bear2021", settings)
    dataset.__dict__["table"] = pd.DataFrame(
        {"stimulus_id": ["a", "b"], "scenario": "roll", "label": [True, False], "url": "https://example.org"}
    )
    stimuli = dataset.stimuli(size=16)
    assert list(stimuli.table["role"]) == ["testing"] * 2 + ["readout_training"] * 2
    assert list(stimuli.table["label"]) == [True, False, True, False]
    assert stimuli.stimuli[0].frames.shape == (25, 16, 16, 3)
