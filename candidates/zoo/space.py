"""Candidates for space: ideal codes of the true position, controls without a code, and an untrained network."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ...core.seeds import generator
from ...core.stimuli import SelfMotion
from .arena import check_arena

__all__ = [
    "GridCode",
    "Interpolation",
    "PlaceCells",
    "Position",
    "RandomBumps",
    "RandomRNN",
    "Velocity",
]

Array = npt.NDArray[np.float64]

_ROOM_M = 2.0  # a box lies in its corner; what lies outside the box is silent in it
_SILENT_BELOW = 1e-3  # of the peak: the tail of a field outside the box is no field in it


class Position:
    """The position itself, from the integrated velocity."""

    def activations(self, stimulus: SelfMotion) -> dict[str, Array]:
        """One layer: ``xy`` (time, 2) in m."""
        return {"xy": stimulus.positions}


class Velocity:
    """The velocity itself: what a model of space is given before it has integrated anything."""

    def activations(self, stimulus: SelfMotion) -> dict[str, Array]:
        """One layer: ``velocity`` (time, 2) in m/s."""
        return {"velocity": stimulus.velocity}


class PlaceCells:
    """Gaussian place fields on a regular lattice of centres over a room of 2 x 2 m; a box lies in its corner.

    Width 0.12 m as in Sorscher et al. 2019; centres 0.1 m apart, half a spacing from the walls. Cells whose
    fields lie outside a smaller box are silent there, so the units are the same in every box.
    """

    _WIDTH_M, _PITCH_M = 0.12, 0.1

    def activations(self, stimulus: SelfMotion) -> dict[str, Array]:
        """One layer: ``place`` (time, 400)."""
        return {"place": _fields(stimulus, _lattice(self._PITCH_M), self._WIDTH_M)}


class RandomBumps:
    """Gaussian bumps at random places: a smooth basis that knows nothing of cells.

    200 bumps of 0.12 m in each square metre of a room of 2 x 2 m, places uniform.

    Parameters
    ----------
    seed : int
        Seed of the places.
    """

    _WIDTH_M, _BUMPS_A_SQUARE = 0.12, 200

    def __init__(self, seed: int = 0) -> None:
        rng = generator(seed, "random-bumps")
        corners = np.stack(np.meshgrid(*[np.arange(_ROOM_M)] * 2), axis=-1).reshape(-1, 1, 2)
        self._centres = (corners + rng.uniform(0, 1, (len(corners), self._BUMPS_A_SQUARE, 2))).reshape(-1, 2)

    def activations(self, stimulus: SelfMotion) -> dict[str, Array]:
        """One layer: ``bumps`` (time, 800)."""
        return {"bumps": _fields(stimulus, self._centres, self._WIDTH_M)}


class Interpolation:
    """Interpolation of the recorded map at a place from the places around it: no model at all.

    Gaussians of 0.08 and 0.16 m on lattices as fine as they are wide. A ridge map on them is, up to the spacing of
    the lattices, kernel ridge regression of a cell's rate on the place, which is interpolation.
    """

    _WIDTHS_M = (0.08, 0.16)

    def activations(self, stimulus: SelfMotion) -> dict[str, Array]:
        """One layer: ``kernels`` (time, 769)."""
        return {
            "kernels": np.concatenate(
                [_fields(stimulus, _lattice(width), width) for width in self._WIDTHS_M], axis=1
            )
        }


class GridCode:
    """Ideal grid modules: cells of one module share spacing and orientation and tile the phases.

    Four modules with spacings 0.4 m x 1.42 ^ k, k = 0..3, each with orientations every 10 degrees, since the
    orientation of an animal's modules is not known beforehand; 3 x 3 phases a lattice. A cell is the sum of
    three plane waves at 60 degrees, rescaled to [0, 1] and squared into fields (Solstad et al. 2006).
    """

    _SPACINGS_M = tuple(0.4 * 1.42**k for k in range(4))
    _ORIENTATIONS = np.deg2rad(np.arange(0, 60, 10))
    _PHASES = 3

    def activations(self, stimulus: SelfMotion) -> dict[str, Array]:
        """One layer: ``grid`` (time, 216)."""
        lattices = [
            self._lattice(stimulus.positions, spacing, orientation)
            for spacing in self._SPACINGS_M
            for orientation in self._ORIENTATIONS
        ]
        return {"grid": np.concatenate(lattices, axis=1)}

    def _lattice(self, positions: Array, spacing: float, orientation: float) -> Array:
        angles = orientation + np.deg2rad([30, 90, 150])
        waves = 4 * np.pi / (np.sqrt(3) * spacing) * np.stack([np.cos(angles), np.sin(angles)])
        basis = spacing * np.array([[np.cos(a), np.sin(a)] for a in (orientation, orientation + np.pi / 3)])
        steps = np.arange(self._PHASES) / self._PHASES
        shifts = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2) @ basis
        total = np.cos((positions[:, None, :] - shifts) @ waves).sum(axis=-1)
        return np.asarray(((total + 1.5) / 4.5) ** 2)


class RandomRNN:
    """An untrained tanh network driven by velocity: what recurrence alone gives.

    128 units, recurrent weights Gaussian with gain 0.99, so that the state fades and stays driven.

    Parameters
    ----------
    seed : int
        Seed of the weights.
    """

    _UNITS, _GAIN = 128, 0.99

    def __init__(self, seed: int = 0) -> None:
        rng = generator(seed, "random-rnn")
        self._recurrent = self._GAIN * rng.standard_normal((self._UNITS, self._UNITS)) / np.sqrt(self._UNITS)
        self._input = rng.standard_normal((2, self._UNITS))
        self._bias = 0.1 * rng.standard_normal(self._UNITS)

    def activations(self, stimulus: SelfMotion) -> dict[str, Array]:
        """One layer: ``state`` (time, 128)."""
        return self.activations_batch([stimulus])[0]

    def activations_batch(self, stimuli: Sequence[SelfMotion]) -> list[dict[str, Array]]:
        """All walks at once; shorter ones run on with no input and are cut."""
        longest = max(stimulus.n_steps for stimulus in stimuli)
        drive = np.zeros((longest, len(stimuli), 2))
        for index, stimulus in enumerate(stimuli):
            drive[: stimulus.n_steps, index] = stimulus.velocity
        states = self._run(drive)
        return [{"state": states[: stimulus.n_steps, index]} for index, stimulus in enumerate(stimuli)]

    def _run(self, drive: Array) -> Array:
        state = np.zeros((drive.shape[1], self._UNITS))
        states = np.empty((len(drive), *state.shape))
        for step, velocity in enumerate(drive):
            state = np.tanh(state @ self._recurrent + velocity @ self._input + self._bias)
            states[step] = state
        return states


def _lattice(pitch_m: float) -> Array:
    """Centres on a square lattice over the room, half a spacing from the walls, of shape (n, 2)."""
    axis = np.arange(pitch_m / 2, _ROOM_M, pitch_m)
    return np.asarray(np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2))


def _fields(stimulus: SelfMotion, centres: Array, width_m: float) -> Array:
    """Gaussian fields along a walk, of shape (time, n); 0 where they are below a thousandth of their peak."""
    check_arena(stimulus, _ROOM_M, because="which the fields cover")
    squared = ((stimulus.positions[:, None, :] - centres) ** 2).sum(axis=-1)
    rates = np.exp(-squared / (2 * width_m**2))
    return np.asarray(np.where(rates > _SILENT_BELOW, rates, 0.0))
