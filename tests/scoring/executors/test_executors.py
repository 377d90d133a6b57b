"""One contract for both executors. Tasks are lines of shell: they leave traces, raise, and kill their process."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from innerscore.core.errors import InvalidArgumentError, MissingPartError
from innerscore.scoring.executors import LocalExecutor, SlurmExecutor, Task

pytestmark = pytest.mark.once

PACKAGES = str(Path(__file__).resolve().parents[3].parent)


def shell(name, line, memory_mb=0.0):
    return Task(name, "os:system", (line,), memory_mb)


@pytest.fixture(params=["local", "slurm"])
def executor(request, tmp_path):
    if request.param == "slurm":
        request.getfixturevalue("on_cluster")
        made = SlurmExecutor(tmp_path / "slurm", poll_s=0.3, patience_s=1.5)
    else:
        made = LocalExecutor(processes=2)
    yield made
    made.close()


def test_each_task_is_done_once_and_a_task_that_raises_or_dies_leaves_the_others_alone(executor, tmp_path):
    log = tmp_path / "log"
    well = [shell(f"well-{k}", f"echo {k} >> {log}") for k in range(3)]
    raising = Task("raising", "os:mkdir", (str(tmp_path),))
    unknown = Task("unknown", "os:no_such_function", ())
    dying = shell("dying", "kill -9 $PPID")
    ended = {one.name: one for one in executor.run([dying, raising, unknown, *well])}
    assert sorted(log.read_text().split()) == ["0", "1", "2"]
    assert len(ended) == 6
    assert all(ended[task.name].error is None for task in well)
    assert ended["raising"].error.startswith("FileExistsError")
    assert ended["unknown"].kind == "InvalidCardError"
    assert ended["dying"].kind == "ProcessLost"
    assert "killed" in ended["dying"].error


def test_closing_early_ends_what_runs_and_begins_nothing_more(executor, tmp_path):
    begun, late = tmp_path / "begun", tmp_path / "late"
    slow = f"touch {begun}{{0}} && sleep 3 && touch {late}{{0}}"
    running = executor.run([shell("first", "true"), *(shell(f"k{k}", slow.format(k)) for k in range(4))])
    assert next(running).name == "first"
    _wait_for(lambda: list(tmp_path.glob("begun*")))
    running.close()
    executor.close()
    time.sleep(3.5)
    assert list(tmp_path.glob("late*")) == []


def _head(executor_of, tasks, log):
    """A process of its own that runs tasks and writes how each ended."""
    code = f"""
from pathlib import Path
from innerscore.scoring.executors import LocalExecutor, SlurmExecutor, Task
for ended in {executor_of}.run({tasks!r}):
    with open({str(log)!r}, "a") as file: file.write(ended.name + chr(10))
"""
    return subprocess.Popen([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": PACKAGES})


def _wait_for(condition):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_jobs_of_a_head_that_was_killed_are_waited_for_and_not_begun_again(on_cluster, tmp_path):
    folder, begun, go = tmp_path / "slurm", tmp_path / "begun", tmp_path / "go"
    line = f"echo x >> {begun}; while [ ! -e {go} ]; do sleep 0.1; done"
    tasks = [shell("long", line), shell("short", "true")]
    head = _head(f"SlurmExecutor(Path({str(folder)!r}), poll_s=0.3)", tasks, tmp_path / "log")
    _wait_for(begun.exists)
    head.send_signal(signal.SIGKILL)
    assert head.wait() == -signal.SIGKILL
    running = SlurmExecutor(folder, poll_s=0.3, patience_s=1.5).run([tasks[0]])
    go.touch()
    assert [(one.name, one.error) for one in running] == [("long", None)]
    assert begun.read_text() == "x\n"


def test_workers_end_with_the_head_that_was_killed(tmp_path):
    begun, late = tmp_path / "begun", tmp_path / "late"
    task = shell("long", f"echo $PPID $$ > {begun}; sleep 120; true")
    head = _head("LocalExecutor(processes=1)", [task], late)
    _wait_for(lambda: begun.exists() and begun.read_text().strip())
    of_the_head = begun.read_text().split()
    head.send_signal(signal.SIGKILL)
    head.wait()
    _wait_for(lambda: all("zombie" in _state(process) for process in of_the_head))
    assert not late.exists()


def _state(process):
    try:
        return Path(f"/proc/{process}/status").read_text()
    except OSError:
        return "zombie"


def test_as_many_run_at_once_as_fit_into_memory(tmp_path):
    """Two tasks of 600 MB do not fit into 1000 MB together, one of 600 and one of 300 do: they meet."""
    log = tmp_path / "log"
    meet = (
        f"touch {tmp_path}/{{0}}; for k in $(seq 600); do [ -e {tmp_path}/{{1}} ] && break; sleep 0.1; done"
    )
    inside = {"a": meet.format("a", "c"), "b": "sleep 0.4", "c": meet.format("c", "a"), "huge": "sleep 0.4"}
    needs = {"a": 600, "b": 600, "c": 300, "huge": 5000}
    executor = LocalExecutor(processes=3, memory_mb=1000)
    tasks = [
        shell(name, f"echo {name}+ >> {log}; {inside[name]}; echo {name}- >> {log}", mb)
        for name, mb in needs.items()
    ]
    ended = list(executor.run(tasks))
    executor.close()
    assert len(ended) == 4
    running, most = set(), []
    for event in log.read_text().split():
        running = running | {event[:-1]} if event[-1] == "+" else running - {event[:-1]}
        most.append(running)
    assert {"a", "c"} in most
    assert all(sum(needs[name] for name in names) <= 1000 or names == {"huge"} for names in most)


def test_an_unknown_option_of_slurm_is_refused_by_name(on_cluster, tmp_path):
    with pytest.raises(InvalidArgumentError, match="partitoin"):
        SlurmExecutor(tmp_path, {"partitoin": "gpu"})


def test_without_submitit_or_slurm_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingPartError, match="--executor local"):
        SlurmExecutor(tmp_path)
    monkeypatch.setitem(sys.modules, "submitit", None)
    with pytest.raises(MissingPartError, match=r"innerscore\[slurm\]"):
        SlurmExecutor(tmp_path)
