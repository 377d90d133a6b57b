"""The sandbox against candidates that try to get out of it, as root and as a user."""

import dataclasses
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hostile import FOUND_NOTHING, HONEST, HOSTILE, make

from innerscore.benchmarks import load_benchmark
from innerscore.candidates.interface import bundle_sha256, find_candidate
from innerscore.core.errors import ActivationError, CandidateError, LimitError, MissingPartError
from innerscore.core.identity import PACKAGE_ROOT
from innerscore.core.stimuli import FrameClip, SelfMotion, StimulusSet
from innerscore.core.stimulus_arrays import stimulus_arrays, stimulus_of_arrays
from innerscore.scoring import execute, prepare
from innerscore.scoring.sandbox import Sandbox, SandboxLimits
from innerscore.scoring.sandbox.confinement import bubblewrap_command
from innerscore.scoring.sandbox.resources import held_for_sandbox, usage_of
from innerscore.scoring.sandbox.seccomp import filter_program

pytestmark = pytest.mark.once
sandboxed = pytest.mark.usefixtures("bubblewrap")

SMALL = SandboxLimits(
    wall_seconds=15,
    cpu_seconds=2,
    memory_mb=300,
    tasks=40,
    scratch_mb=8,
    file_mb=4,
    log_mb=1,
    reply_mb=8,
    run_mb=12,
)


def walks():
    rng = np.random.default_rng(0)
    made = tuple(
        SelfMotion(f"w{k}", rng.normal(size=(20, 2)), 50.0, np.ones(2), (2.0, 2.0)) for k in range(3)
    )
    return StimulusSet("walks", made, pd.DataFrame({"stimulus_id": [one.identifier for one in made]}))


def show(folder, settings, limits=SMALL, on_output=lambda _: None):
    made_of = bundle_sha256(find_candidate(folder, settings))
    stimuli = walks()
    with Sandbox(settings, limits, on_output).opened(folder, made_of, stimuli, seed=0) as candidate:
        return candidate.activations(stimuli.stimuli)


def limits_of(what):
    """Limits under which a hostile candidate runs into the one that it is about, soon."""
    other = {
        "sleeps for ever": {"wall_seconds": 2},
        "makes files without end": {"memory_mb": 80, "cpu_seconds": 10},
        "keeps memory in files": {"memory_mb": 100},
    }
    return dataclasses.replace(SMALL, **other.get(what, {}))


def processes_that_say(mark):
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if mark in path.read_text():
                found.append(path)
        except OSError:
            continue
    return found


@pytest.fixture
def secrets(settings, monkeypatch):
    """What lies where recordings, the store and the cache lie, and in the environment."""
    monkeypatch.setenv("MY_SECRET", "token")
    paths = [settings.data_dir / "recording.nc", settings.data_dir / "board.sqlite", settings.cache_dir / "x"]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("secret")
    return [str(path) for path in paths]


@sandboxed
def test_an_honest_candidate_gives_what_it_gives_without(settings, tmp_path):
    folder = make(tmp_path / "honest", f"print('hello'); {HONEST}")
    heard = []
    shown = show(folder, settings, on_output=heard.append)
    for stimulus, layers in zip(walks(), shown, strict=True):
        expected = np.outer(np.arange(20) + 1.0, np.ones(3)) * stimulus.velocity.mean()
        np.testing.assert_array_equal(layers["a"].values, expected.astype(np.float32))
    assert b"".join(heard) == b"hello\n" * 3


@sandboxed
def test_a_candidate_can_import_all_that_built_in_ones_are_made_of(settings, tmp_path):
    """As nobody, where root starts the sandbox: each folder on the way has to be readable."""
    names = ("candidates.weights", "candidates.torch_adapter", "candidates.hub.candidate")
    imports = "; ".join(f"import innerscore.{name}" for name in names)
    shown = show(make(tmp_path / "importing", f"{imports}; {HONEST}"), settings, SandboxLimits())
    assert len(shown) == len(walks())


