"""The command line as a user runs it, in a process of its own that need not import science anew.

Python's fork server imports the heavy packages once; every call is a child of it with its own environment, folder
and output. That the installed command starts by itself is tested where commands of the README are run.
"""

import functools
import multiprocessing
import os
import subprocess
import sys
import tempfile
from pathlib import Path

SCIENCE = ["innerscore.api", "innerscore.cli.app", "scipy.stats", "sklearn.linear_model", "torch", "xarray"]


def call(*arguments, cwd=None, **variables):
    """What ``innerscore`` with these arguments said, and its exit code, as of `subprocess.run`."""
    environment = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    environment |= {name: str(value) for name, value in variables.items()}
    command = ["innerscore", *map(str, arguments)]
    with tempfile.TemporaryDirectory() as folder:
        said = [Path(folder) / name for name in ("stdout", "stderr")]
        child = _server().Process(target=_main, args=(command, environment, str(cwd or Path.cwd()), *said))
        child.start()
        child.join()
        return subprocess.CompletedProcess(command, child.exitcode, *(path.read_text() for path in said))


@functools.cache
def _server():
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(SCIENCE)
    return context


def _main(command, environment, folder, stdout, stderr):
    for descriptor, path in ((0, Path(os.devnull)), (1, stdout), (2, stderr)):
        file = os.open(path, os.O_RDWR | os.O_CREAT)
        os.dup2(file, descriptor)
        os.close(file)
    sys.stdin, sys.stdout, sys.stderr = (os.fdopen(k, mode) for k, mode in enumerate("rww"))
    sys.argv = command
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    from innerscore.cli import main

    main()
