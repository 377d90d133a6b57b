"""Loader of Kriegeskorte et al. 2008: images and dissimilarities out of two MATLAB files.

This is the worked example of adding a neural data set; ``docs/adding-a-data-set.md`` walks through it.
"""

from __future__ import annotations

from functools import cached_property
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr
from scipy.io import loadmat
from scipy.spatial.distance import squareform

from ...core.errors import InvalidDataError
from ...core.labelled import dissimilarities
from ...core.stimuli import FrameClip, StimulusSet
from ..files.fetching import locate_file
from ..interface import CardDataset, check_region

__all__ = ["Kriegeskorte2008"]

N_IMAGES = 92
_DEGREES_PER_PIXEL = 2.9 / 175  # images of 175 pixels were shown at 2.9 degrees of visual angle
_STILL_RATE_HZ = 1.0  # a still image has no rate; one frame lasts one second
_FLAGS = ("human", "face", "animal", "natural")


class Kriegeskorte2008(CardDataset):
    """The data set; see its card."""

    def stimuli(self) -> StimulusSet:
        """The 92 images, each a clip of one frame, with category and four yes-or-no labels."""
        rows = self._supplement["stimuli_92objs"].ravel()
        names = _image_names(rows)
        clips = tuple(
            FrameClip(name, row.image[None], _STILL_RATE_HZ, _DEGREES_PER_PIXEL)
            for name, row in zip(names, rows, strict=True)
        )
        table = pd.DataFrame({"stimulus_id": names, "category": [str(row.category[0]) for row in rows]})
        for flag in _FLAGS:
            table[flag] = [bool(getattr(row, flag).item()) for row in rows]
        return StimulusSet(self.card.identifier, clips, table)

    def recording(self, region: str) -> xr.DataArray:
        """Dissimilarities of a region.

        Parameters
        ----------
        region : {"IT", "humanIT", "humanIT-pooled"}
            Monkey IT (one pooled matrix), human IT by subject and session (eight), human IT pooled (one).
        """
        check_region(self.card, region)
        if region == "humanIT":
            return self._human_subjects()
        return self._pooled(region)

    @cached_property
    def _supplement(self) -> dict[str, Any]:
        return self._read(
            "Kriegeskorte_Neuron2008_supplementalData.mat", ("stimuli_92objs", "RDMs_mIT_hIT_fig1")
        )

    def _read(self, name: str, keys: tuple[str, ...]) -> dict[str, Any]:
        path = locate_file(self.card, name, self._settings)
        content: dict[str, Any] = loadmat(path, struct_as_record=False)
        _check_keys(path, content, keys)
        return content

    def _pooled(self, region: str) -> xr.DataArray:
        start, subject = {"IT": ("mIT", "two monkeys"), "humanIT-pooled": ("hIT", "four humans")}[region]
        published = self._supplement["RDMs_mIT_hIT_fig1"].ravel()
        values = next(rdm.RDM for rdm in published if str(rdm.name[0]).startswith(start))
        return self._labelled(np.asarray(values), [subject], ["pooled"], region)

    def _human_subjects(self) -> xr.DataArray:
        rdms = self._read("92_brainRDMs.mat", ("RDMs",))["RDMs"].ravel()
        labels = [[part.strip() for part in str(rdm.name[0]).split("|")] for rdm in rdms]
        values = np.stack([squareform(rdm.RDM, checks=False) for rdm in rdms])
        subjects = [label[1] for label in labels]
        return self._labelled(values, subjects, [label[2] for label in labels], "humanIT")

    def _labelled(
        self, values: npt.NDArray[np.float64], subjects: list[str], sessions: list[str], region: str
    ) -> xr.DataArray:
        pairs = list(combinations(_image_names(self._supplement["stimuli_92objs"].ravel()), 2))
        return dissimilarities(
            values,
            rdm={"subject": subjects, "session": sessions, "region": [region] * len(subjects)},
            pair={"stimulus_a": [a for a, _ in pairs], "stimulus_b": [b for _, b in pairs]},
            attrs={"dissimilarity": "1 - Pearson correlation"},
        )


def _image_names(rows: npt.NDArray[np.object_]) -> list[str]:
    return [f"image-{number:02d}" for number in range(1, len(rows) + 1)]


def _check_keys(path: Path, content: dict[str, Any], keys: tuple[str, ...]) -> None:
    missing = [key for key in keys if key not in content]
    if missing:
        raise InvalidDataError(f"The file {path}", got=f"no {missing}", needed=f"with variables {keys}")
