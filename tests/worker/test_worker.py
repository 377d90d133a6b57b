"""A worker: every submission ends once, whatever its candidate does and whenever the worker dies."""

import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import dying
import hostile
import pytest
from typer.testing import CliRunner

from innerscore.benchmarks import load_benchmark
from innerscore.cli.app import app
from innerscore.core.bundles import pack_folder, read_bundle
from innerscore.core.errors import InvalidDataError, MissingPartError
from innerscore.core.settings import load_settings
from innerscore.leaderboard.queue import BundleStore, Queue
from innerscore.leaderboard.store import Store
from innerscore.scoring import job_of
from innerscore.scoring.sandbox import SandboxLimits
from innerscore.worker import ScoringLimits, Worker
from innerscore.worker.reasons import failed_of
from innerscore.worker.scorer import Scorer

pytestmark = pytest.mark.usefixtures("bubblewrap")

BENCHMARK = "SimulatedMEC.rsa"
LIMITS = SandboxLimits(wall_seconds=60, memory_mb=600)


HONEST = "return {'a': stimulus.velocity ** 3}"


@pytest.fixture
def settings(tmp_path, request):
    """Those of the command line in tests, with one cache of recordings and stimuli for all tests here."""
    return load_settings(cache_dir=request.getfixturevalue("cache"))


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def worker(settings):
    return make_worker(settings)


def make_worker(settings, lease_seconds=60.0, limits=LIMITS, scoring=None):
    """A worker that scores in this process, where it can be killed, unless `scoring` has limits for another."""
    store = Store(settings.store)
    bundles = BundleStore(settings.data_dir / "bundles")
    return Worker(Queue(settings.store), store, bundles, settings, limits, "w", lease_seconds, scoring)


def submit(worker, folder, body=HONEST, name="hostile", benchmarks=(BENCHMARK,), **facts):
    data = pack_folder(Path(hostile.make(folder / name, body, identifier=name, **facts)))
    bundle = read_bundle(data)
    worker.bundles.keep(bundle, data)
    return worker.queue.submit(bundle, benchmarks).identifier


def drain(worker):
    ended = []
    while (found := worker.step()) is not None:
        ended.append(found)
    return ended


def test_what_is_submitted_becomes_a_record_that_says_that_it_was_boxed(worker, tmp_path, settings):
    identifier = submit(worker, tmp_path, f"print('hello'); {HONEST}")
    assert [found.state for found in drain(worker)] == ["queued", "scored"]
    record = worker.store.records()[0]
    assert (record.status, record.environment.sandboxed) == ("value", True)
    assert "hello" in worker.queue.get(identifier).log
    opened = job_of(str(tmp_path / "hostile"), load_benchmark(BENCHMARK, settings), settings, seed=0)
    assert opened.do(None, None).record.values_sha256 == record.values_sha256


def test_failures_have_their_reason_and_the_next_job_runs(worker, tmp_path):
    bodies = {
        "activations": "return {'a': np.full((stimulus.n_steps, 1), np.nan)}",
        "candidate": "print('see here'); open('/etc/shadow')",
        "limit": "kept = []\n        while True: kept.append(np.ones(2**21))",
    }
    identifiers = {code: submit(worker, tmp_path, body, name=f"bad-{code}") for code, body in bodies.items()}
    good = submit(worker, tmp_path, name="good")
    drain(worker)
    for code, identifier in identifiers.items():
        found = worker.queue.get(identifier)
        assert (found.state, found.reason_code) == ("failed", code), found
        assert found.hint
    assert "see here" in worker.queue.get(identifiers["candidate"]).log
    assert worker.queue.get(good).state == "scored"
    assert [record.status for record in worker.store.records()] == ["failed"] * 3 + ["value"]
    again = submit(worker, tmp_path / "again", bodies["activations"], name="bad-activations")
    drain(worker)
    assert again != identifiers["activations"]
    assert worker.store.records()[-1].supersedes is not None


SECOND = "SimulatedMEC.ridge"


@pytest.fixture
def apart(settings):
    return make_worker(settings, scoring=ScoringLimits())


def test_a_submission_is_scored_in_a_process_of_its_own(apart, tmp_path, settings):
    identifier = submit(apart, tmp_path, f"print('hello'); {HONEST}")
    assert [found.state for found in drain(apart)] == ["queued", "scored"]
    assert "hello" in apart.queue.get(identifier).log
    [record] = apart.store.records()
    opened = job_of(str(tmp_path / "hostile"), load_benchmark(BENCHMARK, settings), settings, seed=0)
    assert (record.environment.sandboxed, record.inputs) == (True, opened.inputs)
    assert opened.do(None, None).record.values_sha256 == record.values_sha256


