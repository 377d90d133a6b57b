"""Loader of Sohn et al. 2019: the spikes and events of a session, joined with the behaviour of its trials."""

from __future__ import annotations

from functools import cache, partial
from pathlib import Path

import numpy as np

from ...core.cards import DatasetCard
from ...core.settings import Settings
from ..files.fetching import locate_file
from ..ready_set_go.dataset import IntervalDataset
from ..ready_set_go.intervals import Behaviour
from ..ready_set_go.sessions import Session
from .behaviour_file import read_behaviour, rows_of_session
from .session_file import read_session_file

__all__ = ["read_session", "sohn2019"]

_BEHAVIOUR = {"H": "H_RSGprior_DMFC.mat", "G": "G_RSGprior_DMFC.mat"}
_ANIMAL_OF_YEAR = {"16": "H", "17": "G"}


def sohn2019(card: DatasetCard, settings: Settings) -> IntervalDataset:
    """Build the data set of the sessions that its card names.

    Parameters
    ----------
    card, settings : DatasetCard, Settings
        As every loader has them.
    """

    def find(name: str) -> Path:
        return locate_file(card, name, settings)

    @cache
    def behaviour(animal: str) -> Behaviour:
        return read_behaviour(find(_BEHAVIOUR[animal]))

    def sessions() -> list[Session]:
        names = [file.name for file in card.files if file.name not in _BEHAVIOUR.values()]
        animals = [_ANIMAL_OF_YEAR[name[:2]] for name in names]
        return [
            read_session(find(name), animal, behaviour(animal))
            for name, animal in zip(names, animals, strict=True)
        ]

    return IntervalDataset(card, sessions, {animal: partial(behaviour, animal) for animal in _BEHAVIOUR})


def read_session(path: Path, animal: str, behaviour: Behaviour) -> Session:
    """Read a session's file and join its trials with the animal's behaviour.

    A trial is valid if its behaviour is, if there was a Set, and if the times of Ready, Set and Go are known.

    Parameters
    ----------
    path : pathlib.Path
        File of the session, named by its day, YYMMDD.
    animal : str
        Name of the animal.
    behaviour : Behaviour
        The animal's behaviour in all sessions, as :func:`.read_behaviour` gives it.

    Raises
    ------
    InvalidDataError
        If the file is not as it must be, or the behaviour of a trial is missing.
    """
    recorded = read_session_file(path)
    trials = rows_of_session(behaviour.trials, path.stem, recorded.facts).assign(
        **{f"{event}_s": times for event, times in recorded.times_s.items()}
    )
    timed = np.isfinite(np.stack(list(recorded.times_s.values()))).all(axis=0)
    valid = trials["valid"].to_numpy() & timed & (recorded.facts["no_set"] == 0)
    return Session(path.stem, animal, trials.assign(valid=valid), recorded.spikes_s, recorded.single)
