r"""A continuous attractor network that integrates velocity: sheets of neurons with centre-surround inhibition.

Burak & Fiete (2009). Neuron i lies at :math:`x_i` on a sheet and prefers the direction :math:`\hat e_i`, one of
four that alternate from neuron to neuron. Its rate follows

.. math::

    \tau \dot s_i + s_i = \Big[\sum_j W_0(x_i - x_j - l \hat e_j) s_j + 1 + \hat e_i \cdot u\Big]_+, \qquad
    W_0(x) = e^{-\gamma |x|^2} - e^{-\beta |x|^2}, \quad \beta = 3 / \lambda^2,

with u the animal's velocity times a gain. A lattice of bumps forms by itself; each neuron's weights are shifted by
l along the direction that it prefers, so that the bumps flow with the velocity.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ...core.seeds import generator
from ...core.stimuli import SelfMotion

__all__ = ["FLOW", "AttractorGrid", "Sheet", "advanced", "make_sheet", "moved_pattern", "settled_pattern"]

Array = npt.NDArray[np.float64]
Layers = dict[str, npt.NDArray[np.float32]]

# A torus of even sides that holds one bump of a nearly hexagonal lattice: 14 is 16 sin(60 degrees), to 1 %.
_COLUMNS, _ROWS = 16, 14
# The published 13, where the lattice that grows fastest has a spacing of 19.02 neurons, for a spacing of 16.
_LAMBDA = 13 * _COLUMNS / 19.02
_GAMMA_TO_BETA, _SHIFT = 1.1, 2.0
_TAU_S, _MOST_STEP_S = 0.04, 0.005
_IMAGES = 4
_SETTLING_S, _RELAXING_S = 8.0, 0.2
_SPACINGS_M = tuple(0.4 * 1.42**k for k in range(3))
_ORIENTATIONS = tuple(np.deg2rad([0.0, 20.0, 40.0]))

# Flow of the bumps, in neurons a second for a velocity times gain of 1: mean of 24 directions at 0.06, over 4 s
# each. Between 0.03 and 0.15 every direction is within 9 % of it; below 0.005 the bumps stick to the neurons.
FLOW = 108.2


class Sheet(NamedTuple):
    """A sheet of neurons on a torus.

    Attributes
    ----------
    places : array of shape (n, 2)
        Places (x, y) of the neurons, in neurons.
    directions : array of shape (n, 2)
        Unit vector of the direction that each prefers.
    weights : array of shape (n, n)
        Weight from neuron j (row) to neuron i (column).
    periods : array of shape (2, 2)
        Translations (x, y) that lead to the same neuron, in neurons; they are the lattice vectors of the bumps.
    """

    places: Array
    directions: Array
    weights: Array
    periods: Array


def make_sheet() -> Sheet:
    """The smallest torus that holds a hexagonal lattice of bumps, with one bump on it."""
    row, column = np.divmod(np.arange(_ROWS * _COLUMNS), _COLUMNS)
    places = np.stack([column, row], axis=1).astype(np.float64)
    preferred = np.array([[(1, 0), (0, 1)], [(0, -1), (-1, 0)]], dtype=np.float64)
    directions = preferred[row % 2, column % 2]
    periods = np.array([[_COLUMNS, 0.0], [_COLUMNS / 2, _ROWS]])
    between = places - places[:, None] - _SHIFT * directions[:, None]
    images = range(-_IMAGES, _IMAGES + 1)
    weights = sum(_kernel(between + np.array(shift) @ periods) for shift in product(images, images))
    return Sheet(places, directions, np.asarray(weights), periods)


def _kernel(between: Array) -> Array:
    """Published weights at distances (..., 2), as strong in sum as at the published lambda of 13."""
    squared, beta = (between**2).sum(axis=-1), 3 / _LAMBDA**2
    strength = (13 / _LAMBDA) ** 2
    return np.asarray(strength * (np.exp(-_GAMMA_TO_BETA * beta * squared) - np.exp(-beta * squared)))


def advanced(sheet: Sheet, rates: Array, drive: Array, step_s: float) -> Array:
    """Rates after an Euler step.

    Parameters
    ----------
    sheet : Sheet
    rates : array of shape (n_sheets, n)
    drive : array of shape (n_sheets, n)
        Input from outside, 1 and more or less of it by the velocity.
    step_s : float
        In s; at most an eighth of the time constant of 40 ms, or the uniform inhibition overshoots.
    """
    received = np.maximum(rates @ sheet.weights + drive, 0.0)
    return np.asarray(rates + (step_s / _TAU_S) * (received - rates))


def settled_pattern(sheet: Sheet) -> Array:
    """The pattern, of shape (n,), into which weak noise settles without velocity."""
    rates = 0.1 * generator(0, "attractor-grid").random((1, len(sheet.places)))
    return np.asarray(_left_alone(sheet, rates, _SETTLING_S)[0])


def moved_pattern(sheet: Sheet, pattern: Array, shifts: Array) -> Array:
    """A pattern moved over the sheet by any distance, by its Fourier series on the torus.

    Parameters
    ----------
    sheet : Sheet
    pattern : array of shape (n,)
    shifts : array of shape (n_shifts, 2)
        In neurons.

    Returns
    -------
    patterns : array of shape (n_shifts, n)
    """
    numbers = np.stack(
        np.meshgrid(np.arange(_COLUMNS) - _COLUMNS // 2, np.arange(_ROWS) - _ROWS // 2), axis=-1
    )
    waves = 2 * np.pi * numbers.reshape(-1, 2) @ np.linalg.inv(sheet.periods).T
    series = np.exp(-1j * sheet.places @ waves.T)
    coefficients = pattern @ series * np.exp(-1j * shifts @ waves.T)
    return np.asarray((coefficients @ series.conj().T).real / len(pattern))


def _left_alone(sheet: Sheet, rates: Array, seconds: float) -> Array:
    alone = np.ones_like(rates)
    for _ in range(round(seconds / _MOST_STEP_S)):
        rates = advanced(sheet, rates, alone, _MOST_STEP_S)
    return rates


class AttractorGrid:
    """Nine sheets, one for each of three spacings and three orientations; the neurons of one direction are shown.

    A sheet of spacing S has the gain (16 / S) / FLOW, so that its bumps go by one period while the animal goes S.
    The pattern at a walk's start is the settled one, moved to the phase of the start position: phase 0 of every
    sheet lies in the arena's lower left corner. After that it hears velocity alone, and drifts.
    """

    def __init__(self) -> None:
        self._sheet = make_sheet()
        self._copies = [
            (_COLUMNS / spacing, np.array([[np.cos(o), np.sin(o)], [-np.sin(o), np.cos(o)]]))
            for spacing, o in product(_SPACINGS_M, _ORIENTATIONS)
        ]
        self._shown = np.flatnonzero(self._sheet.directions[:, 0] == 1)
        self._pattern = settled_pattern(self._sheet)

    def activations(self, stimulus: SelfMotion) -> Layers:
        """One layer: ``grid`` (time, 504), 56 neurons of each sheet."""
        return self.activations_batch([stimulus])[0]

    def activations_batch(self, stimuli: Sequence[SelfMotion]) -> list[Layers]:
        """All walks of one rate together."""
        found: dict[int, Layers] = {}
        for rate in {stimulus.rate_hz for stimulus in stimuli}:
            # The longest first: what is over can be cut off at the end.
            rows = [row for row, stimulus in enumerate(stimuli) if stimulus.rate_hz == rate]
            rows.sort(key=lambda row: -stimuli[row].n_steps)
            walked = self._walked([stimuli[row] for row in rows], rate)
            found |= {row: {"grid": grid} for row, grid in zip(rows, walked, strict=True)}
        return [found[row] for row in range(len(stimuli))]

    def _walked(self, stimuli: Sequence[SelfMotion], rate_hz: float) -> list[npt.NDArray[np.float32]]:
        lengths = np.array([stimulus.n_steps for stimulus in stimuli])
        velocity = np.zeros((lengths[0], len(stimuli), 2))
        for index, stimulus in enumerate(stimuli):
            velocity[: stimulus.n_steps, index] = stimulus.velocity
        rates = self._begun(np.stack([stimulus.start_position for stimulus in stimuli]))
        n_inner = int(np.ceil(1 / (rate_hz * _MOST_STEP_S) - 1e-9))
        shown = np.empty((lengths[0], len(stimuli), len(self._copies) * len(self._shown)), dtype=np.float32)
        for step, moved in enumerate(velocity):
            n_walking = int((lengths > step).sum())
            rates = rates[: n_walking * len(self._copies)]
            drive = 1 + (self._on_sheets(moved[:n_walking]) / FLOW) @ self._sheet.directions.T
            for _ in range(n_inner):
                rates = advanced(self._sheet, rates, drive, 1 / (rate_hz * n_inner))
            shown[step, :n_walking] = rates[:, self._shown].reshape(n_walking, -1)
        return [shown[:length, index] for index, length in enumerate(lengths)]

    def _begun(self, starts: Array) -> Array:
        """Patterns (n_walks * n_sheets, n) at start positions (n_walks, 2) in m."""
        patterns = moved_pattern(self._sheet, self._pattern, self._on_sheets(starts))
        return _left_alone(self._sheet, np.maximum(patterns, 0.0), _RELAXING_S)

    def _on_sheets(self, vectors: Array) -> Array:
        """Vectors (n, 2) in m as (n * n_sheets, 2) in neurons, each turned and scaled as the sheet is."""
        turned = np.stack([scale * vectors @ turn.T for scale, turn in self._copies], axis=1)
        return np.asarray(turned.reshape(-1, 2))