WIDE = "return {'a': np.float32(stimulus.velocity) @ np.random.default_rng(0).random((2, 2000), np.float32)}"
TOO_MUCH = {
    "memory": (ScoringLimits(memory_mb=750), WIDE, ("load", "activations", "score"), "more memory"),
    "time": (ScoringLimits(seconds=0.05), HONEST, ("score",), "more time"),
}


@pytest.mark.parametrize("what", TOO_MUCH)
def test_scoring_that_takes_too_much_is_a_failure_with_its_reason(settings, tmp_path, what):
    scoring, body, stages, reason = TOO_MUCH[what]
    worker = make_worker(settings, scoring=scoring)
    identifier = submit(worker, tmp_path, body, benchmarks=[SECOND])
    drain(worker)
    found = worker.queue.get(identifier)
    assert (found.state, found.reason_code) == ("failed", "limit")
    assert reason in found.reason
    [record] = worker.store.records()
    assert (record.status, record.failure.kind, record.environment.sandboxed) == (
        "failed",
        "LimitError",
        True,
    )
    assert record.failure.stage in stages


LEAKS = """global calls; calls = globals().get('calls', 0) + 1
        return {'a': stimulus.velocity + calls}"""


@pytest.mark.parametrize(
    ("body", "reason"),
    [(LEAKS, "shown before"), ("return {'a': stimulus.velocity * 0}", "never changes")],
)
def test_what_check_refuses_no_worker_scores(worker, tmp_path, body, reason):
    refused = submit(worker, tmp_path, body, name="refused")
    drain(worker)
    found = worker.queue.get(refused)
    assert (found.state, found.reason_code) == ("failed", "check")
    assert reason in found.reason
    assert worker.store.count == 0


def test_a_record_made_without_a_sandbox_answers_no_submission(worker, tmp_path, settings):
    submit(worker, tmp_path)
    opened = job_of(str(tmp_path / "hostile"), load_benchmark(BENCHMARK, settings), settings, seed=0)
    outcome = opened.do(None, None)
    worker.store.add(outcome.record, outcome.targets_csv, outcome.files)
    drain(worker)
    boxed = worker.store.records()[-1]
    assert (boxed.environment.sandboxed, boxed.supersedes) == (True, outcome.record.record_sha256)
    assert boxed.values_sha256 == outcome.record.values_sha256


def test_what_cannot_be_run_says_why(worker, tmp_path):
    taken = submit(worker, tmp_path, name="pixels")
    unknown = submit(worker, tmp_path, name="lost", benchmarks=["Nobody.nothing"])
    spoiled = submit(worker, tmp_path, name="spoiled")
    path = worker.bundles.path(worker.queue.get(spoiled).zip_sha256)
    path.write_bytes(path.read_bytes() + b"x")
    drain(worker)
    codes = [worker.queue.get(one).reason_code for one in (taken, unknown, spoiled)]
    assert codes == ["name-taken", "unknown-name", "bundle"]
    assert worker.store.count == 0


def test_a_fault_of_our_own_loses_no_submission_and_shows_no_paths(worker, tmp_path, monkeypatch, caplog):
    identifier = submit(worker, tmp_path)

    def broken(*_):
        raise ZeroDivisionError(f"divided in {tmp_path}")

    monkeypatch.setattr("innerscore.worker.scorer.unpack_bundle", broken)
    drain(worker)
    found = worker.queue.get(identifier)
    assert (found.state, found.reason_code) == ("failed", "internal")
    assert re.fullmatch(r"ZeroDivisionError in test_worker\.py, line \d+", found.reason)
    assert str(tmp_path) in caplog.text


def test_reasons_name_files_without_the_folders_of_this_machine():
    text = (
        "The bundle /srv/board-1/ab.zip must be there, got (/tmp/x/y.py, line 3), see https://a.org/b or m/s."
    )
    failed = failed_of(InvalidDataError(text, got="x", needed="y"))
    told = "The bundle ab.zip must be there, got (y.py, line 3), see https://a.org/b or m/s."
    assert failed.reason.startswith(told)


def test_a_sandbox_that_has_gone_fails_no_submission(worker, tmp_path, monkeypatch):
    identifier = submit(worker, tmp_path)
    worker.step()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingPartError, match="bubblewrap"):
        worker.step()
    assert worker.queue.get(identifier).state == "queued"


