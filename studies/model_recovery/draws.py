"""Single draws: a brain from a candidate, all candidates ranked on it, kept in a file of its own."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from ...core.files import write_bytes
from ...core.hashing import canonical_json
from ...core.seeds import generator
from .brains import drives, repetitions, simulated_brain
from .design import Design
from .scenes import PreparedBenchmark, median_reliability
from .trial import ranking

__all__ = ["ONCE", "Amount", "Draw", "DrawFiles", "brain_of", "limit", "one_draw"]

Draw = dict[str, Any]


@dataclass(frozen=True)
class Amount:
    """The amount of data, as a multiple of the design's."""

    neurons: int = 1
    repetitions: int = 1

    def __str__(self) -> str:
        return f"{self.neurons}x-neurons-{self.repetitions}x-repetitions"


ONCE = Amount()


@dataclass(frozen=True)
class DrawFiles:
    """Draws on disk: a file that is there and can be read need not be made again.

    Parameters
    ----------
    folder : pathlib.Path
        Folder of one study: what determines the numbers is in its name.
    """

    folder: Path

    def known(self, *place: str) -> Draw | None:
        """The draw at a place; None if it is not there or the file was cut short."""
        try:
            content = json.loads(self._path(place).read_bytes())
        except (OSError, ValueError):
            return None
        return content if isinstance(content, dict) else None

    def keep(self, draw: Draw, *place: str) -> Draw:
        """Write a draw, wholly or not at all."""
        write_bytes(self._path(place), canonical_json(draw) + b"\n")
        return draw

    def _path(self, place: tuple[str, ...]) -> Path:
        return self.folder.joinpath(*place).with_suffix(".json")


def brain_of(
    scene: PreparedBenchmark,
    generating: str,
    design: Design,
    reliability: float,
    draw: str,
    amount: Amount = ONCE,
) -> xr.DataArray:
    """Simulate a brain from a candidate.

    The readouts are those of the draw, whatever the reliability; the spikes are drawn anew for each.
    """
    name = scene.candidates[generating].card.identifier
    path = ("validity", scene.name, name, draw)
    states = scene.candidates[generating].states.readable
    n_neurons = scene.n_neurons(design) * amount.neurons
    drive = drives(states, n_neurons, scene.use.units_per_neuron, generator(design.seed, *path, "readouts"))
    n = min(scene.samples.sizes["repetition"], design.max_repetitions)
    spikes = generator(design.seed, *path, f"spikes {reliability:g}", str(amount))
    counts = repetitions(drive, n, reliability, spikes)
    if amount.repetitions > 1:
        # More trials of the same neurons: the rates stay, the reliability rises.
        further = [repetitions(drive, n, reliability, spikes) for _ in range(amount.repetitions - 1)]
        counts = np.concatenate([counts, *further])
    return simulated_brain(counts, scene.samples, scene.card.region, as_recorded=design.as_recorded)


def one_draw(
    scene: PreparedBenchmark,
    generating: str,
    design: Design,
    reliability: float,
    draw: int,
    amount: Amount = ONCE,
) -> Draw:
    """Simulate, score all candidates, rank.

    Returns
    -------
    draw : dict
        JSON-like; what `innerscore.studies.model_recovery.recovery` adds up.
    """
    brain = brain_of(scene, generating, design, reliability, f"draw {draw}", amount)
    found = ranking(scene.on(brain), scene.scored, generating)
    return {
        "generating": generating,
        "generating_layer": scene.candidates[generating].states.layer,
        "reliability": median_reliability(brain),
        "placed": {
            name: {"value": _number(one.value), "low": _number(one.low), "high": _number(one.high)}
            | {"layer": one.layer}
            for name, one in found.placed.items()
        },
        "first": found.first,
        "front": list(found.front),
        "pairs": {name: list(pair) for name, pair in found.pairs.items()},
    }


def limit(scene: PreparedBenchmark, generating: str, design: Design) -> Draw:
    """The scores that all candidates have with many neurons and next to no noise, on the same samples."""
    amount = Amount(neurons=max(1, design.limit_neurons // scene.n_neurons(design)))
    brain = brain_of(scene, generating, design, design.limit_reliability, "limit", amount)
    found = ranking(scene.on(brain), scene.scored, generating)
    return {name: _number(one.value) for name, one in found.placed.items()}


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
