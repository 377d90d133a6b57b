"""A data set of ready-set-go: sessions and behaviour from anywhere, epochs and intervals as regions of the card."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

import xarray as xr

from ...core.cards import DatasetCard
from ...core.display import Displayed
from ...core.errors import InvalidArgumentError, UnfitRecordingError
from ...core.stimuli import StimulusSet
from ...tasks.ready_set_go import stimulus_set
from ..interface import check_region
from .epochs import EPOCHS, epoch_recording
from .intervals import Behaviour, label_intervals
from .sessions import LEAST_RATE_HZ, LEAST_TRIALS, Session, Unit, usable_units, valid_trials

__all__ = ["HALVES_SEED", "IntervalDataset"]

HALVES_SEED = 2019
_EPOCH_OF = {f"DMFC-{name.replace('_', '-')}": name for name in EPOCHS}
_INTERVALS = "interval-"


class IntervalDataset(Displayed):
    """Sessions in which animals measured and produced intervals.

    Parameters
    ----------
    card : DatasetCard
        Its card, whose regions are among ``DMFC-measurement``, ``DMFC-production``, ``DMFC-production-scaled`` and
        ``interval-<animal>``.
    sessions : callable
        Reads the sessions.
    behaviour : mapping of str to callable
        Reads the behaviour of each animal in all its sessions; empty if it is not known beyond the sessions.
    seed : int, default=2019
        Seed of the halves of trials.
    """

    def __init__(
        self,
        card: DatasetCard,
        sessions: Callable[[], Sequence[Session]],
        behaviour: Mapping[str, Callable[[], Behaviour]],
        *,
        seed: int = HALVES_SEED,
    ) -> None:
        self.card = card
        self.seed = seed
        self._read_sessions = sessions
        self._read_behaviour = behaviour
        self._recordings: dict[str, xr.DataArray] = {}

    @cached_property
    def sessions(self) -> tuple[Session, ...]:
        """All sessions."""
        return tuple(self._read_sessions())

    @property
    def behaving(self) -> tuple[str, ...]:
        """Animals whose behaviour is known beyond the sessions."""
        return tuple(self._read_behaviour)

    @cached_property
    def units(self) -> tuple[Unit, ...]:
        """The usable units of all sessions, side by side."""
        return tuple(unit for session in self.sessions for unit in usable_units(session))

    def stimuli(self) -> StimulusSet:
        """The 40 conditions as clips at 60 Hz, drawn by our renderer from what is known of the screen."""
        return self._stimuli

    @cached_property
    def _stimuli(self) -> StimulusSet:
        return stimulus_set(self.card.identifier)

    def recording(self, region: str) -> xr.DataArray:
        """Mean rates in Hz in an epoch, two halves of the trials as two repetitions; or intervals in ms.

        Parameters
        ----------
        region : str
            ``DMFC-measurement``, ``DMFC-production`` and ``DMFC-production-scaled`` are the epochs of
            :mod:`.epochs`, with a mask named ``measurement``, ``production`` or ``production_scaled``;
            ``interval-<animal>`` are the intervals that an animal produced, a presentation a valid trial.

        Raises
        ------
        UnfitRecordingError
            If no unit has enough trials and spikes.
        """
        check_region(self.card, region)
        if region not in self._recordings:  # benchmarks share it, and counting all spikes takes seconds
            self._recordings[region] = self._recorded(region)
        return self._recordings[region]

    def _recorded(self, region: str) -> xr.DataArray:
        if region.startswith(_INTERVALS):
            animal = region.removeprefix(_INTERVALS)
            return label_intervals(self.behaviour(animal), animal, self._attrs)
        if not self.units:
            raise UnfitRecordingError(
                f"The recording '{region}'",
                got=f"no usable unit in {len(self.sessions)} sessions",
                needed=f"of a unit with {LEAST_TRIALS} trials in each condition and {LEAST_RATE_HZ:g} Hz",
            )
        epoch = EPOCHS[_EPOCH_OF[region]](valid_trials(self.sessions))
        return epoch_recording(epoch, self.units, seed=self.seed, attrs={**self._attrs, **self._left_out})

    def behaviour(self, animal: str) -> Behaviour:
        """The behaviour of an animal in all its sessions, with the observer that was fitted to it.

        Raises
        ------
        InvalidArgumentError
            If it is not known.
        """
        if animal not in self._read_behaviour:
            raise InvalidArgumentError(
                "The 'animal' parameter", got=repr(animal), needed=f"in {[*self._read_behaviour]}"
            )
        return self._read_behaviour[animal]()

    @property
    def _attrs(self) -> Mapping[str, Any]:
        return {"simulated": "yes" if self.card.simulated else "no"}

    @property
    def _left_out(self) -> Mapping[str, Any]:
        n_units = sum(len(session.spikes_s) for session in self.sessions)
        return {"n_units_left_out": n_units - len(self.units)}
