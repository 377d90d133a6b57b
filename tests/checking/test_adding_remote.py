"""Data sets that lie elsewhere: a dandiset or an address, fetched from a host of this machine or refused."""

import io
import json
import shutil
import zipfile

import numpy as np
import pytest
import yaml
from dandi_archive import VERSION, add_json, asset_id, page_address, serve_dandiset
from http_host import Page, running_host
from own_dataset import benchmark, card, trial_arrays
from typer.testing import CliRunner

from innerscore.checking import add_dataset, add_remote_dataset
from innerscore.cli.app import app
from innerscore.core.cards import DatasetCard, read_card
from innerscore.core.errors import (
    ChecksumError,
    InvalidDataError,
    InvalidInputError,
    MissingPartError,
    UnknownNameError,
)
from innerscore.core.labelled import labelled_hash
from innerscore.data_registry import load_dataset, registry
from innerscore.data_registry.files import downloading, sources
from innerscore.data_registry.files.dandi import named_dandiset
from innerscore.data_registry.files.sources import is_remote

PATH = "sub-1/sub-1_behavior+ecephys.npz"
HOME = f"/api/dandisets/000582/versions/{VERSION}/assets/"


@pytest.fixture(scope="module")
def arrays():
    return trial_arrays()


@pytest.fixture(scope="module")
def body(arrays):
    return npz(arrays)


@pytest.fixture
def host():
    with running_host() as running:
        yield running


@pytest.fixture
def online(settings, host):
    """Settings that may download, with the archive on the host."""
    return settings.model_copy(update={"offline": False, "dandi_url": host.address("/api/")})


@pytest.fixture
def own_card(tmp_path):
    return write_card(tmp_path / "cards")


def npz(arrays):
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def zipped(files):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return file.getvalue()


def write_card(folder, name="MyLab2026", **changes):
    folder.mkdir(parents=True)
    (folder / "dataset.yaml").write_text(yaml.safe_dump({**card(name), **changes}))
    return folder / "dataset.yaml"


def add(source, own_card, settings, **options):
    said = []
    added = add_remote_dataset(
        source, own_card, settings, offered=said.append, progress=lambda *_: None, **options
    )
    return added, said


def nothing_is_registered(settings):
    kept = list(settings.own_datasets.iterdir()) if settings.own_datasets.exists() else []
    return kept == [] and "MyLab2026" not in registry(settings).entries()


def test_a_dandiset_is_added_with_each_file_pinned_and_others_fetch_it_by_its_card(
    host, online, own_card, body, arrays, tmp_path, monkeypatch
):
    extra = {"sub-1/movie.mp4": b"frames", "dandiset.yaml": b"x: 1", "sub-2/sub-2.txt": b"text"}
    serve_dandiset(host, {PATH: body, **extra})
    (own_card.parent / "x.benchmark.yaml").write_text(yaml.safe_dump(benchmark()))
    added, (offer,) = add("dandi:000582", own_card, online)
    assert (added.faults, added.files, added.benchmarks) == ((), (PATH,), ("MyLab2026.V1-ridge",))
    assert (offer.title, offer.size) == (f"dandi:000582/{VERSION}", len(body))
    assert list((online.data_dir / ".downloads").iterdir()) == []
    assert [path for path, _ in host.asked] == [
        "/api/dandisets/000582/",
        page_address(HOME, 0),
        page_address(HOME, 2),
        f"{HOME}{asset_id(PATH)}/download/",
        f"/blobs/{asset_id(PATH)}",
    ]
    kept = read_card(added.folder / "dataset.yaml", DatasetCard)
    (file,) = kept.files
    assert (file.name, file.size) == (PATH, len(body))
    assert file.url == host.address(f"{HOME}{asset_id(PATH)}/download/")
    assert kept.model_copy(update={"files": ()}) == read_card(own_card, DatasetCard)

    write_folder = tmp_path / "lab"
    write_folder.mkdir()
    shutil.copy(own_card, write_folder)
    np.savez(write_folder / "data.npz", **arrays)
    local = online.model_copy(update={"data_dir": tmp_path / "local"})
    assert not add_dataset(write_folder, None, local).faults
    hashes = {labelled_hash(load_dataset("MyLab2026", one).recording("V1")) for one in (online, local)}
    assert len(hashes) == 1

    plugin = tmp_path / "plugins" / "theirs"
    plugin.mkdir(parents=True)
    shutil.copy(added.folder / "dataset.yaml", plugin)
    for name, value in {
        "PLUGINS": plugin.parent,
        "DATA_DIR": tmp_path / "theirs",
        "OFFLINE": "false",
    }.items():
        monkeypatch.setenv(f"INNERSCORE_{name}", str(value))
    result = CliRunner().invoke(app, ["data", "fetch", "MyLab2026", "--json"])
    assert json.loads(result.stdout)["files"] == [str(tmp_path / "theirs" / "mylab2026" / PATH)]
    theirs = online.model_copy(
        update={"data_dir": tmp_path / "theirs", "plugins": (plugin.parent,), "offline": True}
    )
    assert labelled_hash(load_dataset("MyLab2026", theirs).recording("V1")) in hashes


