"""Doors of the kernel that a model never needs, closed by a filter of system calls.

They are those by which memory could be held that belongs to no process and that nothing counts, and those by which
others broke out of such boxes before. Of sockets there are those between processes of one machine, which libraries
make for themselves; :mod:`.resources` counts these. The filter is a program for the kernel's classic BPF machine
(``linux/filter.h``, ``linux/seccomp.h``); bubblewrap loads it.
"""

from __future__ import annotations

import errno
import platform
import socket
import struct
from collections.abc import Iterator

from .limits import NoSandboxError

__all__ = ["filter_program"]

_ALLOW = 0x7FFF0000
_REFUSE = 0x00050000 | errno.EPERM
_UNKNOWN = 0x00050000 | errno.ENOSYS
_NO_FAMILY = 0x00050000 | errno.EAFNOSUPPORT
_KILL = 0x80000000
_LOAD, _EQUAL, _ANY_BIT, _AT_LEAST, _RETURN = 0x20, 0x15, 0x45, 0x35, 0x06
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT, _SECOND, _THIRD = 0, 4, 16, 24, 32  # offsets in struct seccomp_data
_NEW_USER_NAMESPACE = 0x10000000
_X32 = 0x40000000  # another numbering of the same calls on x86-64

# name: number on x86-64, number on arm64
_REFUSED = {
    "shmget": (29, 194),
    "semget": (64, 190),
    "msgget": (68, 186),
    "ptrace": (101, 117),
    "pivot_root": (155, 41),
    "mount": (165, 40),
    "umount2": (166, 39),
    "mq_open": (240, 180),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "unshare": (272, 97),
    "perf_event_open": (298, 241),
    "fanotify_init": (300, 262),
    "open_by_handle_at": (304, 265),
    "setns": (308, 268),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "memfd_create": (319, 279),
    "bpf": (321, 280),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsmount": (432, 432),
    "pidfd_getfd": (438, 438),
    "memfd_secret": (447, 447),
}
_SOCKET, _SOCKETPAIR, _SETSOCKOPT = (41, 198), (53, 199), (54, 208)
_SIZES_OF_BUFFERS = (7, 32)  # SO_SNDBUF, SO_SNDBUFFORCE
_CLONE, _CLONE3 = (56, 220), 435
_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}


def filter_program(machine: str | None = None) -> bytes:
    """The filter for this machine.

    Parameters
    ----------
    machine : str, optional
        As ``platform.machine()`` names it.

    Raises
    ------
    NoSandboxError
        If the numbers of its system calls are not known here: without a filter no candidate runs.
    """
    name = machine or platform.machine()
    if name not in _MACHINES:
        raise NoSandboxError(
            "The machine of a sandbox",
            got=name,
            needed=f"of a kind whose system calls can be filtered: {' or '.join(_MACHINES)}",
            hint="Run the worker on such a machine.",
        )
    column, architecture = _MACHINES[name]
    numbers = [pair[column] for pair in _REFUSED.values()]
    return b"".join(
        [
            *_of_machine(architecture),
            *_refused(numbers),
            *_own_sockets((_SOCKET[column], _SOCKETPAIR[column])),
            *_buffers_as_they_are(_SETSOCKOPT[column]),
            *_no_user_namespace(_CLONE[column]),
            _step(_RETURN, _ALLOW),
        ]
    )


def _of_machine(architecture: int) -> Iterator[bytes]:
    yield _step(_LOAD, _ARCHITECTURE)
    yield _step(_EQUAL, architecture, skip_if=1)
    yield _step(_RETURN, _KILL)
    yield _step(_LOAD, _NUMBER)
    yield _step(_AT_LEAST, _X32, skip_else=1)
    yield _step(_RETURN, _REFUSE)


def _refused(numbers: list[int]) -> Iterator[bytes]:
    for number in numbers:
        yield _step(_EQUAL, number, skip_else=1)
        yield _step(_RETURN, _REFUSE)
    # Its flags lie in memory, where no filter sees them; who is told that there is no clone3 takes clone.
    yield _step(_EQUAL, _CLONE3, skip_else=1)
    yield _step(_RETURN, _UNKNOWN)


def _own_sockets(numbers: tuple[int, int]) -> Iterator[bytes]:
    """Sockets between processes of one machine, and no other kind."""
    for number in numbers:
        yield _step(_EQUAL, number, skip_else=4)
        yield _step(_LOAD, _FIRST_ARGUMENT)
        yield _step(_EQUAL, socket.AF_UNIX, skip_else=1)
        yield _step(_RETURN, _ALLOW)
        yield _step(_RETURN, _NO_FAMILY)


def _buffers_as_they_are(number: int) -> Iterator[bytes]:
    """Buffers of sockets keep the size that they have by default."""
    size, forced = _SIZES_OF_BUFFERS
    yield _step(_EQUAL, number, skip_else=7)
    yield _step(_LOAD, _SECOND)
    yield _step(_EQUAL, socket.SOL_SOCKET, skip_else=4)
    yield _step(_LOAD, _THIRD)
    yield _step(_EQUAL, size, skip_if=1)
    yield _step(_EQUAL, forced, skip_else=1)
    yield _step(_RETURN, _REFUSE)
    yield _step(_RETURN, _ALLOW)


def _no_user_namespace(clone: int) -> Iterator[bytes]:
    yield _step(_EQUAL, clone, skip_else=3)
    yield _step(_LOAD, _FIRST_ARGUMENT)
    yield _step(_ANY_BIT, _NEW_USER_NAMESPACE, skip_else=1)
    yield _step(_RETURN, _REFUSE)


def _step(code: int, value: int, *, skip_if: int = 0, skip_else: int = 0) -> bytes:
    """One instruction: the two numbers say how many to skip if the comparison holds, and if not."""
    return struct.pack("=HBBI", code, skip_if, skip_else, value)
