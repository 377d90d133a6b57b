"""The command line of bubblewrap: what a candidate's process can see of this machine.

It sees the interpreter and its packages, the folders of innerscore that a candidate may import, its own files and
the stimuli, all read-only, and three folders in memory. Recordings, the store, the cache, home folders, the
environment and the network are not there.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from ...core.identity import PACKAGE_ROOT
from .limits import NoSandboxError, SandboxLimits

__all__ = ["CANDIDATE", "SCRATCH", "STIMULI", "bubblewrap_command", "inside"]

CANDIDATE = "/candidate"
STIMULI = "/stimuli"

_LIBRARY = "/innerscore"
_RUNNER = "/innerscore/runner.py"
_HOME = "/home/candidate"
SCRATCH = ("/tmp", _HOME, "/dev/shm")  # noqa: S108  (its own)
_DEVICES = ("null", "zero", "full", "random", "urandom")
_ROOMS = ("__init__.py", "py.typed", "core", "tasks")
_OF_CANDIDATES = (
    "__init__.py",
    "checkpoints.py",
    "frame_preparation.py",
    "hub",
    "interface.py",
    "loaded.py",
    "streams.py",
    "torch_adapter.py",
    "weights.py",
    "zoo",
)
_OF_BRAINSCORE = ("__init__.py", "installed.py", "models.py", "stimuli.py")
_IMPORTABLE = (
    *_ROOMS,
    *(f"candidates/{name}" for name in _OF_CANDIDATES),
    "integrations/__init__.py",
    *(f"integrations/brainscore/{name}" for name in _OF_BRAINSCORE),
)
_SYSTEM = ("/lib", "/lib32", "/lib64", "/bin", "/sbin")
_NOBODY = "65534"


def bubblewrap_command(
    candidate: Path | None,
    stimuli: Path,
    hidden: Iterable[Path],
    limits: SandboxLimits,
    *,
    threads: int,
    device: str,
    filter_descriptor: int,
) -> list[str]:
    """The command that runs the process.

    Parameters
    ----------
    candidate : pathlib.Path or None
        Folder with the candidate's files; None for a built-in one.
    stimuli : pathlib.Path
        Folder with the stimuli.
    hidden : iterable of pathlib.Path
        Paths that must not be seen even where a folder that is shown holds them.
    limits : SandboxLimits
    threads : int
        Threads of numerical libraries; the same as outside, or sums come in another order.
    device : str
        As in the settings.
    filter_descriptor : int
        Open file with the filter of system calls.

    Raises
    ------
    NoSandboxError
        If bubblewrap, or a program of util-linux that is needed, is not installed.
    """
    shown = _interpreter_folders()
    # Its own /tmp first: the interpreter may live below that of this machine.
    command = [*_program(), *_alone(), *_own_folders(limits.scratch_mb), *_root_folders(shown)]
    command += _cover([PACKAGE_ROOT, *hidden], shown)
    command += _innerscore()
    if candidate is not None:
        command += ["--ro-bind", str(candidate), CANDIDATE]
    command += ["--ro-bind", str(stimuli), STIMULI]
    # In a namespace of its own a user may change some of the kernel's settings; no model needs any, nor may it
    # say that another process is to go first when memory runs out.
    command += [
        "--proc",
        "/proc",
        "--tmpfs",
        "/proc/sys",
        "--remount-ro",
        "/proc/sys",
        "--remount-ro",
        "/proc",
    ]
    command += [*_devices(), *(_gpu() if device != "cpu" else [])]
    command += _scratch(SCRATCH[-1], limits.scratch_mb)
    command += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", SCRATCH[0]]
    command += [text for item in _environment(threads).items() for text in ("--setenv", *item)]
    command += ["--seccomp", str(filter_descriptor)]
    return [*command, "--", *_unprivileged(), _plain(sys.executable), "-s", "-B", "-P", _RUNNER]


def inside(path: Path) -> str:
    """Path of a file of this package in the sandbox."""
    return f"{_LIBRARY}/innerscore/{path.relative_to(PACKAGE_ROOT).as_posix()}"


def _program() -> list[str]:
    found = shutil.which("bwrap")
    if found is None:
        raise NoSandboxError(
            "bubblewrap (the program bwrap)",
            got="nothing on the path",
            needed="installed to run a candidate in a sandbox",
            hint="On Debian and Ubuntu: apt-get install bubblewrap.",
        )
    # Whoever runs out of memory, the candidate goes first; the rank is inherited.
    first = [_of_util_linux("choom"), "-n", "1000", "--"]
    return [*first, found, "--clearenv", "--die-with-parent", "--cap-drop", "ALL"]


def _is_root() -> bool:
    return os.geteuid() == 0


def _alone() -> list[str]:
    """Namespaces of its own.

    A user gets one of user identities, too. Root does not: in it the candidate would still be the machine's root
    to the kernel, who may write to files below /proc and has no limit of processes. It becomes nobody instead,
    by :func:`_unprivileged`, before any code of the candidate runs.
    """
    if not _is_root():
        return ["--unshare-all", "--unshare-user", "--uid", _NOBODY, "--gid", _NOBODY]
    names = ("ipc", "pid", "net", "uts", "cgroup-try")
    needed = ("CAP_SETUID", "CAP_SETGID")
    return [f"--unshare-{name}" for name in names] + [text for name in needed for text in ("--cap-add", name)]


def _unprivileged() -> list[str]:
    if not _is_root():
        return []
    user = (f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups", "--inh-caps=-all")
    return [_of_util_linux("setpriv"), *user]


def _of_util_linux(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise NoSandboxError(
            f"{name} (of util-linux)",
            got="nothing on the path",
            needed="installed to run a candidate in a sandbox",
            hint="Install util-linux.",
        )
    return found


def _interpreter_folders() -> list[Path]:
    """Folders of the interpreter, its packages and the system's libraries; none of them inside another."""
    real = Path(os.path.realpath(sys.executable)).parent
    wanted = {Path("/usr"), Path(_plain(sys.prefix)), Path(_plain(sys.base_prefix)), real}
    return sorted(one for one in wanted if not any(one.is_relative_to(other) for other in wanted - {one}))


