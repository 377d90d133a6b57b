"""Representational similarity on labelled data: with recordings that repeat, and with published RDMs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from ..core.errors import InvalidArgumentError
from ..core.labelled import coordinate
from ..core.scores import Score
from .bootstrap import BootstrappedMetric, Resampled
from .functional.rsa.bootstrap import bootstrap_paired_rsa, bootstrap_rsa, bootstrap_rsa_ceiling
from .functional.rsa.compare_rdms import compare_rdms
from .functional.rsa.noise_ceiling import rsa_noise_ceiling
from .functional.rsa.rdm import rdm
from .interface import IdentityCache
from .needs import Needs
from .samples import by_animal, half_splits, time_since_onset
from .split_half_ceiling import split_half_ceiling

__all__ = ["AnimalRdms", "DissimilarityRsa", "RecordingRsa"]

Array = npt.NDArray[np.float64]

_FEWEST_STATES = 3  # of which a correlation of distances is one of more than two numbers


class DissimilarityRsa(BootstrappedMetric):
    """RSA against published dissimilarities, one RDM a subject.

    Parameters
    ----------
    distance : str, default="correlation"
        Dissimilarity of the model's states; that of the data is as published.
    method : str, default="pearson"
        Comparison of RDMs, see :func:`~innerscore.metrics.functional.compare_rdms`.
    n_boot, seed, level : int, int, float
        Bootstrap over conditions.
    """

    def __init__(self, *, distance: str = "correlation", method: str = "pearson", **bootstrap: Any) -> None:
        super().__init__(**bootstrap)
        self._distance, self._method = distance, method

    @property
    def needs(self) -> Needs:
        """Two subjects, where no other brain is the ceiling."""
        return Needs(animals=2, conditions=_FEWEST_STATES)

    def __call__(
        self, model: xr.DataArray, brain: xr.DataArray, reference: xr.DataArray | None = None
    ) -> Score:
        """Mean similarity with the subjects' RDMs; see the metric's card for the ceiling.

        Parameters
        ----------
        model : DataArray of dims (presentation, neuroid)
            A state for each stimulus.
        brain : DataArray of dims (rdm, pair)
            The subjects' dissimilarities.
        reference : DataArray like `brain`, optional
            Another brain, whose similarity to `brain` is the ceiling where `brain` is one subject.
        """
        subjects, subject_rdms = _subject_rdms(brain)
        model_rdm = self._model_rdm(model)
        raw = _as_vector(compare_rdms(model_rdm[None], subject_rdms, method=self._method))
        ceilings, ceiling_draws = self._ceilings(subject_rdms, reference)
        table = pd.DataFrame({"subject": subjects, "raw": raw, "ceiling": ceilings["lower"]})
        table["normalised"] = table["raw"] / table["ceiling"]
        similarity = Resampled(float(raw.mean()), self._resampled(model_rdm, subject_rdms))
        ceiling = Resampled(ceilings["lower"], ceiling_draws[:, 0])
        return self._score(
            similarity,
            ceiling,
            n_units=len(model),
            targets=table,
            facts={"n_conditions": len(model), "n_rdms": len(subjects), **_upper(ceilings)},
        )

    def value(self, model: xr.DataArray, brain: xr.DataArray) -> float:
        """Mean similarity with the subjects' RDMs."""
        similarities = compare_rdms(
            self._model_rdm(model)[None], _subject_rdms(brain)[1], method=self._method
        )
        return float(_as_vector(similarities).mean())

    def ceiling(self, brain: xr.DataArray, reference: xr.DataArray | None = None) -> float:
        """Lower bound of the noise ceiling, or similarity to the reference brain."""
        ceilings, _ = self._ceilings(_subject_rdms(brain)[1], reference)
        return ceilings["lower"]

    def _model_rdm(self, model: xr.DataArray) -> Array:
        return np.asarray(rdm(np.asarray(model.values, dtype=np.float64), distance=self._distance))

    def _resampled(self, model_rdm: Array, subject_rdms: Array) -> Array:
        similarity = bootstrap_rsa(model_rdm, subject_rdms, method=self._method, **self._bootstrap.draws)
        return np.asarray(similarity)[:, 0]

    def _ceilings(
        self, subject_rdms: Array, reference: xr.DataArray | None
    ) -> tuple[dict[str, float], Array]:
        """The bounds by name, and the lower one (first column) in each resample of conditions."""
        if reference is not None:
            other = _subject_rdms(reference)[1].mean(axis=0)
            likeness = _as_vector(compare_rdms(other[None], subject_rdms, method=self._method)).mean()
            return {"lower": float(likeness)}, self._resampled(other, subject_rdms)[:, None]
        if len(subject_rdms) < 2:
            raise InvalidArgumentError(
                "The 'reference' parameter",
                got="none, with a single RDM",
                needed="another brain's RDM",
                hint="Name a region for it in the benchmark's 'ceiling_region'.",
            )
        bounds = rsa_noise_ceiling(subject_rdms, method=self._method)
        boot = bootstrap_rsa_ceiling(subject_rdms, method=self._method, **self._bootstrap.draws)
        return {"lower": bounds.lower, "upper": bounds.upper}, np.asarray(boot)


