"""The one method a candidate has to write, and how candidates are found and built."""

from __future__ import annotations

from pathlib import Path

from ..core.batching import BatchedCandidate
from ..core.bundles import CARD_NAME, folder_sha256
from ..core.cards import CandidateCard, read_card
from ..core.errors import InvalidInputError
from ..core.hashing import canonical_json, sha256_of_bytes, sha256_of_file
from ..core.identity import PACKAGE_ROOT, code_sha256, entry_of
from ..core.registry import Registered, Registry, registry_of
from ..core.settings import Settings
from ..core.stimuli import FrameClip, StimulusSet
from .hub.names import hub_name
from .loaded import Candidate, LoadedCandidate, built

__all__ = [
    "BatchedCandidate",
    "Candidate",
    "LoadedCandidate",
    "accepts",
    "bundle_sha256",
    "find_candidate",
    "has_needed",
    "load_candidate",
    "registry",
]

# What a card tells its readers; the rest, but for the weights, is told to the program.
_FOR_READERS = {
    *("title", "description", "licence", "citation", "url", "authors"),
    *("model_class", "trained_on", "supervision", "training", "weights"),
    *("needs", "extra"),  # read before it is built, and no part of what it does
}


def accepts(card: CandidateCard, stimuli: StimulusSet) -> bool:
    """Whether all stimuli of a set are of a kind and length that a card accepts, with all that it needs."""
    fits = stimuli.kind in card.accepts and has_needed(card, stimuli)
    return fits and all(
        stimulus.n_steps >= card.min_frames for stimulus in stimuli if isinstance(stimulus, FrameClip)
    )


def has_needed(card: CandidateCard, stimuli: StimulusSet) -> bool:
    """Whether the table of a set has the columns that a card needs."""
    return set(card.needs) <= set(stimuli.table.columns)


def registry(settings: Settings) -> Registry[CandidateCard]:
    """The registered candidates."""
    return registry_of("candidate", CandidateCard, Path(__file__).parent, settings)


def load_candidate(name: str, settings: Settings, *, seed: int = 0) -> LoadedCandidate:
    """Build a candidate by its registered name, or from a folder.

    Parameters
    ----------
    name : str
        A registered name, the path of a folder that holds ``candidate.yaml``, or the name of a network of another
        library, such as ``timm:resnet50.a1_in1k``.
    settings : Settings
        Plugin folders, and the device for candidates whose card takes one.
    seed : int
        Seed for candidates whose card takes one.

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
    card, folder = registered.card, registered.path.parent
    model = built(card, folder, seed=seed, device=settings.device)
    return LoadedCandidate(card, model, bundle_sha256(registered))


def find_candidate(name: str, settings: Settings) -> Registered[CandidateCard]:
    """The card of a candidate by name or folder, without importing anything of it.

    A network of another library (:mod:`~innerscore.candidates.hub`) gets its folder first, if it has none.
    """
    if hub_name(name) is not None:
        from .hub.folder import resolved  # torch, which reading cards does not take

        name = resolved(name, settings)
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

    The files of its folder, hidden ones and byte code left out: the bytes that were submitted are what was scored.
    A built-in candidate shares its folder and its code with others: there it is what its card says to programs, its
    weights, and by meaning (:func:`~innerscore.core.identity.code_sha256`) the modules that it uses.
    """
    card, folder = registered.card, registered.path.parent
    if not folder.is_relative_to(PACKAGE_ROOT):
        return folder_sha256(folder)
    said = card.model_dump(mode="json", exclude=_FOR_READERS)
    weights = None if card.weights is None else sha256_of_file(folder / card.weights.file)
    code = code_sha256([card.entry, entry_of(LoadedCandidate)])
    return sha256_of_bytes(canonical_json([said, weights, code]))