def test_a_pinned_data_set_of_ones_own_is_shown_where_it_is_and_a_changed_byte_is_found(
    host, online, own_card, body, monkeypatch
):
    serve_dandiset(host, {PATH: body})
    added, _ = add("dandi:000582", own_card, online)
    monkeypatch.setenv("INNERSCORE_DATA_DIR", str(online.data_dir))
    rows = json.loads(CliRunner().invoke(app, ["data", "status", "--json"]).stdout)["files"]
    (row,) = [row for row in rows if row["dataset"] == "MyLab2026"]
    assert (row["state"], row["checksum"], row["where"]) == ("here", "pinned", str(added.folder / PATH))
    (added.folder / PATH).write_bytes(body[:-1] + b"x")
    with pytest.raises(ChecksumError, match="kept aside"):
        load_dataset("MyLab2026", online).recording("V1")


def test_the_command_says_what_it_fetches_and_chooses_files(host, online, own_card, body, monkeypatch):
    serve_dandiset(host, {PATH: body, "sub-2/sub-2.npz": b"not even a file", "sub-3/x.nwb": b"neither"})
    for name, value in {
        "DATA_DIR": online.data_dir,
        "OFFLINE": "false",
        "DANDI_URL": online.dandi_url,
    }.items():
        monkeypatch.setenv(f"INNERSCORE_{name}", str(value))
    asked = ["data", "add", f"DANDI:000582/{VERSION}", "--card", str(own_card), "--files", "sub-1/*"]
    result = CliRunner().invoke(app, asked)
    assert result.exit_code == 0, result.output
    assert f"dandi:000582/{VERSION}: 1 file, " in result.stderr
    assert "MyLab2026 is in " in result.stdout
    assert "(1 file; " in result.stdout
    again = CliRunner().invoke(app, ["data", "add", str(own_card.parent), "--large"])
    assert "--files and --large" in str(again.exception)


def test_what_broke_off_goes_on_with_the_next_call(host, online, own_card, body, monkeypatch):
    serve_dandiset(host, {PATH: body})
    monkeypatch.setattr(downloading, "_PIECE_BYTES", 1000)
    cut = len(body) // 2000 * 1000
    host.pages[f"/blobs/{asset_id(PATH)}"].cuts = [cut]
    with pytest.raises(MissingPartError, match="goes on where this one ended"):
        add("dandi:000582", own_card, online)
    assert nothing_is_registered(online)
    added, _ = add("dandi:000582", own_card, online)
    assert added.faults == ()
    assert host.asked[-1] == (f"/blobs/{asset_id(PATH)}", f"bytes={cut}-")


def test_what_was_fetched_of_a_faulty_data_set_is_not_fetched_again(host, online, own_card, body):
    serve_dandiset(host, {PATH: body})
    faulty = write_card(own_card.parents[1] / "faulty", regions=["V1", "V4"])
    added, _ = add("dandi:000582", faulty, online)
    assert added.faults
    assert nothing_is_registered(online)
    blob = f"/blobs/{asset_id(PATH)}"
    assert [path for path, _ in host.asked].count(blob) == 1
    assert not add("dandi:000582", own_card, online)[0].faults
    assert [path for path, _ in host.asked].count(blob) == 1


