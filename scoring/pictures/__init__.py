"""Pictures of what a score rests on, made when a pair is scored and kept with its record.

They are apart from metrics, whose code is part of every run's identity: a picture changes no number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TypeAlias

from ...benchmarks import Benchmark
from ...core.activations import Activations
from ...core.errors import InnerscoreError
from ...core.pictures import BALL_FILE, MAPS_FILE, TRAJECTORIES_FILE, Picture, picture_json
from ...core.scores import Score
from .ball import ball_picture
from .rate_maps import maps_picture
from .trajectories import trajectories_picture

__all__ = ["pictures_of", "with_pictures"]

#: Makes a picture of a benchmark, the activations and the layer; None where the recording is of another kind.
Maker: TypeAlias = Callable[[Benchmark, Mapping[str, Activations], str], Picture | None]

_MAKERS: Mapping[str, Maker] = MappingProxyType(
    {BALL_FILE: ball_picture, TRAJECTORIES_FILE: trajectories_picture, MAPS_FILE: maps_picture}
)
# Metrics of which a candidate's page shows what they look at; the others of a task would show the same again.
_OF_METRICS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "ball-decoding": (BALL_FILE,),
        "simulation-index": (BALL_FILE,),
        "trajectory-speed": (TRAJECTORIES_FILE,),
        "rsa": (TRAJECTORIES_FILE,),
        "ridge": (TRAJECTORIES_FILE, MAPS_FILE),
        "one-to-one": (MAPS_FILE,),
        "quadrant-predictivity": (MAPS_FILE,),
    }
)

# States and recordings of which no picture can be made are no reason against their score.
_UNFIT = (InnerscoreError, ValueError, ArithmeticError, RuntimeError)


def with_pictures(score: Score, benchmark: Benchmark, activations: Mapping[str, Activations]) -> Score:
    """A score with the pictures of its layer among its files."""
    pictures = pictures_of(benchmark, activations, score.layer)
    return replace(score, further_files={**score.further_files, **pictures}) if pictures else score


def pictures_of(benchmark: Benchmark, activations: Mapping[str, Activations], layer: str) -> dict[str, bytes]:
    """Pictures of a layer on a benchmark, by the names of their files.

    Parameters
    ----------
    benchmark : Benchmark
        The benchmark that was scored.
    activations : mapping of str to Activations
        Checked activations of every layer, by stimulus identifier.
    layer : str
        The layer that was selected.

    Returns
    -------
    files : dict of str to bytes
        Empty where the metric or the recording has no picture.
    """
    found = {}
    for name in _OF_METRICS.get(benchmark.card.metric, ()):
        try:
            picture = _MAKERS[name](benchmark, activations, layer)
        except _UNFIT:
            continue
        if picture is not None:
            found[name] = picture_json(picture)
    return found
