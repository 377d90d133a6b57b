"""Brain-Score's models as candidates: a ``BrainModel`` is shown a clip's frames as images, and recorded from.

In a folder of one's own the entry of the card builds a :class:`BrainScoreCandidate`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import xarray as xr

from ...core.activations import Activations, check_activations
from ...core.errors import CandidateError, InvalidArgumentError, foreign_errors
from ...core.labelled import coordinate
from ...core.stimuli import FrameClip, Stimulus
from .labelled import states_in_order
from .stimuli import to_stimulus_set

__all__ = ["BrainModel", "BrainScoreCandidate", "BrainScoreSubject"]

TIME_BIN_MS = (70, 170)  # the window in which Brain-Score's benchmarks of IT are recorded


class BrainModel(Protocol):
    """The part of Brain-Score's interface of the same name that is used here."""

    def start_recording(self, recording_target: str, time_bins: list[tuple[int, int]]) -> None:
        """Record from a region from now on."""

    def look_at(self, stimuli: Any, number_of_trials: int = 1) -> xr.DataArray:
        """Look at a brainscore-core ``StimulusSet`` and give (presentation, neuroid[, time_bin])."""


class BrainScoreCandidate:
    """A Brain-Score model, recorded from in some regions, frame by frame.

    Each frame is an image of its own, shown whole: a model of images has no memory, and its visual angle is not
    matched to the clip's. The name of what is shown is made of the clip's content, as Brain-Score's models keep
    activations by that name.

    Parameters
    ----------
    model : BrainModel
        As Brain-Score loads it.
    targets : sequence of str
        Regions to record from, ``"IT"`` and so on: the layers of the card.
    time_bin_ms : tuple of int, default=(70, 170)
        The one time bin recorded, after an image's onset.

    Raises
    ------
    InvalidArgumentError
        If there is no target, or one occurs twice.
    """

    def __init__(
        self, model: BrainModel, targets: Sequence[str], *, time_bin_ms: tuple[int, int] = TIME_BIN_MS
    ) -> None:
        if isinstance(targets, str) or not targets or len(set(targets)) != len(targets):
            raise InvalidArgumentError(
                "The 'targets' parameter", got=repr(targets), needed="distinct regions to record from"
            )
        self._model = model
        self._targets = tuple(targets)
        self._time_bins = [time_bin_ms]

    def activations(self, stimulus: Stimulus) -> Mapping[str, npt.NDArray[np.float32]]:
        """Each region's responses to each frame: {region: (time, units)}.

        Raises
        ------
        InvalidArgumentError
            If the stimulus is no clip.
        CandidateError
            If a recording is not of the frames shown, or of more than one time bin.
        """
        if not isinstance(stimulus, FrameClip):
            raise InvalidArgumentError(
                "The 'stimulus' parameter", got=type(stimulus).__name__, needed="a FrameClip"
            )
        with TemporaryDirectory(prefix="innerscore-") as folder:
            shown = to_stimulus_set(
                [stimulus], Path(folder), identifier=f"innerscore-{stimulus.content_hash}"
            )
            return {target: self._record(target, shown) for target in self._targets}

    def _record(self, target: str, shown: Any) -> npt.NDArray[np.float32]:
        self._model.start_recording(target, time_bins=self._time_bins)
        recorded = self._model.look_at(shown, number_of_trials=1)
        return _responses(recorded, list(shown["stimulus_id"]), target)


@dataclass(frozen=True, eq=False)
class BrainScoreSubject:
    """A Brain-Score model as innerscore's benchmarks are called with it, without a card.

    Parameters
    ----------
    model : BrainModel
        As Brain-Score loads it.
    targets : sequence of str
        Regions to record from; each is a layer, and the benchmark chooses among them.
    """

    model: BrainModel
    targets: Sequence[str]

    def activations(self, stimuli: Sequence[Stimulus]) -> list[Activations]:
        """Show stimuli and check what comes back.

        Raises
        ------
        CandidateError
            If the model raises, or what it gives is not as the stimulus demands.
        """
        name = str(getattr(self.model, "identifier", type(self.model).__name__))
        candidate, layers = BrainScoreCandidate(self.model, self.targets), tuple(self.targets)
        with foreign_errors(CandidateError, f"The Brain-Score model '{name}'", needed="able to run"):
            return [
                check_activations(candidate.activations(one), one, candidate=name, layers=layers)
                for one in stimuli
            ]


def _responses(recorded: xr.DataArray, names: list[str], target: str) -> npt.NDArray[np.float32]:
    """Values of shape (time, units), in the order of the frames whatever the model's."""
    if "time_bin" in recorded.dims and recorded.sizes["time_bin"] == 1:
        recorded = recorded.isel(time_bin=0)
    if set(recorded.dims) != {"presentation", "neuroid"}:
        raise CandidateError(
            f"The recording of '{target}'",
            got=f"of {dict(recorded.sizes)}",
            needed="of (presentation, neuroid) with one time bin at most",
        )
    found = [str(name) for name in coordinate(recorded, "stimulus_id")]
    if sorted(found) != sorted(names):
        raise CandidateError(
            f"The recording of '{target}'",
            got=f"{len(found)} presentations ({len(set(found) & set(names))} of frames that were shown)",
            needed=f"one of each of the {len(names)} frames",
        )
    return states_in_order(recorded, names).astype(np.float32)
