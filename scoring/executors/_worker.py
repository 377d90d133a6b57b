"""The program of a worker on this machine: a task in on a line, a line out when it has ended.

Whatever a task prints goes to standard error, where it cannot be taken for an answer.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import sys
import threading
from typing import IO

from .interface import Task, perform


def main() -> None:
    """Serve tasks until the input ends; then end at once, in the middle of a task, too."""
    told = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    _limit_threads(int(sys.argv[1]))
    tasks: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(sys.stdin.buffer, tasks), daemon=True).start()
    while True:
        content = json.loads(tasks.get())
        task = Task(**{**content, "arguments": tuple(content["arguments"])})
        told.write(perform(task).to_json() + b"\n")


def _read(given: IO[bytes], tasks: queue.SimpleQueue[bytes]) -> None:
    for line in given:
        tasks.put(line)
    os.killpg(0, signal.SIGKILL)  # with what the task has started


def _limit_threads(threads: int) -> None:
    import torch

    torch.set_num_threads(threads)


if __name__ == "__main__":
    main()
