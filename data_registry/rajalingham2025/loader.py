"""Loader of Rajalingham et al. 2025: released pickles or MATLAB files to labelled netCDF, once.

What is converted lies in the cache folder under the SHA-256 of the file it came from, and nothing is written unless
the whole file could be read.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from ...core.errors import InvalidArgumentError, InvalidDataError
from ...core.files import atomic_path
from ...core.labelled import coordinate, load_labelled, save_labelled
from ...core.stimuli import StimulusSet
from ...tasks.mental_pong import STILL_MS, PongCondition
from ...tasks.mental_pong_conditions import RELEASED_STEP_MS, bounce_group, epoch_times
from ...tasks.pong_frames import render_trial
from ..files.fetching import CheckedFile, checked_file, local_file
from ..interface import CardDataset, Progress, check_region
from .behaviour import COLUMNS, label_endpoints, paddle_endpoints
from .labelled import conditions_of, label_trials
from .meta_table import read_conditions
from .release import ANIMALS, Release, read_release

__all__ = ["Rajalingham2025"]

POOLED = "all"
META_TABLE = "valid_meta_sample_full.pkl"

_CONVERSION = 1  # raised whenever converted files change
_TRIAL_TYPES = ("occ", "vis")
_REGIONS = {
    "DMFC": (POOLED, "occ"),
    "DMFC-perle": ("perle", "occ"),
    "DMFC-mahler": ("mahler", "occ"),
    "DMFC-vis": (POOLED, "vis"),
}
_PADDLE = {"paddle-perle": "perle", "paddle-mahler": "mahler"}


class Rajalingham2025(CardDataset):
    """The data set; see its card."""

    def stimuli(self) -> StimulusSet:
        """The 79 conditions as clips at 60 Hz and 64 x 64 pixels, by our renderer: the original is not public.

        Start, heading and speed come from the released table of conditions where that is present, and from
        the ball's path in a recording otherwise.
        """
        clips = tuple(render_trial(condition) for condition in self.conditions)
        return StimulusSet(self.card.identifier, clips, _stimulus_table(self.conditions))

    def recording(self, region: str) -> xr.DataArray:
        """Responses in Hz to the 79 conditions, the two halves of the trials as two repetitions.

        Parameters
        ----------
        region : {"DMFC", "DMFC-perle", "DMFC-mahler", "DMFC-vis", "paddle-perle", "paddle-mahler"}
            Reliable units of both monkeys pooled, or of one, in trials with the opaque occluder; or all units of
            both in trials with the transparent one, for which no choice of reliable units was published; or one
            monkey's endpoints of the paddle in deg, a presentation a trial.
        """
        check_region(self.card, region)
        if region in _PADDLE:
            return label_endpoints(self.behaviour(_PADDLE[region]), _PADDLE[region])
        animal, trial_type = _REGIONS[region]
        labelled = self.trials(animal, trial_type)
        return labelled.isel(neuroid=np.flatnonzero(coordinate(labelled, "reliable")))

    def trials(self, animal: str = POOLED, trial_type: str = "occ") -> xr.DataArray:
        """All units, with the choice of reliable ones as the coordinate ``reliable``.

        Parameters
        ----------
        animal : {"all", "perle", "mahler"}
            Animal whose units are loaded; one monkey's are taken from the pooled file if its own is not here.
        trial_type : {"occ", "vis"}
            Opaque or transparent occluder: kinds of trials, not epochs.

        Raises
        ------
        InvalidDataError
            If the file is damaged, or lacks such trials.
        MissingPartError
            If the file is not here.
        """
        source, path = self._converted(animal, trial_type)
        if not path.is_file():
            raise InvalidDataError(
                f"The file {source}", got=f"no unit in '{trial_type}' trials", needed="with units"
            )
        labelled = load_labelled(path, "recording")
        whose = coordinate(labelled, "animal")
        return labelled if animal == POOLED else labelled.isel(neuroid=np.flatnonzero(whose == animal))

    def behaviour(self, animal: str) -> pd.DataFrame:
        """Final paddle positions of a monkey, or of ``"all"``: a row a trial.

        Returns
        -------
        trials : pandas.DataFrame
            Columns ``condition``, ``trial_type``, ``paddle_y_deg`` and ``target_y_deg``.

        Raises
        ------
        InvalidDataError
            If the file has no table of trials, as MATLAB files may not.
        """
        if animal not in (*ANIMALS, POOLED):
            raise InvalidArgumentError(
                "The 'animal' parameter", got=repr(animal), needed=f"in {(*ANIMALS, POOLED)}"
            )
        source, path = self._converted(animal, "behaviour", own=True)
        if not path.is_file():
            raise InvalidDataError(
                f"The file {source}",
                got="no table of trials with the needed columns",
                needed=f"with 'trial_meta' for {COLUMNS}",
            )
        return pd.read_csv(path)

    @cached_property
    def conditions(self) -> tuple[PongCondition, ...]:
        """The 79 conditions, in the order of all arrays."""
        if local_file(self.card, META_TABLE, self._settings) is not None:
            return read_conditions(checked_file(self.card, META_TABLE, self._settings).path)
        return conditions_of(self.trials(self._any_animal()))

    def prepare(self, progress: Progress | None = None) -> None:
        """Convert every file that is on this machine, if it has not been yet.

        Parameters
        ----------
        progress : callable of (stage, done, of), optional
            Called with the number of bytes read.
        """
        for animal in (POOLED, *ANIMALS):
            if self._local_name(animal) is not None:
                self._converted(animal, "occ", own=True, progress=progress)

    def _converted(
        self, animal: str, part: str, *, own: bool = False, progress: Progress | None = None
    ) -> tuple[Path, Path]:
        """The released file and the path of one part of it, converted if it has not been."""
        chosen = animal if own or self._local_name(animal) or not self._local_name(POOLED) else POOLED
        name = self._local_name(chosen) or _file_name(chosen, "pkl")
        source = checked_file(self.card, name, self._settings)
        if not self._path(source, "occ").is_file():
            self._convert(source, chosen, progress)
        return source.path, self._path(source, part)

    def _convert(self, source: CheckedFile, animal: str, progress: Progress | None) -> None:
        release = read_release(source.path, progress=progress)
        release.check_conditions()
        attrs = {"source": source.path.name, "source_sha256": source.sha256}
        parts = {name: _labelled(release, animal, name, attrs) for name in _TRIAL_TYPES}
        _save_behaviour(release, self._path(source, "behaviour"))
        for name in reversed(_TRIAL_TYPES):  # the opaque ones last: their file says that all is done
            if (part := parts[name]) is not None:
                save_labelled(part, self._path(source, name), "recording")

    def _path(self, source: CheckedFile, part: str) -> Path:
        suffix = "csv" if part == "behaviour" else "nc"
        folder = self._settings.cache_dir / "datasets" / self.card.folder
        return folder / f"{source.sha256}-{_CONVERSION}-{part}.{suffix}"

    def _local_name(self, animal: str) -> str | None:
        """The released file of an animal that is on this machine: the pickle, or else the MATLAB file."""
        names = (_file_name(animal, kind) for kind in ("pkl", "mat"))
        return next((name for name in names if local_file(self.card, name, self._settings)), None)

    def _any_animal(self) -> str:
        return next((animal for animal in (POOLED, *ANIMALS) if self._local_name(animal)), POOLED)


def _file_name(animal: str, kind: str) -> str:
    return f"{animal}_hand_dmfc_dataset_50ms.{kind}"


def _labelled(release: Release, animal: str, name: str, attrs: dict[str, str]) -> xr.DataArray | None:
    trials = release.trial_type(name)
    n_units = len(trials.unit_ids)
    if n_units == 0:
        return None
    animals = release.animals_of(trials.unit_ids) if animal == POOLED else [animal] * n_units
    return label_trials(trials, animals, {**attrs, "trial_type": name})


def _save_behaviour(release: Release, path: Path) -> None:
    """Keep the paddle's endpoints; a file without them is still a recording."""
    try:
        trials = paddle_endpoints(release)
    except InvalidDataError:
        return
    with atomic_path(path) as temporary:
        trials.to_csv(temporary, index=False)


def _stimulus_table(conditions: tuple[PongCondition, ...]) -> pd.DataFrame:
    """Times count from the first frame, 300 ms before the ball moves."""
    released = [epoch_times(condition, step_ms=RELEASED_STEP_MS) for condition in conditions]
    return pd.DataFrame(
        {
            "stimulus_id": [condition.identifier for condition in conditions],
            "n_bounces": [condition.n_bounces for condition in conditions],
            "bounce": [bounce_group(place) for place in range(len(conditions))],
            "final_y_deg": [condition.final_y for condition in conditions],
            "occlusion_ms": [condition.occlusion_ms + STILL_MS for condition in conditions],
            "end_ms": [condition.end_ms + STILL_MS for condition in conditions],
            "released_occlusion_ms": [times.occlusion_ms + STILL_MS for times in released],
            "released_end_ms": [times.end_ms + STILL_MS for times in released],
        }
    )
