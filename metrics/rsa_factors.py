"""RSA on latent factors, as published for the dorsomedial frontal cortex, plain or with nuisances removed.

All neurons are pooled and reduced to 50 factors, separately for the average and for each half; states of one epoch
are compared by Euclidean distance (Rajalingham, Sohn & Jazayeri 2025). The factors of two halves have axes of
their own: distances between states can be compared, coordinates cannot.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import xarray as xr
from sklearn.decomposition import FactorAnalysis

from ..core.errors import UnfitRecordingError
from .functional.rsa.compare_rdms import residuals_from
from .functional.rsa.rdm import rdm
from .needs import Needs
from .rsa import AnimalRdms, RecordingRsa
from .samples import half_splits, sample_epoch, sample_variables

__all__ = ["FactorRsa"]

Array = npt.NDArray[np.float64]


class FactorRsa(RecordingRsa):
    """Similarity of distances between states in factors of the pooled neurons.

    Parameters
    ----------
    scored : str, default="occluded"
        The epoch whose states are compared; factors are fitted on all samples of the benchmark's epoch.
    n_factors : int, default=50
        Factors, by scikit-learn's FactorAnalysis without rotation.
    nuisance : sequence of sequence of str, default=()
        Each group of task variables gives one nuisance RDM, the Euclidean distances in those variables. With
        any, all RDMs (model, average, halves) are replaced by their residuals on the nuisances: the score is
        then a partial correlation.
    n_splits, step_ms, n_boot, seed, level
        As in `RecordingRsa`.
    """

    def __init__(
        self,
        *,
        scored: str = "occluded",
        n_factors: int = 50,
        nuisance: Sequence[Sequence[str]] = (),
        n_splits: int = 1,
        **bootstrap: Any,
    ) -> None:
        super().__init__(distance="euclidean", method="pearson", n_splits=n_splits, **bootstrap)
        self._scored, self._n_factors = scored, n_factors
        self._nuisance = tuple(tuple(group) for group in nuisance)

    @property
    def needs(self) -> Needs:
        """More neurons in all than factors."""
        return replace(super().needs, cells_in_all=self._n_factors + 1)

    def _animal_rdms(self, brain: xr.DataArray) -> list[AnimalRdms]:
        """One entry: all animals' neurons pooled."""
        values = np.asarray(brain.values, dtype=np.float64)
        constant = values.mean(axis=0).std(axis=0) == 0
        values = values[:, :, ~constant]
        halves = [
            [self._factor_rdm(values[half].mean(axis=0), brain) for half in split]
            for split in half_splits(len(values), self._n_splits, self._seed)
        ]
        first, second = np.stack(halves, axis=1)
        whole = self._factor_rdm(values.mean(axis=0), brain)
        return [AnimalRdms("pooled", whole, first, second, values.shape[2], int(constant.sum()))]

    def _average_rdms(self, brain: xr.DataArray) -> list[Array]:
        return [self._factor_rdm(np.asarray(brain.values, dtype=np.float64).mean(axis=0), brain)]

    def _factor_rdm(self, responses: Array, brain: xr.DataArray) -> Array:
        if responses.shape[1] <= self._n_factors:
            raise UnfitRecordingError(
                "The recording",
                got=f"{responses.shape[1]} neuroids that vary",
                needed=f"more than the {self._n_factors} factors",
                hint="Set 'n_factors' in the benchmark's parameters.",
            )
        factors = FactorAnalysis(self._n_factors, random_state=0).fit_transform(responses)
        return self._compared(factors, brain)

    def _model_rdm(self, model: xr.DataArray, brain: xr.DataArray) -> Array:
        return self._compared(np.asarray(model.values, dtype=np.float64), brain)

    def _scored_samples(self, brain: xr.DataArray) -> npt.NDArray[np.bool_]:
        """Mask of the samples of the epoch at which all nuisances are known."""
        names = [name for group in self._nuisance for name in group]
        scored = super()._scored_samples(brain) & sample_epoch(brain, self._scored)
        return scored & np.isfinite(sample_variables(brain, names)).all(axis=1) if names else scored

    def _compared(self, states: Array, brain: xr.DataArray) -> Array:
        """Distances between the scored states, of which the nuisances' share is taken away."""
        scored = self._scored_samples(brain)
        distances = self._rdm(np.ascontiguousarray(states[scored]))
        if not self._nuisance:
            return distances
        nuisances = [
            rdm(sample_variables(brain, group)[scored], distance="euclidean") for group in self._nuisance
        ]
        residuals = residuals_from(torch.from_numpy(np.stack(nuisances)), "pearson")
        return np.asarray(residuals(torch.from_numpy(distances[None]))[0].numpy())
