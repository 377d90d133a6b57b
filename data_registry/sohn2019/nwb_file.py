"""Reading ready-set-go out of NWB files, as the Neural Latents Benchmark has a session of Sohn et al. 2019."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...core.cards import DatasetCard
from ...core.errors import InvalidDataError
from ...core.settings import Settings
from ..animals import named_animal
from ..files.folder import folder_files
from ..nwb import opened_nwb
from ..ready_set_go.dataset import IntervalDataset
from ..ready_set_go.sessions import Session
from ..ready_set_go.trials import check_conditions, named_trials

__all__ = ["read_nwb_session", "sohn2019_nwb"]

_TIMES = {"ready_s": "ready_time", "set_s": "set_time", "go_s": "go_time"}
_FLAGS = ("is_short", "is_eye", "is_outlier")
_NUMBERS = ("theta", "ts", "tp")


def sohn2019_nwb(card: DatasetCard, settings: Settings) -> IntervalDataset:
    """Build the data set of all NWB files in the folder of a card, a session each.

    Parameters
    ----------
    card, settings : DatasetCard, Settings
        As every loader has them.
    """

    def sessions() -> list[Session]:
        return [read_nwb_session(path) for path in folder_files(card, (".nwb",), settings).values()]

    return IntervalDataset(card, sessions, {})


def read_nwb_session(path: Path) -> Session:
    """Read a session: its table of trials and its units.

    A trial is valid if an interval was produced within 3 t_s, it is no outlier, and the times of Ready, Set and Go
    are known; which of the benchmark's splits it is in does not matter.

    Parameters
    ----------
    path : pathlib.Path
        File whose trials have ``ready_time``, ``set_time`` and ``go_time`` (s), ``ts`` and ``tp`` (ms),
        ``is_short``, ``is_eye``, ``theta`` (0 or 180) and ``is_outlier``.

    Raises
    ------
    InvalidDataError
        If the file is damaged, lacks trials, units or a column, names no animal, or has valid trials of a condition
        that is none of the task.
    MissingPartError
        If pynwb is not installed.
    """
    with opened_nwb(path) as file:
        if file.trials is None or file.units is None or "spike_times" not in file.units.colnames:
            raise InvalidDataError(
                f"The file {path}",
                got=f"{'no' if file.trials is None else 'a'} table of trials, "
                f"{'no units' if file.units is None else 'units of ' + str(list(file.units.colnames))}",
                needed="with trials and units with spike times",
            )
        trials = _trials(path, file.trials.to_dataframe())
        animal = named_animal(
            None if file.subject is None else file.subject.subject_id,
            f"The subject of {path}",
            hint="Take the file as it is handed out.",
        )
        name = str(file.session_id or path.stem)
        spikes = {str(unit): _spikes(file.units, row) for row, unit in enumerate(file.units.id[:].tolist())}
    return Session(name, animal, trials, spikes, frozenset())


def _spikes(units: Any, row: int) -> npt.NDArray[np.float64]:
    return np.sort(np.asarray(units["spike_times"][row], dtype=float))


def _trials(path: Path, table: pd.DataFrame) -> pd.DataFrame:
    missing = [name for name in (*_TIMES.values(), *_FLAGS, *_NUMBERS) if name not in table]
    if missing:
        raise InvalidDataError(
            f"The trials of {path}", got=f"columns {sorted(map(str, table))}", needed=f"with {missing}"
        )
    times = {name: table[theirs].to_numpy(dtype=float) for name, theirs in _TIMES.items()}
    flags = {name: table[name].to_numpy(dtype=float) == 1 for name in _FLAGS}
    theta, t_s, t_p = (table[name].to_numpy(dtype=float) for name in _NUMBERS)
    trials = named_trials(
        short=flags["is_short"], eye=flags["is_eye"], right=theta == 0, t_s_ms=t_s, t_p_ms=t_p
    )
    timed = np.isfinite(np.stack(list(times.values()))).all(axis=0)
    trials = trials.assign(**times, valid=trials["completed"].to_numpy() & timed & ~flags["is_outlier"])
    check_conditions(trials, f"The trials of {path}")
    return trials
