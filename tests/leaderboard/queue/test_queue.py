"""The queue on both databases: claims, leases, fences, and that nothing is lost or done twice."""

import collections
import os
from pathlib import Path

import pytest
import yaml
from dying import die_before_file_event, die_before_statement, finish, in_child, start
from record_examples import csv_of, failed, make_record

from innerscore.core.bundles import Bundle, pack_folder
from innerscore.core.cards import CandidateCard
from innerscore.core.errors import InvalidInputError, UnknownNameError
from innerscore.core.hashing import sha256_of_bytes
from innerscore.leaderboard.inserting import Entry
from innerscore.leaderboard.queue import BundleStore, Failed, LeaseLostError, Queue, receive
from innerscore.leaderboard.queue.queue import _MOST_ATTEMPTS
from innerscore.leaderboard.store import Store

CARD = """
identifier: {name}
title: T
description: A candidate of a test of queues.
authors: [tests]
licence: MIT
citation: x
entry: candidate.py:Model
accepts: [frames]
layers: [a]
model_class: example
"""


def bundle(name="c", version=0):
    card = CandidateCard.model_validate(yaml.safe_load(CARD.format(name=name)))
    return Bundle(card, {}, sha256_of_bytes(f"{name}{version}".encode()), sha256_of_bytes(b"zip"))


def entry(seed=0):
    return Entry(make_record(seed=seed), {"targets.csv": csv_of(0.5)})


@pytest.fixture
def queue(store, url):
    opened = Queue(url)
    yield opened
    opened.close()


def running(queue, version=0, seconds=60.0):
    submission = queue.submit(bundle(version=version), ["B.x"])
    queue.passed(queue.claim("w", seconds=60))
    lease = queue.claim("w", seconds=seconds)
    assert (lease.submission.identifier, lease.submission.state) == (submission.identifier, "running")
    return lease


def test_a_submission_goes_its_way(queue, store):
    lease = running(queue)
    queue.heartbeat(lease, seconds=60, stage="B.x: activations 3/4", log="hello\x00\x1b")
    now = queue.get(lease.submission.identifier)
    assert (now.stage, now.log) == ("B.x: activations 3/4", "hello\ufffd\ufffd")
    assert queue.add_record(lease, entry())
    queue.finish(lease)
    states = [event.state for event in queue.events(now.identifier)]
    assert states == ["received", "checking", "queued", "running", "running", "scored"]
    assert queue.events(now.identifier)[4].record_sha256 == store.records()[0].record_sha256
    assert queue.claim("w", seconds=60) is None


def test_a_version_is_one_bundle_once_it_has_a_value(queue, store):
    whose = (1, bundle(version=7).content_sha256)
    store.add(failed("c", bundle=whose))
    queue.check_free(bundle(version=8), "local")  # what only failed may be mended under its version
    store.add(make_record("c", "Bee.y", bundle=whose), csv_of(0.5))
    queue.check_free(bundle(version=7), "local")
    for refused in (queue.check_free, lambda other, who: queue.submit(other, ["B.x"], submitter=who)):
        with pytest.raises(InvalidInputError, match="Raise 'version' in candidate"):
            refused(bundle(version=8), "local")
    raised = bundle(version=8)
    card = raised.card.model_copy(update={"version": 2})
    queue.check_free(Bundle(card, {}, raised.content_sha256, raised.zip_sha256), "local")


def test_the_same_is_submitted_once_until_it_has_failed(queue):
    first = queue.submit(bundle(), ["B.x"])
    assert queue.submit(bundle(), ["B.x", "B.x"]).identifier == first.identifier
    assert queue.submit(bundle(), ["B.y"]).identifier != first.identifier
    lease = queue.claim("w", seconds=60)
    queue.finish(lease, Failed("limit", "too slow", "Be quicker."))
    failed = queue.get(first.identifier)
    assert (failed.state, failed.reason_code, failed.hint) == ("failed", "limit", "Be quicker.")
    assert queue.submit(bundle(), ["B.x"]).identifier != first.identifier


def test_a_name_belongs_to_its_first_submitter(queue, store):
    queue.submit(bundle(), ["B.x"], submitter="token-1")
    with pytest.raises(InvalidInputError, match="another submitter"):
        queue.submit(bundle(version=1), ["B.x"], submitter="token-2")
    assert queue.submit(bundle(version=1), ["B.x"], submitter="token-1").state == "received"
    store.add(make_record("scored-here"), csv_of(0.5))
    with pytest.raises(InvalidInputError, match="another submitter"):
        queue.submit(bundle("scored-here"), ["B.x"], submitter="token-2")
    assert len(queue.all()) == 2


def test_a_silent_worker_is_replaced_and_its_late_result_refused(queue, store):
    late = running(queue, seconds=-1)
    taken = queue.claim("other", seconds=60)
    assert taken.submission.identifier == late.submission.identifier
    assert taken.fence > late.fence
    for write in (
        lambda: queue.add_record(late, entry()),
        lambda: queue.heartbeat(late, seconds=60),
        lambda: queue.finish(late),
        lambda: queue.release(late),
    ):
        with pytest.raises(LeaseLostError):
            write()
    assert store.count == 0
    assert queue.add_record(taken, entry())
    queue.finish(taken)
    with pytest.raises(LeaseLostError):
        queue.add_record(taken, entry(seed=1))
    assert store.count == 1


