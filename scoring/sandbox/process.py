"""A candidate in a process of its own, which is asked for activations and believed nothing."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...core.activations import Activations
from ...core.cards import CandidateCard
from ...core.errors import CandidateError, LimitError
from ...core.stimuli import Stimulus
from .confinement import STIMULI
from .limits import NoSandboxError, SandboxLimits
from .protocol import read_activation_reply, read_frame
from .resources import ResourceMonitor
from .seccomp import filter_program

__all__ = ["SandboxProcess", "SandboxedCandidate"]

_PIECE = 2**16
_MIB = 2**20
_SIGNALLED = 128
_OUT_OF_CPU = _SIGNALLED + 24
_TAIL = 400


class SandboxProcess:
    """The process in the sandbox, and its output.

    Parameters
    ----------
    command : callable
        Takes the descriptor of the filter of system calls, gives the command line.
    card : CandidateCard
        The candidate's.
    limits : SandboxLimits
    on_output : callable
        Called with what the candidate prints, as it comes.
    """

    def __init__(
        self,
        command: Callable[[int], list[str]],
        card: CandidateCard,
        limits: SandboxLimits,
        on_output: Callable[[bytes], None],
    ) -> None:
        self._card = card
        self._limits = limits
        self._hear = on_output
        self._last = b""
        self._taken = 0
        self._process = _start(command)
        self._watch = ResourceMonitor(self._process, limits, card.identifier)
        self._listener = threading.Thread(target=self._listen, name="sandbox-log", daemon=True)
        self._listener.start()

    @property
    def peak_memory_mb(self) -> float:
        """Most memory that its processes were seen to take, in MiB."""
        return self._watch.peak_memory_mb

    def ask(self, request: Any) -> None:
        """Write a line of JSON; a process that has ended is found out by what it answers."""
        pipe = self._process.stdin
        with contextlib.suppress(BrokenPipeError):
            if pipe is not None:
                pipe.write(json.dumps(request).encode() + b"\n")
                pipe.flush()

    def expect(self, letter: str, path: Path) -> None:
        """Read the next frame's body into a file.

        Raises
        ------
        CandidateError
            If it is another frame, the process says that the candidate failed, or has ended.
        LimitError
            If it was ended for taking too much.
        """
        pipe = self._process.stdout
        most = self._limits.reply_mb * _MIB
        found = None if pipe is None else read_frame(pipe, path, self._card, most_bytes=most)
        if found != letter:
            raise self._ended(found)

    def take(self, n_bytes: int) -> None:
        """Count what was taken from the candidate.

        Raises
        ------
        LimitError
            If it is more than a run may give in all.
        """
        self._taken += n_bytes
        if self._taken > self._limits.run_mb * _MIB:
            raise LimitError(
                f"The activations of candidate '{self._card.identifier}' to all stimuli together",
                got="more",
                needed=f"at most {self._limits.run_mb} MiB",
                hint="Pool the units of large layers, or give fewer layers.",
            )

    def wait_until_started(self, path: Path) -> None:
        """Wait until our own code runs in the sandbox.

        Raises
        ------
        NoSandboxError
            If it never does: then it is the machine's fault and not the candidate's.
        """
        try:
            self.expect("S", path)
        except CandidateError as error:
            self.end()
            raise NoSandboxError(
                "The sandbox",
                got=self._last.decode(errors="replace").strip() or str(error),
                needed="able to start on this machine",
                hint="Try 'bwrap --unshare-all --ro-bind / / true' as this user; containers often forbid it.",
            ) from error

    def end(self) -> None:
        """Kill all of its processes and wait until they are gone."""
        self._watch.end()
        self._process.wait()
        self._watch.join()
        self._listener.join()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            with contextlib.suppress(BrokenPipeError):
                if pipe is not None:
                    pipe.close()

    def _listen(self) -> None:
        """Drain what it prints, or it would wait; too much of it ends it."""
        heard, most = 0, self._limits.log_mb * _MIB
        descriptor = -1 if self._process.stderr is None else self._process.stderr.fileno()
        while piece := os.read(descriptor, _PIECE):
            heard += len(piece)
            self._last = (self._last + piece)[-_TAIL:]
            if heard <= most:
                self._hear(piece)
            else:
                name = f"What candidate '{self._card.identifier}' prints"
                needed = f"at most {self._limits.log_mb} MiB"
                self._watch.end(LimitError(name, got="more", needed=needed))

    def _ended(self, found: str | None) -> CandidateError:
        """Why there is no further frame, or another than asked for."""
        subject = f"Candidate '{self._card.identifier}'"
        if found is not None:
            return CandidateError(subject, got=f"an answer of kind {found}", needed="the answer asked for")
        self._watch_out()
        if self._watch.breach is not None:
            return self._watch.breach
        if self._process.returncode == _OUT_OF_CPU:
            needed = f"at most {self._limits.cpu_seconds} s a process"
            return LimitError(
                f"The processor time of {subject[0].lower()}{subject[1:]}", got="more", needed=needed
            )
        got = f"an end with exit status {self._process.returncode}"
        return CandidateError(subject, got=got, needed="able to run until it has answered")

    def _watch_out(self) -> None:
        """End the process, after a second in which it may end by itself: nothing more can come."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=1)
        if self._process.returncode is None:
            self._watch.end()
            self._process.wait()


@dataclass(frozen=True, eq=False)
class SandboxedCandidate:
    """A candidate that is asked like one that was loaded.

    Parameters
    ----------
    card : CandidateCard
    bundle_sha256 : str
        Hash over all that it is made of.
    process : SandboxProcess
        Process with the candidate built.
    files : mapping of str to str
        The file of each stimulus.
    reply : pathlib.Path
        A file of ours for what comes back.
    most_bytes : int
        Largest allowed size of the activations of one stimulus.
    """

    card: CandidateCard
    bundle_sha256: str
    process: SandboxProcess
    files: Mapping[str, str]
    reply: Path
    most_bytes: int

    def activations(self, stimuli: Sequence[Stimulus]) -> list[Activations]:
        """Show stimuli and check what comes back.

        Raises
        ------
        CandidateError, ActivationError, LimitError
            If the candidate fails, what it returns is not as the stimulus demands, or it takes or gives too much.
        """
        self.process.ask([[one.identifier, f"{STIMULI}/{self.files[one.identifier]}"] for one in stimuli])
        return [self._next(stimulus) for stimulus in stimuli]

    def _next(self, stimulus: Stimulus) -> Activations:
        self.process.expect("A", self.reply)
        found = read_activation_reply(self.reply, stimulus, self.card, most_bytes=self.most_bytes)
        self.process.take(sum(layer.values.nbytes + layer.times_ms.nbytes for layer in found.values()))
        return found


def _start(command: Callable[[int], list[str]]) -> subprocess.Popen[bytes]:
    reading, writing = os.pipe()
    try:
        os.write(writing, filter_program())
        os.close(writing)
        return _popen(command(reading), (reading,))
    finally:
        os.close(reading)


def _popen(command: list[str], descriptors: tuple[int, ...]) -> subprocess.Popen[bytes]:
    pipe = subprocess.PIPE
    return subprocess.Popen(  # noqa: S603  (a list of ours; no shell)
        command,
        stdin=pipe,
        stdout=pipe,
        stderr=pipe,
        pass_fds=descriptors,
        start_new_session=True,
        cwd="/",
        env={},
    )
