"""The options of a card of trials: locations of its fields, and how they are to be read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Self

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, model_validator
from pydantic import Field as Limited

from .declared_fields import Field, given_fields, refuse_unread
from .declared_spikes import SpikeFields
from .repetitions import Repetitions
from .stimulus_numbers import StimulusBase

__all__ = ["TrialFields", "TrialOptions"]

_OF_RESPONSES = ("neuroid_id", "time_bin_start_ms", "time_bin_end_ms")
_MOST_BINS, _ROUNDING = 10_000, 1e-6


class TrialFields(SpikeFields):
    """Locations of the fields, in addition to those of `SpikeFields`, which take the place of `responses`.

    Attributes
    ----------
    responses : Field or None
        Numbers of axes presentation, neuroid and, where time matters, time_bin. With `axes` that name stimulus and
        repetition in place of presentation, every stimulus has as many, NaN where it was not shown so often.
    stimulus : Field or None
        Stimulus of each presentation: its name or, without `stimulus_id` or with `stimulus_base`, its number. Not
        with the axes stimulus and repetition.
    event_times : Field or None
        Time in s of each presentation's first step, on the clock of `spike_times`.
    region, animal : Field
        Region and animal of each neuroid, or one value for all.
    stimulus_id : Field or None
        Names of the stimuli; if absent, their numbers.
    frames : Field or None
        Frames of axes stimulus, time, height, width and colour; bytes. Or `images`, each a stimulus of one frame,
        named after its file. Either this or `velocity`.
    velocity : Field or None
        Velocities of axes stimulus, time and xy, in m/s.
    start_position : Field or None
        Start positions of axes stimulus and xy, in m; with `velocity`.
    variables : mapping of str to Field
        Values of the experiment's variables in each presentation (with the axes stimulus and repetition: of each
        stimulus), where there are neither frames nor walks: presentations with equal values are of one stimulus.
    condition : Field or None
        Condition, held out as a whole; if absent, the stimulus.
    repetition : Field or None
        Number of the repetition; if absent, counted for each stimulus.
    neuroid_id : Field or None
        Names of the neuroids; if absent, their numbers. Spikes have `unit_name` instead.
    time_bin_start_ms, time_bin_end_ms : Field or None
        Ends of the time bins, in ms from the stimulus's first step; needed with time bins.
    """

    responses: Field | None = None
    event_times: Field | None = None
    region: Field
    animal: Field
    stimulus: Field | None = None
    stimulus_id: Field | None = None
    frames: Field | None = None
    velocity: Field | None = None
    start_position: Field | None = None
    variables: Mapping[Annotated[str, Limited(pattern=r"^[A-Za-z]\w*$")], Field] = {}
    condition: Field | None = None
    repetition: Field | None = None
    neuroid_id: Field | None = None
    time_bin_start_ms: Field | None = None
    time_bin_end_ms: Field | None = None

    @model_validator(mode="after")
    def _stimuli_of_one_kind(self) -> Self:
        given = [self.frames is not None, self.velocity is not None, bool(self.variables)]
        if given.count(True) != 1:
            raise ValueError("give either 'frames', 'velocity' or 'variables'")
        told = [name for name in ("stimulus", "stimulus_id") if getattr(self, name) is not None]
        if self.variables and told:
            raise ValueError(f"{told} have no effect with 'variables', whose values tell stimuli apart")
        if self.velocity is None and self.start_position is not None:
            raise ValueError("'start_position' has no effect without 'velocity'")
        return self

    @model_validator(mode="after")
    def _responses_or_spikes(self) -> Self:
        if (self.responses is None) == (self.spike_times is None):
            raise ValueError("give either 'responses' or 'spike_times'")
        if (self.spike_times is None) != (self.event_times is None):
            raise ValueError("'spike_times' and 'event_times' need each other")
        fixed = [name for name in _OF_RESPONSES if getattr(self, name) is not None]
        if self.spike_times is not None and fixed:
            raise ValueError(f"{fixed} have no effect with 'spike_times'")
        return self

    @model_validator(mode="after")
    def _presentations_told_once(self) -> Self:
        told = [name for name in ("stimulus", "repetition", "condition") if getattr(self, name) is not None]
        if self.in_repetitions and told:
            raise ValueError(f"{told} have no effect with the axes stimulus and repetition of 'responses'")
        if not self.in_repetitions and self.stimulus is None and not self.variables:
            raise ValueError("'stimulus' is needed: the stimulus of each presentation")
        return self

    @property
    def in_repetitions(self) -> bool:
        """Whether responses have the axes stimulus and repetition."""
        return self.responses is not None and "repetition" in (self.responses.axes or ())

    @model_validator(mode="after")
    def _nothing_unread(self) -> Self:
        arrays = ("responses", "velocity", "start_position")
        scaled = (*arrays, "time_bin_start_ms", "time_bin_end_ms", "spike_times", "event_times")
        refuse_unread(given_fields(self), scaled=scaled, ordered=(*arrays, "frames"))
        refuse_unread(self.variables, scaled=self.variables, ordered=())
        return self


class TrialOptions(BaseModel):
    """Options of the card.

    Attributes
    ----------
    fields : TrialFields
    masks : mapping of str to Field
        Epochs by name, of axes presentation and time_bin: 0 and 1, or false and true. One of `axes` time_bin
        alone is the same for all presentations.
    stimulus_base : {0, 1} or None
        Number of the first stimulus, where `stimulus` holds numbers; None where names are given, or numbers from 0.
    repetitions : {"smallest"}, int or None
        Number of repetitions to keep of each stimulus, the first ones: as many as all have, or this number, without
        the stimuli that have fewer. None where all have equally many.
    rate_hz : float
        Steps of the stimuli per second.
    degrees_per_pixel : float or None
        Visual angle of a pixel, in degrees; for frames.
    arena_m : tuple of float or None
        Width and height of the arena in m; for walks.
    units : str or None
        Unit of the responses; None for Hz. Hz are checked as firing rates, and counts as whole numbers. Of spikes
        it is the unit that they are given in, Hz or counts.
    window_ms : tuple of float or None
        Begin and end of the responses, in ms after the events; with spikes.
    bin_ms : float or None
        Width of the bins that the window is cut into, in ms; None for one response a presentation.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    fields: TrialFields
    masks: Mapping[str, Field] = {}
    stimulus_base: StimulusBase | None = None
    repetitions: Repetitions | None = None
    rate_hz: Annotated[float, Limited(gt=0)]
    degrees_per_pixel: Annotated[float, Limited(gt=0)] | None = None
    arena_m: tuple[float, float] | None = None
    units: str | None = None
    window_ms: tuple[float, float] | None = None
    bin_ms: Annotated[float, Limited(gt=0)] | None = None

    @model_validator(mode="after")
    def _window_of_spikes(self) -> Self:
        if (self.fields.spike_times is None) != (self.window_ms is None):
            raise ValueError("'window_ms' and spikes need each other")
        if self.window_ms is None:
            if self.bin_ms is not None:
                raise ValueError("'bin_ms' has no effect without 'window_ms'")
            return self
        if not self.window_ms[0] < self.window_ms[1]:
            raise ValueError("'window_ms' has to end after its begin")
        n_bins = self._n_bins(*self.window_ms)
        if abs(n_bins - round(n_bins)) > _ROUNDING or not 1 <= n_bins <= _MOST_BINS:
            raise ValueError(f"'window_ms' has to hold a whole number of bins, at most {_MOST_BINS}")
        if self.units not in (None, "Hz", "counts"):
            raise ValueError("'units' of spikes is Hz or counts")
        return self

    @property
    def bin_edges_ms(self) -> npt.NDArray[np.float64]:
        """Edges of the bins that spikes are counted in, in ms after an event; none without a window."""
        if self.window_ms is None:
            return np.zeros(0)
        return np.linspace(*self.window_ms, round(self._n_bins(*self.window_ms)) + 1)

    def _n_bins(self, start_ms: float, end_ms: float) -> float:
        return (end_ms - start_ms) / (self.bin_ms or end_ms - start_ms)

    @model_validator(mode="after")
    def _size_of_stimuli(self) -> Self:
        read = {"degrees_per_pixel": self.fields.frames, "arena_m": self.fields.velocity}
        for name, stimuli in read.items():
            if stimuli is not None and getattr(self, name) is None:
                raise ValueError(f"'{name}' is needed for these stimuli")
            if stimuli is None and getattr(self, name) is not None:
                raise ValueError(f"'{name}' has no effect on these stimuli")
        if self.fields.variables and self.stimulus_base is not None:
            raise ValueError("'stimulus_base' has no effect with 'variables'")
        return self

    @model_validator(mode="after")
    def _masks_of_time(self) -> Self:
        if self.masks and self.fields.time_bin_start_ms is None and self.bin_ms is None:
            raise ValueError("'masks' have no effect without time bins")
        refuse_unread(self.masks, scaled=(), ordered=self.masks)
        return self