@pytest.mark.parametrize(("etag", "times"), [('"first"', 3), ("", 4)])
def test_a_file_that_nothing_tells_from_a_later_one_is_fetched_again(
    host, online, own_card, body, etag, times
):
    url = host.add("/data.npz", Page(body, etag=etag))
    faulty = write_card(own_card.parents[1] / "faulty", regions=["V1", "V4"])
    assert add(url, faulty, online)[0].faults
    assert not add(url, own_card, online)[0].faults
    assert len(host.asked) == times  # each call asks what there is


def test_a_card_with_faults_asks_for_nothing(host, online, own_card, body):
    serve_dandiset(host, {PATH: body})
    wrong = write_card(own_card.parents[1] / "wrong", species=3)
    assert "key 'species'" in add("dandi:000582", wrong, online)[0].faults[0].reason
    with pytest.raises(InvalidInputError, match="nothing there"):
        add("dandi:000582", own_card.with_name("none.yaml"), online)
    assert host.asked == []
    with pytest.raises(InvalidInputError, match="no card"):
        add("dandi:000582", None, online)


def test_a_draft_is_taken_by_name_alone_and_with_hashes_alone(host, online, own_card, body):
    serve_dandiset(host, {PATH: body}, version="draft", published=False, hashes=False)
    with pytest.raises(InvalidInputError, match="dandi:000582/draft"):
        add("dandi:000582", own_card, online)
    with pytest.raises(InvalidDataError, match="no SHA-256"):
        add("dandi:000582/draft", own_card, online)
    assert nothing_is_registered(online)
    serve_dandiset(host, {PATH: body}, version="draft", published=False)
    assert not add("dandi:000582/draft", own_card, online)[0].faults


def test_unknown_and_embargoed_dandisets_are_told_apart(host, online, own_card, body):
    serve_dandiset(host, {PATH: body})
    for source in ("dandi:000001", "dandi:000582/0.200101.0000"):
        with pytest.raises(UnknownNameError, match=r"dandiarchive\.org"):
            add(source, own_card, online)
    for status in (401, 403):
        add_json(host, "/api/dandisets/000582/", {"detail": "no credentials"}, status)
        with pytest.raises(MissingPartError, match="embargoed"):
            add("dandi:000582", own_card, online)
    add_json(host, "/api/dandisets/000582/", {}, 500)
    with pytest.raises(MissingPartError, match="INNERSCORE_DANDI_URL"):
        add("dandi:000582", own_card, online)
    nobody = online.model_copy(update={"dandi_url": "http://127.0.0.1:9/api"})
    with pytest.raises(MissingPartError, match="INNERSCORE_DANDI_URL"):
        add("dandi:000582", own_card, nobody)
    with pytest.raises(MissingPartError, match="INNERSCORE_OFFLINE"):
        add("dandi:000582", own_card, online.model_copy(update={"offline": True}))
    assert nothing_is_registered(online)


def test_other_bytes_than_the_archive_says_are_kept_aside(host, online, own_card, body):
    serve_dandiset(host, {PATH: body})
    host.pages[f"/blobs/{asset_id(PATH)}"].body = body[:-1] + b"x"
    with pytest.raises(ChecksumError, match="kept aside"):
        add("dandi:000582", own_card, online)
    host.pages[f"/blobs/{asset_id(PATH)}"].body = body + b"more"
    with pytest.raises(InvalidDataError, match=f"at most {len(body)} bytes"):
        add("dandi:000582", own_card, online)
    assert nothing_is_registered(online)


def listed(path, size=5):
    return {"asset_id": str(asset_id(path)), "blob": "b", "zarr": None, "path": path, "size": size}


@pytest.mark.parametrize(
    "path", ["../../x.npz", "/etc/x.npz", "a/../../x.npz", ".hidden/x.npz", "a\\..\\x.npz"]
)
def test_a_path_that_leads_out_of_its_folder_is_refused(host, online, own_card, body, path):
    serve_dandiset(host, {PATH: body, path: body})
    with pytest.raises(InvalidDataError, match="stays in its folder"):
        add("dandi:000582", own_card, online)
    assert nothing_is_registered(online)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ({"next": "https://example.org/api/next", "results": []}, "a next page at"),
        ({"next": "file:///etc/passwd", "results": []}, "a next page at"),
        ({"next": "{first}", "results": []}, "without end"),
        ({"next": None, "results": [listed("a.npz"), listed("a.npz")]}, "2 times"),
        ({"next": None, "results": [listed("a.npz", 0)]}, "a byte or more"),
        ({"next": None, "results": [{"path": "a.npz"}]}, "asset_id"),
        ({"next": None}, "results"),
    ],
)
def test_a_list_that_the_archive_would_not_give_is_refused(host, online, own_card, body, content, reason):
    serve_dandiset(host, {PATH: body})
    first = page_address(HOME, 0)
    if content["next"] == "{first}":
        content = {**content, "next": host.address(first)}
    add_json(host, first, content)
    with pytest.raises(InvalidDataError, match=reason):
        add("dandi:000582", own_card, online)
    assert nothing_is_registered(online)