def kill_before(owner, name):
    """Kill this process at its next call of a method."""

    def prepare():
        setattr(owner, name, lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL))

    return prepare


def kill_after(owner, name):
    def prepare():
        method = getattr(owner, name)

        def killing(*arguments, **options):
            method(*arguments, **options)
            os.kill(os.getpid(), signal.SIGKILL)

        setattr(owner, name, killing)

    return prepare


DEATHS = {
    "checking": (kill_before(Queue, "passed"), HONEST),
    "checked": (kill_after(Queue, "passed"), HONEST),
    "data": (kill_before(Scorer, "_kept"), HONEST),
    "rules": (kill_before(Scorer, "_checked"), HONEST),
    "shown": (kill_before(Queue, "add_record"), HONEST),
    "stored": (kill_after(Queue, "add_record"), HONEST),
    "failure stored": (
        kill_after(Queue, "add_record"),
        "return {'a': np.full((stimulus.n_steps, 1), np.nan)}",
    ),
    "ended": (kill_after(Queue, "finish"), HONEST),
}


@pytest.fixture(scope="module")
def undisturbed():
    """Hashes of the values of runs that nobody disturbed, by what was run."""
    return {}


@pytest.mark.parametrize("stage", DEATHS)
def test_a_killed_worker_is_replaced_and_the_job_ends_once(stage, settings, tmp_path, undisturbed):
    prepare, body = DEATHS[stage]
    worker = make_worker(settings)
    identifier = submit(worker, tmp_path, body)
    for part in (worker.queue, worker.store):
        part.close()
    assert dying.in_child(lambda: drain(make_worker(settings)), prepare) == dying.KILLED
    with sqlite3.connect(settings.data_dir / "board.sqlite") as connection:
        connection.execute("UPDATE submissions SET lease_until = 0")
    connection.close()
    drain(worker)
    failing = stage == "failure stored"
    assert worker.queue.get(identifier).state == ("failed" if failing else "scored")
    assert [event.state for event in worker.queue.events(identifier)].count("scored") == (not failing)
    [record] = worker.store.records()
    opened = job_of(str(tmp_path / "hostile"), load_benchmark(BENCHMARK, settings), settings, seed=0)
    assert record.inputs == opened.inputs
    if not failing:
        key = record.run_sha256
        if key not in undisturbed:
            undisturbed[key] = opened.do(None, None).record.values_sha256
        assert record.values_sha256 == undisturbed[key]


def test_a_worker_that_lost_its_claim_stops_and_stores_nothing(settings, tmp_path):
    late = make_worker(settings, lease_seconds=0.6)
    identifier = submit(late, tmp_path, f"time.sleep(0.05); {HONEST}")
    late.step()
    withdrawing = dying.start(lambda: (time.sleep(1), Queue(settings.store).withdraw(identifier)))
    late.step()
    assert dying.finish(withdrawing) == 0
    assert late.queue.get(identifier).state == "withdrawn"
    assert late.store.count == 0


def test_the_commands_submit_work_and_tell(tmp_path, monkeypatch, cache):
    monkeypatch.setenv("INNERSCORE_CACHE_DIR", str(cache))
    folder = hostile.make(tmp_path / "mine", HONEST, identifier="mine")

    def call(*arguments):
        return CliRunner().invoke(app, list(arguments), catch_exceptions=False)

    receipt = call("submit", folder, "-b", BENCHMARK)
    identifier = receipt.stdout.partition(":")[0]
    assert call("worker", "--once").exit_code == 0
    told = call("submission", "show", identifier)
    assert "mine is scored\n" in told.stdout
    assert call("submission", "list", "--json").exit_code == 0
    other = call("submit", folder, "-b", "SimulatedMEC.ridge").stdout.partition(":")[0]
    assert "withdrawn" in call("submission", "withdraw", other).stdout


def test_without_bubblewrap_a_worker_claims_nothing(tmp_path, worker):
    submit(worker, tmp_path)
    empty = tmp_path / "empty"
    empty.mkdir()
    environment = {**os.environ, "PATH": str(empty), "INNERSCORE_DATA_DIR": str(worker.settings.data_dir)}
    command = [sys.executable, "-m", "innerscore", "worker", "--drain"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 7
    assert "bubblewrap" in done.stderr
    assert worker.queue.all()[0].state == "received"