@pytest.mark.parametrize("what", HOSTILE)
@sandboxed
def test_a_hostile_candidate_gets_nothing(what, settings, tmp_path, secrets):
    body, reason = HOSTILE[what]
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        filled = body.replace("{secrets!r}", repr(secrets)).replace("{port}", str(server.getsockname()[1]))
        folder = make(tmp_path / "hostile", filled.replace("{{", "{").replace("}}", "}"))
        with pytest.raises(CandidateError) as failure:
            show(folder, settings, limits_of(what))
        with pytest.raises(BlockingIOError):
            server.accept()
    assert re.search(reason, str(failure.value)), failure.value
    assert "FOUND" not in str(failure.value)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@sandboxed
def test_nothing_runs_unwatched(settings, tmp_path, monkeypatch):
    def broken(_):
        raise ZeroDivisionError

    monkeypatch.setattr("innerscore.scoring.sandbox.resources.usage_of", broken)
    with pytest.raises((CandidateError, MissingPartError)):
        show(make(tmp_path / "idle", "time.sleep(600)"), settings, SandboxLimits())


@sandboxed
def test_an_orphan_does_not_outlive_the_run(settings, tmp_path):
    mark = f"orphan-{os.getpid()}"
    sleeper = f"[sys.executable, '-c', 'import time; time.sleep(600)', '{mark}']"
    start = f"subprocess.Popen({sleeper}, start_new_session=True); time.sleep(0.05)"
    folder = make(tmp_path / "parent", f"{start}; {HONEST}")
    show(folder, settings)
    assert processes_that_say(mark) == []


@sandboxed
def test_nothing_outlives_a_killed_parent(settings, tmp_path):
    mark = f"abandoned-{os.getpid()}"
    folder = make(
        tmp_path / "waiting",
        f"subprocess.run([sys.executable, '-c', 'import time; time.sleep(600)', '{mark}'])",
    )
    child = os.fork()
    if child == 0:
        show(folder, settings, SandboxLimits())
    until = time.monotonic() + 120
    while not processes_that_say(mark) and time.monotonic() < until:
        time.sleep(0.05)
    assert processes_that_say(mark)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    until = time.monotonic() + 60
    while processes_that_say(mark) and time.monotonic() < until:
        time.sleep(0.05)
    assert processes_that_say(mark) == []


@pytest.mark.skipif(not os.access(sys.prefix, os.W_OK), reason="the interpreter's folder is another user's")
@sandboxed
def test_recordings_within_the_interpreters_folder_are_covered(settings, tmp_path):
    data = Path(tempfile.mkdtemp(dir=sys.prefix))
    (data / "recording.nc").write_text("secret")
    folder = make(tmp_path / "curious", f"says(list(Path({str(data)!r}).iterdir()))")
    try:
        with pytest.raises(CandidateError, match=FOUND_NOTHING):
            show(folder, settings.model_copy(update={"data_dir": data}))
    finally:
        shutil.rmtree(data)


@sandboxed
def test_an_interpreter_may_be_named_by_a_roundabout_way(settings, tmp_path, monkeypatch):
    around = Path(sys.executable).parent / ".." / "bin" / Path(sys.executable).name
    monkeypatch.setattr(sys, "executable", str(around))
    monkeypatch.setattr(sys, "prefix", f"{sys.prefix}/bin/..")
    assert len(show(make(tmp_path / "honest", HONEST), settings)) == 3


@sandboxed
def test_only_the_hashed_files_are_there(settings, tmp_path):
    folder = make(tmp_path / "c", "raise RuntimeError(sorted(os.listdir('/candidate')))")
    (tmp_path / "c" / ".hidden").write_text("x")
    with pytest.raises(CandidateError, match=re.escape("['candidate.py', 'candidate.yaml']")):
        show(folder, settings)


@sandboxed
def test_the_record_says_where_it_ran_and_is_the_same_otherwise(settings, tmp_path):
    benchmark = load_benchmark("SimulatedMEC.rsa", settings)
    folder = make(tmp_path / "c", "return {'a': np.cumsum(stimulus.velocity, axis=0) ** 3}")
    run = prepare(folder, benchmark, settings)
    opened = execute(run, settings).record
    boxed = execute(run, settings, sandbox=Sandbox(settings)).record
    assert (opened.environment.sandboxed, boxed.environment.sandboxed) == (False, True)
    assert opened.values_sha256 == boxed.values_sha256
    assert opened.run_sha256 == boxed.run_sha256


