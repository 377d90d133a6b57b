"""Values for the templates; those of a benchmark follow from its data set."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from ..core.errors import InvalidArgumentError
from ..data_registry import Dataset
from ..data_registry.interface import loader_errors

__all__ = ["benchmark_facts", "board_facts", "candidate_facts", "dataset_facts", "declared_facts"]

_DECLARED = {
    "images": {
        "region": "V4",
        "alignment": "image",
        "task": "Looking at pictures; a condition is one picture.",
        "candidates": "pixels",
        "files": """\
Put beside this file `data.npz` (or `.mat`, `.nc`, `.h5`) with the array `counts` and `images.zip` with the
pictures, or write in the card what you have: docs/adding-a-data-set.md has all fields.""",
    },
    "walks": {
        "region": "MEC",
        "alignment": "space",
        "task": "Foraging in a box; stimuli are the walks, as velocity from a start position.",
        "candidates": "place-cells velocity",
        "files": """\
Put beside this file a file a session (`.npz`, `.mat`, `.nc`, `.h5`) with the arrays that the card names, or
write in the card what yours are called: docs/adding-a-data-set.md has all fields. NWB files need less: see
there.""",
    },
    "events": {
        "region": "DMFC",
        "alignment": "time",
        "task": "Watching clips; a condition is one clip.",
        "candidates": "pixels",
        "files": """\
Put beside this file `data.mat` (or `.npz`, `.nc`, `.h5`) with the arrays that the card names, or write in the
card what yours are called: docs/adding-a-data-set.md has all fields.""",
    },
}

_CEILINGS = {
    "ridge": "Square root of each neuroid's split-half reliability over repetitions, corrected to full length.",
    "rsa-dissimilarities": "Each subject's dissimilarities against the average of the others.",
}


def candidate_facts(name: str) -> Mapping[str, str]:
    """Values for a candidate's templates."""
    return {"name": name}


def dataset_facts(name: str) -> Mapping[str, str]:
    """Values for a data set's templates; a name that begins with Simulated makes a simulated one."""
    simulated = name.startswith("Simulated")
    return {
        "name": name,
        "folder": name.lower(),
        "simulated": str(simulated).lower(),
        "mark": _mark(simulated),
        "licence": _quoted("not stated"),
    }


def declared_facts(kind: str, name: str) -> Mapping[str, str]:
    """Values for the templates of a data set that is declared on a card alone, with its benchmark."""
    return {**dataset_facts(name), **_DECLARED[kind]}


def benchmark_facts(name: str, dataset: Dataset) -> Mapping[str, str]:
    """Values for a benchmark's templates: alignment and metric follow from what the data set has.

    Raises
    ------
    InvalidArgumentError
        If the data set has judgements: benchmarks of answers need words of their own.
    InnerscoreError
        If its data are missing or cannot be read.
    """
    card = dataset.card
    alignment, metric = _comparison(dataset)
    return {
        "name": name,
        "dataset": card.identifier,
        "region": card.regions[0],
        "mark": _mark(card.simulated),
        "licence": _quoted(card.licence),
        "citation": "\n".join(f"  {line}" for line in card.citation.strip().splitlines()),
        "system": _quoted(card.regions[0]),
        "alignment": alignment,
        "metric": metric,
        "ceiling": _CEILINGS[metric],
    }


def board_facts(name: str, version: str) -> Mapping[str, str]:
    """Values for the templates of a board in a repository.

    Parameters
    ----------
    name : str
        Name of the repository.
    version : str
        Version of innerscore that scores.

    Raises
    ------
    InvalidArgumentError
        If the name is none that a repository can have.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", name):
        raise InvalidArgumentError(
            "The board's name",
            got=repr(name),
            needed="of letters, digits, '.', '_' and '-', at most 100",
            hint="For instance my-board.",
        )
    return {"name": name, "version": version}


def _comparison(dataset: Dataset) -> tuple[str, str]:
    """Alignment and metric for the first region of a data set."""
    with loader_errors(dataset.card):
        stimuli = dataset.stimuli()
        recording = dataset.recording(dataset.card.regions[0])
    if "role" in stimuli.table:
        raise InvalidArgumentError(
            "The data set",
            got=f"'{dataset.card.identifier}', which has judgements",
            needed="one of recordings",
            hint="Start from the card of Bear2021.OCP-agreement ('innerscore info').",
        )
    if "pair" in recording.dims:
        return "image", "rsa-dissimilarities"
    if stimuli.kind == "self_motion":
        return "space", "ridge"
    return ("time" if "time_bin" in recording.dims else "image"), "ridge"


def _quoted(text: str) -> str:
    """Text quoted for YAML, whose double quotes are those of JSON."""
    return json.dumps(text, ensure_ascii=False)


def _mark(simulated: bool) -> str:
    return "SIMULATED " if simulated else ""
