"""The one method a candidate has to write, and how candidates are found and built."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

from ..core.activations import Activations, LayerValues, check_activations
from ..core.bundles import CARD_NAME, folder_sha256
from ..core.cards import CandidateCard, read_card
from ..core.errors import CandidateError, InvalidInputError, foreign_errors
from ..core.hashing import sha256_of_files
from ..core.provenance import PACKAGE_ROOT
from ..core.registry import Registered, Registry, import_entry, registry_of
from ..core.settings import Settings
from ..core.showing import BatchedCandidate, show
from ..core.stimuli import FrameClip, Stimulus, StimulusSet
from .weights import read_weights

__all__ = [
    "BatchedCandidate",
    "Candidate",
    "LoadedCandidate",
    "accepts",
    "bundle_sha256",
    "find_candidate",
    "load_candidate",
    "registry",
]


class Candidate(Protocol):
    """A model of the brain, as a submitter writes it."""

    def activations(self, stimulus: Stimulus) -> Mapping[str, LayerValues]:
        """Show one stimulus.

        Parameters
        ----------
        stimulus : FrameClip or SelfMotion
            Of a kind that the card accepts.

        Returns
        -------
        activations : mapping of str to array of shape (time, units)
            One entry for each layer of the card; one row for each step of the stimulus, unless the layer
            has times of its own (:class:`~innerscore.core.activations.TimedValues`).
        """


@dataclass(frozen=True, eq=False)
class LoadedCandidate:
    """A candidate ready to run: its card, its model and the hash of what it is made of.

    Parameters
    ----------
    card : CandidateCard
        What it says it is.
    model : Candidate
        The object with the one method.
    bundle_sha256 : str
        Over card, code and weights.
    """

    card: CandidateCard
    model: Candidate
    bundle_sha256: str

    def activations(self, stimuli: Sequence[Stimulus]) -> list[Activations]:
        """Show stimuli and check what comes back.

        Raises
        ------
        CandidateError
            If the model raises; its error is the cause.
        ActivationError
            If what it returns is not as the stimulus demands.
        """
        return [
            check_activations(raw, stimulus, candidate=self.card.identifier, layers=self.card.layers)
            for raw, stimulus in zip(self._show(stimuli), stimuli, strict=True)
        ]

    def _show(self, stimuli: Sequence[Stimulus]) -> Sequence[object]:
        with _candidate_errors(self.card, f"shown {len(stimuli)} stimuli"):
            returned = show(self.model, stimuli)
        if len(returned) != len(stimuli):
            raise CandidateError(
                f"What candidate '{self.card.identifier}' returned for a batch",
                got=f"{len(returned)} results",
                needed=f"one for each of the {len(stimuli)} stimuli",
            )
        return returned


def accepts(card: CandidateCard, stimuli: StimulusSet) -> bool:
    """Whether all stimuli of a set are of a kind and length that a card accepts."""
    return stimuli.kind in card.accepts and all(
        stimulus.n_steps >= card.min_frames for stimulus in stimuli if isinstance(stimulus, FrameClip)
    )


def registry(settings: Settings) -> Registry[CandidateCard]:
    """The registered candidates."""
    return registry_of("candidate", CandidateCard, Path(__file__).parent, settings)


def load_candidate(name: str, settings: Settings, *, seed: int = 0) -> LoadedCandidate:
    """Build a candidate by its registered name, or from a folder.

    Parameters
    ----------
    name : str
        A registered name, or the path of a folder that holds ``candidate.yaml``.
    settings : Settings
        Where plugins are, and the device for candidates whose card takes one.
    seed : int
        Given to candidates whose card takes one.

    Raises
    ------
    UnknownNameError
        If it is neither a registered name nor a folder.
    InvalidDataError
        If its weights are not the bytes that its card names, or not safetensors.
    CandidateError
        If building it raises.
    """
    registered = find_candidate(name, settings)
    card = registered.card
    run = {"seed": seed, "device": settings.device}
    arguments: dict[str, object] = dict(card.options)
    arguments |= {name: run[name] for name in card.takes}
    if card.weights is not None:
        weights = registered.path.parent / card.weights.file
        arguments["weights"] = read_weights(weights, sha256=card.weights.sha256)
    with _candidate_errors(card, "built"):
        build = import_entry(card.entry, registered.path.parent)
        model = build(**arguments)
    return LoadedCandidate(card, cast(Candidate, model), bundle_sha256(registered))


def find_candidate(name: str, settings: Settings) -> Registered[CandidateCard]:
    """The card of a candidate by name or folder, without importing anything."""
    folder = Path(name)
    if "/" in name and not folder.is_dir():
        raise InvalidInputError(f"The folder {folder}", got="nothing there", needed="a candidate's folder")
    registered = registry(settings)
    if not folder.is_dir() or name in registered.entries():
        return registered.find(name)
    path = folder / CARD_NAME
    if not path.is_file():
        raise InvalidInputError(
            f"The folder {folder}", got=f"no {CARD_NAME}", needed="a candidate's folder with its card"
        )
    return Registered(read_card(path, CandidateCard), path.resolve())


def bundle_sha256(registered: Registered[CandidateCard]) -> str:
    """Hash over all that a candidate is made of.

    The files of its folder, hidden ones and byte code left out. A built-in candidate shares its folder and
    its code with others: there it is its card, its weights and all the code of the rooms that it may import.
    """
    folder = registered.path.parent
    if folder.is_relative_to(PACKAGE_ROOT):
        shared = [path for room in ("candidates", "tasks") for path in (PACKAGE_ROOT / room).rglob("*.py")]
        weights = registered.card.weights
        own = [registered.path] if weights is None else [registered.path, folder / weights.file]
        return sha256_of_files([*own, *shared], root=PACKAGE_ROOT)
    return folder_sha256(folder)


def _candidate_errors(card: CandidateCard, when: str) -> AbstractContextManager[None]:
    return foreign_errors(
        CandidateError,
        f"Candidate '{card.identifier}'",
        needed=f"able to run when {when}",
        hint="The full traceback is the cause of this error.",
    )
