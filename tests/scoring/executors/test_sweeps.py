"""Arrays of pairs, run by both executors: the records are those of pairs run one by one."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from candidate_folder import write_candidate
from typer.testing import CliRunner

from innerscore.cli.app import app
from innerscore.core.errors import MissingPartError
from innerscore.leaderboard.store import Store
from innerscore.scoring.executors.interface import perform
from innerscore.workflows.sweeping import sweep_pairs

pytestmark = pytest.mark.once

PACKAGES = str(Path(__file__).resolve().parents[3].parent)
BENCHMARK = "SimulatedPaths.position-error"
CODE = """
import os
from pathlib import Path
class Model:
    def activations(self, stimulus):
        here = Path(__file__).parent
        with open(here.parent / f"{here.name}.log", "a") as log: log.write(stimulus.identifier + chr(10))
        BODY
        return {"a": stimulus.positions}
"""
BODIES = {
    "well": "pass",
    "other": "import time; time.sleep(0 if (here.parent / 'go').exists() else 0.5)",
    "raising": "raise ValueError('broken')",
    "dying": "os.kill(os.getpid(), 9)",
}


@pytest.fixture
def models(tmp_path):
    """Folders of candidates that write down what they are shown."""
    for name, body in BODIES.items():
        write_candidate(tmp_path / name, CODE.replace("BODY", body), identifier=name)
    return tmp_path


def command(models, *arguments, store="board"):
    environment = os.environ | {
        "PYTHONPATH": PACKAGES,
        "OMP_NUM_THREADS": "1",
        "INNERSCORE_THREADS": "1",
        "INNERSCORE_STORE_URL": f"sqlite:///{models / store}.sqlite",
    }
    line = [sys.executable, "-m", "innerscore", "score", *arguments, "--json"]
    return subprocess.Popen(line, cwd=models, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def finished(process):
    out, err = process.communicate(timeout=400)
    assert out, err.decode()
    results = json.loads(out)["results"]
    return process.returncode, {(one["candidate"], one["benchmark"]): one for one in results}


def benchmarks(*names):
    return [part for name in names for part in ("--benchmark", name)]


def shown(models, name):
    path = models / f"{name}.log"
    return path.read_text().split() if path.exists() else []


@pytest.mark.parametrize("executor", ["local", "slurm"])
def test_an_array_gives_the_records_of_pairs_run_one_by_one(models, request, executor):
    if executor == "slurm":
        request.getfixturevalue("on_cluster")
    chosen = ["well", "raising", "dying"]
    names, asked = [f"./{name}" for name in chosen] + ["pixels"], [BENCHMARK]
    array = ["--array", "--executor", executor, "--jobs", "2"]
    status, found = finished(command(models, *names, *benchmarks(*asked), *array))
    assert status == 4
    assert {key: one["state"] for key, one in found.items()} == {
        (name, benchmark): {"pixels": "not applicable", "raising": "failed", "dying": "failed"}.get(
            name, "value"
        )
        for name in [*chosen, "pixels"]
        for benchmark in asked
    }
    assert all(found["raising", name]["failure"]["stage"] == "activations" for name in asked)
    assert "broken" in found["raising", BENCHMARK]["failure"]["reason"]
    assert "killed" in found["dying", BENCHMARK]["failure"]["reason"]
    written = [path.read_text() for path in (models / "cache" / "sweep" / "tasks").iterdir()]
    assert written
    assert not any("sqlite" in text for text in written), "tasks are not told where the store is"
    assert len(shown(models, "dying")) == 1, "what killed its process once is not run again"
    assert len(shown(models, "well")) == len(set(shown(models, "well")))
    if executor == "local":
        _, alone = finished(command(models, "./well", "./raising", *benchmarks(BENCHMARK), store="alone"))
        assert {key: one["values_sha256"] for key, one in alone.items()} == {
            key: found[key]["values_sha256"] for key in alone
        }


@pytest.mark.parametrize("executor", ["local", "slurm"])
def test_a_head_that_was_killed_is_taken_over_without_running_anything_twice(models, request, executor):
    if executor == "slurm":
        request.getfixturevalue("on_cluster")
    line = ["./other", *benchmarks(BENCHMARK), "--array", "--executor", executor, "--jobs", "2"]
    head = command(models, *line)
    end = time.monotonic() + 300
    while len(shown(models, "other")) < 2 and time.monotonic() < end:
        time.sleep(0.05)
    head.send_signal(signal.SIGKILL)
    head.wait()
    (models / "go").touch()
    status, found = finished(command(models, *line))
    assert status == 0
    assert {one["state"] for one in found.values()} == {"value"}
    assert len(found) == 1
    assert len(shown(models, "well")) == len(set(shown(models, "well")))
    if (
        executor == "slurm"
    ):  # its jobs outlive it; a local head's workers die with it, in the middle of a batch
        assert len(shown(models, "other")) == len(set(shown(models, "other")))


class Here:
    """An executor of this process, whose head dies after so many tasks, whose results nobody merged."""

    def __init__(self, dies_after=None):
        self.done, self.dies_after = [], dies_after

    def start(self, n_tasks):
        """Ready."""

    def close(self):
        """Nothing to end."""

    def run(self, tasks):
        """One after the other."""
        for task in tasks:
            ended = perform(task)
            self.done.append(task.name)
            if len(self.done) == self.dies_after:
                raise KeyboardInterrupt
            yield ended


def test_whatever_a_dead_head_left_is_merged_and_done_once(models, settings):
    """Two candidates, one of which raises: the first two tasks show, the third scores."""
    (models / "go").touch()
    for dies_after in (1, 2, 3):
        for folder in ("sweep", "activations"):  # what is simulated stays
            shutil.rmtree(settings.cache_dir / folder, ignore_errors=True)
        (models / "well.log").unlink(missing_ok=True)
        url = f"sqlite:///{models / f'{dies_after}.sqlite'}"
        _die_and_go_on(models, settings.model_copy(update={"store_url": url}), dies_after)


def _die_and_go_on(models, settings, dies_after):
    names = [str(models / name) for name in ("well", "raising")]
    first, second = Here(dies_after), Here()
    with contextlib.suppress(KeyboardInterrupt):
        list(sweep_pairs(names, [BENCHMARK], settings, first, seed=0))
    assert len(first.done) == dies_after
    after = list(sweep_pairs(names, [BENCHMARK], settings, second, seed=0))
    states = {(one.candidate, one.benchmark): one.record.status for one in after}
    assert states == {("raising", BENCHMARK): "failed", ("well", BENCHMARK): "value"}
    assert len(shown(models, "well")) == len(set(shown(models, "well")))
    scored = [name for name in first.done + second.done if name.startswith("score")]
    assert len(scored) == 1
    assert sum(record.status == "value" for record in Store(settings.store).records()) == 1
    assert list((settings.cache_dir / "sweep" / "results").iterdir()) == []


def test_options_of_arrays_are_refused_without_one():
    result = CliRunner().invoke(app, ["score", "position", "--executor", "slurm"])
    assert result.exit_code == 2
    assert "is for --array" in result.output


def test_without_slurm_the_error_says_what_is_missing(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    arguments = ["score", "position", "--benchmark", BENCHMARK, "--array", "--executor", "slurm"]
    error = CliRunner().invoke(app, arguments).exception
    assert isinstance(error, MissingPartError)
    assert error.exit_code == 7
