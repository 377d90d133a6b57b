"""Tasks on a Slurm cluster, as job arrays by submitit.

All that head and jobs share is a folder, on a file system that the cluster's machines have in common::

    submissions/<id>.json  the names of an array's tasks, in order, written before it is submitted
    ended/<name>.json      how a task ended, written by its job
    logs/                  submitit's: scripts, logs, and the pickled calls

submitit pickles the call (a function of ours with strings) from our head to our own job. Nothing that a job
wrote is unpickled: what it has to say is in the JSON file, so code of a candidate that ran in the job cannot
hand the head a pickle. The id of an array is in its jobs' name, so that a head that was started anew finds
those which the head before it left running, and waits for them.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import time
import uuid
from collections.abc import Generator, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from ...core.errors import InvalidArgumentError, MissingPartError, foreign_errors
from ...core.files import write_bytes
from .interface import Ended, Task, perform

__all__ = ["SlurmExecutor"]

_PREFIX = "innerscore-"
_LARGEST_ARRAY = 1000  # Slurm's MaxArraySize is 1001 unless it is set


class SlurmExecutor:
    """Job arrays.

    Parameters
    ----------
    folder : pathlib.Path
        A folder on a file system that the cluster's machines share.
    options : mapping of str to str
        Options of sbatch, by submitit's names: ``partition``, ``account``, ``time`` (minutes), ``mem``,
        ``cpus_per_task``, ``array_parallelism`` and so on.
    poll_s : float
        Time between two looks at the jobs, in s.
    patience_s : float
        Longest delay, in s, from a job's end until its file is seen here; network file systems need seconds.

    Raises
    ------
    MissingPartError
        If submitit or Slurm's commands are not here.
    InvalidArgumentError
        If an option is none of submitit's.
    """

    def __init__(
        self,
        folder: Path,
        options: Mapping[str, str] | None = None,
        *,
        poll_s: float = 2.0,
        patience_s: float = 10.0,
    ) -> None:
        self._folder = folder.resolve()
        self._options = {
            name: int(text) if text.isdigit() else text for name, text in (options or {}).items()
        }
        self._poll_s, self._patience_s = poll_s, patience_s
        _check_options(_submitit(), self._options)

    def start(self, n_tasks: int) -> None:
        """The cluster is ready."""

    def run(self, tasks: Sequence[Task]) -> Generator[Ended, None, None]:
        """Run tasks; see :class:`.interface.Executor`."""
        places = self._under_way(tasks)
        try:
            rest = iter([task for task in tasks if task.name not in places])
            while some := list(islice(rest, _LARGEST_ARRAY)):
                places |= self._submit(some)
            yield from self._wait(places)
        except (KeyboardInterrupt, GeneratorExit):
            self._cancel(places)
            raise

    def close(self) -> None:
        """Do nothing: no process waits for tasks here."""

    def _under_way(self, tasks: Sequence[Task]) -> dict[str, str]:
        """Places, by name, of the tasks that jobs of an earlier head are working on."""
        names, queued = {task.name for task in tasks}, _queued()
        places: dict[str, str] = {}
        for path in (self._folder / "submissions").glob("*.json"):
            ours = {
                f"{path.stem}_{number}": name for number, name in enumerate(json.loads(path.read_bytes()))
            }
            places |= {name: place for place, name in ours.items() if place in queued and name in names}
            if not queued & ours.keys():
                path.unlink(missing_ok=True)
        return places

    def _submit(self, tasks: Sequence[Task]) -> dict[str, str]:
        """Submit one array and return the places of its tasks."""
        array = uuid.uuid4().hex[:12]
        for task in tasks:
            self._end_file(task.name).unlink(missing_ok=True)
        names = [task.name for task in tasks]
        write_bytes(self._folder / "submissions" / f"{array}.json", json.dumps(names).encode())
        executor = _submitit().SlurmExecutor(folder=self._folder / "logs")
        executor.update_parameters(**{**_needs(tasks), **self._options, "job_name": f"{_PREFIX}{array}"})
        needed = "willing to take the job array"
        with foreign_errors(MissingPartError, "Slurm", needed=needed, hint="See --slurm for its options."):
            executor.map_array(_perform_and_tell, tasks, [str(self._end_file(name)) for name in names])
        return {name: f"{array}_{number}" for number, name in enumerate(names)}

    def _wait(self, places: dict[str, str]) -> Iterator[Ended]:
        """Tell of tasks as they end, and take them out of `places`."""
        missed: dict[str, float] = {}
        while places:
            queued = _queued()
            for name in [name for name in places if self._end_file(name).is_file()]:
                yield self._told(name)
                places.pop(name)
            now = time.monotonic()
            gone = [name for name, place in places.items() if place not in queued]
            missed = {name: missed.get(name, now) for name in gone}
            for name in [name for name, since in missed.items() if now - since > self._patience_s]:
                yield Ended.lost(name, _LOST)
                places.pop(name)
            if places:
                time.sleep(self._poll_s)

    def _told(self, name: str) -> Ended:
        ended = Ended.from_json(self._end_file(name).read_bytes())
        self._end_file(name).unlink()
        return ended

    def _end_file(self, name: str) -> Path:
        return self._folder / "ended" / f"{name}.json"

    def _cancel(self, places: Mapping[str, str]) -> None:
        for array in {place.rpartition("_")[0] for place in places.values()}:
            _slurm("scancel", f"--name={_PREFIX}{array}")


_LOST = "Slurm ended the job without a result: killed, out of memory, out of time, or cancelled"


def _perform_and_tell(task: Task, path: str) -> None:
    """Do a task, in the job, and write its end to a file."""
    write_bytes(Path(path), perform(task).to_json())


def _needs(tasks: Sequence[Task]) -> dict[str, Any]:
    """Resources to ask of Slurm: the memory of the largest task, an hour, and all jobs at once."""
    memory_mb = max(task.memory_mb for task in tasks)
    return {"time": 60, "array_parallelism": len(tasks)} | ({"mem": f"{memory_mb:.0f}M"} if memory_mb else {})


def _queued() -> set[str]:
    """Places (array and index) of our jobs that wait, run or are just ending."""
    listed = _slurm("squeue", "--me", "--noheader", "--array", "--format=%j %K")
    pairs = [line.split() for line in listed.splitlines() if line.startswith(_PREFIX)]
    return {f"{name.removeprefix(_PREFIX)}_{index if index.isdigit() else 0}" for name, index in pairs}


def _slurm(command: str, *arguments: str) -> str:
    """Output of a command of Slurm; while its controller does not answer, it is asked again for some minutes."""
    for wait_s in (1, 5, 30, 60, 120, 0):
        done = subprocess.run(  # noqa: S603  (a fixed command)
            [_found(command), *arguments], capture_output=True, text=True, check=False
        )
        if done.returncode == 0:
            return done.stdout
        time.sleep(wait_s)
    raise MissingPartError(
        f"Slurm's command {command}",
        got=done.stderr.strip(),
        needed="able to reach the controller",
        hint="Jobs go on meanwhile; run the same command again.",
    )


def _found(command: str) -> str:
    path = shutil.which(command)
    if path is None:
        raise MissingPartError(
            f"Slurm's command {command}",
            got="not on the path",
            needed="installed",
            hint="Run this on a machine that submits to a Slurm cluster, or use --executor local.",
        )
    return path


def _submitit() -> Any:
    try:
        import submitit
    except ImportError as error:
        raise MissingPartError(
            "The package submitit, for --executor slurm",
            got="not installed",
            needed="installed",
            hint="Run pip install 'innerscore[slurm]'.",
        ) from error
    for command in ("sbatch", "squeue", "scancel", "srun"):
        _found(command)
    return submitit


def _check_options(submitit: Any, options: Mapping[str, Any]) -> None:
    known = submitit.SlurmExecutor._valid_parameters() - {"job_name"}
    if unknown := sorted(options.keys() - known):
        raise InvalidArgumentError(
            "The options of Slurm", got=f"{unknown}", needed=f"among {', '.join(sorted(known))}"
        )
