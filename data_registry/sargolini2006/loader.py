"""Loader of Sargolini et al. 2006: NWB as on DANDI 000582, or the original MATLAB files.

Each session has other cells and another walk. Rate maps over space are pooled over all of them, halves of each
session as repetitions; the stimuli are all the walks (see :mod:`..spatial_recordings`).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from ...core.cards import DatasetCard
from ...core.settings import Settings
from ..files.folder import whole_folder
from ..nwb import NwbOptions, nwb_readers
from ..space.dataset import SessionReader, SpatialDataset, read_options
from .matlab_sessions import group_sessions, read_session, session_names

__all__ = ["sargolini2006"]


def sargolini2006(card: DatasetCard, settings: Settings) -> SpatialDataset:
    """The data set; see its card.

    Where a folder has NWB files they are read alone, another version of the data: MATLAB files beside them may be
    of the same sessions, and are named among what is left out.
    """
    options = read_options(card, NwbOptions)

    def paths(ending: str) -> list[Path]:
        found = whole_folder(card, (".nwb", ".mat"), settings).values()
        return [path for path in found if path.suffix.lower() == ending]

    def readers() -> Sequence[SessionReader]:
        if nwb := paths(".nwb"):
            return nwb_readers(card, nwb, options)
        return [partial(read_session, files, options) for files in group_sessions(paths(".mat"))]

    def set_aside() -> Sequence[str]:
        beside = paths(".mat") if paths(".nwb") else []
        return [f"{name}: MATLAB files beside NWB files" for name in session_names(beside)]

    return SpatialDataset(card, readers, options, set_aside=set_aside)
