"""Judgements on labelled data: a model's probability of contact compared with people's, scenario by scenario.

The model comes as one neuroid with a probability for each video; people as the share who said yes, with their
number. Both metrics are taken within each scenario and averaged over scenarios.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from ..core.errors import InvalidDataError
from ..core.labelled import coordinate
from ..core.scores import Score
from ..core.seeds import child_seed, generator
from .bootstrap import BootstrappedMetric, Resampled
from .functional._resample import resample_counts
from .functional.behaviour.error_consistency import cohen_kappa
from .functional.behaviour.judgements import bootstrap_agreement, fraction_reliability
from .needs import Needs

__all__ = ["PUBLISHED_HALF_SPLIT_R", "PUBLISHED_PAIRWISE_KAPPA", "OcpAccuracy", "OcpAgreement"]

Array = npt.NDArray[np.float64]

# Bear et al. 2021: r of two random halves of people, mean of 1000; kappa of pairs of people, median. They need
# single answers, which are not public.
PUBLISHED_HALF_SPLIT_R = {
    "drape": 0.945, "collide": 0.987, "contain": 0.981, "dominoes": 0.969,
    "drop": 0.979, "link": 0.959, "roll": 0.990, "support": 0.982,
}  # fmt: skip
PUBLISHED_PAIRWISE_KAPPA = {
    "drape": 0.342, "collide": 0.624, "contain": 0.547, "dominoes": 0.412,
    "drop": 0.501, "link": 0.375, "roll": 0.676, "support": 0.552,
}  # fmt: skip


class _JudgementMetric(BootstrappedMetric):
    """A metric within each scenario, averaged over scenarios.

    Parameters
    ----------
    n_boot : int, default=1000
        Bootstrap over the videos of each scenario.
    seed : int, default=0
        Seed of the bootstrap.
    level : float, default=0.95
        Nominal coverage of the interval.
    """

    _unit = "videos within scenarios"

    @property
    def needs(self) -> Needs:
        """Videos over which answers are correlated."""
        return Needs(conditions=3)

    def __call__(self, model: xr.DataArray, brain: xr.DataArray) -> Score:
        """The metric by scenario and its mean, with people's."""
        probability = _probability(model)
        scenarios = [(name, probability[rows], people) for name, rows, people in _by_scenario(brain)]
        rows = [self._row(*scenario) for scenario in scenarios]
        draws = np.mean([self._resampled(*scenario) for scenario in scenarios], axis=0)
        table = pd.DataFrame(rows)
        table["normalised"] = table["raw"] / table["ceiling"]
        raw, ceiling = map(Resampled, table[["raw", "ceiling"]].mean(), draws)
        return self._score(
            raw,
            ceiling,
            n_units=len(probability),
            targets=table,
            facts={"n_videos": len(probability), "n_scenarios": len(rows), **self._facts(table)},
        )

    def value(self, model: xr.DataArray, brain: xr.DataArray) -> float:
        """The mean over scenarios alone."""
        probability = _probability(model)
        rows = [self._row(name, probability[rows], people) for name, rows, people in _by_scenario(brain)]
        return float(pd.DataFrame(rows)["raw"].mean())

    def ceiling(self, brain: xr.DataArray) -> float:
        """People's own value, averaged over scenarios."""
        values = [self._people_value(people) for _, _, people in _by_scenario(brain)]
        return float(np.mean(values))

    def _row(self, name: str, probability: Array, people: pd.DataFrame) -> dict[str, str | float]:
        raise NotImplementedError

    def _resampled(self, name: str, probability: Array, people: pd.DataFrame) -> Array:
        """Raw value and ceiling in resamples of one scenario's videos, (2, n_boot)."""
        raise NotImplementedError

    def _people_value(self, people: pd.DataFrame) -> float:
        raise NotImplementedError

    def _facts(self, table: pd.DataFrame) -> dict[str, str | int | float]:
        raise NotImplementedError


