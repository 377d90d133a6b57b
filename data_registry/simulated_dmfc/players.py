"""Two simulated players: where they put the paddle in each trial.

They err in two ways that a model can share: behind the occluder they half believe in a ball that does not
bounce, and they overshoot in the direction in which the ball was last seen to move. The rest is noise.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import xarray as xr

from ...core.labelled import recording
from ...core.seeds import generator
from ...tasks.mental_pong import HALF_ARENA_DEG, PongCondition

__all__ = ["PLAYERS", "endpoint_trials", "mean_endpoints"]

PLAYERS = {"paddle-A": "simulated-A", "paddle-B": "simulated-B"}
_UNBOUNCED, _OVERSHOOT_S, _NOISE_DEG = 0.3, 0.06, 1.2


def mean_endpoints(conditions: Sequence[PongCondition]) -> npt.NDArray[np.float64]:
    """Mean final paddle position of the players, in deg: the ground truth of their errors."""
    final = np.array([condition.final_y for condition in conditions])
    straight = np.array([_straight_end(condition) for condition in conditions])
    vertical = np.array([condition.velocity[1] for condition in conditions])
    believed = (1 - _UNBOUNCED) * final + _UNBOUNCED * straight + _OVERSHOOT_S * vertical
    return np.asarray(np.clip(believed, -HALF_ARENA_DEG, HALF_ARENA_DEG))


def endpoint_trials(
    region: str, conditions: Sequence[PongCondition], n_trials: int, seed: int
) -> xr.DataArray:
    """One player's endpoints in deg, a presentation a trial, with the coordinate ``target_y_deg``."""
    rng = generator(seed, "dmfc", region)
    mean = np.tile(mean_endpoints(conditions), n_trials)
    played = np.clip(mean + rng.normal(0, _NOISE_DEG, len(mean)), -HALF_ARENA_DEG, HALF_ARENA_DEG)
    names = np.tile([condition.identifier for condition in conditions], n_trials)
    return recording(
        played[:, None],
        presentation={
            "stimulus_id": names,
            "condition": names,
            "repetition": np.repeat(np.arange(n_trials), len(conditions)),
            "target_y_deg": np.tile([condition.final_y for condition in conditions], n_trials),
        },
        neuroid={"neuroid_id": [region], "animal": [PLAYERS[region]], "region": [region]},
        attrs={"units": "deg", "simulated": "yes"},
    )


def _straight_end(condition: PongCondition) -> float:
    """Height at which the ball would end if walls did not reflect it, kept on the screen."""
    straight = condition.y0 + condition.velocity[1] * condition.end_ms / 1000
    return float(np.clip(straight, -HALF_ARENA_DEG, HALF_ARENA_DEG))