@pytest.mark.parametrize(
    ("body", "stage", "kind"),
    [
        ("time.sleep(60)", "activations", "LimitError"),
        ("return {'a': np.full((stimulus.n_steps, 1), np.nan)}", "activations", "ActivationError"),
        (
            "return {'a': np.ma.masked_equal(np.zeros((stimulus.n_steps, 1)), 0)}",
            "activations",
            "CandidateError",
        ),
        ("pass\nraise OSError('no weights')", "load", "CandidateError"),
    ],
)
@sandboxed
def test_a_failure_is_a_record_with_its_stage(settings, tmp_path, body, stage, kind):
    run = prepare(make(tmp_path / "c", body), load_benchmark("SimulatedMEC.rsa", settings), settings)
    outcome = execute(
        run, settings, sandbox=Sandbox(settings, SandboxLimits(wall_seconds=12 if "sleep" not in body else 3))
    )
    assert (outcome.record.status, outcome.record.environment.sandboxed) == ("failed", True)
    assert (outcome.record.failure.stage, outcome.record.failure.kind) == (stage, kind)


def test_without_bubblewrap_nothing_runs(settings, tmp_path, monkeypatch):
    monkeypatch.setattr("innerscore.scoring.sandbox.confinement.shutil.which", lambda _: None)
    with pytest.raises(MissingPartError, match="bubblewrap") as missing:
        show(make(tmp_path / "c", HONEST), settings)
    assert missing.value.exit_code == 7


def test_a_sandbox_that_cannot_start_is_the_machines_fault(settings, tmp_path, monkeypatch):
    fake = tmp_path / "bin" / "bwrap"
    fake.parent.mkdir()
    fake.write_text("#!/bin/sh\necho 'bwrap: No permissions' >&2\nexit 1\n")
    fake.chmod(0o755)
    fake.with_name("choom").symlink_to(shutil.which("choom"))
    monkeypatch.setenv("PATH", str(fake.parent))
    monkeypatch.setattr("innerscore.scoring.sandbox.confinement._unprivileged", list)
    with pytest.raises(MissingPartError, match="No permissions"):
        show(make(tmp_path / "c", HONEST), settings)


TRIED_AS_USER = (
    "reads the home folder",
    "makes namespaces",
    "changes the kernel",
    "forks without end",
    "would have others go first",
    "opens terminals",
    "fills sockets",
    "makes files without end",
)
TESTS = Path(__file__).resolve().parents[2]
AS_USER = """
import sys
from pathlib import Path
sys.path[:0] = {folders!r}
import test_sandbox
from hostile import FOUND_NOTHING, HONEST, HOSTILE, make
from innerscore.core.errors import CandidateError
from innerscore.core.settings import Settings
folder = Path({folder!r})
settings = Settings(data_dir=folder / "data", cache_dir=folder / "cache", offline=True)
print(len(test_sandbox.show(make(folder / "honest", HONEST), settings)))
for what in {tried!r}:
    body, _ = HOSTILE[what]
    try:
        body = body.replace("{{{{", "{{").replace("}}}}", "}}")
        test_sandbox.show(make(folder / what.replace(" ", "-"), body), settings, test_sandbox.limits_of(what))
    except CandidateError as error:
        print(error)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="then all tests here are by a user")
@sandboxed
def test_it_holds_for_a_user_too(tmp_path):
    """In a process of a user without rights, to whom the interpreter is shown wherever it lies."""
    folder = Path(tempfile.mkdtemp(prefix="user-"))
    folder.chmod(0o777)
    code = AS_USER.format(
        folders=[str(TESTS / "scoring" / "sandbox"), str(TESTS / "helpers")],
        folder=str(folder),
        tried=TRIED_AS_USER,
    )
    prefix = Path(sys.base_prefix)
    opened = [one for one in reversed(prefix.parents) if one.is_relative_to("/root")]
    home = ["--perms", "0755", "--tmpfs", "/root"]
    home += [text for one in opened[1:] for text in ("--perms", "0755", "--dir", str(one))]
    home += ["--ro-bind", str(prefix), str(prefix)] if opened else []
    user = ["setpriv", "--reuid=65533", "--regid=65533", "--clear-groups", "--inh-caps=-all"]
    command = ["bwrap", "--dev-bind", "/", "/", *home, "--", *user, sys.executable, "-B", "-c", code]
    packages = str(PACKAGE_ROOT.parent)
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": packages, "HOME": str(folder)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    shutil.rmtree(folder)
    assert done.returncode == 0, done.stderr
    said = done.stdout.splitlines()
    assert said[0] == "3"
    for line, what in zip(said[1:], TRIED_AS_USER, strict=True):
        assert re.search(HOSTILE[what][1], line), (what, line)


@pytest.mark.parametrize("kind", ["frames", "walk", "still"])
def test_a_stimulus_survives_the_way_through_a_file(kind):
    rng = np.random.default_rng(1)
    frames = rng.integers(0, 256, (4, 6, 5, 3), dtype=np.uint8)
    stimulus = {
        "frames": FrameClip("f", frames, 60.0, 0.3, context_frames=2),
        "still": FrameClip("s", frames[:1], 1.0, 0.1),
        "walk": SelfMotion("w", rng.normal(size=(9, 2)), 50.0, np.ones(2), (1.5, 2.0), rng.normal(size=9)),
    }[kind]
    arrays = {name: np.asarray(value) for name, value in stimulus_arrays(stimulus).items()}
    again = stimulus_of_arrays(stimulus.identifier, arrays)
    assert (again.content_hash, again.identifier) == (stimulus.content_hash, stimulus.identifier)


def test_usage_counts_children_and_no_pages_of_files():
    code = "import os, time; x = bytearray(64 * 2**20); os.fork(); print('up', flush=True); time.sleep(60)"
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    child.stdout.readline(), child.stdout.readline()
    usage = usage_of(child.pid)
    subprocess.run(["pkill", "-P", str(child.pid)])
    child.kill()
    child.wait()
    assert usage.tasks == 2
    assert 128 <= usage.memory_mb < 180


def test_other_machines_have_their_own_filter_or_no_sandbox():
    with pytest.raises(MissingPartError, match="riscv64"):
        filter_program("riscv64")
    assert filter_program("x86_64") != filter_program("aarch64")
    assert len(filter_program("x86_64")) % 8 == 0


FILLED = """
import os, socket, sys
from pathlib import Path
held = []
for number, line in enumerate(sys.stdin):
    held += [socket.socketpair(), os.pipe()]
    Path(f"/dev/shm/{number}").write_bytes(bytes(2**20))
    print("up", flush=True)
