"""Finding files: data folder, mirror, download; each checked."""

import hashlib

import pytest
from dataset_cards import card_of_files
from http_host import Page, running_host
from pydantic import ValidationError

from innerscore.core.cards import DataFile, DatasetCard
from innerscore.core.errors import ChecksumError, MissingPartError
from innerscore.core.settings import Settings
from innerscore.data_registry.files.fetching import locate_file
from innerscore.data_registry.files.folder import own_files

BYTES = b"published bytes"


def card(url="https://example.org/f.mat"):
    return card_of_files(DataFile(name="f.mat", url=url, size=15, sha256=hashlib.sha256(BYTES).hexdigest()))


def put(folder, data):
    path = folder / "some" / "f.mat"
    path.parent.mkdir(parents=True)
    path.write_bytes(data)
    return path


@pytest.fixture
def host():
    with running_host() as running:
        yield running


def test_the_data_folder_comes_before_the_mirror(tmp_path):
    settings = Settings(data_dir=tmp_path / "d", mirror=tmp_path / "m", offline=True)
    in_mirror = put(tmp_path / "m", BYTES)
    assert locate_file(card(), "f.mat", settings) == in_mirror
    in_data = put(tmp_path / "d", BYTES)
    assert locate_file(card(), "f.mat", settings) == in_data


def test_a_wrong_file_is_kept_aside_and_both_hashes_are_shown(tmp_path):
    settings = Settings(data_dir=tmp_path / "d", offline=True)
    path = put(tmp_path / "d", b"other bytes")
    with pytest.raises(ChecksumError) as caught:
        locate_file(card(), "f.mat", settings)
    for data in (BYTES, b"other bytes"):
        assert hashlib.sha256(data).hexdigest() in str(caught.value)
    aside = list(path.parent.iterdir())
    assert len(aside) == 1
    assert aside[0].name.startswith("f.mat.wrong-")
    assert aside[0].read_bytes() == b"other bytes"


def test_a_wrong_file_in_a_mirror_is_left_alone(tmp_path):
    settings = Settings(data_dir=tmp_path / "d", mirror=tmp_path / "m", offline=True)
    path = put(tmp_path / "m", b"other bytes")
    with pytest.raises(ChecksumError):
        locate_file(card(), "f.mat", settings)
    assert path.read_bytes() == b"other bytes"


def test_offline_says_where_to_put_the_file(tmp_path):
    settings = Settings(data_dir=tmp_path / "d", offline=True)
    with pytest.raises(MissingPartError, match=r"https://example\.org/f\.mat") as caught:
        locate_file(card(), "f.mat", settings)
    assert str(tmp_path / "d" / "some" / "f.mat") in str(caught.value)
    assert caught.value.exit_code == 7


def test_a_download_lands_in_the_data_folder(tmp_path, host):
    url = host.add("/f.mat", Page(BYTES))
    path = locate_file(card(url), "f.mat", Settings(data_dir=tmp_path / "d", offline=False))
    assert path == tmp_path / "d" / "some" / "f.mat"
    assert path.read_bytes() == BYTES
    assert [entry.name for entry in path.parent.iterdir()] == ["f.mat"]


def test_a_download_of_other_bytes_is_kept_aside(tmp_path, host):
    url = host.add("/f.mat", Page(b"error page"))
    with pytest.raises(ChecksumError, match="kept aside"):
        locate_file(card(url), "f.mat", Settings(data_dir=tmp_path / "d", offline=False))
    assert not (tmp_path / "d" / "some" / "f.mat").exists()


def test_a_download_that_fails_leaves_nothing(tmp_path, host):
    url = host.address("/f.mat")
    with pytest.raises(MissingPartError, match="download failed"):
        locate_file(card(url), "f.mat", Settings(data_dir=tmp_path / "d", offline=False))
    assert list((tmp_path / "d" / "some").iterdir()) == []


def test_a_pinned_file_in_a_folder_is_continued_and_its_hash_checked(tmp_path, host):
    body = bytes(range(256)) * 8192  # 2 MiB
    page = Page(body, etag="", cuts=[2**20])
    file = {"name": "sub-1/f.nwb", "url": host.add("/f.nwb", page), "size": len(body)}
    file["sha256"] = hashlib.sha256(body).hexdigest()
    pinned = DatasetCard.model_validate({**card().model_dump(), "files": [file]})
    settings = Settings(data_dir=tmp_path / "d", offline=False)
    with pytest.raises(MissingPartError, match="download failed"):
        locate_file(pinned, "sub-1/f.nwb", settings)
    path = locate_file(pinned, "sub-1/f.nwb", settings)
    assert path == tmp_path / "d" / "some" / "sub-1" / "f.nwb"
    assert path.read_bytes() == body
    assert host.asked == [("/f.nwb", ""), ("/f.nwb", f"bytes={2**20}-")]
    path.unlink()
    host.add("/f.nwb", Page(body[::-1]))
    with pytest.raises(ChecksumError, match="kept aside"):
        locate_file(pinned, "sub-1/f.nwb", settings)


@pytest.mark.parametrize(
    "name", ["../f.nwb", "/f.nwb", "a//f.nwb", ".f.nwb", "a/../f.nwb", "a\\f.nwb", "a\nb", ""]
)
def test_a_path_of_a_file_stays_in_its_folder(name):
    with pytest.raises(ValidationError):
        DataFile(name=name, url="https://example.org/f")


def test_files_that_a_card_names_are_taken_and_no_others(tmp_path):
    settings = Settings(data_dir=tmp_path / "d", offline=True)
    path = put(tmp_path / "d", BYTES)
    (path.parent / "g.mat").write_bytes(b"another")
    assert own_files(card(), (".mat",), settings) == {"f.mat": path}
    assert own_files(card(), (".npz",), settings) == {}
    path.unlink()
    with pytest.raises(MissingPartError, match=r"f\.mat"):
        own_files(card(), (".mat",), settings)
    (file,) = card().files
    without = card().model_copy(update={"files": (file.model_copy(update={"optional": True}),)})
    assert own_files(without, (".mat",), settings) == {}
    put(tmp_path / "m", b"altered bytes..")
    with pytest.raises(ChecksumError, match=r"f\.mat"):
        own_files(without, (".mat",), settings.model_copy(update={"mirror": tmp_path / "m"}))
