"""Mental-Pong for the board's page on which people play: rules, trials, and published errors to compare with."""

from __future__ import annotations

from typing import Any

from .. import benchmarks
from ..benchmarks.endpoints import EndpointBenchmark
from ..core.hashing import canonical_json, sha256_of_bytes
from ..core.settings import Settings
from ..data_registry import load_dataset
from ..tasks.pong_play import game_rules

__all__ = ["pong_game"]

_DATASET = "SimulatedDMFC"  # its trials are drawn from the published distribution and need no file

# Endpoint error over trials, deg, in 200 other conditions of the same distribution: the values that the public
# analysis of Rajalingham, Piccato & Jazayeri (2022, Nat. Commun. 13, doi 10.1038/s41467-022-33581-6) prints.
_PUBLISHED = (
    {"name": "people", "error_deg": 1.065},
    {"name": "monkeys", "error_deg": 1.875},
    {"name": "endpoints at random", "error_deg": 6.49},
)


def pong_game(settings: Settings) -> dict[str, Any]:
    """The game as JSON: rules and trials, the benchmarks that score a player, and published errors.

    Its ``id`` changes with the rules and the trials, so that a page knows whose trials it has kept.
    """
    rules = game_rules(load_dataset(_DATASET, settings).conditions)  # type: ignore[attr-defined]
    cards = [entry.card for entry in benchmarks.registry(settings).entries().values()]
    return {
        **rules,
        "id": sha256_of_bytes(canonical_json(rules))[:16],
        "dataset": _DATASET,
        "benchmarks": [
            card.identifier for card in cards if card.dataset == _DATASET and card.alignment == "endpoint"
        ],
        "column": EndpointBenchmark.table.column,
        "published": list(_PUBLISHED),
    }
