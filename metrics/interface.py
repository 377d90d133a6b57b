"""The interface of metrics on labelled data, and their registry."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar

import xarray as xr

from ..core.cards import MetricCard
from ..core.errors import InvalidArgumentError, InvalidCardError
from ..core.registry import Registry, registry_of
from ..core.scores import Score
from ..core.settings import Settings
from .needs import Needs

__all__ = ["IdentityCache", "Metric", "SamplesNeeded", "load_metric", "registry"]

T = TypeVar("T")

#: "complete": in every neuroid, in equally many repetitions. "by neuroid": each neuroid has samples of its own, NaN
#: at the others, in equally many repetitions. "as recorded": NaN for any repetition that a neuroid lacks.
SamplesNeeded = Literal["complete", "by neuroid", "as recorded"]


class Metric:
    """A comparison of a model with a brain: ``metric(model, brain) -> Score``, a thin shell over pure functions.

    Subclasses write :meth:`__call__`, :meth:`value` and :meth:`ceiling`; their parameters are those that a
    benchmark's card may set.
    """

    @property
    def samples_needed(self) -> SamplesNeeded:
        """Completeness required of a recorded sample for it to be used."""
        return "complete"

    @property
    def needs(self) -> Needs:
        """Least recording that it can be computed on, with its parameters."""
        return Needs()

    @property
    def needs_for_choice(self) -> Needs:
        """Least part of a recording on which layers can be compared."""
        return Needs(conditions=1)

    def __call__(self, model: xr.DataArray, brain: xr.DataArray) -> Score:
        """Compare a model with a brain.

        Parameters
        ----------
        model : DataArray of dims (presentation, neuroid)
            Activations at the samples of `brain`, in their order.
        brain : DataArray
            Responses of dims (repetition, presentation, neuroid), or dissimilarities (rdm, pair).

        Returns
        -------
        score : Score
            Raw value, ceiling and normalised value with intervals, values by target, facts and resamples.
        """
        raise NotImplementedError

    def value(self, model: xr.DataArray, brain: xr.DataArray) -> float:
        """The value by which layers are compared: the score without ceiling and intervals, cheap."""
        raise NotImplementedError

    def ceiling(self, brain: xr.DataArray) -> float:
        """The ceiling alone."""
        raise NotImplementedError


class IdentityCache(Generic[T]):
    """Cache of the value last computed from one object: a brain's side of a comparison serves all candidates."""

    def __init__(self) -> None:
        self._source: object = None
        self._value: T | None = None

    def of(self, source: object, compute: Callable[[], T]) -> T:
        """The value computed from this very object, computed anew if the last call had another one."""
        if self._value is None or self._source is not source:
            self._value = compute()
            self._source = source
        return self._value


def registry(settings: Settings) -> Registry[MetricCard]:
    """The registered metrics."""
    return registry_of("metric", MetricCard, Path(__file__).parent, settings)


def load_metric(name: str, settings: Settings, **parameters: Any) -> Metric:
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
        metric: Metric = build(**parameters)
    except (TypeError, InvalidArgumentError) as error:
        raise InvalidCardError(
            f"The parameters of metric '{name}'", got=f"{parameters} ({error})", needed="ones that it has"
        ) from error
    return metric
