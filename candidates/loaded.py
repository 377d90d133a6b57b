"""A candidate that is ready to run, and how one is built and shown stimuli: what its answers depend on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

from ..core.activations import Activations, LayerValues, check_activations
from ..core.batching import show
from ..core.cards import CandidateCard
from ..core.display import Displayed, Summary, card_summary
from ..core.entries import import_entry
from ..core.errors import CandidateError, foreign_errors
from ..core.stimuli import Stimulus

__all__ = ["Candidate", "LoadedCandidate", "built"]


class Candidate(Protocol):
    """A model of the brain, as a submitter writes it."""

    def activations(self, stimulus: Stimulus) -> Mapping[str, LayerValues]:
        """Show one stimulus.

        Parameters
        ----------
        stimulus : FrameClip, SelfMotion or Condition
            A stimulus of a kind that the card accepts.

        Returns
        -------
        activations : mapping of str to array of shape (time, units)
            One entry for each layer of the card; one row for each step of the stimulus, unless the layer
            has times of its own (:class:`~innerscore.core.activations.TimedValues`).
        """


@dataclass(frozen=True, eq=False, repr=False)
class LoadedCandidate(Displayed):
    """A candidate ready to run: its card, its model and the hash of its files.

    Parameters
    ----------
    card : CandidateCard
        Its card.
    model : Candidate
        The object with the one method.
    bundle_sha256 : str
        Hash over card, code and weights.
    """

    card: CandidateCard
    model: Candidate
    bundle_sha256: str

    def _summary(self) -> Summary:
        return card_summary(self.card, [("bundle", self.bundle_sha256[:12])])

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


def built(card: CandidateCard, folder: Path, *, seed: int, device: str) -> Candidate:
    """Build a candidate's model.

    Parameters
    ----------
    card : CandidateCard
        Card of the candidate.
    folder : pathlib.Path
        Folder of the card, with the weights, and the code if the entry names a file.
    seed, device : int, str
        Given to candidates whose card takes them.

    Raises
    ------
    InvalidDataError, MissingPartError
        If its weights are not the bytes that its card names, not safetensors, or not there.
    CandidateError
        If building it raises.
    """
    run = {"seed": seed, "device": device}
    arguments: dict[str, object] = dict(card.options)
    arguments |= {name: run[name] for name in card.takes}
    if card.weights is not None:
        from .weights import read_weights  # torch, which reading cards does not take

        arguments["weights"] = read_weights(folder / card.weights.file, sha256=card.weights.sha256)
    try:
        with _candidate_errors(card, "built"):
            return cast(Candidate, import_entry(card.entry, folder)(**arguments))
    except CandidateError as error:
        missing = getattr(error.__cause__, "name", None)
        if isinstance(error.__cause__, ModuleNotFoundError) and missing:
            raise _without_module(card, folder, missing) from error.__cause__
        raise


def _without_module(card: CandidateCard, folder: Path, missing: str) -> CandidateError:
    """The error over a module that is not there: a file beside the card, or a package."""
    beside = (folder / f"{missing}.py").is_file()
    return CandidateError(
        f"The module '{missing}' that candidate '{card.identifier}' imports",
        got="not found",
        needed="found",
        hint=f"The file beside the card is imported by 'from .{missing} import ...'."
        if beside
        else "Install it here; a board's workers have only the packages that innerscore is installed with. A model "
        "that needs others is scored by its activations, as a file: see docs/submitting.md.",
    )


def _candidate_errors(card: CandidateCard, when: str) -> AbstractContextManager[None]:
    return foreign_errors(
        CandidateError,
        f"Candidate '{card.identifier}'",
        needed=f"able to run when {when}",
        hint="'innerscore --debug ...' shows the whole traceback; in Python it is the cause of this error.",
    )
