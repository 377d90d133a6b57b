"""Loader of Sargolini et al. 2006: NWB as on DANDI 000582, or the original MATLAB files.

Each session has other cells and another walk. Rate maps over space are pooled over all of them, halves of each
session as repetitions; the stimuli are all the walks (see :mod:`..spatial_recordings`).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from ...core.cards import DatasetCard
from ...core.settings import Settings
from ..files.folder import folder_files
from ..nwb import NwbOptions, nwb_readers
from ..space.dataset import SessionReader, SpatialDataset, read_options
from .matlab_sessions import group_sessions, read_session

__all__ = ["sargolini2006"]


def sargolini2006(card: DatasetCard, settings: Settings) -> SpatialDataset:
    """The data set; see its card. Where a folder has NWB files, MATLAB files in it are left aside."""
    options = read_options(card, NwbOptions)

    def readers() -> Sequence[SessionReader]:
        paths = list(folder_files(card, (".nwb", ".mat"), settings).values())
        nwb = [path for path in paths if path.suffix.lower() == ".nwb"]
        if nwb:
            return nwb_readers(card, nwb, options)
        return [partial(read_session, files, options) for files in group_sessions(paths)]

    return SpatialDataset(card, readers, options)
