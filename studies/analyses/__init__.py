"""Analyses of recordings, by the name that the card of a study gives."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ...core.errors import InvalidCardError, did_you_mean
from ..published import Study
from .grid_cells import grid_cells
from .interface import Analysed, Analysis
from .mental_pong import mental_pong
from .ready_set_go import ready_set_go

__all__ = ["ANALYSES", "Analysed", "Analysis", "analysis_of"]


def _nothing(*_: object) -> Analysed:
    return Analysed()


#: Analyses by name.
ANALYSES: Mapping[str, Analysis] = MappingProxyType(
    {"mental-pong": mental_pong, "ready-set-go": ready_set_go, "grid-cells": grid_cells}
)


def analysis_of(study: Study) -> Analysis:
    """Find the analysis that a study's card names; one that finds nothing for a card that names none.

    Raises
    ------
    InvalidCardError
        If there is no analysis of that name.
    """
    if study.analysis is None:
        return _nothing
    if study.analysis not in ANALYSES:
        raise InvalidCardError(
            f"The field 'analysis' of study '{study.identifier}'",
            got=repr(study.analysis),
            needed=f"in {sorted(ANALYSES)}",
            hint=did_you_mean(study.analysis, ANALYSES),
        )
    return ANALYSES[study.analysis]
