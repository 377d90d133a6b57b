"""The simulated DMFC: from conditions to latent states, rates, spikes and a labelled recording."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr
from scipy.special import expit

from ...core.cards import DatasetCard
from ...core.labelled import recording
from ...core.seeds import generator
from ...core.settings import Settings
from ...core.stimuli import StimulusSet
from ...tasks.mental_pong import STILL_MS, PongCondition, ball_state, sample_conditions
from ...tasks.pong_frames import render_trial
from ..interface import CardDataset, check_region
from .players import PLAYERS, endpoint_trials

__all__ = ["SimulatedDMFC"]

BIN_MS = 50.0
N_CONDITIONS, N_BOUNCE = 79, 27
N_TRIALS = 20
ANIMALS = {"simulated-A": 60, "simulated-B": 40}
BALL_VARIABLES = ("ball_x_deg", "ball_y_deg", "ball_dx", "ball_dy")
_SEED = 2025
_PADDLE_DELAY_MS = 300.0
_PADDLE_SPEED = 0.01  # deg/ms, the joystick's limit
_FIELD_WIDTH_DEG = 4.0


class SimulatedDMFC(CardDataset):
    """The data set; see its card.

    Parameters
    ----------
    card, settings : DatasetCard, Settings
        As every loader has them.
    seed, n_trials : int
        Seed and number of trials, for validity studies; the data set on the board has the defaults.
    """

    def __init__(
        self, card: DatasetCard, settings: Settings, *, seed: int = _SEED, n_trials: int = N_TRIALS
    ) -> None:
        super().__init__(card, settings)
        self._seed, self._n_trials = seed, n_trials

    @cached_property
    def conditions(self) -> tuple[PongCondition, ...]:
        """The trials, in the order of all arrays."""
        return sample_conditions(N_CONDITIONS, n_bounce=N_BOUNCE, seed=self._seed)

    def stimuli(self) -> StimulusSet:
        """One clip a condition, at 60 Hz and 64 x 64 pixels."""
        clips = tuple(render_trial(condition) for condition in self.conditions)
        table = pd.DataFrame(
            {
                "stimulus_id": [condition.identifier for condition in self.conditions],
                "n_bounces": [condition.n_bounces for condition in self.conditions],
                "final_y_deg": [condition.final_y for condition in self.conditions],
                "end_ms": [condition.end_ms + STILL_MS for condition in self.conditions],
            }
        )
        return StimulusSet(self.card.identifier, clips, table)

    def recording(self, region: str) -> xr.DataArray:
        """Single trials in Hz; bins count from the first frame, NaN after the trial's end.

        Regions ``paddle-A`` and ``paddle-B`` are the endpoints of the two simulated players, in deg.
        """
        check_region(self.card, region)
        if region in PLAYERS:
            return endpoint_trials(region, self.conditions, self._n_trials, self._seed)
        rates = self.rates()
        counts = generator(self._seed, "dmfc", "spikes").poisson(
            np.nan_to_num(rates) * (BIN_MS / 1000), size=(self._n_trials, *rates.shape)
        )
        trials = np.where(np.isfinite(rates), counts / (BIN_MS / 1000), np.nan).astype(np.float32)
        return self._labelled(trials)

    def rates(self) -> npt.NDArray[np.float64]:
        """True rates in Hz, of shape (n_conditions, n_neurons, n_bins); NaN after a trial's end.

        The ground truth of the simulation, for tests and validity studies.
        """
        rng = generator(self._seed, "dmfc", "neurons")
        latent, ball = self._latent_states()
        n_neurons = sum(ANIMALS.values())
        weights = rng.standard_normal((n_neurons, latent.shape[-1])) / np.sqrt(latent.shape[-1])
        centres = rng.uniform([-8, -8], [10, 8], (n_neurons, 2))
        squared = ((ball[:, :, None, :] - centres) ** 2).sum(axis=-1)
        drive = 1.5 * latent @ weights.T + 1.5 * np.exp(-squared / (2 * _FIELD_WIDTH_DEG**2))
        peak = rng.lognormal(np.log(30.0), 0.5, n_neurons)
        rates = peak * expit(drive + rng.normal(-1.0, 0.5, n_neurons))
        return np.where(self._mask("recorded")[:, :, None], rates, np.nan).transpose(0, 2, 1)

    @cached_property
    def _bin_centres_ms(self) -> npt.NDArray[np.float64]:
        """Centres of the bins after motion onset."""
        n_bins = int(np.ceil((STILL_MS + max(c.end_ms for c in self.conditions)) / BIN_MS))
        return (np.arange(n_bins, dtype=np.float64) + 0.5) * BIN_MS - STILL_MS

    def _latent_states(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Standardised latent variables (condition, bin, variable) and the ball in deg (condition, bin, 2)."""
        latent = self._raw_latents
        during = latent[self._mask("whole")]
        return (latent - during.mean(axis=0)) / during.std(axis=0), latent[..., :2]

    @cached_property
    def _raw_latents(self) -> npt.NDArray[np.float64]:
        """Ball x, y (deg), dx, dy (deg/s), paddle (deg) and time (ms), of shape (condition, bin, variable)."""
        times = self._bin_centres_ms
        balls = [ball_state(condition, times) for condition in self.conditions]
        columns = [
            np.stack([ball.x, ball.y, ball.dx, ball.dy, _paddle(condition, times), times], axis=-1)
            for ball, condition in zip(balls, self.conditions, strict=True)
        ]
        return np.stack(columns)

    def _mask(self, epoch: str) -> npt.NDArray[np.bool_]:
        """An epoch over (condition, bin): a bin belongs to the epoch in which its centre lies."""
        times = self._bin_centres_ms
        hidden = np.array([condition.occlusion_ms for condition in self.conditions])[:, None]
        end = np.array([condition.end_ms for condition in self.conditions])[:, None]
        return {
            "recorded": times < end,
            "whole": (times >= 0) & (times < end),
            "visible": (times >= 0) & (times < hidden),
            "occluded": (times >= hidden) & (times < end),
        }[epoch]

    def _labelled(self, trials: npt.NDArray[np.float32]) -> xr.DataArray:
        n_trials, n_conditions = trials.shape[:2]
        names = np.tile([condition.identifier for condition in self.conditions], n_trials)
        start = (self._bin_centres_ms + STILL_MS) - BIN_MS / 2
        animals = np.repeat(list(ANIMALS), list(ANIMALS.values()))
        return recording(
            trials.reshape(n_trials * n_conditions, *trials.shape[2:]),
            presentation={
                "stimulus_id": names,
                "condition": names,
                "repetition": np.repeat(np.arange(n_trials), n_conditions),
                "final_y_deg": np.tile([condition.final_y for condition in self.conditions], n_trials),
                "n_bounces": np.tile([condition.n_bounces for condition in self.conditions], n_trials),
            },
            neuroid={
                "neuroid_id": [f"{animal}-{index:03d}" for index, animal in enumerate(animals)],
                "animal": animals,
                "region": ["DMFC"] * len(animals),
            },
            time_bin={"time_bin_start_ms": start, "time_bin_end_ms": start + BIN_MS},
            masks={
                epoch: np.tile(self._mask(epoch), (n_trials, 1)) for epoch in ("visible", "occluded", "whole")
            },
            planes={name: np.tile(plane, (n_trials, 1)) for name, plane in self._ball.items()},
            attrs={"units": "Hz", "simulated": "yes"},
        )

    @cached_property
    def _ball(self) -> dict[str, npt.NDArray[np.float64]]:
        """The ball in each (condition, bin): position in deg, velocity in deg/s; NaN unless it moves."""
        latent, moves = self._raw_latents, self._mask("whole")
        return {
            name: np.where(moves, latent[..., column], np.nan) for column, name in enumerate(BALL_VARIABLES)
        }


def _paddle(condition: PongCondition, times_ms: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Paddle height in deg: still at first, then at the joystick's speed to where the ball will end."""
    travelled = np.clip(times_ms - _PADDLE_DELAY_MS, 0, None) * _PADDLE_SPEED
    return np.asarray(np.sign(condition.final_y) * np.minimum(travelled, abs(condition.final_y)))
