"""Running something in a child process that is killed, limited or stripped of rights on its way."""

import os
import signal
import sys
import traceback

from sqlalchemy import event
from sqlalchemy.engine import Engine

KILLED = -signal.SIGKILL
FILE_EVENTS = ("open", "os.mkdir", "os.rename", "os.rmdir", "os.remove", "os.link")


def in_child(run, *preparations):
    """Do something in a child process; its exit status."""
    return finish(start(run, *preparations))


def start(run, *preparations):
    """Fork, prepare, run; the child's number. What it raises is printed and gives the status 1."""
    process = os.fork()
    if process:
        return process
    status = 1
    try:
        for prepare in preparations:
            prepare()
        run()
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def finish(process):
    """Wait for a child; its exit status, negative for a signal."""
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def die_before_statement(number):
    """Kill this process before its `number`-th statement to a database, from 0."""
    left = [number]

    def count(*_):
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left[0] -= 1

    def prepare():
        event.listen(Engine, "before_cursor_execute", count)
        event.listen(Engine, "commit", count)

    return prepare


def die_before_file_event(number, folder):
    """Kill this process before it opens, makes, moves or removes its `number`-th path below a folder."""
    left = [number]

    def count(name, arguments):
        if name in FILE_EVENTS and str(folder) in str(arguments[0]):
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            left[0] -= 1

    return lambda: sys.addaudithook(count)


def become_nobody():
    """Root may write everywhere; nobody may not. Modules that are imported already need not be read again."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