def test_a_heartbeat_keeps_the_claim(queue):
    lease = running(queue, seconds=-1)
    queue.heartbeat(lease, seconds=60)
    assert queue.claim("other", seconds=60) is None


def test_what_is_withdrawn_is_not_gone_on_with(queue, store):
    lease = running(queue)
    with pytest.raises(UnknownNameError):
        queue.withdraw(lease.submission.identifier, submitter="token-2")
    assert queue.withdraw(lease.submission.identifier).state == "withdrawn"
    with pytest.raises(LeaseLostError):
        queue.add_record(lease, entry())
    with pytest.raises(InvalidInputError, match="not ended"):
        queue.withdraw(lease.submission.identifier)
    assert (store.count, queue.claim("w", seconds=60)) == (0, None)
    with pytest.raises(UnknownNameError):
        queue.get("s-none")


def test_an_author_takes_failures_off_the_board_and_no_scores(queue, store):
    lease = running(queue)
    identifier = lease.submission.identifier
    scored, broken = entry(), failed(seed=1)
    queue.add_record(lease, scored)
    queue.add_record(lease, Entry(broken, {}))
    with pytest.raises(InvalidInputError, match="running, without a failure"):
        queue.retire(identifier)
    queue.finish(lease, Failed("activations", "broken", "Mend it."))
    with pytest.raises(UnknownNameError):
        queue.retire(identifier, submitter="token-2")
    assert queue.retire(identifier).state == "failed"
    assert [record.record_sha256 for record in store.records()] == [scored.record.record_sha256]
    assert [one.record_sha256 for one in store.hidden()] == [broken.record_sha256]
    assert identifier in store.hidden()[0].reason
    assert queue.events(identifier)[-1].note == "1 failure taken off the board by its author"
    with pytest.raises(InvalidInputError, match="Scores stay"):
        queue.retire(identifier)


def test_what_kills_its_workers_ends_as_failed(queue):
    identifier = queue.submit(bundle(), ["B.x"]).identifier
    for _ in range(_MOST_ATTEMPTS):
        assert queue.claim("w", seconds=-1) is not None
    assert queue.claim("w", seconds=60) is None
    assert (queue.get(identifier).state, queue.get(identifier).reason_code) == ("failed", "worker-lost")


def test_a_worker_that_is_told_to_stop_gives_back(queue):
    lease = running(queue)
    queue.release(lease)
    assert queue.get(lease.submission.identifier).state == "queued"
    assert queue.claim("other", seconds=60).submission.identifier == lease.submission.identifier


def drain(url, path):
    mine = Queue(url)
    with Path(path).open("a") as file:
        while (lease := mine.claim(str(os.getpid()), seconds=600)) is not None:
            file.write(f"{lease.submission.identifier}\n")
            mine.finish(lease)
    mine.close()


def test_a_thousand_jobs_are_claimed_by_four_processes_none_twice(queue, url, tmp_path):
    n_jobs = 1000 if url.startswith("sqlite") else 250
    names = {queue.submit(bundle(version=k), ["B.x"]).identifier for k in range(n_jobs)}
    queue.close()
    files = [tmp_path / f"claims-{k}" for k in range(4)]
    children = [start(lambda path=path: drain(url, path)) for path in files]
    assert [finish(child) for child in children] == [0] * 4
    claimed = collections.Counter(line for path in files for line in path.read_text().split())
    assert set(claimed) == names
    assert set(claimed.values()) == {1}
    assert sum(bool(path.read_text()) for path in files) > 1


def handed_in(url, folder, data):
    queue = Queue(url)
    received = receive(data, ["B.x"], queue, BundleStore(folder), known=["B.x"], reserved=[])
    queue.close()
    return received


@pytest.mark.parametrize("prepare", [die_before_statement, lambda n: die_before_file_event(n, "bundles")])
def test_a_server_that_dies_while_it_takes_a_bundle_loses_or_keeps_it_whole(sqlite_url, tmp_path, prepare):
    Store(sqlite_url).close()
    data, folder = packed(tmp_path / "model"), tmp_path / "bundles"
    for number in range(40):
        if in_child(lambda: handed_in(sqlite_url, folder, data), prepare(number)) == 0:
            break
        for found in Queue(sqlite_url).all():
            assert BundleStore(folder).read(found.zip_sha256).content_sha256 == found.content_sha256
    assert 2 < number < 39
    receipt = handed_in(sqlite_url, folder, data)
    assert [one.identifier for one in Queue(sqlite_url).all()] == [receipt.identifier]


def packed(folder):
    folder.mkdir()
    (folder / "candidate.yaml").write_text(CARD.format(name="c").replace("title: T", "title: Title"))
    (folder / "candidate.py").write_text("class Model: ...")
    return pack_folder(folder)
