"""Files without a published hash: locked at first use, later changes refused."""

import hashlib
import json
import multiprocessing
import os

import pytest
from dataset_cards import card_of_files

from innerscore.core.cards import DataFile
from innerscore.core.errors import ChecksumError, InvalidArgumentError, InvalidDataError, MissingPartError
from innerscore.core.settings import Settings
from innerscore.data_registry.files.fetching import (
    accept_file,
    checked_file,
    file_status,
    locate_file,
)
from innerscore.data_registry.files.lock_file import hash_as_locked

FIRST, SECOND = b"first release", b"other release"  # of one length


def sha(data):
    return hashlib.sha256(data).hexdigest()


def card(**known):
    return card_of_files(DataFile(name="f.pkl", url="https://example.org/f.pkl", **known))


CARD = card()


def put(folder, data):
    path = folder / "some" / "f.pkl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def lock_of(settings):
    return json.loads((settings.data_dir / "checksums.lock.json").read_text())["files"]["some/f.pkl"]


def test_the_first_use_records_name_size_hash_and_date(settings):
    path = put(settings.data_dir, FIRST)
    assert checked_file(CARD, "f.pkl", settings).sha256 == sha(FIRST)
    entry = lock_of(settings)
    assert (entry["size"], entry["sha256"]) == (len(FIRST), sha(FIRST))
    assert len(entry["date"]) == len("2026-01-01")
    assert list(entry["looks"]) == [str(path)]


def test_a_later_change_is_refused_with_both_hashes_and_touches_nothing(settings):
    path = put(settings.data_dir, FIRST)
    locate_file(CARD, "f.pkl", settings)
    before = lock_of(settings)
    put(settings.data_dir, SECOND)
    os.utime(path, ns=(1, 1))
    for _ in range(2):
        with pytest.raises(ChecksumError, match=r"innerscore data accept Some2020 f\.pkl") as caught:
            locate_file(CARD, "f.pkl", settings)
        assert sha(FIRST) in str(caught.value)
        assert sha(SECOND) in str(caught.value)
    assert path.read_bytes() == SECOND
    assert lock_of(settings) == before


def test_a_new_release_can_be_accepted_and_the_old_hash_is_kept(settings):
    put(settings.data_dir, FIRST)
    locate_file(CARD, "f.pkl", settings)
    os.utime(put(settings.data_dir, SECOND), ns=(1, 1))
    accept_file(CARD, CARD.files[0], settings)
    assert checked_file(CARD, "f.pkl", settings).sha256 == sha(SECOND)
    assert [old["sha256"] for old in lock_of(settings)["replaced"]] == [sha(FIRST)]


def test_a_file_that_looks_unchanged_is_not_hashed_and_a_full_check_hashes_it(settings):
    path = put(settings.data_dir, FIRST)
    locate_file(CARD, "f.pkl", settings)
    kept = path.stat()
    with path.open("r+b") as file:
        file.write(SECOND)
    os.utime(path, ns=(kept.st_atime_ns, kept.st_mtime_ns))
    assert checked_file(CARD, "f.pkl", settings).sha256 == sha(FIRST)
    assert file_status(CARD, CARD.files[0], settings).state == "here"
    assert file_status(CARD, CARD.files[0], settings, full=True).state == "altered"
    with pytest.raises(ChecksumError):
        checked_file(CARD, "f.pkl", settings, full=True)


def test_a_mirror_has_to_agree_with_the_lock(tmp_path, settings):
    put(settings.data_dir, FIRST)
    locate_file(CARD, "f.pkl", settings)
    (settings.data_dir / "some" / "f.pkl").unlink()
    mirrored = Settings(data_dir=settings.data_dir, mirror=tmp_path / "m", offline=True)
    put(tmp_path / "m", SECOND)
    with pytest.raises(ChecksumError):
        locate_file(CARD, "f.pkl", mirrored)


def test_status_tells_pinned_locked_and_unknown_and_locks_nothing(settings):
    pinned = card(sha256=sha(FIRST), size=len(FIRST))
    for of, known in ((CARD, "unknown"), (pinned, "pinned")):
        status = file_status(of, of.files[0], settings)
        assert (status.state, status.checksum) == ("missing", known)
    put(settings.data_dir, FIRST)
    assert file_status(CARD, CARD.files[0], settings).checksum == "unknown"
    locate_file(CARD, "f.pkl", settings)
    assert file_status(CARD, CARD.files[0], settings).checksum == "locked"
    assert file_status(pinned, pinned.files[0], settings).state == "here"


def test_a_pinned_or_a_missing_file_cannot_be_accepted(settings):
    with pytest.raises(MissingPartError):
        accept_file(CARD, CARD.files[0], settings)
    pinned = card(sha256=sha(FIRST))
    with pytest.raises(InvalidArgumentError, match="pinned"):
        accept_file(pinned, pinned.files[0], settings)


@pytest.mark.parametrize("content", ["", "{", '{"files": {"some/f.pkl": {"sha256": "x"}}}', '{"version": 2}'])
def test_a_damaged_lock_file_is_named_and_left_alone(settings, content):
    put(settings.data_dir, FIRST)
    lock = settings.data_dir / "checksums.lock.json"
    lock.write_text(content)
    with pytest.raises(InvalidDataError, match=r"checksums\.lock\.json"):
        locate_file(CARD, "f.pkl", settings)
    assert lock.read_text() == content


def _lock_one(number, settings, path):
    hash_as_locked(f"some/{number}", path, settings)


def test_processes_that_lock_at_once_lose_no_entry(settings):
    path = put(settings.data_dir, FIRST)
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=_lock_one, args=(k, settings, path)) for k in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    files = json.loads((settings.data_dir / "checksums.lock.json").read_text())["files"]
    assert sorted(files) == [f"some/{k}" for k in range(8)]
