"""The sandbox as a run asks for it."""

from __future__ import annotations

import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...candidates.interface import find_candidate, registry
from ...core.bundles import folder_sha256
from ...core.cards import CandidateCard
from ...core.errors import InvalidInputError
from ...core.identity import PACKAGE_ROOT
from ...core.registry import Registered
from ...core.settings import Settings
from ...core.sqlite_urls import sqlite_file
from ...core.stimuli import StimulusSet
from .confinement import CANDIDATE, bubblewrap_command, inside
from .folders import delete_abandoned, own_folder
from .limits import SandboxLimits
from .process import SandboxedCandidate, SandboxProcess
from .stage import copy_candidate, stimulus_folder

__all__ = ["Sandbox", "try_sandbox"]

_MIB = 2**20


def _unheard(_: bytes) -> None:
    """Let what a candidate prints be."""


@dataclass(frozen=True)
class Sandbox:
    """Runs candidates that are not trusted, with bubblewrap.

    Parameters
    ----------
    settings : Settings
        Paths that must not be seen, the cache for stimuli, and the device.
    limits : SandboxLimits
        Limits on what a candidate may take.
    on_output : callable, optional
        Called with what candidates print, as it comes, in bytes.
    """

    settings: Settings
    limits: SandboxLimits = field(default_factory=SandboxLimits)
    on_output: Callable[[bytes], None] = _unheard

    @contextmanager
    def opened(
        self, name: str, bundle_sha256: str, stimuli: StimulusSet, *, seed: int
    ) -> Iterator[SandboxedCandidate]:
        """Build a candidate in a sandbox, to be shown stimuli of a set until the block ends.

        Parameters
        ----------
        name : str
            A registered name, or a folder.
        bundle_sha256 : str
            Hash of its files; other files are refused.
        stimuli : StimulusSet
            Stimuli it may be shown.
        seed : int
            Seed for candidates that draw.

        Raises
        ------
        NoSandboxError
            If bubblewrap is missing or cannot run here.
        InvalidInputError
            If the candidate's files were changed meanwhile.
        CandidateError
            If building it fails; LimitError, if it takes too much.
        """
        registered = find_candidate(name, self.settings)
        with own_folder() as folder:
            staged = _staged(registered, folder / "candidate", bundle_sha256)
            shown, files = stimulus_folder(stimuli, self.settings.cache_dir)
            process = SandboxProcess(
                self._command(staged, shown), registered.card, self.limits, self.on_output
            )
            reply = folder / "reply.npz"
            try:
                process.ask(_job(registered, staged, self.limits, seed=seed, device=self.settings.device))
                process.wait_until_started(reply)
                process.expect("L", reply)
                yield SandboxedCandidate(
                    registered.card, bundle_sha256, process, files, reply, self.limits.reply_mb * _MIB
                )
            finally:
                process.end()

    def _command(self, staged: Path | None, stimuli: Path) -> Callable[[int], list[str]]:
        import torch

        def command(descriptor: int) -> list[str]:
            return bubblewrap_command(
                staged,
                stimuli,
                _hidden(self.settings),
                self.limits,
                threads=torch.get_num_threads(),
                device=self.settings.device,
                filter_descriptor=descriptor,
            )

        return command


def try_sandbox(settings: Settings) -> None:
    """Start a sandbox and end it, as a test that sandboxes work here before there is a candidate.

    What sandboxes of killed processes have left in the folder for temporary files is deleted.

    Raises
    ------
    NoSandboxError
        If bubblewrap is missing or cannot run here.
    """
    delete_abandoned()
    sandbox = Sandbox(settings)
    with own_folder() as folder:
        card = next(iter(registry(settings).entries().values())).card
        process = SandboxProcess(sandbox._command(None, folder), card, sandbox.limits, _unheard)
        try:
            process.ask({"limits": {}})
            process.wait_until_started(folder / "reply")
        finally:
            process.end()


def _hidden(settings: Settings) -> list[Path]:
    named = (sqlite_file(settings.store), settings.mirror)
    return [settings.data_dir, settings.cache_dir, *filter(None, named), *settings.plugins]


def _staged(registered: Registered[CandidateCard], target: Path, bundle_sha256: str) -> Path | None:
    """A copy of the candidate's files; None for a built-in one, whose files are innerscore's own."""
    source = registered.path.parent
    if source.is_relative_to(PACKAGE_ROOT):
        return None
    copy_candidate(source, target)
    if folder_sha256(target) != bundle_sha256:
        raise InvalidInputError(
            f"The files in {source}", got="changed meanwhile", needed="left as they are during a run"
        )
    return target


def _job(
    registered: Registered[CandidateCard],
    staged: Path | None,
    limits: SandboxLimits,
    *,
    seed: int,
    device: str,
) -> dict[str, Any]:
    """Description of the candidate to build, as JSON."""
    card = registered.card
    folder = inside(registered.path.parent) if staged is None else CANDIDATE
    run = {"seed": seed, "device": device}
    weights = None if card.weights is None else [f"{folder}/{card.weights.file}", card.weights.sha256]
    return {
        "entry": card.entry,
        "folder": folder,
        "arguments": {**card.options, **{name: run[name] for name in card.takes}},
        "weights": weights,
        "limits": _kernel_limits(limits, device),
    }


def _kernel_limits(limits: SandboxLimits, device: str) -> dict[str, int]:
    own = {
        "RLIMIT_CPU": limits.cpu_seconds,
        "RLIMIT_FSIZE": limits.file_mb * _MIB,
        "RLIMIT_NPROC": limits.tasks,
        "RLIMIT_NOFILE": limits.files,
        "RLIMIT_CORE": 0,
    }
    # What one process asks for at once is refused before the watch could look; CUDA asks for more than it takes.
    at_once = 2 * limits.memory_mb * _MIB if device == "cpu" else resource.getrlimit(resource.RLIMIT_DATA)[1]
    return own | {"RLIMIT_DATA": at_once}
