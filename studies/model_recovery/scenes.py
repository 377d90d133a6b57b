"""A benchmark made ready for a study: its samples, its metric, and the candidates."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import xarray as xr

from ...benchmarks import registry as benchmark_registry
from ...benchmarks.alignment import brain_samples, of_animal
from ...candidates import LoadedCandidate, load_candidate
from ...candidates.interface import accepts, bundle_sha256, find_candidate
from ...core.activations import Activations
from ...core.cards import BenchmarkCard, CandidateCard
from ...core.errors import CandidateError, InvalidArgumentError, MissingExtraError
from ...core.settings import Settings
from ...core.stimuli import StimulusSet
from ...data_registry import Dataset, load_dataset
from ...metrics import Metric, load_metric
from ...metrics.functional.statistics.reliability import split_half_reliability
from ...scoring.activation_cache import ActivationCache, show_stimuli
from .brains import varies
from .design import HIGHEST, LOWEST, Design, MetricUse, use_of_metric, why_not
from .states import CandidateStates, candidate_states, thinned
from .trial import SimulatedBrainBenchmark

__all__ = ["PreparedBenchmark", "PreparedCandidate", "median_reliability", "prepare_benchmarks"]

Say = Callable[[str, int, int], None]

_FEWEST = 2


@dataclass(frozen=True, eq=False)
class PreparedCandidate:
    """A candidate of a scene.

    Parameters
    ----------
    source : str
        Name or folder by which it was asked for.
    card : CandidateCard
    bundle_sha256 : str
        Hash of its files.
    states : CandidateStates
    """

    source: str
    card: CandidateCard
    bundle_sha256: str
    states: CandidateStates


@dataclass(frozen=True, eq=False)
class PreparedBenchmark:
    """A benchmark in a study.

    Parameters
    ----------
    card : BenchmarkCard
    dataset : Dataset
    metric : Metric
        The benchmark's, with the study's settings.
    use : MetricUse
        Use of the metric: those settings, and the units it needs.
    samples : assembly (repetition, presentation, neuroid)
        The benchmark's own recording at the samples that the study uses.
    stimuli : StimulusSet
    candidates : dict of str to PreparedCandidate
        Candidates by name.
    """

    card: BenchmarkCard
    dataset: Dataset
    metric: Metric
    use: MetricUse
    samples: xr.DataArray
    stimuli: StimulusSet
    candidates: dict[str, PreparedCandidate]

    @property
    def name(self) -> str:
        """The name of the benchmark."""
        return self.card.identifier

    @property
    def scored(self) -> dict[str, dict[str, xr.DataArray]]:
        """The states that are scored, by candidate and layer."""
        return {name: one.states.scored for name, one in self.candidates.items()}

    def n_neurons(self, design: Design) -> int:
        """Number of neurons of a simulated brain."""
        return int(self.samples.sizes["neuroid"]) if design.as_recorded else design.n_neurons

    def reliabilities(self, design: Design) -> tuple[float, ...]:
        """Reliabilities that brains are simulated with: the design's, or the recording's own."""
        if not design.as_recorded:
            return design.reliabilities
        return (round(min(max(median_reliability(self.samples), LOWEST), HIGHEST), 3),)

    def on(self, brain: xr.DataArray) -> SimulatedBrainBenchmark:
        """The benchmark with another brain."""
        return SimulatedBrainBenchmark(self.card, self.dataset, self.metric, brain)


def median_reliability(brain: xr.DataArray) -> float:
    """Split-half reliability of the average over repetitions, corrected to full length, median over neurons."""
    values = np.asarray(brain.values, dtype=np.float64)
    return float(np.nanmedian(np.asarray(split_half_reliability(values, n_splits=20).mean)))


def prepare_benchmarks(
    benchmarks: Sequence[str],
    candidates: Sequence[str],
    design: Design,
    settings: Settings,
    say: Say,
    *,
    data_seed: int | None = None,
) -> tuple[list[PreparedBenchmark], dict[str, str]]:
    """Show each candidate the stimuli once, and align it to the samples of all benchmarks that use them.

    Parameters
    ----------
    benchmarks, candidates : sequence of str
        Names; candidates also by folder.
    design : Design
    settings : Settings
    say : callable
        Called with what is done, the number done and of all.
    data_seed : int, optional
        Conditions are drawn anew with this seed; for simulated data sets that take one.

    Returns
    -------
    scenes : list of PreparedBenchmark
    left_out : dict of str to str
        Candidates that could not be used, and why.

    Raises
    ------
    InvalidArgumentError
        If no brain can be simulated for a benchmark, or fewer than two candidates accept its stimuli.
    """
    data = _Data(settings, data_seed)
    known = benchmark_registry(settings)
    cards = [known.find(name).card for name in benchmarks]
    for card in cards:
        _check_of_neurons(card)
    for name in candidates:
        find_candidate(name, settings)
    empty = [_empty_scene(card, data, design, settings) for card in cards]
    left_out: dict[str, str] = {}
    for done, name in enumerate(candidates):
        say("activations", done, len(candidates))
        try:
            _add(name, empty, design, settings)
        except (CandidateError, MissingExtraError) as error:
            left_out[name] = str(error)
    for scene in empty:
        _check_several(scene)
    return empty, left_out


class _Data:
    """Data sets, recordings and stimuli, read once for all benchmarks on them."""

    def __init__(self, settings: Settings, seed: int | None) -> None:
        self._settings, self._seed = settings, seed
        self.dataset = cache(self._dataset)
        self.recording = cache(lambda name, region: self.dataset(name).recording(region))
        self.stimuli = cache(lambda name: self.dataset(name).stimuli())

    def _dataset(self, name: str) -> Dataset:
        loaded = load_dataset(name, self._settings)
        if self._seed is None:
            return loaded
        build: Callable[..., Dataset] = type(loaded)
        return build(loaded.card, self._settings, seed=self._seed)


def _check_of_neurons(card: BenchmarkCard) -> None:
    reason = why_not(card)
    if reason is not None:
        raise InvalidArgumentError(
            "The benchmark of a validity study",
            got=f"'{card.identifier}', which {reason}",
            needed="one that compares activations with neurons",
        )


def _empty_scene(card: BenchmarkCard, data: _Data, design: Design, settings: Settings) -> PreparedBenchmark:
    use = use_of_metric(card)
    metric = load_metric(card.metric, settings, **{**card.parameters, **use.fast})
    recording = data.recording(card.dataset, card.region)
    if card.animal is not None:
        recording = of_animal(recording, card.animal)
    samples = brain_samples(recording, epoch=card.epoch, needed=metric.samples_needed)
    if card.alignment == "time":
        samples = thinned(samples, design.max_samples)
    dataset = data.dataset(card.dataset)
    return PreparedBenchmark(card, dataset, metric, use, samples, data.stimuli(card.dataset), {})


def _add(name: str, scenes: Iterable[PreparedBenchmark], design: Design, settings: Settings) -> None:
    """Put a candidate into all scenes whose stimuli it accepts; each data set is shown once."""
    registered = find_candidate(name, settings)
    shown: dict[str, dict[str, Activations]] = {}
    candidate: LoadedCandidate | None = None
    for scene in scenes:
        if not accepts(registered.card, scene.stimuli):
            continue
        dataset = scene.card.dataset
        if dataset not in shown:
            candidate = candidate or load_candidate(name, settings, seed=0)
            cache = ActivationCache.of(candidate, settings.cache_dir, 0)
            shown[dataset] = show_stimuli(candidate, scene.stimuli.stimuli, cache, _silent)
        states = candidate_states(shown[dataset], scene.stimuli, scene.samples, scene.card, scene.use, design)
        if varies(states.readable).any():
            standing = PreparedCandidate(name, registered.card, bundle_sha256(registered), states)
            scene.candidates[registered.card.identifier] = standing


def _check_several(scene: PreparedBenchmark) -> None:
    if len(scene.candidates) < _FEWEST:
        raise InvalidArgumentError(
            f"The candidates for '{scene.name}'",
            got=f"{len(scene.candidates)} that accept its stimuli and vary over its samples",
            needed=f"{_FEWEST} or more",
        )


def _silent(done: int, of: int) -> None:
    """Show nothing."""
