"""What every measure on labelled data offers, and how one is found by its name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Generic, TypeVar

from ..core import _brainscore
from ..core._brainscore import DataAssembly, Score
from ..core.cards import MetricCard
from ..core.errors import InvalidArgumentError, InvalidCardError
from ..core.registry import Registry, registry_of
from ..core.scores import ScoreParts, pack_score
from ..core.settings import Settings

__all__ = ["LabelledMetric", "Remembered", "load_metric", "registry"]

T = TypeVar("T")


class LabelledMetric(_brainscore.Metric):  # type: ignore[misc]  # brainscore-core is not typed
    """A brainscore-core ``Metric``: ``metric(model, brain) -> Score``, a thin shell over pure functions.

    Subclasses write :meth:`parts`, :meth:`value` and :meth:`ceiling`; their parameters are those that a
    benchmark's card may set.

    Attributes
    ----------
    complete_samples : bool
        Whether only samples that every neuroid has in every repetition are wanted; else a neuroid is NaN where it
        has none, and the measure deals with that.
    """

    complete_samples = True

    def __call__(
        self, model: DataAssembly, brain: DataAssembly, reference: DataAssembly | None = None
    ) -> Score:
        """Compare a model with a brain.

        Parameters
        ----------
        model : assembly of dims (presentation, neuroid)
            Activations at the samples of `brain`, in their order.
        brain : assembly
            Of dims (repetition, presentation, neuroid), or dissimilarities (rdm, pair).
        reference : assembly like `brain`, optional
            Another brain, whose likeness to `brain` is the ceiling where `brain` has no repetitions.

        Returns
        -------
        score : Score
            See :func:`innerscore.core.scores.pack_score`.
        """
        return pack_score(self.parts(model, brain, reference))

    def parts(self, model: DataAssembly, brain: DataAssembly, reference: DataAssembly | None) -> ScoreParts:
        """The score's parts, with intervals."""
        raise NotImplementedError

    def value(self, model: DataAssembly, brain: DataAssembly) -> float:
        """The value by which layers are compared: the score without ceiling and intervals, cheap."""
        raise NotImplementedError

    def ceiling(self, brain: DataAssembly, reference: DataAssembly | None = None) -> Score:
        """The ceiling alone."""
        raise NotImplementedError


class Remembered(Generic[T]):
    """What was last computed from one object: a brain's side of a comparison serves all candidates in turn."""

    def __init__(self) -> None:
        self._source: object = None
        self._value: T | None = None

    def of(self, source: object, compute: Callable[[], T]) -> T:
        """The value computed from this very object, computed if another one was asked about last."""
        if self._value is None or self._source is not source:
            self._value = compute()
            self._source = source
        return self._value


def registry(settings: Settings) -> Registry[MetricCard]:
    """The registered metrics."""
    return registry_of("metric", MetricCard, Path(__file__).parent, settings)


def load_metric(name: str, settings: Settings, **parameters: Any) -> LabelledMetric:
    """Build a metric by name.

    Raises
    ------
    UnknownNameError
        If no metric has that name.
    InvalidCardError
        If it has no such parameter or the value is illegal.
    """
    build = registry(settings).load(name)
    try:
        metric: LabelledMetric = build(**parameters)
    except (TypeError, InvalidArgumentError) as error:
        raise InvalidCardError(
            f"The parameters of metric '{name}'", got=f"{parameters} ({error})", needed="ones that it has"
        ) from error
    return metric