def test_what_is_large_is_fetched_on_request_and_only_where_it_has_room(
    host, online, own_card, body, monkeypatch
):
    serve_dandiset(host, {PATH: body})
    monkeypatch.setattr(sources, "LARGE", len(body) - 1)
    with pytest.raises(InvalidInputError, match="--large"):
        add("dandi:000582", own_card, online)
    assert not (online.data_dir / ".downloads").exists()
    monkeypatch.setattr(downloading, "_free", lambda _: 10)
    with pytest.raises(MissingPartError, match=f"{len(body)} free bytes for dandi:000582"):
        add("dandi:000582", own_card, online, large=True)
    monkeypatch.undo()
    assert not add("dandi:000582", own_card, online, large=True)[0].faults


def test_zarr_and_files_of_other_kinds_are_left_out_and_none_left_is_an_error(host, online, own_card, body):
    serve_dandiset(host, {"sub-1/movie.mp4": body})
    with pytest.raises(InvalidInputError, match="no such file"):
        add("dandi:000582", own_card, online)
    serve_dandiset(host, {PATH: body})
    with pytest.raises(InvalidInputError, match=r"that match sub-7/\*"):
        add("dandi:000582", own_card, online, patterns=["sub-7/*"])
    zarr = {**listed(PATH), "blob": None, "zarr": str(asset_id("zarr"))}
    add_json(host, page_address(HOME, 0), {"next": None, "results": [zarr]})
    with pytest.raises(InvalidInputError, match="no such file"):
        add("dandi:000582", own_card, online)


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/data.npz", {}),
        ("/files/data.npz?download=1", {}),
        ("/download/42", {"Content-Disposition": 'attachment; filename="data.npz"'}),
        ("/download/43", {"Content-Disposition": 'attachment; filename="../../data.npz"'}),
    ],
)
def test_a_file_at_an_address_is_added_with_the_hash_that_it_had(host, online, own_card, body, path, headers):
    url = host.add(path, Page(body, headers=headers))
    added, (offer,) = add(url, own_card, online)
    assert (added.faults, added.files, offer.size) == ((), ("data.npz",), len(body))
    (file,) = read_card(added.folder / "dataset.yaml", DatasetCard).files
    assert (file.url, file.size, len(file.sha256)) == (url, len(body), 64)
    assert load_dataset("MyLab2026", online).recording("V1").size


def test_a_zip_is_a_folder_with_its_cards(host, online, body, tmp_path, monkeypatch):
    files = {
        "lab/data.npz": body,
        "lab/dataset.yaml": yaml.safe_dump(card()),
        "lab/x.benchmark.yaml": yaml.safe_dump(benchmark()),
        "lab/notes.txt": "text",
        "lab/older/data.txt": "text",
        "__MACOSX/lab/._data.npz": "resources",
    }
    url = host.add("/my lab.zip".replace(" ", "%20"), Page(zipped(files)))
    added, _ = add(url, None, online)
    assert (added.faults, added.files, added.benchmarks) == ((), ("data.npz",), ("MyLab2026.V1-ridge",))
    kept = read_card(added.folder / "dataset.yaml", DatasetCard)
    assert (kept.files[0].name, kept.files[0].archive) == ("data.npz", "my_lab.zip")
    before = labelled_hash(load_dataset("MyLab2026", online).recording("V1"))
    plugin = tmp_path / "plugins"
    plugin.mkdir()
    shutil.copy(added.folder / "dataset.yaml", plugin)
    for name, value in {"PLUGINS": plugin, "DATA_DIR": tmp_path / "theirs", "OFFLINE": "false"}.items():
        monkeypatch.setenv(f"INNERSCORE_{name}", str(value))
    assert CliRunner().invoke(app, ["data", "fetch", "MyLab2026"]).exit_code == 0
    theirs = online.model_copy(
        update={"data_dir": tmp_path / "theirs", "plugins": (plugin,), "offline": True}
    )
    assert labelled_hash(load_dataset("MyLab2026", theirs).recording("V1")) == before


