"""Activations on disk by content: the same candidate is never shown the same stimulus twice.

One safetensors file for each candidate (by the hash of its bundle and of the code that shows it stimuli, and, if it
draws, by the run's seed) and stimulus (by the hash of its content). Any file may be deleted at any time; one that
cannot be read is made anew.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from ..candidates import LoadedCandidate
from ..core.activations import Activations, TimedValues
from ..core.cards import CandidateCard
from ..core.files import atomic_path
from ..core.hashing import canonical_json, sha256_of_bytes
from ..core.identity import code_sha256, entry_of
from ..core.stimuli import Stimulus

__all__ = ["SANDBOXED", "ActivationCache", "Showing", "delete_oldest", "show_stimuli"]

#: Folder within the cache of what candidates in the sandbox gave, apart from what others did.
SANDBOXED = "sandboxed"

_BATCH = 16
_SECONDS_TO_WRITE = 3600.0

Progress = Callable[[int, int], None]


class Showing(Protocol):
    """Whoever can be shown stimuli: a candidate loaded here, or one in its sandbox."""

    def activations(self, stimuli: Sequence[Stimulus]) -> list[Activations]:
        """Show stimuli and check what comes back."""


@dataclass(frozen=True)
class ActivationCache:
    """The cached activations of one candidate.

    Parameters
    ----------
    folder : pathlib.Path
        Folder of its files.
    layers : tuple of str
        The layers that a file must hold.
    """

    folder: Path
    layers: tuple[str, ...]

    @classmethod
    def of(cls, candidate: LoadedCandidate, cache_dir: Path, seed: int) -> ActivationCache:
        """The cache of a candidate; a candidate that does not draw shares it over seeds."""
        return cls.named(candidate.card, candidate.bundle_sha256, cache_dir, seed)

    @classmethod
    def named(cls, card: CandidateCard, bundle_sha256: str, cache_dir: Path, seed: int) -> ActivationCache:
        """The cache of a candidate that is not built: of its card, and the hash of what it is made of.

        The code that shows it stimuli counts, too: a submitted bundle's hash does not say by which it was shown.
        """
        drawn = f"seed{seed}" if card.seeded else "fixed"
        shown = code_sha256([entry_of(cls)])
        made = sha256_of_bytes(canonical_json([bundle_sha256, shown]))
        name = f"{card.identifier}-{made[:16]}-{drawn}"
        return cls(cache_dir / "activations" / name, card.layers)

    def all(self, stimuli: Sequence[Stimulus]) -> dict[str, Activations] | None:
        """The activations of all stimuli by their identifiers, or None if any is not here."""
        found = {}
        for stimulus in stimuli:
            known = self.get(stimulus)
            if known is None:
                return None
            found[stimulus.identifier] = known
        return found

    def get(self, stimulus: Stimulus) -> Activations | None:
        """The activations of a stimulus, or None if they are not here or not readable."""
        try:
            tensors = load_file(self._path(stimulus))
            os.utime(self._path(stimulus))  # the time of its last use
            return {
                name: TimedValues(tensors[f"{name}/values"], tensors[f"{name}/times_ms"])
                for name in self.layers
            }
        except (OSError, KeyError, SafetensorError):
            return None

    def put(self, stimulus: Stimulus, activations: Activations) -> None:
        """Keep the activations of a stimulus."""
        tensors = {}
        for name, layer in activations.items():
            tensors[f"{name}/values"] = np.ascontiguousarray(layer.values)
            tensors[f"{name}/times_ms"] = np.ascontiguousarray(layer.times_ms)
        with atomic_path(self._path(stimulus)) as temporary:
            save_file(tensors, temporary)

    def _path(self, stimulus: Stimulus) -> Path:
        return self.folder / f"{stimulus.content_hash}.safetensors"


def delete_oldest(cache_dir: Path, most_bytes: int) -> None:
    """Delete the cached activations that were used longest ago until the others take no more than so many bytes.

    Those of candidates in the sandbox and of others count together, and so does what a killed process left half
    written. A file that another process is about to read may go: that process then shows the stimulus again.
    """
    found = []
    for path in _cached(cache_dir):
        with suppress(FileNotFoundError):
            found.append((path.stat(), path))
    size = sum(facts.st_size for facts, _ in found)
    for facts, path in sorted(found, key=lambda pair: pair[0].st_mtime):
        if size <= most_bytes:
            return
        if not _being_written(path, facts.st_mtime):
            path.unlink(missing_ok=True)
            size -= facts.st_size


def _cached(cache_dir: Path) -> Iterator[Path]:
    for cache in (cache_dir, cache_dir / SANDBOXED):
        yield from (cache / "activations").glob("*/*")


def _being_written(path: Path, modified: float) -> bool:
    return path.suffix == ".part" and time.time() - modified < _SECONDS_TO_WRITE


def show_stimuli(
    candidate: Showing, stimuli: Sequence[Stimulus], cache: ActivationCache, progress: Progress
) -> dict[str, Activations]:
    """Activations of all stimuli, from the cache where it has them.

    Results are kept batch by batch, so an interrupted run goes on where it was.

    Parameters
    ----------
    candidate : Showing
        The candidate to show them to.
    stimuli : sequence of Stimulus
        Stimuli to show.
    cache : ActivationCache
        Cache of the candidate.
    progress : callable
        Called with the number done and the number of all.

    Returns
    -------
    activations : dict of str to Activations
        Activations by stimulus identifier.

    Raises
    ------
    CandidateError, ActivationError
        As :meth:`~innerscore.candidates.LoadedCandidate.activations`.
    """
    known = {stimulus.identifier: cache.get(stimulus) for stimulus in stimuli}
    activations = {name: layers for name, layers in known.items() if layers is not None}
    missing = [stimulus for stimulus in stimuli if stimulus.identifier not in activations]
    progress(len(activations), len(stimuli))
    for batch in _batches(missing):
        for stimulus, layers in zip(batch, candidate.activations(batch), strict=True):
            cache.put(stimulus, layers)
            activations[stimulus.identifier] = layers
        progress(len(activations), len(stimuli))
    return activations


def _batches(stimuli: Sequence[Stimulus]) -> Iterator[Sequence[Stimulus]]:
    for start in range(0, len(stimuli), _BATCH):
        yield stimuli[start : start + _BATCH]
