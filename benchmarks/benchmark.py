"""A benchmark: stimuli for a candidate, and a score for what comes back.

The two halves are separate so that a candidate can run elsewhere: :attr:`Benchmark.stimuli` goes out,
:meth:`Benchmark.score` takes activations in. Everything about a benchmark is in its card.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property

import xarray as xr

from ..core.activations import Activations
from ..core.cards import BenchmarkCard
from ..core.display import Displayed
from ..core.errors import ActivationError
from ..core.labelled import coordinate, labelled_hash
from ..core.scores import Score
from ..core.stimuli import Stimulus, StimulusSet
from ..data_registry import Dataset
from ..data_registry.interface import loader_errors
from ..metrics import Metric
from ..metrics.needs import Needs, ceiling_facts, check_needs
from .alignment import brain_samples, model_samples, of_animal, subset
from .layer_selection import held_out_conditions, select_layer

__all__ = ["Benchmark"]


class Benchmark(Displayed):
    """A data set, an epoch, a metric and a way to choose a layer.

    Parameters
    ----------
    card : BenchmarkCard
        Its card.
    dataset : Dataset
        The recordings.
    metric : Metric
        The metric, with its parameters.
    """

    def __init__(self, card: BenchmarkCard, dataset: Dataset, metric: Metric) -> None:
        self.card = card
        self.dataset = dataset
        self.metric = metric

    @property
    def identifier(self) -> str:
        """Its registered name."""
        return self.card.identifier

    @property
    def version(self) -> int:
        """Raised whenever its scores change."""
        return self.card.version

    @cached_property
    def stimuli(self) -> StimulusSet:
        """Stimuli that a candidate is shown."""
        with loader_errors(self.dataset.card):
            return self.dataset.stimuli()

    @cached_property
    def data_sha256(self) -> str:
        """Hash of the labelled samples that scores rest on."""
        return labelled_hash(self._samples)

    @cached_property
    def ceiling(self) -> float:
        """The metric's ceiling on the scored conditions."""
        return self.metric.ceiling(*self._scored_brains)

    @cached_property
    def scored_conditions(self) -> tuple[str, ...]:
        """Conditions that enter the score, in the data's order."""
        kept = set(self.layer_selection_conditions)
        return tuple(name for name in self._conditions if name not in kept)

    @cached_property
    def layer_selection_conditions(self) -> tuple[str, ...]:
        """Conditions held out for layer selection; never scored. None where the metric needs them all."""
        return held_out_conditions(self._conditions, self.card.layer_selection)

    @cached_property
    def left_out(self) -> dict[str, str | int | float]:
        """Parts of the recording that no model is scored on, by name: counts, or names with reasons."""
        names = (name for name in self._samples.attrs if str(name).endswith(("left_out", "missing")))
        return {str(name): self._samples.attrs[name] for name in names if self._samples.attrs[name]}

    @property
    def needs(self) -> Needs:
        """Least recording that its metric can be computed on."""
        needs = self.metric.needs
        return needs if self.card.ceiling_region is None else replace(needs, animals=1)

    def check_recording(self) -> None:
        """Check that the scored part of the recording carries the metric, whoever is scored.

        Raises
        ------
        UnfitRecordingError
            If it does not, with what is there and what is needed.
        """
        check_needs(self.needs, self._scored_brains[0])

    def __call__(self, candidate: object) -> Score:
        """Show the stimuli to a candidate and score it.

        Parameters
        ----------
        candidate : LoadedCandidate
            Anything with ``activations(stimuli) -> list`` of checked activations.

        Returns
        -------
        score : Score
            Score of the layer that was selected.
        """
        stimuli: Sequence[Stimulus] = self.stimuli.stimuli
        returned = candidate.activations(stimuli)  # type: ignore[attr-defined]
        return self.score({s.identifier: layers for s, layers in zip(stimuli, returned, strict=True)})

    def score(self, activations: Mapping[str, Activations]) -> Score:
        """Score activations: select a layer, without what is scored, and score it.

        Parameters
        ----------
        activations : mapping of str to Activations
            Checked activations of every layer, by stimulus identifier.

        Raises
        ------
        ActivationError
            If a stimulus is missing or extra, or activations are not what the benchmark asks for.
        MissingPartError
            If answers have to be read out and the stimuli to learn on are not here.
        UnfitRecordingError
            If the recording cannot carry the metric, whoever is scored.
        """
        self.check_recording()
        self._check_complete(activations)
        return self._score(activations, tuple(next(iter(activations.values()))))

    def _score(self, activations: Mapping[str, Activations], layers: tuple[str, ...]) -> Score:
        """The score of the layer selected on held-out conditions."""
        layer, layer_scores = self._select_layer(activations, layers)
        model = self._model(activations, layer, self.scored_conditions)
        _check_varies(model, layer)
        score = self.metric(model, *self._scored_brains).with_layer(layer, layer_scores)
        behind = ceiling_facts(self.needs, score.targets, self._scored_brains[0])
        return replace(score, facts={**self.left_out, **behind, **score.facts})

    def _select_layer(
        self, activations: Mapping[str, Activations], layers: tuple[str, ...]
    ) -> tuple[str, dict[str, float]]:
        held_out = self.layer_selection_conditions
        if held_out and len(layers) > 1:
            subject = "The part of the recording that chooses the layer"
            check_needs(self.metric.needs_for_choice, self._held_out_brain, subject=subject)

        def value_of(layer: str) -> float:
            return self.metric.value(self._model(activations, layer, held_out), self._held_out_brain)

        return select_layer(layers, value_of, can_choose=bool(held_out))

    @cached_property
    def _held_out_brain(self) -> xr.DataArray:
        """The samples by which layers are compared; one object, as metrics remember what they computed of it."""
        return subset(self._samples, self.layer_selection_conditions)

    @cached_property
    def _scored_brains(self) -> tuple[xr.DataArray, ...]:
        """The scored samples and, if the ceiling is another brain's, that brain's: the same for all candidates."""
        region = self.card.ceiling_region
        brains = [self._samples] if region is None else [self._samples, self._recording(region)]
        return tuple(subset(brain, self.scored_conditions) for brain in brains)

    def _model(
        self, activations: Mapping[str, Activations], layer: str, conditions: tuple[str, ...]
    ) -> xr.DataArray:
        samples = self._stimulus_samples if "pair" in self._samples.dims else self._samples
        chosen = subset(samples, conditions)
        return model_samples(activations, layer, self.stimuli, chosen, self.card.alignment)

    @cached_property
    def _samples(self) -> xr.DataArray:
        recording = self._recording(self.card.region)
        if "pair" in recording.dims:
            return recording
        return brain_samples(recording, epoch=self.card.epoch, needed=self.metric.samples_needed)

    def _recording(self, region: str) -> xr.DataArray:
        with loader_errors(self.dataset.card):
            recording = self.dataset.recording(region)
        return recording if self.card.animal is None else of_animal(recording, self.card.animal)

    @cached_property
    def _stimulus_samples(self) -> xr.DataArray:
        """The samples of dissimilarities: the stimuli themselves, each its own condition."""
        names = list(self._conditions)
        coords = {"stimulus_id": ("presentation", names), "condition": ("presentation", names)}
        return xr.DataArray([0.0] * len(names), dims=["presentation"], coords=coords)

    @cached_property
    def _conditions(self) -> tuple[str, ...]:
        if "pair" in self._samples.dims:
            return tuple(stimulus.identifier for stimulus in self.stimuli)
        return tuple(dict.fromkeys(coordinate(self._samples, "condition")))

    def _check_complete(self, activations: Mapping[str, Activations]) -> None:
        needed = {stimulus.identifier for stimulus in self.stimuli}
        if set(activations) != needed:
            missing, extra = sorted(needed - set(activations)), sorted(set(activations) - needed)
            raise ActivationError(
                f"The activations for benchmark '{self.identifier}'",
                got=f"{len(activations)} stimuli ({len(missing)} missing, {len(extra)} unknown: "
                f"{(missing + extra)[:3]})",
                needed=f"given for its {len(needed)} stimuli",
            )
        _check_same_units(activations)


def _check_same_units(activations: Mapping[str, Activations]) -> None:
    """A layer is one population: it has the same units whatever it is shown."""
    units: dict[str, tuple[int, str]] = {}
    for stimulus, layers in activations.items():
        for layer, timed in layers.items():
            n_units, first = units.setdefault(layer, (timed.values.shape[1], stimulus))
            if timed.values.shape[1] != n_units:
                raise ActivationError(
                    f"The activations of layer '{layer}'",
                    got=f"{n_units} units for '{first}' and {timed.values.shape[1]} for '{stimulus}'",
                    needed="of the same units for every stimulus",
                )


def _check_varies(model: xr.DataArray, layer: str) -> None:
    """No metric is defined for a model that is in the same state at all samples."""
    if (model.values == model.values[:1]).all():
        raise ActivationError(
            f"The activations of layer '{layer}'",
            got=f"constant over the {len(model)} scored samples",
            needed="different for at least two samples",
        )