class OcpAccuracy(_JudgementMetric):
    """Share of videos on which the model is right, compared with people's share of right answers."""

    def _row(self, name: str, probability: Array, people: pd.DataFrame) -> dict[str, str | float]:
        right = _right(probability, people)
        n_even = float((probability == 0.5).sum())
        row: dict[str, str | float] = {"scenario": name, "raw": float(right.mean())}
        return {
            **row,
            "ceiling": self._people_value(people),
            "n_videos": float(len(right)),
            "n_undecided": n_even,
        }

    def _resampled(self, name: str, probability: Array, people: pd.DataFrame) -> Array:
        draws = generator(self._seed, "judgements", name)
        weights = resample_counts(draws, len(people), self._bootstrap.n_boot).numpy() / len(people)
        columns = np.stack([_right(probability, people), people["fraction_correct"].to_numpy()])
        return np.asarray(columns @ weights.T)

    def _people_value(self, people: pd.DataFrame) -> float:
        return float(people["fraction_correct"].mean())

    def _facts(self, table: pd.DataFrame) -> dict[str, str | int | float]:
        return {"chance": 0.5, "n_undecided": float(table["n_undecided"].sum())}


class OcpAgreement(_JudgementMetric):
    """Correlation of the model's probability of contact with the share of people who said that there will be."""

    def _row(self, name: str, probability: Array, people: pd.DataFrame) -> dict[str, str | float]:
        found = fraction_reliability(people["p_yes"], people["n_people"])
        return {
            "scenario": name,
            "raw": _r(probability, people["p_yes"].to_numpy()),
            "ceiling": found.ceiling,
            "kappa_with_majority": cohen_kappa(probability > 0.5, people["p_yes"] > 0.5),
            "half_split_r_expected": found.split_half,
            "half_split_r_published": PUBLISHED_HALF_SPLIT_R.get(name, float("nan")),
            "pairwise_kappa_published": PUBLISHED_PAIRWISE_KAPPA.get(name, float("nan")),
            "n_videos": float(len(probability)),
        }

    def _resampled(self, name: str, probability: Array, people: pd.DataFrame) -> Array:
        seed = child_seed(self._seed, "judgements", name)
        values = bootstrap_agreement(
            probability, people["p_yes"], people["n_people"], n_boot=self._bootstrap.n_boot, seed=seed
        )
        return np.stack(values)

    def _people_value(self, people: pd.DataFrame) -> float:
        return fraction_reliability(people["p_yes"], people["n_people"]).ceiling

    def _facts(self, table: pd.DataFrame) -> dict[str, str | int | float]:
        names = (
            "half_split_r_expected",
            "half_split_r_published",
            "pairwise_kappa_published",
            "kappa_with_majority",
        )
        return {f"mean_{name}": float(table[name].mean()) for name in names}


def _probability(model: xr.DataArray) -> Array:
    """The model's one column of probabilities."""
    values = np.asarray(model.values, dtype=np.float64)
    if values.ndim != 2 or values.shape[1] != 1:
        raise InvalidDataError(
            "The model's judgements", got=f"shape {values.shape}", needed="one probability a video"
        )
    if not ((values >= 0) & (values <= 1)).all():
        raise InvalidDataError(
            "The model's judgements",
            got=f"{values.min():.3g}..{values.max():.3g}",
            needed="probabilities, 0..1",
        )
    return values[:, 0]


def _by_scenario(brain: xr.DataArray) -> Iterator[tuple[str, npt.NDArray[np.intp], pd.DataFrame]]:
    """Each scenario with its places among the videos, and people's answers to them."""
    label = coordinate(brain, "label").astype(bool)
    yes = np.asarray(brain.values, dtype=np.float64).reshape(len(label))
    people = pd.DataFrame({"p_yes": yes, "label": label, "fraction_correct": np.where(label, yes, 1 - yes)})
    people["n_people"] = coordinate(brain, "n_people")
    scenario = coordinate(brain, "scenario")
    for name in dict.fromkeys(scenario):
        rows = np.flatnonzero(scenario == name)
        yield str(name), rows, people.iloc[rows]


def _right(probability: Array, people: pd.DataFrame) -> Array:
    """1 where the model is right, 0 where it is wrong, and a half where it does not decide."""
    answer = np.where(probability == 0.5, 0.5, probability > 0.5)
    return np.asarray(np.where(people["label"], answer, 1 - answer), dtype=np.float64)


def _r(x: Array, y: Array) -> float:
    return float(np.corrcoef(x, y)[0, 1]) if np.ptp(x) > 0 else float("nan")