@dataclass(frozen=True, eq=False)
class AnimalRdms:
    """One animal's RDMs: of all repetitions (n_pairs,), and of the halves of each split (n_splits, n_pairs)."""

    animal: str
    whole: Array
    first_halves: Array
    second_halves: Array
    n_neuroids: int
    n_constant: int


class RecordingRsa(BootstrappedMetric):
    """RSA against recordings with repetitions, corrected by split halves, one RDM an animal.

    Parameters
    ----------
    distance : str, default="euclidean"
        Dissimilarity of states, of model and brain.
    method : str, default="pearson"
        Comparison of RDMs.
    n_splits : int, default=10
        Random splits of the repetitions into halves.
    step_ms : float or None, default=None
        Time between the states of a stimulus that are compared, where bins overlap by smoothing; None for all.
    n_boot, seed, level : int, int, float
        Bootstrap over conditions: all states of a condition are drawn together.
    """

    def __init__(
        self,
        *,
        distance: str = "euclidean",
        method: str = "pearson",
        n_splits: int = 10,
        step_ms: float | None = None,
        **bootstrap: Any,
    ) -> None:
        super().__init__(**bootstrap)
        if step_ms is not None and not step_ms > 0:
            raise InvalidArgumentError("The 'step_ms' parameter", got=step_ms, needed="above 0")
        self._distance, self._method, self._n_splits = distance, method, n_splits
        self._step_ms = step_ms
        self._remembered: IdentityCache[list[AnimalRdms]] = IdentityCache()

    @property
    def needs(self) -> Needs:
        """Two repetitions, whose RDMs are compared for the ceiling."""
        return Needs(conditions=_FEWEST_STATES, repetitions=2)

    def __call__(self, model: xr.DataArray, brain: xr.DataArray) -> Score:
        """Similarity with each animal's RDM over the square root of its reliability, averaged over animals."""
        animals = self._remembered.of(brain, lambda: self._animal_rdms(brain))
        model_rdm, groups = self._model_rdm(model, brain), self._conditions(brain)
        boots = [self._resampled(model_rdm[None], animal.whole, groups)[:, 0] for animal in animals]
        ceilings = [self._animal_ceiling(animal) for animal in animals]
        ceiling_boots = [self._ceiling_bootstrap(animal, groups) for animal in animals]
        raw = [float(compare_rdms(model_rdm, animal.whole, method=self._method)) for animal in animals]
        table = pd.DataFrame(
            {"animal": [animal.animal for animal in animals], "raw": raw, "ceiling": ceilings}
        )
        table["normalised"] = table["raw"] / table["ceiling"]
        normalised = np.mean(
            [boot / ceiling for boot, ceiling in zip(boots, ceiling_boots, strict=True)], axis=0
        )
        draws = (np.mean(boots, axis=0), np.mean(ceiling_boots, axis=0), normalised)
        means = (float(table[name].mean()) for name in ("raw", "ceiling", "normalised"))
        n_conditions = len(np.unique(groups))
        return self._score(
            *map(Resampled, means, draws),
            n_units=n_conditions,
            targets=table,
            facts={
                "n_states": len(groups),
                "n_conditions": n_conditions,
                "n_neuroids": sum(animal.n_neuroids for animal in animals),
                "n_constant_neuroids": sum(animal.n_constant for animal in animals),
            },
        )

    def value(self, model: xr.DataArray, brain: xr.DataArray) -> float:
        """Mean similarity with the animals' RDMs, not corrected: the correction is the same for all layers."""
        model_rdm = self._model_rdm(model, brain)
        rdms = self._average_rdms(brain)
        similarities = compare_rdms(model_rdm[None], np.stack(rdms), method=self._method)
        return float(_as_vector(similarities).mean())

    def ceiling(self, brain: xr.DataArray) -> float:
        """Square root of the RDMs' reliability, averaged over animals."""
        animals = self._remembered.of(brain, lambda: self._animal_rdms(brain))
        return float(np.mean([self._animal_ceiling(animal) for animal in animals]))

    def _scored_samples(self, brain: xr.DataArray) -> npt.NDArray[np.bool_]:
        """Mask of the states that are compared."""
        if self._step_ms is None:
            return np.ones(brain.sizes["presentation"], dtype=bool)
        steps = time_since_onset(brain) / self._step_ms
        return np.asarray(np.abs(steps - np.round(steps)) < 1e-6)

    def _model_rdm(self, model: xr.DataArray, brain: xr.DataArray) -> Array:
        return self._rdm(np.asarray(model.values, dtype=np.float64)[self._scored_samples(brain)])

    def _conditions(self, brain: xr.DataArray) -> npt.NDArray[np.str_]:
        """The condition of each state that is compared."""
        return np.asarray(coordinate(brain, "condition")[self._scored_samples(brain)])

    def _average_rdms(self, brain: xr.DataArray) -> list[Array]:
        """RDM of each animal's average over repetitions."""
        return [self._rdm(_standardised(values)[0].mean(axis=0)) for _, values in self._scored_states(brain)]

    def _rdm(self, states: Array) -> Array:
        return np.asarray(rdm(states, distance=self._distance))

    def _animal_rdms(self, brain: xr.DataArray) -> list[AnimalRdms]:
        return [self._rdms_of(animal, values) for animal, values in self._scored_states(brain)]

    def _scored_states(self, brain: xr.DataArray) -> list[tuple[str, Array]]:
        """Each animal's responses at the samples that are compared."""
        scored = self._scored_samples(brain)
        return [(animal, values[:, scored]) for animal, values in by_animal(brain)]

    def _rdms_of(self, animal: str, values: Array) -> AnimalRdms:
        scaled, n_constant = _standardised(values)
        halves = [
            [self._rdm(scaled[half].mean(axis=0)) for half in split]
            for split in half_splits(len(scaled), self._n_splits, self._seed)
        ]
        first, second = np.stack(halves, axis=1)
        whole = self._rdm(scaled.mean(axis=0))
        return AnimalRdms(animal, whole, first, second, scaled.shape[2], n_constant)

    def _animal_ceiling(self, animal: AnimalRdms) -> float:
        halves = zip(animal.first_halves, animal.second_halves, strict=True)
        similarity = np.array([compare_rdms(a, b, method=self._method) for a, b in halves])
        return float(split_half_ceiling(similarity[None])[0])

    def _ceiling_bootstrap(self, animal: AnimalRdms, groups: npt.NDArray[np.str_]) -> Array:
        halves = animal.first_halves, animal.second_halves
        options = {"method": self._method, "groups": groups, **self._bootstrap.draws}
        return split_half_ceiling(np.asarray(bootstrap_paired_rsa(*halves, **options)))

    def _resampled(self, models: Array, data: Array, groups: npt.NDArray[np.str_]) -> Array:
        return np.asarray(
            bootstrap_rsa(models, data, method=self._method, groups=groups, **self._bootstrap.draws)
        )


def _subject_rdms(brain: xr.DataArray) -> tuple[list[str], Array]:
    """Each subject's RDM, averaged over its sessions."""
    subject = coordinate(brain, "subject")
    names = list(dict.fromkeys(subject))
    values = np.asarray(brain.values, dtype=np.float64)
    return names, np.stack([values[subject == name].mean(axis=0) for name in names])


def _standardised(values: Array) -> tuple[Array, int]:
    """Each neuroid shifted and scaled to mean 0 and variance 1 of its average over states; constant ones dropped.

    Without it, distances between states would be those of the few neurons that fire most.
    """
    average = values.mean(axis=0)
    spread = average.std(axis=0)
    varies = spread > 0
    scaled = (values[:, :, varies] - average[:, varies].mean(axis=0)) / spread[varies]
    return scaled, int((~varies).sum())


def _as_vector(similarities: object) -> Array:
    return np.asarray(similarities, dtype=np.float64).reshape(-1)


def _upper(ceilings: dict[str, float]) -> dict[str, float]:
    return {"ceiling_upper": ceilings["upper"]} if math.isfinite(ceilings.get("upper", math.nan)) else {}