def test_a_zip_takes_a_card_from_here_and_the_files_that_are_chosen(host, online, own_card, body):
    url = host.add("/all.zip", Page(zipped({"a/data.npz": body, "b/data.npz": b"not even a file"})))
    added, _ = add(url, own_card, online, patterns=["a/*"])
    assert (added.faults, added.files) == ((), ("a/data.npz",))
    with pytest.raises(InvalidInputError, match="no card"):
        add(url, None, online)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (zipped({"../data.npz": b"x" * 100}), "leads out"),
        (zipped({"a/../../data.npz": b"x" * 100}), "leads out"),
        (zipped({"data.npz": b"x" * 100})[:-30], "a whole zip file"),
        (zipped({"data.npz": b"x" * 100, "Data.npz": b"y"}), "another member"),
        (zipped({"data.txt": b"x" * 100}), "no such file"),
    ],
    ids=["above", "far-above", "cut", "twice", "no-data"],
)
def test_a_zip_that_leads_out_or_is_damaged_is_refused(host, online, own_card, data, error):
    with pytest.raises(InvalidInputError, match=error):
        add(host.add("/all.zip", Page(data)), own_card, online)
    assert nothing_is_registered(online)
    assert not (online.data_dir.parent / "data.npz").exists()


def test_an_address_of_no_data_file_is_refused_before_it_is_fetched(host, online, own_card, body):
    wrong = {
        "/table.csv": (Page(b"a,b"), "table.csv"),
        "/record/1": (Page(b"bytes"), "the file '1'"),
        "/data.npz": (Page(b"<html>log in", kind="text/html"), "a web page"),
        "/gone.npz": (Page(status=302, headers={"Location": "file:///etc/passwd"}), "a redirect to"),
    }
    for path, (page, reason) in wrong.items():
        with pytest.raises(InvalidInputError, match=reason):
            add(host.add(path, page), own_card, online)
    with pytest.raises(MissingPartError, match="404"):
        add(host.address("/nothing.npz"), own_card, online)
    for source in (
        "ftp://example.org/data.npz",
        "file:///etc/data.npz",
        "https://me:secret@example.org/d.npz",
    ):
        with pytest.raises(InvalidInputError, match="dandi:, https:// or http://"):
            add(source, own_card, online)
    assert not (online.data_dir / ".downloads").exists()


def test_an_answer_without_an_end_stops_at_what_is_taken_unasked(host, online, own_card, monkeypatch):
    monkeypatch.setattr(sources, "LARGE", 5000)
    url = host.add("/data.npz", Page(b"PK" * 1000, endless=True))
    with pytest.raises(InvalidDataError, match="at most 5000 bytes"):
        add(url, own_card, online)
    assert nothing_is_registered(online)


@pytest.mark.parametrize(
    ("source", "named"),
    [
        ("dandi:000582", ("000582", None)),
        ("DANDI:000582/Draft", ("000582", "draft")),
        ("dandi:000582/0.251111.2151", ("000582", "0.251111.2151")),
        ("https://dandiarchive.org/dandiset/000582", ("000582", None)),
        ("https://dandiarchive.org/dandiset/000582/0.251111.2151", ("000582", "0.251111.2151")),
        ("https://gui.dandiarchive.org/#/dandiset/000582/draft", ("000582", "draft")),
        ("https://dandiarchive.org.evil.org/dandiset/000582", None),
        ("https://example.org/cells.nwb", None),
    ],
)
def test_names_of_dandisets(source, named):
    assert is_remote(source)
    assert named_dandiset(source) == named


def test_what_is_no_name_of_a_dandiset(tmp_path):
    for source in ("dandi:582", "dandi:000582/1.0", "dandi:../000582", "dandi:"):
        with pytest.raises(InvalidInputError, match="six digits"):
            named_dandiset(source)
    assert not is_remote(str(tmp_path / "000582"))
    assert not is_remote("dandi/000582")
