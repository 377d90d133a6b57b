"""The released table of conditions: start and velocity of the ball in each of the 79."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from ...core.errors import InvalidDataError
from ...tasks.mental_pong import STEP_MS, PongCondition
from ...tasks.mental_pong_conditions import META_INDICES, condition_name
from ..readers.safe_pickle import read_pickle

__all__ = ["read_conditions"]

# Start in deg, velocity in deg a step; the columns whose endpoints agree with reflection at +-9.6 deg.
_COLUMNS = ("x0_mwk", "y0_mwk", "dx_rnn", "dy_rnn")


def read_conditions(path: Path) -> tuple[PongCondition, ...]:
    """Read the 79 conditions out of ``valid_meta_sample_full.pkl``.

    Raises
    ------
    InvalidDataError
        If it is no table, or a column or condition is missing; file and field are named.
    """
    table = read_pickle(path)
    if not isinstance(table, pd.DataFrame):
        raise InvalidDataError(f"The file {path}", got=type(table).__name__, needed="a table")
    absent = [name for name in ("meta_index", *_COLUMNS) if name not in table]
    if absent:
        raise InvalidDataError(f"The field '{absent[0]}' of {path}", got="missing", needed="present")
    rows = table.drop_duplicates("meta_index").set_index("meta_index").reindex(META_INDICES)
    numbers = rows[list(_COLUMNS)].apply(pd.to_numeric, errors="coerce")
    bad = numbers.index[~np.isfinite(numbers).all(axis=1)]
    if len(bad):
        raise InvalidDataError(
            f"The field 'meta_index' of {path}",
            got=f"no numbers for {list(bad[:3])}",
            needed="all 79 conditions",
        )
    return tuple(
        _condition(int(index), *map(float, row))
        for index, row in zip(numbers.index, numbers.to_numpy(), strict=True)
    )


def _condition(meta_index: int, x0: float, y0: float, dx: float, dy: float) -> PongCondition:
    speed = float(np.hypot(dx, dy)) * 1000 / STEP_MS
    return PongCondition(condition_name(meta_index), x0, y0, float(np.arctan2(dy, dx)), speed)
