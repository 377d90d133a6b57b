"""The store and the board made of it: inserts a second, and how the board's time grows with the records.

A record here has what a real one has: a file of per-target values and 1,000 resamples of its own. The board is
of 300 candidates and 40 benchmarks; past 12,000 records the store holds what was superseded, too.
"""

from __future__ import annotations

import hashlib
import sqlite3
import tempfile
from functools import cache
from itertools import islice
from pathlib import Path

import numpy as np
from harness import Curve, Peer, Work

from innerscore.core.hashing import sha256_of_bytes
from innerscore.core.records import (
    TARGETS_FILE,
    BenchmarkRef,
    CandidateRef,
    Cost,
    DataRef,
    Environment,
    EstimateRecord,
    Resampling,
    ResultRecord,
    RunInputs,
    ScoreRecord,
)
from innerscore.core.resamples import RESAMPLES_FILE, Resamples, resamples_to_npy
from innerscore.leaderboard.board import make_board
from innerscore.leaderboard.store import Entry, Store

_CANDIDATES, _BENCHMARKS, _RESAMPLES, _UNITS = 300, 40, 1000, 60
_INSERTS = 1000
_FOLDER = tempfile.TemporaryDirectory(prefix="innerscore-speed-")


def _entries(n):
    """Entries of a full board, place after place; then of the same places again, each superseding the last."""
    places, last = _CANDIDATES * _BENCHMARKS, {}
    for number in range(n):
        place = number % places
        entry = _entry(place, number // places, last.get(place))
        last[place] = entry.record.record_sha256
        yield entry


def _entry(place, turn, supersedes):
    candidate, benchmark = place % _CANDIDATES, place // _CANDIDATES
    rng = np.random.default_rng(place)
    value = 0.2 + 0.001 * candidate + 0.02 * rng.normal()
    # Old records share a file: only what is shown is read.
    own = place if turn == 0 else candidate
    resamples = _resamples(benchmark, value, own)
    targets = f"neuroid_id,normalised\nn,{value}\n".encode()
    hashes = sha256_of_bytes(targets), sha256_of_bytes(resamples)
    record = _record(candidate, benchmark, value, hashes, turn, supersedes)
    return Entry(record, {TARGETS_FILE: targets, RESAMPLES_FILE: resamples})


def _resamples(benchmark, value, own):
    shared, rng = _shared(benchmark), np.random.default_rng(own)
    normalised = value + 0.05 * shared[:, 0] + 0.02 * rng.normal(size=_RESAMPLES)
    return resamples_to_npy(
        Resamples.of(
            "bootstrap", _UNITS, raw=normalised * shared[:, 1], ceiling=shared[:, 1], normalised=normalised
        )
    )


@cache
def _shared(benchmark):
    return np.random.default_rng((1, benchmark)).normal([0, 0.8], [1, 0.05], size=(_RESAMPLES, 2))


def _hash(text):
    return hashlib.sha256(text.encode()).hexdigest()


def _estimate(value):
    return EstimateRecord(value=value, low=value - 0.1, high=value + 0.1, level=0.95, unit="conditions")


def _record(candidate, benchmark, value, hashes, turn, supersedes):
    score = ScoreRecord(
        raw=_estimate(0.8 * value),
        ceiling=_estimate(0.8),
        normalised=_estimate(value),
        above_ceiling=value > 1,
        layer="layer",
        layer_scores={f"layer{k}": 0.1 * k for k in range(5)},
        facts={"n_conditions": _UNITS},
        n_targets=1,
        targets_sha256=hashes[0],
        files={RESAMPLES_FILE: hashes[1]},
        resampling=Resampling(kind="bootstrap", n_units=_UNITS),
    )
    name = f"System{benchmark // 10}.measure{benchmark}"
    return ResultRecord(
        inputs=RunInputs(
            candidate=CandidateRef(
                identifier=f"candidate-{candidate:03d}", version=1, bundle_sha256=_hash("b")
            ),
            benchmark=BenchmarkRef(
                identifier=name, version=1, card_sha256=_hash(name), metric="ridge", parameters={}
            ),
            data=DataRef(dataset=f"Data{benchmark // 5}", version=1, simulated=False, sha256=_hash(name)),
            stimuli_sha256=_hash("s"),
            code_sha256=_hash(f"code {turn}"),
            seed=0,
        ),
        status="value",
        score=score,
        environment=Environment(
            innerscore="0", python="3", platform="p", packages={}, device="cpu", threads=1, sandboxed=False
        ),
        cost=Cost(seconds=1.0, activation_seconds=0.5, peak_memory_mb=10.0),
        created=f"2026-01-{1 + turn:02d}T00:00:00+00:00",
        supersedes=supersedes,
    )


def _fresh(name):
    path = Path(_FOLDER.name) / name
    for leftover in path.parent.glob(f"{name}*"):
        leftover.unlink()
    return path


def _insert_one_by_one(entries):
    store = Store(f"sqlite:///{_fresh('inserts.sqlite')}")
    for entry in entries:
        store.add(entry.record, files=entry.files)
    count = store.count
    store.close()
    return count


def _insert_by_hand(entries):
    """The same bytes by the driver alone: no checks, no canonical JSON, one transaction a record."""
    connection = sqlite3.connect(_fresh("by-hand.sqlite"), isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE records (record_sha256 TEXT PRIMARY KEY, body BLOB)")
    connection.execute("CREATE TABLE attachments (sha256 TEXT PRIMARY KEY, body BLOB)")
    for entry in entries:
        connection.execute("BEGIN IMMEDIATE")
        row = entry.record.record_sha256, entry.record.to_json()
        connection.execute("INSERT INTO records VALUES (?, ?)", row)
        files = [(entry.record.files[name], body) for name, body in entry.files.items()]
        connection.executemany("INSERT OR IGNORE INTO attachments VALUES (?, ?)", files)
        connection.execute("COMMIT")
    (count,) = connection.execute("SELECT count(*) FROM records").fetchone()
    connection.close()
    return count


@cache
def _filled(n):
    store = Store(f"sqlite:///{_fresh(f'filled-{n}.sqlite')}")
    store.add_all(_entries(n))
    return store


def _board(store):
    """What a server does at the start, and after a record was added."""
    return make_board(store.latest(), {}, {}, resamples=store.resamples)


def _insert_at_once(entries):
    store = Store(f"sqlite:///{_fresh('at-once.sqlite')}")
    store.add_all(entries)
    store.close()


WORKS = [
    Work(
        name=f"store: {_INSERTS} inserts, each a transaction",
        prepare=lambda: list(islice(_entries(_INSERTS), _INSERTS)),
        ours=_insert_one_by_one,
        peers={"sqlite3 without checks": Peer(_insert_by_hand)},
        agreement=lambda ours, theirs: float(abs(ours - theirs)),
    ),
]

_SIZES = (1_000, 10_000, 100_000)

CURVES = [
    Curve("store: look-up of the records to show, of N", _SIZES, _filled, lambda store: store.latest()),
    Curve(
        "store: records of one candidate, of N",
        _SIZES,
        _filled,
        lambda store: store.records(candidate="candidate-007"),
    ),
    Curve("store: board with ranks, of N records", _SIZES, _filled, _board),
    Curve(
        "store: import of N records at once", (1_000, 10_000), lambda n: list(_entries(n)), _insert_at_once
    ),
]