"""


@sandboxed
def test_usage_counts_what_the_kernel_holds():
    size = ["--size", str(2**23), "--tmpfs"]
    folders = [*size, "/tmp", "--dev", "/dev", *size, "/dev/shm", "--ro-bind", sys.prefix, sys.prefix]
    command = ["bwrap", "--unshare-net", "--unshare-pid", "--ro-bind", "/", "/", *folders]
    pipe = subprocess.PIPE
    box = subprocess.Popen([*command, sys.executable, "-c", FILLED], stdin=pipe, stdout=pipe)
    found = []
    for _ in range(2):
        box.stdin.write(b"\n")
        box.stdin.flush()
        box.stdout.readline()
        found.append((usage_of(box.pid).memory_mb, held_for_sandbox(box.pid)))
    box.communicate()
    sockets = 2 * 2 * int(Path("/proc/sys/net/core/wmem_default").read_text()) / 2**20
    assert found[1][1] - found[0][1] == pytest.approx(sockets + 1, abs=0.1)
    assert found[1][0] - found[0][0] == pytest.approx(4 * 8 / 1024, abs=0.5)  # open files


def test_folders_of_the_machine_are_not_those_of_a_sandbox_that_starts(monkeypatch):
    monkeypatch.setattr("innerscore.scoring.sandbox.resources._of_sockets", lambda _: 0)
    starting = subprocess.Popen(["sh", "-c", "sleep 60 & echo up; wait"], stdout=subprocess.PIPE)
    starting.stdout.readline()
    held = held_for_sandbox(starting.pid)
    subprocess.run(["pkill", "-P", str(starting.pid)])
    starting.communicate()
    assert held == 0


def test_kinds_of_failure_are_candidates_failures():
    assert issubclass(LimitError, CandidateError)
    assert issubclass(ActivationError, CandidateError)


@sandboxed
def test_its_own_tmp_covers_no_interpreter_that_lives_below_tmp(tmp_path):
    command = bubblewrap_command(
        None, tmp_path, (), SandboxLimits(), threads=1, device="cpu", filter_descriptor=9
    )
    assert command.index("/tmp") < command.index(str(Path(sys.prefix)))