def _plain(path: str) -> str:
    """A path without '..', which may lead through folders that the sandbox does not have; links stay."""
    return os.path.abspath(path)  # noqa: PTH100  (resolving would follow links)


def _own_folders(scratch_mb: int) -> Iterator[str]:
    own = {str(Path(f"{_LIBRARY}/innerscore/{name}").parent) for name in _IMPORTABLE}
    for name in (_LIBRARY, *sorted(own, key=len), str(Path(_HOME).parent)):
        yield from _folder(name)
    for name in SCRATCH[:2]:
        yield from _scratch(name, scratch_mb)


def _folder(name: str) -> Sequence[str]:
    return ("--perms", "0755", "--dir", name)  # else readable by its owner only


def _root_folders(shown: Sequence[Path]) -> Iterator[str]:
    parents = {parent for folder in shown for parent in folder.parents if parent != parent.parent}
    for parent in sorted(parents):  # a parent sorts before what is in it
        yield from _folder(str(parent))
    for folder in shown:
        yield from ("--ro-bind", str(folder), str(folder))
    for name in _SYSTEM:
        path = Path(name)
        if path.is_symlink():
            yield from ("--symlink", str(path.readlink()), name)
        elif path.is_dir():
            yield from ("--ro-bind", name, name)
    for name in ("/etc/ld.so.cache", "/etc/alternatives"):
        yield from ("--ro-bind-try", name, name)


def _cover(hidden: Iterable[Path], shown: Sequence[Path]) -> Iterator[str]:
    """An empty folder, or an empty file, over what lies in a folder that is shown."""
    for path in {one.resolve() for one in hidden}:
        for folder in shown:
            if not path.exists() or not path.is_relative_to(folder.resolve()):
                continue
            place = str(folder / path.relative_to(folder.resolve()))
            if path.is_dir():
                yield from ("--tmpfs", place, "--remount-ro", place)
            else:
                yield from ("--ro-bind", "/dev/null", place)


def _innerscore() -> Iterator[str]:
    """Mounts of all that a candidate may import: no data, simulated recordings, metric, training or store."""
    for name in _IMPORTABLE:
        yield from ("--ro-bind", str(PACKAGE_ROOT / name), f"{_LIBRARY}/innerscore/{name}")
    yield from ("--ro-bind", str(Path(__file__).with_name("runner.py")), _RUNNER)


def _devices() -> Iterator[str]:
    """The devices that a program needs; no terminals, whose buffers would be nobody's memory."""
    yield from ("--perms", "0755", "--tmpfs", "/dev")
    for name in _DEVICES:
        yield from ("--dev-bind", f"/dev/{name}", f"/dev/{name}")
    for name, target in (("fd", "fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2")):
        yield from ("--symlink", f"/proc/self/{target}", f"/dev/{name}")


def _gpu() -> Iterator[str]:
    for device in sorted(Path("/dev").glob("nvidia*")):
        yield from ("--dev-bind", str(device), str(device))
    yield from ("--ro-bind", "/sys", "/sys")


def _scratch(name: str, megabytes: int) -> Sequence[str]:
    return ("--perms", "0777", "--size", str(megabytes * 2**20), "--tmpfs", name)


def _environment(threads: int) -> dict[str, str]:
    counted = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": _HOME,
        "USER": "candidate",
        "LANG": "C.UTF-8",
        "PYTHONPATH": _LIBRARY,
        "PYTHONHASHSEED": "0",
        "PYTHONUNBUFFERED": "1",  # what it printed before it was killed is wanted most
        **dict.fromkeys(counted, str(threads)),
    }
